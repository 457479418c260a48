"""What a kind of resource must say of itself; everything else is generic over kinds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from costsentry_cli.domain.calls import ApiCall, Cloud, Operation
from costsentry_cli.domain.document import Mark
from costsentry_cli.domain.manifest.types import Manifest
from costsentry_cli.domain.partitions import AWS, partition_of
from costsentry_cli.domain.resource import Desired, Observed, Policy

GLOBAL = "global"
"""The region of a scope whose service has none (billing, budgets)."""
MADE = "(the ARN of what is made)"
"""Stands in the calls after a creation for the ARN that only AWS's answer tells."""


@dataclass(frozen=True, order=True)
class Scope:
    """Where a resource lives and whose it is: the account and region of the calls, the manifest's namespace.

    ``partition`` begins the ARNs of what has no region; a region tells its own.
    """

    account: str
    region: str
    namespace: str
    partition: str = AWS


@dataclass(frozen=True)
class Refused:
    """What a successful answer says was not done. ``waits``: nothing is wrong, AWS only does not know it yet."""

    why: str
    waits: bool = False


class Action(StrEnum):
    """What the plan says of one resource."""

    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    RETIRE = "retire"
    WAIT = "wait"
    DELETE = "delete"
    SAME = "same"
    RETIRED = "retired"
    UNLISTED = "unlisted"
    FOREIGN = "foreign"


@dataclass(frozen=True)
class FieldChange:
    """One field: ``old`` None means it is added, ``new`` None that it goes."""

    field: str
    old: str | None
    new: str | None


@dataclass(frozen=True)
class Change:
    """One resource of the plan with the calls that would be made for it, in order.

    ``after`` are the calls that follow once what ``calls`` made is confirmed (retiring what was replaced). ``seen`` is
    how many calls it had in the last 14 days, None when that is not known; ``held`` says why nothing is done for it.
    """

    action: Action
    kind: Kind
    scope: Scope
    name: str
    fields: tuple[FieldChange, ...] = ()
    calls: tuple[ApiCall, ...] = ()
    after: tuple[ApiCall, ...] = ()
    arn: str | None = None
    at: Mark | None = None
    desired: Desired | None = None
    seen: int | None = None
    retired: bool = False
    held: str = ""
    known: tuple[str, ...] = ()
    """ARNs that carried the key before: a creation must not be answered with one of them."""


class Appearing(Protocol):
    """How a new resource is looked for that AWS shows only after some seconds."""

    def listing(self, scope: Scope) -> ApiCall:
        """The paged call that lists what there is."""
        ...

    def listed(self, page: Mapping[str, Any]) -> Sequence[tuple[str, str]]:
        """Name and ARN of every resource on one page of the listing."""
        ...

    def confirm(self, arn: str, scope: Scope) -> ApiCall:
        """The reading call that succeeds once it is there."""
        ...


class Kind(Protocol):
    """One kind of resource: pure; it says which calls to make and never makes a writing one itself.

    What most kinds have in common is filled in here; a kind that derives from this says only what is its own.
    """

    noun: str
    """Singular, as people read it: ``profile``; the plural adds an s."""
    regional: bool = False
    """One in every account and region of the manifest; else once, in the target's own account."""
    owned: bool = True
    """Carries our ownership marks: only such a kind can be foreign, and be deleted."""
    measured: bool = False
    """Its use can be told (``activity``): what is in use is not deleted unforced."""
    appearing: Appearing | None = None
    """How what was made is looked for, where it may not be there for some seconds."""
    waiting: str = ""
    """Why one that cannot be made yet is waited for."""
    reading: frozenset[Operation] = frozenset()
    """What ``observe`` and ``activity`` call."""
    writing: frozenset[Operation] = frozenset()
    """What creating, updating, replacing, retiring and making sure of it call."""
    deleting: frozenset[Operation] = frozenset()
    """What ``delete`` calls."""
    tagged_type: str = ""
    """Its type in the tagging API, where only what has a known name is observed: a run that deletes asks there for
    more."""

    def policy(self, field: str) -> Policy:
        """What a difference in this field means."""
        del field
        return Policy.IN_PLACE

    def desired(self, manifest: Manifest, scope: Scope, now: datetime) -> tuple[Desired, ...]:
        """What the manifest wants in this scope."""
        ...

    def observe(self, cloud: Cloud, scope: Scope, wanted: Sequence[Desired]) -> tuple[Observed, ...]:
        """What exists in this scope, ours and foreign, through reading calls only.

        ``wanted`` is what the manifest wants there, for a kind whose listing would be endless.
        """
        ...

    def activity(self, arns: Sequence[str], scope: Scope, now: datetime) -> tuple[ApiCall, ...]:
        """The reading calls that tell how much these were used lately; see ``domain.activity``."""
        del arns, scope, now
        return ()

    def create(self, desired: Desired, scope: Scope, generation: str) -> tuple[ApiCall, ...]:
        """The one call that makes it; none where only AWS can, which is waited for.

        The same wish in the same generation is the same call.
        """
        ...

    def settling(self, desired: Desired, scope: Scope) -> ApiCall | None:
        """The reading call that tells when what was made takes further calls; none where it does at once."""
        del desired, scope
        return None

    def settled(self, answer: Mapping[str, Any]) -> bool:
        """Whether the answer to ``settling`` says so."""
        del answer
        return True

    def complete(self, desired: Desired, scope: Scope) -> tuple[ApiCall, ...]:
        """The calls that follow a creation; ``MADE`` in them stands for the new ARN."""
        del desired, scope
        return ()

    def update(self, desired: Desired, observed: Observed, scope: Scope) -> tuple[ApiCall, ...]:
        """The calls that bring its in-place fields from observed to desired."""
        ...

    def retire(self, observed: Observed, scope: Scope, at: datetime) -> tuple[ApiCall, ...]:
        """The calls that mark it as replaced; it goes on working."""
        del observed, scope, at
        return ()

    def delete(self, observed: Observed, scope: Scope) -> tuple[ApiCall, ...]:
        """The call that deletes it."""
        del observed, scope
        return ()

    def arranged(self, changes: tuple[Change, ...]) -> tuple[Change, ...]:
        """All changes of a scope, seen together: one call for many of them, or what stands against one of them."""
        return changes

    def refused(self, desired: Desired, answer: Mapping[str, Any]) -> Refused | None:
        """What a successful answer to a shared call says against this one of its resources."""
        del desired, answer
        return None

    def made(self, desired: Desired, scope: Scope, answer: Mapping[str, Any]) -> str:
        """The ARN of what a create call made."""
        del scope, answer
        return desired.key


def regions_of(manifest: Manifest, target_region: str) -> Sequence[str]:
    """Every region the manifest speaks of, in its order; the target's own where it names none."""
    named = [region for profile in manifest.profiles for region in profile.regions]
    return list(dict.fromkeys([*manifest.regions, *named] or [target_region]))


def scopes_of(kind: Kind, manifest: Manifest, home: Scope, accounts: Sequence[str]) -> tuple[Scope, ...]:
    """Where a kind is looked at: every account and region of the manifest, or once, at home.

    ``home`` is the target's own account and region, ``accounts`` those of the manifest that can be reached.
    """
    if not kind.regional:
        return (Scope(home.account, GLOBAL, home.namespace, partition_of(home.region)),)
    regions = regions_of(manifest, home.region)
    return tuple(Scope(account, region, home.namespace) for account in accounts for region in regions)
