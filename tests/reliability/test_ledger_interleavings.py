"""Three clients on two limits: every interleaving of their API calls, with one fault at every place it can happen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from costsentry_cli.domain.calls import Cloud
from costsentry_cli.domain.errors import SentryError
from costsentry_cli.domain.ledger import items as layout
from costsentry_cli.domain.ledger.counters import NOTHING, UNBOUNDED, Amounts, Ceiling, Count
from costsentry_cli.domain.ledger.dynamodb import DynamoLedger
from costsentry_cli.domain.ledger.gate import Gate
from costsentry_cli.domain.ledger.outcomes import Refusal
from costsentry_cli.domain.ledger.port import Admitted, Claim, Denied, Policy
from costsentry_cli.domain.ledger.rules import Rule
from costsentry_cli.domain.ledger.windows import window_at
from costsentry_cli.domain.ledger.writes import read_call
from dynamo_table import DynamoTable
from fakes import NOON, FrozenClock
from interleavings import Explorer, Items, Log, Program, Stage, Told

TOKENS = Rule("*/minute", {}, "minute", Ceiling(tokens=200, requests=3))
MONEY = Rule("costCenter=sales/day", {}, "day", Ceiling(nano_usd=500))
RULES = (TOKENS, MONEY)
WORST = Amounts(100, 60, 40, 1, 200)
TAKEN = (Amounts(30, 20, 10, 1, 60), Amounts(100, 60, 40, 1, 200), Amounts(0, 0, 0, 0, 0))
CEILINGS = {rule.key(window_at(rule.per, NOON)): rule.ceiling for rule in RULES}
EVERY_FAULT = (
    "killed before",
    "killed after",
    "interrupted before",
    "interrupted after",
    "lost",
    "not sent",
    "sent twice",
)
LIFETIME = 60


def gate_over(cloud: Cloud, ledger: type[DynamoLedger] = DynamoLedger, policy: Policy = "charge") -> Gate:
    return Gate(ledger(cloud, "ledger"), FrozenClock(), LIFETIME, policy)


def client(number: int, **how: Any) -> Program:
    """Admit, make the call, settle; what could not be settled is tried once more."""

    def program(cloud: Told, log: Log) -> None:
        gate = gate_over(cloud, **how)
        answer = gate.admit(RULES, WORST, rid=f"r{number}", note=f"c{number}")
        if isinstance(answer, Refusal):
            log.append(f"refused {answer.reason}" + (" and not undone" if answer.not_undone else ""))
            return
        log.append("spent")
        if gate.settle(answer, TAKEN[number]).unsettled and gate.settle(answer, TAKEN[number]).unsettled:
            return
        log.append("settled")

    return program


def counts(items: Items) -> Mapping[Any, Count]:
    return {layout.key_of(item): layout.count_of(item) for item in items.values()}


def check(items: Items) -> list[str]:
    wrong = []
    for key, count in counts(items).items():
        sums = count.committed == count.settled + count.held
        fine = not (count.committed.negative or count.settled.negative)
        if not (sums and fine) or CEILINGS[key].short(count.committed, NOTHING):
            wrong.append(f"{key}: {count}")
    return wrong


def swept(items: Items) -> Mapping[Any, Count]:
    """After every hold's time is over."""
    table = DynamoTable(items)
    ledger = DynamoLedger(table, "ledger")
    later = int((NOON + timedelta(days=1)).timestamp())
    for key, count in counts(items).items():
        for hold in count.holds.values():
            assert ledger.expire(key, hold, later, "charge")
    return counts(table.items)


def check_end(items: Items, stages: list[Stage], fault_free: bool) -> list[str]:
    spent = sum((TAKEN[number] for number, stage in enumerate(stages) if "spent" in stage.log), NOTHING)
    open_clients = {f"c{number}" for number, stage in enumerate(stages) if not _ended_well(stage)}
    wrong = []
    for key, count in counts(items).items():
        holders = {hold.note for hold in count.holds.values()}
        if not holders <= open_clients:
            wrong.append(f"{key}: holds of clients that had ended: {holders}")
        if fault_free and (count.holds or count.settled != spent):
            wrong.append(f"{key}: without any fault {count} and not {spent}")
    for key, count in swept(items).items():
        if (spent - count.settled).beyond(NOTHING) != NOTHING or count.committed != count.settled:
            wrong.append(f"{key}: {count} records less than {spent}")
    if fault_free and not any("spent" in stage.log for stage in stages):
        wrong.append("nobody was let in")
    return wrong


def _ended_well(stage: Stage) -> bool:
    return "settled" in stage.log or any(line.startswith("refused") and "not undone" not in line for line in stage.log)


def opened() -> Items:
    table = DynamoTable()
    ledger = DynamoLedger(table, "ledger")
    for key in CEILINGS:
        ledger.reserve(Claim(key, "first", NOTHING, 0))
        ledger.settle(Claim(key, "first", NOTHING, 0).reservation(), NOTHING)
    return table.items


def test_three_clients_on_open_windows_whatever_fails() -> None:
    explorer = Explorer([client(number) for number in range(3)], check, check_end, EVERY_FAULT)
    assert explorer.run(opened()) > 500_000
    assert explorer.wrong == []


def test_three_clients_on_a_new_window() -> None:
    explorer = Explorer([client(number) for number in range(3)], check, check_end)
    assert explorer.run({}) > 10_000_000
    assert explorer.wrong == []


def test_two_clients_on_a_new_window_whatever_fails() -> None:
    explorer = Explorer([client(number) for number in range(2)], check, check_end, EVERY_FAULT)
    assert explorer.run({}) > 400_000
    assert explorer.wrong == []


def abandoned() -> Items:
    """Both limits are full of a hold that nobody settled in its time."""
    table = DynamoTable()
    for key in CEILINGS:
        DynamoLedger(table, "ledger").reserve(Claim(key, "dead", Amounts(150, 100, 50, 1, 400), 1, note="dead"))
    return table.items


@pytest.mark.parametrize("policy", ["charge", "release"])
def test_an_abandoned_hold_is_ended_once_however_many_meet_it(policy: Policy) -> None:
    def check_ended(items: Items, stages: list[Stage], fault_free: bool) -> list[str]:
        spent = sum((TAKEN[number] for number, stage in enumerate(stages) if "spent" in stage.log), NOTHING)
        expected = spent + (Amounts(150, 100, 50, 1, 400) if policy == "charge" else NOTHING)
        found = counts(items)
        minute = found[next(key for key in CEILINGS if key.limit == TOKENS.id)]
        let_in = any("spent" in stage.log for stage in stages)
        wrong = [] if minute.committed == minute.settled == expected else [f"{minute} and not {expected}"]
        return wrong + ([] if let_in is (policy == "release") else [f"let in: {let_in}"])

    explorer = Explorer([client(number, policy=policy) for number in range(2)], check, check_ended)
    assert explorer.run(abandoned()) > 10
    assert explorer.wrong == []


class ReadsThenWrites(DynamoLedger):
    """The way of most limiters: look whether there is room, then add; the two are not one step."""

    def reserve(self, claim: Claim) -> Admitted | Denied:
        count = self._count(claim)
        if claim.ceiling.short(count.committed, claim.amounts):
            return Denied(claim.key, count)
        return super().reserve(replace(claim, ceiling=UNBOUNDED))

    def _count(self, claim: Claim) -> Count:
        item = self.cloud.call(read_call(self.table, claim.key)).get("Item")
        return layout.count_of(item) if item else Count()


def test_the_search_finds_what_reading_before_writing_lets_through() -> None:
    explorer = Explorer([client(number, ledger=ReadsThenWrites) for number in range(3)], check, check_end)
    explorer.run(opened())
    assert explorer.wrong


class HoldsUnderItsOwnNames(DynamoLedger):
    """Every request holds under a new id: one whose answer is lost holds twice."""

    def reserve(self, claim: Claim) -> Admitted | Denied:
        try:
            return super().reserve(claim)
        except SentryError:
            return super().reserve(replace(claim, rid=f"{claim.rid}-again"))


def test_the_search_finds_the_hold_that_is_lost_with_an_answer() -> None:
    programs = [client(number, ledger=HoldsUnderItsOwnNames) for number in range(2)]
    explorer = Explorer(programs, check, check_end, ["lost"])
    explorer.run(opened())
    assert any("clients that had ended" in line for line in explorer.wrong)
