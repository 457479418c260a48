"""Requests fitted to models: what is changed, what is said, and that AWS takes what comes out."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from costsentry_cli.domain.catalog import Model, load
from costsentry_cli.domain.errors import SentryError
from costsentry_cli.domain.metering.converse import converse_call, count_tokens_call
from costsentry_cli.domain.metering.fitting import DEFAULT_MAX_TOKENS, Fitted, fitted
from costsentry_cli.domain.metering.request import Message, Parameters, Request, Role
from costsentry_cli.sandbox.services import runtime_rules
from fakes import model_problems

HAIKU = "anthropic.claude-haiku-4-5-20251001-v1:0"  # temperature or top_p; continues; counts
OPUS = "anthropic.claude-opus-5"  # no sampling; no continuing; system messages between others
LITE = "amazon.nova-lite-v1:0"  # all sampling, top_k in a place of its own
GPT = "openai.gpt-oss-20b-1:0"  # no top_k; no continuing
MISTRAL = "mistral.mistral-7b-instruct-v0:2"  # no system prompt
ALL = Parameters(500, Decimal("0.7"), Decimal("0.9"), 250)
ARTICLE = Request(
    "haiku",
    (
        Message("system", "Be brief."),
        Message("user", "What is S3?"),
        Message("assistant", "You are a helpful AWS expert."),
    ),
    ALL,
    {"applicationId": "docs", "costCenter": "support"},
)


def model(id: str) -> Model:
    found = load().resolve(id)
    assert found is not None, id
    return found.model


def said(*turns: str, parameters: Parameters = ALL) -> Request:
    """``u: text`` is the user's, ``a:`` the assistant's, ``s:`` a system message."""
    roles: dict[str, Role] = {"u": "user", "a": "assistant", "s": "system"}
    return Request("m", tuple(Message(roles[turn[0]], turn[3:]) for turn in turns), parameters)


def shape(found: Fitted) -> tuple[list[str], list[str]]:
    """The system prompt, and the messages as ``u: one|two``."""
    params = found.params
    messages = [
        f"{each['role'][0]}: {'|'.join(block['text'] for block in each['content'])}" for each in params["messages"]
    ]
    return [block["text"] for block in params.get("system", ())], messages


def test_the_article_s_example_runs_on_a_model_that_continues_the_assistant() -> None:
    found = fitted(ARTICLE, model(HAIKU))
    assert found.params == {
        "system": [{"text": "Be brief."}],
        "messages": [
            {"role": "user", "content": [{"text": "What is S3?"}]},
            {"role": "assistant", "content": [{"text": "You are a helpful AWS expert."}]},
        ],
        "inferenceConfig": {"maxTokens": 500, "temperature": 0.7},
        "additionalModelRequestFields": {"top_k": 250},
        "requestMetadata": {"applicationId": "docs", "costCenter": "support"},
    }
    assert found.adjustments == ("top_p is left out: Claude Haiku 4.5 takes temperature or top_p, not both",)
    assert "--assistant-as-system" in found.notes[0]


def test_the_article_s_example_runs_on_a_model_that_takes_hardly_any_of_it_and_all_is_said() -> None:
    found = fitted(ARTICLE, model(OPUS))
    assert shape(found) == (["Be brief.", "You are a helpful AWS expert."], ["u: What is S3?"])
    assert found.params["inferenceConfig"] == {"maxTokens": 500}
    assert "additionalModelRequestFields" not in found.params
    assert found.adjustments == (
        "Claude Opus 5 does not continue an assistant message at the end: it is sent as part of the system prompt",
        "temperature, top_p and top_k are left out: Claude Opus 5 takes no sampling parameters",
    )


def test_strict_refuses_with_everything_that_would_be_changed() -> None:
    with pytest.raises(SentryError) as caught:
        fitted(ARTICLE, model(OPUS), strict=True)
    assert caught.value.details == fitted(ARTICLE, model(OPUS)).adjustments
    plain = said("s: a", "u: b", parameters=Parameters(100, Decimal(1)))
    assert fitted(plain, model(HAIKU), strict=True) == fitted(plain, model(HAIKU))


def test_an_unknown_model_gets_everything_as_it_is_even_strictly() -> None:
    found = fitted(ARTICLE, None, strict=True)
    assert found.params["inferenceConfig"] == {"maxTokens": 500, "temperature": 0.7, "topP": 0.9}
    assert found.params["additionalModelRequestFields"] == {"top_k": 250}
    assert shape(found)[1][-1] == "a: You are a helpful AWS expert."
    assert found.notes[-1] == "the model is not in the catalogue: the parameters are sent as they are"


CONVERSATIONS = [
    (HAIKU, ["s: 1", "s: 2", "u: 3"], ["1", "2"], ["u: 3"], ""),
    (HAIKU, ["u: 1", "u: 2", "a: 3", "u: 4"], [], ["u: 1|2", "a: 3", "u: 4"], "a message follows another of the same"),
    (HAIKU, ["u: 1", "s: 2", "u: 3", "u: 4"], ["2"], ["u: 1|3|4"], "a system message between other messages is sent"),
    (HAIKU, ["u: 1", "s: 2", "a: 3", "s: 4", "u: 5"], ["2", "4"], ["u: 1", "a: 3", "u: 5"], "2 system messages"),
    (OPUS, ["u: 1", "s: 2", "a: 3", "u: 4", "s: 5"], [], ["u: 1", "s: 2", "a: 3", "u: 4", "s: 5"], ""),
    (OPUS, ["u: 1", "s: 2", "s: 3", "a: 4", "u: 5"], [], ["u: 1", "s: 2|3", "a: 4", "u: 5"], "another of the same"),
    (OPUS, ["u: 1", "s: 2", "u: 3"], ["2"], ["u: 1|3"], "a system message between"),
    (OPUS, ["u: 1", "a: 2", "s: 3", "u: 4"], ["3"], ["u: 1", "a: 2", "u: 4"], "a system message between"),
    (OPUS, ["u: 1", "a: 2", "s: 3"], ["2"], ["u: 1", "s: 3"], "does not continue an assistant message"),
    (HAIKU, ["u: 1", "a: 2 \n"], [], ["u: 1", "a: 2"], "white space at the end of the last assistant message"),
    (HAIKU, ["u: 1", "a: 2 ", "u: 3 "], [], ["u: 1", "a: 2 ", "u: 3 "], ""),
    (LITE, ["u: 1", "a: 2 \n"], [], ["u: 1", "a: 2 \n"], ""),
    (GPT, ["u: 1", "a: 2", "a: 3"], ["2", "3"], ["u: 1"], "gpt-oss-20b does not continue an assistant message"),
    (MISTRAL, ["s: 1", "u: 2", "a: 3", "u: 4"], [], ["u: 1|2", "a: 3", "u: 4"], "takes no system prompt"),
]


@pytest.mark.parametrize(("id", "turns", "system", "messages", "adjustment"), CONVERSATIONS)
def test_messages_are_arranged_as_the_model_takes_them(
    id: str, turns: list[str], system: list[str], messages: list[str], adjustment: str
) -> None:
    found = fitted(said(*turns, parameters=Parameters()), model(id))
    assert shape(found) == (system, messages)
    assert any(adjustment in each for each in found.adjustments) == bool(adjustment), found.adjustments


def test_an_assistant_message_at_the_end_goes_where_the_switch_says() -> None:
    request = said("u: 1", "a: 2", parameters=Parameters())
    asked = fitted(request, model(HAIKU), strict=True, assistant_as_system=True)
    assert shape(asked) == (["2"], ["u: 1"])
    with pytest.raises(SentryError, match="Claude Opus 5 does not continue an assistant message") as caught:
        fitted(request, model(OPUS), assistant_as_system=False)
    assert "--assistant-as-system" in caught.value.help
    assert shape(fitted(request, model(HAIKU), assistant_as_system=False)) == ([], ["u: 1", "a: 2"])


@pytest.mark.parametrize("turns", [["a: 1", "u: 2"], ["s: 1"], ["s: 1", "a: 2"], []])
def test_a_conversation_that_the_user_does_not_begin_is_refused(turns: list[str]) -> None:
    with pytest.raises(SentryError, match="does not begin with the user"):
        fitted(said(*turns), None)


PARAMETERS = [
    (LITE, {"maxTokens": 500, "temperature": 0.7, "topP": 0.9}, {"inferenceConfig": {"topK": 250}}, ""),
    (GPT, {"maxTokens": 500, "temperature": 0.7, "topP": 0.9}, None, "top_k is left out"),
    (MISTRAL, {"maxTokens": 500, "temperature": 0.7, "topP": 0.9}, {"top_k": 250}, ""),
]


@pytest.mark.parametrize(("id", "config", "additional", "adjustment"), PARAMETERS)
def test_parameters_go_where_the_model_wants_them(
    id: str, config: dict[str, Any], additional: dict[str, Any] | None, adjustment: str
) -> None:
    found = fitted(said("u: 1"), model(id))
    assert found.params["inferenceConfig"] == config
    assert found.params.get("additionalModelRequestFields") == additional
    assert adjustment in "".join(found.adjustments)


def test_max_tokens_is_lowered_to_what_the_model_answers_with_and_always_sent() -> None:
    found = fitted(said("u: 1", parameters=Parameters(64_001)), model(HAIKU))
    assert found.params["inferenceConfig"] == {"maxTokens": 64_000}
    assert found.adjustments == ("max_tokens is lowered from 64,001 to 64,000, the maximum of Claude Haiku 4.5",)
    plain = said("u: 1", parameters=Parameters())
    assert fitted(plain, model(HAIKU)).params["inferenceConfig"] == {"maxTokens": DEFAULT_MAX_TOKENS}
    small = replace(model(HAIKU), max_output=100)
    assert fitted(plain, small) == Fitted(fitted(plain, small).params)
    assert fitted(plain, small).params["inferenceConfig"] == {"maxTokens": 100}


def test_tags_become_request_metadata_and_what_it_does_not_take_is_replaced_there() -> None:
    tags = {"applicationId": "docs", "user": "José (é)"}
    found = fitted(replace(said("u: 1", parameters=Parameters()), tags=tags), None, metadata={"requestId": "r-1"})
    assert found.params["requestMetadata"] == {"requestId": "r-1", "applicationId": "docs", "user": "Jos_ ___"}
    assert found.adjustments == ("the tag user is 'Jos_ ___' in requestMetadata, which does not take é ( )",)
    assert "requestMetadata" not in fitted(said("u: 1"), None).params


def test_request_metadata_has_sixteen_entries_at_most_ours_first() -> None:
    tags = {f"t{number:02}": "x" for number in range(16)}
    found = fitted(replace(said("u: 1", parameters=Parameters()), tags=tags), None, metadata={"requestId": "r"})
    assert list(found.params["requestMetadata"]) == ["requestId", *list(tags)[:15]]
    assert found.adjustments == ("the tag 't15' is left out of requestMetadata: it has 16 entries at most",)


MODELS = st.sampled_from([None, *load().models])
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=6).filter(str.strip)
MESSAGES = st.lists(st.builds(Message, st.sampled_from(["user", "assistant", "system"]), TEXTS), max_size=8)
SHARES = st.none() | st.decimals(0, 1, places=3)
REQUESTS = st.builds(
    lambda before, first, after, parameters, tags: Request("m", (*before, first, *after), parameters, tags),
    st.lists(st.builds(Message, st.just("system"), TEXTS), max_size=2),
    st.builds(Message, st.just("user"), TEXTS),
    MESSAGES,
    st.builds(Parameters, st.none() | st.integers(1, 2**31 - 1), SHARES, SHARES, st.none() | st.integers(0, 500)),
    st.dictionaries(st.from_regex(r"[a-zA-Z0-9._:/=+@-]{1,20}", fullmatch=True), st.text(max_size=20), max_size=20),
)
SWITCHES = st.sampled_from([None, True])


def again(params: dict[str, Any]) -> Request:
    """The request that says what fitted parameters say."""
    messages = [Message("system", block["text"]) for block in params.get("system", ())]
    messages += [Message(each["role"], block["text"]) for each in params["messages"] for block in each["content"]]
    config, own = params["inferenceConfig"], params.get("additionalModelRequestFields", {})
    shares = [None if name not in config else Decimal(str(config[name])) for name in ("temperature", "topP")]
    top_k = next(iter(own.get("inferenceConfig", own).values()), None)
    return Request(
        "m", tuple(messages), Parameters(config["maxTokens"], *shares, top_k), params.get("requestMetadata", {})
    )


@settings(max_examples=250, deadline=None)
@given(REQUESTS, MODELS, SWITCHES)
def test_what_is_sent_is_what_aws_s_service_model_and_the_model_itself_take(
    request: Request, found: Model | None, switch: bool | None
) -> None:
    params = fitted(request, found, assistant_as_system=switch).params
    assert model_problems(converse_call(params, found.id if found else "some.model", "us-east-1")) == []
    if found is not None:
        runtime_rules.check(params, found)  # raises what AWS would answer
        ref = load().resolve(found.id)
        call = count_tokens_call(params, ref, "us-east-1")
        assert (call is not None) == found.capabilities.count_tokens
        assert call is None or model_problems(call) == []


@settings(max_examples=200, deadline=None)
@given(REQUESTS, MODELS, SWITCHES)
def test_what_is_fitted_fits(request: Request, found: Model | None, switch: bool | None) -> None:
    once = fitted(request, found, assistant_as_system=switch)
    twice = fitted(again(once.params), found)
    assert twice.params == once.params
    assert all("another of the same role" in each for each in twice.adjustments)


@settings(max_examples=200, deadline=None)
@given(REQUESTS, MODELS, SWITCHES)
def test_no_text_is_lost_or_overtaken(request: Request, found: Model | None, switch: bool | None) -> None:
    numbered = replace(
        request,
        messages=tuple(Message(each.role, f"{n} {each.text}".strip()) for n, each in enumerate(request.messages)),
    )
    params = fitted(numbered, found, assistant_as_system=switch).params
    system = [block["text"] for block in params.get("system", ())]
    turns = [block["text"] for each in params["messages"] for block in each["content"]]
    assert sorted(system + turns) == sorted(each.text for each in numbered.messages)
    if found is None or found.capabilities.system:
        for texts in (system, turns):
            assert texts == [each.text for each in numbered.messages if each.text in set(texts)]


@settings(max_examples=200, deadline=None)
@given(REQUESTS, MODELS)
def test_strict_refuses_exactly_what_would_be_changed(request: Request, found: Model | None) -> None:
    lenient = fitted(request, found)
    if not lenient.adjustments:
        assert fitted(request, found, strict=True) == lenient
        return
    with pytest.raises(SentryError) as caught:
        fitted(request, found, strict=True)
    assert caught.value.details == lenient.adjustments
