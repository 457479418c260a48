"""CloudWatch Logs' groups and streams: made, described, deleted, their retention and their tags."""

from __future__ import annotations

import json
import sqlite3
from typing import Any

from costsentry_cli.sandbox.contract import Request, ServiceError
from costsentry_cli.sandbox.services import logs_rows as rows
from costsentry_cli.sandbox.services.logs_rows import Group, refuse

RETENTIONS = (
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
)  # fmt: skip
"""Days PutRetentionPolicy takes."""

_PAGE = 50
_MOST_TAGS = 50


def create_log_group(request: Request) -> dict[str, Any]:
    """CreateLogGroup of class STANDARD."""
    params = request.params
    name, kind = params["logGroupName"], params.get("logGroupClass", "STANDARD")
    if kind != "STANDARD":
        rows.lacking(request, f"the class {kind}")
    if "kmsKeyId" in params:
        rows.lacking(request, "kmsKeyId")
    if name.startswith("aws/"):
        refuse("Log group names must not start with 'aws/'.")
    if rows.find(request, name) is not None:
        raise ServiceError("ResourceAlreadyExistsException", "The specified log group already exists")
    tags = _merged({}, params.get("tags", {}))
    request.store.db.execute(
        "INSERT INTO log_groups (account, region, name, created, class, protected, tags) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            request.account,
            request.region,
            name,
            rows.millis(request),
            kind,
            params.get("deletionProtectionEnabled", False),
            json.dumps(tags),
        ),
    )
    return {}


def delete_log_group(request: Request) -> dict[str, Any]:
    """DeleteLogGroup: with its streams and events."""
    found = rows.group(request, request.params["logGroupName"])
    if found.protected:
        raise ServiceError("ValidationException", "The log group has deletion protection enabled.")
    for table in ("log_events", "log_streams"):
        request.store.db.execute(f"DELETE FROM {table} WHERE group_id = ?", (found.number,))  # noqa: S608 - constants
    request.store.db.execute("DELETE FROM log_groups WHERE id = ?", (found.number,))
    return {}


def describe_log_groups(request: Request) -> dict[str, Any]:
    """DescribeLogGroups by name: a prefix, or a pattern that is found anywhere in the name in any case."""
    params = request.params
    if params.get("includeLinkedAccounts") or params.get("accountIdentifiers"):
        rows.lacking(request, "linked accounts")
    if "logGroupNamePrefix" in params and "logGroupNamePattern" in params:
        refuse("LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.")
    found = [each for each in rows.groups(request) if _is_asked(each, params)]
    after, size = rows.place(request, str) or "", params.get("limit", _PAGE)
    found = [each for each in found if each.name > after]
    page: dict[str, Any] = {"logGroups": [_shown(request, each) for each in found[:size]]}
    if len(found) > size:
        page["nextToken"] = rows.token(request, found[size - 1].name)
    return page


def _is_asked(found: Group, params: dict[str, Any]) -> bool:
    named = params.get("logGroupIdentifiers")
    return (
        found.name.startswith(params.get("logGroupNamePrefix", ""))
        and params.get("logGroupNamePattern", "").lower() in found.name.lower()
        and params.get("logGroupClass", found.kind) == found.kind
        and (named is None or found.name in named or found.arn in named)
    )


def _shown(request: Request, found: Group) -> dict[str, Any]:
    rows.group(request, found.name)  # what has expired is not counted
    query = "SELECT coalesce(sum(length(CAST(message AS BLOB)) + ?), 0) FROM log_events WHERE group_id = ?"
    (size,) = request.store.db.execute(query, (rows.EVENT_OVERHEAD, found.number)).fetchone()
    shown = {
        "logGroupName": found.name,
        "creationTime": found.created,
        "metricFilterCount": 0,
        "arn": f"{found.arn}:*",
        "logGroupArn": found.arn,
        "storedBytes": size,
        "logGroupClass": found.kind,
        "deletionProtectionEnabled": found.protected,
    }
    return shown if found.retention is None else shown | {"retentionInDays": found.retention}


def put_retention_policy(request: Request) -> dict[str, Any]:
    """PutRetentionPolicy: one of AWS's numbers of days; older events are gone at once, where AWS takes days."""
    days = request.params["retentionInDays"]
    if days not in RETENTIONS:
        allowed = ", ".join(map(str, RETENTIONS))
        refuse(f"1 validation error detected: Value '{days}' at 'retentionInDays' must be one of [{allowed}]")
    return _set_retention(request, days)


def delete_retention_policy(request: Request) -> dict[str, Any]:
    """DeleteRetentionPolicy: events stay for ever."""
    return _set_retention(request, None)


def _set_retention(request: Request, days: int | None) -> dict[str, Any]:
    found = rows.group(request, request.params["logGroupName"])
    request.store.db.execute("UPDATE log_groups SET retention = ? WHERE id = ?", (days, found.number))
    return {}


def create_log_stream(request: Request) -> dict[str, Any]:
    """CreateLogStream."""
    found = rows.group(request, request.params["logGroupName"])
    row = (found.number, request.params["logStreamName"], rows.millis(request))
    try:
        request.store.db.execute("INSERT INTO log_streams (group_id, name, created) VALUES (?, ?, ?)", row)
    except sqlite3.IntegrityError:
        raise ServiceError("ResourceAlreadyExistsException", "The specified log stream already exists") from None
    return {}


def delete_log_stream(request: Request) -> dict[str, Any]:
    """DeleteLogStream: with its events."""
    found = rows.stream(request, rows.group(request, request.params["logGroupName"]), request.params["logStreamName"])
    request.store.db.execute("DELETE FROM log_events WHERE stream_id = ?", (found["id"],))
    request.store.db.execute("DELETE FROM log_streams WHERE id = ?", (found["id"],))
    return {}


def describe_log_streams(request: Request) -> dict[str, Any]:
    """DescribeLogStreams by name, or by the time of the last event."""
    params = request.params
    found = rows.asked_group(request)
    by_time = params.get("orderBy", "LogStreamName") == "LastEventTime"
    if by_time and "logStreamNamePrefix" in params:
        refuse("Cannot order by LastEventTime with a logStreamNamePrefix.")
    query = "SELECT * FROM log_streams WHERE group_id = ?"
    streams = [
        row
        for row in request.store.db.execute(query, (found.number,))
        if row["name"].startswith(params.get("logStreamNamePrefix", ""))
    ]
    streams.sort(
        key=lambda row: (row["last_event"] or 0 if by_time else 0, row["name"]),
        reverse=params.get("descending", False),
    )
    start, size = rows.place(request, int) or 0, params.get("limit", _PAGE)
    page: dict[str, Any] = {"logStreams": [_shown_stream(found, row) for row in streams[start : start + size]]}
    if len(streams) > start + size:
        page["nextToken"] = rows.token(request, start + size)
    return page


def _shown_stream(of: Group, row: sqlite3.Row) -> dict[str, Any]:
    """A stream; its ``storedBytes`` have been 0 at AWS since 2019."""
    shown = {
        "logStreamName": row["name"],
        "creationTime": row["created"],
        "arn": f"{of.arn}:log-stream:{row['name']}",
        "uploadSequenceToken": f"{row['id']:056d}",
        "storedBytes": 0,
    }
    times = {
        "firstEventTimestamp": row["first_event"],
        "lastEventTimestamp": row["last_event"],
        "lastIngestionTime": row["last_ingestion"],
    }
    return shown | {name: at for name, at in times.items() if at is not None}


def tag_resource(request: Request) -> dict[str, Any]:
    """TagResource, by the group's ARN."""
    return _tag(request, _by_arn(request))


def tag_log_group(request: Request) -> dict[str, Any]:
    """TagLogGroup: the older form, by name."""
    return _tag(request, rows.group(request, request.params["logGroupName"]))


def untag_resource(request: Request) -> dict[str, Any]:
    """UntagResource; keys that are not there are no error."""
    return _untag(request, _by_arn(request), request.params["tagKeys"])


def untag_log_group(request: Request) -> dict[str, Any]:
    """UntagLogGroup: the older form, by name."""
    return _untag(request, rows.group(request, request.params["logGroupName"]), request.params["tags"])


def list_tags_for_resource(request: Request) -> dict[str, Any]:
    """ListTagsForResource; no tags are an answer without ``tags``, whose model asks for one at least."""
    return _listed(_by_arn(request))


def list_tags_log_group(request: Request) -> dict[str, Any]:
    """ListTagsLogGroup: the older form, by name."""
    return _listed(rows.group(request, request.params["logGroupName"]))


def _listed(found: Group) -> dict[str, Any]:
    return {"tags": found.tags} if found.tags else {}


def _by_arn(request: Request) -> Group:
    arn = request.params["resourceArn"]
    if not arn.startswith("arn:"):
        refuse(f"The ARN is not valid: {arn}")
    return rows.group(request, arn)


def _tag(request: Request, found: Group) -> dict[str, Any]:
    return _keep(request, found, _merged(found.tags, request.params["tags"]))


def _untag(request: Request, found: Group, keys: list[str]) -> dict[str, Any]:
    return _keep(request, found, {key: item for key, item in found.tags.items() if key not in keys})


def _keep(request: Request, found: Group, tags: dict[str, str]) -> dict[str, Any]:
    request.store.db.execute("UPDATE log_groups SET tags = ? WHERE id = ?", (json.dumps(tags), found.number))
    return {}


def _merged(tags: dict[str, str], given: dict[str, str]) -> dict[str, str]:
    if any(key.lower().startswith("aws:") for key in given):
        refuse("Tag keys must not start with 'aws:'.")
    merged = tags | given
    if len(merged) > _MOST_TAGS:
        raise ServiceError("TooManyTagsException", f"A resource has {_MOST_TAGS} tags at most.")
    return merged
