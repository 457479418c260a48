"""The DynamoDB ledger on the sandbox: the same outcomes as in memory, and exact when threads race."""

from __future__ import annotations

import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

from hypothesis import settings

from costsentry_cli.cli.context import Context, sandbox_context
from costsentry_cli.domain.calls import Answer, ApiCall, Cloud
from costsentry_cli.domain.errors import SentryError
from costsentry_cli.domain.ledger.counters import Amounts, Ceiling, Count
from costsentry_cli.domain.ledger.dynamodb import DynamoLedger
from costsentry_cli.domain.ledger.gate import Gate
from costsentry_cli.domain.ledger.memory import MemoryLedger
from costsentry_cli.domain.ledger.outcomes import Admission
from costsentry_cli.domain.ledger.port import Key
from costsentry_cli.domain.ledger.rules import Rule
from costsentry_cli.sandbox import FaultRule, Sandbox
from dynamo_table import DynamoTable
from fakes import FrozenClock
from ledger_machine import LedgerMachine
from ledger_world import Journal, World

TABLE = ApiCall(
    "dynamodb",
    "CreateTable",
    {
        "TableName": "ledger",
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
        "BillingMode": "PAY_PER_REQUEST",
    },
)
KEY = Key("*/day", "2026-11-23")
LIMIT = 3000
WORST = Amounts(100, 60, 40, 1, 300)


def with_table(context: Context) -> Cloud:
    context.cloud.call(TABLE)
    return context.cloud


def test_a_gate_on_the_sandbox_admits_denies_and_settles(context: Context, clock: FrozenClock) -> None:
    ledger = DynamoLedger(with_table(context), "ledger")
    gate = Gate(ledger, clock, 60)
    rule = Rule("*/day", {}, "day", Ceiling(tokens=150))
    first = gate.admit([rule], WORST, note="first")
    assert isinstance(first, Admission)
    refused = gate.admit([rule], WORST)
    assert not isinstance(refused, Admission)
    assert (refused.reason, refused.standing and refused.standing.holders[0].note) == ("room", "first")
    gate.settle(first, Amounts(40, 30, 10, 1, 100))
    assert isinstance(gate.admit([rule], WORST), Admission)
    assert ledger.read() == ledger.read([KEY])
    assert ledger.reset(KEY)
    assert ledger.read([KEY])[KEY].committed == WORST


def test_a_table_that_is_not_there_is_a_failing_ledger(context: Context, clock: FrozenClock) -> None:
    refused = Gate(DynamoLedger(context.cloud, "nowhere"), clock, 60).admit(
        [Rule("*/day", {}, "day", Ceiling(1))], WORST
    )
    assert not isinstance(refused, Admission)
    assert (refused.reason, refused.error and refused.error.code) == ("ledger", "CS0803")


def test_a_reserve_whose_answer_is_lost_on_the_wire_holds_once(context: Context, sandbox: Sandbox) -> None:
    cloud = with_table(context)
    gate = Gate(DynamoLedger(cloud, "ledger"), FrozenClock(), 60)
    rule = Rule("*/day", {}, "day", Ceiling(tokens=1000))
    gate.admit([rule], WORST)
    sandbox.add_fault(FaultRule("dynamodb", "UpdateItem", "lost-reply", times=1))
    answer = gate.admit([rule], WORST)
    assert isinstance(answer, Admission)
    assert [held.replayed for held in answer.held] == [True]
    assert gate.ledger.read([KEY])[KEY].committed == WORST + WORST


class OnTheSandbox(LedgerMachine):
    """Memory, the fake table and the sandbox take the same steps and must stand alike after each."""

    def make(self) -> World:
        self.folder = tempfile.TemporaryDirectory()
        sandbox = Sandbox(Path(self.folder.name) / "sandbox.db", clock=FrozenClock())
        cloud = with_table(sandbox_context(sandbox, "us-east-1"))
        ledgers = (MemoryLedger(), DynamoLedger(DynamoTable(), "ledger"), DynamoLedger(cloud, "ledger"))
        return World([Journal(ledger) for ledger in ledgers])

    def teardown(self) -> None:
        super().teardown()
        self.folder.cleanup()


TestOnTheSandbox = OnTheSandbox.TestCase
TestOnTheSandbox.settings = settings(max_examples=8, stateful_step_count=15, deadline=None, derandomize=True)


@contextmanager
def fast_switching() -> Iterator[None]:
    """Threads change places as often as Python allows."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


def race(ledger: DynamoLedger, threads: int, calls: int) -> tuple[int, Count]:
    """Tokens that were really spent by clients who all begin at once, and the counter afterwards."""
    spent: list[int] = []
    barrier = threading.Barrier(threads)
    rule = Rule("*/day", {}, "day", Ceiling(tokens=LIMIT))

    def work(number: int) -> None:
        gate, dice = Gate(ledger, FrozenClock(), 60), Random(number)
        barrier.wait(30)
        for _ in range(calls):
            answer = gate.admit([rule], WORST)
            if isinstance(answer, Admission):
                used = dice.randint(20, 100)
                spent.append(used)
                gate.settle(answer, Amounts(tokens=used, requests=1))

    workers = [threading.Thread(target=work, args=(number,)) for number in range(threads)]
    with fast_switching():
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join(120)
    return sum(spent), ledger.read([KEY])[KEY]


def test_racing_threads_on_the_sandbox_lose_nothing_and_pass_no_limit(context: Context) -> None:
    spent, count = race(DynamoLedger(with_table(context), "ledger"), 8, 12)
    assert count.committed == count.settled
    assert count.settled.tokens == spent <= LIMIT


class Locked(DynamoTable):
    """The table as DynamoDB keeps it: one write to an item after the other."""

    def __init__(self) -> None:
        super().__init__()
        self.lock = threading.Lock()

    def call(self, call: ApiCall) -> Answer:
        with self.lock:
            return super().call(call)


def test_racing_threads_on_a_table_with_a_lock_lose_nothing() -> None:
    spent, count = race(DynamoLedger(Locked(), "ledger"), 8, 60)
    assert count.committed == count.settled
    assert count.settled.tokens == spent <= LIMIT


def went_wrong(attempt: Callable[[], tuple[int, Count]]) -> bool:
    try:
        spent, count = attempt()
    except (SentryError, KeyError):
        return True
    return count.committed != count.settled or count.settled.tokens != spent or spent > LIMIT


def test_without_the_lock_the_same_race_goes_wrong() -> None:
    assert any(went_wrong(lambda: race(DynamoLedger(DynamoTable(), "ledger"), 8, 60)) for _ in range(20))
