"""Periods of days, UTC, as people name them; the end is exclusive, as in Cost Explorer."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

from costsentry_cli.domain.assumptions import MONTH_CLOSED_AFTER
from costsentry_cli.domain.errors import SentryError

_LAST = re.compile(r"([0-9]{1,3})d\Z")
_MONTH = re.compile(r"([0-9]{4})-([0-9]{2})\Z")


class Granularity(StrEnum):
    """The periods a window is cut into."""

    TOTAL = "total"
    MONTHLY = "monthly"
    DAILY = "daily"
    HOURLY = "hourly"


@dataclass(frozen=True)
class Window:
    """Days from ``start`` up to, not including, ``end``."""

    start: date
    end: date

    @property
    def days(self) -> int:
        """How many days the window has."""
        return (self.end - self.start).days

    def dates(self) -> tuple[date, ...]:
        """Every day of the window, in order."""
        return tuple(self.start + timedelta(days=n) for n in range(self.days))

    def label(self) -> str:
        """``2026-11-01 .. 2026-11-22 (22 days)``: first and last day, as people read a period."""
        return f"{self.start} .. {self.end - timedelta(days=1)} ({self.days} day{'s' if self.days != 1 else ''})"

    def has(self, moment: date) -> bool:
        """Whether a day, or the day of a moment, is in the window."""
        return self.start <= day_of(moment) < self.end

    def until(self, end: date) -> Window:
        """The days before ``end``; a window without days when it begins later."""
        return Window(self.start, max(self.start, min(self.end, end)))

    def first(self, days: int) -> Window:
        """The first so many days."""
        return self.until(self.start + timedelta(days=days))

    def as_dict(self) -> dict[str, str]:
        """For JSON documents and for AWS's ``DateInterval`` but for the names."""
        return {"start": self.start.isoformat(), "end": self.end.isoformat()}

    def previous(self) -> Window:
        """The equal period before: whole months before whole months, the first days of the month before the first days
        of a month, else as many days right before."""
        if self.start.day == 1 and self.end.day == 1:
            return _months_before(self.start, _months_between(self.start, self.end))
        if self.start.day == 1 and self.end <= month_after(self.start):
            before = month_before(self.start)
            return Window(before, self.start).first(self.days)
        return Window(self.start - timedelta(days=self.days), self.start)


def day_of(moment: date) -> date:
    """The day of a day or of a moment."""
    return moment.date() if isinstance(moment, datetime) else moment


def month_of(day: date) -> date:
    """The first day of the month."""
    return day_of(day).replace(day=1)


def month_after(day: date) -> date:
    """The first day of the next month."""
    return month_of(month_of(day) + timedelta(days=31))


def month_before(day: date) -> date:
    """The first day of the month before."""
    return month_of(month_of(day) - timedelta(days=1))


def closed_before(now: datetime) -> date:
    """The first day whose month is not closed yet: everything before it has its final cost."""
    return month_of((now.astimezone(UTC) - MONTH_CLOSED_AFTER).date())


def _months_between(start: date, end: date) -> int:
    return (end.year - start.year) * 12 + end.month - start.month


def _months_before(start: date, months: int) -> Window:
    first = start
    for _ in range(months):
        first = month_before(first)
    return Window(first, start)


def parse(
    today: date,
    *,
    last: str | None = None,
    month: str | None = None,
    since: str | None = None,
    until: str | None = None,
) -> Window:
    """Read the period options; none of them means the month to date, today included.

    Raises ``SentryError`` CS0107 on what cannot be read and on two ways of saying it at once.
    """
    if sum((last is not None, month is not None, since is not None or until is not None)) > 1:
        raise SentryError("CS0107", "give one of --last, --month, or --since/--until")
    tomorrow = today + timedelta(days=1)
    if month is not None:
        return of_month(month, today)
    if since is not None or until is not None:
        return _between(since, until, tomorrow)
    return _last(last or "mtd", today, tomorrow)


def of_month(month: str, today: date, flag: str = "--month") -> Window:
    """``2026-10`` as a period, today included at most; raises ``SentryError`` CS0107."""
    match = _MONTH.match(month)
    if match is None or not 1 <= int(match[2]) <= 12 or int(match[1]) < 1:
        raise SentryError("CS0107", f"{flag} {month!r} is not a month", help="write it as 2026-10")
    start = date(int(match[1]), int(match[2]), 1)
    if start > today:
        raise SentryError("CS0107", f"{flag} {month} lies in the future")
    return Window(start, min(month_after(start), today + timedelta(days=1)))


def _last(last: str, today: date, tomorrow: date) -> Window:
    if last == "mtd":
        return Window(today.replace(day=1), tomorrow)
    if last == "last-month":
        return Window(month_before(today), month_of(today))
    match = _LAST.match(last)
    if match is None or int(match[1]) == 0:
        raise SentryError("CS0107", f"--last {last!r} is not a period", help="for example 7d, 30d, mtd, last-month")
    return Window(tomorrow - timedelta(days=int(match[1])), tomorrow)


def _between(since: str | None, until: str | None, tomorrow: date) -> Window:
    if since is None:
        raise SentryError("CS0107", "--until needs --since")
    window = Window(day(since, "--since"), tomorrow if until is None else day(until, "--until"))
    if window.days <= 0:
        raise SentryError("CS0107", f"--since {window.start} is not before --until {window.end} (exclusive)")
    return window


def day(text: str, flag: str) -> date:
    """``2026-10-31``; raises ``SentryError`` CS0107."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise SentryError("CS0107", f"{flag} {text!r} is not a day", help="write it as 2026-10-31") from None
