"""The figures of budgets in the sandbox: what is counted, from when on it is shown, forecast, alarm, history."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from sandbox_budgets_world import (
    ACCOUNT,
    ALERT,
    BY_EXPRESSION,
    EMAIL,
    MILLION,
    OF_BEDROCK,
    OF_SALES,
    Budgets,
    budget,
    refused,
)
from sandbox_ce_world import HAIKU, NOVA, day
from sandbox_core_world import role_client

SALES = {"costCenter": "sales"}
METRIC = {"Metrics": ["UnblendedCost"]}


@pytest.fixture
def world(tmp_path):
    return Budgets(tmp_path)


def spend(world, name="sales"):
    return world.shown(name)["CalculatedSpend"]


def alert(**terms):
    return {"Notification": ALERT | terms, "Subscribers": [EMAIL]}


def test_figures_come_with_the_next_refresh_and_go_with_an_update(world):
    cost = world.bill.call(day("2026-11-10"), **MILLION)
    world.create()
    world.sandbox.advance(timedelta(minutes=59))
    assert spend(world) == {"ActualSpend": {"Amount": "0.0", "Unit": "USD"}}
    world.sandbox.advance(timedelta(minutes=1))
    assert spend(world) == {"ActualSpend": {"Amount": "0.06", "Unit": "USD"}}
    world.ask("update_budget", NewBudget=budget())
    assert spend(world) == {"ActualSpend": {"Amount": "0.0", "Unit": "USD"}}
    world.sandbox.advance(timedelta(hours=7, minutes=59))
    assert world.actual() == 0
    world.sandbox.advance(timedelta(minutes=1))
    assert world.actual() == cost


def test_costs_are_as_late_as_cost_explorers_and_change_with_refreshes_only(world):
    old = world.bill.call(day("2026-11-22", 16), **MILLION)
    world.create()
    young = world.bill.call(day("2026-11-22", 16) + timedelta(seconds=1), **MILLION)
    world.refresh()
    assert world.actual() == old
    world.sandbox.advance(timedelta(minutes=59))
    assert world.actual() == old
    world.sandbox.advance(timedelta(minutes=1))
    assert world.actual() == old + young


def test_a_month_counts_its_own_days(world):
    world.bill.call(datetime(2026, 10, 31, 23, 59, 59, tzinfo=UTC), **MILLION)
    cost = world.bill.call(datetime(2026, 11, 1, tzinfo=UTC), **MILLION)
    world.create()
    world.create("quarter", TimeUnit="QUARTERLY")
    world.refresh()
    assert (world.actual(), world.actual("quarter")) == (cost, 2 * cost)
    world.sandbox.advance(timedelta(days=8))  # into December
    assert (world.actual(), world.actual("quarter")) == (0, 2 * cost)


def test_a_budget_counts_from_its_start_on(world):
    world.bill.call(day("2026-11-09"), **MILLION)
    cost = world.bill.call(day("2026-11-10", 0), **MILLION)
    start = datetime(2026, 11, 10, 9, tzinfo=UTC)
    world.create(TimePeriod={"Start": start})
    world.create("custom", TimeUnit="CUSTOM", TimePeriod={"Start": start, "End": start + timedelta(days=90)})
    world.create("later", TimePeriod={"Start": start + timedelta(days=60)})
    world.refresh()
    assert [world.actual(name) for name in ("sales", "custom", "later")] == [cost, cost, 0]


def test_a_daily_budget_shows_the_newest_day_with_data(world):
    world.create(TimeUnit="DAILY")
    today, tomorrow = (world.bill.call(day(text, 3), **tokens) for text, tokens in
                       (("2026-11-23", MILLION), ("2026-11-24", {"input": 2_000_000})))  # fmt: skip
    seen = []
    for _ in range(8):  # up to the 26th, 07:00
        world.refresh()
        seen.append(world.actual())
    assert seen == [0, 0, today, today, today, tomorrow, tomorrow, tomorrow]
    assert "ForecastedSpend" not in spend(world)


def test_the_expression_counts_marketplace_models_of_the_tag_and_nothing_else(world):
    world.activate()
    at = day("2026-11-10")
    haiku = world.bill.call(at, model=HAIKU, tags=SALES, **MILLION)
    nova = world.bill.call(at, model=NOVA, tags=SALES, **MILLION)
    world.bill.call(at, model=HAIKU, tags={"costCenter": "support"}, **MILLION)
    world.bill.call(at, model=HAIKU, **MILLION)
    world.create(**BY_EXPRESSION)
    service = {"Dimensions": {"Key": "SERVICE", "Values": ["Amazon Bedrock"]}}
    world.create("first-party", FilterExpression={"And": [OF_SALES, service]}, **METRIC)
    world.create("none", FilterExpression={"And": [OF_SALES, {"Not": OF_BEDROCK}]}, **METRIC)
    world.refresh()
    assert [world.actual(name) for name in ("sales", "first-party", "none")] == [haiku + nova, nova, 0]


def test_usage_before_a_tag_counted_is_not_the_tags(world):
    world.bill.use_tag("costCenter", day("2026-11-01"))
    world.bill.switch("costCenter", "Active", day("2026-11-09"))
    world.bill.call(day("2026-11-10", 11), tags=SALES, **MILLION)
    cost = world.bill.call(day("2026-11-10", 12), tags=SALES, **MILLION)
    world.create(**BY_EXPRESSION)
    untagged = {"Tags": {"Key": "costCenter", "MatchOptions": ["ABSENT"]}}
    world.create("rest", FilterExpression=untagged, **METRIC)
    world.refresh()
    assert (world.actual(), world.actual("rest")) == (cost, cost)


@pytest.mark.parametrize(
    ("filters", "counted"),
    [
        ({"TagKeyValue": ["user:costCenter$sales"]}, {"sales"}),
        ({"TagKeyValue": ["costCenter$sales"]}, set()),
        ({"TagKeyValue": ["user:costCenter$sales", "user:costCenter$support"]}, {"sales", "support"}),
        ({"TagKeyValue": ["user:costCenter$"]}, {"untagged"}),
        ({"TagKeyValue": ["user:costcenter$sales"]}, set()),
        ({"Region": ["eu-west-1"]}, {"support"}),
        ({"Region": ["eu-west-1"], "TagKeyValue": ["user:costCenter$sales"]}, set()),
        ({"Service": ["Amazon Bedrock"]}, {"sales", "untagged"}),
        ({"LinkedAccount": [ACCOUNT]}, {"sales", "support", "untagged"}),
        ({"CostCategory": ["team$sales"]}, set()),
        ({}, {"sales", "support", "untagged"}),
    ],
)
def test_the_older_filters_count_as_aws_does(world, filters, counted):
    world.activate()
    at = day("2026-11-10")
    costs = {
        "sales": world.bill.call(at, tags=SALES, **MILLION),
        "support": world.bill.call(at, model=HAIKU, region="eu-west-1", tags={"costCenter": "support"}, **MILLION),
        "untagged": world.bill.call(at, input=3_000_000),
    }
    world.create(CostFilters=filters)
    world.refresh()
    assert world.actual() == sum(costs[name] for name in counted)


def test_cost_metrics_are_all_the_same_and_usage_is_counted_in_units(world):
    world.bill.call(day("2026-11-10"), **MILLION)
    for metric in ("UnblendedCost", "BlendedCost", "AmortizedCost", "NetUnblendedCost", "NetAmortizedCost"):
        world.create(metric, Metrics=[metric])
    usage = {"BudgetType": "USAGE", "BudgetLimit": {"Amount": "1", "Unit": "1K tokens"}}
    world.create("usage", **usage)
    world.create("hours", **usage, Metrics=["Hours"])
    world.refresh()
    assert {each["CalculatedSpend"]["ActualSpend"]["Amount"] for each in world.ask("describe_budgets")["Budgets"]} == {
        "0.06", "1000", "0.0"
    }  # fmt: skip
    assert spend(world, "usage")["ActualSpend"] == {"Amount": "1000", "Unit": "1K tokens"}
    assert world.actual("hours") == 0


def test_the_payer_counts_everybody_and_an_account_itself(world):
    world.bill.call(day("2026-11-10"), **MILLION)
    world.bill.call(day("2026-11-10"), **MILLION)
    with world.sandbox.store.transaction() as db:
        db.execute("UPDATE calls SET account = '210987654321' WHERE id = 2")
    world.create()
    other = role_client(world.sandbox, "arn:aws:iam::210987654321:role/finops", "budgets")
    other.create_budget(AccountId="210987654321", Budget=budget())
    world.refresh()
    theirs = other.describe_budget(AccountId="210987654321", BudgetName="sales")["Budget"]
    assert (world.actual(), theirs["CalculatedSpend"]["ActualSpend"]["Amount"]) == (Decimal("0.12"), "0.06")


def test_a_forecast_is_what_was_spent_plus_the_mean_of_four_weeks_for_the_rest(world):
    for number in range(28):  # 25 October to 21 November
        world.bill.call(day("2026-10-25") + timedelta(days=number), **MILLION)
    world.bill.call(day("2026-11-22", 9), input=2_000_000)
    world.create()
    world.refresh()
    # 21 days and the morning of the 22nd; data until 16:00 on the 22nd leaves eight days and eight hours.
    assert "ForecastedSpend" not in spend(world)
    world.bill.call(day("2026-10-18", 16), input=1)
    forecast = Decimal("0.06") * (23 + Decimal(25) / 3)
    assert spend(world)["ForecastedSpend"] == {
        "Amount": str(forecast.quantize(Decimal("1e-10")).normalize()),
        "Unit": "USD",
    }


def test_planned_limits_show_the_current_one_and_keep_the_last(world):
    months = [datetime(2026 + (10 + n) // 12, (10 + n) % 12 + 1, 1, tzinfo=UTC) for n in range(12)]
    planned = {str(int(month.timestamp())): {"Amount": str(n + 1), "Unit": "USD"} for n, month in enumerate(months)}
    world.create(BudgetLimit=None, PlannedBudgetLimits=planned)
    limits = []
    for days in (0, 8, 31, 400):
        world.sandbox.advance(timedelta(days=days))
        limits.append(world.shown()["BudgetLimit"]["Amount"])
    assert limits == ["1", "2", "3", "12"]
    assert world.shown()["PlannedBudgetLimits"] == planned


@pytest.mark.parametrize(
    ("terms", "state"),
    [
        ({"Threshold": 59}, "ALARM"),
        ({"Threshold": 60}, "OK"),
        ({"Threshold": 60, "ComparisonOperator": "EQUAL_TO"}, "ALARM"),
        ({"Threshold": 60, "ComparisonOperator": "LESS_THAN"}, "OK"),
        ({"Threshold": 61, "ComparisonOperator": "LESS_THAN"}, "ALARM"),
        ({"Threshold": 0.05, "ThresholdType": "ABSOLUTE_VALUE"}, "ALARM"),
        ({"Threshold": 0.06, "ThresholdType": "ABSOLUTE_VALUE"}, "OK"),
        ({"Threshold": 1, "NotificationType": "FORECASTED"}, "OK"),
    ],
)
def test_an_alarm_is_a_threshold_passed_at_a_refresh(world, terms, state):
    world.bill.call(day("2026-11-10"), **MILLION)
    beside = {"NotificationsWithSubscribers": [alert(**terms)]}
    world.create(beside=beside, BudgetLimit={"Amount": "0.1", "Unit": "USD"})
    assert world.states() == ["OK"]
    world.refresh()
    assert world.states() == [state]


def test_a_forecast_can_alarm_when_there_is_one(world):
    world.bill.call(day("2026-10-01"), **MILLION)
    world.bill.call(day("2026-11-10"), **MILLION)
    alerts = [alert(NotificationType="FORECASTED", Threshold=100), alert(Threshold=100)]
    world.create(beside={"NotificationsWithSubscribers": alerts}, BudgetLimit={"Amount": "0.06", "Unit": "USD"})
    world.refresh()
    assert world.states() == ["ALARM", "OK"]


def test_the_history_has_every_period_since_the_start(world):
    for month, tokens in (("09", 1), ("10", 2), ("11", 3)):
        world.bill.call(day(f"2026-{month}-10"), input=tokens * 1_000_000)
    world.create(TimePeriod={"Start": datetime(2026, 9, 1, tzinfo=UTC)})
    world.refresh()
    pages = world.client.get_paginator("describe_budget_performance_history").paginate(
        AccountId=ACCOUNT, BudgetName="sales", PaginationConfig={"PageSize": 2}
    )
    found = [page["BudgetPerformanceHistory"]["BudgetedAndActualAmountsList"] for page in pages]
    assert [[each["ActualAmount"]["Amount"] for each in page] for page in found] == [["0.06", "0.12"], ["0.18"]]
    assert found[1][0]["TimePeriod"]["Start"] == datetime(2026, 11, 1, tzinfo=UTC)
    assert found[1][0]["BudgetedAmount"]["Amount"] == "10"


@pytest.mark.parametrize(("unit", "periods"), [("DAILY", 60), ("MONTHLY", 13), ("QUARTERLY", 4)])
def test_the_history_is_as_long_as_aws_keeps_it(world, unit, periods):
    world.create(TimeUnit=unit, TimePeriod={"Start": datetime(2020, 1, 1, tzinfo=UTC)})
    asked = {"BudgetName": "sales"}
    history = world.ask("describe_budget_performance_history", **asked)["BudgetPerformanceHistory"]
    assert len(history["BudgetedAndActualAmountsList"]) == periods
    wanted = {"Start": datetime(2026, 11, 1, tzinfo=UTC), "End": datetime(2026, 11, 3, tzinfo=UTC)}
    history = world.ask("describe_budget_performance_history", **asked, TimePeriod=wanted)["BudgetPerformanceHistory"]
    assert len(history["BudgetedAndActualAmountsList"]) == (2 if unit == "DAILY" else 1)


def test_an_annual_budget_has_no_history(world):
    world.create(TimeUnit="ANNUALLY")
    refused(lambda: world.ask("describe_budget_performance_history", BudgetName="sales"), "InvalidParameterException")


def test_an_update_silences_alarms_and_drops_the_current_period_of_the_history(world):
    for month in ("10", "11"):
        world.bill.call(day(f"2026-{month}-10"), **MILLION)
    since = {"TimePeriod": {"Start": datetime(2026, 10, 1, tzinfo=UTC)}}
    world.create(beside={"NotificationsWithSubscribers": [alert(ComparisonOperator="LESS_THAN")]}, **since)
    seen = []
    for _ in range(2):
        history = world.ask("describe_budget_performance_history", BudgetName="sales")["BudgetPerformanceHistory"]
        amounts = [each["ActualAmount"]["Amount"] for each in history["BudgetedAndActualAmountsList"]]
        seen.append((amounts, world.states()))
        world.refresh()
    assert seen == [(["0.06", "0.0"], ["OK"]), (["0.06", "0.06"], ["ALARM"])]
