"""Sync: observe, diff, apply; a failure stops one resource and not the others."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from costsentry_cli.cli.context import Context
from costsentry_cli.domain.calls import Answer, ApiCall
from costsentry_cli.domain.errors import SentryError
from costsentry_cli.domain.kinds import KINDS
from costsentry_cli.domain.manifest.types import Manifest
from costsentry_cli.domain.plan import Action, Plan
from costsentry_cli.usecases import profiles, sync
from fakes import ACCOUNT, BASIC, HAIKU, FakeCloud, arn, manifest, summary, tag_list

NOTHING = {"inferenceProfileSummaries": []}
CREATED = {"inferenceProfileArn": arn(1), "status": "ACTIVE"}
TWO_REGIONS = BASIC.replace("[us-east-1]", "[us-east-1, us-west-2]")


def planned(context: Context, wanted: Manifest) -> Plan:
    return sync.plan(context.cloud, wanted, KINDS, ACCOUNT, "us-east-1")


def denied_for(name: str) -> Callable[[ApiCall], Answer]:
    def answer(call: ApiCall) -> Answer:
        if name in call.params["inferenceProfileName"]:
            raise SentryError("CS0403", "AccessDeniedException: no")
        return CREATED

    return answer


def test_a_second_sync_makes_no_writing_call(context: Context, tmp_path: Path) -> None:
    wanted = manifest(tmp_path)
    first = sync.apply(context.cloud, planned(context, wanted))
    assert [one.change.action for one in first] == [Action.CREATE] * 3
    again = planned(context, wanted)
    assert again.calls == ()
    assert not again.pending


def test_a_changed_tag_is_brought_in_place_and_then_nothing_is_left_to_do(context: Context, tmp_path: Path) -> None:
    sync.apply(context.cloud, planned(context, manifest(tmp_path)))
    moved = manifest(tmp_path, BASIC.replace("environment: production", "environment: staging, team: docs"))
    plan = planned(context, moved)
    assert [change.action for change in plan.changes] == [Action.UPDATE] * 3
    before = {change.name: change.arn for change in plan.changes}
    sync.apply(context.cloud, plan)
    after = planned(context, moved)
    assert not after.pending
    assert {change.name: change.arn for change in after.changes} == before


def test_every_region_of_the_manifest_gets_its_profiles(context: Context, tmp_path: Path) -> None:
    wanted = manifest(tmp_path, TWO_REGIONS)
    sync.apply(context.cloud, planned(context, wanted))
    table = profiles.listing(context.cloud, ACCOUNT, ["us-east-1", "us-west-2"], None)
    regions = [row[4] for row in table.rows]
    assert regions == ["us-east-1"] * 3 + ["us-west-2"] * 3
    assert not planned(context, wanted).pending


def test_a_leading_zero_arrives_in_the_tag_as_it_was_written(context: Context, tmp_path: Path) -> None:
    wanted = manifest(tmp_path, BASIC.replace("[sales, services, support]", "0123"))
    sync.apply(context.cloud, planned(context, wanted))
    table = profiles.listing(context.cloud, ACCOUNT, ["us-east-1"], "docs-helper")
    assert "costCenter=0123" in str(table.rows[0][2])
    assert table.rows[0][0] == "aws-docs-0123-prod"


def test_one_refused_profile_does_not_stop_the_others(tmp_path: Path) -> None:
    cloud = FakeCloud({"ListInferenceProfiles": NOTHING, "CreateInferenceProfile": denied_for("services")})
    plan = sync.plan(cloud, manifest(tmp_path), KINDS, ACCOUNT, "us-east-1")
    told: list[str] = []
    ended = sync.apply(cloud, plan, lambda one: told.append(one.change.name))
    assert [one.error.code if one.error else None for one in ended] == [None, "CS0403", None]
    assert told == [change.name for change in plan.changes]


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
    ended = sync.apply(cloud, sync.plan(cloud, manifest(tmp_path, text), KINDS, ACCOUNT, "us-east-1"))
    assert [one.error.code for one in ended if one.error] == ["CS0801"]
    assert "UntagResource" not in cloud.operations()


def test_a_listing_that_fails_stops_the_plan_before_anything_is_written(tmp_path: Path) -> None:
    cloud = FakeCloud({"ListInferenceProfiles": SentryError("CS0403", "no")})
    with pytest.raises(SentryError):
        sync.plan(cloud, manifest(tmp_path), KINDS, ACCOUNT, "us-east-1")
    assert cloud.operations() == ["ListInferenceProfiles"]


def test_tags_that_cannot_be_read_stop_the_plan_since_ownership_is_unknown(tmp_path: Path) -> None:
    cloud = FakeCloud(
        {
            "ListInferenceProfiles": {"inferenceProfileSummaries": [summary("other", 1)]},
            "ListTagsForResource": SentryError("CS0403", "no"),
        }
    )
    with pytest.raises(SentryError):
        sync.plan(cloud, manifest(tmp_path), KINDS, ACCOUNT, "us-east-1")


def test_the_listing_shows_foreign_profiles_without_an_owner(tmp_path: Path) -> None:
    cloud = FakeCloud(
        {
            "ListInferenceProfiles": {"inferenceProfileSummaries": [summary("legacy-batch", 1)]},
            "ListTagsForResource": tag_list({"team": "x"}),
        }
    )
    table = profiles.listing(cloud, ACCOUNT, ["us-east-1"], None)
    assert table.rows == (("legacy-batch", HAIKU.removeprefix("us."), "team=x", None, "us-east-1", arn(1)),)
    assert profiles.listing(cloud, ACCOUNT, ["us-east-1"], "docs-helper").rows == ()
