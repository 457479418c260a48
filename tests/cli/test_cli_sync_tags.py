"""From zero on one manifest: profiles and pending tags, a call, a day, activation, another day, costs by the tag."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from commands import Sentry
from costsentry_cli.cli import manage
from costsentry_cli.cli.context import sandbox_context
from costsentry_cli.cli.options import Common
from costsentry_cli.domain.kinds import KINDS
from costsentry_cli.domain.kinds.cost_allocation_tag import CostAllocationTag
from costsentry_cli.domain.plan import Wishes
from costsentry_cli.library import invoke
from costsentry_cli.sandbox import Sandbox
from fakes import ACCOUNT, NOON, FrozenClock, manifest, write_manifest

ARN = re.compile(r"arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/\w+")
ONE_KEY = """\
version: 1
namespace: docs-helper
regions: [us-east-1]
models: {nova-lite: amazon.nova-lite-v1:0}
profiles:
  - name: aws-docs-{costCenter}-prod
    model: nova-lite
    tags: {costCenter: sales}
cost_allocation_tags: [costCenter]
"""
PENDING = "costCenter: not yet seen by billing: that takes about a day after a tagged profile is first used\n"

FIRST_PLAN = """\
profiles.yaml -> 2 wanted, 0 live

  + create   profile aws-docs-sales-prod  profiles.yaml:6
               model     amazon.nova-lite-v1:0
               tags      costCenter=sales
  > wait     tag key costCenter
               not yet seen by billing: that takes about a day after a tagged profile is first used

Plan: 1 to create, 0 to update, 0 to replace, 1 to wait for, 0 to delete.
"""
FIRST_TALK = f"""\
target: sandbox (no AWS account touched)
  + created   aws-docs-sales-prod  ARN
1 applied, 0 failed, 1 pending, 0 unchanged.
pending: {PENDING}\
next: run it again in a day   (where each key stands: sentry tags status)
in the sandbox a day passes with: sentry sandbox advance 25h
"""
ACTIVATION = """\
profiles.yaml -> 2 wanted, 2 live

  ~ update   tag key costCenter
               status: inactive -> active
  = same     1 profile

Plan: 0 to create, 1 to update, 0 to replace, 0 to delete.
"""
ACTIVATION_TALK = """\
target: sandbox (no AWS account touched)
  ~ updated   costCenter
1 applied, 0 failed, 1 unchanged.
next: sentry tags status   (from when on costs carry the tags)
"""
NOTHING = "No changes. 1 profile, 1 tag key match profiles.yaml.\n"


@pytest.fixture
def one(in_sandbox: Sentry, folder: Path) -> Sentry:
    write_manifest(folder, ONE_KEY)
    return in_sandbox


def test_from_zero_to_costs_by_the_tag_by_syncing_again(one: Sentry) -> None:
    first = one("sync", "--yes")
    assert (first.status, first.out, ARN.sub("ARN", first.err)) == (0, FIRST_PLAN, FIRST_TALK)
    assert one("plan", "--check").status == 3
    assert one("invoke", "--cost-center", "sales", "Hi").status == 0
    assert one("sandbox", "advance", "25h").status == 0
    second = one("sync", "--yes")
    assert (second.status, second.out, second.err) == (0, ACTIVATION, ACTIVATION_TALK)
    third = one("sync", "--yes")
    assert (third.status, third.out) == (0, NOTHING)
    assert one("plan", "--check").status == 0
    one("sandbox", "advance", "25h")
    one("invoke", "--cost-center", "sales", "Hi")
    one("sandbox", "advance", "25h")
    assert {row["costCenter"] for row in one("report", "--last", "7d", "-o", "json").json()["costs"]} == {"sales", None}


def test_a_pending_key_alone_is_no_failure_and_a_gate_for_those_who_ask(one: Sentry) -> None:
    one("profiles", "sync", "--yes")
    ran = one("tags", "sync", "--yes", "-o", "json")
    assert ran.status == 0
    assert ran.json()["summary"]["pending"] == 1
    (row,) = ran.json()["results"]
    assert (row["result"], row["kind"], row["name"]) == ("pending", "tag key", "costCenter")
    assert one("tags", "plan", "--check").status == 3


def test_a_member_account_is_warned_by_the_whole_sync_and_refused_by_the_tags_own(one: Sentry) -> None:
    one("sandbox", "set", "caller_account", "111122223333")
    whole = one("sync", "--yes")
    assert whole.status == 0
    assert f"warning: only the payer account {ACCOUNT} can manage cost allocation tags" in whole.out
    alone = one("tags", "sync", "--yes")
    assert alone.status == 4
    assert "help: there: sentry tags activate costCenter" in alone.err


class WaitingRoom:
    """Where ``--wait`` sleeps: every pause moves the clock; one call is made after the first hour."""

    def __init__(self, clock: FrozenClock, sandbox: Sandbox) -> None:
        self.clock, self.sandbox, self.pauses = clock, sandbox, 0

    def __call__(self, seconds: float) -> None:
        self.clock.move(timedelta(seconds=seconds))
        self.pauses += 1


@pytest.mark.parametrize(("hours", "status"), [(26, 0), (3, 6)])
def test_waiting_activates_the_key_once_billing_has_seen_it_or_says_that_it_did_not(
    folder: Path, capsys: pytest.CaptureFixture[str], hours: int, status: int
) -> None:
    wanted, clock = manifest(folder, ONE_KEY), FrozenClock(NOON)
    context = sandbox_context(Sandbox(folder / "sandbox.db", clock=clock), "us-east-1")
    room = WaitingRoom(clock, Sandbox(folder / "sandbox.db", clock=clock))
    context = replace(context, wait=room)
    make(context, wanted)
    asked = manage.planned(wanted, context, (CostAllocationTag(),), Wishes())
    assert manage.carry_out(Common(), asked, yes=True, dry_run=False, longest=timedelta(hours=hours)) == status
    err = capsys.readouterr().err
    assert ("1 applied" in err, f"pending: {PENDING}" in err) == (status == 0, status != 0)
    assert clock.now <= datetime(2026, 11, 23, 12, 0, tzinfo=NOON.tzinfo) + timedelta(hours=hours)


def make(context: manage.Context, wanted: manage.Manifest) -> None:
    """The profile, and one call through it: from then on billing learns of the key."""
    asked = manage.planned(wanted, context, KINDS[:1], Wishes())
    manage.carried_out(context, asked.clouds, asked.plan)
    invoke(context.cloud, wanted, "Hi", cost_center="sales", region="us-east-1", clock=context.clock)
