"""What each command calls on every path is what it is said to need, and what its IAM policy allows: no more, no less.

The other half is in ``conftest.py``: no test's command may call what is not declared for it.
"""

from __future__ import annotations

import json
from itertools import combinations

import pytest

from costsentry_cli.domain import needs
from costsentry_cli.domain.calls import Operation
from costsentry_cli.domain.iam_actions import actions
from costsentry_cli.domain.kinds import KINDS
from costsentry_cli.domain.needs import COMMANDS
from costsentry_cli.domain.policies.document import allowing, document
from costsentry_cli.domain.policies.place import place_of
from costsentry_cli.manifest_file import read
from permission_life import FIRST, Life, lived

SHARED = ("plan", "sync")
"""One flow for all kinds: what it calls for a kind alone it calls for all together."""
LONG_AGO: set[tuple[str, Operation]] = {("report coverage", ("ce", "GetDimensionValues"))}
"""Asked only of days before product attributes, which one day no report reaches any more."""


@pytest.fixture(scope="module")
def life(tmp_path_factory: pytest.TempPathFactory) -> Life:
    monkeypatch = pytest.MonkeyPatch()
    one = Life(tmp_path_factory.mktemp("life"), monkeypatch)
    lived(one)
    monkeypatch.undo()
    return one


def seen(life: Life, command: str) -> tuple[set[Operation], set[Operation]]:
    """What it called, and what it called when it might delete; ``profiles sync`` does what ``sync`` does."""
    flow = command.rpartition(" ")[2]
    of_all = [flow] if flow in SHARED and flow != command else []
    need = COMMANDS[command].operations(prune=True)
    recorded = life.recorded[command].union(*(life.recorded[one] & need for one in of_all))
    return recorded, life.pruned[command].union(*(life.pruned[one] & need for one in of_all))


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_calls_all_that_it_is_said_to_need_and_nothing_else(command: str, life: Life) -> None:
    recorded, pruned = seen(life, command)
    need = COMMANDS[command]
    recorded |= {operation for name, operation in LONG_AGO if name == command}
    assert need.always - recorded - pruned == set(), f"{command}: declared, and never called"
    assert recorded - need.always == set(), f"{command}: called, and not declared"
    assert need.pruning - need.always - pruned == set()
    assert pruned - need.operations(prune=True) == set()


@pytest.mark.parametrize("prune", [False, True])
@pytest.mark.parametrize("name", [name for name in needs.names() if " " not in name])
def test_a_policy_allows_the_actions_of_what_was_called_no_other_and_all_of_them(
    name: str, prune: bool, life: Life
) -> None:
    life.manifest(FIRST)
    commands = needs.matching(name)
    place = place_of(read(life.folder / "profiles.yaml"))
    policy = document(allowing(needs.operations_of(commands, prune=prune), place))
    allowed = {action for statement in policy["Statement"] for action in statement["Action"]}
    called = {operation for one in commands for operation in seen(life, one)[0]}
    called |= {operation for one in commands for operation in COMMANDS[one].always & seen(life, one)[1]}
    called |= {operation for one in commands for operation in seen(life, one)[1] if prune}
    called |= {operation for command, operation in LONG_AGO if command in commands}
    assert allowed == {action for operation in called for action in actions(*operation)}


def test_without_prune_nothing_is_deleted_but_what_an_update_takes_back() -> None:
    place = place_of(None)
    plain = {action for one in allowing(needs.operations_of(["sync"]), place) for action in one.actions}
    pruning = {action for one in allowing(needs.operations_of(["sync"], prune=True), place) for action in one.actions}
    assert pruning - plain == {
        "bedrock:DeleteInferenceProfile",
        "ce:DeleteAnomalyMonitor",
        "dynamodb:DeleteTable",
        "logs:DeleteLogGroup",
        "tag:GetResources",
    }


def test_no_operation_is_of_two_kinds() -> None:
    for one, other in combinations(KINDS, 2):
        assert (one.reading | one.writing | one.deleting) & (other.reading | other.writing | other.deleting) == set()


def test_every_command_of_the_life_could_be_run(life: Life) -> None:
    broken = [said.splitlines()[0] for said in life.said if "-> 1\n" in said or "No such option" in said]
    assert broken == []
    assert json.loads(json.dumps(sorted(life.recorded))) == sorted(life.recorded)
