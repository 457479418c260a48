"""Screens of ``sentry tags`` as literal text: days stand relative to the story's first, so that any year will do."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from commands import Sentry

SCREENS = Path(__file__).parent / "screens"
DAY = re.compile(r"\d{4}-\d\d-\d\d")
TIME = re.compile(r"\b\d\d:\d\d\b")
MONTH = re.compile(r"--from \d{4}-\d\d\b")
REQUEST = re.compile(r"request id [0-9a-f-]+")


def now(sentry: Sentry) -> datetime:
    """The sandbox's clock."""
    return datetime.fromisoformat(sentry("sandbox", "status", "-o", "json").json()["sandbox"]["now"])


@dataclass(frozen=True)
class Story:
    """A sandbox whose clock began on the 15th of a month, at noon: no step of a few days leaves the month."""

    sentry: Sentry
    first: date

    @classmethod
    def begin(cls, sentry: Sentry) -> Story:
        today = now(sentry)
        noon = today.replace(day=15, hour=12, minute=0, second=0)
        if noon < today:
            noon = (noon.replace(day=1) + timedelta(days=31)).replace(day=15)
        sentry("sandbox", "advance", f"{math.ceil((noon - today).total_seconds() / 60)}m")
        return cls(sentry, noon.date())

    def use(self) -> None:
        """One call through a tagged profile."""
        assert self.sentry("invoke", "--cost-center", "sales", "Hi").status == 0

    def later(self, by: str) -> None:
        assert self.sentry("sandbox", "advance", by).status == 0

    def screen(self, *words: str) -> str:
        """What the command shows, both streams, with relative days: ``day +01`` is the one after the first."""
        ran = self.sentry(*words)
        return self.relative(ran.out + ran.err.replace("target: sandbox (no AWS account touched)\n", ""))

    def relative(self, text: str) -> str:
        months = MONTH.sub("--from YYYY-MM", REQUEST.sub("request id ID", text))
        return TIME.sub("hh:mm", DAY.sub(self._day, months))

    def _day(self, found: re.Match[str]) -> str:
        return f"day {(date.fromisoformat(found[0]) - self.first).days:+04d}  "


def literal(name: str) -> str:
    """The screen of that name."""
    return (SCREENS / f"{name}.txt").read_text(encoding="utf-8")
