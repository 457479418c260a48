"""The windows limits count in: UTC calendar minutes, hours, days and months, as AWS bills."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from costsentry_cli.domain.manifest.types import Per

PERS: tuple[Per, ...] = ("minute", "hour", "day", "month")
"""The kinds of windows, smallest first."""

_FORMS: dict[Per, str] = {"minute": "%Y-%m-%dT%H:%M", "hour": "%Y-%m-%dT%H", "day": "%Y-%m-%d", "month": "%Y-%m"}
_LENGTHS = {
    "minute": timedelta(minutes=1),
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "month": timedelta(days=31),
}


@dataclass(frozen=True, slots=True)
class Window:
    """One minute, hour, day or month: from ``start`` up to, not including, ``end`` (aware, UTC)."""

    per: Per
    start: datetime
    end: datetime

    @property
    def id(self) -> str:
        """``2026-11-23T12:05``, ``2026-11-23T12``, ``2026-11-23`` or ``2026-11``; its form tells which it is."""
        return self.start.strftime(_FORMS[self.per])

    def earlier(self) -> Window:
        """The window just before."""
        return window_at(self.per, self.start - timedelta(microseconds=1))


def window_at(per: Per, moment: datetime) -> Window:
    """The window that an aware time lies in. Raises ``ValueError`` for a naive time."""
    if moment.tzinfo is None:
        raise ValueError("a time without a zone lies in no window")
    start = moment.astimezone(UTC).replace(second=0, microsecond=0)
    if per != "minute":
        start = start.replace(minute=0)
    if per in ("day", "month"):
        start = start.replace(hour=0)
    if per == "month":
        start = start.replace(day=1)
    end = start + _LENGTHS[per]
    return Window(per, start, end.replace(day=1) if per == "month" else end)


def window_of(id: str) -> Window:
    """The window with this id. Raises ``ValueError`` for what is none."""
    for per, form in _FORMS.items():
        try:
            found = window_at(per, datetime.strptime(id, form).replace(tzinfo=UTC))
        except ValueError:
            continue
        if found.id == id:
            return found
    raise ValueError(f"{id!r} is no window")
