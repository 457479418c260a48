"""Make the account what the manifest says: observe, diff, apply."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from costsentry_cli.domain.calls import Answer, ApiCall, Cloud
from costsentry_cli.domain.errors import SentryError
from costsentry_cli.domain.kind import Kind, Scope, regions_of
from costsentry_cli.domain.manifest.types import Manifest
from costsentry_cli.domain.plan import Change, Plan, diff


@dataclass(frozen=True)
class Applied:
    """What became of one change: the last call's answer, or the error that stopped it."""

    change: Change
    answer: Answer | None = None
    error: SentryError | None = None


def plan(cloud: Cloud, manifest: Manifest, kinds: Sequence[Kind], account: str, region: str) -> Plan:
    """The changes of these kinds in every region of the manifest; reading calls only."""
    changes: list[Change] = []
    for place in regions_of(manifest, region):
        scope = Scope(account, place, manifest.namespace)
        for kind in kinds:
            desired, observed = kind.desired(manifest, scope), kind.observe(cloud, scope)
            changes.extend(diff(kind, desired, observed, scope).changes)
    return Plan(tuple(changes))


def apply(cloud: Cloud, plan: Plan, told: Callable[[Applied], None] = lambda _: None) -> tuple[Applied, ...]:
    """Make the plan's calls: changes side by side, the calls of one change in order; ``told`` hears of each ending.

    A change whose call fails stops there; the others go on.
    """
    ended: dict[int, Applied] = {}
    open_changes = [(number, change, change.calls) for number, change in enumerate(plan.changes) if change.calls]
    while open_changes:
        outcomes = cloud.each([calls[0] for _, _, calls in open_changes])
        going_on: list[tuple[int, Change, tuple[ApiCall, ...]]] = []
        for (number, change, calls), outcome in zip(open_changes, outcomes, strict=True):
            if outcome.error is None and calls[1:]:
                going_on.append((number, change, calls[1:]))
                continue
            ended[number] = Applied(change, outcome.answer, outcome.error)
            told(ended[number])
        open_changes = going_on
    return tuple(ended[number] for number in sorted(ended))
