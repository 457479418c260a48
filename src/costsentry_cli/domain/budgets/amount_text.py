"""How much a budget allows, as text: ``500 USD``, or amounts by period ``2026-11 to 2026-12: 500 USD``.

Both directions: what is printed can be read back.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import pairwise
from typing import Any

Planned = dict[datetime, str]
"""Amounts with their unit (``500 USD``) by the first moment (UTC) of their periods."""

UNIT = "USD"
AHEAD = {"month": 12, "quarter": 4}
"""How many periods AWS wants planned, the current one included (API reference, ``PlannedBudgetLimits``)."""
OVERLAP = {"month": 3, "quarter": 2}
"""Two plans that agree on so many periods and have the others on one side only are the same plan, later."""
_MONTHS = {"month": 1, "quarter": 3}


def bare(amount: Decimal) -> str:
    """An amount as short as it can be said: ``500``, ``0.25``; no exponent."""
    return f"{amount.normalize():f}"


def number_text(number: float) -> str:
    """A number of AWS's model, which has doubles for thresholds, with the digits it was meant by."""
    return bare(Decimal(repr(float(number))))


def limit_text(spend: Mapping[str, Any]) -> str:
    """``500 USD`` of AWS's ``Spend``."""
    return f"{bare(Decimal(spend['Amount']))} {spend['Unit']}"


def limit_of(text: str) -> dict[str, str]:
    """AWS's ``Spend`` of ``500 USD``."""
    amount, _, unit = text.partition(" ")
    return {"Amount": amount, "Unit": unit}


def upcoming(amounts: tuple[tuple[date, Decimal], ...], per: str, now: datetime) -> Planned:
    """The periods AWS wants, from the current one on; each has the amount of the last day at or before it.

    Before the first day the first amount holds. ``amounts`` are in the order of days, ``per`` is month or quarter.
    """
    months = _MONTHS[per]
    start = datetime(now.year, (now.month - 1) // months * months + 1, 1, tzinfo=UTC)
    planned: Planned = {}
    for _ in range(AHEAD[per]):
        begun = [amount for day, amount in amounts if day <= start.date()]
        planned[start] = f"{bare(begun[-1] if begun else amounts[0][1])} {UNIT}"
        start = _following(start, months)
    return planned


def planned_text(planned: Planned, per: str) -> str:
    """``2026-11 to 2026-12: 500 USD, 2027-01 to 2027-10: 700 USD``; quarters are ``2026-Q4``."""
    return ", ".join(
        f"{_period(run[0], per)}{f' to {_period(run[-1], per)}' if run[1:] else ''}: {planned[run[0]]}"
        for run in _runs(planned, per)
    )


def planned_of(text: str) -> Planned:
    """What ``planned_text`` says."""
    planned: Planned = {}
    for part in text.split(", "):
        span, _, amount = part.rpartition(": ")
        first, _, last = span.partition(" to ")
        start, months = _begin(first)
        planned[start] = amount
        end, _ = _begin(last or first)
        while start < end:
            start = _following(start, months)
            planned[start] = amount
    return planned


def planned_from(limits: Mapping[str, Mapping[str, Any]]) -> Planned:
    """Of AWS's ``PlannedBudgetLimits``, whose keys are epoch seconds."""
    ordered = sorted(limits, key=int)
    return {datetime.fromtimestamp(int(key), UTC): limit_text(limits[key]) for key in ordered}


def planned_limits(planned: Planned) -> dict[str, dict[str, str]]:
    """AWS's ``PlannedBudgetLimits``."""
    return {str(int(start.timestamp())): limit_of(amount) for start, amount in planned.items()}


def rolled_on(old: str, new: str, per: str) -> bool:
    """Whether two plans are the same, one of them made some periods later: AWS keeps what it was given."""
    before, after = planned_of(old), planned_of(new)
    both = before.keys() & after.keys()
    if len(both) < OVERLAP.get(per, 1) or any(before[start] != after[start] for start in both):
        return False
    first, last = min(both), max(both)  # what only one of the two has lies at the ends, not between
    return not any(first < start < last for start in (before.keys() | after.keys()) - both)


def _runs(planned: Planned, per: str) -> Iterator[list[datetime]]:
    """Periods that follow each other and have the same amount, together."""
    run: list[datetime] = []
    for start, following in pairwise([*sorted(planned), None]):
        assert start is not None  # noqa: S101 - only the last is None
        run.append(start)
        if following is None or planned[start] != planned[following] or not _meet(start, following, per):
            yield run
            run = []


def _meet(start: datetime, following: datetime, per: str) -> bool:
    """Whether one period ends where the other begins; two that are told as bare moments do not."""
    return not _period(start, per).endswith("Z") and _following(start, _MONTHS[per]) == following


def _period(start: datetime, per: str) -> str:
    """``2026-11`` or ``2026-Q4``; a moment at which no period begins is told in full."""
    if per in _MONTHS and start == datetime(start.year, start.month, 1, tzinfo=UTC):
        if per == "month":
            return f"{start:%Y-%m}"
        if start.month % 3 == 1:
            return f"{start.year:04}-Q{(start.month + 2) // 3}"
    return f"{start:%Y-%m-%dT%H:%M:%SZ}"


def _begin(period: str) -> tuple[datetime, int]:
    """The first moment of a period and its length in months."""
    if period.endswith("Z"):
        return datetime.strptime(period, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC), 1
    year, _, rest = period.partition("-")
    if rest.startswith("Q"):
        return datetime(int(year), int(rest[1:]) * 3 - 2, 1, tzinfo=UTC), 3
    return datetime(int(year), int(rest), 1, tzinfo=UTC), 1


def _following(start: datetime, months: int) -> datetime:
    number = start.year * 12 + start.month - 1 + months
    return start.replace(year=number // 12, month=number % 12 + 1)
