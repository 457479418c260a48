"""Budgets of ``sentry sync`` as the real ``aws budgets`` CLI sees them; one the CLI made is left alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from commands import Ran
from costsentry_cli.sandbox import Sandbox, environment, server
from fakes import ACCOUNT, PROFILES_ALONE, write_manifest

AWS = Path(sys.executable).parent / "aws"
NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
TOPIC = f"arn:aws:sns:us-east-1:{ACCOUNT}:budget-alarms"
BUDGETS = f"""\
budgets:
  - name: bedrock-{{costCenter}}
    for_each: costCenter
    amount: 2.50
    per: month
    alerts:
      - {{at: 80%, of: actual, email: [finops@example.com], sns: ["{TOPIC}"]}}
      - {{at: 100%, of: forecast, email: [finops@example.com]}}
  - name: bedrock-planned
    planned: {{2026-Q4: 100, 2027-Q1: 150.5}}
    per: quarter
    tags: {{environment: production}}
"""
OURS = ["bedrock-planned", "bedrock-sales", "bedrock-services", "bedrock-support"]
ACTUAL = "NotificationType=ACTUAL,ComparisonOperator=GREATER_THAN,Threshold=80,ThresholdType=PERCENTAGE"
FOREIGN = {
    "BudgetName": "by-hand",
    "BudgetType": "COST",
    "TimeUnit": "MONTHLY",
    "BudgetLimit": {"Amount": "100.0", "Unit": "USD"},
    "FilterExpression": {"Tags": {"Key": "costCenter", "Values": ["sales"], "MatchOptions": ["EQUALS"]}},
    "Metrics": ["UnblendedCost"],
}


@dataclass(frozen=True)
class Shared:
    """A sandbox that ``sentry`` and the ``aws`` CLI both look at, in a folder of its own."""

    folder: Path
    environment: dict[str, str]

    def sentry(self, *words: str) -> Ran:
        return self._run(sys.executable, "-m", "costsentry_cli", *words)

    def aws(self, operation: str, *words: str) -> Any:
        ran = self._run(str(AWS), "budgets", operation, "--account-id", ACCOUNT, *words, "--output", "json")
        assert ran.status == 0, ran.err
        return json.loads(ran.out) if ran.out.strip() else {}

    def described(self) -> dict[str, Any]:
        """Every budget by name, as the CLI tells it."""
        return {one["BudgetName"]: one for one in self.aws("describe-budgets", "--show-filter-expression")["Budgets"]}

    def _run(self, *command: str) -> Ran:
        ended = subprocess.run(
            command, cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=120, check=False
        )
        return Ran(ended.returncode, ended.stdout, ended.stderr)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    """The manifest's budgets are synced, and one is made by the ``aws`` CLI."""
    folder = tmp_path_factory.mktemp("budget-sync")
    write_manifest(folder, PROFILES_ALONE + BUDGETS)
    sandbox = Sandbox(folder / "sandbox.db", clock=lambda: NOW)
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "COSTSENTRY_"))}
    clean |= {"HOME": str(folder), "AWS_PAGER": "", "COSTSENTRY_SANDBOX": "1"}
    clean["COSTSENTRY_SANDBOX_DB"] = str(folder / "sandbox.db")
    with server.start(sandbox) as url:
        here = Shared(folder, clean | environment(url))
        assert here.sentry("sync", "--yes").status == 0
        here.aws("create-budget", "--budget", json.dumps(FOREIGN))
        yield here
    assert sandbox.violations() == []


def filter_of(key: str, value: str) -> list[dict[str, Any]]:
    """Usage alone that carries the tag. Of all Bedrock the CLI leaves ``Not``: its model has no product attributes."""
    return [
        {"Tags": {"Key": key, "Values": [value], "MatchOptions": ["EQUALS"]}},
        {"Not": {}},
        {"Not": {"Dimensions": {"Key": "RECORD_TYPE", "Values": ["Credit", "Refund", "Tax"]}}},
    ]


def test_the_aws_cli_sees_the_budgets_with_their_limits_and_filters(shared: Shared) -> None:
    found = shared.described()
    assert sorted(found) == sorted([*OURS, "by-hand"])
    sales = found["bedrock-sales"]
    assert (sales["BudgetType"], sales["TimeUnit"], sales["Metrics"]) == ("COST", "MONTHLY", ["UnblendedCost"])
    assert (float(sales["BudgetLimit"]["Amount"]), sales["BudgetLimit"]["Unit"]) == (2.5, "USD")
    assert sales["FilterExpression"]["And"] == filter_of("costCenter", "sales")
    planned = found["bedrock-planned"]
    assert planned["FilterExpression"]["And"] == filter_of("environment", "production")
    assert [float(one["Amount"]) for one in planned["PlannedBudgetLimits"].values()] == [100, 150.5, 150.5, 150.5]


def test_the_aws_cli_sees_the_alerts_and_whom_they_tell(shared: Shared) -> None:
    named = ("--budget-name", "bedrock-sales")
    alerts = shared.aws("describe-notifications-for-budget", *named)["Notifications"]
    assert sorted((one["NotificationType"], one["Threshold"], one["ThresholdType"]) for one in alerts) == [
        ("ACTUAL", 80.0, "PERCENTAGE"),
        ("FORECASTED", 100.0, "PERCENTAGE"),
    ]
    told = shared.aws("describe-subscribers-for-notification", *named, "--notification", ACTUAL)["Subscribers"]
    assert sorted((one["SubscriptionType"], one["Address"]) for one in told) == [
        ("EMAIL", "finops@example.com"),
        ("SNS", TOPIC),
    ]


def test_a_budget_of_the_aws_cli_is_foreign_to_the_plan_and_there_is_nothing_to_do(shared: Shared) -> None:
    changes = shared.sentry("budgets", "plan", "-o", "json").json()["changes"]
    assert {one["name"]: one["action"] for one in changes} == dict.fromkeys(OURS, "same") | {"by-hand": "foreign"}
    ran = shared.sentry("budgets", "plan", "--check")
    assert (ran.status, "? foreign  by-hand  not in this namespace, left alone" in ran.out) == (0, True)


def test_what_the_aws_cli_changed_by_hand_is_shown_and_repaired(shared: Shared) -> None:
    named = ("--budget-name", "bedrock-support")
    stranger = ("--subscribers", "SubscriptionType=EMAIL,Address=stranger@example.com")
    by_hand = ACTUAL.replace("80", "10")
    shared.aws("create-notification", *named, "--notification", by_hand, *stranger)
    (edited,) = (one for one in _changed(shared) if one["name"] == "bedrock-support")
    assert edited["changes"] == [{"field": "alerts.actual > 10%", "old": "stranger@example.com", "new": None}]
    assert shared.sentry("budgets", "sync", "--yes").status == 0
    left = shared.aws("describe-notifications-for-budget", *named)["Notifications"]
    assert sorted(one["Threshold"] for one in left) == [80.0, 100.0]
    assert _changed(shared) == []


def test_prune_and_destroy_leave_the_budget_of_the_aws_cli_alone(shared: Shared) -> None:
    """The last test of the module: the namespace is gone after it."""
    before = shared.described()["by-hand"]
    write_manifest(shared.folder, PROFILES_ALONE + BUDGETS[: BUDGETS.index("  - name: bedrock-planned")])
    pruned = shared.sentry("sync", "--yes", "--prune")
    assert pruned.status == 0, pruned.err
    assert sorted(shared.described()) == ["bedrock-sales", "bedrock-services", "bedrock-support", "by-hand"]
    destroyed = shared.sentry("destroy", "--confirm", "docs-helper")
    assert destroyed.status == 0, destroyed.err
    assert shared.described() == {"by-hand": before}


def _changed(shared: Shared) -> list[Any]:
    changes = shared.sentry("budgets", "plan", "-o", "json").json()["changes"]
    return [one for one in changes if one["action"] not in ("same", "foreign")]
