"""Cost allocation tags: listing, activation (both the payer's), and from when on usage carries an activated key."""

from __future__ import annotations

import base64
import binascii
import json
import sqlite3
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from costsentry_cli.domain.assumptions import TAG_ACTIVE_AFTER, TAG_KEY_KNOWN_AFTER
from costsentry_cli.sandbox.contract import ACCOUNT, Handler, Request, ServiceError
from costsentry_cli.sandbox.services.ce_filter import TagLookup, ValueOf, refuse
from costsentry_cli.sandbox.services.ce_lines import LineItem
from costsentry_cli.sandbox.store import Store

# AWS's model allows 1,000 in the request and 100 in the answer.
_MOST_LISTED = 100
_QUOTA = "500"


def list_tags(request: Request) -> dict[str, Any]:
    """ListCostAllocationTags: the keys billing knows by now, in the order of their names, 100 a page at most."""
    _refuse_linked(request, "list Cost Allocation Tags")
    rows = _known(request)
    rows = [row for row in rows if _wanted(row, request.params)]
    after = _opened(request.params["NextToken"]) if "NextToken" in request.params else None
    rows = [row for row in rows if after is None or row["key"] > after]
    size = min(request.params.get("MaxResults", _MOST_LISTED), _MOST_LISTED)
    answer: dict[str, Any] = {"CostAllocationTags": [_listed(row) for row in rows[:size]]}
    if len(rows) > size:
        answer["NextToken"] = base64.urlsafe_b64encode(json.dumps(rows[size - 1]["key"]).encode()).decode()
    return answer


def update_status(request: Request) -> dict[str, Any]:
    """UpdateCostAllocationTagsStatus: HTTP 200 even when keys failed; ``Errors`` has one entry per key unknown.

    Doing what is already done changes nothing. More active keys than the quota (setting ``active_tag_quota``, 500):
    LimitExceededException, and nothing is changed.
    """
    _refuse_linked(request, "update Cost Allocation Tag")
    known = {row["key"]: row for row in _known(request)}
    wanted = {entry["TagKey"]: entry["Status"] for entry in request.params["CostAllocationTagsStatus"]}
    _within_quota(request, known, wanted)
    for key, status in wanted.items():
        if key in known and known[key]["status"] != status:
            _switch(request, key, status)
    return {
        "Errors": [
            {
                "TagKey": key,
                "Code": "TagKeysNotFoundException",
                "Message": f"Failed to update Cost Allocation Tag: {key}",
            }
            for key in wanted
            if key not in known
        ]
    }


def visible_tags(store: Store) -> TagLookup:
    """How billing sees tags: a key's value on usage from its activation plus ``TAG_ACTIVE_AFTER`` to its end.

    Not retroactive: usage outside of these spans, and every usage under a key never activated, has no value.
    """
    spans: dict[str, list[tuple[float, float]]] = {}
    for row in store.db.execute("SELECT key, active_from, active_to FROM cost_tag_spans"):
        end = float("inf") if row["active_to"] is None else row["active_to"]
        spans.setdefault(row["key"], []).append((row["active_from"] + TAG_ACTIVE_AFTER.total_seconds(), end))

    def lookup(key: str) -> ValueOf:
        active = spans.get(key, [])

        def value(item: LineItem) -> str | None:
            return item.tags.get(key) if any(start <= item.at < end for start, end in active) else None

        return value

    return lookup


def activate(db: sqlite3.Connection, key: str, at: float) -> None:
    """Begin a span of activity of a known key; the caller holds the transaction."""
    db.execute("UPDATE cost_tags SET status = 'Active', updated = ? WHERE key = ?", (at, key))
    db.execute("INSERT OR REPLACE INTO cost_tag_spans (key, active_from) VALUES (?, ?)", (key, at))


def _refuse_linked(request: Request, task: str) -> None:
    if request.account != ACCOUNT:
        refusal = "Linked account doesn't have access to cost allocation tags."
        raise ServiceError("AccessDeniedException", f"Failed to {task}: {refusal}")


def _switch(request: Request, key: str, status: str) -> None:
    at = request.now.timestamp()
    db = request.store.db
    if status == "Active":
        activate(db, key, at)
        return
    db.execute("UPDATE cost_tags SET status = 'Inactive', updated = ? WHERE key = ?", (at, key))
    db.execute("UPDATE cost_tag_spans SET active_to = ? WHERE key = ? AND active_to IS NULL", (at, key))


def _known(request: Request) -> list[sqlite3.Row]:
    used_by = (request.now - TAG_KEY_KNOWN_AFTER).timestamp()
    return request.store.db.execute("SELECT * FROM cost_tags WHERE first_used <= ? ORDER BY key", (used_by,)).fetchall()


def _wanted(row: sqlite3.Row, params: Mapping[str, Any]) -> bool:
    return (
        params.get("Status", row["status"]) == row["status"]
        and row["key"] in params.get("TagKeys", (row["key"],))
        and params.get("Type", _type(row["key"])) == _type(row["key"])
    )


def _listed(row: sqlite3.Row) -> dict[str, Any]:
    used = datetime.fromtimestamp(row["last_used"], UTC)
    answer = {
        "TagKey": row["key"],
        "Type": _type(row["key"]),
        "Status": row["status"],
        # The month of the last usage, as AWS documents the member.
        "LastUsedDate": f"{used:%Y-%m}-01T00:00:00Z",
    }
    if row["updated"] is not None:
        answer["LastUpdatedDate"] = f"{datetime.fromtimestamp(row['updated'], UTC):%Y-%m-%dT%H:%M:%SZ}"
    return answer


def _type(key: str) -> str:
    return "AWSGenerated" if key.startswith("aws:") else "UserDefined"


def _opened(token: str) -> str:
    try:
        key = json.loads(base64.urlsafe_b64decode(token.encode("ascii")))
    except (binascii.Error, ValueError):
        key = None
    if not isinstance(key, str):
        refuse("The next token is invalid.", "InvalidNextTokenException")
    return key


def _within_quota(request: Request, known: Mapping[str, sqlite3.Row], wanted: Mapping[str, str]) -> None:
    after = {key: wanted.get(key, row["status"]) for key, row in known.items()}
    quota = int(request.store.setting("active_tag_quota", _QUOTA))
    active = sum(status == "Active" for status in after.values())
    if active > quota and any(status == "Active" for status in wanted.values()):
        raise ServiceError("LimitExceededException", f"You can have at most {quota} active cost allocation tag keys.")


OPERATIONS: dict[str, Handler] = {
    "ListCostAllocationTags": list_tags,
    "UpdateCostAllocationTagsStatus": update_status,
}
"""The tag operations; ``ce`` joins them with the others."""
