"""What models refuse, in AWS's words."""

from __future__ import annotations

import pytest
from sandbox_runtime_world import HAIKU, NOVA, OPUS, World, assistant, user

GEO_HAIKU, GEO_OPUS = f"us.{HAIKU}", f"us.{OPUS}"
MISTRAL = "mistral.mistral-7b-instruct-v0:2"
JAMBA = "ai21.jamba-1-5-large-v1:0"
MID = "us.anthropic.claude-haiku-5-5"
POINT = {"cachePoint": {"type": "default"}}


def own(**fields):
    return {"additionalModelRequestFields": fields}


def config(**fields):
    return {"inferenceConfig": fields}


@pytest.fixture
def world(tmp_path):
    return World(tmp_path / "sandbox.db")


REFUSED = {
    "no message": (NOVA, {"messages": []}, "must start with a user message"),
    "assistant first": (NOVA, {"messages": [assistant("a")]}, "must start with a user message"),
    "two users": (NOVA, {"messages": [user("a"), user("b")]}, "must alternate between user and assistant roles"),
    "empty content": (NOVA, {"messages": [{"role": "user", "content": []}]}, "messages.0 is empty"),
    "blank text": (NOVA, {"messages": [user(" \n")]}, "messages.0.content.0 is blank"),
    "blank system": (NOVA, {"system": [{"text": " "}]}, "system.0 is blank"),
    "no system": (MISTRAL, {"system": [{"text": "a"}]}, "This model doesn't support system messages."),
    "no prefill": (GEO_OPUS, {"messages": [user("a"), assistant("b")]}, "does not support assistant message prefill."),
    "prefill space": (GEO_HAIKU, {"messages": [user("a"), assistant("b ")]}, "cannot end with trailing whitespace"),
    "system turn": (
        GEO_HAIKU,
        {"messages": [user("a"), {"role": "system", "content": [{"text": "b"}]}, assistant("c"), user("d")]},
        'Unexpected role "system"',
    ),
    "two users round a system turn": (
        MID,
        {"messages": [user("a"), {"role": "system", "content": [{"text": "b"}]}, user("c")]},
        "must alternate",
    ),
    "both samplers": (GEO_HAIKU, config(temperature=0.5, topP=0.5), "`temperature` and `top_p` cannot both"),
    "both samplers, own": (GEO_HAIKU, config(temperature=0.5) | own(top_p=0.5), "`temperature` and `top_p` cannot"),
    "no temperature": (GEO_OPUS, config(temperature=0.5), "`temperature` is deprecated for this model."),
    "no top_p": (GEO_OPUS, config(topP=0.5), "`top_p` is deprecated for this model."),
    "no top_k": (GEO_OPUS, own(top_k=5), "`top_k` is deprecated for this model."),
    "nova top_k": (NOVA, own(top_k=5), "extraneous key [top_k] is not permitted"),
    "claude topK": (GEO_HAIKU, own(inferenceConfig={"topK": 5}), "extraneous key [inferenceConfig.topK]"),
    "too much output": (NOVA, config(maxTokens=10001), "exceeds the model limit of 10000."),
    "too much input": (JAMBA, {"messages": [user("! " * 256001)]}, "Input is too long for requested model."),
    "no caching": (JAMBA, {"system": [{"text": "a"}, POINT]}, "your request did not allow prompt caching"),
    "five points": (GEO_HAIKU, {"system": [{"text": "a"}, *[POINT] * 5]}, "Found 5."),
    "no hour": (NOVA, {"system": [{"text": "a"}, {"cachePoint": {"type": "default", "ttl": "1h"}}]}, "key [ttl]"),
    "hour later": (
        GEO_HAIKU,
        {"system": [{"text": "a"}, POINT, {"text": "b"}, {"cachePoint": {"type": "default", "ttl": "1h"}}]},
        "ttl='1h' cache_control block must not come after a ttl='5m'",
    ),
}

TAKEN = {
    "conversation": (NOVA, {"messages": [user("a"), assistant("b"), user("c")]}),
    "prefill": (GEO_HAIKU, {"messages": [user("a"), assistant("b")]}),
    "system turn": (
        MID,
        {"messages": [user("a"), {"role": "system", "content": [{"text": "b"}]}, assistant("c"), user("d")]},
    ),
    "one sampler": (GEO_HAIKU, config(temperature=0.5)),
    "the other sampler": (GEO_HAIKU, config(topP=0.5)),
    "both samplers": (NOVA, config(temperature=0.5, topP=0.5)),
    "claude top_k": (GEO_HAIKU, own(top_k=200)),
    "nova topK": (NOVA, own(inferenceConfig={"topK": 20})),
    "all the output": (NOVA, config(maxTokens=10000)),
    "hour first": (
        GEO_HAIKU,
        {"system": [{"text": "a"}, {"cachePoint": {"type": "default", "ttl": "1h"}}, {"text": "b"}, POINT]},
    ),
    "metadata": (NOVA, {"requestMetadata": {"costCenter": "sales"}}),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_a_model_refuses(world, case):
    model_id, params, words = REFUSED[case]
    error = world.refusal("bedrock-runtime", "Converse", modelId=model_id, **({"messages": [user("a")]} | params))
    assert words in error.message
    assert error.code == ("AccessDeniedException" if case == "no caching" else "ValidationException")
    assert [row["outcome"] for row in world.rows()] == ["client-error"]


@pytest.mark.parametrize("case", TAKEN)
def test_what_a_model_takes(world, case):
    model_id, params = TAKEN[case]
    assert world.converse(model_id, **params)["usage"]["outputTokens"] > 0
    assert [row["outcome"] for row in world.rows()] == ["ok"]


def test_counting_refuses_the_same_conversations(world):
    question = {"converse": {"messages": [user("a"), user("b")]}}
    error = world.refusal("bedrock-runtime", "CountTokens", modelId=HAIKU, input=question)
    assert "must alternate" in error.message


def test_a_body_that_is_no_messages_request_cannot_be_counted(world):
    for body in (b"no json", b"[]", b'{"messages": 3}', b'{"prompt": "x"}'):
        question = {"invokeModel": {"body": body}}
        assert "Malformed" in world.refusal("bedrock-runtime", "CountTokens", modelId=HAIKU, input=question).message
