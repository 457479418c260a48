"""``sentry report`` on the days on which months, years and leap days begin and end."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from commands import Sentry

DAYS = {
    "2026-12-01T00:00:10": ("2026-12-01", "2026-12-02", "2026-11-25"),
    "2026-12-31T23:59:00": ("2026-12-01", "2027-01-01", "2026-12-25"),
    "2027-01-01T00:00:10": ("2027-01-01", "2027-01-02", "2026-12-26"),
    "2028-03-01T12:00:00": ("2028-03-01", "2028-03-02", "2028-02-24"),
}
"""A moment; the first day of the month to date, the day after its last, the first of the last seven days."""


@pytest.mark.parametrize("moment", DAYS)
def test_a_period_is_never_empty_and_its_figures_add_up(moment: str, moved: Callable[[str], Sentry]) -> None:
    sentry = moved(moment)
    assert sentry("sandbox", "seed", "--days", "16").status == 0
    first, end, week = DAYS[moment]
    month = sentry("report", "--no-previous", "-o", "json").json()
    assert month["period"] == {"start": first, "end": end}
    seven = sentry("report", "--last", "7d", "--no-extras", "-o", "json").json()
    assert seven["period"] == {"start": week, "end": end}
    assert len(seven["costs"]) > 2
    ahead = sentry("report", "forecast", "-o", "json").json()
    assert ahead["period"]["start"] == first
    assert len(ahead["forecast"]) > 2


def test_on_the_first_of_a_month_it_is_said_where_the_figures_are(moved: Callable[[str], Sentry]) -> None:
    ran = moved("2026-12-01T00:00:10")("report")
    assert ran.status == 0
    assert "Nothing of this period is complete yet; the month before: sentry report --last last-month" in ran.out


@pytest.mark.parametrize("words", [("--month", "2026-12"), ("--last", "mtd"), ("--last", "1d")])
def test_what_has_no_complete_day_is_not_compared_and_not_paid_for(
    words: tuple[str, ...], moved: Callable[[str], Sentry]
) -> None:
    ran = moved("2026-12-02T00:00:10")("report", "compare", *words)
    assert (ran.status, "nothing is complete yet of the days from 2026-12-0" in ran.err) == (2, True)
    assert "paid" not in ran.err


@pytest.mark.parametrize(
    ("words", "now", "before"),
    [
        ((), ("2026-10-01", "2026-11-01"), ("2026-09-01", "2026-10-01")),
        (("--month", "2026-11"), ("2026-11-01", "2026-11-22"), ("2026-10-01", "2026-10-22")),
        (("--last", "30d"), ("2026-10-25", "2026-11-22"), ("2026-09-25", "2026-10-23")),
        (
            ("--since", "2026-11-02", "--until", "2026-11-05"),
            ("2026-11-02", "2026-11-05"),
            ("2026-10-30", "2026-11-02"),
        ),
        (("--last", "7d", "--with", "2026-10-05"), ("2026-11-17", "2026-11-22"), ("2026-10-05", "2026-10-10")),
        (("--with", "2026-08"), ("2026-10-01", "2026-11-01"), ("2026-08-01", "2026-09-01")),
    ],
)
def test_two_periods_are_compared_over_as_many_complete_days(
    words: tuple[str, ...], now: tuple[str, str], before: tuple[str, str], at_noon: Sentry
) -> None:
    document = at_noon("report", "compare", "-g", "service", *words, "-o", "json").json()
    assert document["period"] == dict(zip(("start", "end"), now, strict=True))
    assert document["before"] == dict(zip(("start", "end"), before, strict=True))


@pytest.mark.parametrize(
    "words",
    [
        ("--last", "7d", "--month", "2026-10"),
        ("--last", "7x"),
        ("--with", "2026-10"),
        ("--with", "2026-12-24"),
        ("--until", "2026-10-01"),
        ("--since", "2027-01-01", "--until", "2027-02-01"),
    ],
)
def test_periods_that_cannot_be_compared_are_refused(words: tuple[str, ...], at_noon: Sentry) -> None:
    ran = at_noon("report", "compare", *words)
    assert (ran.status, "CS0107" in ran.err) == (2, True)
