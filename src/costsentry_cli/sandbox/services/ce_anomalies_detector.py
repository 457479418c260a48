"""The detection of anomalies: a plain rule over the bill by day, in place of AWS's model.

Per value of the monitored dimension (of a CUSTOM monitor: of all it watches together), a day is anomalous when its
cost is at least one dollar and more than three standard deviations above the mean of the up to 28 days before it, of
which there must be at least ``ANOMALY_HISTORY_DAYS`` since the value's first cost. Anomalous days in a row are one
anomaly. As AWS states, only what AWS itself bills is seen: models billed through the Marketplace are not.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import NamedTuple

from costsentry_cli.domain.assumptions import ANOMALY_HISTORY_DAYS, COST_DATA_LAG
from costsentry_cli.sandbox.contract import ACCOUNT
from costsentry_cli.sandbox.services.ce_anomalies_monitors import Monitor
from costsentry_cli.sandbox.services.ce_filter import TagLookup, ValueOf, compile_filter, dimension_of
from costsentry_cli.sandbox.services.ce_lines import LineItem, line_items, lines_between
from costsentry_cli.sandbox.services.ce_tags import visible_tags
from costsentry_cli.sandbox.store import Store

_DAY = 86_400
_LONGEST_BASIS = 28
_LEAST_IMPACT = Decimal(1)
_DEVIATIONS = 3
_TOGETHER = ""
_NOTHING: Decimal = Decimal(0)

Costs = Mapping[int, Decimal]
"""US dollars by day, counted since the epoch; a day without cost is absent."""


class Cause(NamedTuple):
    """Where cost arises, as a root cause names it."""

    service: str
    region: str
    account: str
    account_name: str
    usage_type: str


class Day(NamedTuple):
    """An anomalous day: its number since the epoch, the days before that it is held against, US dollars."""

    number: int
    basis: int
    actual: Decimal
    expected: Decimal

    @property
    def impact(self) -> Decimal:
        """What was spent beyond what was expected."""
        return self.actual - self.expected


@dataclass(frozen=True)
class Anomaly:
    """Anomalous days in a row of a value, in order; ``causes`` are what each cause added, the most first.

    ``id`` stays the same while the anomaly goes on. ``value`` is empty for a CUSTOM monitor.
    """

    id: str
    monitor: Monitor
    value: str
    days: tuple[Day, ...]
    causes: tuple[tuple[Cause, Decimal], ...]

    @property
    def first(self) -> datetime:
        """The first anomalous day."""
        return _midnight(self.days[0].number)

    @property
    def last(self) -> datetime:
        """The last anomalous day so far."""
        return _midnight(self.days[-1].number)


_Series = dict[str, dict[int, dict[Cause, Decimal]]]


def anomalies(store: Store, monitors: Sequence[Monitor], now: datetime) -> list[Anomaly]:
    """The anomalies of some monitors of one account, as of their last run; none of days before a monitor was made."""
    runs = {monitor.id: run for monitor in monitors if (run := monitor.evaluated(now)) is not None}
    if not runs:
        return []
    watching = [monitor for monitor in monitors if monitor.id in runs]
    # The first day whose cost is not yet whole at the last run.
    end = int((max(runs.values()) - COST_DATA_LAG.total_seconds()) // _DAY)
    series = _series(store, watching, now, end)
    return [
        anomaly
        for monitor in watching
        for value, costs in sorted(series[monitor.id].items())
        for anomaly in _of_value(monitor, value, costs, end)
    ]


def values_seen(store: Store, monitors: Iterable[Monitor], now: datetime) -> dict[int, int]:
    """How many values of its dimension each managed monitor has met, by the monitor's id; all of one account."""
    watching = _watching([monitor for monitor in monitors if monitor.dimension is not None], visible_tags(store, now))
    if not watching:
        return {}
    latest = store.db.execute(
        "SELECT *, max(at) FROM calls WHERE account = coalesce(?, account) GROUP BY account, model_id, region, tags",
        (_scope(watching[0][0]),),
    )
    items = [item for row in latest for item in line_items(row) if _is_seen(item)]
    return {monitor.id: len({value_of(item) for item in items} - {None}) for monitor, value_of in watching}


def _series(store: Store, monitors: Iterable[Monitor], now: datetime, end: int) -> dict[int, _Series]:
    """Costs by monitor, value, day and cause, in one pass over the bill."""
    watching = _watching(monitors, visible_tags(store, now))
    series: dict[int, _Series] = {monitor.id: {} for monitor, _ in watching}
    for item in lines_between(store, 0, end * _DAY, _scope(watching[0][0])):
        if not _is_seen(item):
            continue
        cause, day = _cause(item), int(item.at // _DAY)
        for monitor, value_of in watching:
            if (value := value_of(item)) is not None:
                costs = series[monitor.id].setdefault(value, {}).setdefault(day, {})
                costs[cause] = costs.get(cause, _NOTHING) + item.cost
    return series


def _watching(monitors: Iterable[Monitor], visible: TagLookup) -> list[tuple[Monitor, ValueOf]]:
    return [(monitor, _watched(monitor, visible)) for monitor in monitors]


def _scope(monitor: Monitor) -> str | None:
    """The account whose bill a monitor sees; None for the payer, who sees all."""
    return None if monitor.account == ACCOUNT else monitor.account


def _is_seen(item: LineItem) -> bool:
    return bool(item.cost) and item.meter.dimensions["BILLING_ENTITY"] == "AWS"


def _watched(monitor: Monitor, visible: TagLookup) -> ValueOf:
    """A line item's value of what a monitor watches, None for one it does not watch."""
    if monitor.dimension is None:
        matches = compile_filter(monitor.specification, visible)
        return lambda item: _TOGETHER if matches(item) else None
    if monitor.dimension == "TAG":
        value_of = visible(monitor.specification["Tags"]["Key"])
        return lambda item: value_of(item) or None
    # The sandbox has no cost categories.
    return dimension_of(monitor.dimension) if monitor.dimension != "COST_CATEGORY" else lambda _: None


def _cause(item: LineItem) -> Cause:
    names = ("SERVICE", "REGION", "LINKED_ACCOUNT", "LINKED_ACCOUNT_NAME", "USAGE_TYPE")
    return Cause(*(item.meter.dimensions[name] for name in names))


def _of_value(monitor: Monitor, value: str, costs: dict[int, dict[Cause, Decimal]], end: int) -> Iterator[Anomaly]:
    totals = {day: sum(by_cause.values(), _NOTHING) for day, by_cause in costs.items()}
    since = int(monitor.created // _DAY)
    for days in _runs(day for day in anomalous_days(totals, end) if day.number >= since):
        name = f"{monitor.arn} {value} {days[0].number}"
        yield Anomaly(str(uuid.uuid5(uuid.NAMESPACE_OID, name)), monitor, value, days, _causes(costs, days))


def anomalous_days(totals: Costs, end: int) -> Iterator[Day]:
    """The anomalous days of a series before day ``end``, in order; ``totals`` begins with the first cost."""
    first = min(totals)
    for number in range(first + ANOMALY_HISTORY_DAYS, end):
        before = [totals.get(day, _NOTHING) for day in range(max(first, number - _LONGEST_BASIS), number)]
        day = Day(number, len(before), totals.get(number, _NOTHING), sum(before, _NOTHING) / len(before))
        if day.impact >= _LEAST_IMPACT and day.impact > _DEVIATIONS * _deviation(before, day.expected):
            yield day


def _deviation(costs: Sequence[Decimal], mean: Decimal) -> Decimal:
    return (sum(((cost - mean) ** 2 for cost in costs), _NOTHING) / len(costs)).sqrt()


def _runs(days: Iterable[Day]) -> Iterator[tuple[Day, ...]]:
    """Days that follow each other, together."""
    run: list[Day] = []
    for day in days:
        if run and day.number != run[-1].number + 1:
            yield tuple(run)
            run = []
        run.append(day)
    if run:
        yield tuple(run)


def _causes(costs: dict[int, dict[Cause, Decimal]], days: Sequence[Day]) -> tuple[tuple[Cause, Decimal], ...]:
    """What each cause cost beyond its own mean; what cost less than expected is no cause."""
    added: defaultdict[Cause, Decimal] = defaultdict(Decimal)
    for day in days:
        for cause, cost in costs.get(day.number, {}).items():
            added[cause] += cost
        for before in range(day.number - day.basis, day.number):
            for cause, cost in costs.get(before, {}).items():
                added[cause] -= cost / day.basis
    most_first = sorted(added.items(), key=lambda each: (-each[1], each[0]))
    return tuple((cause, cost) for cause, cost in most_first if cost > 0)


def _midnight(number: int) -> datetime:
    return datetime.fromtimestamp(number * _DAY, UTC)
