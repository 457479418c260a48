"""The screen of ``tags status`` at every width, and what is said below it."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest

from costsentry_cli.domain.errors import SentryError
from costsentry_cli.domain.kind import Scope
from costsentry_cli.domain.kinds.cost_allocation_tag import TagKey
from costsentry_cli.domain.plan import Trouble
from costsentry_cli.domain.tag_life import Carried, Carrier, Standing, TagStatus, cost_window, standing
from costsentry_cli.render import tag_status as view
from costsentry_cli.render.screen import as_screen
from fakes import NOON

EAST, WEST = (Scope("123456789012", region, "ours") for region in ("us-east-1", "us-west-2"))
BARE = [Carrier(f"p{number:02}", EAST, frozenset()) for number in range(12)]
WINDOW = cost_window(NOON.date())


def key(name: str, *, active: bool = True, days: int = 3, carried: Carried | None = None) -> Standing:
    tag = TagKey(name, active, NOON - timedelta(days=days))
    return standing(name, BARE, {name: tag}, NOON, carried)


def status(*standings: Standing, profiles: int = 12) -> TagStatus:
    return TagStatus(standings, profiles, active=2, window=WINDOW)


def lines(found: TagStatus, width: int = 80) -> list[str]:
    return as_screen(view.as_people_see_it(found, width), width=width).splitlines()


def carried(share: str, first: date = date(2026, 10, 9)) -> Carried:
    return Carried(first, Decimal(share))


@pytest.mark.parametrize(
    ("width", "titles"),
    [
        (60, ["Tag key", "On profiles", "Cost allocation"]),
        (80, ["Tag key", "On profiles", "Cost allocation", "Since", "Last month"]),
        (120, ["Tag key", "On profiles", "Cost allocation", "Since", "First cost", "Last month"]),
    ],
)
def test_columns_leave_a_narrow_screen_in_order_and_a_wide_one_has_all(width: int, titles: list[str]) -> None:
    unseen = standing("applicationId", [Carrier("p", EAST, frozenset({"applicationId"}))], {}, NOON)
    found = status(key("costCenter", carried=carried("0.949")), unseen)
    drawn = lines(found, width)
    assert [title.strip() for title in drawn[0].split("  ") if title.strip()] == titles
    assert all(len(line) <= width or line.startswith("  sentry ") for line in drawn)


def test_a_key_longer_than_the_screen_is_folded_and_never_cut() -> None:
    name = "k" * 100
    drawn = lines(status(key(name, carried=carried("1"))), 60)
    assert sum(line.partition("  ")[0].count("k") for line in drawn if not line.startswith(("  ", "active"))) >= 100


def test_ten_profiles_without_the_key_are_named_and_the_rest_counted() -> None:
    (line,) = (one for one in lines(status(key("team")), 200) if "is not on" in one)
    assert line == "team is not on: " + ", ".join(f"p{number:02}" for number in range(10)) + " and 2 more"


def test_a_key_of_iam_principals_is_missed_on_no_profile() -> None:
    drawn = "\n".join(lines(status(key("iamPrincipal/team"), key("team")), 200))
    assert "team is not on: p00" in drawn
    assert "iamPrincipal/team is not on" not in drawn


def test_profiles_of_several_regions_are_named_with_their_place() -> None:
    here = [Carrier("a", EAST, frozenset()), Carrier("a", WEST, frozenset())]
    found = standing("team", here, {"team": TagKey("team", active=True)}, NOON)
    (line,) = (one for one in lines(status(found, profiles=2), 200) if "is not on" in one)
    assert line == "team is not on: a (123456789012 us-east-1), a (123456789012 us-west-2)"


def test_cost_on_the_first_day_that_was_asked_about_may_be_older() -> None:
    drawn = lines(status(key("team", carried=carried("1", WINDOW.start))), 120)
    assert "by 2026-10-01" in drawn[1]


@pytest.mark.parametrize(
    ("days", "share", "offered"),
    [(3, "0.5", True), (3, "1", False), (90, "0.5", False), (52, "0.5", True), (54, "0.5", False)],
)
def test_a_backfill_is_offered_only_for_what_was_billed_before_the_activation(
    days: int, share: str, *, offered: bool
) -> None:
    found = status(key("team", days=days, carried=carried(share)))
    assert ("sentry tags backfill --from 2026-10" in [command for _, command in view.steps(found)]) is offered


def test_steps_follow_the_life_of_a_key() -> None:
    keys = [key("d", carried=carried("1")), key("c", days=0), key("b", active=False), standing("a", [], {}, NOON)]
    assert [command for _, command in view.steps(status(*keys))] == [
        "sentry profiles sync",
        "sentry tags activate b",
        "sentry tags status c",
        "sentry report --group-by d",
    ]


def test_what_could_not_be_seen_is_in_the_document() -> None:
    denied = SentryError("CS0403", "AccessDenied: no")
    found = TagStatus((), 0, 0, WINDOW, troubles=(Trouble(WEST, denied),), unpriced=denied)
    facts = view.as_table(found).facts or {}
    assert facts["not_looked_at"] == [{"account": "123456789012", "region": "us-west-2", "code": "CS0403"}]
    assert facts["costs_error"] == {"code": "CS0403", "message": "AccessDenied: no"}


def test_a_key_cannot_steer_the_terminal() -> None:
    drawn = "\n".join(lines(status(key("a\x1b[31m\nb", active=False))))
    assert "\x1b" not in drawn
    assert "a\\x1b[31m\\nb" in drawn


def test_times_are_told_in_utc_to_the_minute() -> None:
    activating = key("c", days=0)
    assert activating.ready == datetime(2026, 11, 24, 12, 0, tzinfo=NOON.tzinfo)
    assert any("by 2026-11-24 12:00 UTC" in line for line in lines(status(activating)))
