"""Credits, refunds and tax on the bill; billing views; the rules of product attributes; merged lines."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sandbox_ce_world import DAY, HAIKU, NOVA, NOW, World, day

from costsentry_cli.sandbox.contract import Request, ServiceError
from costsentry_cli.sandbox.services import ce
from costsentry_cli.sandbox.services.ce_lines import lines_between, merged_lines

BY_RECORD = [{"Type": "DIMENSION", "Key": "RECORD_TYPE"}]
VIEW = "arn:aws:billing::123456789012:billingview/primary"


@pytest.fixture
def world(tmp_path):
    world = World(tmp_path)
    for number in range(20):
        at = day("2026-10-25") + number * DAY
        world.call(at, NOVA, input=1_000_000, tags={"costCenter": "sales"})
        world.call(at, HAIKU, input=1_000_000)
    return world


def by_record(world, start="2026-11-01", end="2026-11-23", **asked):
    found: defaultdict[str, Decimal] = defaultdict(Decimal)
    for (_, key), cost in world.costs(start, end, GroupBy=BY_RECORD, **asked).items():
        found[key] += cost
    return dict(found)


def test_a_sandbox_has_nothing_but_usage_by_default(world):
    assert set(by_record(world)) == {"Usage"}


def test_a_credit_pays_for_the_months_first_usage_of_aws_itself(world):
    world.set("credit_usd_per_month", "0.15")
    assert by_record(world, "2026-11-01", "2026-12-01")["Credit"] == Decimal("-0.15")
    first_days = world.costs("2026-11-01", "2026-11-05", GroupBy=BY_RECORD)
    credited = {start: cost for (start, key), cost in first_days.items() if key == "Credit"}
    assert credited == {
        "2026-11-01": Decimal("-0.06"),
        "2026-11-02": Decimal("-0.06"),
        "2026-11-03": Decimal("-0.03"),
    }


def test_a_credit_never_covers_marketplace_spend_and_never_exceeds_the_usage(world):
    usage = by_record(world, "2026-11-01", "2026-12-01")["Usage"]
    world.set("credit_usd_per_month", "1000")
    nova = Decimal("0.06") * 13
    assert by_record(world, "2026-11-01", "2026-12-01") == {"Usage": usage, "Credit": -nova}


def test_a_part_of_a_month_shows_the_credits_of_its_own_days(world):
    world.set("credit_usd_per_month", "0.15")
    assert by_record(world, "2026-11-03", "2026-11-23")["Credit"] == Decimal("-0.03")
    assert "Credit" not in by_record(world, "2026-11-04", "2026-11-23")


def test_a_refund_is_for_any_sellers_usage_and_tax_for_what_remains(world):
    usage = by_record(world, "2026-11-01", "2026-12-01")["Usage"]
    world.set("refund_usd_per_month", "5")
    world.set("tax_percent", "20")
    found = by_record(world, "2026-11-01", "2026-12-01")
    assert found == {"Usage": usage, "Refund": Decimal(-5), "Tax": (usage - 5) / 5}


def test_credits_keep_their_service_and_tax_is_one_but_neither_has_tags(world):
    world.use_tag("costCenter", day("2026-10-01"))
    world.switch("costCenter", "Active", day("2026-10-02"))
    world.set("credit_usd_per_month", "1")
    world.set("tax_percent", "20")
    for record, services in (("Credit", {"Amazon Bedrock"}), ("Tax", {"Tax"})):
        only = {"Dimensions": {"Key": "RECORD_TYPE", "Values": [record]}}
        groups = [{"Type": "DIMENSION", "Key": "SERVICE"}, {"Type": "TAG", "Key": "costCenter"}]
        found = world.costs("2026-11-01", "2026-11-23", GroupBy=groups, Filter=only)
        assert {service for _, service, _ in found} == services
        assert {tag for _, _, tag in found} == {"costCenter$"}


def test_charges_have_no_quantity_and_leave_the_units_alone(world):
    world.set("tax_percent", "20")
    only_nova = {"Dimensions": {"Key": "REGION", "Values": ["us-east-1", "NoRegion"]}}
    result, *_ = world.usage("2026-11-01", "2026-11-02", Metrics=["UsageQuantity"], Filter=only_nova)
    assert result["Total"]["UsageQuantity"]["Amount"] == "1001"
    tax = {"Dimensions": {"Key": "RECORD_TYPE", "Values": ["Tax"]}}
    result, *_ = world.usage("2026-11-01", "2026-11-02", Metrics=["UsageQuantity"], Filter=tax)
    assert result["Total"]["UsageQuantity"] == {"Amount": "0", "Unit": "N/A"}


@pytest.mark.parametrize("granularity", ["DAILY", "MONTHLY"])
def test_the_groups_add_up_to_the_total_with_every_charge(world, granularity):
    for name, value in (("credit_usd_per_month", "3"), ("refund_usd_per_month", "0.7"), ("tax_percent", "8.875")):
        world.set(name, value)
    totals = world.costs("2026-10-01", "2026-11-23", Granularity=granularity)
    sums: defaultdict[tuple[str], Decimal] = defaultdict(Decimal)
    for (start, *_), cost in world.costs(
        "2026-10-01", "2026-11-23", Granularity=granularity, GroupBy=[*BY_RECORD, {"Type": "TAG", "Key": "x"}]
    ).items():
        sums[(start,)] += cost
    assert dict(sums) == totals


@pytest.mark.parametrize(
    ("operation", "asked"),
    [
        ("GetCostAndUsage", {"Granularity": "DAILY", "Metrics": ["UnblendedCost"]}),
        ("GetDimensionValues", {"Dimension": "SERVICE"}),
        ("GetTags", {}),
        ("GetCostCategories", {}),
        (
            "GetCostAndUsageComparisons",
            {
                "BaselineTimePeriod": {"Start": "2026-10-01", "End": "2026-11-01"},
                "ComparisonTimePeriod": {"Start": "2026-11-01", "End": "2026-12-01"},
                "MetricForComparison": "UnblendedCost",
            },
        ),
    ],
)
def test_the_primary_billing_view_is_the_only_one(world, operation, asked):
    asked = {"TimePeriod": {"Start": "2026-11-01", "End": "2026-11-02"}} | asked
    assert world.ask(operation, **asked, BillingViewArn=VIEW) == world.ask(operation, **asked)
    for other in (VIEW.replace("primary", "custom-1"), VIEW.replace("123456789012", "210987654321")):
        with pytest.raises(ServiceError) as caught:
            world.ask(operation, **asked, BillingViewArn=other)
        assert (caught.value.code, caught.value.members) == ("ResourceNotFoundException", {"ResourceName": other})


def test_attributes_beside_another_service_are_refused_and_beside_none_are_taken(world):
    grouped = {"GroupBy": [{"Type": "PRODUCT_ATTRIBUTE", "Key": "model"}]}
    assert world.costs("2026-11-01", "2026-11-02", **grouped)
    bedrock = {"Dimensions": {"Key": "SERVICE", "Values": ["Amazon Bedrock"]}}
    assert len(world.costs("2026-11-01", "2026-11-02", **grouped, Filter=bedrock)) == 1
    lambda_ = {"Dimensions": {"Key": "SERVICE", "Values": ["AWS Lambda"]}}
    assert world.costs("2026-11-01", "2026-11-02", Filter=lambda_) == {}
    with pytest.raises(ServiceError, match="not supported for the service AWS Lambda"):
        world.costs("2026-11-01", "2026-11-02", **grouped, Filter=lambda_)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(edges=st.sets(st.integers(0, 40 * 24).map(lambda hour: day("2026-10-20", 0).timestamp() + hour * 3600)))
def test_merged_lines_are_the_sums_of_the_lines_between_the_edges(world, edges):
    def sums(lines):
        found: defaultdict[object, list[Decimal]] = defaultdict(lambda: [Decimal(0), Decimal(0)])
        for item in lines:
            place = sum(edge <= item.at for edge in edges)
            cell = found[(place, item.meter, tuple(item.tags.items()))]
            cell[0] += item.cost
            cell[1] += item.quantity
        return found

    end = NOW.timestamp()
    merged = list(merged_lines(world.store, 0, end, None, sorted(edges)))
    assert sums(merged) == sums(lines_between(world.store, 0, end))
    assert len(merged) == len(sums(merged))


def test_a_part_of_a_month_lists_only_its_own_values_with_every_charge(world):
    world.set("tax_percent", "20")
    world.set("refund_usd_per_month", "0.01")
    world.call(day("2026-11-02"), "amazon.nova-micro-v1:0", region="us-west-2")
    asked = {"TimePeriod": {"Start": "2026-11-03", "End": "2026-11-23"}, "Dimension": "REGION"}
    values = world.ask("GetDimensionValues", **asked)["DimensionValues"]
    assert [each["Value"] for each in values] == ["NoRegion", "us-east-1"]


@pytest.mark.parametrize(("credit", "payers"), [("0", ["Tax", "Usage"]), ("1", ["Credit", "Tax", "Usage"])])
def test_a_linked_account_sees_only_the_charges_of_its_own_usage(world, credit, payers):
    world.set("tax_percent", "20")
    world.set("credit_usd_per_month", credit)
    params = {"TimePeriod": {"Start": "2026-11-01", "End": "2026-11-23"}, "Dimension": "RECORD_TYPE"}
    for account, expected in (("210987654321", []), ("123456789012", payers)):
        request = Request("ce", "GetDimensionValues", params, "us-east-1", NOW, "r", world.store, account)
        with world.store.transaction():
            values = ce.OPERATIONS["GetDimensionValues"](request)["DimensionValues"]
        assert [each["Value"] for each in values] == expected
