"""CSV as RFC 4180 has it, in two readings: safe for spreadsheets, or raw.

An empty field is "not known", ``""`` is the empty text. In the safe reading a text that a spreadsheet would run as a
formula (OWASP, CSV injection) has a quote mark in front, and so has one that already starts like a text with such a
mark: taking one mark away gives every text back.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable

from costsentry_cli.domain.table import Cell, Column, Table, Type
from costsentry_cli.render.cells import json_value, plain_value

LINE_END, EMPTY = "\r\n", '""'
# \uff0b \uff0d \uff1d \uff20 are the double-width forms of + - = @, which spreadsheets take for the same
_FORMULA = re.compile("'*[=+\\-@\t\r\n\0\uff0b\uff0d\uff1d\uff20]")
_QUOTED = re.compile('[",\r\n]')


def as_csv(table: Table, *, raw: bool = False) -> str:
    """A header of stable keys and a row for each row of the table, without its total; ``raw``: no quote marks added."""
    data = table.data()
    text = str if raw else inert
    head = record(text(column.key) for column in data.columns)
    writers = [_writer(column, text) for column in data.columns]
    rows = zip(*(map(w, cells) for w, cells in zip(writers, zip(*data.rows, strict=True), strict=False)), strict=True)
    return "".join(f"{','.join(row) or EMPTY}{LINE_END}" for row in ((head,), *rows))


def _writer(column: Column, text: Callable[[str], str]) -> Callable[[Cell], str]:
    """How a cell of this column is written; the figures, of which there are many, take the short way."""
    words: dict[str, str] = {}  # a tag's values come again and again

    def of_text(cell: Cell) -> str:
        if not isinstance(cell, str):
            return of_figure(cell)
        if cell not in words:
            words[cell] = _quoted(text(cell))
        return words[cell]

    def of_figure(cell: Cell) -> str:
        return "" if cell is None else str(plain_value(cell))

    def of_structure(cell: Cell) -> str:
        return "" if cell is None else _quoted(json.dumps(json_value(column, cell), ensure_ascii=False))

    if column.type in (Type.CHANGES, Type.TAGS):
        return of_structure
    return of_text if column.type is Type.TEXT else of_figure


def inert(text: str) -> str:
    """The text as a spreadsheet shows it and does not run it."""
    return f"'{text}" if _FORMULA.match(text) else text


def as_written(text: str) -> str:
    """The text again of one that ``inert`` gave."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text


def record(fields: Iterable[str | None]) -> str:
    """One line without its end; quoted is what must be, the empty text, and the only field of a line."""
    line = ",".join(_quoted(field) for field in fields)
    return line or EMPTY


def _quoted(field: str | None) -> str:
    if field is None:
        return ""
    return '"' + field.replace('"', '""') + '"' if not field or _QUOTED.search(field) else field
