"""One function per output format; ``FORMATS`` is where a new one is named, ``BINARY`` where it is no text."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from costsentry_cli.domain.provenance import carried
from costsentry_cli.domain.table import Table
from costsentry_cli.render.cells import RIGHT, notes, row_object, words
from costsentry_cli.render.safe import safe, safe_line

SCHEMA_VERSION = 1


def document(table: Table, target: Mapping[str, str]) -> dict[str, Any]:
    """The table as one JSON document: schema version, target, facts, rows by column key, total."""
    data = table.data()
    result = headed(target) | dict(table.facts or {})
    result[table.name] = [row_object(data.columns, row) for row in data.rows]
    if data.total is not None:
        total = row_object(data.columns, data.total)
        del total[data.columns[0].key]
        result["total"] = total
    return result


def headed(target: Mapping[str, str]) -> dict[str, Any]:
    """What every JSON document starts with; ``target`` is left out where a command has none."""
    return {"schema_version": SCHEMA_VERSION} | ({"target": dict(target)} if target else {})


def as_json(table: Table, target: Mapping[str, str]) -> str:
    """Indented JSON, ASCII only, so that no terminal can be steered by it."""
    return json.dumps(document(table, target), indent=2) + "\n"


def as_markdown(table: Table, target: Mapping[str, str]) -> str:
    """A GitHub table; pipes and line breaks in data are escaped, the total is bold, notes follow."""
    del target
    data = table.data()
    aligned = ["---:" if column.type in RIGHT else "---" for column in data.columns]
    lines = [f"### {md_text(safe_line(table.title))}", ""] if table.title else []
    lines += [md_row([md_text(safe_line(column.title)) for column in data.columns]), md_row(aligned)]
    body = words(data)
    for number, row in enumerate(body):
        escaped = [md_text(cell) for cell in row]
        lines.append(md_row([f"**{cell}**" if number >= len(data.rows) and cell else cell for cell in escaped]))
    lines += [f"\n{md_text(safe(note))}" for note in notes(table)]
    return "\n".join(lines) + "\n"


def md_row(cells: list[str]) -> str:
    """One row of a GitHub table; the cells are escaped already."""
    return "| " + " | ".join(cells) + " |"


def md_text(text: str) -> str:
    """A text as a cell: what Markdown would read as markup is escaped."""
    for mark in ("\\", "|", "`", "*", "_", "<", "[", "]"):
        text = text.replace(mark, f"\\{mark}")
    return text


def as_csv(table: Table, target: Mapping[str, str], *, raw: bool = False) -> str:
    """RFC 4180; what a spreadsheet would run is marked as text unless ``raw``."""
    del target
    from costsentry_cli.render import csv_text

    return csv_text.as_csv(carried(table), raw=raw)


def as_focus(table: Table, target: Mapping[str, str], *, raw: bool = False) -> str:
    """The same for a table whose columns are FOCUS's."""
    del target
    from costsentry_cli.render import focus

    return focus.as_focus(table, raw=raw)


def as_jsonl(table: Table, target: Mapping[str, str]) -> str:
    """One JSON object a row."""
    del target
    from costsentry_cli.render import jsonl

    return jsonl.as_jsonl(carried(table))


def as_html(table: Table, target: Mapping[str, str]) -> str:
    """One page that needs nothing else, with a chart."""
    from costsentry_cli.render import html

    return html.as_html(table, target)


def as_svg(table: Table, target: Mapping[str, str]) -> str:
    """The chart alone."""
    del target
    from costsentry_cli.render import chart

    return chart.as_svg(table)


def as_png(table: Table, target: Mapping[str, str]) -> bytes:
    """The chart as a picture."""
    del target
    from costsentry_cli.render import png

    return png.as_png(table)


def as_parquet(table: Table, target: Mapping[str, str]) -> bytes:
    """Apache Parquet, exact."""
    from costsentry_cli.render import frames

    return frames.as_parquet(table, target)


def as_xlsx(table: Table, target: Mapping[str, str]) -> bytes:
    """An Excel workbook."""
    from costsentry_cli.render import frames

    return frames.as_xlsx(table, target)


class Separated(Protocol):
    """A format of comma-separated values; ``raw`` adds no marks to texts."""

    def __call__(self, table: Table, target: Mapping[str, str], *, raw: bool = False) -> str:
        """The table in this format."""


SEPARATED: dict[str, Separated] = {"csv": as_csv, "focus": as_focus}
FORMATS: dict[str, Callable[[Table, Mapping[str, str]], str]] = {
    "json": as_json,
    "jsonl": as_jsonl,
    "markdown": as_markdown,
    "html": as_html,
    "svg": as_svg,
    **SEPARATED,
}
BINARY: dict[str, Callable[[Table, Mapping[str, str]], bytes]] = {
    "png": as_png,
    "parquet": as_parquet,
    "xlsx": as_xlsx,
}
