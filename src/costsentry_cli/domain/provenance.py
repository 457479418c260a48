"""Where a table's figures come from, how sure and how old they are: its facts, told alike by every format.

A document has the facts beside its rows. What is rows alone carries them in columns; people read a sentence.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from costsentry_cli.domain.table import Column, Table

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "data_source": ("source",),
    "data_kind": ("kind",),
    "data_asked": ("asked",),
    "data_through": ("complete_through", "through"),
}
"""The columns of rows that stand alone, and the facts they are of, the first that is there."""
_NEEDED = ("source", "kind", "asked")


def carried(table: Table) -> Table:
    """The table with its provenance in every row; the same table where its facts tell none."""
    told = _told(table)
    if not told:
        return table
    cells = tuple(next((str(told[name]) for name in names if told.get(name)), None) for names in COLUMNS.values())
    columns = tuple(Column(key, key) for key in COLUMNS)
    return replace(
        table, columns=(*table.columns, *columns), rows=tuple((*row, *cells) for row in table.rows), total=None
    )


def sentence(table: Table) -> str:
    """``Billed: Cost Explorer, UnblendedCost in USD, asked 2026-11-23 12:00 UTC.``; empty where nothing is told."""
    told = _told(table)
    if not told:
        return ""
    what = f", {told['metric']} in USD" if "metric" in told else ""
    late = told.get("late_by_seconds")
    age = f"; it is about {late // 60} minutes late" if late else ""
    asked = datetime.fromisoformat(told["asked"])
    return f"{told['kind'].capitalize()}: {told['source']}{what}, asked {asked:%Y-%m-%d %H:%M} UTC{age}."


def _told(table: Table) -> Mapping[str, Any]:
    facts = table.facts or {}
    return facts if all(facts.get(name) for name in _NEEDED) else {}
