"""The article's own way: ask CloudWatch what was used in the window, then decide. Advice, no bound.

What runs at the same moment is not seen, nor what CloudWatch shows late (a new series for up to 15 minutes): several
calls may pass on the same reading. The metrics have the tokens of successful calls alone: one whose outcome nobody
knows counts as a request and no more, though it may have been billed. It needs no infrastructure; the ledger is what
holds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from costsentry_cli.domain import catalog
from costsentry_cli.domain.calls import ApiCall, Cloud
from costsentry_cli.domain.catalog import Tokens
from costsentry_cli.domain.errors import SentryError
from costsentry_cli.domain.ledger.counters import Amounts, Count, nano_usd
from costsentry_cli.domain.ledger.gate import new_rid
from costsentry_cli.domain.ledger.outcomes import Admission, Held, Refusal, Settlement, Standing, Unmetered
from costsentry_cli.domain.ledger.port import Claim, Reservation, Settled
from costsentry_cli.domain.ledger.rules import Rule, in_order, unplaced
from costsentry_cli.domain.ledger.windows import Window, window_at
from costsentry_cli.domain.meter import NAMESPACE
from costsentry_cli.domain.skew import wrong_clock

DIMENSIONS = {
    "model": "Model",
    "costCenter": "CostCenter",
    "applicationId": "Application",
    "environment": "Environment",
}
COUNTED = ("InputTokens", "OutputTokens", "RateLimitApproved")
QUERIES_PER_CALL = 500
PERIODS = {"minute": 60, "hour": 60, "day": 3600, "month": 86400}
"""Seconds of the points that are added up: few, and on the window's own edges."""


@dataclass(frozen=True)
class CloudWatchAdvice:
    """Admits what CloudWatch's sums leave room for. Settling does nothing: the metrics of the call are its record."""

    cloud: Cloud
    region: str
    clock: Callable[[], datetime]
    new_id: Callable[[], str] = new_rid
    skew: Callable[[], timedelta] = timedelta

    def admit(
        self, rules: Sequence[Rule], amounts: Amounts, *, priced: bool = True, note: str = "", rid: str = ""
    ) -> Admission | Refusal:
        """Compare the worst case with what every rule's window shows as used."""
        del note
        rid, held, unmetered, ordered = rid or self.new_id(), [], [], in_order(rules, amounts)
        misplaced = unplaced(ordered, self.skew())
        if misplaced is not None:
            return Refusal(rid, misplaced, "clock", amounts, error=wrong_clock(self.skew()))
        for rule in ordered:
            if rule.enforced and rule.ceiling.nano_usd is not None and not priced:
                return Refusal(rid, rule, "price", amounts)
            window = window_at(rule.per, self.clock())
            try:
                used = self.used(rule, window)
            except SentryError as error:
                if rule.enforced and rule.on_ledger_error == "deny":
                    return Refusal(rid, rule, "ledger", amounts, error=error)
                unmetered.append(Unmetered(rule, Claim(rule.key(window), rid, amounts, 0), error))
                continue
            standing = Standing(rule, window, Count(used, used))
            short = rule.ceiling.short(used, amounts)
            if short and rule.enforced:
                return Refusal(rid, rule, "room", amounts, standing, short)
            held.append(Held(Reservation(rule.key(window), rid, amounts, 0), standing))
        return Admission(rid, amounts, tuple(held), tuple(unmetered), advisory=True)

    def settle(self, admission: Admission, actual: Amounts) -> Settlement:
        """Say where the windows stand once the call is counted."""
        settled = []
        for one in admission.held:
            after = one.standing.count.settled + actual
            count = Count(after, after)
            settled.append((one.standing.rule, Settled(one.reservation.key, "settled", count=count)))
        return Settlement(admission.rid, actual, tuple(settled))

    def used(self, rule: Rule, window: Window) -> Amounts:
        """What the metrics of the rule's calls add up to since the window began. Raises ``SentryError``."""
        series = list(self._series(rule))
        sums: dict[tuple[str, str], int] = {}
        for start in range(0, len(series), QUERIES_PER_CALL):
            batch = series[start : start + QUERIES_PER_CALL]
            for page in self.cloud.pages(self._data_call(batch, rule, window)):
                for result in page["MetricDataResults"]:
                    metric = batch[int(result["Id"][1:])]
                    place = (metric["MetricName"], _dimension(metric, "Model"))
                    sums[place] = sums.get(place, 0) + round(sum(result["Values"]))
        return _amounts(sums, self.region)

    def standings(self, rules: Sequence[Rule]) -> tuple[Standing, ...]:
        """Where each rule stands now. Raises ``SentryError``."""
        found = []
        for rule in rules:
            window = window_at(rule.per, self.clock())
            used = self.used(rule, window)
            found.append(Standing(rule, window, Count(used, used)))
        return tuple(found)

    def _series(self, rule: Rule) -> Iterable[Mapping[str, Any]]:
        wanted = [{"Name": DIMENSIONS[key], "Value": value} for key, value in sorted(rule.match.items())]
        params = {"Namespace": NAMESPACE} | ({"Dimensions": wanted} if wanted else {})
        for page in self.cloud.pages(ApiCall("cloudwatch", "ListMetrics", params, self.region)):
            yield from (metric for metric in page["Metrics"] if metric["MetricName"] in COUNTED)

    def _data_call(self, batch: Sequence[Mapping[str, Any]], rule: Rule, window: Window) -> ApiCall:
        queries = [
            {"Id": f"m{number}", "MetricStat": {"Metric": dict(metric), "Period": PERIODS[rule.per], "Stat": "Sum"}}
            for number, metric in enumerate(batch)
        ]
        params = {"MetricDataQueries": queries, "StartTime": window.start, "EndTime": window.end}
        return ApiCall("cloudwatch", "GetMetricData", params, self.region)


def _dimension(metric: Mapping[str, Any], name: str) -> str:
    return next((str(one["Value"]) for one in metric.get("Dimensions", ()) if one["Name"] == name), "")


def _amounts(sums: Mapping[tuple[str, str], int], region: str) -> Amounts:
    def total(name: str) -> int:
        return sum(value for (metric, _), value in sums.items() if metric == name)

    inputs, outputs = total("InputTokens"), total("OutputTokens")
    models = {model for _, model in sums}
    money = sum(
        (
            _cost(model, sums.get(("InputTokens", model), 0), sums.get(("OutputTokens", model), 0), region)
            for model in models
        ),
        Decimal(0),
    )
    return Amounts(inputs + outputs, inputs, outputs, total("RateLimitApproved"), nano_usd(money))


def _cost(model: str, inputs: int, outputs: int, region: str) -> Decimal:
    """At the plain rates; a model without a known price counts nothing, and its own calls are refused."""
    reference = catalog.load().resolve(model)
    price = None if reference is None else catalog.load().price(reference, region)
    return Decimal(0) if price is None else price.cost(Tokens(input=inputs, output=outputs)) or Decimal(0)
