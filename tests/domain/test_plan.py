"""desired - observed = plan, for application inference profiles."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costsentry_cli.domain.calls import ApiCall
from costsentry_cli.domain.errors import SentryError
from costsentry_cli.domain.kind import Scope, regions_of
from costsentry_cli.domain.kinds.inference_profile import InferenceProfile, client_token, source_arn
from costsentry_cli.domain.plan import Action, FieldChange, Plan, diff
from costsentry_cli.domain.resource import Desired, Observed, Policy
from fakes import ACCOUNT, HAIKU, LITE, FakeCloud, arn, manifest, model_problems, summary, tag_list

SCOPE = Scope(ACCOUNT, "us-east-1", "docs-helper")
KIND = InferenceProfile()
OWN = {"costsentry:namespace": "docs-helper", "costsentry:key": "sales", "costsentry:spec": f"v1:{HAIKU}"}


def wish(key: str = "sales", model: str = HAIKU, **tags: str) -> Desired:
    fields = {"name": key, "model": model} | {f"tags.{name}": value for name, value in tags.items()}
    return Desired(key, key, "us-east-1", fields)


def found(
    number: int = 1, key: str = "sales", namespace: str = "docs-helper", model: str = HAIKU, **tags: str
) -> Observed:
    marks = {"costsentry:namespace": namespace, "costsentry:key": key, "costsentry:spec": f"v1:{model}"}
    cloud = FakeCloud(
        {
            "ListInferenceProfiles": {"inferenceProfileSummaries": [summary(key, number, model)]},
            "ListTagsForResource": tag_list(marks | tags),
        }
    )
    return KIND.observe(cloud, SCOPE)[0]


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


def test_a_changed_model_replaces_the_profile_and_no_call_is_made_for_it() -> None:
    plan = diff(KIND, [wish(model=LITE)], [found()], SCOPE)
    assert only(plan) == (Action.REPLACE, ())
    assert plan.changes[0].fields == (FieldChange("model", HAIKU, LITE),)
    assert plan.pending


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
        client_token(wish(), SCOPE, generation=1),
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
