"""Which months a backfill reaches, what it does to keys, and when the next may be asked for."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costsentry_cli.domain.backfill import Backfill, again, earliest, effect, history_call, month, read, start_call
from costsentry_cli.domain.errors import SentryError
from costsentry_cli.domain.kinds.cost_allocation_tag import TagKey
from fakes import model_problems

TODAY = date(2026, 11, 23)
REQUESTED = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


@pytest.mark.parametrize("text", ["2026-11", "2026-11-01", "2025-11"])
def test_a_month_is_its_first_day(text: str) -> None:
    assert month(text, TODAY) == date(int(text[:4]), int(text[5:7]), 1)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("2026-12", "lies in the future"),
        ("2025-10", "is 13 months ago, 12 may be"),
        ("2026-13", "is not a month"),
        ("2026-00", "is not a month"),
        ("0000-01", "is not a month"),
        ("2026-11-02", "is not a month"),
        ("11/2026", "is not a month"),
        ("٢٠٢٦-11", "is not a month"),
    ],
)
def test_what_is_no_month_too_late_or_too_early_is_refused(text: str, words: str) -> None:
    with pytest.raises(SentryError, match=words) as refused:
        month(text, TODAY)
    assert refused.value.code == "CS0107"


@given(today=st.dates(date(2001, 1, 1), date(2100, 1, 1)), back=st.integers(0, 14))
def test_exactly_the_present_and_the_twelve_months_before_are_reached(today: date, back: int) -> None:
    months = today.year * 12 + today.month - 1 - back
    text = f"{months // 12}-{months % 12 + 1:02d}"
    if back > 12:
        with pytest.raises(SentryError):
            month(text, today)
    else:
        assert earliest(today) <= month(text, today) <= today


def test_the_calls_fit_the_model() -> None:
    assert start_call(date(2026, 6, 1)).params == {"BackfillFrom": "2026-06-01T00:00:00Z"}
    assert model_problems(start_call(date(2026, 6, 1))) == model_problems(history_call()) == []


def test_active_keys_are_shown_and_inactive_ones_erased_each_in_order() -> None:
    tags = [TagKey("b", active=True), TagKey("d", active=False), TagKey("a", active=True), TagKey("c", active=False)]
    found = effect(tags)
    assert (found.active, found.inactive) == (("a", "b"), ("c", "d"))


def test_a_request_is_read_with_what_is_missing_unknown() -> None:
    told = {"BackfillFrom": "2026-06-01T00:00:00Z", "RequestedAt": "2026-11-22T11:00:00+01:00"}
    assert read(told) == Backfill(date(2026, 6, 1), REQUESTED, None, "processing")
    done = read(told | {"BackfillStatus": "SUCCEEDED", "CompletedAt": "2026-11-22T10:00:00Z"})
    assert (done.completed, done.status) == (REQUESTED, "succeeded")
    with pytest.raises(SentryError):
        read({})


def test_the_next_may_be_asked_for_a_day_after_the_last() -> None:
    first = date(2026, 6, 1)
    history = [Backfill(first, None, None, "failed"), Backfill(first, REQUESTED, None, "processing")]
    assert again(history) == datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
    assert again(history[:1]) is again([]) is None
