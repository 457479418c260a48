"""The table that limits are counted in. Service ``dynamodb``, in one account and region: every caller counts there.

AWS makes a table in some seconds and only then takes the rest of what it needs, each by its own call; what a run that
was cut off left out is found by the next. The former table of another name is unlisted: what it counts stays there.
Only tables that the manifest names, or that have the name it would have without one, are looked at; a run that deletes
finds the others of the namespace by their tags.
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
from costsentry_cli.domain.ledger.items import PARTITION_KEY, TTL_ATTRIBUTE
from costsentry_cli.domain.manifest.metering import DYNAMODB, default_table
from costsentry_cli.domain.manifest.types import Manifest
from costsentry_cli.domain.resource import KEY_TAG, NAMESPACE_TAG, Desired, Observed

SPEC = "ledger"
ON, OFF = "on", "off"
KEY = f"{PARTITION_KEY} (S)"
EXPIRY = f"by {TTL_ATTRIBUTE}"
FIELDS = {"key": KEY, "expiry": EXPIRY, "recovery": ON, "protected": ON}
"""What every ledger has: its key, the attribute items expire by, point-in-time recovery, protection from deletion."""
FOREIGN = "a table of this name exists and is not ours: choose another name, or tag it {marks}"
OTHER_KEY = f"the table's key is {{}}, a ledger needs {KEY}: choose another name"


class LedgerTable(Kind):
    """Kind: the DynamoDB table of the ledger."""

    noun = "ledger table"
    reading = operations("dynamodb", "DescribeTable ListTagsOfResource DescribeTimeToLive DescribeContinuousBackups")
    writing = operations("dynamodb", "CreateTable UpdateTimeToLive UpdateContinuousBackups UpdateTable")
    deleting = operations("dynamodb", "DeleteTable UpdateTable")
    tagged_type = "dynamodb:table"

    def desired(self, manifest: Manifest, scope: Scope, now: datetime) -> tuple[Desired, ...]:
        """The table of ``ledger:``, none where CloudWatch's metrics are the ledger."""
        del scope, now
        ledger = manifest.ledger
        if ledger is None or ledger.kind != DYNAMODB:
            return ()
        return (Desired(ledger.table, ledger.table, ledger.region or "", _fields(FIELDS, ledger.region), ledger.at),)

    def observe(self, cloud: Cloud, scope: Scope, wanted: Sequence[Desired]) -> tuple[Observed, ...]:
        """The wanted table, and the one that the namespace has without naming one.

        Costs one call for each that does not exist, two for a foreign one and four for ours.
        """
        places = [(wish.region, wish.name) for wish in wanted]
        places.append((places[0][0] if places else "", default_table(scope.namespace)))
        found = (_observed(cloud, scope, region, name) for region, name in dict.fromkeys(places))
        return tuple(one for one in found if one is not None)

    def create(self, desired: Desired, scope: Scope, generation: str) -> tuple[ApiCall, ...]:
        """An on-demand table with our marks, protected from the start; a name can be had once."""
        del generation
        params = {
            "TableName": desired.name,
            "AttributeDefinitions": [{"AttributeName": PARTITION_KEY, "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": PARTITION_KEY, "KeyType": "HASH"}],
            "BillingMode": "PAY_PER_REQUEST",
            "DeletionProtectionEnabled": True,
            "Tags": marks.marked(scope.namespace, desired.key, SPEC),
        }
        return (_call("CreateTable", params, desired.region),)

    def settling(self, desired: Desired, scope: Scope) -> ApiCall:
        """A description: it says when the table is made."""
        del scope
        return _describe(desired.name, desired.region)

    def settled(self, answer: Mapping[str, Any]) -> bool:
        """Whether the table takes further calls."""
        return bool(answer["Table"]["TableStatus"] == "ACTIVE")

    def complete(self, desired: Desired, scope: Scope) -> tuple[ApiCall, ...]:
        """What CreateTable cannot be told."""
        del scope
        return tuple(_switch(field, desired.name, desired.region) for field in ("expiry", "recovery"))

    def update(self, desired: Desired, observed: Observed, scope: Scope) -> tuple[ApiCall, ...]:
        """A call for each that differs."""
        del scope
        differing = [name for name in FIELDS if desired.fields[name] != observed.fields.get(name)]
        return tuple(_switch(name, observed.name, observed.region) for name in differing if name != "key")

    def delete(self, observed: Observed, scope: Scope) -> tuple[ApiCall, ...]:
        """Its protection ends, then it goes, with all that was counted."""
        del scope
        gone = _call("DeleteTable", {"TableName": observed.name}, observed.region)
        if observed.fields.get("protected") != ON:
            return (gone,)
        return (_protection(observed.name, observed.region, on=False), gone)

    def arranged(self, changes: tuple[Change, ...]) -> tuple[Change, ...]:
        """A name that somebody else's table has is held, and so is a table with another key."""
        taken = {change.name for change in changes if change.action is Action.FOREIGN}
        return tuple(_held(change, taken) for change in changes)

    def made(self, desired: Desired, scope: Scope, answer: Mapping[str, Any]) -> str:
        """Its ARN stands in the answer."""
        del scope
        return str(answer.get("TableDescription", {}).get("TableArn") or desired.name)


def _fields(fields: Mapping[str, str], region: str | None) -> dict[str, str]:
    return {**fields, "region": region} if region else dict(fields)


def _held(change: Change, taken: set[str]) -> Change:
    why = ""
    if change.action is Action.CREATE and change.name in taken:
        ours = f"{NAMESPACE_TAG}={change.scope.namespace} and {KEY_TAG}={change.name}"
        why = FOREIGN.format(marks=ours)
    key = next((field.old for field in change.fields if field.field == "key"), None)
    if change.action is Action.UPDATE and key is not None:
        why = OTHER_KEY.format(key)
    return replace(change, calls=(), after=(), held=why) if why else change


def _observed(cloud: Cloud, scope: Scope, region: str, name: str) -> Observed | None:
    """None where there is no such table, or no more."""
    try:
        table = cloud.call(_describe(name, region))["Table"]
        if table["TableStatus"] == "DELETING":
            return None
        pages = cloud.pages(_call("ListTagsOfResource", {"ResourceArn": table["TableArn"]}, region))
        tags = {tag["Key"]: tag["Value"] for page in pages for tag in page.get("Tags", [])}
    except SentryError as error:
        if error.code != NOT_THERE:
            raise
        return None
    ours = tags.get(NAMESPACE_TAG) == scope.namespace
    return Observed(
        arn=table["TableArn"],
        name=name,
        region=region,
        fields=_fields(_settings(cloud, table, region), region) if ours else {},
        namespace=tags.get(NAMESPACE_TAG),
        key=tags.get(KEY_TAG),
        marked=marks.complete(tags, name),
        tags=tags,
        raw={"status": table["TableStatus"]},
    )


def _settings(cloud: Cloud, table: Mapping[str, Any], region: str) -> dict[str, str]:
    named = {"TableName": table["TableName"]}
    ttl = cloud.call(_call("DescribeTimeToLive", named, region))["TimeToLiveDescription"]
    expires = ttl.get("TimeToLiveStatus") in ("ENABLED", "ENABLING")
    backups = cloud.call(_call("DescribeContinuousBackups", named, region))["ContinuousBackupsDescription"]
    recovery = backups.get("PointInTimeRecoveryDescription", {}).get("PointInTimeRecoveryStatus")
    types = {each["AttributeName"]: each["AttributeType"] for each in table["AttributeDefinitions"]}
    keys = [f"{each['AttributeName']} ({types[each['AttributeName']]})" for each in table["KeySchema"]]
    return {
        "key": ", ".join(keys),
        "expiry": f"by {ttl['AttributeName']}" if expires else OFF,
        "recovery": ON if recovery == "ENABLED" else OFF,
        "protected": ON if table.get("DeletionProtectionEnabled") else OFF,
    }


def _switch(field: str, table: str, region: str) -> ApiCall:
    """The call that brings one of ``FIELDS`` to what a ledger has."""
    if field == "expiry":
        asked = {"Enabled": True, "AttributeName": TTL_ATTRIBUTE}
        return _call("UpdateTimeToLive", {"TableName": table, "TimeToLiveSpecification": asked}, region)
    if field == "recovery":
        wanted = {"PointInTimeRecoveryEnabled": True}
        return _call(
            "UpdateContinuousBackups", {"TableName": table, "PointInTimeRecoverySpecification": wanted}, region
        )
    return _protection(table, region, on=True)


def _protection(table: str, region: str, *, on: bool) -> ApiCall:
    return _call("UpdateTable", {"TableName": table, "DeletionProtectionEnabled": on}, region)


def _describe(table: str, region: str) -> ApiCall:
    return _call("DescribeTable", {"TableName": table}, region)


def _call(operation: str, params: Mapping[str, Any], region: str) -> ApiCall:
    """``region`` empty: the target's."""
    return ApiCall("dynamodb", operation, params, region or None)
