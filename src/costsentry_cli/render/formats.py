"""One function per output format; ``FORMATS`` is where a new one is named."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping
from typing import Any

from costsentry_cli.domain.table import Cell, Column, Row, Table, Type
from costsentry_cli.render.cells import field_diff, json_value, plain_value, tags_text, words

SCHEMA_VERSION = 1
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
NUMERIC = frozenset({Type.COUNT, Type.MONEY, Type.SHARE})


def document(table: Table, target: Mapping[str, str]) -> dict[str, Any]:
    """The table as one JSON document: schema version, target, facts, rows by column key, total."""
    data = table.data()

    def entry(row: Row) -> dict[str, Any]:
        return {column.key: json_value(column, cell) for column, cell in zip(data.columns, row, strict=True)}

    result = headed(target) | dict(table.facts or {})
    result[table.name] = [entry(row) for row in data.rows]
    if data.total is not None:
        total = entry(data.total)
        del total[data.columns[0].key]
        result["total"] = total
    return result


def headed(target: Mapping[str, str]) -> dict[str, Any]:
    """What every JSON document starts with; ``target`` is left out where a command has none."""
    return {"schema_version": SCHEMA_VERSION} | ({"target": dict(target)} if target else {})


def as_json(table: Table, target: Mapping[str, str]) -> str:
    """Indented JSON, ASCII only, so that no terminal can be steered by it."""
    return json.dumps(document(table, target), indent=2) + "\n"


def as_csv(table: Table, target: Mapping[str, str]) -> str:
    """RFC 4180 with a header of stable keys; a text that a spreadsheet would run gets a quote mark in front."""
    del target
    data = table.data()
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_MINIMAL, lineterminator="\r\n")
    writer.writerow([column.key for column in data.columns])
    for row in data.rows:
        writer.writerow([_csv_cell(column, cell) for column, cell in zip(data.columns, row, strict=True)])
    return out.getvalue()


def _csv_cell(column: Column, cell: Cell) -> str:
    if column.type is Type.TAGS and isinstance(cell, tuple):
        return tags_text(cell)
    if isinstance(cell, tuple):
        return "; ".join(field_diff(*change) for change in cell if isinstance(change, tuple))
    value = plain_value(cell)
    if value is None:
        return ""
    text = str(value)
    return f"'{text}" if isinstance(cell, str) and text.startswith(FORMULA_STARTS) else text


def as_markdown(table: Table, target: Mapping[str, str]) -> str:
    """A GitHub table; pipes and line breaks in data are escaped, the total is bold, notes follow."""
    del target
    data = table.data()
    aligned = ["---:" if column.type in NUMERIC else "---" for column in data.columns]
    lines = [f"### {table.title}", ""] if table.title else []
    lines += [md_row([column.title for column in data.columns]), md_row(aligned)]
    body = words(data)
    for number, row in enumerate(body):
        escaped = [md_text(cell) for cell in row]
        lines.append(md_row([f"**{cell}**" if number >= len(data.rows) and cell else cell for cell in escaped]))
    lines += [f"\n{note}" for note in table.notes]
    return "\n".join(lines) + "\n"


def md_row(cells: list[str]) -> str:
    """One row of a GitHub table; the cells are escaped already."""
    return "| " + " | ".join(cells) + " |"


def md_text(text: str) -> str:
    """A text as a cell: what Markdown would read as markup is escaped."""
    for mark in ("\\", "|", "`", "*", "_", "<", "[", "]"):
        text = text.replace(mark, f"\\{mark}")
    return text


FORMATS: dict[str, Callable[[Table, Mapping[str, str]], str]] = {
    "json": as_json,
    "csv": as_csv,
    "markdown": as_markdown,
}
