"""DynamoDB's tables: made, described, changed, tagged; time to live and point-in-time recovery.

A change takes effect at once. A new table is CREATING in the answer and ACTIVE afterwards, or only after
``table_delay_looks`` descriptions. Streams, replicas, secondary indexes and resource policies are refused by name.
"""

from __future__ import annotations

import hashlib
import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

from costsentry_cli.sandbox.contract import Request, ServiceError
from costsentry_cli.sandbox.services import dynamodb_rows as rows
from costsentry_cli.sandbox.services.dynamodb_items import check_forms
from costsentry_cli.sandbox.services.dynamodb_rows import Table
from costsentry_cli.sandbox.services.dynamodb_values import refuse

_NAME = re.compile(r"[a-zA-Z0-9_.-]{3,255}")
_INVALID = "One or more parameter values were invalid: "
_NOT_HERE = (
    "GlobalSecondaryIndexes", "LocalSecondaryIndexes", "StreamSpecification", "ResourcePolicy", "GlobalTableSourceArn",
    "GlobalSecondaryIndexUpdates", "ReplicaUpdates", "VectorIndexes", "VectorIndexUpdates", "WarmThroughput",
    "GlobalTableWitnessUpdates", "MultiRegionConsistency", "GlobalTableSettingsReplicationMode",
)  # fmt: skip
_KEPT = ("BillingMode", "ProvisionedThroughput", "TableClass", "DeletionProtectionEnabled", "SSESpecification")
_MOST_TAGS = 50


def create_table(request: Request) -> dict[str, Any]:
    """CreateTable: a partition key, perhaps a sort key; on-demand or provisioned."""
    params = request.params
    check_forms(request, *_NOT_HERE)
    name = params["TableName"].removeprefix(rows.table_arn(request, ""))
    if not _NAME.fullmatch(name):
        refuse(f"Invalid table/index name. Table/index names must be between 3 and 255 characters long: {name}")
    if rows.table(request, name) is not None:
        raise ServiceError("ResourceInUseException", f"Table already exists: {name}")
    keys = _keys(params)
    _check_billing(params)
    content = {key: params[key] for key in _KEPT if key in params}
    content |= {"keys": keys, "looks": int(request.store.setting("table_delay_looks", "0"))}
    content["tags"] = _merged({}, params.get("Tags", []))
    request.store.db.execute(
        "INSERT INTO dynamodb_tables (account, region, name, created, content) VALUES (?, ?, ?, ?, ?)",
        (request.account, request.region, name, request.now.timestamp(), json.dumps(content)),
    )
    return {"TableDescription": _shown(request, rows.described(request, name), "CREATING")}


def describe_table(request: Request) -> dict[str, Any]:
    """DescribeTable."""
    kept = rows.described(request, request.params["TableName"])
    looks = kept.content["looks"]
    if looks:
        rows.change(request, kept, looks=looks - 1)
    return {"Table": _shown(request, kept, "CREATING" if looks else "ACTIVE")}


def delete_table(request: Request) -> dict[str, Any]:
    """DeleteTable: with its items, unless it is protected."""
    kept = rows.described(request, request.params["TableName"])
    if kept.content.get("DeletionProtectionEnabled"):
        said = "Resource cannot be deleted as it is currently protected against deletion."
        refuse(f"{said} Disable deletion protection first.")
    shown = _shown(request, kept, "DELETING")
    request.store.db.execute("DELETE FROM dynamodb_items WHERE table_id = ?", (kept.number,))
    request.store.db.execute("DELETE FROM dynamodb_tables WHERE id = ?", (kept.number,))
    return {"TableDescription": shown}


def update_table(request: Request) -> dict[str, Any]:
    """UpdateTable: billing mode, throughput, class, protection, encryption."""
    params = request.params
    check_forms(request, *_NOT_HERE)
    kept = rows.described(request, params["TableName"])
    changed = {key: params[key] for key in _KEPT if key in params}
    if not changed:
        refuse("At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, ... is required")
    _check_billing(kept.content | changed)
    rows.change(request, kept, **changed)
    return {"TableDescription": _shown(request, rows.described(request, kept.name), "UPDATING")}


def list_tables(request: Request) -> dict[str, Any]:
    """ListTables: 100 names a page at most."""
    after, limit = request.params.get("ExclusiveStartTableName", ""), request.params.get("Limit", 100)
    names = [name for name in rows.tables(request) if name > after]
    page: dict[str, Any] = {"TableNames": names[:limit]}
    return page | ({"LastEvaluatedTableName": names[limit - 1]} if len(names) > limit else {})


def update_time_to_live(request: Request) -> dict[str, Any]:
    """UpdateTimeToLive: at once, where AWS takes up to an hour."""
    kept = rows.described(request, request.params["TableName"])
    asked = request.params["TimeToLiveSpecification"]
    enabled, name = asked["Enabled"], asked["AttributeName"]
    if enabled and kept.ttl is not None:
        refuse("TimeToLive is already enabled")
    if not enabled and kept.ttl is None:
        refuse("TimeToLive is already disabled")
    if not enabled and kept.ttl != name:
        refuse(f"TimeToLive is active on a different AttributeName: current AttributeName is {kept.ttl}")
    rows.change(request, kept, ttl=name if enabled else None)
    _set_expiries(request, rows.described(request, kept.name))
    return {"TimeToLiveSpecification": asked}


def _set_expiries(request: Request, kept: Table) -> None:
    now = request.now.timestamp()
    found = list(rows.walk(request, kept, None, partition=None, forward=True))
    request.store.db.executemany(
        "UPDATE dynamodb_items SET expires = ? WHERE table_id = ? AND pk = ? AND sk = ?",
        [(rows.expiry(kept.ttl, item, now), kept.number, *rows.position(kept, item)) for item, _ in found],
    )


def describe_time_to_live(request: Request) -> dict[str, Any]:
    """DescribeTimeToLive."""
    ttl = rows.described(request, request.params["TableName"]).ttl
    shown = {"TimeToLiveStatus": "DISABLED"} if ttl is None else {"TimeToLiveStatus": "ENABLED", "AttributeName": ttl}
    return {"TimeToLiveDescription": shown}


def update_continuous_backups(request: Request) -> dict[str, Any]:
    """UpdateContinuousBackups: point-in-time recovery on or off; nothing can be restored from it."""
    kept = rows.described(request, request.params["TableName"])
    asked = request.params["PointInTimeRecoverySpecification"]
    since = kept.content.get("recovery", {}).get("since", request.now.timestamp())
    days = asked.get("RecoveryPeriodInDays", 35)
    recovery = {"since": since, "days": days} if asked["PointInTimeRecoveryEnabled"] else {}
    rows.change(request, kept, recovery=recovery)
    return describe_continuous_backups(request)


def describe_continuous_backups(request: Request) -> dict[str, Any]:
    """DescribeContinuousBackups."""
    kept = rows.table(request, request.params["TableName"])
    if kept is None:
        raise ServiceError("TableNotFoundException", f"Table not found: {request.params['TableName']}")
    recovery = kept.content.get("recovery")
    shown: dict[str, Any] = {"PointInTimeRecoveryStatus": "DISABLED"}
    if recovery:
        first = max(_moment(recovery["since"]), request.now - timedelta(days=recovery["days"]))
        shown = {"PointInTimeRecoveryStatus": "ENABLED", "RecoveryPeriodInDays": recovery["days"]}
        shown |= {"EarliestRestorableDateTime": first}
        shown |= {"LatestRestorableDateTime": max(first, request.now - timedelta(minutes=5))}
    return {
        "ContinuousBackupsDescription": {
            "ContinuousBackupsStatus": "ENABLED",
            "PointInTimeRecoveryDescription": shown,
        }
    }


def tag_resource(request: Request) -> dict[str, Any]:
    """TagResource: 50 tags at most."""
    kept = _by_arn(request)
    rows.change(request, kept, tags=_merged(kept.content["tags"], request.params["Tags"]))
    return {}


def untag_resource(request: Request) -> dict[str, Any]:
    """UntagResource; keys that are not there are no error."""
    kept = _by_arn(request)
    left = {key: item for key, item in kept.content["tags"].items() if key not in request.params["TagKeys"]}
    rows.change(request, kept, tags=left)
    return {}


def list_tags_of_resource(request: Request) -> dict[str, Any]:
    """ListTagsOfResource: all on one page."""
    tags = _by_arn(request).content["tags"]
    return {"Tags": [{"Key": key, "Value": item} for key, item in sorted(tags.items())]}


def _by_arn(request: Request) -> Table:
    arn = request.params["ResourceArn"]
    if not arn.startswith("arn:"):
        refuse(f"Invalid TableArn: Invalid ResourceArn provided as input {arn}")
    kept = rows.table(request, arn)
    if kept is None or kept.arn != arn:
        raise ServiceError("ResourceNotFoundException", f"Requested resource not found: ResourceArn: {arn} not found")
    return kept


def _merged(tags: dict[str, str], given: list[dict[str, str]]) -> dict[str, str]:
    merged = tags | {tag["Key"]: tag["Value"] for tag in given}
    if len({tag["Key"] for tag in given}) < len(given):
        refuse("Duplicate tag keys found")
    if len(merged) > _MOST_TAGS:
        refuse(f"Too many tags: {len(merged)}; the limit is {_MOST_TAGS}")
    if any(key.lower().startswith("aws:") for key in merged):
        refuse("Tag keys starting with 'aws:' are reserved for system use")
    return merged


def _keys(params: dict[str, Any]) -> list[tuple[str, str]]:
    schema, defined = params.get("KeySchema", []), params.get("AttributeDefinitions", [])
    types = {each["AttributeName"]: each["AttributeType"] for each in defined}
    if [each["KeyType"] for each in schema] not in (["HASH"], ["HASH", "RANGE"]):
        refuse("Invalid KeySchema: The first KeySchemaElement is not a HASH key type, or there are too many of them")
    names = [each["AttributeName"] for each in schema]
    if len(set(names)) < len(names):
        refuse("Both the Hash Key and the Range Key element in the KeySchema have the same name")
    missing = [name for name in names if name not in types]
    if missing:
        said = "Some index key attributes are not defined in AttributeDefinitions. "
        refuse(f"{_INVALID}{said}Keys: {names}, AttributeDefinitions: {sorted(types)}")
    if len(types) != len(names):
        said = "Number of attributes in KeySchema does not exactly match number of attributes defined in "
        refuse(f"{_INVALID}{said}AttributeDefinitions")
    return [(name, types[name]) for name in names]


def _check_billing(params: dict[str, Any]) -> None:
    on_demand = params.get("BillingMode", "PROVISIONED") == "PAY_PER_REQUEST"
    if on_demand and "ProvisionedThroughput" in params:
        said = "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST"
        refuse(_INVALID + said)
    if not on_demand and "ProvisionedThroughput" not in params:
        said = "ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED"
        refuse(_INVALID + said)


def _shown(request: Request, kept: Table, status: str) -> dict[str, Any]:
    counts = "SELECT count(*), coalesce(sum(size), 0) FROM dynamodb_items WHERE table_id = ?"
    number, size = request.store.db.execute(counts, (kept.number,)).fetchone()
    throughput = kept.content.get("ProvisionedThroughput", {"ReadCapacityUnits": 0, "WriteCapacityUnits": 0})
    shown: dict[str, Any] = {
        "TableName": kept.name,
        "TableArn": kept.arn,
        "TableId": _identity(kept),
        "TableStatus": status,
        "CreationDateTime": _moment(kept.created),
        "KeySchema": [
            {"AttributeName": name, "KeyType": kind}
            for (name, _), kind in zip(kept.keys, ("HASH", "RANGE"), strict=False)
        ],
        "AttributeDefinitions": [{"AttributeName": name, "AttributeType": kind} for name, kind in sorted(kept.keys)],
        "ProvisionedThroughput": throughput,
        "ItemCount": number,
        "TableSizeBytes": size,
        "DeletionProtectionEnabled": kept.content.get("DeletionProtectionEnabled", False),
    }
    if kept.content.get("BillingMode") == "PAY_PER_REQUEST":
        moment = _moment(kept.created)
        shown["BillingModeSummary"] = {"BillingMode": "PAY_PER_REQUEST", "LastUpdateToPayPerRequestDateTime": moment}
    if "TableClass" in kept.content:
        shown["TableClassSummary"] = {"TableClass": kept.content["TableClass"]}
    if kept.content.get("SSESpecification", {}).get("Enabled"):
        shown["SSEDescription"] = {"Status": "ENABLED", "SSEType": "KMS"}
    return shown


def _identity(kept: Table) -> str:
    """A UUID of the table's number and name."""
    digest = hashlib.sha256(f"{kept.number} {kept.arn}".encode()).hexdigest()
    return f"{digest[:8]}-{digest[8:12]}-4{digest[13:16]}-8{digest[17:20]}-{digest[20:32]}"


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
