"""``report costs --accounts``: every account of the manifest by its role, nothing twice, and one that is missing."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from commands import Sentry
from costsentry_cli.aws import assume
from costsentry_cli.domain.calls import ApiCall
from costsentry_cli.sandbox import FaultRule, Sandbox
from fakes import LITE, PROFILES_ALONE, write_manifest
from foreign import called, somebody

PAYER, ONE, TWO = "123456789012", "111122223333", "444455556666"
ROLES = {number: f"arn:aws:iam::{number}:role/finops" for number in (ONE, TWO)}
MATRIX = f"""
accounts:
  - id: "{PAYER}"
  - {{id: "{ONE}", assume_role: "{ROLES[ONE]}"}}
  - {{id: "{TWO}", assume_role: "{ROLES[TWO]}"}}
"""
ASKED = ("report", "costs", "--accounts", "--last", "7d", "--no-previous", "--no-extras")


@pytest.fixture
def billed(in_sandbox: Sentry, folder: Path) -> Sentry:
    """One call of the payer, two and three of the others, and two days for billing to notice."""
    write_manifest(folder, PROFILES_ALONE + MATRIX)
    context = somebody(folder / "sandbox.db")
    called(context, LITE)
    params = {"modelId": LITE, "messages": [{"role": "user", "content": [{"text": "Hi"}]}]}
    for number, times in ((ONE, 2), (TWO, 3)):
        cloud = assume(context.cloud, ROLES[number])
        for _ in range(times):
            cloud.call(ApiCall("bedrock-runtime", "Converse", params, "us-east-1", paid=True))
    Sandbox(folder / "sandbox.db").advance(timedelta(days=2))
    return in_sandbox


def costs(document: dict[str, list[dict[str, str]]], key: str = "account") -> dict[str, Decimal]:
    found: dict[str, Decimal] = {}
    for row in document["costs"]:
        found[row[key]] = found.get(row[key], Decimal(0)) + Decimal(row["cost_usd"])
    return found


def test_every_account_is_asked_for_its_own_cost_and_the_payers_is_not_all_of_them(billed: Sentry) -> None:
    ran = billed(*ASKED, "--group-by", "model", "-o", "json")
    assert ran.status == 0, ran.err
    document = ran.json()
    found = costs(document)
    assert found[ONE] == 2 * found[PAYER]
    assert found[TWO] == 3 * found[PAYER] > 0
    assert sum(found.values()) == Decimal(document["total"]["cost_usd"])
    assert (document["paid_requests"], document["not_asked"]) == (3, [])
    payer = billed("report", "-g", "account", "--last", "7d", "--no-previous", "--no-extras", "-o", "json").json()
    assert costs(payer) == found


@pytest.mark.parametrize("groups", ["account", "account,model", "model,region"])
def test_the_total_is_the_same_whatever_it_is_grouped_by(billed: Sentry, groups: str) -> None:
    document = billed(*ASKED, "-g", groups, "-o", "json").json()
    expected = [*([] if "account" in groups else ["account"]), *groups.split(",")]
    assert list(document["costs"][0])[: len(expected)] == expected
    whole = billed("report", "-g", "account", "--last", "7d", "--no-previous", "--no-extras", "-o", "json").json()
    assert document["total"]["cost_usd"] == whole["total"]["cost_usd"]
    assert costs(document) == costs(whole)


def test_a_role_that_is_denied_is_told_and_the_rest_adds_up(billed: Sentry, folder: Path) -> None:
    whole = costs(billed(*ASKED, "-o", "json").json())
    Sandbox(folder / "sandbox.db").configure(f"role_denied:{ROLES[ONE]}", "1")
    ran = billed(*ASKED, "-o", "json")
    assert ran.status == 6
    assert f"not looked at: {ONE}: CS0403 " in ran.err
    document = ran.json()
    assert costs(document) == {PAYER: whole[PAYER], TWO: whole[TWO]}
    assert sum(costs(document).values()) == Decimal(document["total"]["cost_usd"])
    assert [(one["account"], one["code"]) for one in document["not_asked"]] == [(ONE, "CS0403")]
    assert f"Not in these figures: account {ONE}, CS0403" in billed(*ASKED).out


def test_an_account_whose_billing_refuses_is_told_too(billed: Sentry, folder: Path) -> None:
    denied = FaultRule("ce", "GetCostAndUsage", "error:AccessDeniedException:403", times=1)
    Sandbox(folder / "sandbox.db").add_fault(denied)
    ran = billed(*ASKED, "-o", "json")
    document = ran.json()
    missing = {one["account"] for one in document["not_asked"]}  # they are asked side by side: any one of them
    assert (ran.status, len(missing)) == (6, 1)
    assert set(costs(document)) == {PAYER, ONE, TWO} - missing


def test_what_was_asked_is_remembered_by_account_and_the_purse_is_one(billed: Sentry) -> None:
    stopped = billed(*ASKED, "--max-requests", "2")
    assert (stopped.status, "CS0210" in stopped.err) == (3, True)
    assert "Cost Explorer: 1 request, $0.01 on AWS (2 remembered" in billed(*ASKED).err
    assert "Cost Explorer: 0 requests, $0.00 on AWS (3 remembered" in billed(*ASKED).err


def test_focus_names_the_account_of_every_row(billed: Sentry) -> None:
    ran = billed("report", "--accounts", "--last", "7d", "-o", "focus")
    rows = list(csv.DictReader(io.StringIO(ran.out)))
    assert (ran.status, {row["BillingAccountId"] for row in rows}) == (0, {PAYER, ONE, TWO})


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--accounts", "--billing-view", "arn:aws:billing::123456789012:billingview/primary"), "two ways"),
        (("--accounts", "-f", "plain.yaml"), "has no accounts:"),
    ],
)
def test_a_matrix_that_cannot_be_asked_is_refused(
    in_sandbox: Sentry, folder: Path, words: tuple[str, ...], told: str
) -> None:
    write_manifest(folder, PROFILES_ALONE).rename(folder / "plain.yaml")
    write_manifest(folder, PROFILES_ALONE + MATRIX)
    ran = in_sandbox("report", *words)
    assert (ran.status, told in ran.err, "target:" in ran.err) == (2, True, False)
