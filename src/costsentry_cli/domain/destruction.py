"""The end of a namespace: every resource that carries it, as a plan that the ordinary machinery carries out.

It is a prune of a manifest that wants nothing, in every place the manifest spoke of, with no grace and no allowance:
what such a prune may never do unasked is here what was asked for, by name.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from costsentry_cli.domain.kind import Action, Change, regions_of
from costsentry_cli.domain.manifest.types import Manifest
from costsentry_cli.domain.plan import Plan, Wishes

WHENEVER = timedelta.min
"""A grace that is over for everything, also for what somebody marked as retired by hand."""


def wanting_nothing(manifest: Manifest, target_region: str) -> Manifest:
    """The manifest without its resources, and with every region they named."""
    regions = tuple(regions_of(manifest, target_region))
    return replace(
        manifest,
        profiles=(),
        regions=regions,
        cost_allocation_tags=(),
        limits=(),
        budgets=(),
        anomaly_monitors=(),
        ledger=None,
        audit=None,
    )


def wishes(*, force: bool) -> Wishes:
    """Delete all that is marked; what is in use only by ``force``."""
    return Wishes(prune=True, force=force, grace=WHENEVER)


def only_deletes(plan: Plan) -> Plan:
    """The plan's deletions by place and name; foreign resources are no part of it, its allowance does not hold."""
    changes = sorted(plan.of(Action.DELETE), key=lambda change: (change.scope, change.name, change.arn or ""))
    return replace(plan, changes=tuple(changes), refused=())


def in_use(plan: Plan) -> tuple[Change, ...]:
    """What is held back because it was called lately, or because that is not known."""
    return tuple(change for change in plan.changes if change.held and change.seen != 0)
