"""How many calls were denied, as CloudWatch tells it: the metric RateLimitDenied of the calls that a limit counts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from costsentry_cli.domain.calls import ApiCall, Cloud
from costsentry_cli.domain.ledger.rules import Rule
from costsentry_cli.domain.ledger.windows import Window, window_at
from costsentry_cli.domain.meter import NAMESPACE
from costsentry_cli.domain.metering.advice import DIMENSIONS, PERIODS, QUERIES_PER_CALL

METRIC = "RateLimitDenied"
Series = Mapping[str, Any]


def denied(cloud: Cloud, region: str, rules: Sequence[Rule], now: datetime) -> tuple[int, ...]:
    """For each rule, how many of the calls it counts were denied in its present window, by whichever limit.

    One listing, and one reading for each kind of window. CloudWatch is minutes late, and lists a series only that had
    data in the last two weeks. Raises ``SentryError``.
    """
    series = tuple(_listed(cloud, region))
    found: dict[tuple[str, int], int] = {}
    for window in {window_at(rule.per, now) for rule in rules}:
        mine = [rule for rule in rules if rule.per == window.per]
        wanted = [number for number, one in enumerate(series) if any(_counts(rule, one) for rule in mine)]
        for number, value in _sums(cloud, region, [(number, series[number]) for number in wanted], window):
            found[window.per, number] = found.get((window.per, number), 0) + value

    def total(rule: Rule) -> int:
        return sum(found.get((rule.per, number), 0) for number, one in enumerate(series) if _counts(rule, one))

    return tuple(map(total, rules))


def _listed(cloud: Cloud, region: str) -> Iterator[Series]:
    params = {"Namespace": NAMESPACE, "MetricName": METRIC}
    for page in cloud.pages(ApiCall("cloudwatch", "ListMetrics", params, region)):
        yield from page["Metrics"]


def _counts(rule: Rule, one: Series) -> bool:
    there = {dimension["Name"]: dimension["Value"] for dimension in one.get("Dimensions", ())}
    return all(there.get(DIMENSIONS[key]) == value for key, value in rule.match.items())


def _sums(cloud: Cloud, region: str, series: Sequence[tuple[int, Series]], window: Window) -> Iterator[tuple[int, int]]:
    for start in range(0, len(series), QUERIES_PER_CALL):
        queries = [_query(number, one, window) for number, one in series[start : start + QUERIES_PER_CALL]]
        params = {"MetricDataQueries": queries, "StartTime": window.start, "EndTime": window.end}
        for page in cloud.pages(ApiCall("cloudwatch", "GetMetricData", params, region)):
            for result in page["MetricDataResults"]:
                yield int(result["Id"][1:]), round(sum(result["Values"]))


def _query(number: int, one: Series, window: Window) -> dict[str, Any]:
    metric = {name: one[name] for name in ("Namespace", "MetricName", "Dimensions") if name in one}
    return {"Id": f"m{number}", "MetricStat": {"Metric": metric, "Period": PERIODS[window.per], "Stat": "Sum"}}
