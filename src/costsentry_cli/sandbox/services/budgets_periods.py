"""Time as budgets have it: calendar periods in UTC, and the refreshes that bring new figures.

Refreshes are numbered from the epoch on, ``BUDGET_REFRESH`` apart; nothing changes between two of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import ceil

from costsentry_cli.domain.assumptions import BUDGET_REFRESH, COST_DATA_LAG

DAY = timedelta(days=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LAST_END = datetime(2087, 6, 15, tzinfo=UTC)
"""The end of a budget that was given none (AWS Budgets API reference, ``TimePeriod``)."""

# At least as long as any of its kind, and shorter than two.
_STRIDES = {"DAILY": DAY, "MONTHLY": 31 * DAY, "QUARTERLY": 92 * DAY, "ANNUALLY": 366 * DAY}


@dataclass(frozen=True)
class Span:
    """A stretch of time: ``start`` inclusive, ``end`` exclusive, UTC."""

    start: datetime
    end: datetime


def latest_refresh(now: datetime) -> int:
    """The number of the refresh whose figures stand at a moment."""
    return (now - EPOCH) // BUDGET_REFRESH


def refresh_time(number: int) -> datetime:
    """When a refresh happens."""
    return EPOCH + number * BUDGET_REFRESH


def refresh_edge(number: int) -> datetime:
    """Up to when (inclusive) a refresh knows costs: no later than Cost Explorer does."""
    return refresh_time(number) - COST_DATA_LAG


def first_refresh(at: float) -> int:
    """The first refresh that knows usage of a moment (seconds since the epoch)."""
    return ceil((at + COST_DATA_LAG.total_seconds()) / BUDGET_REFRESH.total_seconds())


def day_number(moment: datetime) -> int:
    """A day's number, counted from the epoch; that of the day a moment is in."""
    return (moment - EPOCH) // DAY


def midnight(moment: datetime) -> datetime:
    """The beginning of a moment's day."""
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


def span_of(unit: str, moment: datetime, covered: Span) -> Span:
    """The period a moment is in; a CUSTOM budget has one, all it covers, in whole days."""
    if unit == "CUSTOM":
        return Span(midnight(covered.start), midnight(covered.end + DAY - timedelta(microseconds=1)))
    start = _begin(unit, moment)
    return Span(start, _begin(unit, start + _STRIDES[unit]))


def spans_of(unit: str, first: datetime, covered: Span) -> Iterator[Span]:
    """Periods in order from that of ``first`` on, without end; a CUSTOM budget's only one."""
    span = span_of(unit, first, covered)
    yield span
    while unit != "CUSTOM":
        span = span_of(unit, span.end, covered)
        yield span


def _begin(unit: str, moment: datetime) -> datetime:
    day = midnight(moment)
    if unit == "DAILY":
        return day
    if unit == "MONTHLY":
        return day.replace(day=1)
    return day.replace(day=1, month=1 if unit == "ANNUALLY" else (day.month - 1) // 3 * 3 + 1)
