"""The ledger, model-checked: whatever clients, clocks and limits do, and whoever dies, the invariants hold."""

from __future__ import annotations

from hypothesis import settings

from costsentry_cli.domain.ledger.dynamodb import DynamoLedger
from costsentry_cli.domain.ledger.memory import MemoryLedger
from dynamo_table import DynamoTable
from ledger_machine import LedgerMachine
from ledger_world import Journal, World


class InMemory(LedgerMachine):
    def make(self) -> World:
        return World([Journal(MemoryLedger())])


class InStep(LedgerMachine):
    """Memory and DynamoDB take the same steps and must stand alike after each."""

    def make(self) -> World:
        return World([Journal(MemoryLedger()), Journal(DynamoLedger(DynamoTable(), "ledger"))])


TestInMemory = InMemory.TestCase
TestInMemory.settings = settings(max_examples=120, stateful_step_count=50, deadline=None, derandomize=True)
TestInStep = InStep.TestCase
TestInStep.settings = settings(max_examples=60, stateful_step_count=40, deadline=None, derandomize=True)
