"""Cost Explorer asked and folded: amounts per group and day, exact, in as few paid requests as there can be.

Closed months are asked for whole, so that the answer serves every later question about them; open days as they are
wanted. A question of two periods is one request for what is closed of both and one for what is open.
"""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, localcontext
from itertools import islice
from typing import Any

from costsentry_cli.domain.assumptions import (
    BEDROCK_SERVICE_NAME_MARK,
    COST_DATA_LAG,
    COST_EXPLORER_HISTORY_MONTHS,
    PRODUCT_ATTRIBUTES_SINCE,
)
from costsentry_cli.domain.calls import ApiCall, Cloud
from costsentry_cli.domain.errors import SentryError
from costsentry_cli.domain.reports import expression
from costsentry_cli.domain.reports.expression import NOT_USAGE, Expression
from costsentry_cli.domain.reports.question import WORDS, Condition, Group
from costsentry_cli.domain.window import Window, closed_before, month_after, month_before, month_of

METRIC = "UnblendedCost"
SERVICE = {"Type": "DIMENSION", "Key": "SERVICE"}
RECORD_TYPE = Group("record-type", "DIMENSION", "RECORD_TYPE")
DIGITS = 100
"""Digits a sum may have: amounts are added without ever being rounded."""

Keys = tuple[str, ...]
ByDay = Mapping[date, Decimal]


@dataclass(frozen=True)
class Costs:
    """USD per group value and day. The value ``""`` is what carries no value; ``estimated`` if any day still is."""

    by_group: Mapping[str, ByDay]
    estimated: bool
    requests: int

    def total(self, value: str) -> Decimal:
        """The sum of one group."""
        return sum(self.by_group[value].values(), Decimal(0))


def costs_call(group_by: str, window: Window) -> ApiCall:
    """Daily cost by a tag key (or ``service``) and the service name, which tells Bedrock's spend from everything
    else's: one request for a period of any age."""
    group = SERVICE if group_by == "service" else {"Type": "TAG", "Key": group_by}
    params = {
        "TimePeriod": expression.period_of(window),
        "Granularity": "DAILY",
        "Metrics": [METRIC],
        "Filter": expression.USAGE,
        "GroupBy": [group] if group == SERVICE else [group, SERVICE],
    }
    return ApiCall("ce", "GetCostAndUsage", params)


def fold(pages: Iterable[Mapping[str, Any]], group_by: str) -> Costs:
    """The answer of ``costs_call``: every Bedrock group of every page."""
    groups = (WORDS["service"],) if group_by == "service" else (Group(group_by, "TAG", group_by), WORDS["service"])
    counted = list(pages)
    folded = folded_by(counted, groups, METRIC)
    sums: dict[str, dict[date, Decimal]] = {}
    days_used: set[date] = set()
    for keys, by_day in folded.cells.items():
        if BEDROCK_SERVICE_NAME_MARK in keys[-1].lower():
            add(sums.setdefault(keys[0], {}), by_day)
            days_used.update(by_day)
    return Costs(sums, bool(days_used & folded.estimated), len(counted))


@dataclass(frozen=True)
class Query:
    """What is asked of every period: groups, metrics and filters. ``usage``: True for usage alone, False for what is
    none (credits, refunds, tax), None for both, told apart by a further group."""

    groups: tuple[Group, ...]
    metrics: tuple[str, ...]
    only: tuple[Condition, ...] = ()
    without: tuple[Condition, ...] = ()
    usage: bool | None = True
    view: str = ""
    hourly: bool = False

    @property
    def grouped(self) -> tuple[Group, ...]:
        """What Cost Explorer is told to group by."""
        return self.groups if self.usage else (*self.groups, RECORD_TYPE)

    def call(self, window: Window, scope: Sequence[Expression]) -> ApiCall:
        """The request for a period; ``scope`` finds Bedrock's spend in it."""
        apart = {True: [expression.USAGE], False: [expression.NO_USAGE], None: []}[self.usage]
        without = tuple(one for one in self.without if one.group != WORDS["service"])
        parts = [*scope, *expression.conditions(self.only, without), *apart]
        params: dict[str, Any] = {
            "TimePeriod": expression.period_of(window, hours=self.hourly),
            "Granularity": "HOURLY" if self.hourly else "DAILY",
            "Metrics": list(self.metrics),
            "Filter": expression.joined(parts),
            "GroupBy": [expression.group_by(group) for group in self.grouped],
        }
        return ApiCall("ce", "GetCostAndUsage", params | ({"BillingViewArn": self.view} if self.view else {}))


def asked(cloud: Cloud, query: Query, windows: Sequence[Window], now: datetime) -> Iterator[Mapping[str, Any]]:
    """Every page of the answers for these periods, a whole closed month where one is touched; fold them per window."""
    for window in asked_windows(windows, now):
        scope = _scope(cloud, query, window)
        if scope:
            yield from cloud.pages(query.call(window, scope))


def asked_windows(windows: Sequence[Window], now: datetime) -> tuple[Window, ...]:
    """What is asked for: one period of whole closed months, and one of open days."""
    border = closed_before(now)
    old = [window.until(border) for window in windows]
    new = [Window(max(window.start, border), window.end) for window in windows]
    whole = [Window(month_of(one.start), month_after(one.end - timedelta(days=1))) for one in old if one.days > 0]
    return (*_hull(whole), *_hull([one for one in new if one.days > 0]))


def _hull(windows: Sequence[Window]) -> list[Window]:
    """One period around all of them: days between them cost nothing, a further request does."""
    return [Window(min(one.start for one in windows), max(one.end for one in windows))] if windows else []


def _scope(cloud: Cloud, query: Query, window: Window) -> list[Expression]:
    """Bedrock's spend in a period; nothing when there is none. The service names are asked for, at a price, where the
    period is older than product attributes, or some are left out: AWS takes no service inside a ``Not``."""
    left_out = {name for one in query.without if one.group == WORDS["service"] for name in one.values}
    new = expression.by_attributes(window)
    scope = [expression.BY_ATTRIBUTE] if new else []
    if new and not left_out:
        return scope
    names = expression.services_in(list(cloud.pages(expression.services_call(window, query.view))))
    wanted = [name for name in names if name not in left_out]
    return [*scope, expression.by_services(wanted)] if wanted else []


def need_attributes(groups: Sequence[Group], window: Window) -> None:
    """Raises ``SentryError`` CS0107 when something is asked that AWS did not know yet in the period."""
    if groups and not expression.by_attributes(window):
        since = PRODUCT_ATTRIBUTES_SINCE
        words = f"Cost Explorer knows {groups[0].word.replace('-', ' ')}s from {since} on"
        raise SentryError("CS0107", words, help=f"--since {since}, or --group-by service")


def known_since(today: date) -> date:
    """The first day Cost Explorer has by default."""
    first = month_of(today)
    for _ in range(COST_EXPLORER_HISTORY_MONTHS):
        first = month_before(first)
    return first


def complete_before(asked_at: datetime) -> date:
    """The first day whose cost was not complete when it was asked for."""
    return (asked_at.astimezone(UTC) - COST_DATA_LAG).date()


@dataclass(frozen=True)
class Folded:
    """USD (or units) per group and day or hour; ``apart`` per record type that is no usage; the days AWS estimates."""

    cells: Mapping[Keys, ByDay] = field(default_factory=dict)
    apart: Mapping[str, ByDay] = field(default_factory=dict)
    estimated: frozenset[date] = frozenset()

    def under(self, value: str) -> Folded:
        """The same with a further group in front, of one value."""
        return replace(self, cells={(value, *keys): by_day for keys, by_day in self.cells.items()})


def joined(parts: Iterable[Folded]) -> Folded:
    """Several answers as one: what has the same keys is added up."""
    cells: dict[Keys, dict[date, Decimal]] = {}
    apart: dict[str, dict[date, Decimal]] = {}
    estimated: frozenset[date] = frozenset()
    with localcontext(prec=DIGITS):
        for part in parts:
            for keys, by_day in part.cells.items():
                add(cells.setdefault(keys, {}), by_day)
            for name, by_day in part.apart.items():
                add(apart.setdefault(name, {}), by_day)
            estimated |= part.estimated
    return Folded(cells, apart, estimated)


def folded_by(pages: Iterable[Mapping[str, Any]], groups: Sequence[Group], metric: str) -> Folded:
    """Add up every group of every page; a period may stand on several pages. ``groups`` as asked, record types last."""
    cells: dict[Keys, dict[date, Decimal]] = {}
    apart: dict[str, dict[date, Decimal]] = {}
    known: dict[str, dict[date, Decimal]] = {}
    estimated: set[date] = set()
    with localcontext(prec=DIGITS), _uncollected():
        for page in pages:
            for period in page["ResultsByTime"]:
                when = _moment(period["TimePeriod"]["Start"])
                if period.get("Estimated"):
                    estimated.add(when)
                for group in period.get("Groups", ()):
                    raw = group["Keys"]
                    name = raw[0] if len(raw) == 1 else "\0".join(raw)  # a text is cheaper than a tuple
                    days = known.get(name)
                    if days is None:
                        days = known[name] = _cell(tuple(raw), groups, cells, apart)
                    amount = Decimal(group["Metrics"][metric]["Amount"])
                    sum_now = days.setdefault(when, amount)
                    if sum_now is not amount:
                        days[when] = sum_now + amount
    return Folded(cells, apart, frozenset(estimated))


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without garbage collection: a large answer is a million small objects, none of them in a circle, and looking
    through them again and again takes a quarter of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _cell(
    raw: Keys, groups: Sequence[Group], cells: dict[Keys, dict[date, Decimal]], apart: dict[str, dict[date, Decimal]]
) -> dict[date, Decimal]:
    keys = tuple(group.value(text) for group, text in zip(groups, raw, strict=True))
    if groups[-1] != RECORD_TYPE:
        return cells.setdefault(keys, {})
    record = keys[-1].capitalize()
    return apart.setdefault(record, {}) if record in NOT_USAGE else cells.setdefault(keys[:-1], {})


def _moment(text: str) -> date:
    """A day, or the hour of an hourly answer."""
    if len(text) == len("2026-11-01"):
        return date.fromisoformat(text)
    moment = datetime.fromisoformat(text)
    return moment.astimezone(UTC)


def add(sums: dict[date, Decimal], by_day: ByDay) -> None:
    """Add a group's days to another's."""
    for day, amount in by_day.items():
        sums[day] = sums[day] + amount if day in sums else amount


def inside(by_day: ByDay, window: Window) -> dict[date, Decimal]:
    """The days, or hours, of a window. Hours and days never stand in one answer."""
    start, end = window.start, window.end
    if any(isinstance(day, datetime) for day in islice(by_day, 1)):
        return {hour: amount for hour, amount in by_day.items() if window.has(hour)}
    return {day: amount for day, amount in by_day.items() if start <= day < end}


def within(by_day: ByDay, window: Window) -> Decimal:
    """The exact sum of the days, or hours, of a window."""
    with localcontext(prec=DIGITS):
        return sum(inside(by_day, window).values(), Decimal(0))
