"""The checks of the ledger are checked: the machine that finds nothing in the ledger finds every seeded mistake."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from ledger_machine import LedgerMachine
from ledger_mutants import MUTANTS
from ledger_world import World

ONLY_LOOK = settings(
    max_examples=600,
    stateful_step_count=50,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    report_multiple_bugs=False,
    print_blob=False,
)


def found_in(make: Callable[[], World]) -> str:
    """What the machine finds wrong in the world it is given; empty when it finds nothing."""

    class Machine(LedgerMachine):
        def make(self) -> World:
            return make()

    try:
        run_state_machine_as_test(Machine, settings=ONLY_LOOK)
    except AssertionError as found:
        return str(found)
    return ""


@pytest.mark.parametrize("name", MUTANTS)
def test_every_seeded_mistake_is_found(name: str) -> None:
    assert found_in(MUTANTS[name])
