"""``sentry budgets``: from the manifest to the screen, in the sandbox."""

from __future__ import annotations

import csv
import io
import json
from decimal import Decimal
from pathlib import Path

import pytest

from budget_world import GOOD, LOW, broken, budgeted, make_foreign
from commands import Sentry
from fakes import write_manifest

__all__ = ["broken", "budgeted"]


def test_the_list_has_ours_and_foreign_ones_and_mine_only_ours(budgeted: Sentry, folder: Path) -> None:
    make_foreign(folder / "sandbox.db", "whole-account")
    found = {row["name"]: row for row in budgeted("budgets", "list", "-o", "json").json()["budgets"]}
    assert {name: row["owner"] for name, row in found.items()} == {
        "bedrock-sales": "ours",
        "bedrock-services": "ours",
        "bedrock-support": "ours",
        "whole-account": "foreign",
    }
    assert found["bedrock-sales"]["filter"] == "costCenter=sales"
    assert (found["bedrock-sales"]["alerts"], found["bedrock-sales"]["limit_usd"]) == (2, "2.00")
    assert found["whole-account"]["filter"] == "every service"
    assert len(budgeted("budgets", "list", "--mine", "-o", "json").json()["budgets"]) == 3


def test_status_agrees_with_the_report_and_shows_what_no_budget_counts(budgeted: Sentry) -> None:
    ran = budgeted("budgets", "status", "-o", "json")
    standing = {row["name"]: row for row in ran.json()["budgets"]}
    report = {row["costCenter"]: row["cost_usd"] for row in budgeted("report", "-o", "json").json()["costs"]}
    assert Decimal(standing["(untagged)"]["actual_usd"]) == Decimal(report[None])
    assert standing["(untagged)"]["reason"] == "no costCenter"
    assert list(standing) == ["bedrock-sales", "bedrock-services", "bedrock-support", "(untagged)"]
    assert ran.err.endswith("Cost Explorer: 1 request, $0.01 on AWS\n")
    for centre in ("sales", "services", "support"):
        row = standing[f"bedrock-{centre}"]
        assert 0 < Decimal(row["actual_usd"]) <= Decimal(report[centre])  # refreshed every 8 hours
        over = Decimal(row["actual_usd"]) > 2
        assert (row["state"] == "exceeded") is over


def test_after_an_update_there_is_no_figure_yet(budgeted: Sentry, folder: Path) -> None:
    write_manifest(folder, GOOD.replace("amount: 2", "amount: 3"))
    assert budgeted("budgets", "sync", "--yes").status == 0
    states = {row["name"]: row for row in budgeted("budgets", "status", "--no-cost", "-o", "json").json()["budgets"]}
    assert {row["state"] for row in states.values()} == {"no figure yet"}
    assert states["bedrock-sales"]["actual_usd"] is None


def test_without_cost_nothing_is_paid_and_nothing_is_said_of_it(budgeted: Sentry) -> None:
    ran = budgeted("budgets", "status", "--no-cost")
    assert ran.status == 0
    assert "(untagged)" not in ran.out
    assert "paid" not in ran.err


@pytest.mark.parametrize("words", [("--fail-on", "exceeded"), ("--fail-on", "forecast,exceeded")])
def test_the_gate_exits_3_and_names_the_budgets(broken: Sentry, words: tuple[str, ...]) -> None:
    ran = broken("budgets", "status", "--no-cost", *words)
    assert ran.status == 3
    assert "gate: bedrock-sales: exceeded by $" in ran.err
    assert "✗ exceeded by $" in ran.out
    assert broken("budgets", "status", "--no-cost").status == 0


def test_a_gate_says_what_it_cannot_decide(budgeted: Sentry, folder: Path) -> None:
    write_manifest(folder, LOW)
    assert budgeted("budgets", "sync", "--yes").status == 0
    ran = budgeted("budgets", "status", "--no-cost", "--fail-on", "exceeded")
    assert (ran.status, "no gate for bedrock-sales: no figure yet" in ran.err) == (0, True)


def test_a_gate_that_is_none_is_a_usage_error(budgeted: Sentry) -> None:
    ran = budgeted("budgets", "status", "--fail-on", "exceded")
    assert (ran.status, "'exceded' is none of: exceeded, forecast" in ran.err) == (2, True)


def test_status_in_csv_has_no_drawing_and_exact_amounts(budgeted: Sentry) -> None:
    rows = list(csv.DictReader(io.StringIO(budgeted("budgets", "status", "-o", "csv").out)))
    assert {row["state"] for row in rows} <= {"on track", "exceeded", "forecast over", "untagged"}
    assert all(Decimal(row["limit_usd"]) == 2 for row in rows if row["name"].startswith("bedrock"))
    assert "share_bar" not in rows[0]


def test_an_account_without_budgets_says_so(in_sandbox: Sentry) -> None:
    assert in_sandbox("budgets", "list").out == "No cost budgets here.\n"
    assert in_sandbox("budgets", "status").out == "No budgets of ours here.\n"


def test_declared_budgets_that_are_not_there_are_named_as_such(in_sandbox: Sentry, folder: Path) -> None:
    write_manifest(folder, GOOD)
    assert "3 of the 3 declared budgets are not here: sentry budgets sync" in in_sandbox("budgets", "status").out


def test_budgets_need_neither_manifest_nor_region(budgeted: Sentry, folder: Path) -> None:
    (folder / "profiles.yaml").unlink()
    owners = [row["owner"] for row in budgeted("budgets", "list", "-o", "json").json()["budgets"]]
    assert owners == ["ours"] * 3


def test_a_denied_call_is_an_error_with_its_action(budgeted: Sentry) -> None:
    budgeted("sandbox", "fault", "budgets.DescribeBudgets", "error:AccessDeniedException:400")
    ran = budgeted("budgets", "status", "-o", "json")
    assert ran.status == 4
    assert json.loads(ran.out)["error"]["code"] == "CS0403"


def test_simulate_tells_when_alerts_would_have_fired(budgeted: Sentry) -> None:
    ran = budgeted("budgets", "simulate", "-o", "json")
    alerts = ran.json()["alerts"]
    assert [(row["budget"], row["alert"]) for row in alerts[:2]] == [
        ("bedrock-sales", "actual > 80%"),
        ("bedrock-sales", "forecast > 100%"),
    ]
    report = budgeted("report", "--last", "last-month", "-o", "json").json()["costs"]
    cost = {row["costCenter"]: row["cost_usd"] for row in report}
    for row in alerts:
        assert Decimal(row["cost_usd"]) == Decimal(cost[row["budget"].removeprefix("bedrock-")])
        if row["alert"] == "actual > 80%":
            assert (row["fired_on"] is not None) is (Decimal(row["cost_usd"]) > Decimal("1.6"))
            assert row["times"] == int(row["fired_on"] is not None)
    assert ran.err.endswith("Cost Explorer: 1 request, $0.01 on AWS\n")
    assert "not AWS's" in budgeted("budgets", "simulate").out


def test_simulate_of_a_month_to_come_is_refused(budgeted: Sentry) -> None:
    assert budgeted("budgets", "simulate", "--month", "2099-01").status == 2


def test_simulate_without_budgets_asks_nothing(in_sandbox: Sentry) -> None:
    ran = in_sandbox("budgets", "simulate")
    assert (ran.out, "paid" in ran.err) == ("No budgets in profiles.yaml.\n", False)
