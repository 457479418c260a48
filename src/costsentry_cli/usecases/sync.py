"""Make the account what the manifest says: observe, diff, guard, and leave the doing to ``apply``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

from costsentry_cli.domain.activity import Activity, folded
from costsentry_cli.domain.calls import ApiCall, Cloud
from costsentry_cli.domain.errors import PAYER_ONLY, Exit, SentryError
from costsentry_cli.domain.guard import empty, refusals
from costsentry_cli.domain.kind import Change, Kind, Scope, scopes_of
from costsentry_cli.domain.manifest.types import Manifest
from costsentry_cli.domain.plan import Plan, Sight, Trouble, Wishes, asked_about, diff
from costsentry_cli.domain.resource import Desired
from costsentry_cli.domain.tagged import names_of

LOOKS_AT_ONCE = 8


@dataclass(frozen=True)
class _Look:
    """What one kind is in one scope, or why it cannot be seen; ``wanted`` counts what the manifest wants of it.

    ``unasked``: what was not looked for, for want of a permission.
    """

    kind: Kind
    scope: Scope
    wanted: int
    changes: tuple[Change, ...] = ()
    refused: tuple[str, ...] = ()
    error: SentryError | None = None
    unasked: str = ""


def plan(
    clouds: Mapping[str, Cloud],
    manifest: Manifest,
    kinds: Sequence[Kind],
    home: Scope,
    wishes: Wishes,
    now: datetime,
    *,
    named: Manifest | None = None,
) -> Plan:
    """The changes of these kinds in every account (``clouds``) and region of the manifest; reading calls only.

    ``home`` is the target's own account and region. ``named`` is a manifest whose resources are looked for, where
    ``manifest`` does not want them any more. Every kind is looked at in each of its scopes, side by side. A look
    that fails is a trouble of the plan; when none succeeds, its error is raised.
    """
    accounts = [account.id for account in manifest.accounts if account.id in clouds] or [home.account]
    looks = [(kind, scope) for kind in kinds for scope in scopes_of(kind, manifest, home, accounts)]
    sight = Sight(wishes, now)
    with ThreadPoolExecutor(min(LOOKS_AT_ONCE, len(looks))) as pool:
        looked = list(
            pool.map(lambda one: _look(clouds[one[1].account], one[0], one[1], (manifest, named), sight), looks)
        )
    failed = [one for one in looked if one.error is not None]
    if len(failed) == len(looked) and failed[0].error is not None:
        raise failed[0].error
    wanted = sum(one.wanted for one in looked)
    return Plan(
        tuple(change for one in looked for change in one.changes),
        (*empty(kinds, wanted, wishes), *dict.fromkeys(why for one in looked for why in one.refused)),
        (
            *(_said(one.error) for one in failed if one.error is not None and one.error.code == PAYER_ONLY),
            *(one.unasked for one in looked if one.unasked),
        ),
        tuple(
            Trouble(one.scope, one.error, one.kind)
            for one in failed
            if one.error is not None and _matters(one, deleting=wishes.prune)
        ),
    )


def _look(cloud: Cloud, kind: Kind, scope: Scope, manifests: tuple[Manifest, Manifest | None], sight: Sight) -> _Look:
    manifest, named = manifests
    desired = kind.desired(manifest, scope, sight.now)
    sought = desired if named is None or not kind.owned else kind.desired(named, scope, sight.now)
    unasked = ""
    try:
        if sight.wishes.prune and kind.tagged_type:
            sought, unasked = _by_tags(cloud, kind, scope, sought)
        observed = kind.observe(cloud, scope, sought)
        first = diff(kind, desired, observed, scope, sight)
        seen = activity(cloud, kind, asked_about(first), scope, sight.now)
        final = diff(kind, desired, observed, scope, Sight(sight.wishes, sight.now, seen)) if seen else first
    except SentryError as error:
        return _Look(kind, scope, len(desired), error=error)
    refused = refusals(kind, final, desired, observed, scope, sight.wishes)
    return _Look(kind, scope, len(desired), final, refused, unasked=unasked)


def _by_tags(cloud: Cloud, kind: Kind, scope: Scope, sought: Sequence[Desired]) -> tuple[tuple[Desired, ...], str]:
    """What is sought, and what the namespace has beside it: a deletion must not leave behind what lost its name.

    Where tags may not be asked, that is said: what is left behind goes on to cost.
    """
    region = sought[0].region if sought else ""
    names = names_of(cloud, scope.namespace, kind.tagged_type, region)
    if names is None:
        return tuple(sought), f"{kind.noun}s under former names were not looked for: allow tag:GetResources"
    known = {wish.name for wish in sought}
    others = (Desired(name, name, region, {}, None) for name in dict.fromkeys(names) if name not in known)
    return (*sought, *others), ""


def _matters(look: _Look, *, deleting: bool) -> bool:
    """A failed look is no trouble where another account must do it, or where one may not look and wants nothing.

    A run that deletes must see everything: what it cannot see would be left behind unsaid.
    """
    denied = look.error is not None and look.error.exit is Exit.ACCESS
    idle = look.wanted == 0 and denied and not look.kind.regional and not deleting
    return not idle and (look.error is None or look.error.code != PAYER_ONLY)


def _said(error: SentryError) -> str:
    return f"{error.message}; {error.help}"


def activity(cloud: Cloud, kind: Kind, arns: Sequence[str], scope: Scope, now: datetime) -> Activity:
    """How much these were used in the last 14 days; empty where CloudWatch may not be asked: not known is not idle."""
    found: dict[str, dict[datetime, int]] = {}
    calls: tuple[ApiCall, ...] = kind.activity(arns, scope, now) if arns else ()
    left = list(arns)
    try:
        for call in calls:
            batch, left = left[: len(call.params["MetricDataQueries"])], left[len(call.params["MetricDataQueries"]) :]
            found |= folded(batch, cloud.pages(call))
    except SentryError:
        return {}
    return found
