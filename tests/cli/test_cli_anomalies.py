"""``sentry anomalies``: monitors, what they found, and what they cannot see."""

from __future__ import annotations

from pathlib import Path

from budget_world import budgeted
from commands import Sentry
from costsentry_cli.cli.context import sandbox_at, sandbox_context
from costsentry_cli.domain.calls import ApiCall

__all__ = ["budgeted"]


def make_foreign(folder: Path) -> None:
    cloud = sandbox_context(sandbox_at(folder / "sandbox.db"), "us-east-1").cloud
    monitor = {"MonitorName": "by service", "MonitorType": "DIMENSIONAL", "MonitorDimension": "SERVICE"}
    cloud.call(ApiCall("ce", "CreateAnomalyMonitor", {"AnomalyMonitor": monitor}))


def test_monitors_are_listed_with_their_owner_and_alerts(budgeted: Sentry, folder: Path) -> None:
    make_foreign(folder)
    document = budgeted("anomalies", "list", "--no-cost", "-o", "json").json()
    ours, theirs = document["anomaly_monitors"]
    assert (ours["name"], ours["watches"], ours["owner"]) == ("bedrock-by-cost-center", "tag costCenter", "ours")
    assert ours["alerts"] == "daily >= 50 USD and >= 40% -> finops@example.com"
    assert (theirs["name"], theirs["watches"], theirs["owner"]) == ("by service", "service", "foreign")
    assert document["anomalies"] == []


def test_the_share_the_detector_cannot_see_is_said_for_one_paid_request(budgeted: Sentry) -> None:
    report = budgeted("report", "-g", "service", "--last", "last-month", "-o", "json").json()
    share = next(row["share"] for row in report["costs"] if row["service"].endswith("(Amazon Bedrock Edition)"))
    ran = budgeted("anomalies", "list")
    said = f"(Claude, Cohere, ...): {float(share):.0%} of last month's Bedrock cost\n"
    assert ran.out.endswith(said)
    assert ran.err.endswith("Cost Explorer: 1 request, $0.01 on AWS\n")
    assert "No anomalies in the last 90 days." in ran.out


def test_without_cost_the_truth_has_no_figure(budgeted: Sentry) -> None:
    ran = budgeted("anomalies", "list", "--no-cost")
    assert ran.out.endswith("billed through AWS Marketplace (Claude, Cohere, ...)\n")
    assert "paid" not in ran.err


def test_without_monitors_the_way_to_one_is_said(in_sandbox: Sentry) -> None:
    assert in_sandbox("anomalies", "list").out.startswith("No anomaly monitors here: anomaly_monitors: in the manifest")
