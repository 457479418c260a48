"""A policy document: the statements that allow some operations at a place, their size, and how they are cut."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from costsentry_cli.domain.calls import Operation
from costsentry_cli.domain.iam_actions import actions
from costsentry_cli.domain.policies.grants import NONE, Condition, Grant, grants_of
from costsentry_cli.domain.policies.place import Place
from costsentry_cli.domain.tagged import LOOKING

VERSION = "2012-10-17"
MANAGED_POLICY_MAX = 6144
"""Characters of a managed policy, white space not counted (AWS: IAM and STS quotas)."""


@dataclass(frozen=True)
class Statement:
    """One statement; every list is sorted."""

    sid: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    condition: Condition = field(default_factory=lambda: NONE)
    effect: str = "Allow"

    def as_dict(self) -> dict[str, Any]:
        """As IAM spells it."""
        body: dict[str, Any] = {
            "Sid": self.sid,
            "Effect": self.effect,
            "Action": list(self.actions),
            "Resource": list(self.resources),
        }
        return body | (
            {"Condition": {name: dict(keys) for name, keys in self.condition.items()}} if self.condition else {}
        )


def allowing(operations: Iterable[Operation], place: Place) -> tuple[Statement, ...]:
    """The statements that allow these operations there, and nothing else.

    What a place has no resources for is left out: roles are handed on only where the manifest names them. So is what
    only tags lead to, where no operation looks by tags.
    """
    wanted = frozenset(operations)
    granted: dict[Grant, set[str]] = {}
    for operation in sorted(wanted):
        for action in actions(*operation):
            for grant in grants_of(operation, action):
                if not grant.pruning or wanted & LOOKING:
                    granted.setdefault(grant, set()).add(action)
    made = [_statement(grant, granted[grant], place) for grant in granted]
    return tuple(sorted((one for one in made if one.resources), key=lambda one: (one.actions[0], one.sid)))


def _statement(grant: Grant, allowed: set[str], place: Place) -> Statement:
    return Statement(grant.sid, tuple(sorted(allowed)), tuple(grant.resources(place)), grant.condition(place))


def document(statements: Sequence[Statement]) -> dict[str, Any]:
    """The whole document."""
    return {"Version": VERSION, "Statement": [one.as_dict() for one in statements]}


def size(statements: Sequence[Statement]) -> int:
    """Its characters as IAM counts them for a managed policy."""
    return len("".join(json.dumps(document(statements), separators=(",", ":")).split()))


def parts(statements: Sequence[Statement], most: int = MANAGED_POLICY_MAX) -> list[tuple[Statement, ...]]:
    """As few documents as hold the statements in their order, none larger than ``most``.

    A statement that alone is too large is cut by its resources.
    """
    done: list[tuple[Statement, ...]] = []
    here: tuple[Statement, ...] = ()
    for one in (piece for statement in statements for piece in _pieces(statement, most)):
        if here and size((*here, one)) > most:
            done.append(here)
            here = ()
        here = (*here, one)
    return [*done, here] if here else done


def _pieces(one: Statement, most: int) -> list[Statement]:
    if size([one]) <= most or len(one.resources) == 1:
        return [one]
    half = len(one.resources) // 2
    cut = (one.resources[:half], one.resources[half:])
    halves = [
        Statement(f"{one.sid}{number}", one.actions, some, one.condition, one.effect)
        for number, some in enumerate(cut, 1)
    ]
    return [piece for each in halves for piece in _pieces(each, most)]
