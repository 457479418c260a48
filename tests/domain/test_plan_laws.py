"""Laws of the plan over random accounts, manifests and wishes, each carried out on an account in memory."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from plan_worlds import SOURCES, Wish, World, hostile, plain, pruned, replaced

from accounts import Account, Profile
from costsentry_cli.domain.errors import SentryError
from costsentry_cli.domain.manifest.types import Manifest
from costsentry_cli.domain.plan import Plan
from costsentry_cli.domain.resource import KEY_TAG, NAMESPACE_TAG, OWN, RETIRED_TAG
from costsentry_cli.usecases import sync
from costsentry_cli.usecases.apply import apply
from fakes import ACCOUNT, PROFILES, home, manifest

EXAMPLES = 2500


@pytest.fixture(scope="module")
def blank(tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    return manifest(tmp_path_factory.mktemp("laws"))


def planned(world: World, account: Account, blank: Manifest) -> Plan:
    wanted = replace(blank, profiles=tuple(wish.profile() for wish in world.desired))
    return sync.plan({ACCOUNT: account}, wanted, PROFILES, home(wanted), world.wishes, account.clock())


def check(world: World, blank: Manifest) -> None:
    """Every law, on one case."""
    account = world.account()
    before = dict(account.profiles)
    if world.ambiguous():
        with pytest.raises(SentryError, match="profiles carry the key"):
            planned(world, account, blank)
        assert account.writes == []
        return
    plan = planned(world, account, blank)
    assert account.writes == []
    assert_deletes_are_bounded(world, plan)
    if plan.refused:
        return
    done = apply({ACCOUNT: account}, plan, lambda seconds: None)
    assert [one.error for one in done if one.error is not None] == []
    assert Counter(map(repr, account.writes)) == Counter(map(repr, plan.calls))
    assert_what_stood(world, before, account)
    for wish in world.desired:
        if not world.held(wish):
            assert_met(wish, account)
    account.clock.move(timedelta(seconds=1))
    second = planned(world, account, blank)
    made = {f"p-{wish.key}" for wish in world.desired if world.making(wish.key)}
    for change in second.changes:
        # The former ones of what was just made had to wait for it: they are all that may be left.
        waited = change.action == "delete" and change.retired and change.name in made
        assert waited or change.held or change.calls == (), change
        assert waited or change.held or change.action not in ("create", "update", "replace", "retire", "delete"), change


def assert_deletes_are_bounded(world: World, plan: Plan) -> None:
    """More than the allowance is refused, the last one of ours never goes unasked, and nothing else is refused."""
    owned = sum(thing.ours for thing in world.things)
    most = world.wishes.max_deletes
    allowed = min(5, math.ceil(owned * 0.3), max(0, owned - 1)) if most is None else most
    deletes = sum(map(world.deletable, world.things))
    assert sum(call.operation == "DeleteInferenceProfile" for call in plan.calls) == deletes
    unseen = world.wishes.prune and not world.things
    assert bool(plan.refused) == (deletes > allowed or unseen)


def assert_what_stood(world: World, before: dict[str, Profile], account: Account) -> None:
    """Foreign profiles are as they were, in writing calls too; ours are gone only when they may go."""
    named = {str(value) for call in account.writes for value in call.params.values() if isinstance(value, str)}
    for thing, was in zip(world.things, before.values(), strict=True):
        now = account.profiles.get(was.arn)
        assert (now is None) == world.deletable(thing), thing
        held = any(wish.key == thing.key and world.held(wish) for wish in world.desired)
        wanted = any(thing.carries(wish.key) for wish in world.desired)
        if now is not None and (held or not wanted):
            assert now is was
            assert was.arn not in named


def assert_met(wish: Wish, account: Account) -> None:
    """Exactly one active profile of ours is what the manifest says, tags and all."""
    there = [
        p
        for p in account.profiles.values()
        if (p.tags.get(NAMESPACE_TAG), p.tags.get(KEY_TAG)) == ("docs-helper", f"p-{wish.key}")
        and RETIRED_TAG not in p.tags
    ]
    assert len(there) == 1
    assert there[0].source == SOURCES[wish.model]
    assert there[0].summary.get("description") == ("What for" if wish.described else None)
    assert {key: value for key, value in there[0].tags.items() if not key.startswith(OWN)} == {
        "costCenter": wish.centre
    }


many = settings(max_examples=EXAMPLES, deadline=None, database=None)


@many
@given(world=plain)
def test_what_is_wanted_comes_to_be(blank: Manifest, world: World) -> None:
    check(world, blank)


@many
@given(world=replaced)
def test_what_was_replaced_stays_as_long_as_it_should(blank: Manifest, world: World) -> None:
    check(world, blank)


@many
@given(world=pruned)
def test_no_more_is_deleted_than_is_allowed(blank: Manifest, world: World) -> None:
    check(world, blank)


@many
@given(world=hostile)
def test_what_is_not_ours_or_only_half_ours_is_never_touched(blank: Manifest, world: World) -> None:
    check(world, blank)
