"""CloudWatch Logs' events: put, read from one stream, searched in a group, and one looked up by its pointer."""

from __future__ import annotations

import sqlite3
from typing import Any

from costsentry_cli.sandbox.contract import Request, ServiceError
from costsentry_cli.sandbox.services import logs_rows as rows
from costsentry_cli.sandbox.services.logs_fields import flattened, pointed, pointer, shown_time
from costsentry_cli.sandbox.services.logs_pattern import matcher
from costsentry_cli.sandbox.services.logs_rows import Group, refuse

BATCH_BYTES = 1_048_576

_HOUR = 3_600_000
_DAY = 24 * _HOUR
_TOO_NEW = 2 * _HOUR
_TOO_OLD = 14 * _DAY
_MOST = 10_000


def put_log_events(request: Request) -> dict[str, Any]:
    """PutLogEvents: in order, 1 MB, 24 hours; what is too old or too new is left out and told of.

    The sequence token does not matter; one is answered, as AWS still does.
    """
    params = request.params
    found = rows.group(request, params["logGroupName"])
    to = rows.stream(request, found, params["logStreamName"])
    events = params["logEvents"]
    _check_batch(events)
    rejected, first, last = _rejected(request, found, [event["timestamp"] for event in events])
    taken = events[first:last]
    if taken and taken[-1]["timestamp"] - taken[0]["timestamp"] > _DAY:
        refuse("The batch of log events in a single PutLogEvents request cannot span more than 24 hours.")
    if taken:
        _insert(request, found, to, taken)
    return {"nextSequenceToken": f"{to['id']:056d}"} | ({"rejectedLogEventsInfo": rejected} if rejected else {})


def deliver(request: Request, group: str, stream: str, message: str) -> None:
    """Write a record that another service delivers, now; one for a group that is not there is lost, as at AWS."""
    found = rows.find(request, group)
    if found is None:
        return
    at = rows.millis(request)
    made = "INSERT OR IGNORE INTO log_streams (group_id, name, created) VALUES (?, ?, ?)"
    request.store.db.execute(made, (found.number, stream, at))
    _insert(request, found, rows.stream(request, found, stream), [{"timestamp": at, "message": message}])


def _check_batch(events: list[dict[str, Any]]) -> None:
    size = sum(len(event["message"].encode("utf-8", "replace")) + rows.EVENT_OVERHEAD for event in events)
    if size > BATCH_BYTES:
        refuse(f"Upload too large: {size} bytes exceeds limit of {BATCH_BYTES}")
    times = [event["timestamp"] for event in events]
    if times != sorted(times):
        refuse("Log events in a single PutLogEvents request must be in chronological order.")


def _rejected(request: Request, found: Group, times: list[int]) -> tuple[dict[str, int], int, int]:
    """What is told of the events left out; the index of the first one taken and of the first one not any more."""
    now = rows.millis(request)
    too_old = sum(at < now - _TOO_OLD for at in times)
    expired = 0 if found.retention is None else sum(at < now - found.retention * _DAY for at in times)
    last = len(times) - sum(at > now + _TOO_NEW for at in times)
    told = {}
    if too_old:
        told["tooOldLogEventEndIndex"] = too_old
    if expired > too_old:
        told["expiredLogEventEndIndex"] = expired
    if last < len(times):
        told["tooNewLogEventStartIndex"] = last
    return told, max(too_old, expired), last


def _insert(request: Request, found: Group, to: sqlite3.Row, events: list[dict[str, Any]]) -> None:
    now, db = rows.millis(request), request.store.db
    db.executemany(
        "INSERT INTO log_events (group_id, stream_id, at, ingested, message) VALUES (?, ?, ?, ?, ?)",
        [
            (found.number, to["id"], event["timestamp"], now, event["message"].encode("utf-8", "replace").decode())
            for event in events
        ],
    )
    first, last = events[0]["timestamp"], events[-1]["timestamp"]
    db.execute(
        "UPDATE log_streams SET first_event = min(coalesce(first_event, ?), ?),"
        " last_event = max(coalesce(last_event, ?), ?), last_ingestion = ? WHERE id = ?",
        (first, first, last, last, now, to["id"]),
    )


def get_log_events(request: Request) -> dict[str, Any]:
    """GetLogEvents: from the head or from the tail; a token reads on in its direction, and is given back at the end."""
    params = request.params
    of = rows.stream(request, rows.asked_group(request), params["logStreamName"])
    start, token = params.get("startTime", 0), params.get("nextToken")
    forward = params.get("startFromHead", False) if token is None else token.startswith("f/")
    at = None if token is None else _position(token)
    wheres, arguments = ["stream_id = ?", "at >= ?"], [of["id"], start]
    if "endTime" in params:
        wheres.append("at < ?")
        arguments.append(params["endTime"])
    if at is not None:
        wheres.append("(at, id) > (?, ?)" if forward else "(at, id) < (?, ?)")
        arguments += at
    way = "ASC" if forward else "DESC"
    where = " AND ".join(wheres)
    query = f"SELECT * FROM log_events WHERE {where} ORDER BY at {way}, id {way} LIMIT ?"  # noqa: S608 - constants
    found = _one_page(request.store.db.execute(query, (*arguments, params.get("limit", _MOST))))
    if not forward:
        found.reverse()
    first, last = _ends(found, at or (start, 0), forward=forward)
    return {
        "events": [
            {"timestamp": row["at"], "message": row["message"], "ingestionTime": row["ingested"]} for row in found
        ],
        "nextForwardToken": f"f/{last[0]}/{last[1]}/s",
        "nextBackwardToken": f"b/{first[0]}/{first[1]}/s",
    }


def _one_page(found: sqlite3.Cursor) -> list[sqlite3.Row]:
    page: list[sqlite3.Row] = []
    size = 0
    for row in found:
        size += len(row["message"].encode()) + rows.EVENT_OVERHEAD
        if page and size > rows.PAGE_BYTES:
            break
        page.append(row)
    return page


def _ends(found: list[sqlite3.Row], at: tuple[int, int], *, forward: bool) -> tuple[tuple[int, int], tuple[int, int]]:
    """Positions before the page and after it; of an empty one both are where it began."""
    if found:
        return (found[0]["at"], found[0]["id"]), (found[-1]["at"], found[-1]["id"])
    return ((at[0], at[1] + 1), at) if forward else (at, (at[0], at[1] - 1))


def _position(token: str) -> tuple[int, int]:
    way, _, rest = token.partition("/")
    time, _, number = rest.removesuffix("/s").partition("/")
    whole = token.endswith("/s") and way in ("f", "b") and len(token) < 60
    if not whole or not time.isdecimal() or not number.removeprefix("-").isdecimal():
        refuse("The specified nextToken is invalid.")
    return int(time), int(number)


def filter_log_events(request: Request) -> dict[str, Any]:
    """FilterLogEvents: the streams of a group interleaved, oldest first; ``searchedLogStreams`` is empty, as at AWS.

    A page reads ``filter_page_events`` events at most: one may be empty and have a next one.
    """
    params = request.params
    of = rows.asked_group(request)
    if params.get("startFromHead") is False:
        rows.lacking(request, "startFromHead=false")
    matches = matcher(params.get("filterPattern", ""))
    names = _streams(request, of)
    at = rows.place(request, list) or [params.get("startTime", 0), 0]
    query = "SELECT * FROM log_events WHERE group_id = ? AND (at, id) > (?, ?) AND at BETWEEN ? AND ? ORDER BY at, id"
    arguments = (of.number, *at, params.get("startTime", 0), params.get("endTime", 2**62))
    most_read = int(request.store.setting("filter_page_events", str(2**62)))
    found: list[dict[str, Any]] = []
    size, read, limit = 0, 0, params.get("limit", _MOST)
    page: dict[str, Any] = {"events": found, "searchedLogStreams": []}
    for row in request.store.db.execute(query, arguments):
        if len(found) == limit or read == most_read or size > rows.PAGE_BYTES:
            return page | {"nextToken": rows.token(request, at)}
        at, read = [row["at"], row["id"]], read + 1
        name = names.get(row["stream_id"])
        if name is not None and matches(row["message"]):
            size += len(row["message"].encode()) + rows.EVENT_OVERHEAD
            found.append(_filtered(row, name))
    return page


def _filtered(row: sqlite3.Row, stream: str) -> dict[str, Any]:
    return {
        "logStreamName": stream,
        "timestamp": row["at"],
        "message": row["message"],
        "ingestionTime": row["ingested"],
        "eventId": f"{row['id']:056d}",
    }


def _streams(request: Request, of: Group) -> dict[int, str]:
    """The asked streams' names by number. Raises ``ServiceError`` for one that is not there."""
    params = request.params
    if "logStreamNames" in params and "logStreamNamePrefix" in params:
        refuse("logStreamNamePrefix and logStreamNames are mutually exclusive parameters.")
    if "logStreamNames" in params:
        return {rows.stream(request, of, name)["id"]: name for name in params["logStreamNames"]}
    prefix = params.get("logStreamNamePrefix", "")
    query = "SELECT id, name FROM log_streams WHERE group_id = ?"
    found = request.store.db.execute(query, (of.number,))
    return {row["id"]: row["name"] for row in found if row["name"].startswith(prefix)}


def get_log_record(request: Request) -> dict[str, Any]:
    """GetLogRecord: every field of the event a ``@ptr`` points to, as text."""
    number = pointed(request.params["logRecordPointer"])
    query = (
        "SELECT e.*, s.name AS stream, g.name AS group_name FROM log_events e JOIN log_streams s ON s.id = e.stream_id"
        " JOIN log_groups g ON g.id = e.group_id WHERE e.id = ? AND g.account = ? AND g.region = ?"
    )
    row = request.store.db.execute(query, (number, request.account, request.region)).fetchone()
    if number is None or row is None:
        raise ServiceError("ResourceNotFoundException", "The log record does not exist.")
    system = {
        "@ptr": pointer(row["id"]),
        "@timestamp": shown_time(row["at"]),
        "@ingestionTime": shown_time(row["ingested"]),
        "@message": row["message"],
        "@logStream": row["stream"],
        "@log": f"{request.account}:{row['group_name']}",
    }
    return {"logRecord": flattened(row["message"]) | system}
