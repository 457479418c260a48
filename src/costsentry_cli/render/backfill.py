"""Backfills of cost allocation tags: what one would do, and those there were."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from costsentry_cli.domain.backfill import Backfill, Effect
from costsentry_cli.domain.table import Column, Table, Type
from costsentry_cli.render.fold import folded
from costsentry_cli.render.safe import safe_line

COLUMNS = (
    Column("from", "From", Type.DATE),
    Column("requested", "Requested", Type.DATE, drop=1),
    Column("completed", "Completed", Type.DATE),
    Column("status", "Status"),
)
NAMES = 10
"""So many keys are named."""


def as_table(history: Sequence[Backfill]) -> Table:
    """One row for each, as they come."""
    rows = tuple((one.first, one.requested, one.completed, one.status) for one in history)
    return Table("backfills", COLUMNS, rows)


def explanation(effect: Effect, first: date, width: int) -> str:
    """What a backfill does, before it is asked for: it is about every key of the payer, and it erases, too.

    Folded to ``width`` columns.
    """
    count = len(effect.active) + len(effect.inactive)
    about = f"of all {count} tag key{'s' if count != 1 else ''} billing knows"
    paragraphs = (
        f"A backfill applies the present status {about} to what was billed since {first}.",
        f"  active, shown where the resource carried the tag at the time: {_keys(effect.active)}",
        f"  inactive, their values are erased from what was billed since: {_keys(effect.inactive)}",
        "It is done within about a day, and can be requested once in 24 hours.",
    )
    return "\n".join(folded(one, width) for one in paragraphs)


def _keys(keys: Sequence[str]) -> str:
    more = len(keys) - NAMES
    named = ", ".join(safe_line(key) for key in keys[:NAMES])
    return (named + (f" and {more} more" if more > 0 else "")) or "none"
