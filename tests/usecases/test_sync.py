"""Sync: observe, diff, apply; a failure stops one resource and not the others."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from costsentry_cli.cli.context import Context
from costsentry_cli.domain.calls import Answer, ApiCall, Cloud
from costsentry_cli.domain.errors import SentryError
from costsentry_cli.domain.kind import Action, Scope
from costsentry_cli.domain.manifest.types import Manifest
from costsentry_cli.domain.plan import Plan, Wishes
from costsentry_cli.usecases import profiles, sync
from costsentry_cli.usecases.apply import Applied, apply
from fakes import ACCOUNT, BASIC, HAIKU, NOON, PROFILES, FakeCloud, arn, home, manifest, summary, tag_list

NOTHING = {"inferenceProfileSummaries": []}
CREATED = {"inferenceProfileArn": arn(1), "status": "ACTIVE"}
HERE = Scope(ACCOUNT, "us-east-1", "docs-helper")
TWO_REGIONS = BASIC.replace("[us-east-1]", "[us-east-1, us-west-2]")


def looked(cloud: Cloud, wanted: Manifest, **wishes: Any) -> Plan:
    return sync.plan({ACCOUNT: cloud}, wanted, PROFILES, home(wanted), Wishes(**wishes), NOON)


def done(cloud: Cloud, plan: Plan, **more: Any) -> tuple[Applied, ...]:
    return apply({ACCOUNT: cloud}, plan, lambda _: None, **more)


def planned(context: Context, wanted: Manifest, **wishes: Any) -> Plan:
    return looked(context.cloud, wanted, **wishes)


def denied_for(name: str) -> Callable[[ApiCall], Answer]:
    def answer(call: ApiCall) -> Answer:
        if name in call.params["inferenceProfileName"]:
            raise SentryError("CS0403", "AccessDeniedException: no")
        return CREATED

    return answer


def test_a_second_sync_makes_no_writing_call(context: Context, tmp_path: Path) -> None:
    wanted = manifest(tmp_path)
    first = done(context.cloud, planned(context, wanted))
    assert [one.change.action for one in first] == [Action.CREATE] * 3
    again = planned(context, wanted)
    assert again.calls == ()
    assert not again.pending


def test_a_changed_tag_is_brought_in_place_and_then_nothing_is_left_to_do(context: Context, tmp_path: Path) -> None:
    done(context.cloud, planned(context, manifest(tmp_path)))
    moved = manifest(tmp_path, BASIC.replace("environment: production", "environment: staging, team: docs"))
    plan = planned(context, moved)
    assert [change.action for change in plan.changes] == [Action.UPDATE] * 3
    before = {change.name: change.arn for change in plan.changes}
    done(context.cloud, plan)
    after = planned(context, moved)
    assert not after.pending
    assert {change.name: change.arn for change in after.changes} == before


def test_every_region_of_the_manifest_gets_its_profiles(context: Context, tmp_path: Path) -> None:
    wanted = manifest(tmp_path, TWO_REGIONS)
    done(context.cloud, planned(context, wanted))
    scopes = [Scope(ACCOUNT, region, "docs-helper") for region in ("us-east-1", "us-west-2")]
    regions = [row[7] for row in profiles.listing({ACCOUNT: context.cloud}, scopes, None).rows]
    assert regions == ["us-east-1"] * 3 + ["us-west-2"] * 3
    assert not planned(context, wanted).pending


def test_a_leading_zero_arrives_in_the_tag_as_it_was_written(context: Context, tmp_path: Path) -> None:
    wanted = manifest(tmp_path, BASIC.replace("[sales, services, support]", "0123"))
    done(context.cloud, planned(context, wanted))
    table = profiles.listing({ACCOUNT: context.cloud}, [HERE], "docs-helper")
    assert ("costCenter", "0123") in table.rows[0][3]
    assert table.rows[0][0] == "aws-docs-0123-prod"


def test_one_refused_profile_does_not_stop_the_others(tmp_path: Path) -> None:
    cloud = FakeCloud(
        {"ListInferenceProfiles": NOTHING, "CreateInferenceProfile": denied_for("services"), "GetInferenceProfile": {}}
    )
    plan = looked(cloud, manifest(tmp_path))
    told: list[str] = []
    ended = done(cloud, plan, told=lambda one: told.append(one.change.name) if one.seen else None)
    assert [one.error.code if one.error else None for one in ended] == [None, "CS0403", None]
    assert sorted(told) == [change.name for change in plan.changes]


def test_a_failed_call_ends_its_own_change_before_the_next_call_of_it(tmp_path: Path) -> None:
    own = {
        "costsentry:namespace": "docs-helper",
        "costsentry:key": "aws-docs-sales-prod",
        "costsentry:spec": f"v1:{HAIKU}",
    }
    text = BASIC.replace("[sales, services, support]", "sales")
    cloud = FakeCloud(
        {
            "ListInferenceProfiles": {"inferenceProfileSummaries": [summary("aws-docs-sales-prod", 1)]},
            "ListTagsForResource": tag_list(own | {"stale": "x"}),
            "TagResource": SentryError("CS0801", "throttled"),
            "UntagResource": {},
        }
    )
    ended = done(cloud, looked(cloud, manifest(tmp_path, text)))
    assert [one.error.code for one in ended if one.error] == ["CS0801"]
    assert "UntagResource" not in cloud.operations()


def test_a_listing_that_fails_stops_the_plan_before_anything_is_written(tmp_path: Path) -> None:
    cloud = FakeCloud({"ListInferenceProfiles": SentryError("CS0403", "no")})
    with pytest.raises(SentryError):
        looked(cloud, manifest(tmp_path))
    assert cloud.operations() == ["ListInferenceProfiles"]


def test_tags_that_cannot_be_read_stop_the_plan_since_ownership_is_unknown(tmp_path: Path) -> None:
    cloud = FakeCloud(
        {
            "ListInferenceProfiles": {"inferenceProfileSummaries": [summary("other", 1)]},
            "ListTagsForResource": SentryError("CS0403", "no"),
        }
    )
    with pytest.raises(SentryError):
        looked(cloud, manifest(tmp_path))


def test_the_listing_shows_foreign_profiles_without_an_owner(tmp_path: Path) -> None:
    cloud = FakeCloud(
        {
            "ListInferenceProfiles": {"inferenceProfileSummaries": [summary("legacy-batch", 1)]},
            "ListTagsForResource": tag_list({"team": "x"}),
        }
    )
    (row,) = profiles.listing({ACCOUNT: cloud}, [HERE], None).rows
    assert row[:2] == ("legacy-batch", arn(1).rpartition("/")[2])
    assert row[2:] == (HAIKU.removeprefix("us."), (("team", "x"),), None, None, ACCOUNT, "us-east-1", arn(1))
    assert profiles.listing({ACCOUNT: cloud}, [HERE], "docs-helper").rows == ()


def test_a_region_that_cannot_be_read_does_not_stop_the_others(context: Context, tmp_path: Path) -> None:
    class HalfBlind:
        def __getattr__(self, name: str) -> Any:
            return getattr(context.cloud, name)

        def pages(self, call: ApiCall) -> Any:
            if call.region == "us-west-2":
                raise SentryError("CS0403", "AccessDeniedException: no")
            return context.cloud.pages(call)

    plan = looked(HalfBlind(), manifest(tmp_path, TWO_REGIONS))
    assert [(trouble.scope.region, trouble.error.code) for trouble in plan.troubles] == [("us-west-2", "CS0403")]
    assert {change.scope.region for change in plan.changes} == {"us-east-1"}


def test_an_allowed_replace_leaves_the_old_one_working_and_retired(context: Context, tmp_path: Path) -> None:
    done(context.cloud, planned(context, manifest(tmp_path)))
    moved = manifest(tmp_path, BASIC.replace("model: haiku", "model: nova-lite"))
    plan = planned(context, moved, replace=True)
    ended = done(context.cloud, plan)
    assert [one.error for one in ended] == [None] * 3
    assert {one.arn for one in ended}.isdisjoint({one.change.arn for one in ended})
    after = planned(context, moved)
    assert (after.count(Action.SAME), after.count(Action.RETIRED), after.pending) == (3, 3, False)


def test_a_profile_that_was_deleted_a_moment_ago_is_made_again_though_its_token_is_remembered(
    context: Context, tmp_path: Path
) -> None:
    wanted = manifest(tmp_path)
    first = done(context.cloud, planned(context, wanted))
    gone = str(first[0].arn)
    context.cloud.call(ApiCall("bedrock", "DeleteInferenceProfile", {"inferenceProfileIdentifier": gone}))
    (again,) = done(context.cloud, planned(context, wanted))
    assert again.error is None
    assert again.arn != gone
    assert not planned(context, wanted).pending


def test_all_that_were_deleted_a_moment_ago_are_waited_for_together_and_each_is_told_once(
    context: Context, tmp_path: Path
) -> None:
    wanted, told, waits = manifest(tmp_path), [], []
    first = done(context.cloud, planned(context, wanted))
    for one in first:
        call = ApiCall("bedrock", "DeleteInferenceProfile", {"inferenceProfileIdentifier": one.arn})
        context.cloud.call(call)
    again = apply(
        {ACCOUNT: context.cloud},
        planned(context, wanted),
        waits.append,
        lambda one: told.append(one) if one.seen else None,
    )
    assert {one.arn for one in told} == {one.arn for one in again}
    assert len(told) == len(again) == 3
    assert {one.arn for one in first}.isdisjoint(one.arn for one in again)
    assert sum(waits) < 30


def test_a_bare_model_id_takes_each_regions_own_source(context: Context, tmp_path: Path) -> None:
    text = BASIC.replace("us.anthropic", "anthropic").replace("[us-east-1]", "[us-east-1, eu-west-1]")
    plan = planned(context, manifest(tmp_path, text))
    models = {change.scope.region: change.desired.fields["model"] for change in plan.changes if change.desired}
    assert models == {"us-east-1": HAIKU, "eu-west-1": HAIKU.replace("us.", "eu.")}


def test_pruning_with_an_empty_listing_is_refused(tmp_path: Path) -> None:
    cloud = FakeCloud({"ListInferenceProfiles": NOTHING})
    assert "listing came back empty" in looked(cloud, manifest(tmp_path), prune=True).refused[0]
