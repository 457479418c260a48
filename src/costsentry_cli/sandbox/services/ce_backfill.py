"""Backfills of cost allocation tags: the payer's request to apply keys' on/off status to earlier usage.

A backfill applies the status that *all* keys have when it is requested to the usage since ``BackfillFrom``. An active
key then shows on earlier usage, where the resource carried the tag at the time (a call keeps the tags it had); an
inactive key's earlier values are gone. It is in the bill ``BACKFILL_TAKES`` after the request, by the sandbox's clock:
nothing runs, ``ce_tags.visible_tags`` reads what is done by then. A backfill never fails here.
"""

from __future__ import annotations

import json
import sqlite3
from datetime import UTC, datetime
from typing import Any

from costsentry_cli.domain.assumptions import BACKFILL_AGAIN_AFTER, BACKFILL_MONTHS, BACKFILL_TAKES
from costsentry_cli.sandbox.contract import Handler, Request
from costsentry_cli.sandbox.services.ce_filter import refuse
from costsentry_cli.sandbox.services.ce_tags import known_keys, refuse_linked
from costsentry_cli.sandbox.services.ce_tokens import Row, page

_MOST_LISTED = 1000


def start(request: Request) -> dict[str, Any]:
    """StartCostAllocationTagBackfill of the payer; one at a time and one in 24 hours.

    Raises ``ServiceError``: ValidationException for a start that is not midnight (UTC) of a month's first day, lies in
    the future or more than ``BACKFILL_MONTHS`` back; BackfillLimitExceededException.
    """
    refuse_linked(request, "start Cost Allocation Tag backfill")
    first = _first(request)
    _check_none_is_recent(request)
    active = [known.key for known in known_keys(request) if known.status == "Active"]
    made = request.store.db.execute(
        "INSERT INTO tag_backfills (first, requested, active) VALUES (?, ?, ?) RETURNING *",
        (first.timestamp(), request.now.timestamp(), json.dumps(active)),
    ).fetchone()
    return {"BackfillRequest": _shown(made, request.now)}


def history(request: Request) -> dict[str, Any]:
    """ListCostAllocationTagBackfillHistory: every backfill, the newest first, with its status by the clock."""
    refuse_linked(request, "list Cost Allocation Tag backfill history")
    found = request.store.db.execute("SELECT * FROM tag_backfills ORDER BY id DESC").fetchall()
    rows = [Row(row["id"], _shown(row, request.now)) for row in found]
    return page(request, "BackfillRequests", rows, _MOST_LISTED, falling=True)


def _first(request: Request) -> datetime:
    text: str = request.params["BackfillFrom"]
    try:
        first = datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        refuse(f"BackfillFrom {text} is invalid. Valid format is: yyyy-MM-ddTHH:mm:ssZ.")
    if (first.day, first.hour, first.minute, first.second) != (1, 0, 0, 0):
        refuse(f"BackfillFrom {text} is invalid. It must be the first day of a month.")
    if first > request.now:
        refuse(f"BackfillFrom {text} is invalid. It must not be in the future.")
    months = (request.now.year - first.year) * 12 + request.now.month - first.month
    if months > BACKFILL_MONTHS:
        refuse(f"BackfillFrom {text} is invalid. It must not precede the previous twelve months.")
    return first


def _check_none_is_recent(request: Request) -> None:
    last = request.store.db.execute("SELECT max(requested) AS at FROM tag_backfills").fetchone()["at"]
    if last is None:
        return
    age = request.now.timestamp() - last
    if age < BACKFILL_TAKES.total_seconds():
        message = "A request to backfill is already in progress. Once the previous request is complete, you can create "
        refuse(f"{message}another request.", "BackfillLimitExceededException")
    if age < BACKFILL_AGAIN_AFTER.total_seconds():
        refuse("You can request a backfill once every 24 hours.", "BackfillLimitExceededException")


def _shown(row: sqlite3.Row, now: datetime) -> dict[str, Any]:
    requested = datetime.fromtimestamp(row["requested"], UTC)
    done = requested + BACKFILL_TAKES
    shown = {
        "BackfillFrom": _spelled(datetime.fromtimestamp(row["first"], UTC)),
        "RequestedAt": _spelled(requested),
        "BackfillStatus": "PROCESSING" if now < done else "SUCCEEDED",
        "LastUpdatedAt": _spelled(requested if now < done else done),
    }
    return shown if now < done else shown | {"CompletedAt": _spelled(done)}


def _spelled(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


OPERATIONS: dict[str, Handler] = {
    "StartCostAllocationTagBackfill": start,
    "ListCostAllocationTagBackfillHistory": history,
}
"""The backfill operations; ``ce`` joins them with the others."""
