"""Periods of budgets: UTC calendar arithmetic."""

from __future__ import annotations

import itertools
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costsentry_cli.domain.budget_periods import (
    days_gone,
    following,
    period_of,
    periods_in,
    previous_month,
    share_gone,
    to_date,
)
from costsentry_cli.domain.window import Window

PERS = st.sampled_from(["day", "month", "quarter", "year"])
DAYS = st.dates(date(2000, 1, 1), date(2080, 12, 31))


@pytest.mark.parametrize(
    ("per", "start", "end"),
    [
        ("day", date(2026, 11, 23), date(2026, 11, 24)),
        ("month", date(2026, 11, 1), date(2026, 12, 1)),
        ("quarter", date(2026, 10, 1), date(2027, 1, 1)),
        ("year", date(2026, 1, 1), date(2027, 1, 1)),
    ],
)
def test_the_period_a_day_is_in(per: str, start: date, end: date) -> None:
    assert period_of(per, date(2026, 11, 23)) == Window(start, end)


def test_a_custom_period_is_what_the_budget_covers() -> None:
    covered = Window(date(2026, 3, 5), date(2026, 9, 1))
    assert period_of("custom", date(2026, 4, 1), covered) == covered
    assert list(periods_in("custom", Window(date(2026, 4, 1), date(2027, 5, 1)), covered)) == [covered]
    with pytest.raises(ValueError, match="custom"):
        period_of("custom", date(2026, 4, 1))


@given(PERS, DAYS)
def test_periods_follow_each_other_without_gap_and_hold_their_days(per: str, day: date) -> None:
    period = period_of(per, day)
    assert period.start <= day < period.end
    assert following(per, period).start == period.end
    assert period_of(per, period.end - timedelta(days=1)) == period


@given(PERS, DAYS, st.integers(1, 400))
def test_the_periods_of_a_window_cover_it_and_no_more(per: str, day: date, length: int) -> None:
    window = Window(day, day + timedelta(days=length))
    found = list(periods_in(per, window))
    assert found[0].start <= window.start < found[0].end
    assert found[-1].start < window.end <= found[-1].end
    assert all(one.end == two.start for one, two in itertools.pairwise(found))


@given(PERS, DAYS)
def test_the_share_gone_grows_by_one_day_a_day_up_to_one(per: str, day: date) -> None:
    period = period_of(per, day)
    assert share_gone(period, period.end - timedelta(days=1)) == 1
    assert share_gone(period, period.start) == Decimal(1) / period.days
    assert share_gone(period, period.start - timedelta(days=1)) == 0
    assert days_gone(period, period.end + timedelta(days=9)) == period.days


def test_a_period_to_date_in_words() -> None:
    november = period_of("month", date(2026, 11, 1))
    assert to_date(november, date(2026, 11, 23)) == "1-23 Nov"
    assert to_date(november, date(2026, 11, 1)) == "1 Nov"
    assert to_date(period_of("quarter", date(2026, 11, 1)), date(2026, 11, 23)) == "1 Oct - 23 Nov"


def test_the_month_before_january_is_december() -> None:
    assert previous_month(date(2027, 1, 31)) == Window(date(2026, 12, 1), date(2027, 1, 1))
