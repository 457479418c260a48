"""Every call a command makes, written down at the door, and held against what the command is said to need."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from costsentry_cli.aws import Door
from costsentry_cli.cli.options import hoisted
from costsentry_cli.domain.calls import Answer, ApiCall, Operation
from costsentry_cli.domain.needs import COMMANDS

PRUNING = ("--prune", "--plan")
"""What lets a command delete; a saved plan may have been made with the other."""
OF_ITS_OWN = ("demo",)
"""Never talks to AWS: its sandbox is its own."""


class Recorder:
    """The calls that went through any door of this process since ``forget``, in order."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.calls: list[ApiCall] = []
        once = Door._once

        def recorded(door: Door, call: ApiCall) -> Answer:
            self.calls.append(call)
            return once(door, call)

        monkeypatch.setattr(Door, "_once", recorded)

    def forget(self) -> None:
        self.calls.clear()

    def operations(self) -> set[Operation]:
        return {(call.service, call.operation) for call in self.calls}


def command_of(words: Sequence[str]) -> str:
    """The command these words run, as ``domain.needs`` names it; empty for one that needs nothing."""
    first, *rest = hoisted(list(words)) or [""]
    second = next(iter(hoisted(rest)), "")
    if f"{first} {second}" in COMMANDS:
        return f"{first} {second}"
    return "report costs" if first == "report" else first if first in COMMANDS else ""


def undeclared(words: Sequence[str], operations: set[Operation]) -> set[Operation]:
    """What these words called beyond what their command is said to need."""
    if words[:1] and hoisted(list(words))[0] in OF_ITS_OWN:
        return set()
    need = COMMANDS.get(command_of(words))
    prune = any(word in words for word in PRUNING)
    return operations - (need.operations(prune=prune) if need is not None else frozenset())
