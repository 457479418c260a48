"""Prompt caching in the sandbox: written once, read for a while, counted apart."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sandbox_runtime_world import HAIKU, NOVA, World, assistant, user

SONNET = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
LONG = "word " * 1500
POINT = {"cachePoint": {"type": "default"}}
HOUR = {"cachePoint": {"type": "default", "ttl": "1h"}}


@pytest.fixture
def world(tmp_path):
    return World(tmp_path / "sandbox.db")


def counts(usage):
    return usage["inputTokens"], usage["cacheReadInputTokens"], usage["cacheWriteInputTokens"]


def ask(world, *system, model_id=SONNET, text="and now?", messages=None):
    asked = {"messages": messages or [user(text)], "system": list(system)}
    return world.converse(model_id, **asked)["usage"]


def test_a_prefix_is_written_at_first_sight_and_read_afterwards(world):
    first = ask(world, {"text": LONG}, POINT)
    again = ask(world, {"text": LONG}, POINT, text="something else entirely")
    assert counts(first) == (6, 0, 1500)
    assert first["cacheDetails"] == [{"ttl": "5m", "inputTokens": 1500}]
    assert counts(again) == (8, 1500, 0)
    assert "cacheDetails" not in again
    rows = world.rows()
    assert [(row["cache_write_5m_tokens"], row["cache_read_tokens"]) for row in rows] == [(1500, 0), (0, 1500)]
    assert rows[0]["costs"].keys() == {"input", "output", "cache_write_5m"}
    assert rows[1]["costs"].keys() == {"input", "output", "cache_read"}


@pytest.mark.parametrize(("point", "minutes"), [(POINT, 5), (HOUR, 60)])
def test_a_read_starts_the_time_to_live_anew(world, point, minutes):
    ask(world, {"text": LONG}, point)
    for _ in range(3):
        world.later(minutes=minutes - 1)
        assert counts(ask(world, {"text": LONG}, point)) == (6, 1500, 0)
    world.later(minutes=minutes)
    assert counts(ask(world, {"text": LONG}, point)) == (6, 0, 1500)


def test_each_lifetime_is_counted_apart(world):
    usage = ask(world, {"text": LONG}, HOUR, {"text": LONG}, POINT)
    assert usage["cacheDetails"] == [{"ttl": "1h", "inputTokens": 1500}, {"ttl": "5m", "inputTokens": 1500}]
    row = world.rows()[0]
    assert (row["cache_write_1h_tokens"], row["cache_write_5m_tokens"], row["input_tokens"]) == (1500, 1500, 6)
    world.later(minutes=6)
    assert counts(ask(world, {"text": LONG}, HOUR, {"text": LONG}, POINT)) == (6, 1500, 1500)


def test_a_prefix_below_the_models_minimum_is_plain_input(world):
    assert counts(ask(world, {"text": "word " * 1023}, POINT)) == (1029, 0, 0)
    assert counts(ask(world, {"text": "word " * 1024}, POINT)) == (6, 0, 1024)
    assert counts(ask(world, {"text": LONG}, POINT, model_id=f"us.{HAIKU}")) == (1506, 0, 0)


def turn(text):
    return {"role": "user", "content": [{"text": text}, POINT]}


def test_a_growing_conversation_reads_the_turns_before_and_keeps_them_alive(world):
    longer = [user(LONG), assistant("so"), turn(LONG)]
    assert counts(ask(world, messages=[turn(LONG)])) == (0, 0, 1503)
    world.later(minutes=4)
    assert counts(ask(world, messages=longer)) == (0, 1503, 1507)
    world.later(minutes=4)
    assert counts(ask(world, messages=[turn(LONG)])) == (0, 1503, 0)


def test_a_changed_beginning_is_written_anew(world):
    ask(world, {"text": LONG}, POINT)
    assert counts(ask(world, {"text": f"New: {LONG}"}, POINT)) == (6, 0, 1502)


def test_models_and_regions_do_not_share_a_cache(world):
    ask(world, {"text": LONG}, POINT)
    assert counts(ask(world, {"text": LONG}, POINT, model_id=NOVA))[1] == 0
    asked = {"modelId": SONNET, "messages": [user("and now?")], "system": [{"text": LONG}, POINT]}
    elsewhere = world.call("bedrock-runtime", "Converse", "us-west-2", **asked)
    assert counts(elsewhere["usage"])[1] == 0


def test_what_has_expired_is_swept_out(world):
    ask(world, {"text": LONG}, POINT)
    world.later(minutes=10)
    ask(world, {"text": f"New: {LONG}"}, POINT)
    assert world.store.db.execute("SELECT COUNT(*) FROM prompt_cache").fetchone()[0] == 1


parts = st.lists(st.sampled_from([{"text": LONG}, {"text": "short words"}, POINT]), min_size=1, max_size=4)


@settings(deadline=None, max_examples=40)
@given(calls=st.lists(parts, min_size=1, max_size=4))
def test_reads_writes_and_input_always_add_up_to_the_prompt(tmp_path_factory, calls):
    world = World(tmp_path_factory.mktemp("cache") / "sandbox.db")
    for system in calls:
        bare = [part for part in system if "text" in part]
        plain = ask(world, *bare, model_id=f"global.{HAIKU}")
        assert sum(counts(ask(world, *system))) == plain["inputTokens"]
