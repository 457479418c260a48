"""A sandbox with a bill and a client of AWS Budgets, for the tests of the sandbox's budgets."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from sandbox_ce_world import NOW, World, day
from sandbox_core_world import client

from costsentry_cli.sandbox import Sandbox

ACCOUNT = "123456789012"
EMAIL = {"SubscriptionType": "EMAIL", "Address": "finops@example.com"}
TOPIC = {"SubscriptionType": "SNS", "Address": f"arn:aws:sns:us-east-1:{ACCOUNT}:finops"}
ALERT = {"NotificationType": "ACTUAL", "ComparisonOperator": "GREATER_THAN", "Threshold": 80.0}
OF_SALES = {"Tags": {"Key": "costCenter", "Values": ["sales"], "MatchOptions": ["EQUALS"]}}
OF_BEDROCK = {"Not": {"ProductAttributes": {"Key": "provider", "MatchOptions": ["ABSENT"]}}}
BY_EXPRESSION = {"FilterExpression": {"And": [OF_SALES, OF_BEDROCK]}, "Metrics": ["UnblendedCost"]}
MILLION = {"input": 1_000_000}
"""Tokens that cost 0.06 USD of Nova Lite and 1.10 USD of Haiku."""


class Budgets:
    """Makes budgets and calls, and moves the clock; it begins at ``NOW``, an hour before a refresh."""

    def __init__(self, folder: Path) -> None:
        self.sandbox = Sandbox(folder / "sandbox.db", clock=lambda: NOW)
        self.bill = World(folder)
        self.client = client(self.sandbox, "budgets")

    def ask(self, operation: str, **params: Any) -> dict[str, Any]:
        """One call of the client, in the payer's account."""
        answer: dict[str, Any] = getattr(self.client, operation)(**({"AccountId": ACCOUNT} | params))
        answer.pop("ResponseMetadata")
        return answer

    def create(self, name: str = "sales", beside: dict[str, Any] | None = None, **changes: Any) -> None:
        """CreateBudget of 10 USD a month over everything; None takes a member out."""
        self.ask("create_budget", Budget=budget(name, **changes), **(beside or {}))

    def shown(self, name: str = "sales", **asked: Any) -> dict[str, Any]:
        """DescribeBudget."""
        found: dict[str, Any] = self.ask("describe_budget", BudgetName=name, **asked)["Budget"]
        return found

    def actual(self, name: str = "sales") -> Decimal:
        """The budget's actual spend."""
        return Decimal(self.shown(name)["CalculatedSpend"]["ActualSpend"]["Amount"])

    def states(self, name: str = "sales") -> list[str]:
        """The states of its notifications."""
        answer = self.ask("describe_notifications_for_budget", BudgetName=name)
        return [each["NotificationState"] for each in answer["Notifications"]]

    def refresh(self, times: int = 1) -> None:
        """Move the clock by as many refreshes."""
        self.sandbox.advance(times * timedelta(hours=8))

    def activate(self, key: str = "costCenter") -> None:
        """Make a tag count on all usage since October."""
        self.bill.use_tag(key, day("2026-09-01"))
        self.bill.switch(key, "Active", day("2026-09-20"))


def budget(name: str = "sales", **changes: Any) -> dict[str, Any]:
    """AWS's structure: 10 USD a month over everything, changed; None takes a member out."""
    whole = {
        "BudgetName": name,
        "BudgetType": "COST",
        "TimeUnit": "MONTHLY",
        "BudgetLimit": {"Amount": "10", "Unit": "USD"},
        **changes,
    }
    return {member: value for member, value in whole.items() if value is not None}


def refused(act: Callable[[], Any], code: str) -> str:
    """The message of a refusal that must have this code and be the client's fault."""
    with pytest.raises(ClientError) as caught:
        act()
    assert caught.value.response["Error"]["Code"] == code
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    return str(caught.value.response["Error"]["Message"])
