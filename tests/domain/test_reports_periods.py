"""Which days of two periods a report of costs compares."""

from __future__ import annotations

from datetime import date

import pytest

from costsentry_cli.domain.reports import rows
from costsentry_cli.domain.reports.question import Question, group_of
from costsentry_cli.domain.window import Window


@pytest.mark.parametrize(
    ("window", "now", "before"),
    [
        (("2026-10-01", "2026-11-01"), 31, 30),  # whole months as they are
        (("2027-03-01", "2027-03-31"), 28, 28),  # the first thirty days of March: February has no more than 28
        (("2028-03-01", "2028-03-31"), 29, 29),
        (("2028-02-23", "2028-03-01"), 7, 7),
    ],
)
def test_as_many_days_of_both_periods_are_compared(window: tuple[str, str], now: int, before: int) -> None:
    asked = Question((group_of("costCenter"),), Window(*map(date.fromisoformat, window)))
    parts = rows.compared(asked, date(2030, 1, 1), date(2025, 1, 1))
    assert parts is not None
    assert (parts.now.days, parts.before.days) == (now, before)
    assert parts.before.end <= parts.now.start
