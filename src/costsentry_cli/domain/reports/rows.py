"""Folded costs as rows: share, change against the equal period before, trend, the dearest N, what is untagged, total.

Every row is a sum of the same exact amounts, so the rows add up to the total to the last digit.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, localcontext
from functools import lru_cache

from costsentry_cli.domain.reports.costs import DIGITS, ByDay, Folded, Keys, add, inside, within
from costsentry_cli.domain.reports.question import Question, Sort
from costsentry_cli.domain.table import Cell, Column, Row, Table, Type
from costsentry_cli.domain.window import Granularity, Window, day_of, month_of

OTHER = "(other)"
FINAL, ESTIMATED, INCOMPLETE = "final", "estimated", "incomplete"
TREND_POINTS = 31
"""A trend has at most so many marks: days, else weeks, else months."""
ZERO = Decimal(0)


@dataclass(frozen=True)
class Compared:
    """Equally long parts of both periods: of this one what is complete, of the one before as much."""

    now: Window
    before: Window


@dataclass(frozen=True)
class Line:
    """A group's cost; ``now`` and ``before`` in the compared parts, None where nothing is compared."""

    values: Keys
    by_day: ByDay
    cost: Decimal
    now: Decimal | None = None
    before: Decimal | None = None

    @property
    def change(self) -> Decimal | None:
        """Against the period before; None when nothing is compared, or nothing was there."""
        return None if self.now is None or not self.before else self.now / self.before - 1

    @property
    def nameless(self) -> bool:
        """Whether a value is missing: such a row is never merged with others."""
        return "" in self.values


def compared(question: Question, complete_before: date, known_since: date) -> Compared | None:
    """Which days are compared: whole months with whole months, else as many of each. None when not wanted, nothing is
    complete yet, or AWS has nothing that old."""
    now, before = question.window.until(complete_before), question.window.previous()
    if not question.compares or now.days == 0 or before.start < known_since:
        return None
    if now == question.window and now.start.day == now.end.day == 1:
        return Compared(now, before)
    days = min(now.days, before.days)
    return Compared(now.first(days), before.first(days))


def lines(question: Question, folded: Folded, parts: Compared | None) -> list[Line]:
    """A line for every group that cost something in the window, ordered, the nameless last; all but the dearest
    ``top`` are one line."""
    every = (_line(keys, by_day, question.window, parts) for keys, by_day in folded.cells.items())
    found = [one for one in every if one.by_day]
    named = sorted((one for one in found if not one.nameless), key=lambda one: (-one.cost, one.values))
    rest = named[question.top :] if question.top is not None else []
    ordered = _ordered(named[: question.top], question.sort)
    nameless = _ordered([one for one in found if one.nameless], question.sort)
    other = [summed((OTHER,) * len(question.groups), rest)] if rest else []
    return [*ordered, *other, *nameless]


def gone(question: Question, folded: Folded, parts: Compared | None) -> int:
    """How many groups cost something in the period before and nothing is known of them now."""
    if parts is None:
        return 0
    before = (days for days in folded.cells.values() if not any(map(question.window.has, days)))
    return sum(within(days, parts.before) != 0 for days in before)


def _line(keys: Keys, by_day: ByDay, window: Window, parts: Compared | None) -> Line:
    mine = inside(by_day, window)
    with localcontext(prec=DIGITS):
        cost = sum(mine.values(), ZERO)
    if parts is None:
        return Line(keys, mine, cost)
    return Line(keys, mine, cost, within(mine, parts.now), within(by_day, parts.before))


def summed(values: Keys, some: Sequence[Line]) -> Line:
    """Several lines as one."""
    days: dict[date, Decimal] = {}
    with localcontext(prec=DIGITS):
        for one in some:
            add(days, one.by_day)
        cost = sum((one.cost for one in some), ZERO)
        now = [one.now for one in some if one.now is not None]
        before = [one.before for one in some if one.before is not None]
        is_compared = len(now) == len(some)
        return Line(values, days, cost, *((sum(now, ZERO), sum(before, ZERO)) if is_compared else ()))


def _ordered(some: Iterable[Line], sort: Sort) -> list[Line]:
    """By cost or by change the greatest first, new ones before all; by name as letters go."""
    if sort is Sort.NAME:
        return sorted(some, key=lambda one: one.values)
    if sort is Sort.CHANGE:
        return sorted(some, key=lambda one: (one.change is not None, -(one.change or ZERO), -one.cost, one.values))
    return sorted(some, key=lambda one: (-one.cost, one.values))


@dataclass(frozen=True)
class Shown:
    """A report ready to be drawn: lines, what they add up to, and what stands below."""

    question: Question
    lines: Sequence[Line]
    total: Line
    estimated: frozenset[date] = frozenset()
    complete_before: date = date.max
    parts: Compared | None = None
    notes: tuple[str, ...] = ()
    facts: Mapping[str, object] = field(default_factory=dict)


def table(shown: Shown) -> Table:
    """The report as a table; without any amount there are no rows and no total."""
    question = shown.question
    whole = question.granularity is Granularity.TOTAL
    columns = _columns(shown) if whole else _period_columns(question)
    rows = _total_rows(shown) if whole else _period_rows(shown)
    total = ("Total", *_empty(question), *_figures(shown, shown.total)) if whole else _period_total(shown)
    words = f"Bedrock cost by {question.by}, {question.window.label()}"
    nothing: Row = ("Total", *((None,) * (len(columns) - 1)))
    if not shown.lines and whole and columns[-1].type is Type.TREND:
        nothing = (*nothing[:-1], ())
    return Table("costs", columns, rows, total if shown.lines else nothing, words, shown.notes, dict(shown.facts))


def _columns(shown: Shown) -> tuple[Column, ...]:
    change = Column("change", "vs before", Type.DELTA, drop=1, unknown="new")
    return (
        *_group_columns(shown.question),
        Column("cost_usd", "Cost", Type.MONEY),
        Column("share", "Share", Type.SHARE),
        *((change,) if shown.parts is not None else ()),
        Column("share_bar", "", Type.BAR, drop=2),
        Column("trend", f"By {_step(shown.question.window)}", Type.TREND, drop=3),
    )


def _group_columns(question: Question) -> tuple[Column, ...]:
    return tuple(Column(one.column, one.word, unknown=one.unknown) for one in question.groups)


def _total_rows(shown: Shown) -> tuple[Row, ...]:
    return tuple((*(value or None for value in one.values), *_figures(shown, one)) for one in shown.lines)


def _empty(question: Question) -> tuple[Cell, ...]:
    return ("",) * (len(question.groups) - 1)


def _figures(shown: Shown, line: Line) -> tuple[Cell, ...]:
    share = line.cost / shown.total.cost if shown.total.cost else None
    change = (line.change,) if shown.parts is not None else ()
    return (line.cost, share, *change, share, trend(line.by_day, shown.question.window))


def _step(window: Window) -> str:
    return "day" if window.days <= TREND_POINTS else "week" if window.days <= TREND_POINTS * 7 else "month"


def trend(by_day: ByDay, window: Window) -> tuple[Decimal, ...]:
    """The cost per day, or per week or month of a long period, oldest first."""
    points, count = _points(window)
    sums = [ZERO] * count
    for day, amount in by_day.items():
        place = points.get(day)
        if place is not None:
            sums[place] += amount
    return tuple(sums)


@lru_cache(maxsize=8)
def _points(window: Window) -> tuple[dict[date, int], int]:
    """Each day's place among the points of a trend, and how many points there are."""
    step, dates = _step(window), window.dates()
    starts = {"day": dates, "week": tuple(dates[n - n % 7] for n in range(len(dates)))}.get(step)
    starts = starts or tuple(map(month_of, dates))
    places = {start: place for place, start in enumerate(sorted(set(starts)))}
    return {day: places[start] for day, start in zip(dates, starts, strict=True)}, len(places)


def _period_columns(question: Question) -> tuple[Column, ...]:
    return (
        Column("period", {"monthly": "Month", "hourly": "Hour"}.get(question.granularity, "Day"), Type.DATE),
        *_group_columns(question),
        Column("cost_usd", "Cost", Type.MONEY),
        Column("share", "Share", Type.SHARE, drop=1),
        Column("state", "State", drop=2),
        Column("share_bar", "", Type.BAR, drop=3),
    )


def _period_rows(shown: Shown) -> tuple[Row, ...]:
    """A row per period and group, the periods in order; a group without any amount in a period has no row there."""
    whole = shown.total.cost
    rows: list[Row] = []
    split = [(one, _by_period(one.by_day, shown.question.granularity)) for one in shown.lines]
    for period in sorted({period for _, sums in split for period in sums}):
        state = _state(shown, period)
        for one, sums in split:
            if period in sums:
                share = sums[period] / whole if whole else None
                rows.append((period, *(value or None for value in one.values), sums[period], share, state, share))
    return tuple(rows)


def _by_period(by_day: ByDay, granularity: Granularity) -> dict[date, Decimal]:
    if granularity is not Granularity.MONTHLY:
        return dict(by_day)
    months: dict[date, Decimal] = {}
    with localcontext(prec=DIGITS):
        for day, amount in by_day.items():
            add(months, {month_of(day): amount})
    return months


def _state(shown: Shown, period: date) -> str:
    """Whether AWS may still change a period: final, an estimate, or not even complete."""
    monthly = shown.question.granularity is Granularity.MONTHLY
    days = [day for day in shown.total.by_day if (month_of(day) if monthly else day) == period]
    if max(map(day_of, days)) >= shown.complete_before:
        return INCOMPLETE
    return ESTIMATED if shown.estimated.intersection(days) else FINAL


def _period_total(shown: Shown) -> Row:
    empty = ("",) * len(shown.question.groups)
    share = Decimal(1) if shown.total.cost else None
    return ("Total", *empty, shown.total.cost, share, "", share)
