"""What a sandbox holds, counted."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path


@dataclass(frozen=True)
class Status:
    """Counts of what is there; ``tokens`` are all kinds, ``billed`` is USD, ``moto`` names services held by moto."""

    path: Path
    now: datetime
    offset: timedelta
    profiles: int
    calls: int
    tokens: int
    billed: Decimal
    datapoints: int
    cost_tags: int
    faults: int
    violations: int
    moto: tuple[str, ...]


_TOKENS = "input_tokens + output_tokens + cache_read_tokens + cache_write_5m_tokens + cache_write_1h_tokens"


def status(db: sqlite3.Connection, path: Path, now: datetime, offset: timedelta) -> Status:
    """Count; the caller holds the transaction."""
    return Status(
        path=path,
        now=now,
        offset=offset,
        profiles=_count(db, "SELECT count(*) FROM profiles WHERE deleted IS NULL"),
        calls=_count(db, "SELECT count(*) FROM calls"),
        tokens=_count(db, f"SELECT coalesce(sum({_TOKENS}), 0) FROM calls"),  # noqa: S608 - a constant
        billed=_billed(db),
        datapoints=_count(db, "SELECT count(*) FROM datapoints"),
        cost_tags=_count(db, "SELECT count(*) FROM cost_tags"),
        faults=_count(db, "SELECT count(*) FROM faults WHERE remaining <> 0"),
        violations=_count(db, "SELECT count(*) FROM violations"),
        moto=tuple(row[0] for row in db.execute("SELECT service FROM moto_state ORDER BY service")),
    )


def _count(db: sqlite3.Connection, query: str) -> int:
    return int(db.execute(query).fetchone()[0])


def _billed(db: sqlite3.Connection) -> Decimal:
    """The exact sum of the calls' costs (decimal strings); equal texts are multiplied, not added one by one."""
    total = Decimal(0)
    for costs, number in db.execute("SELECT costs, count(*) FROM calls GROUP BY costs"):
        total += number * sum((Decimal(amount) for amount in json.loads(costs).values()), Decimal(0))
    return total
