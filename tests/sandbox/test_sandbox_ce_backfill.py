"""Backfills of cost allocation tags: what may be asked, when it is in the bill, what it shows and what it erases."""

from __future__ import annotations

from datetime import timedelta

import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sandbox_ce_world import NOW, World, day
from sandbox_core_world import client, role_client

from costsentry_cli.domain.assumptions import BACKFILL_TAKES, TAG_ACTIVE_AFTER
from costsentry_cli.sandbox import Sandbox
from costsentry_cli.sandbox.services.ce_lines import lines_between
from costsentry_cli.sandbox.services.ce_tags import visible_tags

MEMBER = "arn:aws:iam::210987654321:role/finops"
SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)
SALES = {"costCenter": "sales"}


@pytest.fixture
def world(tmp_path):
    made = World(tmp_path)
    made.use_tag("costCenter", day("2026-09-01"))
    return made


@pytest.fixture
def sandbox(tmp_path):
    return Sandbox(tmp_path / "sandbox.db", clock=lambda: NOW)


@pytest.fixture
def ce(sandbox):
    return client(sandbox, "ce")


def backfill(world, start):
    return world.ask("StartCostAllocationTagBackfill", BackfillFrom=f"{start}T00:00:00Z")["BackfillRequest"]


def tagged_days(world, start="2026-09-01", end="2026-11-24"):
    """The days with usage under ``sales``, by what Cost Explorer says now."""
    found = world.costs(start, end, GroupBy=[{"Type": "TAG", "Key": "costCenter"}])
    return [date[5:] for date, key in found if key == "costCenter$sales"]


def called_on(world, *dates):
    for date in dates:
        world.call(day(date), tags=SALES)


def refused(call, **params):
    with pytest.raises(ClientError) as caught:
        call(**params)
    return caught.value.response["Error"]["Code"]


def test_a_request_is_processing_and_tells_its_times(ce):
    answer = ce.start_cost_allocation_tag_backfill(BackfillFrom="2026-10-01T00:00:00Z")
    assert answer["BackfillRequest"] == {
        "BackfillFrom": "2026-10-01T00:00:00Z",
        "RequestedAt": "2026-11-23T15:00:00Z",
        "BackfillStatus": "PROCESSING",
        "LastUpdatedAt": "2026-11-23T15:00:00Z",
    }


@pytest.mark.parametrize(
    "start",
    [
        "2026-10-02T00:00:00Z",
        "2026-10-01T01:00:00Z",
        "2026-10-01T00:00:01Z",
        "2026-10-01T00:00:00+01:00",
        "2026-12-01T00:00:00Z",
        "2025-10-01T00:00:00Z",
        "2026-13-01T00:00:00Z",
        "0001-01-01T00:00:00+05:00",
        "2026-10-01T00:00:00.0Z",
    ],
)
def test_a_start_that_is_no_month_of_the_last_twelve_is_refused_and_not_kept(ce, start):
    assert refused(ce.start_cost_allocation_tag_backfill, BackfillFrom=start) == "ValidationException"
    assert ce.list_cost_allocation_tag_backfill_history()["BackfillRequests"] == []


@pytest.mark.parametrize(
    ("start", "kept"),
    [
        ("2026-11-01T00:00:00Z", "2026-11-01T00:00:00Z"),
        ("2025-11-01T00:00:00Z", "2025-11-01T00:00:00Z"),
        ("2026-10-01T02:00:00+02:00", "2026-10-01T00:00:00Z"),
    ],
)
def test_the_current_month_and_the_twelve_before_it_can_be_backfilled(ce, start, kept):
    answer = ce.start_cost_allocation_tag_backfill(BackfillFrom=start)
    assert answer["BackfillRequest"]["BackfillFrom"] == kept


def test_one_is_in_flight_at_a_time_and_one_a_day(sandbox, ce):
    def start():
        return ce.start_cost_allocation_tag_backfill(BackfillFrom="2026-10-01T00:00:00Z")

    start()
    sandbox.advance(BACKFILL_TAKES - SECOND)
    with pytest.raises(ce.exceptions.BackfillLimitExceededException, match="already in progress"):
        start()
    sandbox.advance(SECOND)
    with pytest.raises(ce.exceptions.BackfillLimitExceededException, match="once every 24 hours"):
        start()
    sandbox.advance(timedelta(hours=12))
    assert start()["BackfillRequest"]["BackfillStatus"] == "PROCESSING"


def test_the_history_is_newest_first_in_pages_with_the_status_by_the_clock(sandbox, ce):
    for month in ("08", "09", "10"):
        ce.start_cost_allocation_tag_backfill(BackfillFrom=f"2026-{month}-01T00:00:00Z")
        sandbox.advance(timedelta(days=1))
    ce.start_cost_allocation_tag_backfill(BackfillFrom="2026-11-01T00:00:00Z")
    pages = list(
        ce.get_paginator("list_cost_allocation_tag_backfill_history").paginate(PaginationConfig={"PageSize": 3})
    )
    assert [len(page["BackfillRequests"]) for page in pages] == [3, 1]
    shown = [each for page in pages for each in page["BackfillRequests"]]
    assert [each["BackfillFrom"][5:7] for each in shown] == ["11", "10", "09", "08"]
    assert [each["BackfillStatus"] for each in shown] == ["PROCESSING", *["SUCCEEDED"] * 3]
    assert shown[1]["CompletedAt"] == shown[1]["LastUpdatedAt"] == "2026-11-26T03:00:00Z"


def test_a_backfill_made_between_two_pages_shifts_nothing(sandbox, ce):
    for month in ("08", "09"):
        ce.start_cost_allocation_tag_backfill(BackfillFrom=f"2026-{month}-01T00:00:00Z")
        sandbox.advance(timedelta(days=1))
    token = ce.list_cost_allocation_tag_backfill_history(MaxResults=1)["NextToken"]
    ce.start_cost_allocation_tag_backfill(BackfillFrom="2026-10-01T00:00:00Z")
    (rest,) = ce.list_cost_allocation_tag_backfill_history(NextToken=token)["BackfillRequests"]
    assert rest["BackfillFrom"] == "2026-08-01T00:00:00Z"


@pytest.mark.parametrize("token", ["", "!", "MQ==", "ü"])
def test_a_broken_token_is_refused(ce, token):
    code = refused(ce.list_cost_allocation_tag_backfill_history, NextToken=token)
    assert code == "InvalidNextTokenException"


def test_a_token_of_another_list_is_refused(world, ce):
    for key in ("a", "b"):
        world.use_tag(key, day("2026-11-01"))
    token = ce.list_cost_allocation_tags(MaxResults=1)["NextToken"]
    code = refused(ce.list_cost_allocation_tag_backfill_history, NextToken=token)
    assert code == "InvalidNextTokenException"


def test_a_linked_account_has_no_backfills(sandbox):
    ce = role_client(sandbox, MEMBER, "ce")
    refusal = "Linked account doesn't have access to cost allocation tags."
    with pytest.raises(ClientError, match=refusal) as caught:
        ce.start_cost_allocation_tag_backfill(BackfillFrom="2026-10-01T00:00:00Z")
    assert caught.value.response["Error"]["Code"] == "AccessDeniedException"
    with pytest.raises(ClientError, match=refusal):
        ce.list_cost_allocation_tag_backfill_history()


def test_an_active_key_shows_on_earlier_usage_once_the_backfill_is_done(world):
    called_on(world, "2026-09-30", "2026-10-01", "2026-11-10", "2026-11-22")
    world.call(day("2026-11-10", 13))
    world.switch("costCenter", "Active", day("2026-11-20"))
    assert tagged_days(world) == ["11-22"]
    backfill(world, "2026-10-01")
    world.now += BACKFILL_TAKES - SECOND
    assert tagged_days(world) == ["11-22"]
    world.now += SECOND
    assert tagged_days(world) == ["10-01", "11-10", "11-22"]


def test_usage_keeps_the_tags_it_had(world):
    cost = world.call(day("2026-10-05"))
    world.switch("costCenter", "Active", day("2026-11-01"))
    backfill(world, "2026-10-01")
    world.now += BACKFILL_TAKES
    found = world.costs("2026-10-01", "2026-10-06", GroupBy=[{"Type": "TAG", "Key": "costCenter"}])
    assert found == {("2026-10-05", "costCenter$"): cost}


def test_an_inactive_keys_earlier_values_in_the_span_are_erased(world):
    called_on(world, "2026-10-30", "2026-11-10", "2026-11-22")
    world.switch("costCenter", "Active", day("2026-10-03"))
    world.switch("costCenter", "Inactive", day("2026-11-20"))
    assert tagged_days(world) == ["10-30", "11-10"]
    backfill(world, "2026-11-01")
    assert tagged_days(world) == ["10-30", "11-10"]
    world.now += BACKFILL_TAKES
    assert tagged_days(world) == ["10-30"]


def test_a_later_backfill_of_the_key_made_active_again_brings_its_values_back(world):
    called_on(world, "2026-10-10", "2026-11-10")
    world.switch("costCenter", "Active", day("2026-10-03"))
    world.switch("costCenter", "Inactive", day("2026-11-20"))
    backfill(world, "2026-11-01")
    world.now += timedelta(days=1)
    assert tagged_days(world) == ["10-10"]
    world.switch("costCenter", "Active", world.now)
    backfill(world, "2026-10-01")
    world.now += BACKFILL_TAKES
    assert tagged_days(world) == ["10-10", "11-10"]


def test_the_status_at_the_request_counts_not_the_one_when_it_is_done(world):
    called_on(world, "2026-11-10")
    backfill(world, "2026-11-01")
    world.switch("costCenter", "Active", NOW + HOUR)
    world.now += timedelta(days=1)
    assert tagged_days(world) == []


def test_a_key_activated_just_before_the_request_has_no_gap_until_its_activation_is_seen(world):
    world.switch("costCenter", "Active", NOW - HOUR)
    for at in (NOW - HOUR, NOW + HOUR, NOW + TAG_ACTIVE_AFTER - HOUR, NOW + TAG_ACTIVE_AFTER):
        world.call(at, tags=SALES)
    backfill(world, "2026-11-01")
    world.now += timedelta(days=3)
    found = world.costs("2026-11-23", "2026-11-26", GroupBy=[{"Type": "TAG", "Key": "costCenter"}])
    assert {key for _, key in found} == {"costCenter$sales"}


def test_a_key_switched_off_after_the_request_keeps_what_was_filled_and_no_more(world):
    called_on(world, "2026-11-10", "2026-11-25")
    world.switch("costCenter", "Active", NOW - HOUR)
    backfill(world, "2026-11-01")
    world.switch("costCenter", "Inactive", NOW + HOUR)
    world.now += timedelta(days=5)
    assert tagged_days(world, end="2026-11-29") == ["11-10"]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    switches=st.lists(st.integers(0, 80), max_size=6, unique=True).map(sorted),
    months=st.lists(st.sampled_from(["2026-09-01", "2026-10-01", "2026-11-01"]), min_size=1, max_size=2),
)
def test_within_a_finished_backfill_a_key_shows_exactly_when_it_was_on_at_the_request(tmp_path, switches, months):
    world = World(tmp_path)
    with world.store.transaction():
        world.store.clear()
    world.use_tag("costCenter", day("2026-08-01"))
    for number, offset in enumerate(switches):
        world.switch("costCenter", ("Active", "Inactive")[number % 2], day("2026-09-02") + timedelta(days=offset))
    for number in range(0, 84, 3):
        world.call(day("2026-09-01", 6) + timedelta(days=number), tags=SALES)
    before = _visible(world)
    for month in months:
        backfill(world, month)
        world.now += timedelta(days=1)
    first, is_on = min(months), len(switches) % 2 == 1
    for at, was in before.items():
        inside = at >= day(first, 0).timestamp()
        assert _visible(world)[at] == (is_on if inside and at < NOW.timestamp() else was)


def _visible(world):
    value_of = visible_tags(world.store, world.now)("costCenter")
    return {item.at: value_of(item) == "sales" for item in lines_between(world.store, 0, NOW.timestamp())}
