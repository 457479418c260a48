"""Killed before and after every call, or left without a reply: the next run finishes it and makes nothing twice."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from random import Random

import pytest
from story import IN_AN_HOUR, NO_LAG, SOON, Story, assert_none, empty, standing
from sync_world import (
    LAG,
    NAMESPACE,
    SECOND,
    RandomToken,
    active,
    carried_out,
    duplicates,
    errors,
    kill_after,
    kill_before,
    planned,
    synced,
    wanted,
)

from accounts import Account, Crash, Hook
from costsentry_cli.domain.calls import ApiCall
from costsentry_cli.domain.errors import SentryError
from costsentry_cli.domain.plan import Wishes
from costsentry_cli.domain.resource import RETIRED_TAG

WHOLE = range(200)
TWENTY = range(20)
EIGHT_DAYS = timedelta(days=8)

SIDES = pytest.mark.parametrize("hooks", [kill_before, kill_after])


@SIDES
def test_two_hundred_creates_killed_at_every_call_are_made_once(hooks: Callable[[int], tuple[Hook, Hook]]) -> None:
    assert_none(Story(empty(), wanted(WHOLE)).killed(hooks), 202)


@SIDES
@pytest.mark.parametrize("again_after", [SOON, IN_AN_HOUR], ids=["soon", "in an hour"])
def test_creates_that_are_not_listed_for_five_seconds_are_made_once(
    hooks: Callable[[int], tuple[Hook, Hook]], again_after: timedelta
) -> None:
    numbers = WHOLE if again_after == SOON else TWENTY
    story = Story(empty(LAG), wanted(numbers), again_after=again_after)
    assert_none(story.killed(hooks), 2 + 2 * len(numbers))


def test_two_hundred_creates_whose_reply_is_lost_are_made_once() -> None:
    assert_none(Story(empty(), wanted(WHOLE)).unanswered(), 202)


def test_late_listings_and_lost_replies_together_make_nothing_twice() -> None:
    assert_none(Story(empty(LAG), wanted(WHOLE)).unanswered(), 2 + 2 * len(WHOLE))


@pytest.mark.parametrize("seed", range(1, 6))
def test_in_whatever_order_calls_side_by_side_take_effect_nothing_is_made_twice(seed: int) -> None:
    story = Story(empty(LAG), wanted(TWENTY), seed=seed)
    assert_none(story.killed(kill_before), 2 + 2 * len(TWENTY))


def test_a_random_token_makes_duplicates_so_the_matrix_can_fail() -> None:
    story = Story(empty(LAG), wanted(TWENTY), kinds=lambda: (RandomToken(Random().getrandbits(64)),))
    left = story.killed(kill_after)
    assert len(left) == 2 + 2 * len(TWENTY)
    # The first kill is before anything was made; each later one leaves one more create to be made again.
    assert left == [0, *range(1, 21), *[20] * 21]


def test_a_random_token_is_harmless_only_while_the_listing_is_never_late() -> None:
    story = Story(empty(), wanted(TWENTY), kinds=lambda: (RandomToken(Random().getrandbits(64)),))
    assert_none(story.killed(kill_after), 2 + len(TWENTY))


REPLACE = Wishes(replace=True)


def replaced_once(account: Account) -> bool:
    """Every key has one active profile of the new model and the old one beside it, retired."""
    actives = [p for p in account.profiles.values() if RETIRED_TAG not in p.tags]
    return {p.source.rpartition("/")[2] for p in actives} == {"amazon.nova-lite-v1:0"} and len(account.profiles) == 40


@SIDES
@pytest.mark.parametrize("lag", [NO_LAG, LAG], ids=["no lag", "lag"])
def test_replaces_killed_at_every_call_of_create_confirm_and_retire_leave_one_active_each(
    hooks: Callable[[int], tuple[Hook, Hook]], lag: timedelta
) -> None:
    story = Story(standing(TWENTY, lag), wanted(TWENTY, "lite"), REPLACE)
    # list, 20 tag reads, metrics; create, list, with lag one look each; retire
    assert_none(story.killed(hooks), 22 + 20 + 1 + (20 if lag else 0) + 20)


@pytest.mark.parametrize("lag", [NO_LAG, LAG], ids=["no lag", "lag"])
def test_replaces_whose_replies_are_lost_leave_one_active_each(lag: timedelta) -> None:
    story = Story(standing(TWENTY, lag), wanted(TWENTY, "lite"), REPLACE)
    assert_none(story.unanswered(), 63 + (20 if lag else 0))


def test_at_no_moment_of_a_replace_is_a_key_without_an_active_profile() -> None:
    account = standing(TWENTY, LAG)
    keys = set(active(account))
    seen: list[set[str]] = []
    account.before = lambda number, call: seen.append(set(active(account)))
    assert errors(synced(account, wanted(TWENTY, "lite"), REPLACE)) == []
    assert all(at_that_moment == keys for at_that_moment in seen)
    assert replaced_once(account)


def test_replaces_made_with_random_tokens_are_made_twice_when_killed() -> None:
    story = Story(standing(TWENTY, LAG), wanted(TWENTY, "lite"), REPLACE, kinds=lambda: (RandomToken(7),))
    account = story.account()
    account.before, account.after = kill_after(22 + 20)
    with pytest.raises(Crash):
        synced(account, story.manifest, REPLACE, [RandomToken(8)])
    account.unharmed().clock.move(SOON)
    synced(account, story.manifest, REPLACE, [RandomToken(9)])
    assert len(account.profiles) == 60


def pruned_story(seed: int = 0) -> Story:
    """Twenty profiles, of which five have left the manifest."""
    return Story(standing(TWENTY), wanted(range(15)), Wishes(prune=True), seed=seed)


@SIDES
def test_deletes_killed_at_every_call_end_with_what_is_wanted(hooks: Callable[[int], tuple[Hook, Hook]]) -> None:
    assert_none(pruned_story().killed(hooks), 22 + 5)


def test_deletes_whose_replies_are_lost_end_with_what_is_wanted() -> None:
    assert_none(pruned_story(seed=3).unanswered(), 22 + 5)


@SIDES
def test_tag_updates_killed_at_every_call_end_with_the_wanted_tags(hooks: Callable[[int], tuple[Hook, Hook]]) -> None:
    start = empty()
    synced(start, wanted(TWENTY, extra=", stage: old, team: docs"))
    story = Story(start, wanted(TWENTY, extra=", team: search"))
    assert_none(story.killed(hooks), 21 + 20 + 20)


def test_tag_updates_whose_replies_are_lost_end_with_the_wanted_tags() -> None:
    start = empty()
    synced(start, wanted(TWENTY, extra=", stage: old, team: docs"))
    assert_none(Story(start, wanted(TWENTY, extra=", team: search")).unanswered(), 21 + 20 + 20)


def replaced_before(lag: timedelta) -> Account:
    """Profiles whose model was changed eight days ago: the former ones are due for deletion."""
    account = standing(range(3), lag)
    synced(account, wanted(range(3), "lite"), REPLACE)
    account.clock.move(EIGHT_DAYS)
    return account


@SIDES
@pytest.mark.parametrize("lag", [NO_LAG, LAG], ids=["no lag", "lag"])
def test_a_replace_that_also_prunes_the_one_before_it_makes_nothing_twice(
    hooks: Callable[[int], tuple[Hook, Hook]], lag: timedelta
) -> None:
    """Deleting a former profile of a key must not change what the creation under way is recognised by."""
    wishes = Wishes(replace=True, prune=True, max_deletes=3)
    story = Story(replaced_before(lag), wanted(range(3)), wishes)
    left = story.killed(hooks)
    assert (sum(left), len(left) > 5) == (0, True)


MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize("times", [1, 2, 3])
def test_a_profile_that_was_pruned_and_is_wanted_again_is_made_anew(times: int) -> None:
    """AWS still knows the token of each former creation and answers with what is no longer there."""
    account = standing(range(4), age=MINUTE)
    for _ in range(times):
        synced(account, wanted(range(4)))
        account.clock.move(SECOND)
        synced(account, wanted(range(3)), Wishes(prune=True))
        assert len(account.profiles) == 3
    assert errors(synced(account, wanted(range(4)))) == []
    assert active(account) == {f"p-c{n:03}": 1 for n in range(4)}
    assert {p.tags["costsentry:namespace"] for p in account.profiles.values()} == {NAMESPACE}


@pytest.mark.xfail(strict=True, reason="made anew under its second token, the first one lapses: made again under that")
def test_a_rebirth_that_is_killed_when_its_first_token_lapses_is_made_once() -> None:
    account = standing(range(4), LAG, age=timedelta(minutes=9))
    synced(account, wanted(range(3)), Wishes(prune=True))
    account.clock.move(timedelta(seconds=35))
    # The first answer is the dead one's; half a minute of looks later it is made anew, and then the process dies.
    creates = []

    def kill_at_second_create(number: int, call: ApiCall) -> None:
        creates.extend([call] if call.operation == "CreateInferenceProfile" else [])
        if len(creates) == 2:
            raise Crash

    account.after = kill_at_second_create
    with pytest.raises(Crash):
        synced(account, wanted(range(4)))
    account.unharmed().clock.move(SECOND)
    synced(account, wanted(range(4)))
    assert duplicates(account) == 0


def test_a_refused_plan_is_not_carried_out_whoever_asks() -> None:
    account = standing(TWENTY)
    plan = planned(account, wanted(range(10)), Wishes(prune=True))
    assert plan.refused
    with suppress(SentryError):
        carried_out(account, plan)
    assert len(account.profiles) == 20


@SIDES
def test_a_replace_back_to_the_first_model_is_no_replay_of_the_first_creation(
    hooks: Callable[[int], tuple[Hook, Hook]],
) -> None:
    start = standing(range(5), LAG, MINUTE)
    synced(start, wanted(range(5), "lite"), REPLACE)
    start.clock.move(MINUTE)
    story = Story(start, wanted(range(5)), REPLACE)
    assert_none(story.killed(hooks), 12 + 5 + 1 + 5 + 5)
    account = story.account()
    synced(account, wanted(range(5)), REPLACE)
    assert len(account.profiles) == 15
    assert sum(RETIRED_TAG not in p.tags for p in account.profiles.values()) == 5
