"""Cost allocation tags: what billing knows, what can be activated, and from when on it counts."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sandbox_ce_world import NOW, World, day

from costsentry_cli.domain.assumptions import TAG_ACTIVE_AFTER, TAG_KEY_KNOWN_AFTER
from costsentry_cli.sandbox.contract import ServiceError
from costsentry_cli.sandbox.settings import configure

SECOND = timedelta(seconds=1)


@pytest.fixture
def world(tmp_path):
    return World(tmp_path)


def listed(world, **params):
    return [tag["TagKey"] for tag in world.ask("ListCostAllocationTags", **params)["CostAllocationTags"]]


def update(world, *keys, status="Active"):
    entries = [{"TagKey": key, "Status": status} for key in keys]
    return world.ask("UpdateCostAllocationTagsStatus", CostAllocationTagsStatus=entries)["Errors"]


def by_cost_center(world, start, end):
    return world.costs(start, end, GroupBy=[{"Type": "TAG", "Key": "costCenter"}])


def test_a_key_becomes_known_a_day_after_its_first_use(world):
    world.use_tag("costCenter", NOW - TAG_KEY_KNOWN_AFTER + SECOND)
    assert listed(world) == []
    world.now += SECOND
    assert listed(world) == ["costCenter"]


def test_an_unknown_key_is_an_error_of_its_own_and_the_others_are_activated(world):
    world.use_tag("costCenter", day("2026-11-01"))
    assert update(world, "costcenter", "costCenter") == [
        {
            "TagKey": "costcenter",
            "Code": "TagKeysNotFoundException",
            "Message": "Failed to update Cost Allocation Tag: costcenter",
        }
    ]
    assert listed(world, Status="Active") == ["costCenter"]


def test_a_listed_tag_tells_its_type_status_and_dates(world):
    world.use_tag("costCenter", day("2026-09-01"), day("2026-10-17"))
    (tag,) = world.ask("ListCostAllocationTags")["CostAllocationTags"]
    assert tag == {
        "TagKey": "costCenter",
        "Type": "UserDefined",
        "Status": "Inactive",
        "LastUsedDate": "2026-10-01T00:00:00Z",
    }
    update(world, "costCenter")
    (tag,) = world.ask("ListCostAllocationTags")["CostAllocationTags"]
    assert (tag["Status"], tag["LastUpdatedDate"]) == ("Active", "2026-11-23T15:00:00Z")


def test_activating_again_changes_nothing(world):
    world.use_tag("costCenter", day("2026-11-01"))
    world.switch("costCenter", "Active", day("2026-11-10"))
    before = list(map(tuple, world.store.db.execute("SELECT * FROM cost_tag_spans")))
    assert update(world, "costCenter") == []
    assert list(map(tuple, world.store.db.execute("SELECT * FROM cost_tag_spans"))) == before
    (tag,) = world.ask("ListCostAllocationTags")["CostAllocationTags"]
    assert tag["LastUpdatedDate"] == "2026-11-10T12:00:00Z"


def test_listing_filters_by_status_key_and_type(world):
    for key in ("a", "b", "c"):
        world.use_tag(key, day("2026-11-01"))
    update(world, "b")
    assert listed(world, Status="Active") == ["b"]
    assert listed(world, TagKeys=["c", "b", "zzz"]) == ["b", "c"]
    assert listed(world, Type="UserDefined") == ["a", "b", "c"]
    assert listed(world, Type="AWSGenerated") == []


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100, 1000])
def test_pages_give_every_key_once_and_never_more_than_a_hundred(world, size):
    keys = [f"key{number:03}" for number in range(107)]
    for key in keys:
        world.use_tag(key, day("2026-11-01"))
    found, token = [], {}
    while True:
        answer = world.ask("ListCostAllocationTags", MaxResults=size, **token)
        assert len(answer["CostAllocationTags"]) <= min(size, 100)
        found += [tag["TagKey"] for tag in answer["CostAllocationTags"]]
        if "NextToken" not in answer:
            break
        token = {"NextToken": answer["NextToken"]}
    assert found == keys


@pytest.mark.parametrize("token", ["", "!", "abcd", "MQ==", "ü"])
def test_a_broken_token_is_refused(world, token):
    with pytest.raises(ServiceError) as caught:
        world.ask("ListCostAllocationTags", NextToken=token)
    assert caught.value.code == "InvalidNextTokenException"


def test_more_active_keys_than_the_quota_are_refused_and_nothing_changes(world):
    world.set("active_tag_quota", "2")
    for key in ("a", "b", "c"):
        world.use_tag(key, day("2026-11-01"))
    update(world, "a")
    with pytest.raises(ServiceError) as caught:
        update(world, "b", "c")
    assert caught.value.code == "LimitExceededException"
    assert listed(world, Status="Active") == ["a"]
    assert update(world, "b") == []


def test_usage_carries_a_key_only_a_day_after_its_activation(world):
    world.use_tag("costCenter", day("2026-11-01"))
    activated = day("2026-11-10", 9)
    world.switch("costCenter", "Active", activated)
    before = world.call(activated + TAG_ACTIVE_AFTER - SECOND, tags={"costCenter": "sales"})
    after = world.call(activated + TAG_ACTIVE_AFTER, tags={"costCenter": "sales"})
    assert by_cost_center(world, "2026-11-09", "2026-11-12") == {
        ("2026-11-11", "costCenter$"): before,
        ("2026-11-11", "costCenter$sales"): after,
    }


def test_a_key_never_activated_leaves_everything_under_the_empty_value(world):
    cost = world.call(day("2026-11-10"), tags={"costCenter": "sales"})
    assert by_cost_center(world, "2026-11-10", "2026-11-11") == {("2026-11-10", "costCenter$"): cost}


def test_deactivation_ends_the_values_and_reactivation_begins_them_anew(world):
    world.use_tag("costCenter", day("2026-11-01"))
    world.switch("costCenter", "Active", day("2026-11-03"))
    world.switch("costCenter", "Inactive", day("2026-11-06"))
    world.switch("costCenter", "Active", day("2026-11-08"))
    for date in range(3, 12):
        world.call(day(f"2026-11-{date:02}", 13), tags={"costCenter": "sales"})
    found = by_cost_center(world, "2026-11-03", "2026-11-12")
    tagged = [key[0][-2:] for key in found if key[1] == "costCenter$sales"]
    assert tagged == ["04", "05", "09", "10", "11"]


def test_keys_are_case_sensitive_and_values_may_hold_a_dollar_sign(world):
    for key in ("costCenter", "CostCenter"):
        world.use_tag(key, day("2026-11-01"))
        world.switch(key, "Active", day("2026-11-03"))
    cost = world.call(day("2026-11-10"), tags={"costCenter": "a$b", "CostCenter": "x"})
    assert by_cost_center(world, "2026-11-10", "2026-11-11") == {("2026-11-10", "costCenter$a$b"): cost}


def tag_of(world, key):
    (tag,) = world.ask("ListCostAllocationTags", TagKeys=[key])["CostAllocationTags"]
    return tag


def test_a_key_of_other_services_is_known_with_its_status_and_clashes_with_ours(world):
    world.set("known_tag_key:CostCenter", "Active")
    world.use_tag("costCenter", day("2026-11-01"))
    assert listed(world) == ["CostCenter", "costCenter"]
    assert listed(world, Status="Active") == ["CostCenter"]
    assert tag_of(world, "CostCenter") == {
        "TagKey": "CostCenter",
        "Type": "UserDefined",
        "Status": "Active",
        "LastUsedDate": "2026-11-01T00:00:00Z",
    }


def test_a_key_that_was_always_active_shows_on_our_usage_until_it_is_switched_off(world):
    world.set("known_tag_key:team", "Active")
    for date in ("2026-10-10", "2026-11-20"):
        world.call(day(date), tags={"team": "docs"})
    by_team = {"GroupBy": [{"Type": "TAG", "Key": "team"}]}
    keys = [key for _, key in world.costs("2026-10-01", "2026-11-23", **by_team)]
    assert keys == ["team$docs", "team$docs"]
    world.switch("team", "Inactive", day("2026-11-15"))
    keys = [key for _, key in world.costs("2026-10-01", "2026-11-23", **by_team)]
    assert keys == ["team$docs", "team$"]
    assert tag_of(world, "team")["Status"] == "Inactive"


def test_a_setting_makes_a_key_known_at_once_and_the_api_has_the_last_word_on_its_status(world):
    world.use_tag("team", NOW)
    world.set("known_tag_key:team", "Inactive")
    assert update(world, "team") == []
    assert tag_of(world, "team")["Status"] == "Active"
    assert tag_of(world, "team")["LastUpdatedDate"] == "2026-11-23T15:00:00Z"


def test_a_key_of_iam_principals_is_listed_beside_the_resource_tag_and_switched_by_itself(world):
    world.use_tag("costCenter", day("2026-11-01"))
    world.set("iam_principal_key:costCenter", "1")
    assert [(key, tag_of(world, key)["Status"], tag_of(world, key)["Type"]) for key in listed(world)] == [
        ("costCenter", "Inactive", "UserDefined"),
        ("iamPrincipal/costCenter", "Inactive", "UserDefined"),
    ]
    assert update(world, "iamPrincipal/costCenter") == []
    assert listed(world, Status="Active") == ["iamPrincipal/costCenter"]
    world.set("iam_principal_key:costCenter", "0")
    assert listed(world, Status="Inactive") == ["costCenter"]


def test_keys_known_by_a_setting_count_against_the_quota(world):
    world.set("active_tag_quota", "1")
    world.set("known_tag_key:CostCenter", "Active")
    world.use_tag("costCenter", day("2026-11-01"))
    with pytest.raises(ServiceError) as caught:
        update(world, "costCenter")
    assert caught.value.code == "LimitExceededException"


@pytest.mark.parametrize(
    ("name", "value"),
    [("known_tag_key:team", "on"), ("known_tag_key:", "Active"), ("iam_principal_key:a\nb,", "1")],
)
def test_a_setting_of_no_key_or_no_status_is_refused(world, name, value):
    with pytest.raises(ValueError, match=r"known_tag_key|iam_principal_key"):
        configure(world.store, name, value)
