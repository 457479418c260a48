"""Where tag keys stand: for people a short table with what to do next, for machines every fact."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import Any

from costsentry_cli.domain.assumptions import IAM_PRINCIPAL_KEY
from costsentry_cli.domain.aws_limits import ACTIVE_COST_ALLOCATION_TAGS_MAX
from costsentry_cli.domain.budget_spend import paid_facts
from costsentry_cli.domain.table import Column, Row, Table, Type
from costsentry_cli.domain.tag_life import Carrier, Standing, State, TagStatus
from costsentry_cli.render.fold import folded
from costsentry_cli.render.safe import safe_line

COLUMNS = (
    Column("key", "Tag key"),
    Column("on_profiles", "On profiles", Type.COUNT),
    Column("profiles", "Profiles", Type.COUNT),
    Column("state", "Cost allocation"),
    Column("since", "Since", Type.DATE),
    Column("ready", "In costs from", Type.DATE),
    Column("first_cost", "First cost", Type.DATE),
    Column("last_month_share", "Last month", Type.SHARE),
)
PEOPLE = (
    Column("key", "Tag key"),
    Column("on_profiles", "On profiles"),
    Column("state", "Cost allocation"),
    Column("since", "Since", Type.DATE, drop=2),
    Column("first_cost", "First cost", drop=3),
    Column("last_month_share", "Last month", Type.SHARE, drop=1),
)
NAMES = 10
"""So many profiles are named to people; machines get them all."""
Step = tuple[str, str]
"""A sentence, and the command that does what it says."""


def as_table(status: TagStatus) -> Table:
    """Every fact: a row for each key, and beside the rows what is no column."""
    rows: list[Row] = []
    for one in status.standings:
        since = None if one.known is None else one.known.updated
        first, share = (None, None) if one.carried is None else (one.carried.first, one.carried.share)
        rows.append((one.key, one.on, status.profiles, str(one.state), since, one.ready, first, share))
    return Table("tags", COLUMNS, tuple(rows), notes=tuple(_warnings(status)), facts=_facts(status))


def as_people_see_it(status: TagStatus, width: int) -> Table:
    """The table for a screen; sentences are folded to ``width``, a command has a line of its own."""
    notes = [folded(line, width) for line in _warnings(status)]
    for words, command in steps(status):
        notes += [folded(words, width), f"  {command}"]
    used = f"{status.active} of {ACTIVE_COST_ALLOCATION_TAGS_MAX} keys are active."
    rows = tuple(_row(one, status) for one in status.standings)
    return Table("tags", PEOPLE, rows, notes=(*notes, used))


def steps(status: TagStatus) -> list[Step]:
    """What to do next, for each state that a key is in, in the order of a key's life."""
    return [step for one in State for step in _steps(one, [s for s in status.standings if s.state is one], status)]


def _steps(state: State, here: Sequence[Standing], status: TagStatus) -> list[Step]:
    keys = [one.key for one in here]
    if not keys:
        return []
    if state is State.UNUSED:
        return [(f"{state}: once it is under tags: in the manifest, sync puts it there", "sentry profiles sync")]
    if state is State.UNSEEN:
        after = "billing learns a key about a day after a profile with it is first used; to wait for that"
        return [(f"{state}: {after}", _command("activate --wait", keys))]
    if state is State.INACTIVE:
        after = "new costs do not carry it; from about a day after its activation on they do"
        return [(f"{state}: {after}", _command("activate", keys))]
    if state is State.ACTIVATING:
        return [(f"{state}: new costs carry it within a day, by {_ready(here)}; then", _command("status", keys))]
    return _steps_when_active(here, status)


def _ready(here: Sequence[Standing]) -> str:
    latest = max(one.ready for one in here if one.ready is not None)
    return f"{latest:%Y-%m-%d %H:%M} UTC"


def _steps_when_active(here: Sequence[Standing], status: TagStatus) -> list[Step]:
    bare = [one.key for one in here if one.carried is not None and one.carried.first is None]
    found = [one.key for one in here if one.key not in bare]
    made: list[Step] = []
    if bare:
        made.append(("active, no cost yet: costs are about a day late; then", _command("status", bare)))
    if found:
        by = shlex.quote(safe_line(found[0]))
        made.append(("active: the costs by its values", f"sentry report --group-by {by}"))
    if any(_is_late(one, status) for one in here):
        month = f"{status.last_month.start:%Y-%m}"
        late = "what was billed before a key was active stays without it, unless AWS applies it to earlier months"
        made.append((late, f"sentry tags backfill --from {month}"))
    return made


def _is_late(one: Standing, status: TagStatus) -> bool:
    """Part of last month's cost lacks the key, and the key was not active for all of that month."""
    if one.carried is None or one.carried.share is None or one.carried.share == 1 or one.ready is None:
        return False
    return one.ready.date() > status.last_month.start


def _warnings(status: TagStatus) -> list[str]:
    lines = []
    for one in status.standings:
        key = safe_line(one.key)
        if one.missing and one.state is not State.UNUSED and not one.key.startswith(IAM_PRINCIPAL_KEY):
            lines.append(f"{key} is not on: {_named(one.missing)}")
        if one.look_alikes:
            others, apart = _listed(one.look_alikes), "keys that differ in case are different keys"
            both = f"billing knows {key} and {others}: {apart}, and share the costs between them"
            lines.append(both if one.known else f"billing knows {others}, but not {key}: {apart}")
        if one.principal:
            other = IAM_PRINCIPAL_KEY + key
            lines.append(f"{other} is a key of its own, of IAM principals: adding the costs of both counts them twice")
    return lines


def _row(one: Standing, status: TagStatus) -> Row:
    since = None if one.known is None or one.known.updated is None else one.known.updated.date()
    share = None if one.carried is None else one.carried.share
    return (one.key, f"{one.on}/{status.profiles}", str(one.state), since, _first(one, status), share)


def _first(one: Standing, status: TagStatus) -> str | None:
    """The first day with cost; cost on the first day that was asked about may have begun before it."""
    if one.carried is None or one.carried.first is None:
        return None
    return f"{'by ' if one.carried.first == status.window.start else ''}{one.carried.first}"


def _named(missing: Sequence[Carrier]) -> str:
    places = {one.scope for one in missing}
    names = [safe_line(_name(one, alone=len(places) == 1)) for one in missing[:NAMES]]
    more = len(missing) - NAMES
    return ", ".join(names) + (f" and {more} more" if more > 0 else "")


def _name(one: Carrier, *, alone: bool) -> str:
    return one.name if alone else f"{one.name} ({one.scope.account} {one.scope.region})"


def _listed(keys: Sequence[str]) -> str:
    return ", ".join(safe_line(key) for key in keys)


def _command(words: str, keys: Sequence[str]) -> str:
    """The command over these keys, quoted for a shell; a key that looks like an option stands behind ``--``."""
    dashed = "-- " if any(key.startswith("-") for key in keys) else ""
    return f"sentry tags {words} {dashed}{shlex.join(safe_line(key) for key in keys)}"


def _facts(status: TagStatus) -> dict[str, Any]:
    month = status.last_month
    return {
        "active_keys": status.active,
        "active_keys_quota": ACTIVE_COST_ALLOCATION_TAGS_MAX,
        "last_month": {"start": month.start.isoformat(), "end": month.end.isoformat()},
        "costs_since": status.window.start.isoformat(),
        **paid_facts(status.paid_requests, status.unpriced),
        "missing": [
            {"key": one.key, "profile": lacking.name, "account": lacking.scope.account, "region": lacking.scope.region}
            for one in status.standings
            for lacking in one.missing
        ],
        "look_alikes": [{"key": one.key, "other": other} for one in status.standings for other in one.look_alikes],
        "iam_principal_keys": [IAM_PRINCIPAL_KEY + one.key for one in status.standings if one.principal],
        "not_looked_at": [
            {"account": one.scope.account, "region": one.scope.region or None, "code": one.error.code}
            for one in status.troubles
        ],
        "next": [command for _, command in steps(status)],
    }
