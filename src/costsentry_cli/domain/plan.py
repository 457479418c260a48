"""desired - observed = plan. A plan is the list of calls that would be made, and it can be looked at and refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from costsentry_cli.domain.calls import ApiCall
from costsentry_cli.domain.document import Mark
from costsentry_cli.domain.errors import SentryError
from costsentry_cli.domain.kind import Kind, Scope
from costsentry_cli.domain.resource import Desired, Observed, Policy


class Action(StrEnum):
    """What the plan says of one resource. Only ``create`` and ``update`` are carried out."""

    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    SAME = "same"
    UNLISTED = "unlisted"
    FOREIGN = "foreign"


WRITING = (Action.CREATE, Action.UPDATE)
PENDING = (*WRITING, Action.REPLACE)


@dataclass(frozen=True)
class FieldChange:
    """One field: ``old`` None means it is added, ``new`` None that it goes."""

    field: str
    old: str | None
    new: str | None


@dataclass(frozen=True)
class Change:
    """One resource of the plan with the calls that would be made for it, in order."""

    action: Action
    noun: str
    name: str
    region: str
    fields: tuple[FieldChange, ...] = ()
    calls: tuple[ApiCall, ...] = ()
    arn: str | None = None
    at: Mark | None = None


@dataclass(frozen=True)
class Plan:
    """Changes in the order of the manifest, what is not in the manifest last."""

    changes: tuple[Change, ...]

    @property
    def calls(self) -> tuple[ApiCall, ...]:
        """Every writing call of the plan."""
        return tuple(call for change in self.changes for call in change.calls)

    @property
    def pending(self) -> bool:
        """True when the account is not what the manifest says."""
        return any(change.action in PENDING for change in self.changes)

    def count(self, action: Action) -> int:
        """How many resources the plan says this of."""
        return sum(change.action is action for change in self.changes)

    def of(self, *actions: Action) -> tuple[Change, ...]:
        """The changes with one of these actions."""
        return tuple(change for change in self.changes if change.action in actions)


def diff(kind: Kind, desired: Sequence[Desired], observed: Sequence[Observed], scope: Scope) -> Plan:
    """Compare the two sides of one kind in one region.

    Raises ``SentryError`` CS0205 when two resources carry one key: we cannot know which of them is meant.
    """
    ours = _owned(observed, scope)
    changes = [_compare(kind, wish, ours.get(wish.key), scope) for wish in desired]
    wanted = {wish.key for wish in desired}
    for thing in observed:
        if thing.namespace != scope.namespace:
            changes.append(_left(kind, Action.FOREIGN, thing))
        elif thing.key not in wanted:
            changes.append(_left(kind, Action.UNLISTED, thing))
    return Plan(tuple(changes))


def _owned(observed: Sequence[Observed], scope: Scope) -> dict[str, Observed]:
    mine = [thing for thing in observed if thing.namespace == scope.namespace and thing.key is not None]
    for key, number in Counter(thing.key for thing in mine).items():
        if number > 1:
            arns = tuple(thing.arn for thing in mine if thing.key == key)
            raise SentryError("CS0205", f"{number} resources carry the key {key!r}", where=scope.region, details=arns)
    return {str(thing.key): thing for thing in mine}


def _compare(kind: Kind, wish: Desired, found: Observed | None, scope: Scope) -> Change:
    if found is None:
        fields = tuple(FieldChange(name, None, value) for name, value in wish.fields.items() if name != "name")
        calls = kind.create(wish, scope)
        return Change(Action.CREATE, kind.noun, wish.name, wish.region, fields, calls, None, wish.at)
    fields = field_changes(kind, wish, found)
    action = _action(kind, fields)
    calls = kind.update(wish, found, scope) if action is Action.UPDATE else ()
    return Change(action, kind.noun, wish.name, wish.region, fields, calls, found.arn, wish.at)


def field_changes(kind: Kind, wish: Desired, found: Observed) -> tuple[FieldChange, ...]:
    """Every field in which the two sides differ, sorted by name; ignored fields are left out."""
    names = sorted({*wish.fields, *found.fields})
    pairs = ((name, found.fields.get(name), wish.fields.get(name)) for name in names)
    return tuple(
        FieldChange(name, old, new)
        for name, old, new in pairs
        if old != new and kind.policy(name) is not Policy.IGNORED
    )


def _action(kind: Kind, fields: tuple[FieldChange, ...]) -> Action:
    if not fields:
        return Action.SAME
    replaces = any(kind.policy(change.field) is Policy.REPLACE for change in fields)
    return Action.REPLACE if replaces else Action.UPDATE


def _left(kind: Kind, action: Action, thing: Observed) -> Change:
    return Change(action, kind.noun, thing.name, thing.region, arn=thing.arn)
