"""desired - observed = plan. A plan is the list of calls that would be made, and it can be looked at and refused."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from costsentry_cli.domain.activity import HOUR, Activity, since
from costsentry_cli.domain.calls import ApiCall
from costsentry_cli.domain.errors import SentryError
from costsentry_cli.domain.kind import Action, Change, FieldChange, Kind, Scope
from costsentry_cli.domain.resource import Desired, Observed, Policy

PENDING = (Action.CREATE, Action.UPDATE, Action.REPLACE, Action.RETIRE, Action.WAIT, Action.DELETE)
"""What makes the account differ from what was asked for."""
MAKING = (Action.CREATE, Action.REPLACE)
"""What makes a new resource."""
LEFT = (Action.RETIRED, Action.UNLISTED, Action.FOREIGN)
"""What is reported and left alone."""
GRACE = timedelta(days=7)


@dataclass(frozen=True)
class Wishes:
    """What the person allowed: nothing is replaced or deleted unasked.

    ``max_deletes`` None means the default allowance; ``force`` deletes what is in use, too.
    """

    replace: bool = False
    prune: bool = False
    force: bool = False
    max_deletes: int | None = None
    grace: timedelta = GRACE


@dataclass(frozen=True)
class Trouble:
    """A scope that could not be looked at, for one kind or for all; the others go on."""

    scope: Scope
    error: SentryError
    kind: Kind | None = None


@dataclass(frozen=True)
class Plan:
    """Changes in the order of the manifest, what is not in it last; ``refused`` says why the whole is not applied."""

    changes: tuple[Change, ...] = ()
    refused: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    troubles: tuple[Trouble, ...] = ()

    @property
    def calls(self) -> tuple[ApiCall, ...]:
        """Every writing call of the plan; one that several changes share stands once."""
        calls = {id(call): call for change in self.changes for call in (*change.calls, *change.after)}
        return tuple(calls.values())

    @property
    def pending(self) -> bool:
        """True when the account is not what the manifest says, be it only that AWS is waited for."""
        return any(change.action in PENDING for change in self.changes)

    def count(self, *actions: Action) -> int:
        """How many resources the plan says one of these of."""
        return sum(change.action in actions for change in self.changes)

    def of(self, *actions: Action) -> tuple[Change, ...]:
        """The changes with one of these actions."""
        return tuple(change for change in self.changes if change.action in actions)

    def writing(self) -> tuple[Change, ...]:
        """The changes for which calls would be made."""
        return tuple(change for change in self.changes if change.calls)


@dataclass(frozen=True)
class Sight:
    """All that a diff looks at beside the two sides: the wishes, the time (aware, UTC) and what is in use."""

    wishes: Wishes
    now: datetime
    activity: Activity = field(default_factory=dict)


def diff(
    kind: Kind, desired: Sequence[Desired], observed: Sequence[Observed], scope: Scope, sight: Sight
) -> tuple[Change, ...]:
    """Compare the two sides of one kind in one scope.

    Raises ``SentryError`` CS0205 when two resources carry one key and both are what is wanted, or neither is.
    """
    observed = sorted(observed, key=lambda thing: (thing.name, thing.arn))  # AWS's order means nothing
    ours = [thing for thing in observed if thing.namespace == scope.namespace]
    by_key: dict[str, list[Observed]] = {}
    for thing in ours:
        by_key.setdefault(thing.key or "", []).append(thing)
    changes: list[Change] = []
    for wish in desired:
        changes += _compare(kind, wish, by_key.get(wish.key, []), scope, sight)
    wanted = {wish.key for wish in desired}
    # What a creation is told from must stay until it is done: else a cut-off run would not know its own again.
    making = {c.desired.key for c in changes if c.desired is not None and c.action in MAKING and c.calls}
    for thing in ours:
        if thing.retired is not None:
            changes.append(_retired(kind, thing, scope, sight, wait=thing.key in making))
        elif thing.key not in wanted:
            changes.append(_unlisted(kind, thing, scope, sight))
    foreign = (thing for thing in observed if thing.namespace != scope.namespace)
    changes += [Change(Action.FOREIGN, kind, scope, thing.name, arn=thing.arn) for thing in foreign]
    return kind.arranged(tuple(changes))


def generation(arns: Iterable[str]) -> str:
    """What tells this creation of a key from former ones: nothing for the first, else a digest of those there were."""
    known = sorted(arns)
    return hashlib.sha256("\0".join(known).encode()).hexdigest()[:16] if known else ""


def _compare(kind: Kind, wish: Desired, found: Sequence[Observed], scope: Scope, sight: Sight) -> list[Change]:
    active = [thing for thing in found if thing.retired is None]
    if not active:
        fields = tuple(FieldChange(name, None, value) for name, value in wish.fields.items() if name != "name")
        calls = kind.create(wish, scope, generation(thing.arn for thing in found))
        if not calls:
            return [Change(Action.WAIT, kind, scope, wish.name, at=wish.at, desired=wish)]
        after, known = kind.complete(wish, scope), tuple(thing.arn for thing in found)
        made = (kind, scope, wish.name, fields, calls, after)
        return [Change(Action.CREATE, *made, at=wish.at, desired=wish, known=known)]
    right = [thing for thing in active if not _replaces(kind, field_changes(kind, wish, thing))]
    if len(active) == 1 and not right:
        return [_replace(kind, wish, active[0], found, scope, sight)]
    if len(right) != 1:
        arns = tuple(thing.arn for thing in active)
        raise SentryError(
            "CS0205", f"{len(active)} {kind.noun}s carry the key {wish.key!r}", where=scope.region, details=arns
        )
    # A replace that was cut off after its create: the right one is there, the others still have to step aside.
    rest = [thing for thing in active if thing is not right[0]]
    return [_keep(kind, wish, right[0], scope), *(_retire(kind, wish, thing, scope, sight) for thing in rest)]


def _keep(kind: Kind, wish: Desired, found: Observed, scope: Scope) -> Change:
    fields = field_changes(kind, wish, found)
    action = Action.UPDATE if fields else Action.SAME
    calls = kind.update(wish, found, scope) if fields else ()
    return Change(action, kind, scope, wish.name, fields, calls, arn=found.arn, at=wish.at, desired=wish)


def _replace(
    kind: Kind, wish: Desired, found: Observed, known: Sequence[Observed], scope: Scope, sight: Sight
) -> Change:
    allowed = sight.wishes.replace
    arns = tuple(thing.arn for thing in known)
    return Change(
        Action.REPLACE,
        kind,
        scope,
        wish.name,
        field_changes(kind, wish, found),
        calls=kind.create(wish, scope, generation(arns)) if allowed else (),
        after=(*kind.complete(wish, scope), *kind.retire(found, scope, sight.now)) if allowed else (),
        arn=found.arn,
        at=wish.at,
        desired=wish,
        seen=since(sight.activity, found.arn),
        held="" if allowed else "needs --allow-replace: the ARN will change",
        known=arns,
    )


def _retire(kind: Kind, wish: Desired, found: Observed, scope: Scope, sight: Sight) -> Change:
    calls = kind.retire(found, scope, sight.now)
    return Change(Action.RETIRE, kind, scope, found.name, calls=calls, arn=found.arn, at=wish.at)


def _retired(kind: Kind, thing: Observed, scope: Scope, sight: Sight, *, wait: bool) -> Change:
    """A replaced resource: deleted with --prune once its grace is over and nobody has called it since."""
    assert thing.retired is not None  # noqa: S101 - the caller looked
    seen = since(sight.activity, thing.arn, thing.retired + HOUR if thing.retired < sight.now else None)
    due = sight.now - thing.retired >= sight.wishes.grace
    if wait or not (sight.wishes.prune and due):
        return Change(Action.RETIRED, kind, scope, thing.name, arn=thing.arn, seen=seen, retired=True)
    return _delete(kind, thing, scope, sight, seen)


def _unlisted(kind: Kind, thing: Observed, scope: Scope, sight: Sight) -> Change:
    seen = since(sight.activity, thing.arn)
    if not sight.wishes.prune:
        return Change(Action.UNLISTED, kind, scope, thing.name, arn=thing.arn, seen=seen)
    return _delete(kind, thing, scope, sight, seen)


def _delete(kind: Kind, thing: Observed, scope: Scope, sight: Sight, seen: int | None) -> Change:
    held = _why_not(kind, thing, sight, seen)
    calls = () if held else kind.delete(thing, scope)
    retired = thing.retired is not None
    return Change(
        Action.DELETE, kind, scope, thing.name, calls=calls, arn=thing.arn, seen=seen, retired=retired, held=held
    )


def _why_not(kind: Kind, thing: Observed, sight: Sight, seen: int | None) -> str:
    if not thing.marked:
        return "lacks one of our ownership marks"
    if sight.wishes.force or not kind.measured:
        return ""
    if seen is None:
        return "whether it is in use is not known; --force deletes it all the same"
    span = "since it was replaced" if thing.retired else "in 14 days"
    calls = f"{seen:,} call{'s' if seen != 1 else ''} {span}"
    return f"in use: {calls}; --force deletes it all the same" if seen else ""


def field_changes(kind: Kind, wish: Desired, found: Observed) -> tuple[FieldChange, ...]:
    """Every field in which the two sides differ, sorted by name; ignored fields are left out."""
    names = sorted({*wish.fields, *found.fields})
    pairs = ((name, found.fields.get(name), wish.fields.get(name)) for name in names)
    return tuple(
        FieldChange(name, old, new)
        for name, old, new in pairs
        if old != new and kind.policy(name) is not Policy.IGNORED
    )


def _replaces(kind: Kind, fields: tuple[FieldChange, ...]) -> bool:
    return any(kind.policy(change.field) is Policy.REPLACE for change in fields)


def asked_about(changes: Sequence[Change]) -> tuple[str, ...]:
    """The ARNs whose use matters to what is planned for them."""
    actions = (Action.REPLACE, Action.DELETE, Action.RETIRED, Action.UNLISTED)
    return tuple(change.arn for change in changes if change.action in actions and change.arn is not None)
