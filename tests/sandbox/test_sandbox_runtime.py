"""Converse in the sandbox: answers, usage, identity of the model, books, quotas."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sandbox_runtime_world import DEAD, HAIKU, NOVA, World, assistant, model_arn, system_arn, user

from costsentry_cli.domain.catalog import Tokens, load
from costsentry_cli.sandbox.services.runtime_prompt import tokens_of

GEO = f"us.{HAIKU}"
TOOL = {
    "toolSpec": {
        "name": "get_cost",
        "inputSchema": {"json": {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}},
    }
}
texts = st.text(min_size=1, max_size=200).filter(lambda text: text.strip())


@pytest.fixture
def world(tmp_path):
    return World(tmp_path / "sandbox.db")


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    return World(tmp_path_factory.mktemp("shared") / "sandbox.db")


def stream(world, model_id=NOVA, text="How much did we spend?", **params):
    asked = {"messages": [user(text)]} | params
    return world.call("bedrock-runtime", "ConverseStream", modelId=model_id, **asked)["stream"]


def said(answer):
    return answer["output"]["message"]["content"][0]["text"]


@given(system=st.lists(texts, max_size=2), turns=st.lists(texts, min_size=1, max_size=4), body=st.booleans())
def test_count_tokens_is_the_input_that_converse_reports(shared, system, turns, body):
    messages = [(assistant if number % 2 else user)(text.strip()) for number, text in enumerate(turns)]
    asked = {"messages": messages, "system": [{"text": text} for text in system]}
    flat = [{"role": each["role"], "content": each["content"][0]["text"]} for each in messages]
    raw = {"messages": flat, "system": [{"type": "text", "text": text} for text in system]}
    question = {"invokeModel": {"body": json.dumps(raw).encode()}} if body else {"converse": asked}
    counted = shared.call("bedrock-runtime", "CountTokens", modelId=HAIKU, input=question)["inputTokens"]
    usage = shared.converse(GEO, **asked)["usage"]
    assert counted == usage["inputTokens"] > 0
    assert usage["totalTokens"] == usage["inputTokens"] + usage["outputTokens"]


@given(text=texts, limit=st.integers(1, 80))
def test_the_same_request_gets_the_same_answer_within_its_bound(shared, text, limit):
    asked = {"text": text, "inferenceConfig": {"maxTokens": limit}}
    answer = shared.converse(**asked)
    again = shared.converse(**asked)
    assert (answer["output"], answer["usage"], answer["metrics"]) == (again["output"], again["usage"], again["metrics"])
    assert answer["usage"]["outputTokens"] == tokens_of(said(answer)) <= limit
    cut = answer["usage"]["outputTokens"] == limit
    assert answer["stopReason"] == "end_turn" or (cut and answer["stopReason"] == "max_tokens")


@given(text=texts)
def test_a_stream_says_what_converse_says_and_its_usage_comes_last(shared, text):
    whole, events = shared.converse(text=text), stream(shared, text=text)
    pieces = [event["contentBlockDelta"]["delta"]["text"] for event in events if "contentBlockDelta" in event]
    assert "".join(pieces) == said(whole)
    assert [next(iter(event)) for event in events][-2:] == ["messageStop", "metadata"]
    assert events[-1]["metadata"]["usage"] == whole["usage"]


def test_tokens_are_counted_by_words_and_signs():
    cases = {"": 0, "Hello": 1, "Hello, you!": 4, "costsentry": 2, "x" * 13: 3, "日本": 2, " \n": 0}
    assert {text: tokens_of(text) for text in cases} == cases


def test_another_question_gets_another_answer(world):
    assert len({said(world.converse(text=f"Question {number}?")) for number in range(20)}) > 15


def test_an_answer_ends_before_a_stop_sequence(world):
    whole = said(world.converse())
    answer = world.converse(inferenceConfig={"stopSequences": [".", "never said"]})
    assert answer["stopReason"] == "stop_sequence"
    assert "." in whole
    assert "." not in said(answer)
    earliest = world.converse(inferenceConfig={"stopSequences": [".", " "]})
    assert " " not in said(earliest)


def test_a_demanded_tool_is_called_with_its_required_input(world):
    config = {"tools": [TOOL], "toolChoice": {"any": {}}}
    answer = world.converse(toolConfig=config)
    use = answer["output"]["message"]["content"][0]["toolUse"]
    assert (use["name"], use["input"], answer["stopReason"]) == ("get_cost", {"n": 1}, "tool_use")
    events = stream(world, toolConfig=config)
    assert json.loads(events[2]["contentBlockDelta"]["delta"]["toolUse"]["input"]) == {"n": 1}


def test_a_call_through_a_profile_is_booked_with_its_tags_and_price(world):
    arn = world.profile(source=system_arn(GEO), tags={"costCenter": "sales"})
    usage = world.converse(arn)["usage"]
    (row,) = world.rows()
    price = load().price(load().resolve(GEO), "us-east-1")
    assert row["metric_id"] == arn.rpartition("/")[2]
    assert (row["profile_arn"], row["requested"], row["model_id"]) == (arn, arn, GEO)
    assert (row["outcome"], row["tier"], row["tags"]) == ("ok", "default", {"costCenter": "sales"})
    assert (row["input_tokens"], row["output_tokens"]) == (usage["inputTokens"], usage["outputTokens"])
    booked = sum(Decimal(cost) for cost in row["costs"].values())
    assert booked == price.cost(Tokens(usage["inputTokens"], usage["outputTokens"])) > 0


def test_a_call_carries_the_tags_of_its_moment(world):
    arn = world.profile(tags={"costCenter": "sales"})
    world.converse(arn)
    world.bedrock("TagResource", resourceARN=arn, tags=[{"key": "costCenter", "value": "support"}])
    world.converse(arn)
    assert [row["tags"]["costCenter"] for row in world.rows()] == ["sales", "support"]


def test_tag_keys_are_known_to_billing_from_first_use_on(world):
    arn = world.profile(tags={"costCenter": "sales"})
    first = world.now.timestamp()
    world.converse(arn)
    world.later(hours=5)
    world.converse(arn)
    rows = [tuple(row) for row in world.store.db.execute("SELECT key, first_used, last_used, status FROM cost_tags")]
    assert rows == [("costCenter", first, first + 5 * 3600, "Inactive")]


@pytest.mark.parametrize(
    ("model_id", "metric_id"),
    [
        (NOVA, NOVA),
        (model_arn(NOVA), NOVA),
        (f"us.{NOVA}", f"us.{NOVA}"),
        (system_arn(GEO), GEO),
        (f"global.{HAIKU}", f"global.{HAIKU}"),
    ],
)
def test_every_form_of_a_model_id_is_understood(world, model_id, metric_id):
    world.converse(model_id)
    assert world.rows()[0]["metric_id"] == metric_id


@pytest.mark.parametrize(
    "model_id",
    ["amazon.nothing-v1:0", f"eu.{HAIKU}", model_arn(NOVA, "us-west-2"), system_arn(GEO, account="999999999999")],
)
def test_an_unknown_or_foreign_model_id_is_refused_and_not_booked(world, model_id):
    error = world.refusal("bedrock-runtime", "Converse", modelId=model_id, messages=[user("hello")])
    assert (error.code, error.message) == ("ValidationException", "The provided model identifier is invalid.")
    assert world.rows() == []


def test_a_profile_must_be_named_by_its_arn_and_be_alive_and_here(world):
    arn = world.profile()
    asked = {"messages": [user("hello")]}
    bare = world.refusal("bedrock-runtime", "Converse", modelId=arn.rpartition("/")[2], **asked)
    elsewhere = world.refusal("bedrock-runtime", "Converse", "us-west-2", modelId=arn, **asked)
    assert bare.code == elsewhere.code == "ValidationException"
    world.bedrock("DeleteInferenceProfile", inferenceProfileIdentifier=arn)
    assert world.refusal("bedrock-runtime", "Converse", modelId=arn, **asked).code == "ResourceNotFoundException"


def test_a_model_that_only_profiles_reach_fails_when_called_not_when_copied(world):
    arn = world.profile(source=model_arn(HAIKU))
    error = world.refusal("bedrock-runtime", "Converse", modelId=arn, messages=[user("hello")])
    assert error.code == "ValidationException"
    assert "with on-demand throughput isn\N{RIGHT SINGLE QUOTATION MARK}t supported" in error.message
    assert [row["outcome"] for row in world.rows()] == ["client-error"]


def test_a_model_past_its_end_of_life_is_gone(world):
    error = world.refusal("bedrock-runtime", "Converse", modelId=f"us.{DEAD}", messages=[user("hello")])
    assert (error.code, error.status) == ("ResourceNotFoundException", 404)


@pytest.mark.parametrize("model_id", [f"us.{HAIKU}", NOVA, model_arn(HAIKU)])
def test_only_bare_ids_of_models_that_can_count_are_counted(world, model_id):
    asked = {"input": {"converse": {"messages": [user("hello")]}}}
    error = world.refusal("bedrock-runtime", "CountTokens", modelId=model_id, **asked)
    assert error.message == "The provided model doesn't support counting tokens."


def test_counting_is_free(world):
    world.call("bedrock-runtime", "CountTokens", modelId=HAIKU, input={"converse": {"messages": [user("hello")]}})
    assert world.rows() == []


def test_a_request_quota_throttles_all_profiles_of_a_model_for_a_minute(world):
    one, two = world.profile("one"), world.profile("two")
    world.setting(f"rpm:{NOVA}", "2")
    world.converse(one)
    world.converse(two)
    world.later(seconds=30)
    for _ in range(3):
        error = world.refusal("bedrock-runtime", "Converse", modelId=one, messages=[user("hello")])
        assert (error.code, error.status) == ("ThrottlingException", 429)
    world.converse(GEO)
    world.later(seconds=30)
    world.converse(one)
    assert [row["outcome"] for row in world.rows()] == ["ok", "ok", *["throttled"] * 3, "ok", "ok"]


def test_a_quota_on_a_base_id_holds_for_all_its_geographies_together(world):
    world.setting(f"rpm:{HAIKU}", "2")
    world.converse(GEO)
    world.converse(f"global.{HAIKU}")
    error = world.refusal("bedrock-runtime", "Converse", modelId=GEO, messages=[user("hello")])
    assert error.code == "ThrottlingException"


def test_a_token_quota_reserves_what_the_answer_may_take(world):
    world.setting(f"tpm:{NOVA}", "300")
    world.converse(inferenceConfig={"maxTokens": 100})
    asked = {"modelId": NOVA, "messages": [user("hello")]}
    error = world.refusal("bedrock-runtime", "Converse", **asked, inferenceConfig={"maxTokens": 290})
    assert error.code == "ThrottlingException"
    world.converse(inferenceConfig={"maxTokens": 100})


def test_an_output_token_of_a_newer_claude_burns_five(world):
    usage = world.converse(GEO, inferenceConfig={"maxTokens": 20})["usage"]
    burnt = usage["inputTokens"] + 5 * usage["outputTokens"]
    limit = {"inferenceConfig": {"maxTokens": 20}}
    world.setting(f"tpm:{GEO}", str(burnt + usage["inputTokens"] + 19))
    assert world.refusal("bedrock-runtime", "Converse", modelId=GEO, messages=[user("How much did we spend?")], **limit)
    world.setting(f"tpm:{GEO}", str(burnt + usage["inputTokens"] + 20))
    world.converse(GEO, **limit)


def test_the_tier_that_served_is_booked_and_a_tier_without_a_price_refused(world):
    assert world.converse(serviceTier={"type": "reserved"})["serviceTier"] == {"type": "default"}
    assert world.converse("amazon.nova-pro-v1:0", serviceTier={"type": "flex"})["serviceTier"] == {"type": "flex"}
    asked = {"messages": [user("hello")], "serviceTier": {"type": "flex"}}
    assert world.refusal("bedrock-runtime", "Converse", modelId=GEO, **asked).code == "ValidationException"
    assert [row["tier"] for row in world.rows()] == ["default", "flex", "default"]


def test_no_prompt_is_kept_anywhere(world):
    secret = "confidential-figures " * 600
    world.converse(GEO, system=[{"text": secret}, {"cachePoint": {"type": "default"}}])
    world.store.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert b"confidential" not in world.store.path.read_bytes()
