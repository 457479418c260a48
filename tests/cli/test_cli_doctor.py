"""``sentry doctor``: the screens, the exit status, and that it goes on whatever fails."""

from __future__ import annotations

import re
import stat
from pathlib import Path

import pytest

from commands import Sentry
from costsentry_cli import __version__
from costsentry_cli.cli.doctor import programs_on_path
from costsentry_cli.domain.doctor.findings import Area, fail, ok, warn
from costsentry_cli.domain.errors import Exit
from costsentry_cli.render.doctor import as_text
from costsentry_cli.render.fold import columns
from costsentry_cli.sandbox import FaultRule, Sandbox
from fakes import BASIC, write_manifest
from recording import Recorder

WRITES = ("Create", "Update", "Put", "Delete", "Tag", "Untag", "Start", "Converse", "Invoke", "Modify")
FOUND = [
    ok(Area.HERE, "command", "this program (/home/anna/.local/bin/sentry)"),
    ok(Area.WHO, "identity", "role finops, session anna, account 1234****9012", "a detail of what is well"),
    warn(Area.ACCOUNT, "budgets", "3 declared, 2 live, 1 missing", "sentry sync", "bedrock-sales: missing"),
    fail(
        Area.ACCOUNT,
        "ledger tables",
        "costsentry-docs-helper is missing: calls with a limit are denied",
        "sentry sync",
        Exit.DENIED,
    ),
    warn(Area.PERMISSIONS, "tags", "1 of 8 actions denied", "sentry iam-policy --for tags", "ce:StartQuery"),
]
AT_60 = """\
This machine
  ok    command        this program
                         (/home/anna/.local/bin/sentry)
Who and where
  ok    identity       role finops, session anna, account
                         1234****9012
Account
  warn  budgets        3 declared, 2 live, 1 missing
        - bedrock-sales: missing
        fix: sentry sync
  FAIL  ledger tables  costsentry-docs-helper is missing:
                         calls with a limit are denied
        fix: sentry sync
Permissions
  warn  tags           1 of 8 actions denied
        - ce:StartQuery
        fix: sentry iam-policy --for tags

2 ok, 2 warnings, 1 failed.
First: ledger tables: costsentry-docs-helper is missing:
  calls with a limit are denied
  sentry sync
"""


def test_the_screen_fits_60_columns_and_ends_with_what_matters_most() -> None:
    text = as_text(FOUND, 60)
    assert text == AT_60
    assert max(columns(line) for line in text.splitlines()) <= 60


def test_when_all_is_well_it_says_so() -> None:
    assert as_text(FOUND[:2], 80).endswith("\n2 ok, 0 warnings, 0 failed.\nAll is well.\n")
    assert "a detail of what is well" not in as_text(FOUND[:2], 80)
    assert "        - a detail of what is well\n" in as_text(FOUND[:2], 80, verbose=True)


def test_a_first_run_in_a_sandbox_warns_of_all_that_is_missing_and_names_sync_first(in_sandbox: Sentry) -> None:
    ran = in_sandbox("doctor")
    assert (ran.status, ran.err) == (0, "target: sandbox (no AWS account touched)\n")
    assert f"  ok    version        costsentry-cli {__version__}, Python 3." in ran.out
    assert "  ok    identity       user sandbox, account 1234****9012\n" in ran.out
    assert "  ok    manifest       profiles.yaml is valid: 3 profiles, 0 limits, 0 budgets, 3 tag keys\n" in ran.out
    assert "  warn  profiles  " in ran.out
    assert ran.out.endswith("First: profiles: 3 declared, none live yet\n  sentry sync\n")


def test_the_target_and_file_stand_in_what_is_to_be_pasted(in_sandbox: Sentry, folder: Path) -> None:
    (folder / "profiles.yaml").rename(folder / "other.yaml")
    assert in_sandbox("doctor", "-f", "other.yaml").out.endswith("\n  sentry sync --file other.yaml\n")


def test_after_a_sync_only_the_keys_are_waited_for(in_sandbox: Sentry) -> None:
    assert in_sandbox("sync", "--yes").status == 0
    ran = in_sandbox("doctor", "-o", "json")
    levels = {row["check"]: row["level"] for row in ran.json()["checks"]}
    assert ran.status == 0
    assert [check for check, level in levels.items() if level != "ok"] == ["tag keys"]
    assert ran.json()["first"]["fix"] == "sentry tags status"
    assert in_sandbox("doctor", "--fail-on", "warn").status == 3


def test_nothing_is_written_and_nothing_is_paid_for(in_sandbox: Sentry, folder: Path, recorder: Recorder) -> None:
    in_sandbox("sync", "--yes")
    unasked = FaultRule("iam", "SimulatePrincipalPolicy", "error:AccessDenied:403", times=None)
    Sandbox(folder / "sandbox.db").add_fault(unasked)
    assert "told by reading calls" in in_sandbox("doctor").out
    operations = {operation for _, operation in recorder.operations()}
    assert len(operations) > 15
    assert not [name for name in operations if name.startswith(WRITES)]
    assert not operations & {"GetCostAndUsage", "GetMetricData", "GetDimensionValues", "GetCostForecast"}


def test_without_a_manifest_the_rest_is_checked(sentry: Sentry, folder: Path) -> None:
    ran = sentry("doctor", "--sandbox")
    assert ran.status == 0
    assert (
        "  warn  manifest       there is no profiles.yaml here: nothing is declared\n        fix: sentry init\n"
        in ran.out
    )
    assert "  ok    identity       " in ran.out
    assert "Account\n" not in ran.out


def test_a_broken_manifest_fails_with_the_status_of_validate_and_the_rest_is_checked(
    in_sandbox: Sentry, folder: Path
) -> None:
    write_manifest(folder, BASIC.replace("version: 1", "version: one"))
    ran = in_sandbox("doctor")
    assert ran.status == in_sandbox("validate").status == 2
    assert "        fix: sentry validate -f profiles.yaml\n" in ran.out
    assert "Permissions\n" in ran.out


def test_without_credentials_it_says_where_they_come_from_and_checks_what_needs_none(
    sentry: Sentry, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_manifest(folder)
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    ran = sentry("doctor")
    assert (ran.status, ran.err) == (4, "target: aws, not reached (CS0401)\n")
    assert "  FAIL  target         no AWS credentials found (CS0401)\n" in ran.out
    assert "; or sentry ... --sandbox (no account needed)\n" in ran.out
    assert "  ok    models  " in ran.out
    assert "Permissions\n" not in ran.out


def test_without_a_network_it_exits_as_every_command_would(
    sentry: Sentry, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "x")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    ran = sentry("doctor")
    assert ran.status == 8
    assert "  FAIL  target         " in ran.out
    assert "  ok    prices  " in ran.out


def test_another_account_than_the_manifest_names_is_a_failure_of_its_own(in_sandbox: Sentry, folder: Path) -> None:
    write_manifest(folder, BASIC + 'account: "999988887777"\n')
    ran = in_sandbox("doctor")
    assert ran.status == 7
    assert "  FAIL  account        the manifest is for account 999988887777, these credentials belong to" in ran.out
    assert "Account\n" not in ran.out


def test_what_one_denied_service_says_does_not_hide_the_others(in_sandbox: Sentry, folder: Path) -> None:
    assert in_sandbox("sync", "--yes").status == 0
    denied = FaultRule("ce", "ListCostAllocationTags", "error:AccessDeniedException:403", times=None)
    Sandbox(folder / "sandbox.db").add_fault(denied)
    ran = in_sandbox("doctor")
    assert ran.status == 4
    assert "  ok    profiles  " in ran.out
    assert "        - ce:ListCostAllocationTags\n        fix: sentry iam-policy --for tags\n" in ran.out


def test_a_command_that_is_asked_for_and_lacks_something_fails(in_sandbox: Sentry, folder: Path) -> None:
    denied = FaultRule("budgets", "DescribeBudgets", "error:AccessDeniedException:403", times=None)
    Sandbox(folder / "sandbox.db").add_fault(denied)
    assert in_sandbox("doctor").status == 0  # the manifest declares none
    ran = in_sandbox("doctor", "--for", "budgets list,invoke")
    assert ran.status == 4
    assert re.search(r"FAIL  budgets list .* of \d+ actions denied", ran.out)
    assert in_sandbox("doctor", "--for", "invoke").status == 0
    assert in_sandbox("doctor", "--for", "invok").status == 2


def test_a_gate_there_is_not_is_refused(in_sandbox: Sentry) -> None:
    assert in_sandbox("doctor", "--fail-on", "error").status == 2


def test_programs_are_found_in_the_order_of_the_path(tmp_path: Path) -> None:
    made = [tmp_path / name for name in ("one", "two", "three")]
    for folder, text in zip(made, ("#!/bin/sh\n", "from costsentry_cli.__main__ import main\n", ""), strict=True):
        folder.mkdir()
        if text:
            (folder / "sentry").write_text(text)
            (folder / "sentry").chmod(stat.S_IRWXU)
    (tmp_path / "again").symlink_to(made[0])
    path = ":".join(map(str, [*made, tmp_path / "again", ""]))
    assert [(Path(one.path).parent.name, one.ours) for one in programs_on_path(path)] == [("one", False), ("two", True)]
