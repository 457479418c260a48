"""CloudWatch Logs Insights: StartQuery, GetQueryResults, StopQuery and DescribeQueries.

A query is answered from the events there are when it starts. Its results are Complete at the first look, or Running
for the first ``insights_delay_looks`` ones.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator
from typing import Any

from costsentry_cli.sandbox.contract import Request, ServiceError
from costsentry_cli.sandbox.services import logs_insights as insights
from costsentry_cli.sandbox.services import logs_rows as rows
from costsentry_cli.sandbox.services.logs_insights_values import Event
from costsentry_cli.sandbox.services.logs_rows import Group, refuse

_MOST_GROUPS = 50
_MOST_RUNNING = 100
_PAGE = 10_000


def start_query(request: Request) -> dict[str, Any]:
    """StartQuery over 1 to 50 groups; times in seconds, both included."""
    params = request.params
    if params.get("queryLanguage", "CWLI") != "CWLI":
        rows.lacking(request, f"queryLanguage {params['queryLanguage']}")
    if params["startTime"] > params["endTime"]:
        refuse("The query's end time is before its start time.")
    asked = _groups(request)
    query = insights.parse(params["queryString"])
    _check_running(request)
    scanned: list[int] = []
    results, matched = query.run(_events(request, asked, scanned), params.get("limit", insights.DEFAULT_LIMIT))
    statistics = {
        "recordsMatched": matched,
        "recordsScanned": len(scanned),
        "bytesScanned": sum(scanned),
        "logGroupsScanned": len(asked),
        "estimatedRecordsSkipped": 0,
        "estimatedBytesSkipped": 0,
    }
    return {"queryId": _keep(request, asked, results, statistics)}


def _groups(request: Request) -> list[Group]:
    params = request.params
    forms = ("logGroupName", "logGroupNames", "logGroupIdentifiers")
    given = [params[form] for form in forms if form in params]
    if len(given) != 1:
        refuse("Exactly one of logGroupName, logGroupNames and logGroupIdentifiers is required.")
    named = [given[0]] if isinstance(given[0], str) else list(dict.fromkeys(given[0]))
    if not 1 <= len(named) <= _MOST_GROUPS:
        refuse(f"A query has 1 to {_MOST_GROUPS} log groups.")
    return [rows.group(request, name) for name in named]


def _check_running(request: Request) -> None:
    query = "SELECT count(*) FROM log_queries WHERE account = ? AND region = ? AND status = 'Running'"
    if request.store.db.execute(query, (request.account, request.region)).fetchone()[0] >= _MOST_RUNNING:
        raise ServiceError("LimitExceededException", f"{_MOST_RUNNING} queries are running already.")


def _events(request: Request, asked: list[Group], scanned: list[int]) -> Iterator[Event]:
    """The newest first; the bytes of each are added to ``scanned``."""
    names = {group.number: f"{group.account}:{group.name}" for group in asked}
    holes = ", ".join("?" * len(names))
    query = (
        "SELECT e.*, s.name AS stream FROM log_events e JOIN log_streams s ON s.id = e.stream_id"  # noqa: S608
        f" WHERE e.group_id IN ({holes}) AND e.at BETWEEN ? AND ? ORDER BY e.at DESC, e.id DESC"
    )
    span = (request.params["startTime"] * 1000, request.params["endTime"] * 1000)
    if span[1] > 2**62:
        refuse("startTime and endTime are seconds since 1970.")
    for row in request.store.db.execute(query, (*names, *span)):
        scanned.append(len(row["message"].encode()) + rows.EVENT_OVERHEAD)
        yield Event(row["id"], row["at"], row["ingested"], row["message"], row["stream"], names[row["group_id"]])


def _keep(request: Request, asked: list[Group], results: list[Any], statistics: dict[str, Any]) -> str:
    db = request.store.db
    number = db.execute("SELECT coalesce(max(number), 0) + 1 FROM log_queries").fetchone()[0]
    digest = hashlib.sha256(f"{request.account} {request.region} {number} {request.request_id}".encode()).hexdigest()
    identity = f"{digest[:8]}-{digest[8:12]}-4{digest[13:16]}-8{digest[17:20]}-{digest[20:32]}"
    looks = int(request.store.setting("insights_delay_looks", "0"))
    row = (
        number,
        identity,
        request.account,
        request.region,
        request.params["queryString"],
        json.dumps([group.name for group in asked]),
        rows.millis(request),
        "Running" if looks else "Complete",
        looks,
        json.dumps(results, ensure_ascii=False),
        json.dumps(statistics),
    )
    db.execute("INSERT INTO log_queries VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
    return identity


def _find(request: Request) -> sqlite3.Row:
    query = "SELECT * FROM log_queries WHERE id = ? AND account = ? AND region = ?"
    key = (request.params["queryId"], request.account, request.region)
    row: sqlite3.Row | None = request.store.db.execute(query, key).fetchone()
    if row is None:
        raise ServiceError("ResourceNotFoundException", "The specified query does not exist.")
    return row


def get_query_results(request: Request) -> dict[str, Any]:
    """GetQueryResults: 10,000 rows a page; none while the query is running or when it was cancelled."""
    row = _find(request)
    status, done = row["status"], {"queryLanguage": "CWLI"}
    if status == "Running":
        left = row["looks"] - 1
        changed = ("Complete" if left <= 0 else "Running", max(left, 0), row["id"])
        request.store.db.execute("UPDATE log_queries SET status = ?, looks = ? WHERE id = ?", changed)
    if status != "Complete":
        return done | {"status": status, "results": [], "statistics": {}}
    results = json.loads(row["results"])
    start, size = rows.place(request, int) or 0, request.params.get("maxItems") or _PAGE
    statistics = json.loads(row["statistics"]) | {"resultCount": len(results)}
    page = done | {"status": status, "results": results[start : start + size], "statistics": statistics}
    if len(results) > start + size:
        page["nextToken"] = rows.token(request, start + size)
    return page


def stop_query(request: Request) -> dict[str, Any]:
    """StopQuery; of one that has ended it is an error."""
    row = _find(request)
    if row["status"] != "Running":
        refuse(f"The specified query is not running: its status is {row['status']}.")
    request.store.db.execute("UPDATE log_queries SET status = 'Cancelled' WHERE id = ?", (row["id"],))
    return {"success": True}


def describe_queries(request: Request) -> dict[str, Any]:
    """DescribeQueries: the newest first, 1,000 a page at most."""
    params = request.params
    if params.get("queryLanguage", "CWLI") != "CWLI":
        return {"queries": []}
    query = "SELECT * FROM log_queries WHERE account = ? AND region = ? AND number < ? ORDER BY number DESC"
    before, size = rows.place(request, int) or 2**62, params.get("maxResults", 1000)
    found = [
        row
        for row in request.store.db.execute(query, (request.account, request.region, before))
        if params.get("status", row["status"]) == row["status"]
        and ("logGroupName" not in params or params["logGroupName"] in json.loads(row["groups"]))
    ]
    page: dict[str, Any] = {"queries": [_shown(row) for row in found[:size]]}
    if len(found) > size:
        page["nextToken"] = rows.token(request, found[size - 1]["number"])
    return page


def _shown(row: sqlite3.Row) -> dict[str, Any]:
    return {
        "queryLanguage": "CWLI",
        "queryId": row["id"],
        "queryString": row["text"],
        "status": row["status"],
        "createTime": row["created"],
        "logGroupName": json.loads(row["groups"])[0],
    }
