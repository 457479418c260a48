"""Sandboxes with weeks of traffic and budgets over it, made once and copied for each test."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from commands import Sentry
from costsentry_cli.cli.context import sandbox_at, sandbox_context
from costsentry_cli.cli.main import run
from costsentry_cli.domain.calls import ApiCall
from fakes import ACCOUNT, BASIC, write_manifest

BUDGETS = """\
budgets:
  - name: bedrock-{costCenter}
    for_each: costCenter
    amount: 2
    per: month
    alerts:
      - {at: 80%, of: actual, email: [finops@example.com]}
      - {at: 100%, of: forecast, email: [finops@example.com]}
"""
MONITOR = """\
anomaly_monitors:
  - name: bedrock-by-cost-center
    tag: costCenter
    alert: {above: 50, above_percent: 40%, frequency: daily, email: [finops@example.com]}
"""
GOOD = BASIC + BUDGETS + MONITOR
LOW = GOOD.replace("amount: 2", "amount: 0.05")
HIGH = GOOD.replace("amount: 2", "amount: 900")
FIGURES = "13h"
"""After this long AWS has figures of new budgets."""
UNPREFIXED = {"CostFilters": {"TagKeyValue": ["costCenter$sales"]}}
NOVA = {
    "FilterExpression": {"Dimensions": {"Key": "SERVICE", "Values": ["Amazon Bedrock"], "MatchOptions": ["EQUALS"]}},
    "Metrics": ["UnblendedCost"],
}


def make_foreign(database: Path, name: str, **more: Any) -> None:
    """A budget somebody else made."""
    cloud = sandbox_context(sandbox_at(database), "us-east-1").cloud
    budget = {
        "BudgetName": name,
        "BudgetType": "COST",
        "TimeUnit": "MONTHLY",
        "BudgetLimit": {"Amount": "1000", "Unit": "USD"},
    } | more
    cloud.call(ApiCall("budgets", "CreateBudget", {"AccountId": ACCOUNT, "Budget": budget}))


@cache
def budgeted_file(root: Path) -> Path:
    """Three profiles with 70 days of traffic, a budget for each, of which AWS has figures, and an anomaly monitor."""
    folder = root / "budgeted"
    folder.mkdir()
    _run(folder, GOOD, "profiles sync --yes", "sandbox seed --days 70")
    with closing(sqlite3.connect(folder / "sandbox.db")) as database:
        database.execute("DELETE FROM calls WHERE id % 10 > 0")  # a tenth is enough to reckon with, and quicker
        database.commit()
    _run(folder, GOOD, "budgets sync --yes", "anomalies sync --yes", f"sandbox advance {FIGURES}")
    return folder / "sandbox.db"


@cache
def broken_file(root: Path) -> Path:
    """The same with limits that are too low, and two foreign budgets that do not count what they seem to."""
    folder = root / "broken"
    folder.mkdir()
    copy(budgeted_file(root), folder / "sandbox.db")
    _run(folder, LOW, "budgets sync --yes")
    make_foreign(folder / "sandbox.db", "sales-of-long-ago", **UNPREFIXED)
    make_foreign(folder / "sandbox.db", "nova-only", **NOVA)
    _run(folder, LOW, f"sandbox advance {FIGURES}")
    return folder / "sandbox.db"


@pytest.fixture
def budgeted(in_sandbox: Sentry, folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Sentry:
    write_manifest(folder, GOOD)
    copy(budgeted_file(tmp_path_factory.getbasetemp()), folder / "sandbox.db")
    return in_sandbox


@pytest.fixture
def broken(in_sandbox: Sentry, folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Sentry:
    write_manifest(folder, LOW)
    copy(broken_file(tmp_path_factory.getbasetemp()), folder / "sandbox.db")
    return in_sandbox


def copy(source: Path, target: Path) -> None:
    """A sandbox file as it is now, whatever stands in its journal."""
    with closing(sqlite3.connect(source)) as there, closing(sqlite3.connect(target)) as here:
        there.backup(here)


def _run(folder: Path, manifest: str, *commands: str) -> None:
    path = write_manifest(folder, manifest)
    for command in commands:
        where = ["--sandbox", "--sandbox-db", str(folder / "sandbox.db"), "-f", str(path)]
        assert run([*command.split(), *where]) == 0, command
