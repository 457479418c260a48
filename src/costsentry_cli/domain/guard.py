"""What a plan may not do unasked: delete too much, or act on a manifest or a listing that came back empty."""

from __future__ import annotations

import math
from collections.abc import Sequence

from costsentry_cli.domain.manifest.types import Manifest
from costsentry_cli.domain.plan import Action, Change, Wishes
from costsentry_cli.domain.resource import Desired, Observed

SHARE = 0.3
MOST = 5


def allowance(owned: int, wishes: Wishes) -> int:
    """How many of ``owned`` resources one run may delete: 30 % or five, whichever is less, and never the last one."""
    if wishes.max_deletes is not None:
        return wishes.max_deletes
    return max(0, min(MOST, math.ceil(owned * SHARE), owned - 1))


def refusals(
    changes: Sequence[Change],
    desired: Sequence[Desired],
    observed: Sequence[Observed],
    namespace: str,
    wishes: Wishes,
) -> tuple[str, ...]:
    """Why the plan of one scope is refused; nothing when it may go on."""
    if not wishes.prune:
        return ()
    why: list[str] = []
    if desired and not observed:
        why.append("the listing came back empty: nothing can be pruned; run it without --prune")
    owned = sum(thing.namespace == namespace for thing in observed)
    deletes = sum(change.action is Action.DELETE and bool(change.calls) for change in changes)
    allowed = allowance(owned, wishes)
    if deletes > allowed:
        why.append(
            f"{deletes} of {owned} profiles would be deleted, {allowed} may be; --max-deletes {deletes} allows it"
        )
    return tuple(why)


def empty(manifest: Manifest, wishes: Wishes) -> tuple[str, ...]:
    """An empty manifest never means: delete all."""
    if wishes.prune and not manifest.profiles:
        return ("the manifest wants no profile at all, and that never means: delete all (sentry destroy does)",)
    return ()
