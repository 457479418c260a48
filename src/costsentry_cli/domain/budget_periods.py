"""Calendar periods of budgets in UTC: day, month, quarter, year, and how much of one is gone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

from costsentry_cli.domain.window import Window

PER = {"DAILY": "day", "MONTHLY": "month", "QUARTERLY": "quarter", "ANNUALLY": "year", "CUSTOM": "custom"}
"""AWS's ``TimeUnit`` -> our word."""
PLANNED = ("month", "quarter")
"""The periods AWS takes planned amounts for."""
_MONTHS = {"month": 1, "quarter": 3, "year": 12}


def period_of(per: str, day: date, covered: Window | None = None) -> Window:
    """The period a day is in. A ``custom`` one is all that the budget covers; raises ``ValueError`` without it."""
    if per == "day":
        return Window(day, day + timedelta(days=1))
    if per in _MONTHS:
        months = _MONTHS[per]
        start = date(day.year, (day.month - 1) // months * months + 1, 1)
        return Window(start, _after(start, months))
    if covered is None:
        raise ValueError(f"a period {per!r} is known only by what it covers")
    return covered


def following(per: str, period: Window) -> Window:
    """The period after this one."""
    return period_of(per, period.end)


def previous_month(day: date) -> Window:
    """The whole month before the one the day is in."""
    return period_of("month", day.replace(day=1) - timedelta(days=1))


def periods_in(per: str, window: Window, covered: Window | None = None) -> Iterator[Window]:
    """Every period that has a day of the window, whole, in order."""
    period = period_of(per, window.start, covered)
    yield period
    while per != "custom" and period.end < window.end:
        period = following(per, period)
        yield period


def days_gone(period: Window, today: date) -> int:
    """How many days of the period have begun, today included."""
    return max(0, min(period.days, (today - period.start).days + 1))


def share_gone(period: Window, today: date) -> Decimal:
    """The share of the period's days that have begun, 0..1."""
    return Decimal(days_gone(period, today)) / period.days


def to_date(period: Window, today: date) -> str:
    """``1-23 Nov``: the days of the period that have begun, as people read them; the year stands for none."""
    last = min(max(today, period.start), period.end - timedelta(days=1))
    if last == period.start:
        return f"{last.day} {last:%b}"
    if (last.year, last.month) == (period.start.year, period.start.month):
        return f"{period.start.day}-{last.day} {last:%b}"
    return f"{period.start.day} {period.start:%b} - {last.day} {last:%b}"


def _after(start: date, months: int) -> date:
    count = start.year * 12 + start.month - 1 + months
    return date(count // 12, count % 12 + 1, 1)
