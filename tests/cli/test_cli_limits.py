"""``sentry limits``: the screens at three widths, the gate, and what changes counters."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from commands import Sentry
from costsentry_cli.aws import connect_to
from costsentry_cli.domain.ledger.counters import Amounts
from costsentry_cli.domain.ledger.dynamodb import DynamoLedger
from costsentry_cli.domain.ledger.gate import Gate
from costsentry_cli.domain.ledger.outcomes import Admission
from costsentry_cli.domain.limit_standing import declared
from costsentry_cli.manifest_file import read
from costsentry_cli.render.limits import for_people
from costsentry_cli.render.screen import as_screen
from costsentry_cli.sandbox import Sandbox
from costsentry_cli.usecases import limits
from fakes import BASIC, NOON, FrozenClock, manifest, write_manifest

LIMITED = (
    BASIC
    + """\
limits:
  - match: {model: haiku}
    per: month
    tokens: 10000
    requests: 2
  - match: {costCenter: sales}
    per: month
    usd: 25
    mode: observe
"""
)
TABLE = "costsentry-docs-helper"
HELLO = ("invoke", "--cost-center", "sales", "Hello")
ABANDONED = Amounts(1028, 4, 1024, 1, 5_636_400)


@pytest.fixture
def ready(in_sandbox: Sentry, folder: Path) -> Sentry:
    """The manifest with limits, synced; the windows are months, so that none ends meanwhile."""
    write_manifest(folder, LIMITED)
    assert in_sandbox("sync", "--yes").status == 0
    return in_sandbox


@pytest.fixture
def abandon(ready: Sentry, folder: Path) -> Callable[[], str]:
    """Reserve as a process does that is killed before it settles; the reservation's id."""

    def reserve() -> str:
        sandbox = Sandbox(folder / "sandbox.db")
        gate = Gate(DynamoLedger(connect_to(sandbox.plug, "us-east-1"), TABLE), sandbox.now, 120)
        rules = [one.rule for one in declared(read(folder / "profiles.yaml"))]
        admitted = gate.admit(rules, ABANDONED, note="sales")
        assert isinstance(admitted, Admission)
        return admitted.rid

    return reserve


def known(folder: Path) -> tuple[limits.Known, ...]:
    """The figures of one busy moment: one call done, one under way, one denied."""
    from costsentry_cli.domain.ledger.memory import MemoryLedger

    clock = FrozenClock(NOON + timedelta(minutes=10, seconds=30))
    gate = Gate(MemoryLedger(), clock, 60)
    wanted = declared(manifest(folder, LIMITED))
    rules = [one.rule for one in wanted]
    one = gate.admit(rules, ABANDONED, note="sales")
    assert isinstance(one, Admission)
    gate.settle(one, Amounts(23, 4, 19, 1, 108_900))
    gate.admit(rules, ABANDONED, note="sales")
    found = limits.standings(gate, wanted)
    return tuple(limits.replace(each, denied=1) for each in found)


SCREENS = {
    60: """\
Limit                   Bound          Left    State
model=haiku/month       10,000 tokens   8,949  ✗ exhausted
                           2 requests       0
costCenter=sales/month         $25.00  $24.99  ~ observed
""",
    80: """\
Limit                   Bound          Left      Used  Resets in  State
model=haiku/month       10,000 tokens   8,949   10.5%  7 d 11 h   ✗ exhausted
                           2 requests       0  100.0%
costCenter=sales/month         $25.00  $24.99    0.0%  7 d 11 h   ~ observed
""",
    120: """\
Limit                   Bound          Settled    Held      Left                  Used  Denied  Resets in  State
model=haiku/month       10,000 tokens         23     1,028   8,949  █·········   10.5%       1  7 d 11 h   ✗ exhausted
                           2 requests          1         1       0  ██████████  100.0%
costCenter=sales/month         $25.00  $0.000109  $0.00564  $24.99  ··········    0.0%       1  7 d 11 h   ~ observed
""",
}


@pytest.mark.parametrize("width", [60, 80, 120])
def test_the_status_fits_the_screen_and_the_id_bound_and_rest_stay(width: int, tmp_path: Path) -> None:
    now = NOON + timedelta(minutes=10, seconds=30)
    table = limits.status_table(known(tmp_path), advisory=False, source="memory", now=now)
    screen = as_screen(for_people(table, now, ascii_only=False), width=width)
    assert max(map(len, screen.splitlines())) <= width
    assert screen == SCREENS[width]


def test_terminals_without_unicode_get_signs_they_can_show(tmp_path: Path) -> None:
    table = limits.status_table(known(tmp_path), advisory=False, source="memory", now=NOON)
    screen = as_screen(for_people(table, NOON, ascii_only=True), width=None, ascii_only=True)
    assert screen.isascii()
    assert "x exhausted" in screen


def test_before_a_sync_the_ledger_is_not_there_and_the_command_that_makes_it_is_named(
    in_sandbox: Sentry, folder: Path
) -> None:
    write_manifest(folder, LIMITED)
    ran = in_sandbox("limits", "status")
    assert ran.status == 8
    assert f"error[CS0803]: the ledger table {TABLE} is not there yet: nothing has been counted\n" in ran.err
    assert ran.err.endswith("  help: make it: sentry sync\n")


def test_a_manifest_without_limits_is_said_in_a_sentence(in_sandbox: Sentry) -> None:
    ran = in_sandbox("limits", "status")
    assert (ran.status, ran.out) == (0, "profiles.yaml has no limits.\n")


def test_the_gate_trips_when_nothing_is_left_and_denied_calls_are_counted(ready: Sentry) -> None:
    assert ready("limits", "status", "--fail-on", "exhausted").status == 0
    assert [ready(*HELLO).status for _ in range(3)] == [0, 0, 5]
    ran = ready("limits", "status", "--fail-on", "exhausted", "-o", "json")
    assert ran.status == 3
    assert "gate: model=haiku/month: exhausted" in ran.err
    rows = {row["unit"]: row for row in ran.json()["limits"]}
    assert (rows["requests"]["settled"], rows["requests"]["remaining"], rows["requests"]["denied"]) == (2, 0, 1)
    assert re.fullmatch(r"0\.0\d+", rows["usd"]["settled"])
    assert ready("limits", "status", "--fail-on", "everything").status == 2


def test_machines_get_every_column_in_csv_and_markdown_and_by_a_query(ready: Sentry) -> None:
    header = "id,unit,window,limit,settled,held,remaining,share,holders,denied,resets,mode,state,declared_at"
    assert ready("limits", "status", "-o", "csv").out.splitlines()[0] == header
    assert ready("limits", "status", "-o", "markdown").out.startswith("| Limit | Unit | Window |")
    assert json.loads(ready("limits", "status", "--query", "limits[].unit").out) == ["tokens", "requests", "usd"]


def test_denied_calls_that_cloudwatch_does_not_tell_are_not_known_and_not_zero(ready: Sentry) -> None:
    ready("sandbox", "fault", "cloudwatch.ListMetrics", "error:AccessDenied:403")
    ran = ready("limits", "status", "-o", "json")
    assert {row["denied"] for row in ran.json()["limits"]} == {None}
    assert "denied calls are not known: CS0403" in ran.err
    assert ready("limits", "status", "--no-denied", "-o", "json").json()["limits"][0]["denied"] is None


def test_show_says_who_holds_a_limit_and_its_last_windows(ready: Sentry, abandon: Callable[[], str]) -> None:
    rid = abandon()
    ran = ready("limits", "show", "model=haiku/month", "--windows", "1")
    assert ran.status == 0
    first, *_ = ran.out.splitlines()
    assert first == "Limit model=haiku/month   profiles.yaml:14"
    assert "  counts      calls with model=haiku (us.anthropic.claude-haiku-4-5-20251001-v1:0)\n" in ran.out
    assert f"  counted by  DynamoDB table {TABLE}\n" in ran.out
    assert re.search(rf"^{rid}  sales  1,028 tokens, 1 request, \$0\.00564  (?:2 min|1\d\d s)$", ran.out, re.MULTILINE)
    assert len(re.findall(r"^\d{4}-\d\d +0 +0$", ran.out, re.MULTILINE)) == 2
    body = ready("limits", "show", "model=haiku/month", "-o", "json").json()["limit"]
    (hold,) = body["holds"]
    assert (hold["reservation_id"], hold["note"], hold["amounts"]["usd"]) == (rid, "sales", "0.0056364")
    assert (body["remaining"], len(body["before"])) == ({"tokens": 8972, "requests": 1}, 5)


def test_an_unknown_limit_is_answered_with_the_nearest(ready: Sentry) -> None:
    for command in ("show", "reset", "expire"):
        ran = ready("limits", command, "model=haiku/minute")
        assert (ran.status, "did you mean model=haiku/month?" in ran.err) == (2, True)


def test_a_reset_asks_first_and_makes_room(ready: Sentry) -> None:
    assert [ready(*HELLO).status for _ in range(3)] == [0, 0, 5]
    asked = ready("limits", "reset", "model=haiku/month")
    assert asked.status == 2
    assert re.search(r"Forget 46 tokens, 2 requests in the window \S+ of model=haiku/month\? Nobody can be", asked.err)
    ran = ready("limits", "reset", "model=haiku/month", "--yes")
    assert re.fullmatch(r"model=haiku/month: 46 tokens, 2 requests forgotten in the window \S+\n", ran.out)
    assert ready(*HELLO).status == 0
    again = ready("limits", "reset", "costCenter=sales/month", "--yes", "-o", "json").json()["reset"]
    assert (again["forgotten"].keys(), again["calls_under_way"]) == ({"usd"}, 0)
    nothing = ready("limits", "reset", "costCenter=sales/month")
    assert (nothing.status, "nothing was used in the window" in nothing.out) == (0, True)


def test_an_abandoned_reservation_is_charged_once_its_time_is_over(ready: Sentry, abandon: Callable[[], str]) -> None:
    rid = abandon()
    assert ready("limits", "expire").out == "No reservation is overdue.\n"
    ready("sandbox", "advance", "3m")
    dry = ready("limits", "expire", "--dry-run", "-o", "json").json()
    assert {row["result"] for row in dry["expired"]} == {"would be charged"}
    ran = ready("limits", "expire", "model=haiku/month")
    assert ran.err.endswith("1 ended, charged in full: 1,028 tokens, 1 request, $0.00564\n")
    assert rid in ran.out
    rest = ready("limits", "expire", "-o", "json").json()
    assert [(row["id"], row["usd"], row["result"]) for row in rest["expired"]] == [
        ("costCenter=sales/month", "0.0056364", "charged")
    ]
    assert ready("limits", "expire").out == "No reservation is overdue.\n"


def test_with_release_an_abandoned_reservation_is_given_back(
    ready: Sentry, folder: Path, abandon: Callable[[], str]
) -> None:
    write_manifest(folder, LIMITED + "ledger: {expired: release}\n")
    abandon()
    ready("sandbox", "advance", "3m")
    assert {row["result"] for row in ready("limits", "expire", "-o", "json").json()["expired"]} == {"released"}


def test_a_reservation_that_cannot_be_ended_is_told_and_the_rest_ends(
    ready: Sentry, abandon: Callable[[], str]
) -> None:
    abandon()
    ready("sandbox", "advance", "3m")
    ready("sandbox", "fault", "dynamodb.UpdateItem", "error:AccessDeniedException:403")
    ran = ready("limits", "expire")
    assert ran.status == 6
    assert "error[CS0202]: 1 not ended: CS0403" in ran.err
    assert "1 ended, charged in full" in ran.err


def test_reservations_of_limits_that_the_manifest_lacks_are_left_alone(
    ready: Sentry, folder: Path, abandon: Callable[[], str]
) -> None:
    abandon()
    ready("sandbox", "advance", "3m")
    write_manifest(folder, LIMITED.split("  - match: {costCenter")[0])
    assert "1 of limits that profiles.yaml does not have are left alone" in ready("limits", "expire").err


def test_cloudwatch_s_limits_are_shown_as_advice_and_cannot_be_reset(ready: Sentry, folder: Path) -> None:
    write_manifest(folder, LIMITED + "ledger: cloudwatch\n")
    ready(*HELLO)
    ran = ready("limits", "status", "-o", "json")
    rows = {row["unit"]: row for row in ran.json()["limits"]}
    assert (ran.json()["advisory"], rows["requests"]["settled"], rows["requests"]["held"]) == (True, 1, None)
    people = ready("limits", "status")
    assert people.out.endswith("by CloudWatch metrics (advisory)\n")
    assert "Held" not in people.out
    assert ready("limits", "show", "model=haiku/month").status == 0
    for command in ("reset", "expire"):
        refused = ready("limits", command, "model=haiku/month")
        assert (refused.status, "with ledger: cloudwatch there is nothing to" in refused.err) == (2, True)


def test_a_hint_is_pasteable_for_the_same_manifest(in_sandbox: Sentry, folder: Path) -> None:
    (folder / "other.yaml").write_text(LIMITED, encoding="utf-8")
    ran = in_sandbox("limits", "status", "-f", "other.yaml")
    assert ran.err.endswith("make it: sentry sync --file other.yaml\n")
    unknown = in_sandbox("limits", "show", "x", "-f", "other.yaml")
    assert unknown.err.endswith("list them: sentry limits status --file other.yaml\n")
