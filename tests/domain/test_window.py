"""Periods as people name them, in UTC days with an exclusive end."""

from __future__ import annotations

from datetime import date

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
