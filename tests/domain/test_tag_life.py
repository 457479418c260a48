"""The states of a tag key, and what its costs say; pure."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costsentry_cli.domain.errors import SentryError
from costsentry_cli.domain.kind import Scope
from costsentry_cli.domain.kinds.cost_allocation_tag import TagKey
from costsentry_cli.domain.reports.costs import Costs
from costsentry_cli.domain.tag_life import (
    Carried,
    Carrier,
    Failure,
    State,
    Switched,
    carried,
    cost_window,
    ever_active,
    look_alikes,
    month_of,
    standing,
    state,
)
from fakes import NOON

SCOPE = Scope("123456789012", "us-east-1", "docs-helper")
WINDOW = cost_window(date(2026, 11, 23))
FIVE, NONE = Decimal(5), Decimal(0)


def known(*, active: bool, hours: int | None = None) -> TagKey:
    """A key whose status changed so many hours ago."""
    return TagKey("team", active, None if hours is None else NOON - timedelta(hours=hours))


def carriers(*keys: str) -> list[Carrier]:
    """A profile for each of these keys that carries it alone."""
    return [Carrier(f"profile-{number}", SCOPE, frozenset({key})) for number, key in enumerate(keys)]


@pytest.mark.parametrize(
    ("tag", "on", "expected"),
    [
        (None, 0, State.UNUSED),
        (None, 1, State.UNSEEN),
        (known(active=False), 1, State.INACTIVE),
        (known(active=False, hours=1), 0, State.INACTIVE),
        (known(active=True, hours=0), 1, State.ACTIVATING),
        (known(active=True, hours=23), 1, State.ACTIVATING),
        (known(active=True, hours=24), 1, State.ACTIVE),
        (known(active=True), 0, State.ACTIVE),
    ],
)
def test_the_state_is_told_by_billing_the_profiles_and_the_time(tag: TagKey | None, on: int, expected: State) -> None:
    assert state(tag, on, NOON) is expected


@given(first=st.integers(0, 100), more=st.integers(0, 100))
def test_an_active_key_never_goes_back_to_activating(first: int, more: int) -> None:
    tag = known(active=True, hours=0)
    order = list(State)
    earlier, later = (state(tag, 1, NOON + timedelta(hours=hours)) for hours in (first, first + more))
    assert order.index(earlier) <= order.index(later)


def test_profiles_with_and_without_the_key_are_told_apart_and_those_without_are_in_order() -> None:
    found = standing("team", list(reversed(carriers("team", "x", "y"))), {}, NOON)
    assert (found.on, [one.name for one in found.missing]) == (1, ["profile-1", "profile-2"])


def test_a_key_is_ready_a_day_after_its_activation() -> None:
    assert standing("team", [], {"team": known(active=True, hours=1)}, NOON).ready == NOON + timedelta(hours=23)
    assert standing("team", [], {"team": known(active=False, hours=1)}, NOON).ready is None


def test_keys_that_differ_only_in_case_are_named_and_the_key_itself_is_not() -> None:
    assert look_alikes("costCenter", ["costcenter", "costCenter", "CostCenter", "cost-center"]) == (
        "CostCenter",
        "costcenter",
    )


def test_a_tag_of_principals_with_the_same_name_is_seen() -> None:
    other = {"iamPrincipal/team": TagKey("iamPrincipal/team", active=False)}
    assert standing("team", [], other, NOON).principal
    assert not standing("Team", [], other, NOON).principal


def test_only_a_key_that_was_ever_active_can_be_in_costs() -> None:
    tags = [None, known(active=False), known(active=False, hours=1), known(active=True)]
    assert [ever_active(tag) for tag in tags] == [False, False, True, True]


@pytest.mark.parametrize(
    ("today", "start"), [(date(2026, 11, 30), date(2026, 10, 1)), (date(2027, 1, 1), date(2026, 12, 1))]
)
def test_costs_are_asked_from_the_first_of_last_month_to_today(today: date, start: date) -> None:
    window = cost_window(today)
    assert (window.start, window.end) == (start, today + timedelta(days=1))


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)))
def test_a_month_begins_on_its_first_and_ends_on_the_next(day: date) -> None:
    month = month_of(day)
    assert month.start <= day < month.end
    assert (month.start.day, month.end.day) == (1, 1)
    assert month.days <= 31


def test_the_share_is_of_last_month_and_the_first_day_of_the_whole_window() -> None:
    groups = {
        "sales": {date(2026, 10, 30): FIVE, date(2026, 11, 2): FIVE},
        "support": {date(2026, 10, 29): NONE, date(2026, 10, 31): FIVE},
        "": {date(2026, 10, 3): FIVE * 2, date(2026, 11, 2): FIVE},
    }
    assert carried(Costs(groups, estimated=False, requests=1), WINDOW) == Carried(date(2026, 10, 30), Decimal("0.5"))


def test_without_cost_last_month_there_is_no_share_and_without_a_value_no_first_day() -> None:
    groups = {"": {date(2026, 11, 2): FIVE}}
    assert carried(Costs(groups, estimated=False, requests=1), WINDOW) == Carried(None, None)


def test_a_later_round_is_about_what_was_pending() -> None:
    failure = Failure("c", SentryError("CS0802", "no"))
    first = Switched(("a",), ("b",), ("c", "d", "e"))
    assert first.then(Switched(("d",), (), ("e",), (failure,))) == Switched(("a", "d"), ("b",), ("e",), (failure,))


def test_a_moment_of_billing_is_aware() -> None:
    ready = standing("team", [], {"team": known(active=True, hours=1)}, NOON).ready
    assert isinstance(ready, datetime)
    assert ready.tzinfo is not None
