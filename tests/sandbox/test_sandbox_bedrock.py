"""The sandbox's inference profiles and their tags."""

from __future__ import annotations

import re

import pytest
from sandbox_runtime_world import DEAD, HAIKU, NOVA, World, model_arn, system_arn


@pytest.fixture
def world(tmp_path):
    return World(tmp_path / "sandbox.db")


def listed(world, kind="APPLICATION", region="us-east-1", **params):
    found, token = [], {}
    while token is not None:
        page = world.bedrock("ListInferenceProfiles", region, typeEquals=kind, **params, **token)
        found += page["inferenceProfileSummaries"]
        token = {"nextToken": page["nextToken"]} if "nextToken" in page else None
    return found


def tags(world, arn):
    return {tag["key"]: tag["value"] for tag in world.bedrock("ListTagsForResource", resourceARN=arn)["tags"]}


def test_a_profile_is_found_by_id_and_arn_and_never_shows_its_tags(world):
    arn = world.profile("docs sales", tags={"costCenter": "sales"}, description="Docs: sales.")
    assert re.fullmatch(r"arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/[a-z0-9]{12}", arn)
    by_arn = world.bedrock("GetInferenceProfile", inferenceProfileIdentifier=arn)
    by_id = world.bedrock("GetInferenceProfile", inferenceProfileIdentifier=arn.rpartition("/")[2])
    assert by_arn == by_id == listed(world)[0]
    assert by_arn == {
        "inferenceProfileName": "docs sales",
        "description": "Docs: sales.",
        "createdAt": world.now,
        "updatedAt": world.now,
        "inferenceProfileArn": arn,
        "models": [{"modelArn": model_arn(NOVA)}],
        "inferenceProfileId": arn.rpartition("/")[2],
        "status": "ACTIVE",
        "type": "APPLICATION",
    }


def test_a_profile_of_a_geo_profile_has_that_geos_regions(world):
    arn = world.profile(source=system_arn(f"us.{HAIKU}"))
    models = world.bedrock("GetInferenceProfile", inferenceProfileIdentifier=arn)["models"]
    regions = [model["modelArn"].split(":")[3] for model in models]
    assert regions == ["us-east-1", "us-east-2", "us-west-2"]


@pytest.mark.parametrize(
    ("source", "code"),
    [
        (model_arn(NOVA, "us-west-2"), "ValidationException"),
        (system_arn(f"us.{HAIKU}", "us-west-2"), "ValidationException"),
        (system_arn(f"us.{HAIKU}", account="999999999999"), "ValidationException"),
        (system_arn(f"eu.{HAIKU}"), "ResourceNotFoundException"),
        (system_arn(HAIKU), "ResourceNotFoundException"),
        (model_arn("amazon.nova-nothing-v1:0"), "ResourceNotFoundException"),
        (system_arn(f"us.{DEAD}"), "ResourceNotFoundException"),
    ],
)
def test_a_source_that_is_elsewhere_unknown_or_dead_is_refused(world, source, code):
    params = {"inferenceProfileName": "docs", "modelSource": {"copyFrom": source}}
    assert world.refusal("bedrock", "CreateInferenceProfile", **params).code == code
    assert listed(world) == []


def test_ids_are_unique_and_the_same_in_every_new_sandbox(world, tmp_path):
    other = World(tmp_path / "other.db")
    arns = [world.profile(f"p{number}") for number in range(50)]
    assert len(set(arns)) == 50
    assert [other.profile(f"q{number}") for number in range(50)] == arns


def test_a_repeated_create_with_its_token_makes_nothing_new(world):
    first = world.profile(clientRequestToken="once")
    world.later(minutes=9)
    assert world.profile(clientRequestToken="once") == first
    assert len(listed(world)) == 1


def test_a_token_is_not_good_for_another_request(world):
    world.profile("one", clientRequestToken="once")
    params = {"inferenceProfileName": "two", "modelSource": {"copyFrom": model_arn(NOVA)}}
    assert world.refusal("bedrock", "CreateInferenceProfile", clientRequestToken="once", **params).code == (
        "ConflictException"
    )


def test_a_token_is_forgotten_after_its_lifetime(world):
    first = world.profile(clientRequestToken="once")
    world.later(minutes=11)
    assert world.profile(clientRequestToken="once") != first


def test_a_token_outlives_its_profile(world):
    first = world.profile(clientRequestToken="once")
    world.bedrock("DeleteInferenceProfile", inferenceProfileIdentifier=first)
    assert world.profile(clientRequestToken="once") == first
    assert listed(world) == []


def test_names_may_repeat_unless_the_sandbox_is_told_otherwise(world):
    assert world.profile("docs") != world.profile("docs")
    world.setting("unique_names", "1")
    params = {"inferenceProfileName": "docs", "modelSource": {"copyFrom": model_arn(NOVA)}}
    assert world.refusal("bedrock", "CreateInferenceProfile", **params).code == "ConflictException"


def test_the_quota_counts_living_profiles_of_the_region(world):
    world.setting("profile_quota", "2")
    first = world.profile("one")
    world.profile("two")
    params = {"inferenceProfileName": "three", "modelSource": {"copyFrom": model_arn(NOVA)}}
    assert world.refusal("bedrock", "CreateInferenceProfile", **params).code == "ServiceQuotaExceededException"
    elsewhere = {"inferenceProfileName": "three", "modelSource": {"copyFrom": model_arn(NOVA, "us-west-2")}}
    world.bedrock("CreateInferenceProfile", "us-west-2", **elsewhere)
    world.bedrock("DeleteInferenceProfile", inferenceProfileIdentifier=first)
    world.profile("three")


def test_a_new_profile_shows_in_lists_after_the_lag_but_can_be_got_at_once(world):
    world.setting("list_lag_seconds", "30")
    arn = world.profile()
    assert listed(world) == []
    assert world.bedrock("GetInferenceProfile", inferenceProfileIdentifier=arn)["inferenceProfileArn"] == arn
    world.later(seconds=30)
    assert [item["inferenceProfileArn"] for item in listed(world)] == [arn]


def test_every_page_size_lists_every_profile_once(world):
    made = {world.profile(f"p{number}") for number in range(7)}
    for size in (1, 2, 3, 7, 1000):
        arns = [item["inferenceProfileArn"] for item in listed(world, maxResults=size)]
        assert len(arns) == 7
        assert set(arns) == made


def test_a_page_token_that_was_not_issued_is_refused(world):
    assert world.refusal("bedrock", "ListInferenceProfiles", nextToken="a").code == "ValidationException"


def test_a_deleted_profile_is_gone_with_its_tags(world):
    arn = world.profile(tags={"costCenter": "sales"})
    world.bedrock("DeleteInferenceProfile", inferenceProfileIdentifier=arn)
    for operation in ("GetInferenceProfile", "DeleteInferenceProfile"):
        error = world.refusal("bedrock", operation, inferenceProfileIdentifier=arn)
        assert (error.code, error.status) == ("ResourceNotFoundException", 404)
    assert world.refusal("bedrock", "ListTagsForResource", resourceARN=arn).code == "ResourceNotFoundException"
    assert world.store.db.execute("SELECT COUNT(*) FROM tags").fetchone()[0] == 0


def test_regions_do_not_see_each_others_profiles(world):
    arn = world.profile()
    assert listed(world, region="us-west-2") == []
    params = {"inferenceProfileIdentifier": arn}
    assert world.refusal("bedrock", "GetInferenceProfile", "us-west-2", **params).code == "ResourceNotFoundException"


def test_tags_are_added_overwritten_and_removed(world):
    arn = world.profile(tags={"costCenter": "sales", "environment": "test"})
    change = [{"key": "costCenter", "value": "support"}, {"key": "applicationId", "value": "docs"}]
    world.bedrock("TagResource", resourceARN=arn, tags=change)
    assert tags(world, arn) == {"applicationId": "docs", "costCenter": "support", "environment": "test"}
    world.bedrock("UntagResource", resourceARN=arn, tagKeys=["environment", "nothing"])
    assert tags(world, arn) == {"applicationId": "docs", "costCenter": "support"}


def test_more_than_fifty_tags_are_refused_whole(world):
    arn = world.profile(tags={f"k{number}": "v" for number in range(50)})
    error = world.refusal("bedrock", "TagResource", resourceARN=arn, tags=[{"key": "one", "value": "more"}])
    assert (error.code, error.members) == ("TooManyTagsException", {"resourceName": arn})
    world.bedrock("TagResource", resourceARN=arn, tags=[{"key": "k0", "value": "new"}])
    assert len(tags(world, arn)) == 50
    assert tags(world, arn)["k0"] == "new"
    many = [{"key": f"k{number}", "value": "v"} for number in range(51)]
    params = {"inferenceProfileName": "docs", "modelSource": {"copyFrom": model_arn(NOVA)}, "tags": many}
    assert world.refusal("bedrock", "CreateInferenceProfile", **params).code == "TooManyTagsException"


@pytest.mark.parametrize(
    "pairs", [[{"key": "aws:x", "value": "v"}], [{"key": "a", "value": "1"}, {"key": "a", "value": "2"}]]
)
def test_reserved_and_doubled_tag_keys_are_refused(world, pairs):
    arn = world.profile()
    assert world.refusal("bedrock", "TagResource", resourceARN=arn, tags=pairs).code == "ValidationException"


def test_a_system_profile_can_be_got_but_neither_tagged_nor_deleted(world):
    known = system_arn(f"us.{HAIKU}")
    answer = world.bedrock("GetInferenceProfile", inferenceProfileIdentifier=f"us.{HAIKU}")
    assert answer == world.bedrock("GetInferenceProfile", inferenceProfileIdentifier=known)
    assert (answer["inferenceProfileArn"], answer["type"]) == (known, "SYSTEM_DEFINED")
    tagged = world.refusal("bedrock", "TagResource", resourceARN=known, tags=[{"key": "a", "value": "b"}])
    deleted = world.refusal("bedrock", "DeleteInferenceProfile", inferenceProfileIdentifier=known)
    assert tagged.code == deleted.code == "ValidationException"
