"""Which way calls went: the attributed ones together, every leak by its name, the shares of one whole."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costsentry_cli.domain.reports.callers import Known
from costsentry_cli.domain.reports.coverage import Route, Way, covered, route_of, together, way
from costsentry_cli.domain.reports.usage import Figures
from fakes import HAIKU, LITE

DAY = datetime(2026, 11, 22, tzinfo=UTC)


def used(route: Route, name: str, tokens: int) -> Way:
    return way(route, name, {DAY: Figures({"input_tokens": Decimal(tokens)})})


@pytest.mark.parametrize(
    ("model_id", "known", "route"),
    [
        ("id0000000001", Known("p", HAIKU, {"costCenter": "sales"}), Route.TAGGED),
        ("id0000000001", Known("p", HAIKU, {"costCenter": ""}), Route.UNTAGGED),
        ("id0000000001", Known("p", HAIKU, {"team": "x"}), Route.UNTAGGED),
        ("id0000000009", Known(), Route.FORMER),
        (HAIKU, Known(model=HAIKU), Route.SYSTEM),
        (LITE, Known(model=LITE), Route.RAW),
    ],
)
def test_the_way_of_a_call_is_told_by_what_it_is_counted_under(model_id: str, known: Known, route: Route) -> None:
    assert route_of(model_id, known, "costCenter") is route


def test_tagged_profiles_are_one_way_and_every_leak_its_own_the_largest_first() -> None:
    ways = [
        used(Route.RAW, LITE, 5),
        used(Route.TAGGED, "sales", 40),
        used(Route.SYSTEM, HAIKU, 30),
        used(Route.TAGGED, "support", 20),
        used(Route.RAW, LITE, 5),
    ]
    found = together(ways)
    assert [(one.route, one.name, one.tokens) for one in found] == [
        (Route.TAGGED, "", 60),
        (Route.SYSTEM, HAIKU, 30),
        (Route.RAW, LITE, 10),
    ]
    assert covered(found) == Decimal("0.6")
    assert found[2].days == {DAY: Decimal(10)}


def test_without_tokens_there_is_no_share() -> None:
    assert covered([]) is None
    assert together([Way(Route.RAW, LITE)]) == []


@given(st.lists(st.tuples(st.sampled_from(Route), st.sampled_from(["a", "b"]), st.integers(1, 10**9)), max_size=12))
def test_no_token_is_lost_and_the_share_lies_between_nothing_and_all(drawn: list[tuple[Route, str, int]]) -> None:
    ways = [used(*one) for one in drawn]
    found = together(ways)
    assert sum(one.tokens for one in found) == sum(tokens for _, _, tokens in drawn)
    share = covered(found)
    assert share is None if not drawn else share is not None and 0 <= share <= 1
