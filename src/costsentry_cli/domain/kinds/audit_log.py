"""The log group that metered calls are recorded in. Service ``logs``, in one account and region.

Only groups that the manifest names, or that have the name it would have without one, are looked at: an account has
thousands. A former group of another name stays, with what was recorded; a run that deletes finds it by its tags.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from costsentry_cli.domain import marks
from costsentry_cli.domain.calls import ApiCall, Cloud, operations
from costsentry_cli.domain.errors import NOT_THERE, SentryError
from costsentry_cli.domain.kind import Action, Change, Kind, Scope
from costsentry_cli.domain.manifest.metering import default_log_group
from costsentry_cli.domain.manifest.types import Manifest
from costsentry_cli.domain.partitions import partition_of
from costsentry_cli.domain.resource import KEY_TAG, NAMESPACE_TAG, Desired, Observed

SPEC = "audit"
RETENTION = "retention"
FOR_EVER = "for ever"
FOREIGN = "a log group of this name exists and is not ours: choose another name, or tag it {marks}"


class AuditLog(Kind):
    """Kind: the log group of the audit trail."""

    noun = "log group"
    reading = operations("logs", "DescribeLogGroups ListTagsForResource")
    writing = operations("logs", "CreateLogGroup PutRetentionPolicy")
    deleting = operations("logs", "DeleteLogGroup")
    tagged_type = "logs:log-group"

    def desired(self, manifest: Manifest, scope: Scope, now: datetime) -> tuple[Desired, ...]:
        """The group of ``audit:``."""
        del scope, now
        audit = manifest.audit
        if audit is None:
            return ()
        fields = _fields(f"{audit.retention_days} days", audit.region or "")
        return (Desired(audit.log_group, audit.log_group, audit.region or "", fields, audit.at),)

    def observe(self, cloud: Cloud, scope: Scope, wanted: Sequence[Desired]) -> tuple[Observed, ...]:
        """The wanted group, and the one that the namespace has without naming one.

        Costs one call for each name, and one for the tags of each that exists.
        """
        places = [(wish.region, wish.name) for wish in wanted]
        places.append((places[0][0] if places else "", default_log_group(scope.namespace)))
        found = (_observed(cloud, scope, region, name) for region, name in dict.fromkeys(places))
        return tuple(one for one in found if one is not None)

    def create(self, desired: Desired, scope: Scope, generation: str) -> tuple[ApiCall, ...]:
        """The group with our marks; a name can be had once."""
        del generation
        params = {"logGroupName": desired.name, "tags": _marks(scope.namespace, desired.key)}
        return (_call("CreateLogGroup", params, desired.region),)

    def complete(self, desired: Desired, scope: Scope) -> tuple[ApiCall, ...]:
        """How long it keeps events: CreateLogGroup cannot be told."""
        del scope
        return (_retention(desired, desired.name, desired.region),)

    def update(self, desired: Desired, observed: Observed, scope: Scope) -> tuple[ApiCall, ...]:
        """Its retention."""
        del scope
        return (_retention(desired, observed.name, observed.region),)

    def delete(self, observed: Observed, scope: Scope) -> tuple[ApiCall, ...]:
        """By name, with every event in it."""
        del scope
        return (_call("DeleteLogGroup", {"logGroupName": observed.name}, observed.region),)

    def arranged(self, changes: tuple[Change, ...]) -> tuple[Change, ...]:
        """A name that somebody else's group has is held."""
        taken = {change.name for change in changes if change.action is Action.FOREIGN}
        return tuple(_held(c) if c.action is Action.CREATE and c.name in taken else c for c in changes)

    def made(self, desired: Desired, scope: Scope, answer: Mapping[str, Any]) -> str:
        """AWS answers nothing: place and name tell it; the name alone where the place is the target's."""
        del answer
        if not desired.region:
            return desired.name
        return f"arn:{partition_of(desired.region)}:logs:{desired.region}:{scope.account}:log-group:{desired.name}"


def _fields(retention: str, region: str) -> dict[str, str]:
    return {RETENTION: retention} | ({"region": region} if region else {})


def _marks(namespace: str, key: str) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in marks.marked(namespace, key, SPEC)}


def _held(change: Change) -> Change:
    wanted = f"{NAMESPACE_TAG}={change.scope.namespace} and {KEY_TAG}={change.name}"
    return replace(change, calls=(), after=(), held=FOREIGN.format(marks=wanted))


def _observed(cloud: Cloud, scope: Scope, region: str, name: str) -> Observed | None:
    """None where there is no such group. Groups are listed in the order of their names: it is the first with it."""
    listing = cloud.call(_call("DescribeLogGroups", {"logGroupNamePrefix": name, "limit": 1}, region))
    group = next((each for each in listing.get("logGroups", []) if each["logGroupName"] == name), None)
    if group is None:
        return None
    arn = str(group.get("logGroupArn") or group["arn"]).removesuffix(":*")
    try:
        tags = cloud.call(_call("ListTagsForResource", {"resourceArn": arn}, region)).get("tags", {})
    except SentryError as error:
        if error.code != NOT_THERE:
            raise
        return None
    days = group.get("retentionInDays")
    ours = tags.get(NAMESPACE_TAG) == scope.namespace
    return Observed(
        arn=arn,
        name=name,
        region=region,
        fields=_fields(f"{days} days" if days else FOR_EVER, region) if ours else {},
        namespace=tags.get(NAMESPACE_TAG),
        key=tags.get(KEY_TAG),
        marked=marks.complete(tags, name),
        tags=tags,
    )


def _retention(desired: Desired, group: str, region: str) -> ApiCall:
    days = int(desired.fields[RETENTION].removesuffix(" days"))
    return _call("PutRetentionPolicy", {"logGroupName": group, "retentionInDays": days}, region)


def _call(operation: str, params: Mapping[str, Any], region: str) -> ApiCall:
    """``region`` empty: the target's."""
    return ApiCall("logs", operation, params, region or None)
