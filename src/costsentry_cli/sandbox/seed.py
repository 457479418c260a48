"""Weeks of traffic in an instant: fills the sandbox so that reports have something to show.

The calls go through the application inference profiles that exist; when there are none, three are made. CloudWatch
and Cost Explorer follow by themselves, as both are folds over table ``calls``.
"""

from __future__ import annotations

import dataclasses
import json
import random
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from costsentry_cli.domain.assumptions import TAG_KEY_KNOWN_AFTER
from costsentry_cli.domain.catalog import load
from costsentry_cli.sandbox.contract import ACCOUNT, Request
from costsentry_cli.sandbox.seed_traffic import Caller, CallMade, leak, shares, traffic
from costsentry_cli.sandbox.services import bedrock, ce_tags
from costsentry_cli.sandbox.store import Store

REGION = "us-east-1"
"""Where the three profiles are made when there are none."""

_SALES_MODEL = "us.anthropic.claude-haiku-4-5-20251001-v1:0"
_OTHER_MODEL = "amazon.nova-lite-v1:0"
_LEAKING_MODEL = "amazon.nova-pro-v1:0"
_COST_CENTERS = ("sales", "services", "support")
_COLUMNS = tuple(field.name for field in dataclasses.fields(CallMade))


@dataclass(frozen=True)
class SeedReport:
    """What a seed did. ``profiles`` are ARNs; ``usd`` is the exact cost of the calls added.

    ``already`` is True when this random seed had been sown before: then nothing was added.
    """

    start: datetime
    end: datetime
    profiles: tuple[str, ...] = ()
    created: int = 0
    calls: int = 0
    tokens: int = 0
    usd: Decimal = Decimal(0)
    already: bool = False


def seed(
    store: Store, now: datetime, *, days: int = 90, random_seed: int = 0, profiles: Sequence[str] | None = None
) -> SeedReport:
    """Add the traffic of ``days`` days before today, and of today until ``now``.

    The same ``random_seed`` and ``now`` on the same profiles make the same calls. A random seed is sown once in a
    sandbox; another one adds its traffic to what is there. ``profiles``: ARNs to use, else every living one of every
    account, as if they had existed all along with the tags of today. Their tag keys are known to billing from the
    second day and are activated then, except ``costsentry:`` keys, and keys whose activation somebody has switched
    off. Raises ValueError when ``days`` is not positive or none of the profiles exists.
    """
    if days < 1:
        raise ValueError("days must be 1 or more")
    start = now.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=days)
    with store.transaction() as db:
        mark = f"seed:{random_seed}"
        if store.setting(mark, ""):
            return SeedReport(start, now, already=True)
        store.set_setting(mark, f"{now.isoformat()} {days}")
        created = _make_profiles(store, start) if _none_exist(db) else 0
        callers = _callers(db, profiles)
        calls = traffic(
            [*callers, leak(_LEAKING_MODEL, callers[0].account, callers[0].region)],
            start,
            now,
            random.Random(random_seed),
        )
        _insert(db, calls)
        _use_tags(db, calls, start)
        return _report(start, now, callers, created, calls)


def _none_exist(db: sqlite3.Connection) -> bool:
    return db.execute("SELECT 1 FROM profiles WHERE deleted IS NULL").fetchone() is None


def _make_profiles(store: Store, at: datetime) -> int:
    """Three profiles as the service makes them: one on Claude Haiku 4.5 (Marketplace), two on Nova Lite."""
    sources = {"sales": f"arn:aws:bedrock:{REGION}:{ACCOUNT}:inference-profile/{_SALES_MODEL}"}
    for cost_center in _COST_CENTERS:
        source = sources.get(cost_center, f"arn:aws:bedrock:{REGION}::foundation-model/{_OTHER_MODEL}")
        tags = {"applicationId": "aws-documentation-helper", "costCenter": cost_center, "environment": "production"}
        params = {
            "inferenceProfileName": f"aws-docs-{cost_center}-prod",
            "modelSource": {"copyFrom": source},
            "tags": [{"key": key, "value": value} for key, value in tags.items()],
        }
        bedrock.OPERATIONS["CreateInferenceProfile"](
            Request("bedrock", "CreateInferenceProfile", params, REGION, at, "seed", store)
        )
    return len(_COST_CENTERS)


def _callers(db: sqlite3.Connection, wanted: Sequence[str] | None) -> list[Caller]:
    rows = db.execute("SELECT * FROM profiles WHERE deleted IS NULL ORDER BY created, name, id").fetchall()
    rows = [row for row in rows if wanted is None or row["arn"] in wanted]
    if not rows:
        raise ValueError("none of these inference profiles exists")
    return [
        _caller(db, row, share, first=place == 0)
        for place, (row, share) in enumerate(zip(rows, shares(len(rows)), strict=True))
    ]


def _caller(db: sqlite3.Connection, row: sqlite3.Row, share: float, *, first: bool) -> Caller:
    ref = load().resolve(row["source"])
    tags = db.execute("SELECT key, value FROM tags WHERE arn = ?", (row["arn"],))
    return Caller(
        requested=row["arn"],
        metric_id=row["id"],
        profile_arn=row["arn"],
        region=row["region"],
        ref=ref,
        model_id=ref.id if ref else row["source"].rpartition("/")[2],
        tags={tag["key"]: tag["value"] for tag in tags},
        share=share,
        account=row["account"],
        spikes=first,
    )


def _insert(db: sqlite3.Connection, calls: Sequence[CallMade]) -> None:
    places = ", ".join("?" for _ in _COLUMNS)
    rows = ([getattr(call, column) for column in _COLUMNS] for call in calls)
    db.executemany(f"INSERT INTO calls ({', '.join(_COLUMNS)}) VALUES ({places})", rows)  # noqa: S608 - own columns


def _use_tags(db: sqlite3.Connection, calls: Sequence[CallMade], start: datetime) -> None:
    known_from = (start + TAG_KEY_KNOWN_AFTER).timestamp()
    spans: dict[str, list[float]] = {}
    for call in calls:
        for key in json.loads(call.tags):
            spans.setdefault(key, [call.at, call.at])[1] = call.at
    for key, (first, last) in sorted(spans.items()):
        db.execute(
            "INSERT INTO cost_tags (key, first_used, last_used) VALUES (?, ?, ?) ON CONFLICT (key) DO UPDATE SET "
            "first_used = min(first_used, excluded.first_used), last_used = max(last_used, excluded.last_used)",
            (key, first, last),
        )
        if not key.startswith("costsentry:"):
            _activate(db, key, max(known_from, first + TAG_KEY_KNOWN_AFTER.total_seconds()))


def _activate(db: sqlite3.Connection, key: str, at: float) -> None:
    row = db.execute("SELECT status, updated FROM cost_tags WHERE key = ?", (key,)).fetchone()
    if row["updated"] is None:
        ce_tags.activate(db, key, at)
    elif row["status"] == "Active":
        # Switched on by somebody already: the history made here gets its values, too.
        earliest = db.execute("SELECT min(active_from) AS at FROM cost_tag_spans WHERE key = ?", (key,)).fetchone()
        if at < earliest["at"]:
            db.execute(
                "UPDATE cost_tag_spans SET active_from = ? WHERE key = ? AND active_from = ?", (at, key, earliest["at"])
            )


def _report(
    start: datetime, now: datetime, callers: Sequence[Caller], created: int, calls: Sequence[CallMade]
) -> SeedReport:
    costs = (Decimal(cost) for call in calls for cost in json.loads(call.costs).values())
    tokens = sum(
        call.input_tokens + call.output_tokens + call.cache_read_tokens + call.cache_write_5m_tokens for call in calls
    )
    arns = tuple(caller.requested for caller in callers)
    return SeedReport(start, now, arns, created, len(calls), tokens, sum(costs, Decimal(0)))
