"""What a call becomes on the bill."""

from __future__ import annotations

import dataclasses
from decimal import Decimal

import pytest
from sandbox_ce_world import HAIKU, NOVA, World, day

from costsentry_cli.domain.catalog import LongContext, Rates, Tokens, load
from costsentry_cli.sandbox.services import billing
from costsentry_cli.sandbox.services.ce_lines import line_items

MILLION = {"input": 1_000_000, "output": 1_000_000, "cache_read": 1_000_000}
GLOBAL = HAIKU.replace("us.", "global.", 1)


@pytest.fixture
def world(tmp_path):
    return World(tmp_path)


def rows(world):
    return world.store.db.execute("SELECT * FROM calls ORDER BY id").fetchall()


@pytest.mark.parametrize(
    ("model", "region", "tier", "usage_types"),
    [
        (
            NOVA,
            "us-east-1",
            "default",
            ["USE1-NovaLite-input-tokens", "USE1-NovaLite-output-tokens", "USE1-NovaLite-cache-read-input-token-count"],
        ),
        (
            "eu.amazon.nova-2-lite-v1:0",
            "eu-west-1",
            "flex",
            [
                "EUW1-Nova2.0Lite-input-tokens-flex",
                "EUW1-Nova2.0Lite-output-tokens-flex",
                "EUW1-Nova2.0Lite-cache-read-input-token-count-flex",
            ],
        ),
        (
            HAIKU,
            "us-west-2",
            "default",
            [
                "USW2-MP:USW2_InputTokenCount-Units",
                "USW2-MP:USW2_OutputTokenCount-Units",
                "USW2-MP:USW2_CacheReadInputTokenCount-Units",
            ],
        ),
        (
            GLOBAL,
            "eu-central-1",
            "default",
            [
                "EUC1-MP:EUC1_InputTokenCount_Global-Units",
                "EUC1-MP:EUC1_OutputTokenCount_Global-Units",
                "EUC1-MP:EUC1_CacheReadInputTokenCount_Global-Units",
            ],
        ),
        (
            "global.anthropic.claude-sonnet-5",
            "us-east-1",
            "default",
            [
                "USE1-MP:USE1_input_tokens_global_standard-Units",
                "USE1-MP:USE1_output_tokens_global_standard-Units",
                "USE1-MP:USE1_cache_read_tokens_global_standard-Units",
            ],
        ),
    ],
)
def test_usage_types_have_the_form_of_the_models_seller(world, model, region, tier, usage_types):
    world.call(day("2026-11-03"), model, region, tier=tier, **MILLION)
    lines = line_items(rows(world)[0])
    assert [line.meter.dimensions["USAGE_TYPE"] for line in lines] == usage_types
    assert {line.meter.dimensions["REGION"] for line in lines} == {region}


def test_first_party_usage_is_in_thousands_and_marketplace_usage_in_millions(world):
    world.call(day("2026-11-03"), NOVA, input=1_500)
    world.call(day("2026-11-03"), HAIKU, input=1_500)
    first, second = (line_items(row)[0] for row in rows(world))
    assert (first.quantity, first.meter.unit) == (Decimal("1.5"), "1K tokens")
    assert (second.quantity, second.meter.unit) == (Decimal("0.0015"), "Units")


def test_marketplace_models_are_billed_by_their_seller_under_their_own_service_name(world):
    world.call(day("2026-11-03"), HAIKU)
    world.call(day("2026-11-03"), NOVA)
    names = ("SERVICE", "BILLING_ENTITY", "LEGAL_ENTITY_NAME", "RECORD_TYPE")
    claude, nova = ([line_items(row)[0].meter.dimensions[name] for name in names] for row in rows(world))
    assert claude == ["Claude Haiku 4.5 (Amazon Bedrock Edition)", "AWS Marketplace", "Anthropic, PBC", "Usage"]
    assert nova == ["Amazon Bedrock", "AWS", "Amazon Web Services, Inc.", "Usage"]


def test_every_kind_of_token_is_a_line_of_its_own_at_its_own_price(world):
    world.call(day("2026-11-03"), HAIKU, input=10, output=20, cache_read=30, cache_write_5m=40, cache_write_1h=50)
    lines = line_items(rows(world)[0])
    per_million = [Decimal("1.1"), Decimal("5.5"), Decimal("0.11"), Decimal("1.375"), Decimal("2.2")]
    assert [line.cost for line in lines] == [
        n * p / 1_000_000 for n, p in zip((10, 20, 30, 40, 50), per_million, strict=True)
    ]
    assert [line.meter.attributes["inferenceType"] for line in lines] == [
        "Input tokens",
        "Output tokens",
        "Prompt cache read input tokens",
        "Prompt cache write input tokens",
        "Prompt cache write 1h input tokens",
    ]
    assert {line.meter.attributes["model"] for line in lines} == {"Claude Haiku 4.5"}
    assert {line.meter.attributes["provider"] for line in lines} == {"Anthropic"}


def test_a_streamed_call_is_another_operation(world):
    world.call(day("2026-11-03"), operation="ConverseStream")
    world.call(day("2026-11-03"), operation="Converse")
    operations = [line_items(row)[0].meter.dimensions["OPERATION"] for row in rows(world)]
    assert operations == ["InvokeModelStreamingInference", "InvokeModelInference"]


def test_a_call_without_tokens_is_not_on_the_bill(world):
    world.call(day("2026-11-03"), input=0)
    assert line_items(rows(world)[0]) == []


def test_a_model_outside_of_the_catalogue_shows_its_usage_without_a_cost(world):
    world.call(day("2026-11-03"), "acme.model-1", input=5_000)
    (line,) = line_items(rows(world)[0])
    assert (line.cost, line.quantity) == (Decimal(0), Decimal(5))
    assert line.meter.dimensions["SERVICE"] == "Amazon Bedrock"


def test_costs_add_up_to_the_catalogues_cost_and_are_plain_decimals():
    ref = load().resolve(HAIKU)
    tokens = Tokens(1, 2, 3, 4, 5)
    costs = billing.costs(ref, "us-east-1", tokens)
    assert sum(map(Decimal, costs.values())) == load().price(ref, "us-east-1").cost(tokens)
    assert not any("E" in cost for cost in costs.values())


def test_a_kind_without_a_price_is_absent_not_free():
    ref = load().resolve(NOVA)
    assert load().price(ref, "us-east-1").cache_write_1h is None
    assert set(billing.costs(ref, "us-east-1", Tokens(input=1, cache_write_1h=1))) == {"input"}


def test_a_long_prompt_is_charged_at_the_long_contexts_rates():
    price = dataclasses.replace(
        load().price(load().resolve(NOVA), "us-east-1"),
        long_context=(LongContext(200, Rates(Decimal(2), Decimal(3), Decimal(5))),),
    )
    assert billing.split(price, Tokens(150, 10, cache_read=50))["output"] == format(10 * price.output, "f")
    assert billing.split(price, Tokens(150, 10, cache_read=51)) == {"input": "300", "output": "30", "cache_read": "255"}
