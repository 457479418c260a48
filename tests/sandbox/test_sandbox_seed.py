"""Seeding: plausible traffic, the same every time, billed like any other."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from sandbox_ce_world import DAY, NOVA, NOW, World, day

from costsentry_cli.domain.catalog import Tokens, load
from costsentry_cli.sandbox.contract import Request
from costsentry_cli.sandbox.seed import seed
from costsentry_cli.sandbox.services import bedrock
from costsentry_cli.sandbox.store import Store

START = day("2026-08-25", 0)


@pytest.fixture
def world(tmp_path):
    return World(tmp_path)


def calls(store, where="1"):
    return [dict(row) for row in store.db.execute(f"SELECT * FROM calls WHERE {where} ORDER BY id")]


def profile(world, name, tags, model=NOVA):
    params = {
        "inferenceProfileName": name,
        "modelSource": {"copyFrom": f"arn:aws:bedrock:us-east-1::foundation-model/{model}"},
        "tags": [{"key": key, "value": value} for key, value in tags.items()],
    }
    with world.store.transaction():
        request = Request("bedrock", "CreateInferenceProfile", params, "us-east-1", world.now, "r", world.store)
        return bedrock.OPERATIONS["CreateInferenceProfile"](request)["inferenceProfileArn"]


def test_the_same_seed_at_the_same_time_makes_the_same_calls(world, tmp_path):
    other = Store(tmp_path / "other.db")
    assert seed(world.store, NOW, days=20) == seed(other, NOW, days=20)
    assert calls(world.store) == calls(other)


def test_another_seed_makes_other_calls(world, tmp_path):
    other = Store(tmp_path / "other.db")
    seed(world.store, NOW, days=5)
    seed(other, NOW, days=5, random_seed=1)
    assert calls(world.store) != calls(other)


def test_a_seed_is_sown_once_and_another_adds_to_it(world):
    first = seed(world.store, NOW, days=5)
    again = seed(world.store, NOW + DAY, days=5)
    assert (again.already, again.calls, len(calls(world.store))) == (True, 0, first.calls)
    second = seed(world.store, NOW, days=5, random_seed=1)
    assert (second.already, second.created) == (False, 0)
    assert len(calls(world.store)) == first.calls + second.calls


def test_an_empty_sandbox_gets_three_profiles_on_two_models(world):
    report = seed(world.store, NOW, days=5)
    rows = world.store.db.execute("SELECT * FROM profiles").fetchall()
    assert (report.created, len(report.profiles)) == (3, 3)
    assert len({row["source"].rpartition("/")[2] for row in rows}) == 2
    tags = world.store.db.execute("SELECT value FROM tags WHERE key = 'costCenter' ORDER BY value").fetchall()
    assert [row["value"] for row in tags] == ["sales", "services", "support"]


def test_existing_profiles_are_used_with_their_tags(world):
    arns = {profile(world, f"team {team}", {"team": team}) for team in ("a", "b")}
    report = seed(world.store, NOW, days=5)
    assert (report.created, set(report.profiles)) == (0, arns)
    tagged = calls(world.store, "profile_arn IS NOT NULL")
    assert {call["requested"] for call in tagged} == arns
    assert {call["tags"] for call in tagged} == {'{"team": "a"}', '{"team": "b"}'}
    assert all(call["metric_id"] == call["profile_arn"].rpartition("/")[2] for call in tagged)


def test_only_the_profiles_named_are_used(world):
    arns = [profile(world, f"team {team}", {"team": team}) for team in ("a", "b")]
    assert seed(world.store, NOW, days=5, profiles=arns[1:]).profiles == (arns[1],)
    with pytest.raises(ValueError, match="none of these"):
        seed(world.store, NOW, days=5, random_seed=1, profiles=["arn:nothing"])
    with pytest.raises(ValueError, match="days"):
        seed(world.store, NOW, days=0)


def test_every_call_costs_what_the_catalogue_says_and_the_report_adds_them_up(world):
    report = seed(world.store, NOW, days=20)
    total = Decimal(0)
    for call in calls(world.store):
        price = load().price(load().resolve(call["model_id"]), call["region"])
        kinds = ("input", "output", "cache_read", "cache_write_5m", "cache_write_1h")
        cost = price.cost(Tokens(**{kind: call[f"{kind}_tokens"] for kind in kinds}))
        assert sum(map(Decimal, json.loads(call["costs"]).values())) == cost
        total += cost
    assert report.usd == total > 0
    billed = sum(world.costs("2026-11-01", "2026-11-24", Granularity="MONTHLY").values())
    world.now += 2 * DAY
    later = world.costs("2026-10-01", "2026-11-26", Granularity="MONTHLY")
    assert billed < sum(later.values()) == total


def test_the_traffic_is_inside_of_the_range_in_order_and_mostly_in_office_hours(world):
    seed(world.store, NOW)
    made = calls(world.store, "profile_arn IS NOT NULL")
    times = [call["at"] for call in calls(world.store)]
    assert START.timestamp() <= times[0] < (START + DAY).timestamp()
    assert (NOW - DAY).timestamp() < times[-1] < NOW.timestamp()
    assert times == sorted(times)
    moments = [datetime.fromtimestamp(call["at"], UTC) for call in made]
    assert sum(7 <= moment.hour < 19 for moment in moments) > 0.8 * len(moments)
    weekend = sum(moment.weekday() >= 5 for moment in moments)
    assert 0 < weekend < 0.15 * len(moments)


def test_the_traffic_grows_spikes_once_leaks_and_sometimes_fails(world):
    seed(world.store, NOW)
    per_day: dict[str, int] = {}
    for call in calls(world.store, "profile_arn IS NOT NULL"):
        date = datetime.fromtimestamp(call["at"], UTC).date()
        if date.weekday() < 5 and date < NOW.date():
            per_day[date.isoformat()] = per_day.get(date.isoformat(), 0) + 1
    ordered = [per_day[date] for date in sorted(per_day)]
    assert sum(ordered[-20:]) > 1.2 * sum(ordered[:20])
    assert [date for date, count in per_day.items() if count > 2 * sum(ordered) / len(ordered)] == ["2026-10-27"]
    leaked = calls(world.store, "profile_arn IS NULL")
    assert {(call["tags"], call["requested"]) for call in leaked} == {("{}", "amazon.nova-pro-v1:0")}
    outcomes = {call["outcome"] for call in calls(world.store)}
    assert outcomes == {"ok", "throttled", "client-error", "server-error"}
    assert {call["costs"] for call in calls(world.store, "outcome <> 'ok'")} == {"{}"}


def test_tag_keys_are_activated_on_the_second_day_and_count_from_the_third(world):
    seed(world.store, NOW)
    found = world.costs("2026-08-25", "2026-08-29", GroupBy=[{"Type": "TAG", "Key": "costCenter"}])
    tagged = {start for start, key in found if key == "costCenter$sales"}
    assert tagged == {"2026-08-27", "2026-08-28"}
    listed = world.ask("ListCostAllocationTags", Status="Active")["CostAllocationTags"]
    assert [tag["TagKey"] for tag in listed] == ["applicationId", "costCenter", "environment"]


def test_ownership_marks_become_known_but_are_not_activated(world):
    profile(world, "team a", {"team": "a", "costsentry:key": "k"})
    seed(world.store, NOW, days=5)
    tags = {tag["TagKey"]: tag["Status"] for tag in world.ask("ListCostAllocationTags")["CostAllocationTags"]}
    assert tags == {"costsentry:key": "Inactive", "team": "Active"}


def test_a_key_switched_off_by_hand_stays_off_and_one_switched_on_covers_the_history(world):
    profile(world, "team a", {"team": "a", "stage": "prod"})
    for key in ("team", "stage"):
        world.use_tag(key, day("2026-11-10"))
        world.switch(key, "Active", day("2026-11-15"))
    world.switch("stage", "Inactive", day("2026-11-16"))
    seed(world.store, NOW, days=20)
    tags = {tag["TagKey"]: tag["Status"] for tag in world.ask("ListCostAllocationTags")["CostAllocationTags"]}
    assert tags == {"stage": "Inactive", "team": "Active"}
    found = world.costs("2026-11-03", "2026-11-15", GroupBy=[{"Type": "TAG", "Key": "team"}])
    assert ("2026-11-06", "team$a") in found


def test_the_invocation_log_tells_who_made_every_call_as_if_it_had_always_been_on(world):
    seed(world.store, NOW, days=5, invocation_log=True)
    made = {row["request_id"]: row for row in calls(world.store)}
    messages = world.store.db.execute("SELECT message FROM log_events ORDER BY at").fetchall()
    said = [json.loads(row["message"]) for row in messages if row["message"].startswith("{")]
    assert sorted(one["requestId"] for one in said) == sorted(made)
    for one in said:
        call = made[one["requestId"]]
        assert (one["modelId"], "errorCode" in one) == (call["requested"], call["outcome"] != "ok")
        assert "errorCode" in one or one["input"]["inputTokenCount"] == call["input_tokens"]
    roles = {one["identity"]["arn"].split("/")[1] for one in said if not one["modelId"].startswith("arn:")}
    assert roles == {"nightly-batch"}


def test_without_the_invocation_log_nothing_is_recorded(world):
    seed(world.store, NOW, days=5)
    assert world.store.db.execute("SELECT count(*) FROM log_events").fetchone()[0] == 0
