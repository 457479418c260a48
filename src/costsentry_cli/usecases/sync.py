"""Make the account what the manifest says: observe, diff, guard, and leave the doing to ``apply``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from costsentry_cli.domain.activity import Activity, folded
from costsentry_cli.domain.calls import ApiCall, Cloud
from costsentry_cli.domain.errors import SentryError
from costsentry_cli.domain.guard import empty, refusals
from costsentry_cli.domain.kind import Kind, Scope, regions_of
from costsentry_cli.domain.manifest.types import Manifest
from costsentry_cli.domain.plan import Change, Plan, Sight, Trouble, Wishes, asked_about, diff

SCOPES_AT_ONCE = 8


def plan(
    clouds: Mapping[str, Cloud], manifest: Manifest, kinds: Sequence[Kind], region: str, wishes: Wishes, now: datetime
) -> Plan:
    """The changes of these kinds in every account (``clouds``) and region of the manifest; reading calls only.

    Scopes are looked at side by side. One that cannot be is a trouble of the plan; when none can, its error is raised.
    """
    places = regions_of(manifest, region)
    scopes = [Scope(account, place, manifest.namespace) for account in clouds for place in places]
    sight = Sight(wishes, now)
    with ThreadPoolExecutor(min(SCOPES_AT_ONCE, len(scopes))) as pool:
        looked = list(pool.map(lambda one: _looked_at(clouds[one.account], one, manifest, kinds, sight), scopes))
    plans = [one for one in looked if isinstance(one, Plan)]
    troubles = tuple(one for one in looked if isinstance(one, Trouble))
    if not plans:
        raise troubles[0].error
    return Plan(
        tuple(change for one in plans for change in one.changes),
        (*empty(manifest, wishes), *dict.fromkeys(why for one in plans for why in one.refused)),
        troubles=troubles,
    )


def _looked_at(cloud: Cloud, scope: Scope, manifest: Manifest, kinds: Sequence[Kind], sight: Sight) -> Plan | Trouble:
    changes: list[Change] = []
    refused: list[str] = []
    try:
        for kind in kinds:
            desired, observed = kind.desired(manifest, scope), kind.observe(cloud, scope)
            first = diff(kind, desired, observed, scope, sight)
            seen = activity(cloud, kind, asked_about(first), scope, sight.now)
            final = diff(kind, desired, observed, scope, Sight(sight.wishes, sight.now, seen)) if seen else first
            changes += final
            refused += refusals(final, desired, observed, scope.namespace, sight.wishes)
    except SentryError as error:
        return Trouble(scope, error)
    return Plan(tuple(changes), tuple(refused))


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
