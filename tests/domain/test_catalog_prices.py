"""Prices: known figures, the row that speaks for a call, and the arithmetic of a cost."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costsentry_cli.domain.catalog import KINDS, LongContext, ModelRef, Price, Rates, Tokens, load, parse

CATALOG = load()
HAIKU = "anthropic.claude-haiku-4-5-20251001-v1:0"
SONNET = "anthropic.claude-sonnet-4-5-20250929-v1:0"
MILLION = Decimal(10**6)


def price(reference: str, region: str = "us-east-1", tier: str = "default") -> Price:
    found = maybe_price(reference, region, tier)
    assert found is not None, reference
    return found


def maybe_price(reference: str, region: str = "us-east-1", tier: str = "default") -> Price | None:
    ref = CATALOG.resolve(reference)
    assert ref is not None, reference
    return CATALOG.price(ref, region, tier)


def per_million(found: Price) -> list[Decimal | None]:
    rates = (getattr(found, kind) for kind in KINDS)
    return [None if rate is None else rate * MILLION for rate in rates]


@pytest.mark.parametrize(
    ("reference", "usd_per_million"),
    [
        ("amazon.nova-micro-v1:0", ".035 .14 .00875"),
        ("amazon.nova-lite-v1:0", ".06 .24 .015"),
        ("us.amazon.nova-lite-v1:0", ".06 .24 .015"),
        ("eu.amazon.nova-lite-v1:0", ".078 .312 .0195"),
        ("amazon.nova-pro-v1:0", ".8 3.2 .2"),
        (f"global.{HAIKU}", "1 5 .1 1.25 2"),
        (f"us.{HAIKU}", "1.1 5.5 .11 1.375 2.2"),
        (f"eu.{HAIKU}", "1.1 5.5 .11 1.375 2.2"),
        (f"global.{SONNET}", "3 15 .3 3.75 6"),
        (f"us.{SONNET}", "3.3 16.5 .33 4.125 6.6"),
        ("global.anthropic.claude-sonnet-5-5", "2 10 .1 2.5 4"),
        ("global.anthropic.claude-opus-5-5", "4 20 .2 5 8"),
        ("openai.gpt-oss-20b-1:0", ".07 .30"),
    ],
)
def test_list_prices_are_the_published_ones(reference: str, usd_per_million: str) -> None:
    expected = [Decimal(text) for text in usd_per_million.split()]
    assert per_million(price(reference)) == expected + [None] * (5 - len(expected))


def test_a_geography_costs_a_tenth_more_than_global() -> None:
    for name in (HAIKU, SONNET, "anthropic.claude-opus-5-5", "openai.gpt-6-sol", "moonshotai.kimi-k3"):
        assert price(f"us.{name}").input == price(f"global.{name}").input * Decimal("1.1")
        assert price(f"us.{name}").output == price(f"global.{name}").output * Decimal("1.1")


@pytest.mark.parametrize(
    ("reference", "region", "speaks"),
    [
        ("amazon.nova-lite-v1:0", "us-east-1", "us"),
        ("amazon.nova-lite-v1:0", "eu-west-1", "eu"),
        ("amazon.nova-lite-v1:0", "us-gov-west-1", "us-gov-west-1"),
        ("amazon.nova-lite-v1:0", "eu-west-2", ""),
        ("arn:aws:bedrock:eu-west-1::foundation-model/amazon.nova-lite-v1:0", "us-east-1", "eu"),
        ("meta.llama3-70b-instruct-v1:0", "sa-east-1", "sa-east-1"),
        ("meta.llama3-70b-instruct-v1:0", "eu-west-3", ""),
        ("us.amazon.nova-lite-v1:0", "us-west-2", "us"),
        ("eu.deepseek.v3.2", "eu-north-1", "eu"),
        ("deepseek.v3.2", "eu-north-1", "eu-north-1"),
        ("amazon.nova-2-lite-v1:0", "ap-northeast-1", "jp"),
        (f"global.{HAIKU}", "eu-west-1", "global"),
        ("deepseek.v3.2", "eu-west-1", "eu"),
    ],
)
def test_the_most_specific_row_speaks(reference: str, region: str, speaks: str) -> None:
    assert price(reference, region).region_class == speaks


def test_a_bare_id_of_a_profile_only_model_costs_what_its_geography_costs() -> None:
    assert price(HAIKU, "eu-west-1").region_class == "eu"
    assert price(HAIKU, "sa-east-1").input == price(f"us.{HAIKU}").input


def test_a_geography_without_a_row_costs_what_all_others_agree_on() -> None:
    assert per_million(price(f"ca.{HAIKU}", "ca-central-1")) == per_million(price(f"us.{HAIKU}"))


FILE = Path(__file__).parents[2] / "src" / "costsentry_cli" / "data" / "models.json"


@pytest.mark.parametrize(
    ("rows", "geo", "region", "input_price"),
    [
        ({"": 1}, "us", "us-east-1", 1),
        ({"": 1, "global": 9}, "us", "us-east-1", 1),
        ({"": 1, "eu": 2}, "us", "us-east-1", 2),
        ({"": 1, "eu": 2, "jp": 3}, "us", "us-east-1", None),
        ({"": 1, "eu": 2, "jp": 3}, "", "us-east-1", 1),
        ({"": 1, "us-east-1": 4}, "us", "us-east-1", 4),
        ({"us": 2, "us-east-1": 4}, "us", "us-east-1", 2),
        ({"us": 2, "us-east-1": 4}, "", "us-east-1", 4),
        ({"": 1, "us": 2}, "global", "us-east-1", 1),
        ({"us": 2}, "global", "us-east-1", None),
        ({"": 1, "us": 2}, "us-gov", "us-gov-east-1", None),
        ({"": 1, "us": 2}, "us-gov", "us-east-1", None),
        ({"": 1, "us": 2}, "", "us-gov-east-1", None),
        ({"": 1, "us-gov": 5}, "", "us-gov-east-1", 5),
        ({"": 1, "us-gov": 5}, "us", "us-east-1", 1),
    ],
)
def test_a_row_speaks_only_where_it_can(rows: dict[str, int], geo: str, region: str, input_price: int | None) -> None:
    """Rows by region class; the price of a call through ``geo`` made in ``region``."""
    document = json.loads(FILE.read_text(encoding="utf-8"))
    row = {"model": HAIKU, "tier": "default", "output": "1", "source": "test", "date": "2026-01-01"}
    document["prices"] = [row | {"region_class": c, "input": str(n)} for c, n in rows.items()]
    catalog = parse(json.dumps(document))
    found = catalog.price(ModelRef(catalog.resolve(HAIKU).model, geo), region)
    assert (found and found.input * MILLION) == input_price


@pytest.mark.parametrize(
    ("reference", "region", "tier"),
    [
        ("anthropic.claude-3-haiku-20240307-v1:0", "us-east-1", "default"),
        (f"us.{HAIKU}", "us-east-1", "flex"),
        (f"us.{HAIKU}", "us-east-1", "reserved"),
        ("deepseek.v3.2", "us-gov-west-1", "default"),
        ("us-gov.xai.grok-4.6", "us-gov-east-1", "batch"),
    ],
)
def test_an_unknown_price_is_nothing_and_not_zero(reference: str, region: str, tier: str) -> None:
    assert maybe_price(reference, region, tier) is None


@pytest.mark.parametrize(
    ("tier", "usd_per_million"),
    [("default", ".33 2.75 .0825"), ("flex", ".165 1.375 .04125"), ("priority", ".5775 4.8125 .144375")],
)
def test_a_service_tier_has_its_own_price(tier: str, usd_per_million: str) -> None:
    expected = [Decimal(text) for text in usd_per_million.split()]
    assert per_million(price("us.amazon.nova-2-lite-v1:0", tier=tier))[:3] == expected


def test_batch_costs_half() -> None:
    assert price(f"us.{HAIKU}", tier="batch").output * 2 == price(f"us.{HAIKU}").output


def test_all_five_kinds_are_billed() -> None:
    usage = Tokens(input=1000, output=200, cache_read=300, cache_write_5m=40, cache_write_1h=5)
    expected = Decimal("0.001100") + Decimal("0.0011") + Decimal("0.000033") + Decimal("0.000055") + Decimal("0.000011")
    assert price(f"us.{HAIKU}").cost(usage) == expected


def test_costs_are_told_by_kind_and_add_up() -> None:
    usage = Tokens(input=1000, output=200, cache_read=300)
    costs = price(f"us.{HAIKU}").costs(usage)
    assert costs is not None
    assert list(costs) == ["input", "output", "cache_read"]
    assert sum(costs.values()) == price(f"us.{HAIKU}").cost(usage)


def test_no_tokens_cost_nothing() -> None:
    assert price(f"us.{HAIKU}").cost(Tokens()) == 0


def test_a_kind_without_a_price_makes_the_cost_unknown() -> None:
    lite = price("amazon.nova-lite-v1:0")
    assert lite.cost(Tokens(input=10, cache_write_5m=1)) is None
    assert lite.costs(Tokens(cache_write_1h=1)) is None
    assert lite.cost(Tokens(input=10)) is not None


def test_a_long_context_is_billed_whole_at_its_own_rates() -> None:
    sonnet = price(f"us.{SONNET}")
    assert sonnet.cost(Tokens(input=200_000, output=10)) == Decimal("0.66") + Decimal("0.000165")
    assert sonnet.cost(Tokens(input=200_001, output=10)) == Decimal("1.3200066") + Decimal("0.0002475")


@pytest.mark.parametrize("kind", ["input", "cache_read", "cache_write_5m", "cache_write_1h"])
def test_cached_tokens_count_towards_the_long_context(kind: str) -> None:
    sonnet = price(f"us.{SONNET}")
    step = sonnet.long_context[0].rates
    assert sonnet.cost(Tokens(**{kind: 200_001})) == getattr(step, kind) * 200_001
    assert sonnet.cost(Tokens(**{kind: 200_000})) == getattr(sonnet, kind) * 200_000


def test_output_does_not_count_towards_the_long_context() -> None:
    sonnet = price(f"us.{SONNET}")
    assert sonnet.cost(Tokens(output=300_000)) == sonnet.output * 300_000


def test_the_highest_step_below_the_context_holds() -> None:
    one, two = Rates(Decimal(2), Decimal(2)), Rates(Decimal(3), Decimal(3))
    stepped = Price(
        *(Decimal(1), Decimal(1), None, None, None),
        tier="default",
        region_class="",
        source="test",
        as_of=date(2026, 1, 1),
        long_context=(LongContext(200, two), LongContext(100, one)),
    )
    assert [stepped.cost(Tokens(input=n)) for n in (100, 101, 200, 201)] == [100, 202, 400, 603]


def test_a_step_without_a_cache_price_makes_the_cost_unknown() -> None:
    step = LongContext(100, Rates(Decimal(2), Decimal(2)))
    base = [Decimal(1)] * 5
    stepped = Price(*base, "default", "", "test", date(2026, 1, 1), (step,))
    assert stepped.cost(Tokens(input=100)) == 100
    assert stepped.cost(Tokens(input=100, cache_read=1)) is None


counts = st.integers(min_value=0, max_value=15_000)
usages = st.builds(Tokens, counts, counts, counts, counts, counts)
priced = [
    found
    for model in CATALOG.models
    for geo in ("", *model.geos)
    for tier in ("default", "flex", "priority", "batch")
    if (ref := CATALOG.resolve(f"{geo}.{model.id}" if geo else model.id))
    and (found := CATALOG.price(ref, "us-east-1", tier))
]
prices = st.sampled_from(priced)


@given(prices, usages, usages)
def test_the_cost_of_two_calls_is_the_sum_of_their_costs(found: Price, one: Tokens, other: Tokens) -> None:
    costs = [found.cost(usage) for usage in (one, other, one + other)]
    if None in costs[:2]:
        assert costs[2] is None
    else:
        assert costs[0] + costs[1] == costs[2]


@given(prices, usages, st.integers(min_value=0, max_value=2))
def test_the_cost_is_proportional_below_the_long_context(found: Price, usage: Tokens, times: int) -> None:
    multiple = Tokens(*(getattr(usage, kind) * times for kind in KINDS))
    if (cost := found.cost(usage)) is not None:
        assert found.cost(multiple) == cost * times


@given(prices, usages.map(lambda u: Tokens(*(getattr(u, kind) * 100 for kind in KINDS))))
def test_a_cost_is_never_negative_and_only_no_tokens_are_free(found: Price, usage: Tokens) -> None:
    cost = found.cost(usage)
    assert cost is None or cost > 0 or (cost == 0 and usage == Tokens())


@given(prices, usages, st.sampled_from(KINDS))
def test_one_more_token_never_makes_a_call_cheaper(found: Price, usage: Tokens, kind: str) -> None:
    costs = [found.cost(usage), found.cost(usage + Tokens(**{kind: 1}))]
    assert None in costs or costs[0] < costs[1]


@given(usages, usages)
def test_adding_usage_adds_each_kind(one: Tokens, other: Tokens) -> None:
    assert (one + other).context == one.context + other.context
    assert (one + other).output == one.output + other.output
    assert one + Tokens() == one
