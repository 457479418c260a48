"""What the commands over billing share: where they ask, what they paid, and what they do without."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from budget_world import budgeted
from commands import Sentry
from costsentry_cli.cli.billing import tell_unknown
from costsentry_cli.cli.memory import tell
from costsentry_cli.cli.options import Common
from costsentry_cli.domain.budget_spend import paid_facts
from costsentry_cli.domain.errors import Exit, SentryError
from costsentry_cli.domain.remembered import Paid, Remembered
from fakes import BASIC, FakeCloud, FrozenClock, write_manifest

__all__ = ["budgeted"]
COMMANDS = ["budgets status", "budgets lint", "anomalies list", "tags status"]


def test_costs_that_are_not_known_are_told_with_the_reason(capsys: pytest.CaptureFixture[str]) -> None:
    assert tell_unknown(paid_facts(3)) is Exit.OK
    assert tell_unknown(paid_facts(1, SentryError("CS0403", "AccessDeniedException: no"))) is Exit.PARTIAL
    assert capsys.readouterr().err == "costs are not known: CS0403 AccessDeniedException: no\n"


@pytest.mark.parametrize("command", [*COMMANDS, "budgets simulate"])
def test_what_was_paid_for_once_is_remembered(command: str, budgeted: Sentry) -> None:
    first, again = budgeted(*command.split()), budgeted(*command.split())
    assert first.out == again.out
    assert re.search(r"Cost Explorer: [1-9]\d* requests?, \$0\.0[1-9] on AWS\n$", first.err)
    assert re.search(
        r"Cost Explorer: 0 requests, \$0\.00 on AWS \([1-9]\d* remembered, asked for at .* UTC\)\n$", again.err
    )
    asked = budgeted(*command.split(), "--offline", "-o", "json")
    assert (asked.json()["paid_requests"], asked.json()["costs_error"]) == (0, None)
    assert "remembered" not in budgeted(*command.split(), "--refresh").err


@pytest.mark.parametrize("command", COMMANDS)
def test_what_was_paid_is_told_though_the_command_fails_afterwards(
    command: str, budgeted: Sentry, tmp_path: Path
) -> None:
    link = tmp_path / "link.json"
    link.symlink_to("elsewhere.json")
    ran = budgeted(*command.split(), "--out", str(link), "-o", "json")
    assert (ran.status, f"cannot write {link}" in ran.err) == (2, True)
    assert re.search(r"^Cost Explorer: [1-9]\d* requests?, \$0\.0[1-9] on AWS$", ran.err, re.MULTILINE)


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(("wish", "code"), [(("--offline",), "CS0811"), (("--max-requests", "0"), "CS0210")])
def test_what_may_not_be_paid_for_is_not_known_and_the_rest_is_shown(
    command: str, wish: tuple[str, ...], code: str, budgeted: Sentry
) -> None:
    ran = budgeted(*command.split(), *wish)
    assert (ran.status, f"costs are not known: {code}" in ran.err, "Cost Explorer: " in ran.err) == (6, True, False)
    assert ran.out


@pytest.mark.parametrize("command", COMMANDS)
def test_what_needs_no_cost_is_shown_where_cost_explorer_may_not_be_asked(command: str, budgeted: Sentry) -> None:
    budgeted("sandbox", "fault", "ce.GetCostAndUsage", "error:AccessDeniedException:400")
    ran = budgeted(*command.split())
    assert (ran.status, "costs are not known: CS0403" in ran.err) == (6, True)
    assert ran.out
    document = budgeted(*command.split(), "-o", "json")
    assert (document.status, document.json()["costs_error"]) == (0, None)


def test_a_gate_that_trips_outweighs_costs_that_are_not_known(budgeted: Sentry) -> None:
    status = ("budgets", "status", "--fail-on", "exceeded,forecast")
    plain = budgeted(*status)
    budgeted("sandbox", "fault", "ce.GetCostAndUsage", "error:AccessDeniedException:400")
    assert (plain.status, budgeted(*status).status) == (3, 3)


@pytest.mark.parametrize("words", ["budgets list", "tags backfill --history", "tags status --no-cost team"])
@pytest.mark.parametrize(
    ("manifest", "region"),
    [
        (BASIC.replace("us-east-1", "eu-west-1"), "eu-west-1"),
        (BASIC.replace("regions: [us-east-1]\n", ""), "us-east-1"),
        (None, "us-east-1"),
    ],
)
def test_no_region_need_be_named_and_the_manifests_tells_the_partition(
    words: str, manifest: str | None, region: str, in_sandbox: Sentry, folder: Path
) -> None:
    if manifest is None:
        (folder / "profiles.yaml").unlink()
    else:
        write_manifest(folder, manifest)
    ran = in_sandbox(*words.split(), "-o", "json")
    assert (ran.status, ran.json()["target"]["region"]) == (0, region)
    elsewhere = in_sandbox(*words.split(), "-o", "json", "--region", "us-west-2")
    assert elsewhere.json()["target"]["region"] == "us-west-2"


@pytest.mark.parametrize(
    ("sandbox", "number", "words"),
    [
        (True, 2, "Cost Explorer: 2 requests, $0.02 on AWS\n"),
        (False, 2, "Cost Explorer: 2 paid requests, $0.02\n"),
        (False, 1, "Cost Explorer: 1 paid request, $0.01\n"),
        (False, 0, ""),
    ],
)
def test_nobody_is_told_to_have_paid_in_the_sandbox(
    sandbox: bool, number: int, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    tell(Common(sandbox=sandbox), Remembered(FakeCloud({}), FrozenClock(), paid=Paid(number)))
    assert capsys.readouterr().err == words
