"""The doctor's judgements: what is ok, what warns, what fails and with which status."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from costsentry_cli.domain.doctor import declared, machine, permissions, probes
from costsentry_cli.domain.doctor.account import Look, Sight, judged
from costsentry_cli.domain.doctor.findings import (
    Area,
    Finding,
    Level,
    as_table,
    fail,
    ok,
    status,
    summary,
    warn,
    worst,
)
from costsentry_cli.domain.doctor.machine import Program
from costsentry_cli.domain.errors import Exit, SentryError
from costsentry_cli.domain.kind import Action, Change, Scope
from costsentry_cli.domain.kinds.budget import Budget
from costsentry_cli.domain.kinds.cost_allocation_tag import CostAllocationTag
from costsentry_cli.domain.kinds.inference_profile import InferenceProfile
from costsentry_cli.domain.kinds.ledger_table import LedgerTable
from costsentry_cli.domain.policies.document import allowing
from costsentry_cli.domain.policies.place import place_of
from costsentry_cli.domain.resource import Desired, Observed
from fakes import ACCOUNT, BASIC, NOON, manifest, model_problems

SCOPE = Scope(ACCOUNT, "us-east-1", "docs-helper")
FINE = ok(Area.HERE, "version", "1.0")
ODD = warn(Area.ACCOUNT, "budgets", "3 declared, 2 live", "sentry sync")
BROKEN = fail(Area.MANIFEST, "manifest", "invalid", "sentry validate", Exit.USAGE)
DENIED = fail(Area.ACCOUNT, "ledger tables", "missing", "sentry sync", Exit.DENIED)


@pytest.mark.parametrize(
    ("found", "warnings_fail", "expected"),
    [
        ([FINE], True, Exit.OK),
        ([FINE, ODD], False, Exit.OK),
        ([FINE, ODD], True, Exit.GATE),
        ([DENIED, ODD, BROKEN, FINE], True, Exit.USAGE),  # what the others rest on comes first
        ([DENIED], False, Exit.DENIED),
    ],
)
def test_the_status_is_that_of_the_first_failure(found: list[Finding], warnings_fail: bool, expected: Exit) -> None:
    assert status(found, warnings_fail=warnings_fail) is expected


def test_a_failure_comes_before_a_warning_of_an_earlier_area() -> None:
    early = warn(Area.HERE, "prices", "old", "pip install --upgrade costsentry-cli")
    assert worst([early, DENIED]) is DENIED
    assert worst([early, FINE]) is early
    assert worst([FINE]) is None


def test_the_counts_are_told_in_words_and_to_machines() -> None:
    assert summary([FINE, ODD, BROKEN, DENIED]) == "1 ok, 1 warning, 2 failed"
    facts = as_table([FINE, ODD]).facts or {}
    assert facts == {
        "fail": 0,
        "warn": 1,
        "ok": 1,
        "first": {"check": "budgets", "says": "3 declared, 2 live", "fix": "sentry sync"},
    }


def test_another_program_that_is_called_sentry_is_named_when_it_comes_first() -> None:
    ours, other = Program("/venv/bin/sentry", ours=True), Program("/usr/local/bin/sentry", ours=False)
    assert machine.programs([ours]).level is Level.OK
    assert machine.programs([ours, other]).details == ("another program, later on the PATH: /usr/local/bin/sentry",)
    first = machine.programs([other, ours])
    assert (first.level, first.says) == (Level.WARN, "another program has the name: /usr/local/bin/sentry")
    assert "costsentry doctor" in first.fix
    assert machine.programs([]).level is Level.OK


def test_prices_grow_old() -> None:
    assert machine.prices(date(2026, 11, 25)).level is Level.OK
    late = machine.prices(date(2027, 11, 25))
    assert (late.level, late.fix) == (Level.WARN, "pip install --upgrade costsentry-cli")


@pytest.mark.parametrize(
    ("seconds", "level", "said"),
    [
        (5, Level.OK, "within 5 s of AWS's"),
        (-6, Level.WARN, "6 s ahead of AWS's: calls may count in a neighbouring window"),
        (31, Level.WARN, "31 s behind AWS's: limits per minute cannot be checked"),
        (-300, Level.FAIL, "5 min ahead of AWS's: AWS refuses such requests"),
    ],
)
def test_a_clock_that_is_wrong_warns_before_aws_or_a_limit_refuses(seconds: int, level: Level, said: str) -> None:
    found = machine.clock(timedelta(seconds=seconds))
    assert found is not None
    assert found.level is level
    assert found.says.endswith(said)
    assert machine.clock(None) is None


def test_a_model_at_its_end_fails_and_one_near_it_warns_with_the_day(tmp_path: Path) -> None:
    old = BASIC.replace("us.anthropic.claude-haiku-4-5-20251001-v1:0", "anthropic.claude-3-haiku-20240307-v1:0")
    today = date(2026, 11, 23)
    dead = declared.models_finding(manifest(tmp_path, old), ["us-east-1"], today)
    assert dead is not None
    assert (dead.level, dead.exit) == (Level.FAIL, Exit.AWS)
    assert dead.details == ("anthropic.claude-3-haiku-20240307-v1:0, end of life 2026-09-10",)
    near = declared.models_finding(manifest(tmp_path, old), ["us-east-1"], date(2026, 8, 1))
    assert near is not None
    assert (near.level, near.details) == (
        Level.WARN,
        ("anthropic.claude-3-haiku-20240307-v1:0 is LEGACY; calls fail from 2026-09-10 on",),
    )
    fine = declared.models_finding(manifest(tmp_path), ["us-east-1"], today)
    assert fine is not None
    assert fine.level is Level.OK


WISH = Desired("a", "a", "", {"status": "active"})


def of(*looks: Look, denying: bool = True) -> Finding:
    (found,) = [one for one in judged(Sight(looks, NOON, denying)) if one.check != "profiles"]
    return found


def test_a_key_s_life_is_told_and_only_what_can_be_acted_on_warns() -> None:
    kind = CostAllocationTag()

    def key(state: str, age: timedelta) -> Look:
        seen = Observed("a", "a", "", {"status": state}, "docs-helper", "a", raw={"updated": NOON - age})
        return Look(kind, SCOPE, [WISH], [seen])

    day = timedelta(days=2)
    assert of(key("active", day)) == ok(Area.ACCOUNT, "tag keys", "1 active; this is the payer account")
    young = of(key("active", timedelta(hours=1)))
    assert (young.level, young.says) == (Level.OK, "1 activating; this is the payer account")
    off = of(key("inactive", day))
    assert (off.level, off.fix, off.details) == (Level.WARN, "sentry tags sync", ("a: inactive",))
    unseen = of(Look(kind, SCOPE, [WISH]))
    assert (unseen.level, unseen.fix) == (Level.WARN, "sentry tags status")


def test_a_member_account_is_warned_and_told_where_to_go() -> None:
    error = SentryError("CS0407", "only the payer account 1 can", help="there: sentry tags activate a")
    found = of(Look(CostAllocationTag(), SCOPE, [WISH], error=error))
    assert (found.level, found.says, found.fix) == (Level.WARN, error.message, error.help)


def test_an_unhealthy_budget_fails_for_nobody_is_told() -> None:
    state = {"HealthStatus": {"Status": "UNHEALTHY", "StatusReason": "FILTER_INVALID"}}
    seen = Observed("arn", "b", "", {}, "docs-helper", "b", raw={"budget": state})
    found = of(Look(Budget(), SCOPE, [WISH], [seen, replace(seen, name="c", raw={"budget": {}})]))
    assert (found.level, found.exit) == (Level.FAIL, Exit.AWS)
    assert (found.says, found.details) == (
        "1 of 2 unhealthy: nothing is counted, nobody is told",
        ("b: FILTER_INVALID",),
    )


def test_a_missing_ledger_fails_once_there_are_profiles_whose_calls_it_denies() -> None:
    kind = LedgerTable()
    table = Desired("t", "t", "", {})
    missing = Look(kind, SCOPE, [table], [], [Change(Action.CREATE, kind, SCOPE, "t", desired=table)])
    profile = Look(InferenceProfile(), SCOPE, [], [Observed("arn", "p", "us-east-1", {}, "docs-helper", "p")])
    assert (of(missing, profile).level, of(missing, profile).exit) == (Level.FAIL, Exit.DENIED)
    assert of(missing).level is Level.WARN  # before the first sync nothing is there
    assert of(missing, profile, denying=False).level is Level.WARN


def test_a_table_that_is_not_ready_is_waited_for() -> None:
    seen = Observed("arn", "t", "", {}, "docs-helper", "t", raw={"status": "CREATING"})
    found = of(Look(LedgerTable(), SCOPE, [Desired("t", "t", "", {})], [seen]))
    assert (found.level, found.says) == (Level.WARN, "t is CREATING")


def test_what_is_not_declared_need_not_be_seen_and_the_same_refusal_is_told_once() -> None:
    refused = SentryError("CS0403", "AccessDenied: no")
    kind = Budget()
    assert judged(Sight([Look(kind, SCOPE, error=refused)], NOON)) == []
    places = [Look(kind, replace(SCOPE, region=region), [WISH], error=refused) for region in ("a", "b")]
    (found,) = judged(Sight(places, NOON))
    assert (found.level, found.exit) == (Level.FAIL, Exit.ACCESS)


@pytest.mark.parametrize(
    ("arn", "principal"),
    [
        (f"arn:aws:iam::{ACCOUNT}:user/a/anna", f"arn:aws:iam::{ACCOUNT}:user/a/anna"),
        (f"arn:aws:sts::{ACCOUNT}:assumed-role/finops/anna", f"arn:aws:iam::{ACCOUNT}:role/finops"),
        (f"arn:aws:iam::{ACCOUNT}:root", ""),
        (f"arn:aws:sts::{ACCOUNT}:federated-user/anna", ""),
    ],
)
def test_iam_simulates_users_and_roles(arn: str, principal: str) -> None:
    assert permissions.simulated_principal(arn) == principal


def test_every_simulation_and_every_probe_is_a_valid_reading_call(tmp_path: Path) -> None:
    from costsentry_cli.domain import needs

    place = place_of(manifest(tmp_path))
    statements = allowing(needs.operations_of(needs.matching("all")), place)
    calls = [permissions.simulation(f"arn:aws:iam::{ACCOUNT}:user/a", one, ACCOUNT) for one in statements]
    calls += [*probes.probes(place_of(None, account=ACCOUNT), "us-east-1"), probes.paid_probe(date(2026, 11, 23))]
    assert [problem for call in calls for problem in model_problems(call)] == []
    assert not [arn for call in calls for arn in call.params.get("ResourceArns", ()) if "*" in arn]
    reading = ("Get", "List", "Describe", "Simulate")
    assert all(call.operation.startswith(reading) and not call.paid for call in calls)


def test_only_the_asked_for_probe_costs_something() -> None:
    priced = ("GetCostAndUsage", "GetCostForecast", "GetDimensionValues", "GetMetricData", "StartQuery", "GetItem")
    assert not {call.operation for call in probes.probes(place_of(None, account=ACCOUNT), "us-east-1")} & set(priced)


def test_a_denied_action_warns_and_fails_where_the_command_was_asked_for() -> None:
    place = place_of(None)
    statements = allowing(frozenset({("ce", "ListCostAllocationTags")}), place)
    denied = permissions.Known(frozenset({(statements[0].sid, "ce:ListCostAllocationTags")}), frozenset(), "simulated")
    _, (found) = permissions.judged(denied, ["tags"], place, asked=False)
    assert (found.level, found.fix) == (Level.WARN, "sentry iam-policy --for tags")
    assert found.details == ("ce:ListCostAllocationTags",)
    _, wanted = permissions.judged(denied, ["tags status"], place, asked=True)
    assert (wanted.level, wanted.exit, wanted.fix) == (Level.FAIL, Exit.ACCESS, "sentry iam-policy --for 'tags status'")
