"""From a manifest to budgets and a monitor and back to nothing, by the command alone, in the sandbox."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from billing_world import ACTION, MONITORS, ONE_BUDGET
from commands import Sentry, Terminal
from costsentry_cli.domain.calls import ApiCall
from fakes import ACCOUNT, PROFILES_ALONE, write_manifest
from foreign import somebody

PROFILE = PROFILES_ALONE.replace("[sales, services, support]", "sales")
TEXT = PROFILE + ONE_BUDGET + ACTION + MONITORS
BUDGET = f"arn:aws:budgets::{ACCOUNT}:budget/bedrock"
MONITOR = "bedrock-by-cost-center"


@pytest.fixture
def synced(in_sandbox: Sentry, folder: Path) -> Sentry:
    """A profile, a budget with alerts and an action, and a monitor with its subscription, made."""
    write_manifest(folder, TEXT)
    assert in_sandbox("sync", "--yes").status == 0
    return in_sandbox


def changes(ran: Any) -> dict[str, dict[str, Any]]:
    return {one["name"]: one for one in ran.json()["changes"]}


def operations(ran: Any) -> list[str]:
    return [call["operation"] for call in ran.json()["calls"]]


def test_the_plan_says_what_would_be_made_and_by_which_calls(in_sandbox: Sentry, folder: Path) -> None:
    write_manifest(folder, TEXT)
    ran = in_sandbox("plan", "-o", "json")
    assert ran.status == 0
    assert operations(ran) == [
        "CreateInferenceProfile",
        "CreateBudget",
        "CreateBudgetAction",
        "CreateAnomalyMonitor",
        "CreateAnomalySubscription",
    ]
    made = changes(ran)["bedrock"]
    assert (made["action"], made["kind"], made["region"], made["manifest"]) == (
        "create",
        "budget",
        "global",
        "profiles.yaml:13",
    )
    assert in_sandbox("plan", "--check").status == 3


def test_all_is_made_and_the_second_plan_is_empty(synced: Sentry) -> None:
    ran = synced("plan", "--check")
    assert ran.status == 0
    assert ran.out == "No changes. 1 profile, 1 budget, 1 anomaly monitor match profiles.yaml.\n"


def test_a_moved_threshold_is_one_call_and_a_reviewed_plan_does_just_that(synced: Sentry, folder: Path) -> None:
    write_manifest(folder, TEXT.replace("at: 80%", "at: 85%"))
    assert synced("plan", "--out", "plan.json", "-o", "json").status == 0
    assert [call["operation"] for call in json.loads((folder / "plan.json").read_text())["calls"]] == [
        "UpdateNotification"
    ]
    ran = synced("sync", "--plan", "plan.json")
    assert ran.status == 0
    assert f"  ~ updated   bedrock  {BUDGET}\n1 applied, 0 failed, 2 unchanged.\n" in ran.err
    assert synced("plan", "--check").status == 0


def test_a_reviewed_whole_update_can_be_saved_and_applied(synced: Sentry, folder: Path) -> None:
    write_manifest(folder, TEXT.replace("amount: 500", "amount: 600"))
    assert synced("plan", "--out", "plan.json", "-o", "json").status == 0
    assert synced("sync", "--plan", "plan.json").status == 0
    assert synced("plan", "--check").status == 0


def test_a_reviewed_replace_of_a_monitor_can_be_saved_and_applied(synced: Sentry, folder: Path) -> None:
    write_manifest(folder, TEXT.replace("tag: costCenter", "tag: environment"))
    held = synced("plan", "-o", "json")
    assert changes(held)[MONITOR]["held"].startswith("needs --allow-replace")
    assert synced("plan", "--allow-replace", "--out", "plan.json", "-o", "json").status == 0
    synced("sandbox", "advance", "1m")
    assert synced("sync", "--plan", "plan.json").status == 0
    synced("sandbox", "advance", "8d")
    gone = synced("plan", "--prune", "--max-deletes", "1", "-o", "json")
    assert operations(gone) == ["DeleteAnomalySubscription", "DeleteAnomalyMonitor"]


def test_an_address_that_is_refused_ends_in_part_and_says_what_went_on(synced: Sentry, folder: Path) -> None:
    synced("sandbox", "set", "budget_email_denied:nobody@example.com", "1")
    changed = TEXT.replace("amount: 500", "amount: 600").replace(
        "email: [a@example.com]}", "email: [nobody@example.com]}"
    )
    write_manifest(folder, changed.replace("frequency: daily", "frequency: weekly"))
    ran = synced("sync", "--yes")
    assert ran.status == 6
    assert "x failed    bedrock  CS0403 AccessDeniedException" in ran.err
    assert f"~ updated   {MONITOR}" in ran.err
    left = changes(synced("plan", "-o", "json"))["bedrock"]
    assert [change["field"] for change in left["changes"]] == ["alerts.actual > 80%"]


def test_a_budget_of_somebody_else_is_held_and_said(in_sandbox: Sentry, folder: Path) -> None:
    write_manifest(folder, TEXT)
    in_sandbox("sync", "--yes")
    write_manifest(folder, TEXT.replace("namespace: docs-helper", "namespace: another-team"))
    ran = in_sandbox("sync", "--yes")
    assert ran.status == 7
    assert "create bedrock: a budget of this name exists and is not ours: choose another name" in ran.err
    assert changes(in_sandbox("plan", "-o", "json"))["bedrock"]["action"] in ("create", "foreign")


def test_what_left_the_manifest_is_pruned_only_when_asked(synced: Sentry, folder: Path) -> None:
    write_manifest(folder, PROFILE)
    kept = synced("plan", "-o", "json")
    assert (changes(kept)["bedrock"]["action"], operations(kept)) == ("unlisted", [])
    refused = synced("sync", "--prune", "--yes")
    assert refused.status == 7
    assert synced("sync", "--prune", "--yes", "--max-deletes", "1").status == 0
    assert changes(synced("plan", "-o", "json")).keys() == {"aws-docs-sales-prod"}


def test_destroy_takes_all_of_it_along(synced: Sentry) -> None:
    assert synced("destroy", "--confirm", "docs-helper").status == 0
    left = synced("plan", "-o", "json").json()["summary"]
    assert (left["create"], left["same"], left["unlisted"], left["foreign"]) == (3, 0, 0, 0)


LONG_ALERTS = """
budgets:
  - name: bedrock
    amount: 500
    per: month
    alerts: [{at: 80%, of: actual, email: [finance-team@example.com, platform-team@example.com]}]
"""


@pytest.mark.parametrize("width", [60, 80])
def test_long_alerts_and_a_name_that_is_taken_fit_the_terminal_and_are_drawn_once(
    width: int, in_sandbox: Sentry, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_manifest(folder, PROFILE + LONG_ALERTS)
    theirs = {"BudgetName": "bedrock", "BudgetType": "COST", "TimeUnit": "MONTHLY"}
    limit = {"BudgetLimit": {"Amount": "5", "Unit": "USD"}}
    somebody(folder / "sandbox.db").cloud.call(
        ApiCall("budgets", "CreateBudget", {"AccountId": ACCOUNT, "Budget": theirs | limit})
    )
    piped = in_sandbox("plan").out
    monkeypatch.setenv("COLUMNS", str(width))
    with monkeypatch.context() as patched:
        terminal = Terminal()
        patched.setattr("sys.stdout", terminal)
        in_sandbox("plan")
    shown = terminal.getvalue()
    assert max(map(len, shown.splitlines())) <= width
    assert shown.split() == piped.split()
    assert shown.count("budget bedrock") == 1
    assert "budget of this name exists and is not ours: choose another name, or tag it costsentry:" in piped
