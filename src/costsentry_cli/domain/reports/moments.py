"""The time a usage report looks at, in CloudWatch's terms: a range, the period of its points, and how rows are cut."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from costsentry_cli.domain.errors import SentryError

KEPT = timedelta(days=455)
"""How long CloudWatch keeps anything at all (AWS: metrics retention); hours for all of that time."""
LISTED = timedelta(days=14)
"""ListMetrics, SEARCH and Metrics Insights know only what had a point so recently (AWS: search expressions)."""

MINUTE, FIVE_MINUTES, HOUR, DAY = 60, 300, 3600, 86400
_LAST = re.compile(r"([0-9]{1,5})([mhd])")
_UNITS = {"m": MINUTE, "h": HOUR, "d": DAY}


class Cut(StrEnum):
    """How the rows are cut: one for the whole range, or one for each hour or day (UTC)."""

    TOTAL = "total"
    HOURLY = "hourly"
    DAILY = "daily"


@dataclass(frozen=True)
class Moments:
    """``start <= t < end`` (aware, UTC); ``period`` is the length of a point in seconds."""

    start: datetime
    end: datetime
    period: int
    cut: Cut = Cut.TOTAL

    def recent(self, now: datetime) -> bool:
        """Whether everything that had a point in the range is still listed and found."""
        return self.start >= now - LISTED

    def row_of(self, at: datetime) -> datetime | None:
        """The start of the row a point belongs to; None when there is one for the whole range."""
        if self.cut is Cut.TOTAL:
            return None
        return _floor(at, HOUR if self.cut is Cut.HOURLY else DAY)

    def label(self) -> str:
        """``2026-11-23 11:45 .. 12:00 UTC``, or days as people read them."""
        if self.start == _floor(self.start, DAY) and self.end == _floor(self.end, DAY):
            last = (self.end - timedelta(days=1)).date()
            days = (self.end - self.start).days
            return f"{self.start.date()} .. {last} ({days} day{'s' if days != 1 else ''}, UTC)"
        return f"{self.start:%Y-%m-%d %H:%M} .. {self.end:%Y-%m-%d %H:%M} UTC"


def last(text: str, cut: Cut, now: datetime) -> Moments:
    """``15m``, ``24h`` or ``30d``: minutes and hours before now, or whole UTC days with today.

    Raises ``SentryError`` CS0107 for what cannot be read, for more than CloudWatch keeps, and for rows longer than
    the range.
    """
    match = _LAST.fullmatch(text)
    if match is None or not int(match[1]):
        raise SentryError("CS0107", f"--last {text!r} is not a span of time", help="for example 15m, 24h, 30d")
    unit = match[2]
    seconds = int(match[1]) * _UNITS[unit]
    if seconds > KEPT.total_seconds():
        raise SentryError("CS0107", f"CloudWatch keeps metrics for {KEPT.days} days", help=f"--last {KEPT.days}d")
    if cut is Cut.DAILY and unit != "d":
        raise SentryError("CS0107", "days need --last in days", help="for example --last 7d --granularity daily")
    if cut is Cut.HOURLY and unit == "m":
        raise SentryError("CS0107", "hours need --last in hours or days", help="for example --last 24h")
    period = _period(seconds, unit, cut)
    if unit == "d":
        end = _floor(now, DAY) + timedelta(days=1)
        return Moments(end - timedelta(seconds=seconds), end, period, cut)
    end = _floor(now, MINUTE) + timedelta(minutes=1)
    return Moments(_floor(end - timedelta(seconds=seconds), period), end, period, cut)


def _period(seconds: int, unit: str, cut: Cut) -> int:
    """Few points, on the edges of the rows and of the range, in a period that CloudWatch still has."""
    if unit == "d":
        return HOUR if cut is Cut.HOURLY else DAY
    if cut is Cut.HOURLY or seconds > DAY:
        return HOUR
    return MINUTE if seconds <= 3 * HOUR else FIVE_MINUTES


def _floor(at: datetime, seconds: int) -> datetime:
    return datetime.fromtimestamp(at.timestamp() // seconds * seconds, UTC)
