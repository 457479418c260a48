"""desired - observed = plan, for application inference profiles."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costsentry_cli.domain.calls import ApiCall
from costsentry_cli.domain.errors import SentryError
from costsentry_cli.domain.kind import Action, Change, FieldChange, Scope, regions_of
from costsentry_cli.domain.kinds.inference_profile import InferenceProfile, client_token, source_arn
from costsentry_cli.domain.plan import Plan, Sight, Wishes
from costsentry_cli.domain.plan import diff as compare
from costsentry_cli.domain.resource import Desired, Observed, Policy
from fakes import ACCOUNT, HAIKU, LITE, NOON, FakeCloud, arn, manifest, model_problems, summary, tag_list

SCOPE = Scope(ACCOUNT, "us-east-1", "docs-helper")
KIND = InferenceProfile()
OWN = {"costsentry:namespace": "docs-helper", "costsentry:key": "sales", "costsentry:spec": f"v1:{HAIKU}"}


def wish(key: str = "sales", model: str = HAIKU, **tags: str) -> Desired:
    fields = {"name": key, "model": model} | {f"tags.{name}": value for name, value in tags.items()}
    return Desired(key, key, "us-east-1", fields)


def found(
    number: int = 1,
    key: str = "sales",
    namespace: str = "docs-helper",
    model: str = HAIKU,
    retired_since: str = "",
    **tags: str,
) -> Observed:
    marks = {"costsentry:namespace": namespace, "costsentry:key": key, "costsentry:spec": f"v1:{model}"}
    if retired_since:
        marks["costsentry:retired"] = retired_since
    cloud = FakeCloud(
        {
            "ListInferenceProfiles": {"inferenceProfileSummaries": [summary(key, number, model)]},
            "ListTagsForResource": tag_list(marks | tags),
        }
    )
    return KIND.observe(cloud, SCOPE, ())[0]


def diff(kind: InferenceProfile, desired: list[Desired], observed: list[Observed], scope: Scope, **wishes: Any) -> Plan:
    activity = wishes.pop("activity", {})
    return Plan(compare(kind, desired, observed, scope, Sight(Wishes(**wishes), NOON, activity)))


def only(plan: Plan) -> tuple[Action, tuple[ApiCall, ...]]:
    (change,) = plan.changes
    return change.action, change.calls


def test_a_profile_that_is_not_there_is_created_with_its_tags_in_the_one_call() -> None:
    action, (call,) = only(diff(KIND, [wish(costCenter="sales")], [], SCOPE))
    assert action is Action.CREATE
    assert (call.operation, call.region, call.paid) == ("CreateInferenceProfile", "us-east-1", False)
    assert call.params["modelSource"] == {"copyFrom": f"arn:aws:bedrock:us-east-1:{ACCOUNT}:inference-profile/{HAIKU}"}
    assert {t["key"]: t["value"] for t in call.params["tags"]} == OWN | {"costCenter": "sales"}
    assert model_problems(call) == []


def test_a_profile_that_is_as_wanted_needs_no_call() -> None:
    assert only(diff(KIND, [wish(costCenter="sales")], [found(costCenter="sales")], SCOPE)) == (Action.SAME, ())


def test_a_changed_tag_is_changed_in_place_and_a_dropped_one_removed_after_that() -> None:
    seen = found(costCenter="sale", stage="old", keep="it")
    plan = diff(KIND, [wish(costCenter="sales", keep="it", new="one")], [seen], SCOPE)
    action, calls = only(plan)
    assert action is Action.UPDATE
    assert [call.operation for call in calls] == ["TagResource", "UntagResource"]
    assert calls[0].params["tags"] == [{"key": "costCenter", "value": "sales"}, {"key": "new", "value": "one"}]
    assert calls[1].params["tagKeys"] == ["stage"]
    assert plan.changes[0].fields == (
        FieldChange("tags.costCenter", "sale", "sales"),
        FieldChange("tags.new", None, "one"),
        FieldChange("tags.stage", "old", None),
    )


@pytest.mark.parametrize("changed", [wish(model=LITE), wish(key="sales")])
def test_tags_of_ours_and_of_aws_are_never_removed(changed: Desired) -> None:
    seen = found(**{"aws:createdBy": "someone"})
    assert all(call.operation != "UntagResource" for call in diff(KIND, [changed], [seen], SCOPE).calls)


def test_a_changed_model_is_a_replace_that_is_held_until_it_is_allowed() -> None:
    plan = diff(KIND, [wish(model=LITE)], [found()], SCOPE)
    assert only(plan) == (Action.REPLACE, ())
    assert plan.changes[0].fields == (FieldChange("model", HAIKU, LITE),)
    assert plan.changes[0].held.startswith("needs --allow-replace")
    assert plan.pending


def test_an_allowed_replace_creates_the_new_one_before_it_retires_the_old() -> None:
    plan = diff(KIND, [wish(model=LITE)], [found()], SCOPE, replace=True)
    (change,) = plan.changes
    assert [call.operation for call in change.calls] == ["CreateInferenceProfile"]
    (retire,) = change.after
    assert retire.params == {
        "resourceARN": arn(1),
        "tags": [{"key": "costsentry:retired", "value": "2026-11-23T12:00:00Z"}],
    }
    assert change.calls[0].params["clientRequestToken"] != client_token(wish(model=LITE), SCOPE)


def test_a_replace_back_to_the_first_model_is_no_replay_of_the_first_creation() -> None:
    old = found(1, retired_since="2026-11-23T11:00:00Z")
    plan = diff(KIND, [wish()], [old, found(2, model=LITE)], SCOPE, replace=True)
    create = plan.of(Action.REPLACE)[0].calls[0]
    assert create.params["clientRequestToken"] != client_token(wish(), SCOPE)


def test_a_replace_that_was_cut_off_is_finished_by_retiring_the_other() -> None:
    plan = diff(KIND, [wish(model=LITE)], [found(1), found(2, model=LITE)], SCOPE)
    assert [(change.action, change.arn) for change in plan.changes] == [(Action.SAME, arn(2)), (Action.RETIRE, arn(1))]
    assert [call.operation for call in plan.calls] == ["TagResource"]


IDLE = {arn(1): {}}
BUSY = {arn(1): {NOON - timedelta(hours=2): 5}}


def pruned(thing: Observed, **more: Any) -> Change:
    (change,) = diff(KIND, [], [thing], SCOPE, prune=True, **more).changes
    return change


def test_what_left_the_manifest_is_deleted_only_when_pruning_is_asked_for_and_it_is_idle() -> None:
    assert only(diff(KIND, [], [found()], SCOPE, activity=IDLE)) == (Action.UNLISTED, ())
    change = pruned(found(), activity=IDLE)
    assert [(call.operation, call.params) for call in change.calls] == [
        ("DeleteInferenceProfile", {"inferenceProfileIdentifier": arn(1)})
    ]


@pytest.mark.parametrize(("activity", "why"), [(BUSY, "in use: 5 calls in 14 days"), ({}, "not known")])
def test_what_is_in_use_or_may_be_is_held_unless_forced(activity: Any, why: str) -> None:
    held = pruned(found(), activity=activity)
    assert (held.calls, why in held.held) == ((), True)
    assert pruned(found(), activity=activity, force=True).calls


def test_a_profile_without_all_our_marks_is_never_deleted_even_by_force() -> None:
    bare = found()
    unmarked = Observed(bare.arn, bare.name, bare.region, bare.fields, "docs-helper", "sales", marked=False)
    assert pruned(unmarked, activity=IDLE, force=True).calls == ()


@pytest.mark.parametrize(
    ("since", "action"),
    [("2026-11-17T12:00:01Z", Action.RETIRED), ("2026-11-16T12:00:00Z", Action.DELETE), ("by hand", Action.RETIRED)],
)
def test_a_replaced_profile_is_pruned_when_its_grace_is_over(since: str, action: Action) -> None:
    assert pruned(found(retired_since=since), activity=IDLE).action is action


def test_calls_from_before_it_was_replaced_do_not_hold_a_retired_profile() -> None:
    old = found(retired_since="2026-11-10T12:00:00Z")
    before, after = NOON - timedelta(days=13, hours=1), NOON - timedelta(days=1)
    assert pruned(old, activity={arn(1): {before: 9}}).calls
    assert pruned(old, activity={arn(1): {after: 1}}).held.startswith("in use: 1 call since it was replaced")


def test_a_profile_of_another_namespace_is_foreign_even_with_the_same_name() -> None:
    plan = diff(KIND, [wish()], [found(namespace="theirs")], SCOPE)
    assert [change.action for change in plan.changes] == [Action.CREATE, Action.FOREIGN]
    assert {call.operation for call in plan.calls} == {"CreateInferenceProfile"}


def test_a_profile_that_left_the_manifest_is_reported_and_left_alone() -> None:
    plan = diff(KIND, [], [found()], SCOPE)
    assert only(plan) == (Action.UNLISTED, ())
    assert not plan.pending


def test_two_profiles_with_one_key_are_refused_with_both_arns() -> None:
    with pytest.raises(SentryError) as refused:
        diff(KIND, [wish()], [found(1), found(2)], SCOPE)
    assert refused.value.code == "CS0205"
    assert refused.value.details == (arn(1), arn(2))


def test_the_token_is_the_same_for_the_same_wish_and_another_for_any_other() -> None:
    base = client_token(wish(), SCOPE)
    assert base == client_token(wish(costCenter="any"), SCOPE)
    others = [
        client_token(wish("support"), SCOPE),
        client_token(wish(model=LITE), SCOPE),
        client_token(wish(), Scope("210987654321", "us-east-1", "docs-helper")),
        client_token(wish(), Scope(ACCOUNT, "eu-west-1", "docs-helper")),
        client_token(wish(), Scope(ACCOUNT, "us-east-1", "other")),
        client_token(wish(), SCOPE, generation="1"),
    ]
    assert len({base, *others}) == len(others) + 1


@pytest.mark.parametrize(
    ("model", "region", "source"),
    [
        (LITE, "us-east-1", f"arn:aws:bedrock:us-east-1::foundation-model/{LITE}"),
        (HAIKU, "us-west-2", f"arn:aws:bedrock:us-west-2:{ACCOUNT}:inference-profile/{HAIKU}"),
        (LITE, "us-gov-west-1", f"arn:aws-us-gov:bedrock:us-gov-west-1::foundation-model/{LITE}"),
        (
            f"arn:aws:bedrock:eu-west-1::foundation-model/{LITE}",
            "us-east-1",
            f"arn:aws:bedrock:eu-west-1::foundation-model/{LITE}",
        ),
    ],
)
def test_the_source_is_an_arn_of_the_right_kind_region_and_partition(model: str, region: str, source: str) -> None:
    assert source_arn(model, Scope(ACCOUNT, region, "docs-helper")) == source


def test_name_description_and_model_replace_and_tags_change_in_place() -> None:
    assert {KIND.policy(f) for f in ("name", "description", "model")} == {Policy.REPLACE}
    assert KIND.policy("tags.costCenter") is Policy.IN_PLACE


def test_regions_come_from_the_manifest_and_only_else_from_the_target(tmp_path: Path) -> None:
    named = manifest(tmp_path)
    assert regions_of(named, "eu-west-1") == ["us-east-1"]


KEYS = st.sampled_from(["sales", "support", "services", "legal"])
TAGS = st.dictionaries(st.sampled_from(["costCenter", "environment", "team"]), st.sampled_from(["a", "b"]))
WISHES = st.dictionaries(KEYS, st.tuples(st.sampled_from([HAIKU, LITE]), TAGS))
FOUND = st.dictionaries(
    KEYS, st.tuples(st.sampled_from([HAIKU, LITE]), TAGS, st.sampled_from(["docs-helper", "theirs"]))
)


@given(WISHES, FOUND)
def test_a_plan_writes_only_what_is_ours_and_every_call_fits_awss_model(
    wishes: dict[str, tuple[str, dict[str, str]]], things: dict[str, tuple[str, dict[str, str], str]]
) -> None:
    desired = [wish(key, model, **tags) for key, (model, tags) in wishes.items()]
    observed = [found(n, key, ns, model, **tags) for n, (key, (model, tags, ns)) in enumerate(things.items())]
    plan = diff(KIND, desired, observed, SCOPE)
    foreign = {thing.arn for thing in observed if thing.namespace != "docs-helper"}
    assert not foreign & {call.params.get("resourceARN") for call in plan.calls}
    assert all(model_problems(call) == [] for call in plan.calls)
    assert len(plan.of(Action.CREATE, Action.UPDATE, Action.REPLACE, Action.SAME)) == len(desired)
    assert diff(KIND, desired, observed, SCOPE) == plan
