"""``sentry budgets lint``: findings where the budgets stand, for people, machines and reviewers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from budget_world import HIGH, broken, budgeted
from commands import Sentry
from costsentry_cli.cli.context import sandbox_at, sandbox_context
from costsentry_cli.domain.calls import ApiCall
from fakes import write_manifest

__all__ = ["broken", "budgeted"]


def found(sentry: Sentry, *words: str) -> dict[tuple[str, str], dict[str, Any]]:
    rows = sentry("budgets", "lint", *words, "-o", "json").json()["findings"]
    return {(row["budget"], row["rule"]): row for row in rows}


def test_good_budgets_have_no_findings(budgeted: Sentry, folder: Path) -> None:
    write_manifest(folder, HIGH)
    assert budgeted("budgets", "sync", "--yes").status == 0
    ran = budgeted("budgets", "lint", "--check")
    assert (ran.status, ran.out) == (0, "Nothing to mend in 3 budgets.\n")


def test_findings_have_a_rule_a_place_and_an_owner(broken: Sentry) -> None:
    findings = found(broken)
    low = findings["bedrock-sales", "limit-under-last-month"]
    assert (low["level"], low["manifest"], low["owner"]) == ("warning", "profiles.yaml:14", "ours")
    old = findings["sales-of-long-ago", "legacy-prefix"]
    assert (old["level"], old["manifest"], old["owner"]) == ("warning", None, "foreign")
    fixed = findings["nova-only", "fixed-services"]
    assert "Claude Haiku 4.5 (Amazon Bedrock Edition)" in fixed["message"]


def test_check_exits_3_for_ours_and_never_for_others(broken: Sentry, folder: Path) -> None:
    assert broken("budgets", "lint").status == 0
    assert broken("budgets", "lint", "--check").status == 3
    write_manifest(folder, HIGH)
    assert broken("budgets", "sync", "--yes").status == 0
    ran = broken("budgets", "lint", "--check")
    assert (ran.status, "sales-of-long-ago" in ran.out) == (0, True)


def test_without_cost_nothing_is_paid_and_what_is_free_is_found(broken: Sentry) -> None:
    ran = broken("budgets", "lint", "--no-cost")
    assert "warning[legacy-prefix]: sales-of-long-ago" in ran.out
    assert "limit-under" not in ran.out
    assert "paid" not in ran.err


def test_the_screen_names_rule_place_and_help(broken: Sentry) -> None:
    assert (
        "warning[legacy-prefix]: sales-of-long-ago: the tag filter costCenter$sales has\n"
        "  no user: and counts nothing\n"
        "  --> foreign\n"
        "  = help: write user:costCenter$sales\n"
    ) in broken("budgets", "lint").out


def test_github_and_gitlab_see_them_on_the_manifests_lines(broken: Sentry) -> None:
    github = broken("budgets", "lint", "-o", "github").out
    assert "::warning file=profiles.yaml,line=14,title=budget bedrock-sales::the limit of $0.05 is under" in github
    gitlab = broken("budgets", "lint", "-o", "gitlab").json()
    assert {one["check_name"] for one in gitlab} >= {"budget-limit-under-last-month", "budget-legacy-prefix"}
    assert len({one["fingerprint"] for one in gitlab}) == len(gitlab)


def test_an_inactive_tag_key_of_ours_is_an_error(budgeted: Sentry, folder: Path) -> None:
    cloud = sandbox_context(sandbox_at(folder / "sandbox.db"), "us-east-1").cloud
    off = [{"TagKey": "costCenter", "Status": "Inactive"}]
    cloud.call(ApiCall("ce", "UpdateCostAllocationTagsStatus", {"CostAllocationTagsStatus": off}))
    finding = found(budgeted, "--no-cost")["bedrock-sales", "inactive-tag-key"]
    assert (finding["level"], finding["help"]) == ("error", "sentry tags activate costCenter")


def test_a_member_account_is_told_that_keys_are_not_checked(broken: Sentry) -> None:
    broken("sandbox", "fault", "ce.ListCostAllocationTags", "error:AccessDeniedException:400")
    ran = broken("budgets", "lint")
    assert ran.status == 0
    assert "the tag keys are not checked" in ran.out
