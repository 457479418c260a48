"""The clock against AWS's: what an answer's date proves, and no more."""

from __future__ import annotations

from datetime import datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costsentry_cli.domain.ledger.counters import Ceiling
from costsentry_cli.domain.ledger.rules import Rule, unplaced
from costsentry_cli.domain.skew import Skew, least, words
from fakes import NOON, FrozenClock

SECONDS = st.floats(-90, 90).map(lambda seconds: timedelta(seconds=seconds))
SHORT = st.floats(0, 5).map(lambda seconds: timedelta(seconds=seconds))


def dated(moment: datetime) -> dict[str, str]:
    return {"date": format_datetime(moment, usegmt=True)}


@given(SECONDS, SHORT, SHORT)
def test_no_more_is_told_than_the_clock_is_wrong_and_a_gross_error_is_always_told(
    true: timedelta, there: timedelta, back: timedelta
) -> None:
    said = (NOON + there + true).replace(microsecond=0)  # AWS says whole seconds, cut
    found = least(NOON, NOON + there + back, said)
    assert abs(found) <= abs(true)
    assert found * true.total_seconds() >= timedelta()
    assert abs(true) - abs(found) <= there + back + timedelta(seconds=1)


def test_an_answer_that_took_long_or_has_no_date_says_nothing_and_a_later_one_corrects_an_earlier() -> None:
    clock = FrozenClock()
    skew, sent = Skew(clock), clock()
    skew.heard(sent, dated(NOON + timedelta(seconds=42)))
    assert skew.least == timedelta(seconds=42)
    for headers in ({}, {"date": "soon"}, {"date": "Mon, 23 Nov 2026 12:00:00 -0000"}):  # the last has no zone
        skew.heard(sent, headers)
    clock.move(timedelta(seconds=6))
    skew.heard(sent, dated(NOON))
    assert skew.least == timedelta(seconds=42)
    skew.heard(clock(), dated(clock()))
    assert skew.least == timedelta()


@pytest.mark.parametrize(("seconds", "said"), [(42, "42 s behind"), (119, "119 s behind"), (-3600, "60 min ahead of")])
def test_it_is_said_which_clock_is_behind(seconds: int, said: str) -> None:
    assert words(timedelta(seconds=seconds)) == f"this machine's clock is {said} AWS's"


def rule(per: str, **more: object) -> Rule:
    return Rule(f"*/{per}", {}, per, Ceiling(tokens=1), **more)  # type: ignore[arg-type]


def test_only_a_minute_that_is_enforced_needs_a_clock_that_is_right() -> None:
    minute, off = rule("minute"), timedelta(seconds=31)
    others = (rule("hour"), rule("month"), rule("minute", enforced=False), rule("minute", on_ledger_error="allow"))
    for skew in (off, -off):
        assert unplaced((*others, minute), skew) is minute
        assert unplaced(others, skew) is None
    assert unplaced((minute,), timedelta(seconds=30)) is None
