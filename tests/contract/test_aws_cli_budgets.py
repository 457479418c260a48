"""The real ``aws budgets`` CLI against a served sandbox: its own shapes in, its own shapes out."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from costsentry_cli.sandbox import Sandbox, environment, server
from costsentry_cli.sandbox.seed import seed
from fakes import ACCOUNT

AWS = Path(sys.executable).parent / "aws"
NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
ALERT = "NotificationType=ACTUAL,ComparisonOperator=GREATER_THAN,Threshold=80"
OF_SALES = {"Tags": {"Key": "costCenter", "Values": ["sales"]}}
# Not the product attributes: the CLI's own model is older than they are.
OF_USAGE = {"Dimensions": {"Key": "RECORD_TYPE", "Values": ["Usage"]}}
BUDGET = {
    "BudgetName": "bedrock-sales",
    "BudgetType": "COST",
    "TimeUnit": "MONTHLY",
    "BudgetLimit": {"Amount": "0.5", "Unit": "USD"},
    "FilterExpression": {"And": [OF_SALES, OF_USAGE]},
    "Metrics": ["UnblendedCost"],
}
ALERTS = [
    {
        "Notification": {"NotificationType": "ACTUAL", "ComparisonOperator": "GREATER_THAN", "Threshold": 80},
        "Subscribers": [{"SubscriptionType": "EMAIL", "Address": "finops@example.com"}],
    }
]
Aws = Callable[..., Any]


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aws]:
    """Runs ``aws budgets`` for the account; the bill has 60 days, the budget is made and refreshed."""
    folder = tmp_path_factory.mktemp("budgets")
    sandbox = Sandbox(folder / "sandbox.db", clock=lambda: NOW)
    seed(sandbox.store, NOW, days=60)
    clean = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    with server.start(sandbox) as url:
        variables = clean | environment(url) | {"HOME": str(folder), "AWS_PAGER": ""}

        def run(operation: str, *words: str) -> Any:
            command = [str(AWS), "budgets", operation, "--account-id", ACCOUNT, *words, "--output", "json"]
            ended = subprocess.run(command, env=variables, capture_output=True, text=True, timeout=120, check=False)
            if ended.returncode:
                return ended.stderr
            return json.loads(ended.stdout) if ended.stdout.strip() else {}

        alerts = ("--notifications-with-subscribers", json.dumps(ALERTS))
        assert run("create-budget", "--budget", json.dumps(BUDGET), *alerts) == {}
        sandbox.advance(timedelta(hours=1))
        yield run
    assert sandbox.violations() == []


def test_the_budget_is_described_with_its_expression_and_spend(aws: Aws) -> None:
    (shown,) = aws("describe-budgets", "--show-filter-expression")["Budgets"]
    assert {name: shown[name] for name in BUDGET} == BUDGET
    assert float(shown["CalculatedSpend"]["ActualSpend"]["Amount"]) > 0
    assert float(shown["CalculatedSpend"]["ForecastedSpend"]["Amount"]) > 0
    (hidden,) = aws("describe-budgets")["Budgets"]
    assert "FilterExpression" not in hidden


def test_the_notification_of_the_same_call_is_in_alarm(aws: Aws) -> None:
    (alert,) = aws("describe-notifications-for-budget", "--budget-name", "bedrock-sales")["Notifications"]
    assert (alert["Threshold"], alert["ThresholdType"], alert["NotificationState"]) == (80, "PERCENTAGE", "ALARM")


def test_the_subscribers_of_the_same_call_are_described(aws: Aws) -> None:
    words = ("--budget-name", "bedrock-sales", "--notification", ALERT)
    assert aws("describe-subscribers-for-notification", *words)["Subscribers"] == ALERTS[0]["Subscribers"]


def test_a_refusal_has_the_name_aws_gives_it(aws: Aws) -> None:
    assert "(DuplicateRecordException)" in aws("create-budget", "--budget", json.dumps(BUDGET))
    assert "(NotFoundException)" in aws("describe-budget", "--budget-name", "nobody")
    both = BUDGET | {"BudgetName": "both", "CostFilters": {"Region": ["us-east-1"]}}
    assert "(InvalidParameterException)" in aws("create-budget", "--budget", json.dumps(both))
