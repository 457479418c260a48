"""How one cell of each type is written, for people and for machines."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from costsentry_cli.domain.money import places, plain, rounded, usd
from costsentry_cli.domain.provenance import sentence
from costsentry_cli.domain.resource import TAG_FIELD
from costsentry_cli.domain.table import Cell, Column, Row, Table, Type
from costsentry_cli.render.safe import safe_line

RIGHT = frozenset({Type.COUNT, Type.MONEY, Type.SHARE, Type.DELTA})
"""The figures: they stand at the right, under one another."""
BAR_WIDTH = 20
BLOCKS = " ▏▎▍▌▋▊▉█"
SPARKS = "▁▂▃▄▅▆▇█"
ROUNDED = "Amounts are rounded: rows may miss the total by a unit; -o json and csv are exact."
DUST = Decimal("1e-12")
"""A sum of rows that is nearer to the total than this is the total."""
ASCII_SPARKS = "_.-=+*#@"


def words(table: Table, *, ascii_only: bool = False) -> list[list[str]]:
    """Every row, the total last, as people read it: one text per column."""
    rows = list(table.rows) + ([table.total] if table.total is not None else [])
    columns = [
        _column_words(column, [row[i] for row in rows], table, ascii_only) for i, column in enumerate(table.columns)
    ]
    return [list(row) for row in zip(*columns, strict=True)]


def _column_words(column: Column, cells: Sequence[Cell], table: Table, ascii_only: bool) -> list[str]:  # noqa: FBT001
    body = cells[: len(table.rows)]
    if column.type is Type.MONEY:
        decimals = places([cell for cell in body if isinstance(cell, Decimal)])
        return [column.unknown if cell is None else usd(_money(cell), decimals) for cell in cells]
    if column.type is Type.BAR:
        return [bar(cell, ascii_only=ascii_only) if n < len(body) else "" for n, cell in enumerate(cells)]
    return [_word(column, cell, ascii_only) for cell in cells]


def notes(table: Table) -> tuple[str, ...]:
    """What stands below the table for people: its own notes, where its figures come from where it has some, and that
    they are rounded where that can be seen."""
    total = table.total or (None,) * len(table.columns)
    missed = (_misses(one, [row[i] for row in table.rows], total[i]) for i, one in enumerate(table.columns))
    further = (sentence(table) if table.rows else "", ROUNDED if any(missed) else "")
    return (*table.notes, *filter(None, further))


def _misses(column: Column, body: Sequence[Cell], total: Cell) -> bool:
    """Whether the rows of a column are its total, but do not look like it."""
    amounts = [cell for cell in body if isinstance(cell, Decimal)]
    if column.type is not Type.MONEY or not isinstance(total, Decimal):
        return False
    decimals = places(amounts)
    shown = sum((rounded(amount, decimals) for amount in amounts), Decimal(0))
    return shown != rounded(total, decimals) and abs(sum(amounts, Decimal(0)) - total) < DUST


def _word(column: Column, cell: Cell, ascii_only: bool) -> str:  # noqa: FBT001
    if cell is None:
        return column.unknown
    if column.type is Type.COUNT:
        return f"{cell:,}"
    if column.type is Type.SHARE:
        return f"{_money(cell):.1%}"
    if column.type is Type.DELTA:
        return f"{_money(cell):+.1%}"
    if column.type is Type.TREND:
        return trend([_money(value) for value in _items(cell)], ascii_only=ascii_only)
    if column.type is Type.CHANGES:
        return "; ".join(safe_line(field_diff(*change)) for change in _items(cell))
    if column.type is Type.TAGS:
        return tags_text(_items(cell))
    if isinstance(cell, datetime):
        return f"{cell:%Y-%m-%d %H:%M}"
    return safe_line(str(cell))


def field_diff(field: str, old: str | None, new: str | None) -> str:
    """``tags.environment: staging -> production``; what is added or goes has one side only."""
    if old is None:
        return f"{field}={new}" if field.startswith(TAG_FIELD) else f"{field}: {new} (new)"
    if new is None:
        return f"{field} removed (was {old})"
    return f"{field}: {old} -> {new}"


def tags_text(pairs: Sequence[Any]) -> str:
    """``costCenter=sales environment=production``, as people read tags."""
    return " ".join(safe_line(f"{key}={value}") for key, value in pairs)


def _items(cell: Cell) -> tuple[Any, ...]:
    return cell if isinstance(cell, tuple) else ()


def _money(cell: Cell) -> Decimal:
    return cell if isinstance(cell, Decimal) else Decimal(str(cell))


def bar(share: Cell, *, ascii_only: bool = False) -> str:
    """A share of 1 as a bar of ``BAR_WIDTH`` characters, in eighths where the terminal has them."""
    if not isinstance(share, Decimal) or share <= 0:
        return ""
    eighths = max(1, int(min(share, Decimal(1)) * BAR_WIDTH * 8))
    if ascii_only:
        return "#" * max(1, eighths // 8)
    return (BLOCKS[8] * (eighths // 8) + BLOCKS[eighths % 8]).rstrip()


def trend(values: Sequence[Decimal], *, ascii_only: bool = False) -> str:
    """One character per value, scaled to the largest; a zero is the lowest mark."""
    marks = ASCII_SPARKS if ascii_only else SPARKS
    top = max(values, default=Decimal(0))
    if top <= 0:
        return marks[0] * len(values)
    return "".join(marks[min(7, int(value / top * 8)) if value > 0 else 0] for value in values)


def plain_value(cell: Cell) -> Any:
    """A cell for machines: money and shares as decimal strings, days as ISO dates, times as RFC 3339 UTC."""
    if isinstance(cell, Decimal):
        return plain(cell) if abs(cell) >= Decimal("1e-18") else "0.00"
    if isinstance(cell, datetime):
        return cell.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    if isinstance(cell, date):
        return cell.isoformat()
    return cell


def json_value(column: Column, cell: Cell) -> Any:
    """A cell for JSON; changes become a list of objects, tags an object."""
    if column.type is Type.CHANGES:
        return [{"field": field, "old": old, "new": new} for field, old, new in _items(cell)]
    return dict(_items(cell)) if column.type is Type.TAGS else plain_value(cell)


def row_object(columns: Sequence[Column], row: Row) -> dict[str, Any]:
    """A row for machines: each cell for JSON, by its column's key."""
    return {column.key: json_value(column, cell) for column, cell in zip(columns, row, strict=True)}


def usd_estimate(cost: Decimal) -> str:
    """``~ $0.0001 (estimate)``."""
    return f"~ {usd(cost, places([cost]))} (estimate)"
