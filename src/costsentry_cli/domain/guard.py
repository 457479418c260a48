"""What a plan may not do unasked: delete too much, or act on a manifest or a listing that came back empty."""

from __future__ import annotations

import math
from collections.abc import Sequence

from costsentry_cli.domain.kind import Action, Change, Kind, Scope
from costsentry_cli.domain.plan import Wishes
from costsentry_cli.domain.resource import Desired, Observed

SHARE = 0.3
MOST = 5


def allowance(owned: int, wishes: Wishes) -> int:
    """How many of ``owned`` resources one run may delete: 30 % or five, whichever is less, and never the last one."""
    if wishes.max_deletes is not None:
        return wishes.max_deletes
    return max(0, min(MOST, math.ceil(owned * SHARE), owned - 1))


def refusals(
    kind: Kind,
    changes: Sequence[Change],
    desired: Sequence[Desired],
    observed: Sequence[Observed],
    scope: Scope,
    wishes: Wishes,
) -> tuple[str, ...]:
    """Why the plan of one kind in one scope is refused; nothing when it may go on."""
    if not (wishes.prune and kind.owned):
        return ()
    why: list[str] = []
    if kind.appearing is not None and desired and not observed:
        why.append("the listing came back empty: nothing can be pruned; run it without --prune")
    owned = sum(thing.namespace == scope.namespace for thing in observed)
    deletes = sum(change.action is Action.DELETE and bool(change.calls) for change in changes)
    allowed = allowance(owned, wishes)
    if deletes > allowed:
        why.append(
            f"{deletes} of {owned} {kind.noun}s would be deleted, {allowed} may be; --max-deletes {deletes} allows it"
        )
    return tuple(why)


def empty(kinds: Sequence[Kind], wanted: int, wishes: Wishes) -> tuple[str, ...]:
    """A manifest that wants nothing of these kinds never means: delete all."""
    if not wishes.prune or wanted:
        return ()
    nothing = " and ".join(f"no {kind.noun}" for kind in kinds if kind.owned)
    return (f"the manifest wants {nothing} at all, and that never means: delete all (sentry destroy does)",)
