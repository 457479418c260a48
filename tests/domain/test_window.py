"""Periods as people name them, in UTC days with an exclusive end."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costsentry_cli.domain.errors import SentryError
from costsentry_cli.domain.window import Window, parse

TODAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("options", "start", "end"),
    [
        ({}, date(2026, 11, 1), date(2026, 11, 24)),
        ({"last": "mtd"}, date(2026, 11, 1), date(2026, 11, 24)),
        ({"last": "7d"}, date(2026, 11, 17), date(2026, 11, 24)),
        ({"last": "1d"}, date(2026, 11, 23), date(2026, 11, 24)),
        ({"last": "last-month"}, date(2026, 10, 1), date(2026, 11, 1)),
        ({"month": "2026-02"}, date(2026, 2, 1), date(2026, 3, 1)),
        ({"month": "2025-12"}, date(2025, 12, 1), date(2026, 1, 1)),
        ({"month": "2026-11"}, date(2026, 11, 1), date(2026, 11, 24)),
        ({"since": "2026-10-05"}, date(2026, 10, 5), date(2026, 11, 24)),
        ({"since": "2026-10-05", "until": "2026-10-06"}, date(2026, 10, 5), date(2026, 10, 6)),
    ],
)
def test_a_period_is_read_as_people_mean_it(options: dict[str, str], start: date, end: date) -> None:
    assert parse(TODAY, **options) == Window(start, end)


@pytest.mark.parametrize(
    "options",
    [
        {"last": "0d"},
        {"last": "week"},
        {"last": "7d\n"},
        {"month": "2026-13"},
        {"month": "2026-12"},
        {"month": "26-1"},
        {"since": "yesterday"},
        {"until": "2026-10-01"},
        {"since": "2026-10-02", "until": "2026-10-02"},
        {"last": "7d", "month": "2026-10"},
        {"last": "7d", "since": "2026-10-01"},
    ],
)
def test_what_is_no_period_is_refused(options: dict[str, str]) -> None:
    with pytest.raises(SentryError) as refused:
        parse(TODAY, **options)
    assert refused.value.code == "CS0107"


@given(st.integers(1, 999))
def test_the_last_n_days_are_n_days_that_end_today(days: int) -> None:
    window = parse(TODAY, last=f"{days}d")
    assert window.days == days == len(window.dates())
    assert window.dates()[-1] == TODAY


def test_the_label_names_the_first_and_the_last_day() -> None:
    assert parse(TODAY, last="7d").label() == "2026-11-17 .. 2026-11-23 (7 days)"
    assert parse(TODAY, last="1d").label() == "2026-11-23 .. 2026-11-23 (1 day)"


@pytest.mark.parametrize(
    ("window", "before"),
    [
        (("2026-10-01", "2026-11-01"), ("2026-09-01", "2026-10-01")),
        (("2026-01-01", "2026-02-01"), ("2025-12-01", "2026-01-01")),
        (("2026-07-01", "2026-10-01"), ("2026-04-01", "2026-07-01")),
        (("2026-11-01", "2026-11-24"), ("2026-10-01", "2026-10-24")),
        (("2026-03-01", "2026-03-31"), ("2026-02-01", "2026-03-01")),
        (("2026-11-17", "2026-11-24"), ("2026-11-10", "2026-11-17")),
        (("2026-10-25", "2026-11-24"), ("2026-09-25", "2026-10-25")),
    ],
)
def test_the_equal_period_before_is_what_people_compare_with(window: tuple[str, str], before: tuple[str, str]) -> None:
    assert Window(*map(date.fromisoformat, window)).previous() == Window(*map(date.fromisoformat, before))


@given(st.dates(date(2020, 1, 1), date(2030, 1, 1)), st.integers(1, 400))
def test_the_period_before_ends_where_the_period_begins_or_earlier_and_is_not_longer_by_a_month(
    start: date, days: int
) -> None:
    window = Window(start, start + timedelta(days=days))
    before = window.previous()
    assert before.start < before.end <= start
    assert abs(before.days - window.days) <= 3 * (days // 28 + 1)
