"""``accounts:`` with roles: one manifest, several accounts, and one that cannot be reached."""

from __future__ import annotations

from pathlib import Path

import pytest

from commands import Sentry
from costsentry_cli.sandbox import Sandbox
from fakes import PROFILES_ALONE, write_manifest

PAYER, MEMBER = "123456789012", "111122223333"
ROLE = f"arn:aws:iam::{MEMBER}:role/costsentry"
ACCOUNTS = f"""
accounts:
  - id: "{PAYER}"
  - {{id: "{MEMBER}", assume_role: "{ROLE}", external_id: costsentry-1}}
"""


@pytest.fixture
def two(in_sandbox: Sentry, folder: Path) -> Sentry:
    write_manifest(folder, PROFILES_ALONE.replace("[sales, services, support]", "sales") + ACCOUNTS)
    return in_sandbox


def arns(sentry: Sentry) -> list[str]:
    return [row["arn"] for row in sentry("sync", "--yes", "-o", "json").json()["results"]]


def test_each_account_gets_its_profiles_through_its_role(two: Sentry) -> None:
    assert [arn.split(":")[4] for arn in arns(two)] == [PAYER, MEMBER]
    after = two("plan", "--check")
    assert (after.status, after.out.splitlines()[-1]) == (0, "No changes. 2 profiles match profiles.yaml.")


def test_the_plan_says_which_account_each_line_is_for(two: Sentry) -> None:
    screen = two("plan").out
    assert f"profiles.yaml:9  {PAYER} us-east-1\n" in screen
    assert f"profiles.yaml:9  {MEMBER} us-east-1\n" in screen
    assert "metrics: 2 profiles x 6 series" in screen


def test_the_external_id_is_sent(two: Sentry, folder: Path) -> None:
    Sandbox(folder / "sandbox.db").configure(f"role_external_id:{ROLE}", "costsentry-1")
    assert two("sync", "--yes").status == 0


def test_an_account_that_cannot_be_reached_does_not_stop_the_other_and_is_named(two: Sentry, folder: Path) -> None:
    sandbox = Sandbox(folder / "sandbox.db")
    sandbox.configure(f"role_denied:{ROLE}", "1")
    ran = two("sync", "--yes")
    assert ran.status == 6
    assert f"not looked at: {MEMBER}: CS0403 AccessDenied" in ran.err
    assert "1 applied, 0 failed" in ran.err
    sandbox.configure(f"role_denied:{ROLE}", None)
    assert two("sync", "--yes").status == 0
    assert two("plan", "--check").status == 0


def test_when_no_account_can_be_reached_the_error_is_its_own(in_sandbox: Sentry, folder: Path) -> None:
    write_manifest(folder, PROFILES_ALONE + f'accounts: [{{id: "{MEMBER}", assume_role: "{ROLE}"}}]\n')
    Sandbox(folder / "sandbox.db").configure(f"role_denied:{ROLE}", "1")
    ran = in_sandbox("plan")
    assert (ran.status, "the IAM action needed is sts:AssumeRole" in ran.err) == (4, True)


def test_an_account_without_a_role_must_be_the_credentials_own(in_sandbox: Sentry, folder: Path) -> None:
    write_manifest(folder, PROFILES_ALONE + f'accounts: [{{id: "{MEMBER}"}}]\n')
    ran = in_sandbox("plan")
    assert (ran.status, "has no assume_role" in ran.err) == (7, True)
