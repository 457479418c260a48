"""What the sandbox takes and refuses as a budget, as AWS does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sandbox_budgets_world import BY_EXPRESSION, OF_BEDROCK, OF_SALES, Budgets, budget, refused
from sandbox_ce_world import NOW

from costsentry_cli.sandbox.services.budgets_filters import COST_TYPES

INVALID = "InvalidParameterException"
USD_5 = {"Amount": "5", "Unit": "USD"}
METRIC = {"Metrics": ["UnblendedCost"]}
YEARS = timedelta(days=366)


@pytest.fixture
def world(tmp_path):
    return Budgets(tmp_path)


def starts(*months: tuple[int, int]) -> dict[str, dict[str, str]]:
    return {str(int(datetime(*month, 1, tzinfo=UTC).timestamp())): USD_5 for month in months}


YEAR = starts((2026, 11), (2026, 12), *((2027, month) for month in range(1, 11)))
QUARTERS = starts((2026, 10), (2027, 1), (2027, 4), (2027, 7))


def attribute(**leaf):
    return {"FilterExpression": {"ProductAttributes": {"Key": "provider", "Values": ["Amazon"]} | leaf}, **METRIC}


ACCEPTED = [
    {"BudgetLimit": {"Amount": "0.01", "Unit": "USD"}},
    {"BudgetLimit": {"Amount": ".5", "Unit": "USD"}},
    {"BudgetType": "USAGE", "BudgetLimit": {"Amount": "7", "Unit": "1K tokens"}},
    {"BudgetType": "USAGE", "BudgetLimit": {"Amount": "7", "Unit": "x"}, "Metrics": ["UsageQuantity"]},
    {"BudgetLimit": None, "PlannedBudgetLimits": YEAR},
    {"BudgetLimit": None, "PlannedBudgetLimits": QUARTERS, "TimeUnit": "QUARTERLY"},
    {
        "BudgetLimit": None,
        "PlannedBudgetLimits": starts((2026, 11), (2026, 12)),
        "TimePeriod": {"End": datetime(2027, 1, 1, tzinfo=UTC)},
    },
    {
        "BudgetLimit": None,
        "PlannedBudgetLimits": starts((2027, 1), (2027, 4), (2027, 7), (2027, 10)),
        "TimeUnit": "QUARTERLY",
        "TimePeriod": {"Start": datetime(2027, 2, 1, tzinfo=UTC)},
    },
    {"TimeUnit": "CUSTOM", "TimePeriod": {"End": NOW + YEARS}},
    {"TimePeriod": {"Start": datetime(2020, 1, 1, tzinfo=UTC)}},
    METRIC,
    BY_EXPRESSION,
    {"FilterExpression": {"Or": [OF_SALES, {"Not": OF_SALES}]}, "Metrics": ["NetAmortizedCost"]},
    {"FilterExpression": {"Dimensions": {"Key": "SERVICE", "Values": ["Amazon Bedrock"]}}, **METRIC},
    attribute(MatchOptions=["EQUALS"]),
    attribute(MatchOptions=["EQUALS", "CASE_SENSITIVE"]),
    {"CostTypes": {"IncludeCredit": False}},
    {"CostFilters": {"TagKeyValue": ["user:costCenter$sales", "aws:createdBy$x", "costCenter$sales"]}},
    {"CostFilters": {"LinkedAccount": ["123456789012"], "CostCategory": ["a$b"]}, "CostTypes": COST_TYPES},
    {"BillingViewArn": "arn:aws:billing::123456789012:billingview/primary"},
]


@pytest.mark.parametrize("changes", ACCEPTED, ids=str)
def test_aws_takes_it(world, changes):
    world.create(**changes)
    shown = world.shown(ShowFilterExpression=True)
    given = {name: value for name, value in budget(**changes).items() if name not in ("TimePeriod", "CostTypes")}
    assert {name: shown[name] for name in given} == given
    world.ask("update_budget", NewBudget=budget(**changes))


REFUSED = [
    ({"BudgetLimit": {"Amount": "0", "Unit": "USD"}}, "greater than 0"),
    ({"BudgetLimit": {"Amount": "0.00", "Unit": "USD"}}, "greater than 0"),
    ({"BudgetLimit": {"Amount": "5", "Unit": "EUR"}}, "must be USD"),
    ({"BudgetLimit": None}, "BudgetLimit is required"),
    ({"PlannedBudgetLimits": YEAR}, "Only one of"),
    ({"BudgetLimit": None, "PlannedBudgetLimits": dict(list(YEAR.items())[:11])}, "12 limits"),
    ({"BudgetLimit": None, "PlannedBudgetLimits": YEAR | starts((2027, 11))}, "12 limits"),
    ({"BudgetLimit": None, "PlannedBudgetLimits": YEAR, "TimeUnit": "QUARTERLY"}, "4 limits"),
    ({"BudgetLimit": None, "PlannedBudgetLimits": YEAR, "TimeUnit": "ANNUALLY"}, "MONTHLY and QUARTERLY"),
    ({"BudgetLimit": None, "PlannedBudgetLimits": {"november": USD_5}}, "12 limits"),
    ({"BudgetLimit": None, "PlannedBudgetLimits": YEAR | {min(YEAR): {"Amount": "0", "Unit": "USD"}}}, "than 0"),
    ({"BudgetType": "RI_UTILIZATION"}, "RI_UTILIZATION budgets are refused"),
    ({"BudgetType": "SAVINGS_PLANS_COVERAGE"}, "no Savings Plans"),
    ({"AutoAdjustData": {"AutoAdjustType": "FORECAST"}}, "auto-adjusting"),
    ({"BillingViewArn": "arn:aws:billing::123456789012:billingview/other"}, "billing view"),
    ({"TimePeriod": {"Start": NOW + YEARS, "End": NOW + YEARS}}, "before its end date"),
    ({"TimePeriod": {"End": datetime(2087, 6, 16, tzinfo=UTC)}}, "06/15/87"),
    ({"TimePeriod": {"Start": NOW - 2 * YEARS, "End": NOW - YEARS}}, "in the past"),
    ({"TimeUnit": "CUSTOM"}, "needs the end"),
    ({"TimeUnit": "CUSTOM", "TimePeriod": {"End": NOW + 4 * YEARS}}, "three years"),
    ({"FilterExpression": OF_SALES}, "metrics cannot be null"),
    ({**BY_EXPRESSION, "CostFilters": {"Region": ["x"]}}, "got FilterExpression and CostFilters"),
    ({**BY_EXPRESSION, "CostTypes": COST_TYPES}, "got FilterExpression and CostTypes"),
    ({**METRIC, "CostFilters": {"Region": ["x"]}}, "got Metrics and CostFilters"),
    ({"Metrics": ["UsageQuantity"]}, "does not fit"),
    ({"BudgetType": "USAGE", **METRIC}, "does not fit"),
    ({"BudgetType": "USAGE", "CostTypes": COST_TYPES}, "only for budgets of type COST"),
    ({"FilterExpression": {"And": [OF_SALES]}, **METRIC}, "at least 2 operands"),
    ({"FilterExpression": OF_SALES | OF_BEDROCK, **METRIC}, "more than one roots"),
    ({"FilterExpression": {"Tags": {"Key": "k", "MatchOptions": ["CONTAINS"], "Values": ["x"]}}, **METRIC}, "CONTAINS"),
    ({"FilterExpression": {"Dimensions": {"Key": "TAG_KEY", "Values": ["x"]}}, **METRIC}, "TAG_KEY is invalid"),
    (
        {
            "FilterExpression": {
                "Dimensions": {"Key": "SERVICE", "Values": ["x"], "MatchOptions": ["EQUALS", "CASE_SENSITIVE"]}
            },
            **METRIC,
        },
        "one match option",
    ),
    (attribute(), "EQUALS or ABSENT"),
    (attribute(MatchOptions=["CASE_SENSITIVE"]), "EQUALS or ABSENT"),
    (attribute(MatchOptions=["EQUALS", "ABSENT"]), "EQUALS or ABSENT"),
    (attribute(MatchOptions=["ABSENT", "CASE_SENSITIVE"]), "cannot be used with ABSENT"),
    (attribute(MatchOptions=["ABSENT"]), "Values must be empty"),
    (attribute(Key="colour", MatchOptions=["EQUALS"]), "colour is invalid"),
    ({"FilterExpression": {"Not": attribute()["FilterExpression"]}, **METRIC}, "EQUALS or ABSENT"),
    ({"CostFilters": {"Colour": ["red"]}}, "Colour is invalid"),
    ({"CostFilters": {"Region": []}}, "no values"),
    ({"CostFilters": {"TagKeyValue": ["user:costCenter"]}}, "user:key$value"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "words"), REFUSED, ids=lambda each: str(each)[:60])
def test_aws_refuses_it_in_a_create_and_in_an_update(world, changes, words):
    assert words in refused(lambda: world.create(**changes), INVALID)
    world.create()
    before = world.shown()
    assert words in refused(lambda: world.ask("update_budget", NewBudget=budget(**changes)), INVALID)
    assert world.shown() == before


@pytest.mark.parametrize(
    "name",
    ["a:b", "a\\b", "a/action/b", "sales!", "b\u00fccher", " sales", "ann@example.com", "www.example.com",
     "call +49 170 1234567", "555-123-4567"],
)  # fmt: skip
def test_a_bad_name_is_refused(world, name):
    refused(lambda: world.create(name), INVALID)


@pytest.mark.model_violations("the name is forbidden by the model itself")
@pytest.mark.parametrize("name", ["a" * 101, "<script>x</script>"])
def test_a_name_the_model_forbids_is_refused(world, name):
    refused(lambda: world.create(name), INVALID)


@pytest.mark.parametrize("name", ["bedrock-sales", "Q3 = 50% +-._", "123456789012", "a" * 100, "acme/bedrock/sales"])
def test_a_good_name_is_taken(world, name):
    world.create(name)
    assert world.shown(name)["BudgetName"] == name
