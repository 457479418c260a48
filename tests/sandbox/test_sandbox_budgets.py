"""Budgets in the sandbox, through a real client: made, shown, changed, deleted, paged, tagged, per account."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sandbox_budgets_world import (
    ACCOUNT,
    ALERT,
    BY_EXPRESSION,
    EMAIL,
    TOPIC,
    Budgets,
    budget,
    refused,
)
from sandbox_ce_world import NOW
from sandbox_core_world import role_client

from costsentry_cli.sandbox import answered
from costsentry_cli.sandbox.services.budgets import OPERATIONS

ARN = f"arn:aws:budgets::{ACCOUNT}:budget/sales"
OTHER = "210987654321"
WITH_ALERT = {"NotificationsWithSubscribers": [{"Notification": ALERT, "Subscribers": [EMAIL, TOPIC]}]}
TAGS = {"ResourceTags": [{"Key": "managed-by", "Value": "costsentry"}]}


@pytest.fixture
def world(tmp_path):
    return Budgets(tmp_path)


def test_the_sandbox_has_every_operation_of_the_model(world):
    assert set(OPERATIONS) == set(world.client.meta.service_model.operation_names)
    assert len(OPERATIONS) == 26
    assert "budgets" in answered.OWN
    assert "budgets" not in answered.BY_MOTO


def test_a_new_budget_is_shown_with_what_aws_fills_in(world):
    world.create()
    shown = world.shown()
    assert shown.pop("CostTypes")["IncludeCredit"] is True
    assert shown == {
        "BudgetName": "sales",
        "BudgetType": "COST",
        "BudgetLimit": {"Amount": "10", "Unit": "USD"},
        "TimeUnit": "MONTHLY",
        "TimePeriod": {"Start": datetime(2026, 11, 1, tzinfo=UTC), "End": datetime(2087, 6, 15, tzinfo=UTC)},
        "CalculatedSpend": {"ActualSpend": {"Amount": "0.0", "Unit": "USD"}},
        "CostFilters": {},
        "LastUpdatedTime": NOW,
        "BillingViewArn": f"arn:aws:billing::{ACCOUNT}:billingview/primary",
        "HealthStatus": {"Status": "HEALTHY"},
    }


@pytest.mark.parametrize(
    ("unit", "start"),
    [("DAILY", (2026, 11, 23)), ("MONTHLY", (2026, 11, 1)), ("QUARTERLY", (2026, 10, 1)), ("ANNUALLY", (2026, 1, 1))],
)
def test_a_budget_begins_with_its_period(world, unit, start):
    world.create(TimeUnit=unit)
    assert world.shown()["TimePeriod"]["Start"] == datetime(*start, tzinfo=UTC)


def test_the_filter_expression_is_shown_only_when_asked_for(world):
    world.create(**BY_EXPRESSION)
    assert "FilterExpression" not in world.shown()
    assert "FilterExpression" not in world.shown(ShowFilterExpression=False)
    shown = world.shown(ShowFilterExpression=True)
    assert {name: shown[name] for name in BY_EXPRESSION} == BY_EXPRESSION
    assert not {"CostFilters", "CostTypes"} & set(shown)
    (listed,) = world.ask("describe_budgets", ShowFilterExpression=True)["Budgets"]
    assert listed == shown
    assert "FilterExpression" not in world.ask("describe_budgets")["Budgets"][0]


def test_one_call_makes_the_budget_its_alerts_and_its_tags(world):
    world.create(beside=WITH_ALERT | TAGS)
    (alert,) = world.ask("describe_notifications_for_budget", BudgetName="sales")["Notifications"]
    assert alert == ALERT | {"ThresholdType": "PERCENTAGE", "NotificationState": "OK"}
    answer = world.ask("describe_subscribers_for_notification", BudgetName="sales", Notification=ALERT)
    assert answer["Subscribers"] == [EMAIL, TOPIC]
    assert world.client.list_tags_for_resource(ResourceARN=ARN)["ResourceTags"] == TAGS["ResourceTags"]


def test_a_create_that_fails_in_its_last_part_leaves_nothing(world):
    twice = {"ResourceTags": TAGS["ResourceTags"] * 2}
    refused(lambda: world.create(beside=WITH_ALERT | twice), "InvalidParameterException")
    assert world.ask("describe_budgets")["Budgets"] == []
    world.create()
    assert world.states() == []


def test_a_name_is_taken_once(world):
    world.create()
    assert "already exists" in refused(world.create, "DuplicateRecordException")
    world.create("Sales")


def test_an_update_sends_the_whole_budget_and_leaves_alerts_and_tags(world):
    world.create(beside=WITH_ALERT | TAGS, CostFilters={"Region": ["us-east-1"]})
    world.sandbox.advance(timedelta(minutes=5))
    world.ask("update_budget", NewBudget=budget(BudgetLimit={"Amount": "20.5", "Unit": "USD"}))
    shown = world.shown()
    assert shown["BudgetLimit"]["Amount"] == "20.5"
    assert shown["CostFilters"] == {}
    assert shown["LastUpdatedTime"] == NOW + timedelta(minutes=5)
    assert world.states() == ["OK"]
    assert world.client.list_tags_for_resource(ResourceARN=ARN)["ResourceTags"] == TAGS["ResourceTags"]


def test_an_answer_can_be_sent_back(world):
    world.create(**BY_EXPRESSION)
    before = world.shown(ShowFilterExpression=True)
    world.ask("update_budget", NewBudget=before)
    assert world.shown(ShowFilterExpression=True) == before


def test_an_update_does_not_rename(world):
    world.create()
    refused(lambda: world.ask("update_budget", NewBudget=budget("other")), "NotFoundException")
    assert [each["BudgetName"] for each in world.ask("describe_budgets")["Budgets"]] == ["sales"]


def test_a_deleted_budget_is_gone_with_everything_of_it(world):
    world.create(beside=WITH_ALERT | TAGS)
    assert world.ask("delete_budget", BudgetName="sales") == {}
    for operation in ("describe_budget", "delete_budget", "describe_notifications_for_budget"):
        refused(lambda operation=operation: world.ask(operation, BudgetName="sales"), "NotFoundException")
    refused(lambda: world.client.list_tags_for_resource(ResourceARN=ARN), "NotFoundException")
    world.create()
    assert world.states() == []
    assert world.client.list_tags_for_resource(ResourceARN=ARN)["ResourceTags"] == []


def test_a_budget_past_its_end_is_gone_and_its_name_free(world):
    end = NOW + timedelta(days=3)
    world.create(beside=WITH_ALERT, TimePeriod={"End": end})
    world.sandbox.advance(timedelta(days=3, seconds=-1))
    assert world.shown()["TimePeriod"]["End"] == end
    world.sandbox.advance(timedelta(seconds=1))
    refused(world.shown, "NotFoundException")
    world.create()
    assert world.states() == []


def test_pages_follow_the_names_even_when_budgets_come_and_go(world):
    for number in range(7):
        world.create(f"b{number}")
    first = world.ask("describe_budgets", MaxResults=3)
    assert [each["BudgetName"] for each in first["Budgets"]] == ["b0", "b1", "b2"]
    world.ask("delete_budget", BudgetName="b2")
    world.create("a9")
    second = world.ask("describe_budgets", MaxResults=3, NextToken=first["NextToken"])
    assert [each["BudgetName"] for each in second["Budgets"]] == ["b3", "b4", "b5"]
    last = world.ask("describe_budgets", NextToken=second["NextToken"])
    assert [each["BudgetName"] for each in last["Budgets"]] == ["b6"]
    assert "NextToken" not in last


def test_a_page_has_100_budgets_unless_asked_otherwise(world):
    for number in range(101):
        world.create(f"b{number:03}")
    assert len(world.ask("describe_budgets")["Budgets"]) == 100
    pages = world.client.get_paginator("describe_budgets").paginate(AccountId=ACCOUNT)
    assert [len(page["Budgets"]) for page in pages] == [100, 1]


@pytest.mark.parametrize("token", ["x", "", "e30=", "WyJ4IiwgInkiXQ==", "é"])
def test_a_made_up_token_is_refused(world, token):
    world.create()
    refused(lambda: world.ask("describe_budgets", NextToken=token), "InvalidNextTokenException")


def test_a_token_is_good_for_its_own_list_only(world):
    for name in ("a", "b"):
        world.create(name)
        for threshold in (1, 2):
            alert = {"Notification": ALERT | {"Threshold": threshold}, "Subscribers": [EMAIL]}
            world.ask("create_notification", BudgetName=name, **alert)
    token = world.ask("describe_notifications_for_budget", BudgetName="a", MaxResults=1)["NextToken"]
    for other in (
        {"operation": "describe_budgets"},
        {"operation": "describe_notifications_for_budget", "BudgetName": "b"},
    ):
        refused(lambda other=other: world.ask(NextToken=token, **other), "InvalidNextTokenException")


def test_the_quota_is_a_setting(world):
    world.sandbox.configure("budget_quota", "2")
    world.create("a")
    world.create("b")
    refused(lambda: world.create("c"), "CreationLimitExceededException")
    world.ask("delete_budget", BudgetName="a")
    world.create("c")


def test_accounts_have_their_own_budgets(world):
    world.create()
    other = role_client(world.sandbox, f"arn:aws:iam::{OTHER}:role/finops", "budgets", region="eu-west-1")
    assert other.describe_budgets(AccountId=OTHER)["Budgets"] == []
    refused(lambda: other.describe_budgets(AccountId=ACCOUNT), "AccessDeniedException")
    refused(lambda: world.ask("describe_budgets", AccountId=OTHER), "AccessDeniedException")
    other.create_budget(AccountId=OTHER, Budget=budget())
    refused(lambda: other.list_tags_for_resource(ResourceARN=ARN), "AccessDeniedException")
    world.ask("delete_budget", BudgetName="sales")
    assert len(other.describe_budgets(AccountId=OTHER)["Budgets"]) == 1


def test_tags_are_added_changed_and_taken_off(world):
    world.create(beside=TAGS)
    aws = world.client
    aws.tag_resource(ResourceARN=ARN, ResourceTags=[{"Key": "managed-by", "Value": ""}, {"Key": "team", "Value": "x"}])
    listed = [{"Key": "managed-by", "Value": ""}, {"Key": "team", "Value": "x"}]
    assert aws.list_tags_for_resource(ResourceARN=ARN)["ResourceTags"] == listed
    aws.untag_resource(ResourceARN=ARN, ResourceTagKeys=["managed-by", "nobody"])
    assert aws.list_tags_for_resource(ResourceARN=ARN)["ResourceTags"] == listed[1:]


@pytest.mark.parametrize(
    ("arn", "tags", "code"),
    [
        (ARN, [{"Key": "aws:x", "Value": ""}], "InvalidParameterException"),
        (ARN, [{"Key": f"k{number}", "Value": ""} for number in range(200)], "ServiceQuotaExceededException"),
        (ARN + "s", [], "NotFoundException"),
        (f"{ARN}/action/00000000-0000-4000-8000-000000000000", [], "NotFoundException"),
        ("arn:aws:s3:::bucket", [], "InvalidParameterException"),
        ("sales", [], "InvalidParameterException"),
    ],
)
def test_bad_tags_and_resources_are_refused(world, arn, tags, code):
    world.create(beside=TAGS)
    refused(lambda: world.client.tag_resource(ResourceARN=arn, ResourceTags=tags), code)
    assert world.client.list_tags_for_resource(ResourceARN=ARN)["ResourceTags"] == TAGS["ResourceTags"]
