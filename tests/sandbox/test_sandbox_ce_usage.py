"""GetCostAndUsage: exact sums, complete ranges, faithful pages."""

from __future__ import annotations

import itertools
import tempfile
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sandbox_ce_world import DAY, HAIKU, NOVA, NOW, World, day

from costsentry_cli.domain.assumptions import COST_DATA_LAG
from costsentry_cli.domain.catalog import Tokens, load
from costsentry_cli.sandbox.contract import ServiceError

GROUPS = [
    {"Type": "TAG", "Key": "costCenter"},
    {"Type": "TAG", "Key": "neverActivated"},
    {"Type": "DIMENSION", "Key": "SERVICE"},
    {"Type": "DIMENSION", "Key": "USAGE_TYPE"},
    {"Type": "DIMENSION", "Key": "REGION"},
    {"Type": "DIMENSION", "Key": "OPERATION"},
    {"Type": "DIMENSION", "Key": "LINKED_ACCOUNT"},
    {"Type": "PRODUCT_ATTRIBUTE", "Key": "model"},
    {"Type": "COST_CATEGORY", "Key": "Team"},
]
MODELS = (NOVA, HAIKU, HAIKU.replace("us.", "global.", 1), "amazon.nova-micro-v1:0")


@pytest.fixture
def world(tmp_path):
    return World(tmp_path)


def busy(world):
    """A few weeks of calls of four models by two cost centers and nobody; answers what each costs by its tokens."""
    world.use_tag("costCenter", day("2026-10-01"))
    world.switch("costCenter", "Active", day("2026-10-20"))
    made = []
    tags = ({"costCenter": "sales"}, {"costCenter": "support"}, {})
    for number, (model, tag) in zip(range(60), itertools.cycle(itertools.product(MODELS, tags)), strict=False):
        at = day("2026-10-15") + number * timedelta(hours=7)
        tokens = Tokens(977 + number, 31 + 7 * number, cache_read=number % 5)
        region = ("us-east-1", "us-west-2")[number % 2]
        operation = ("Converse", "ConverseStream")[number % 3 == 0]
        used = {"input": tokens.input, "output": tokens.output, "cache_read": tokens.cache_read}
        world.call(at, model, region, operation, tag, **used)
        price = load().price(load().resolve(model), region)
        rates = (price.input, price.output, price.cache_read)
        cost = sum(
            count * rate for count, rate in zip((tokens.input, tokens.output, tokens.cache_read), rates, strict=True)
        )
        made.append((at, cost))
    return made


def test_the_bill_is_price_times_tokens_of_every_call(world):
    made = busy(world)
    expected: dict[tuple[str, ...], Decimal] = {}
    for at, cost in made:
        key = (at.date().isoformat(),)
        expected[key] = expected.get(key, Decimal(0)) + cost
    assert world.costs("2026-10-01", "2026-11-23") == expected


def test_the_months_are_the_sums_of_their_days(world):
    busy(world)
    days = world.costs("2026-10-01", "2026-11-23")
    months = world.costs("2026-10-01", "2026-11-23", Granularity="MONTHLY")
    for month in ("2026-10", "2026-11"):
        assert months.get((f"{month}-01",), 0) == sum(cost for (date,), cost in days.items() if date.startswith(month))


@pytest.fixture(scope="module")
def busy_world():
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder))
        busy(world)
        yield world


@settings(deadline=None, max_examples=60)
@given(
    groups=st.lists(st.sampled_from(GROUPS), min_size=1, max_size=2, unique_by=lambda group: group["Key"]),
    size=st.integers(1, 60),
    granularity=st.sampled_from(["DAILY", "MONTHLY"]),
)
def test_the_groups_of_a_period_add_up_to_its_total_at_any_page_size(busy_world, groups, size, granularity):
    busy_world.set("ce_page_size", str(size))
    totals = busy_world.costs("2026-10-20", "2026-11-10", Granularity=granularity)
    sums: dict[tuple[str, ...], Decimal] = {}
    for (start, *_), cost in busy_world.costs(
        "2026-10-20", "2026-11-10", Granularity=granularity, GroupBy=groups
    ).items():
        sums[(start,)] = sums.get((start,), Decimal(0)) + cost
    assert sums == totals != {}


def test_a_period_may_span_pages_and_every_group_comes_once(world):
    busy(world)
    grouping = [{"Type": "DIMENSION", "Key": "USAGE_TYPE"}]
    whole = world.costs("2026-10-15", "2026-10-25", GroupBy=grouping)
    world.set("ce_page_size", "2")
    results = world.usage("2026-10-15", "2026-10-25", GroupBy=grouping)
    starts = [result["TimePeriod"]["Start"] for result in results]
    assert len(starts) > len(set(starts))
    assert all(len(result["Groups"]) <= 2 for result in results)
    assert world.costs("2026-10-15", "2026-10-25", GroupBy=grouping) == whole


def test_every_period_of_the_range_is_there_even_when_nothing_was_used(world):
    ungrouped = world.usage("2026-11-01", "2026-11-04")
    assert [result["TimePeriod"] for result in ungrouped] == [
        {"Start": f"2026-11-0{n}", "End": f"2026-11-0{n + 1}"} for n in (1, 2, 3)
    ]
    assert {result["Total"]["UnblendedCost"]["Amount"] for result in ungrouped} == {"0"}
    grouped = world.usage("2026-11-01", "2026-11-04", GroupBy=GROUPS[:1])
    assert [(result["Total"], result["Groups"]) for result in grouped] == [({}, [])] * 3


def test_a_month_at_the_edge_is_cut_to_the_range(world):
    periods = [r["TimePeriod"] for r in world.usage("2026-09-15", "2026-11-05", Granularity="MONTHLY")]
    assert periods == [
        {"Start": "2026-09-15", "End": "2026-10-01"},
        {"Start": "2026-10-01", "End": "2026-11-01"},
        {"Start": "2026-11-01", "End": "2026-11-05"},
    ]


def test_usage_is_shown_when_it_is_as_old_as_the_lag(world):
    cost = world.call(NOW - COST_DATA_LAG + timedelta(seconds=1))
    assert world.costs("2026-11-20", "2026-11-24") == {}
    world.now += timedelta(seconds=1)
    assert world.costs("2026-11-20", "2026-11-24") == {("2026-11-22",): cost}


def test_the_current_month_and_the_last_two_days_are_estimates(world):
    world.now = day("2026-11-01")
    flags = {r["TimePeriod"]["Start"]: r["Estimated"] for r in world.usage("2026-10-28", "2026-11-02")}
    assert flags == {
        "2026-10-28": False,
        "2026-10-29": False,
        "2026-10-30": True,
        "2026-10-31": True,
        "2026-11-01": True,
    }
    world.now = day("2026-11-23")
    flags = {r["TimePeriod"]["Start"]: r["Estimated"] for r in world.usage("2026-10-31", "2026-11-02")}
    assert flags == {"2026-10-31": False, "2026-11-01": True}


def test_hours_are_answered_for_the_last_two_weeks(world):
    cost = world.call(day("2026-11-20", 13) + timedelta(minutes=59))
    found = world.costs("2026-11-20T12:00:00Z", "2026-11-20T15:00:00Z", Granularity="HOURLY")
    assert found == {("2026-11-20T13:00:00Z",): cost}


def test_all_seven_metrics_are_answered_and_the_five_costs_agree(world):
    world.call(day("2026-11-10"), input=1500)
    names = [
        "AmortizedCost", "BlendedCost", "NetAmortizedCost", "NetUnblendedCost", "UnblendedCost",
        "NormalizedUsageAmount", "UsageQuantity",
    ]  # fmt: skip
    (result,) = world.usage("2026-11-10", "2026-11-11", Metrics=names)
    assert list(result["Total"]) == names
    assert {str(result["Total"][name]) for name in names[:5]} == {str({"Amount": "0.00009", "Unit": "USD"})}
    assert result["Total"]["UsageQuantity"] == {"Amount": "1.5", "Unit": "1K tokens"}
    assert result["Total"]["NormalizedUsageAmount"] == {"Amount": "0", "Unit": "N/A"}


def test_unlike_units_are_added_up_without_a_unit(world):
    world.call(day("2026-11-10"), NOVA, input=1000)
    world.call(day("2026-11-10"), HAIKU, input=1000)
    (result,) = world.usage("2026-11-10", "2026-11-11", Metrics=["UsageQuantity"])
    assert result["Total"]["UsageQuantity"] == {"Amount": "1.001", "Unit": "N/A"}


def test_amounts_keep_every_digit_and_are_never_in_scientific_notation(world):
    world.call(day("2026-11-10"), "amazon.nova-micro-v1:0", input=0, cache_read=1)
    world.call(day("2026-11-11"), HAIKU, input=1_000_000, output=20_000_000 - 200_000)
    amounts = [r["Total"]["UnblendedCost"]["Amount"] for r in world.usage("2026-11-10", "2026-11-12")]
    assert amounts == ["0.00000000875", "110"]


def test_product_attributes_group_all_bedrock_spend_whoever_sells_it(world):
    nova, haiku = world.call(day("2026-11-10"), NOVA), world.call(day("2026-11-10"), HAIKU)
    grouping = [{"Type": "PRODUCT_ATTRIBUTE", "Key": "model"}]
    assert world.costs("2026-11-10", "2026-11-11", GroupBy=grouping) == {
        ("2026-11-10", "model$Claude Haiku 4.5"): haiku,
        ("2026-11-10", "model$Nova Lite"): nova,
    }


@pytest.mark.parametrize(
    "asked",
    [
        {"GroupBy": [{"Type": "PRODUCT_ATTRIBUTE", "Key": "model"}]},
        {"Filter": {"Not": {"Or": [{"ProductAttributes": {"Key": "model", "Values": ["x"]}}] * 2}}},
    ],
)
def test_product_attributes_are_unavailable_before_september_2026(world, asked):
    with pytest.raises(ServiceError) as caught:
        world.usage("2026-08-31", "2026-09-02", **asked)
    assert caught.value.code == "DataUnavailableException"
    assert world.usage("2026-09-01", "2026-09-02", **asked)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"start": "2026-11-02", "end": "2026-11-02"}, "Start date (and hour) should be before end date (and hour)"),
        ({"start": "2026-11-03", "end": "2026-11-02"}, "Start date (and hour) should be before end date (and hour)"),
        ({"end": "2026-12-02"}, "end date past the beginning of next month"),
        ({"start": "2026-11-24", "end": "2026-11-25"}, "start date is in the future"),
        ({"start": "2025-09-30"}, "You haven't enabled historical data beyond 14 months."),
        ({"start": "2026-02-30"}, "Start time 2026-02-30 is invalid. Valid format is: yyyy-MM-dd."),
        ({"end": "2026-11-02T00:00:00Z"}, "End time 2026-11-02T00:00:00Z is invalid. Valid format is: yyyy-MM-dd."),
        (
            {"start": "2026-11-20", "Granularity": "HOURLY"},
            "Start time 2026-11-20 is invalid. Valid format is: yyyy-MM-ddTHH:mm:ssZ.",
        ),
        (
            {"start": "2026-11-08T00:00:00Z", "end": "2026-11-10T00:00:00Z", "Granularity": "HOURLY"},
            "start date is too old for hourly, the max supported days for hourly granularity is 14 days",
        ),
        ({"Metrics": []}, "Metrics can not be empty"),
        ({"Metrics": ["Cost"]}, "Metric Cost is invalid."),
        ({"GroupBy": GROUPS[:3]}, "Only two values for GroupBy are allowed"),
        ({"GroupBy": [{"Type": "DIMENSION", "Key": "Service"}]}, "Group Definition dimension is invalid."),
        ({"GroupBy": [{"Key": "costCenter"}]}, "Group Definition type and key must not be empty."),
    ],
)
def test_what_aws_refuses_is_refused_in_its_words(world, asked, words):
    asked = dict(asked)
    start, end = asked.pop("start", "2026-11-01"), asked.pop("end", "2026-11-23")
    with pytest.raises(ServiceError) as caught:
        world.usage(start, end, **asked)
    assert caught.value.code == "ValidationException"
    assert caught.value.message.startswith(words)


def test_the_oldest_and_the_newest_day_of_the_history_are_answered(world):
    assert world.usage("2025-10-01", "2025-10-02")
    assert world.usage("2026-11-23", "2026-12-01")


def test_a_page_shows_what_the_first_one_showed_though_time_goes_on(world):
    world.set("ce_page_size", "1")
    world.call(day("2026-11-10"))
    world.call(NOW - COST_DATA_LAG + timedelta(hours=1))
    asked = {
        "TimePeriod": {"Start": "2026-11-10", "End": "2026-11-23"}, "Granularity": "MONTHLY",
        "Metrics": ["UsageQuantity"], "GroupBy": [{"Type": "DIMENSION", "Key": "USAGE_TYPE"}],
    }  # fmt: skip
    first = world.ask("GetCostAndUsage", **asked)
    world.now += DAY
    second = world.ask("GetCostAndUsage", **asked, NextPageToken=first["NextPageToken"])
    assert second["ResultsByTime"][0]["Groups"][0]["Metrics"]["UsageQuantity"]["Amount"] == "0.2"
    assert "NextPageToken" not in second


@pytest.mark.parametrize("token", ["", "!", "abcd", "WzFd", "bnVsbA==", "ü"])
def test_a_broken_page_token_is_refused(world, token):
    with pytest.raises(ServiceError) as caught:
        world.usage("2026-11-01", "2026-11-02", NextPageToken=token)
    assert caught.value.code == "InvalidNextTokenException"


def test_another_requests_page_token_is_refused(world):
    world.set("ce_page_size", "1")
    asked = {"Granularity": "DAILY", "Metrics": ["UnblendedCost"]}
    first = world.ask("GetCostAndUsage", TimePeriod={"Start": "2026-11-01", "End": "2026-11-03"}, **asked)
    with pytest.raises(ServiceError) as caught:
        world.ask(
            "GetCostAndUsage",
            TimePeriod={"Start": "2026-11-01", "End": "2026-11-04"},
            **asked,
            NextPageToken=first["NextPageToken"],
        )
    assert caught.value.code == "RequestChangedException"
