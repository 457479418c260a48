"""Cost allocation tags: listing, activation (both the payer's), and which usage carries a key's values.

Billing knows a key from its first use plus ``TAG_KEY_KNOWN_AFTER``, or because a setting says so:
``known_tag_key:<key>`` (other services have it), ``iam_principal_key:<key>`` (listed as ``iamPrincipal/<key>``).
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from costsentry_cli.domain.assumptions import BACKFILL_TAKES, IAM_PRINCIPAL_KEY, TAG_ACTIVE_AFTER, TAG_KEY_KNOWN_AFTER
from costsentry_cli.sandbox.contract import ACCOUNT, Handler, Request, ServiceError
from costsentry_cli.sandbox.services.ce_filter import TagLookup, ValueOf
from costsentry_cli.sandbox.services.ce_lines import LineItem
from costsentry_cli.sandbox.services.ce_tokens import Row, page
from costsentry_cli.sandbox.store import Store

# AWS's model allows 1,000 in the request and 100 in the answer.
_MOST_LISTED = 100
_QUOTA = "500"
_EVER = float("inf")

Span = tuple[float, float]
"""From (inclusive) and to (exclusive), seconds since the epoch."""


class KnownKey(NamedTuple):
    """A tag key billing knows. Times are seconds since the epoch; ``updated`` is the last switch through the API."""

    key: str
    status: str
    last_used: float
    updated: float | None


class _Backfill(NamedTuple):
    """A finished backfill: over usage since ``first``, with the keys that were active when it was requested."""

    first: float
    requested: float
    active: frozenset[str]


def list_tags(request: Request) -> dict[str, Any]:
    """ListCostAllocationTags: the keys billing knows by now, in the order of their names, 100 a page at most."""
    refuse_linked(request, "list Cost Allocation Tags")
    rows = [Row(known.key, _listed(known)) for known in known_keys(request) if _wanted(known, request.params)]
    return page(request, "CostAllocationTags", rows, _MOST_LISTED)


def update_status(request: Request) -> dict[str, Any]:
    """UpdateCostAllocationTagsStatus: HTTP 200 even when keys failed; ``Errors`` has one entry per key unknown.

    Doing what is already done changes nothing. More active keys than the quota (setting ``active_tag_quota``, 500):
    LimitExceededException, and nothing is changed.
    """
    refuse_linked(request, "update Cost Allocation Tag")
    known = {each.key: each for each in known_keys(request)}
    wanted = {entry["TagKey"]: entry["Status"] for entry in request.params["CostAllocationTagsStatus"]}
    _within_quota(request, known, wanted)
    for key, status in wanted.items():
        if key in known and known[key].status != status:
            _switch(request, known[key], status)
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


def known_keys(request: Request) -> list[KnownKey]:
    """The keys billing knows at the request's time, in the order of their names."""
    now = request.now.timestamp()
    told = _told(request.store)
    known = {key: KnownKey(key, status, now, None) for key, status in told.items()}
    used_by = now - TAG_KEY_KNOWN_AFTER.total_seconds()
    for row in request.store.db.execute("SELECT * FROM cost_tags"):
        key, updated = row["key"], row["updated"]
        if key in told or row["first_used"] <= used_by:
            status = row["status"] if updated is not None else told.get(key, row["status"])
            known[key] = KnownKey(key, status, row["last_used"], updated)
    return [known[key] for key in sorted(known)]


def visible_tags(store: Store, now: datetime) -> TagLookup:
    """How billing sees tags at a time: a key's value on usage from its activation plus ``TAG_ACTIVE_AFTER`` to its end.

    Not retroactive, but for a backfill that is done by then: see ``ce_backfill``. All other usage has no value.
    """
    spans, backfills = _spans(store), _finished(store, now)

    def lookup(key: str) -> ValueOf:
        shown = _shown(key, spans.get(key, []), backfills)

        def value(item: LineItem) -> str | None:
            return item.tags.get(key) if any(start <= item.at < end for start, end in shown) else None

        return value

    return lookup


def tag_edges(store: Store, now: datetime) -> set[float]:
    """The moments at which ``visible_tags`` begins or ends to show some key's values."""
    spans, backfills = _spans(store), _finished(store, now)
    keys = {*spans, *(key for backfill in backfills for key in backfill.active)}
    return {edge for key in keys for span in _shown(key, spans.get(key, []), backfills) for edge in span}


def activate(db: sqlite3.Connection, key: str, at: float) -> None:
    """Begin a span of activity of a known key; the caller holds the transaction."""
    db.execute("UPDATE cost_tags SET status = 'Active', updated = ? WHERE key = ?", (at, key))
    db.execute("INSERT OR REPLACE INTO cost_tag_spans (key, active_from) VALUES (?, ?)", (key, at))


def refuse_linked(request: Request, task: str) -> None:
    """Raises ``ServiceError`` AccessDeniedException for every account but the payer, as AWS words it."""
    if request.account != ACCOUNT:
        refusal = "Linked account doesn't have access to cost allocation tags."
        raise ServiceError("AccessDeniedException", f"Failed to {task}: {refusal}")


def _told(store: Store) -> dict[str, str]:
    """The keys that settings make known, with their status there."""
    told = {}
    for row in store.db.execute("SELECT name, value FROM settings WHERE name GLOB '*_key:*'"):
        kind, _, key = row["name"].partition(":")
        if kind == "known_tag_key":
            told[key] = row["value"]
        elif kind == "iam_principal_key" and row["value"] == "1":
            told[IAM_PRINCIPAL_KEY + key] = "Inactive"
    return told


def _spans(store: Store) -> dict[str, list[Span]]:
    """When each key was on; one that a setting says is active, and that nobody switched, always was."""
    spans: dict[str, list[Span]] = {}
    for row in store.db.execute("SELECT key, active_from, active_to FROM cost_tag_spans ORDER BY active_from"):
        spans.setdefault(row["key"], []).append(
            (row["active_from"], _EVER if row["active_to"] is None else row["active_to"])
        )
    switched = {row["key"] for row in store.db.execute("SELECT key FROM cost_tags WHERE updated IS NOT NULL")}
    for key, status in _told(store).items():
        if status == "Active" and key not in switched:
            spans[key] = [(-_EVER, _EVER)]
    return spans


def _finished(store: Store, now: datetime) -> list[_Backfill]:
    """The backfills done by a time, in the order of their requests."""
    rows = store.db.execute(
        "SELECT first, requested, active FROM tag_backfills WHERE requested <= ? ORDER BY id",
        ((now - BACKFILL_TAKES).timestamp(),),
    )
    return [_Backfill(row["first"], row["requested"], frozenset(json.loads(row["active"]))) for row in rows]


def _shown(key: str, spans: Sequence[Span], backfills: Sequence[_Backfill]) -> list[Span]:
    """The spans whose usage shows a key's values."""
    lag = TAG_ACTIVE_AFTER.total_seconds()
    shown = [(start + lag, end) for start, end in spans]
    for backfill in backfills:
        if key in backfill.active:
            shown.append((backfill.first, _caught_up(spans, backfill.requested)))
        else:
            shown = list(_without(shown, (backfill.first, backfill.requested)))
    return shown


def _caught_up(spans: Sequence[Span], requested: float) -> float:
    """Up to when an active key's backfill reaches: its request, or from when on the activation itself is seen."""
    lag = TAG_ACTIVE_AFTER.total_seconds()
    on = [min(start + lag, end) for start, end in spans if start <= requested < end]
    return max([requested, *on])


def _without(spans: Sequence[Span], gone: Span) -> Iterator[Span]:
    for start, end in spans:
        yield from (part for part in ((start, min(end, gone[0])), (max(start, gone[1]), end)) if part[0] < part[1])


def _switch(request: Request, known: KnownKey, status: str) -> None:
    at, db, key = request.now.timestamp(), request.store.db, known.key
    # A key known by a setting has no row yet; its use is older than anything here.
    db.execute("INSERT OR IGNORE INTO cost_tags (key, first_used, last_used) VALUES (?, 0, ?)", (key, at))
    if status == "Active":
        activate(db, key, at)
        return
    if known.updated is None:
        db.execute("INSERT OR IGNORE INTO cost_tag_spans (key, active_from) VALUES (?, 0)", (key,))
    db.execute("UPDATE cost_tags SET status = 'Inactive', updated = ? WHERE key = ?", (at, key))
    db.execute("UPDATE cost_tag_spans SET active_to = ? WHERE key = ? AND active_to IS NULL", (at, key))


def _wanted(known: KnownKey, params: Mapping[str, Any]) -> bool:
    return (
        params.get("Status", known.status) == known.status
        and known.key in params.get("TagKeys", (known.key,))
        and params.get("Type", _type(known.key)) == _type(known.key)
    )


def _listed(known: KnownKey) -> dict[str, Any]:
    used = datetime.fromtimestamp(known.last_used, UTC)
    answer = {
        "TagKey": known.key,
        "Type": _type(known.key),
        "Status": known.status,
        # The month of the last usage, as AWS documents the member.
        "LastUsedDate": f"{used:%Y-%m}-01T00:00:00Z",
    }
    if known.updated is not None:
        answer["LastUpdatedDate"] = f"{datetime.fromtimestamp(known.updated, UTC):%Y-%m-%dT%H:%M:%SZ}"
    return answer


def _type(key: str) -> str:
    return "AWSGenerated" if key.startswith("aws:") else "UserDefined"


def _within_quota(request: Request, known: Mapping[str, KnownKey], wanted: Mapping[str, str]) -> None:
    after = {key: wanted.get(key, each.status) for key, each in known.items()}
    quota = int(request.store.setting("active_tag_quota", _QUOTA))
    active = sum(status == "Active" for status in after.values())
    if active > quota and any(status == "Active" for status in wanted.values()):
        raise ServiceError("LimitExceededException", f"You can have at most {quota} active cost allocation tag keys.")


OPERATIONS: dict[str, Handler] = {
    "ListCostAllocationTags": list_tags,
    "UpdateCostAllocationTagsStatus": update_status,
}
"""The tag operations; ``ce`` joins them with the others."""
