"""Two months against each other, and what drove the difference."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sandbox_ce_world import HAIKU, NOVA, World, day

from costsentry_cli.sandbox.contract import ServiceError

ASKED = {
    "BaselineTimePeriod": {"Start": "2026-10-01", "End": "2026-11-01"},
    "ComparisonTimePeriod": {"Start": "2026-11-01", "End": "2026-12-01"},
    "MetricForComparison": "UnblendedCost",
}
BY_COST_CENTER = [{"Type": "TAG", "Key": "costCenter"}]
MILLION = 1_000_000


@pytest.fixture
def world(tmp_path):
    world = World(tmp_path)
    world.use_tag("costCenter", day("2026-09-01"))
    world.switch("costCenter", "Active", day("2026-09-03"))
    world.call(day("2026-10-05"), NOVA, tags={"costCenter": "sales"}, input=10 * MILLION)
    world.call(day("2026-10-06"), HAIKU, tags={"costCenter": "legal"}, input=MILLION)
    world.call(day("2026-10-07"), NOVA, input=MILLION)
    world.call(day("2026-11-05"), NOVA, tags={"costCenter": "sales"}, input=15 * MILLION)
    world.call(day("2026-11-06"), HAIKU, tags={"costCenter": "legal"}, input=3 * MILLION)
    world.call(day("2026-11-07"), NOVA, input=MILLION)
    return world


def shown(metrics, name="UnblendedCost"):
    value = metrics[name]
    assert Decimal(value["ComparisonTimePeriodAmount"]) - Decimal(value["BaselineTimePeriodAmount"]) == Decimal(
        value["Difference"]
    )
    return value["BaselineTimePeriodAmount"], value["ComparisonTimePeriodAmount"], value["Unit"]


def test_months_are_compared_in_total(world):
    answer = world.ask("GetCostAndUsageComparisons", **ASKED)
    assert shown(answer["TotalCostAndUsage"]) == ("1.76", "4.26", "USD")
    assert answer["CostAndUsageComparisons"] == []


def test_groups_come_with_what_selects_them_the_largest_difference_first(world):
    answer = world.ask("GetCostAndUsageComparisons", **ASKED, GroupBy=BY_COST_CENTER)
    rows = [(row["CostAndUsageSelector"], shown(row["Metrics"])) for row in answer["CostAndUsageComparisons"]]
    assert rows == [
        ({"Tags": {"Key": "costCenter", "Values": ["legal"], "MatchOptions": ["EQUALS"]}}, ("1.1", "3.3", "USD")),
        ({"Tags": {"Key": "costCenter", "Values": ["sales"], "MatchOptions": ["EQUALS"]}}, ("0.6", "0.9", "USD")),
        ({"Tags": {"Key": "costCenter", "MatchOptions": ["ABSENT"]}}, ("0.06", "0.06", "USD")),
    ]


def test_a_selector_finds_what_it_was_shown_with(world):
    groups = [*BY_COST_CENTER, {"Type": "DIMENSION", "Key": "SERVICE"}]
    answer = world.ask("GetCostAndUsageComparisons", **ASKED, GroupBy=groups)
    assert len(answer["CostAndUsageComparisons"]) == 3
    for row in answer["CostAndUsageComparisons"]:
        costs = world.costs("2026-10-01", "2026-12-01", Granularity="MONTHLY", Filter=row["CostAndUsageSelector"])
        before, after, _ = shown(row["Metrics"])
        assert costs == {("2026-10-01",): Decimal(before), ("2026-11-01",): Decimal(after)}


def test_drivers_are_by_service_and_usage_type_with_the_use_behind_the_cost(world):
    drivers = world.ask("GetCostComparisonDrivers", **ASKED)["CostComparisonDrivers"]
    (first, second) = drivers
    assert [part["Dimensions"]["Values"] for part in first["CostSelector"]["And"]] == [
        ["Claude Haiku 4.5 (Amazon Bedrock Edition)"],
        ["USE1-MP:USE1_InputTokenCount-Units"],
    ]
    (cause,) = second["CostDrivers"]
    assert (cause["Type"], cause["Name"]) == ("USAGE_CHANGE", "Usage")
    assert shown(cause["Metrics"]) == ("0.66", "0.96", "USD")
    assert shown(cause["Metrics"], "UsageQuantity") == ("11000", "16000", "1K tokens")


def test_credits_and_tax_are_drivers_of_their_own_and_the_drivers_add_up(world):
    world.set("credit_usd_per_month", "0.7")
    world.set("tax_percent", "10")
    drivers = world.ask("GetCostComparisonDrivers", **ASKED)["CostComparisonDrivers"]
    assert {cause["Type"] for row in drivers for cause in row["CostDrivers"]} == {"USAGE_CHANGE", "CREDIT", "TAX"}
    total = world.ask("GetCostAndUsageComparisons", **ASKED)["TotalCostAndUsage"]["UnblendedCost"]["Difference"]
    causes = [cause["Metrics"] for row in drivers for cause in row["CostDrivers"]]
    assert sum(Decimal(metrics["UnblendedCost"]["Difference"]) for metrics in causes) == Decimal(total)
    for row in drivers:
        assert sum(Decimal(cause["Metrics"]["UnblendedCost"]["Difference"]) for cause in row["CostDrivers"]) == Decimal(
            row["Metrics"]["UnblendedCost"]["Difference"]
        )


def test_drivers_can_be_of_a_group_and_come_in_pages(world):
    whole = world.ask("GetCostComparisonDrivers", **ASKED, GroupBy=BY_COST_CENTER)["CostComparisonDrivers"]
    assert [row["CostSelector"]["And"][2]["Tags"].get("Values") for row in whole] == [["legal"], ["sales"], None]
    found, token = [], {}
    while token is not None:
        answer = world.ask("GetCostComparisonDrivers", **ASKED, GroupBy=BY_COST_CENTER, MaxResults=1, **token)
        found += answer["CostComparisonDrivers"]
        token = {"NextPageToken": answer["NextPageToken"]} if "NextPageToken" in answer else None
    assert found == whole


def test_the_total_is_that_of_all_pages(world):
    world.set("ce_page_size", "1")
    answer = world.ask("GetCostAndUsageComparisons", **ASKED, GroupBy=BY_COST_CENTER)
    assert len(answer["CostAndUsageComparisons"]) == 1
    assert shown(answer["TotalCostAndUsage"]) == ("1.76", "4.26", "USD")


def test_what_is_nowhere_in_both_months_is_not_compared(world):
    quiet = ASKED | {"BaselineTimePeriod": {"Start": "2026-08-01", "End": "2026-09-01"}}
    quiet["ComparisonTimePeriod"] = {"Start": "2026-07-01", "End": "2026-08-01"}
    answer = world.ask("GetCostAndUsageComparisons", **quiet, GroupBy=BY_COST_CENTER)
    assert answer["CostAndUsageComparisons"] == []
    assert shown(answer["TotalCostAndUsage"]) == ("0", "0", "USD")
    assert world.ask("GetCostComparisonDrivers", **quiet) == {"CostComparisonDrivers": []}


@pytest.mark.parametrize("operation", ["GetCostAndUsageComparisons", "GetCostComparisonDrivers"])
@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"BaselineTimePeriod": {"Start": "2026-10-01", "End": "2026-10-31"}}, "The time period must start and end"),
        ({"BaselineTimePeriod": {"Start": "2026-09-01", "End": "2026-11-01"}}, "The time period must start and end"),
        ({"ComparisonTimePeriod": {"Start": "2026-10-15", "End": "2026-11-15"}}, "The time period must start and end"),
        ({"BaselineTimePeriod": {"Start": "2025-09-01", "End": "2025-10-01"}}, "You haven't enabled historical data"),
        ({"ComparisonTimePeriod": {"Start": "2026-12-01", "End": "2027-01-01"}}, "end date past the beginning"),
        ({"MetricForComparison": "UNBLENDED_COST"}, "Metric UNBLENDED_COST is invalid."),
        ({"GroupBy": [{"Type": "PRODUCT_ATTRIBUTE", "Key": "model"}]}, "Product attributes are not supported by"),
        ({"GroupBy": BY_COST_CENTER * 3}, "Only two values for GroupBy are allowed"),
    ],
)
def test_what_aws_refuses_is_refused(world, operation, asked, words):
    with pytest.raises(ServiceError) as caught:
        world.ask(operation, **ASKED | asked)
    assert (caught.value.code, caught.value.message[: len(words)]) == ("ValidationException", words)
