"""The most a call can take, and the law that none takes more."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from costsentry_cli.domain.catalog import ModelRef, Tokens, load
from costsentry_cli.domain.metering.converse import converse_call, count_tokens_call
from costsentry_cli.domain.metering.worst_case import Actual, actual, input_bound, worst_case
from costsentry_cli.sandbox.services import runtime_prompt
from fakes import model_problems

CATALOG = load()
HAIKU = "anthropic.claude-haiku-4-5-20251001-v1:0"
SONNET = "anthropic.claude-sonnet-4-5-20250929-v1:0"
CACHE_POINT = {"cachePoint": {"type": "default"}}


def ref(id: str) -> ModelRef:
    found = CATALOG.resolve(id)
    assert found is not None, id
    return found


def params(*blocks: str | dict[str, Any], output: int = 100, **more: Any) -> dict[str, Any]:
    content = [{"text": block} if isinstance(block, str) else block for block in blocks]
    return {"messages": [{"role": "user", "content": content}], "inferenceConfig": {"maxTokens": output}, **more}


def test_a_counted_call_costs_at_most_its_count_and_its_whole_answer() -> None:
    worst = worst_case(params("Hi", output=500), ref(f"us.{HAIKU}"), "us-east-1", counted=1000)
    assert (worst.input_tokens, worst.output_tokens, worst.tokens, worst.requests) == (1000, 500, 1500, 1)
    assert worst.nano_usd == 1000 * 1_100 + 500 * 5_500
    assert worst.how == "counted"
    price = CATALOG.price(ref(f"us.{HAIKU}"), "us-east-1")
    assert price is not None
    assert (worst.source, worst.as_of) == (price.source, price.as_of)


def test_what_serves_the_call_sets_the_price() -> None:
    worldwide = worst_case(params("Hi"), ref(f"global.{HAIKU}"), "us-east-1", counted=10).nano_usd
    in_europe = worst_case(params("Hi"), ref(f"eu.{HAIKU}"), "us-east-1", counted=10).nano_usd
    assert (worldwide, in_europe) == (10 * 1_000 + 100 * 5_000, 10 * 1_100 + 100 * 5_500)
    lite = [worst_case(params("Hi"), ref("eu.amazon.nova-lite-v1:0"), "eu-west-1", counted=1000).nano_usd]
    assert lite == [1000 * 78 + 100 * 312]


def test_without_a_count_every_byte_is_a_token_and_templates_are_paid_for() -> None:
    request = params("äöü", "abc", system=[{"text": "€"}])
    worst = worst_case(request, ref(HAIKU), "us-east-1")
    assert worst.input_tokens == 6 + 3 + 3 + 4 * 16 + 256
    assert worst.how == "bounded"


def test_a_text_that_normalising_makes_longer_counts_at_its_longest() -> None:
    one_ligature, decomposed = "\ufdfa", "\u0958"
    empty = input_bound(params("a")) - 1
    assert input_bound(params(one_ligature)) - empty == 33
    assert input_bound(params(decomposed)) - empty == 6
    assert input_bound(params(decomposed + "\uff21" * 10)) - empty == 36


def test_tools_and_a_model_s_own_fields_count_too() -> None:
    tools = {"tools": [{"toolSpec": {"name": "ä"}}]}
    whole = input_bound(params("a", toolConfig=tools, additionalModelRequestFields={"top_k": 1}))
    written = len(json.dumps(tools, ensure_ascii=False).encode()) + len('{"top_k": 1}')
    assert whole == input_bound(params("a")) + written + 1024


def test_input_that_can_reach_the_long_context_price_is_held_at_it() -> None:
    below = worst_case(params("Hi"), ref(f"global.{SONNET}"), "us-east-1", counted=200_000).nano_usd
    above = worst_case(params("Hi"), ref(f"global.{SONNET}"), "us-east-1", counted=200_001).nano_usd
    assert below == 200_000 * 3_000 + 100 * 15_000
    assert above == 200_001 * 6_000 + 100 * 22_500


def test_a_cache_point_is_held_at_the_dearest_write_and_a_plain_call_is_not() -> None:
    plain = worst_case(params("Hi"), ref(f"global.{HAIKU}"), "us-east-1", counted=1000).nano_usd
    caching = worst_case(params("Hi", CACHE_POINT), ref(f"global.{HAIKU}"), "us-east-1", counted=1000).nano_usd
    assert (plain, caching) == (1000 * 1_000 + 500_000, 1000 * 2_000 + 500_000)
    in_system = params("Hi", system=[{"text": "a"}, CACHE_POINT])
    in_tools = params("Hi", toolConfig={"tools": [CACHE_POINT]})
    for request in (in_system, in_tools):
        assert worst_case(request, ref(f"global.{HAIKU}"), "us-east-1", counted=1000).nano_usd == caching


def test_a_model_that_caches_on_its_own_is_held_at_its_dearest_rate() -> None:
    gpt = ref("global.openai.gpt-6-astra")
    price = CATALOG.price(gpt, "us-east-1")
    assert price is not None
    assert price.cache_write_5m is not None
    assert price.cache_write_5m > price.input
    written = actual(Tokens(output=100, cache_write_5m=1000), gpt, "us-east-1").nano_usd
    assert worst_case(params("Hi"), gpt, "us-east-1", counted=1000).nano_usd == written


def test_a_cheaper_tier_is_held_at_the_default_one_and_a_dearer_one_at_its_own() -> None:
    nova = ref("us.amazon.nova-pro-v1:0")
    held = {
        tier: worst_case(params("Hi", serviceTier={"type": tier}), nova, "us-east-1", counted=1000).nano_usd or 0
        for tier in ("default", "flex", "priority", "reserved")
    }
    assert held["flex"] == held["default"] == held["reserved"] < held["priority"]


@pytest.mark.parametrize(
    ("id", "more"),
    [
        (None, {}),
        (f"us.{HAIKU}", {"serviceTier": {"type": "flex"}}),
        (f"us.{HAIKU}", {"performanceConfig": {"latency": "optimized"}}),
        ("amazon.nova-lite-v1:0", {"system": [CACHE_POINT]}),
    ],
)
def test_an_unknown_price_is_none_and_never_nothing(id: str | None, more: dict[str, Any]) -> None:
    worst = worst_case(params("Hi", **more), ref(id) if id else None, "us-east-1", counted=10)
    assert (worst.nano_usd, worst.source, worst.as_of, worst.tokens) == (None, "", None, 110)


def test_what_has_no_bound_is_refused() -> None:
    with pytest.raises(ValueError, match="without maxTokens"):
        worst_case({"messages": []}, ref(HAIKU), "us-east-1")
    with pytest.raises(ValueError, match="image"):
        worst_case(params({"image": {"format": "png", "source": {"bytes": b""}}}), ref(HAIKU), "us-east-1")


def test_what_a_call_took_is_everything_read_and_money_is_rounded_up_once() -> None:
    tokens = Tokens(1, 2, 4, 8, 16)
    assert actual(tokens, ref(f"global.{HAIKU}"), "us-east-1") == Actual(
        input_tokens=29, output_tokens=2, nano_usd=1_000 + 10_000 + 400 + 10_000 + 32_000
    )
    odd = actual(Tokens(cache_read=3), ref("amazon.nova-micro-v1:0"), "us-east-1")
    assert odd.nano_usd == 27  # 3 x 8.75
    assert actual(tokens, None, "us-east-1").nano_usd is None
    assert actual(tokens, ref(f"us.{HAIKU}"), "us-east-1", "reserved").nano_usd is not None


def test_tokens_are_counted_by_the_base_id_where_aws_counts() -> None:
    request = params("Hi", requestMetadata={"a": "b"}, system=[{"text": "s"}])
    call = count_tokens_call(request, ref(f"us.{HAIKU}"), "us-east-1")
    assert call is not None
    assert (call.operation, call.params["modelId"], call.paid) == ("CountTokens", HAIKU, False)
    assert call.params["input"] == {"converse": {"messages": request["messages"], "system": request["system"]}}
    assert model_problems(call) == []
    assert count_tokens_call(request, ref("us.amazon.nova-lite-v1:0"), "us-east-1") is None
    assert count_tokens_call(request, None, "us-east-1") is None
    paid = converse_call(request, f"us.{HAIKU}", "us-east-1")
    assert (paid.paid, paid.region, model_problems(paid)) == (True, "us-east-1", [])


REFS = [ModelRef(model, geo) for model in CATALOG.models for geo in ("", *model.geos)]
REGIONS = ["us-east-1", "eu-central-1", "ap-northeast-1", "us-gov-west-1", "sa-east-1", "xx-none-1"]
COUNTS = st.integers(0, 400_000) | st.sampled_from([99_999, 100_000, 100_001, 200_000, 200_001, 272_001])


@st.composite
def splits(draw: st.DrawFn) -> tuple[int, Tokens, bool]:
    """A bound on the input, and a usage within it: how the tokens were read, and whether a cache point asked for it."""
    bound = draw(COUNTS)
    cuts = sorted(draw(st.lists(st.integers(0, bound), min_size=4, max_size=4)))
    kinds = [cuts[0], *(late - early for early, late in pairwise(cuts))]
    return bound, Tokens(kinds[0], draw(st.integers(0, 200_000)), *kinds[1:]), draw(st.booleans())


@settings(max_examples=1_000, deadline=None)
@given(
    st.sampled_from(REFS),
    st.sampled_from(REGIONS),
    splits(),
    st.sampled_from(["default", "flex", "priority", "reserved"]),
    st.booleans(),
)
@example(ref(f"us.{SONNET}"), "us-east-1", (300_000, Tokens(1, 1, 1, 1, 299_997), True), "default", False)
def test_no_call_takes_more_than_its_worst_case(
    found: ModelRef, region: str, usage: tuple[int, Tokens, bool], tier: str, served_as_asked: bool
) -> None:
    bound, tokens, cached = usage
    blocks: list[str | dict[str, Any]] = ["Hi", CACHE_POINT] if cached else ["Hi"]
    if not cached and found.model.provider == "Anthropic":
        tokens = Tokens(tokens.context, tokens.output)
    request = params(*blocks, output=max(1, tokens.output), serviceTier={"type": tier})
    worst = worst_case(request, found, region, counted=bound)
    took = actual(tokens, found, region, tier if served_as_asked else "default")
    assert took.input_tokens <= worst.input_tokens
    assert took.output_tokens <= worst.output_tokens
    assert took.tokens <= worst.tokens
    assert took.requests <= worst.requests
    assume(worst.nano_usd is not None)
    assert worst.nano_usd is not None
    assert took.nano_usd is None or took.nano_usd <= worst.nano_usd


@settings(max_examples=200, deadline=None)
@given(st.lists(st.text(min_size=1, max_size=40), min_size=1, max_size=5), st.lists(st.text(min_size=1), max_size=3))
def test_the_bound_is_never_below_what_a_tokenizer_counts(texts: list[str], system: list[str]) -> None:
    request = params(*texts, system=[{"text": text} for text in system])
    assert runtime_prompt.count(request) <= input_bound(request)
    units = sum(len(text.encode()) for text in (*texts, *system))
    assert units < input_bound(request)
