"""Cost allocation tags: where each key stands, and activating it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from costsentry_cli.domain.calls import Cloud
from costsentry_cli.domain.kind import Scope
from costsentry_cli.domain.kinds.cost_allocation_tag import Refusal, State, activate_calls, observe, refusals, state
from costsentry_cli.domain.kinds.inference_profile import InferenceProfile
from costsentry_cli.domain.table import Column, Table, Type

COLUMNS = (
    Column("key", "Tag key"),
    Column("on_profiles", "On profiles", Type.COUNT),
    Column("profiles", "Profiles", Type.COUNT, drop=1),
    Column("state", "Cost allocation"),
    Column("since", "Since", Type.DATE),
)
WAITS = {
    State.UNUSED: "put it on a profile: tags: in the manifest, then sentry profiles sync",
    State.UNSEEN: "billing learns a key about a day after a tagged profile is first used",
    State.INACTIVE: "sentry tags activate",
    State.ACTIVATING: "costs carry it from about a day after the activation; earlier costs stay untagged",
}


@dataclass(frozen=True)
class Activation:
    """What became of the keys: newly activated, active before, and refused with AWS's reason."""

    activated: tuple[str, ...]
    already: tuple[str, ...]
    refused: tuple[Refusal, ...]


def status(cloud: Cloud, keys: Sequence[str], scope: Scope, now: datetime) -> Table:
    """One row for each key: on how many of the namespace's profiles, its state, since when."""
    observed = InferenceProfile().observe(cloud, scope)
    profiles = [thing for thing in observed if thing.namespace == scope.namespace]
    known = observe(cloud, keys)
    rows, states = [], set()
    for key in keys:
        carriers = sum(key in thing.tags for thing in profiles)
        tag = known.get(key)
        now_is = state(tag, carriers, now)
        states.add(now_is)
        since = None if tag is None or not tag.active else tag.updated
        rows.append((key, carriers, len(profiles), str(now_is), since))
    notes = tuple(f"{one}: {WAITS[one]}" for one in State if one in states and one in WAITS)
    return Table("tags", COLUMNS, tuple(rows), notes=notes)


def activate(cloud: Cloud, keys: Sequence[str]) -> Activation:
    """Activate what is not active yet. A key billing has not seen is refused by AWS inside a successful answer."""
    active = {key for key, tag in observe(cloud, keys).items() if tag.active}
    wanted = [key for key in keys if key not in active]
    refused: list[Refusal] = []
    for call in activate_calls(wanted):
        refused.extend(refusals(cloud.call(call)))
    gone = {refusal.key for refusal in refused}
    done = tuple(key for key in wanted if key not in gone)
    return Activation(done, tuple(key for key in keys if key in active), tuple(refused))
