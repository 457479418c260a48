"""Weeks of traffic in an instant: fills the sandbox so that reports have something to show.

The calls go through the application inference profiles that exist; when there are none, three are made. CloudWatch's
AWS/Bedrock and Cost Explorer follow by themselves, as both are folds over table ``calls``. A long seed tells a story
as well: see ``seed``.
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
from costsentry_cli.sandbox import seed_log
from costsentry_cli.sandbox.contract import ACCOUNT, ServiceError
from costsentry_cli.sandbox.seed_history import CHANGE, COMPANY, Point, bypass, make_profile, metered, predecessor
from costsentry_cli.sandbox.seed_traffic import NORMAL, Caller, CallMade, Pace, leak, shares, traffic
from costsentry_cli.sandbox.services import ce_tags
from costsentry_cli.sandbox.store import Store

REGION = "us-east-1"
"""Where profiles are made when there are none."""

LONG = 180
"""Days from which a seed tells a story."""

_TEAMS = tuple(team for team in COMPANY if team[0] == "aws-documentation-helper")
_LEAKING_MODEL = "amazon.nova-pro-v1:0"
# Fewer and bigger calls: a year of them stays small.
_LONG_PACE = Pace(calls=64, size=4.0, strain=0.12)
_LATE = 0.6


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


def seed(  # noqa: PLR0913, RUF100 one seed has this many sides
    store: Store,
    now: datetime,
    *,
    days: int = 90,
    random_seed: int = 0,
    profiles: Sequence[str] | None = None,
    invocation_log: bool = False,
) -> SeedReport:
    """Add the traffic of ``days`` days before today, and of today until ``now``.

    The same ``random_seed`` and ``now`` on the same profiles make the same calls. A random seed is sown once in a
    sandbox; another one adds its traffic to what is there. ``profiles``: ARNs to use, else every living one of every
    account, as if they had existed all along with the tags of today. Their tag keys are known to billing from the
    second day and are activated then, except ``costsentry:`` keys, and keys whose activation somebody has switched
    off. Where model invocation logging is on, or turned on by ``invocation_log``, every call is in its log with who
    made it, as if it had been on all along.

    From ``LONG`` days on there is more to see: six profiles of three applications when none exists; the busiest
    profile had a predecessor on another model, deleted in the middle of the range; another leak, through a system
    profile; throttling on the day of the spike; the last of the tag keys is activated only after three fifths; and
    metered calls left their metrics since the model changed.
    Raises ValueError when ``days`` is not positive or none of the profiles exists.
    """
    if days < 1:
        raise ValueError("days must be 1 or more")
    start = now.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=days)
    with store.transaction() as db:
        mark = f"seed:{random_seed}"
        if store.setting(mark, ""):
            return SeedReport(start, now, already=True)
        store.set_setting(mark, f"{now.isoformat()} {days}")
        created = _make_profiles(store, start, COMPANY if days >= LONG else _TEAMS) if _none_exist(db) else 0
        callers = _callers(db, profiles)
        first = callers[0]
        sources: list[Caller] = [*callers, leak(_LEAKING_MODEL, first.account, first.region)]
        changed, late = start + CHANGE * (now - start), None
        if days >= LONG:
            sources, late = _with_history(store, sources, start, changed), start + _LATE * (now - start)
        rng = random.Random(random_seed)
        calls = traffic(sources, start, now, rng, _LONG_PACE if days >= LONG else NORMAL)
        _insert(db, "calls", calls)
        if invocation_log:
            seed_log.turn_on(store, sources, start)
        seed_log.record(store, calls)
        _insert(db, "datapoints", metered(calls, changed, now) if days >= LONG else ())
        _use_tags(db, calls, start, late)
        return _report(start, now, callers, created, calls)


def _with_history(store: Store, sources: Sequence[Caller], start: datetime, changed: datetime) -> list[Caller]:
    """The callers of a long seed: the first has a predecessor, where its region and the settings let there be one."""
    first, *others = sources
    try:
        earlier = predecessor(store, first, start, changed)
    except ServiceError:
        earlier = None
    later = bypass(first.account, first.region)
    both = [first] if earlier is None else [earlier, dataclasses.replace(first, since=CHANGE)]
    return [*both, *others, *([] if later is None else [later])]


def _none_exist(db: sqlite3.Connection) -> bool:
    return db.execute("SELECT 1 FROM profiles WHERE deleted IS NULL").fetchone() is None


def _make_profiles(store: Store, at: datetime, teams: Sequence[tuple[str, str, str]]) -> int:
    """Profiles as the service makes them, the busiest first; teams are application, cost center and model."""
    for number, (application, cost_center, model) in enumerate(teams):
        kind = f"{ACCOUNT}:inference-profile" if model.startswith("us.") else ":foundation-model"
        tags = {"applicationId": application, "costCenter": cost_center, "environment": "production"}
        short = "aws-docs" if application == "aws-documentation-helper" else application
        params = {
            "inferenceProfileName": f"{short}-{cost_center}-prod",
            "modelSource": {"copyFrom": f"arn:aws:bedrock:{REGION}:{kind}/{model}"},
            "tags": [{"key": key, "value": value} for key, value in tags.items()],
        }
        make_profile(store, params, REGION, ACCOUNT, at + timedelta(seconds=number))
    return len(teams)


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


def _insert(db: sqlite3.Connection, table: str, made: Sequence[CallMade] | Sequence[Point]) -> None:
    if made:
        columns = [field.name for field in dataclasses.fields(made[0])]
        places = ", ".join("?" for _ in columns)
        rows = ([getattr(one, column) for column in columns] for one in made)
        db.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})", rows)  # noqa: S608 - own names


def _use_tags(db: sqlite3.Connection, calls: Sequence[CallMade], start: datetime, late: datetime | None) -> None:
    """Make billing meet the tag keys of the calls, and activate them; the last of several at ``late``."""
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
    ours = [key for key in sorted(spans) if not key.startswith("costsentry:")]
    for key in ours:
        at = max(known_from, spans[key][0] + TAG_KEY_KNOWN_AFTER.total_seconds())
        is_late = late is not None and len(ours) > 1 and key == ours[-1]
        _activate(db, key, max(at, late.timestamp()) if late is not None and is_late else at)


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
