"""Periods of days, UTC, as people name them; the end is exclusive, as in Cost Explorer."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

from costsentry_cli.domain.errors import SentryError

_LAST = re.compile(r"([0-9]{1,3})d\Z")
_MONTH = re.compile(r"([0-9]{4})-([0-9]{2})\Z")


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
        return _month(month, tomorrow)
    if since is not None or until is not None:
        return _between(since, until, tomorrow)
    return _last(last or "mtd", today, tomorrow)


def _last(last: str, today: date, tomorrow: date) -> Window:
    if last == "mtd":
        return Window(today.replace(day=1), tomorrow)
    if last == "last-month":
        first = today.replace(day=1)
        return Window((first - timedelta(days=1)).replace(day=1), first)
    match = _LAST.match(last)
    if match is None or int(match[1]) == 0:
        raise SentryError("CS0107", f"--last {last!r} is not a period", help="for example 7d, 30d, mtd, last-month")
    return Window(tomorrow - timedelta(days=int(match[1])), tomorrow)


def _month(month: str, tomorrow: date) -> Window:
    match = _MONTH.match(month)
    if match is None or not 1 <= int(match[2]) <= 12:
        raise SentryError("CS0107", f"--month {month!r} is not a month", help="write it as 2026-10")
    start = date(int(match[1]), int(match[2]), 1)
    end = (start + timedelta(days=31)).replace(day=1)
    if start >= tomorrow:
        raise SentryError("CS0107", f"--month {month} lies in the future")
    return Window(start, min(end, tomorrow))


def _between(since: str | None, until: str | None, tomorrow: date) -> Window:
    if since is None:
        raise SentryError("CS0107", "--until needs --since")
    window = Window(_day(since, "--since"), tomorrow if until is None else _day(until, "--until"))
    if window.days <= 0:
        raise SentryError("CS0107", f"--since {window.start} is not before --until {window.end} (exclusive)")
    return window


def _day(text: str, flag: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise SentryError("CS0107", f"{flag} {text!r} is not a day", help="write it as 2026-10-31") from None
