"""CSV: RFC 4180 to the letter, nothing lost on the way to JSON and back, nothing run by a spreadsheet."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_hostile_formats import HOSTILE

from costsentry_cli.domain.errors import SentryError
from costsentry_cli.domain.table import Cell, Column, Row, Table, Type
from costsentry_cli.render.csv_text import as_csv, as_written, inert, record
from costsentry_cli.render.focus import as_focus
from costsentry_cli.render.formats import as_json
from costsentry_cli.render.jsonl import as_jsonl

TEXT = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=12))
AMOUNT = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**9), max_value=10**9, places=12)
TIMES = st.datetimes(timezones=st.just(UTC)).map(lambda at: at.replace(microsecond=0))
CHANGE = st.tuples(TEXT, st.none() | TEXT, st.none() | TEXT)
CELLS: dict[Type, st.SearchStrategy[Any]] = {
    Type.TEXT: TEXT,
    Type.COUNT: st.integers(),
    Type.MONEY: AMOUNT,
    Type.SHARE: AMOUNT,
    Type.DELTA: AMOUNT,
    Type.DATE: st.dates() | TIMES,
    Type.CHANGES: st.lists(CHANGE, max_size=3).map(tuple),
    Type.TAGS: st.dictionaries(TEXT, TEXT, max_size=3).map(lambda pairs: tuple(pairs.items())),
    Type.BAR: AMOUNT,
    Type.TREND: st.lists(AMOUNT, max_size=3).map(tuple),
}


@st.composite
def tables(draw: st.DrawFn) -> Table:
    kinds = draw(st.lists(st.sampled_from(Type), max_size=6))
    keys = draw(st.lists(TEXT, min_size=len(kinds) + 2, max_size=len(kinds) + 2, unique=True))
    columns = tuple(Column(key, key, kind) for key, kind in zip(keys, [Type.TEXT, Type.TEXT, *kinds], strict=True))
    row = st.tuples(*(st.none() | CELLS[column.type] for column in columns))
    return Table("rows", columns, tuple(draw(st.lists(row, max_size=4))))


def fields(text: str) -> Iterator[list[str | None]]:
    """A reader of RFC 4180 that tells an empty field (None) from an empty text."""
    row: list[str | None] = []
    at = 0
    while at < len(text):
        if text[at] == '"':
            end = at + 1
            while text[end : end + 2] == '""' or text[end] != '"':
                end += 2 if text[end] == '"' else 1
            row.append(text[at + 1 : end].replace('""', '"'))
            at = end + 1
        else:
            end = min(found for found in (text.find(",", at), text.find("\r\n", at)) if found >= 0)
            row.append(text[at:end] or None)
            at = end
        if text[at] == ",":
            at += 1
            if text[at : at + 2] == "\r\n":
                row.append(None)
        if text[at : at + 2] == "\r\n":
            yield row
            row, at = [], at + 2


def to_json(table: Table, made: str) -> list[dict[str, Any]]:
    """The rows of the JSON document, from the CSV and the columns' types alone."""
    head, *rows = fields(made)
    assert [as_written(key or "") for key in head] == [column.key for column in table.data().columns]
    return [
        {c.key: value_of(c.type, field) for c, field in zip(table.data().columns, row, strict=True)} for row in rows
    ]


def value_of(kind: Type, field: str | None) -> Any:
    if field is None:
        return None
    if kind in (Type.CHANGES, Type.TAGS):
        return json.loads(field)
    if kind is Type.COUNT:
        return int(field)
    return as_written(field) if kind is Type.TEXT else field


def to_csv(table: Table, rows: list[dict[str, Any]]) -> str:
    """The CSV, from the JSON rows and the columns' types alone."""
    columns = table.data().columns
    lines = [[inert(column.key) for column in columns]]
    lines += [[field_of(column.type, row[column.key]) for column in columns] for row in rows]
    return "".join(f"{record(line)}\r\n" for line in lines)


def field_of(kind: Type, value: Any) -> Any:
    if value is None:
        return None
    if kind is Type.TEXT:
        return inert(value)
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else str(value)


@given(tables())
def test_csv_to_json_to_csv_loses_nothing_of_any_cell(table: Table) -> None:
    made, document = as_csv(table), json.loads(as_json(table, {}))["rows"]
    for row in document:  # to JSON changes that are not known and none at all are both an empty list
        assert row.keys() == {column.key for column in table.data().columns}
    assert to_csv(table, to_json(table, made)) == made
    known = [
        {c.key: (None if cell is None else row[c.key]) for c, cell in zip(table.data().columns, cells, strict=True)}
        for row, cells in zip(document, table.data().rows, strict=True)
    ]
    assert to_json(table, made) == known


@given(tables())
def test_an_ordinary_reader_of_csv_sees_the_same_fields(table: Table) -> None:
    made = as_csv(table)
    assert list(csv.reader(io.StringIO(made, newline=""), strict=True)) == [
        [field or "" for field in row] for row in fields(made)
    ]


@given(tables())
def test_json_lines_are_the_rows_of_the_json_document(table: Table) -> None:
    assert [json.loads(line) for line in as_jsonl(table).splitlines()] == json.loads(as_json(table, {}))["rows"]


@given(st.text())
def test_a_marked_text_starts_no_formula_and_gives_the_text_back(text: str) -> None:
    assert as_written(inert(text)) == text
    assert not inert(text).startswith(
        ("=", "+", "-", "@", "\t", "\r", "\n", "\0", "\uff1d", "\uff0b", "\uff0d", "\uff20")
    )


def test_only_texts_are_marked_never_numbers() -> None:
    columns = (Column("a", "", Type.MONEY), Column("b", "", Type.COUNT), Column("c", ""))
    assert as_csv(Table("rows", columns, ((Decimal("-1.5"), -2, "-3"),))) == "a,b,c\r\n-1.50,-2,'-3\r\n"
    assert as_csv(Table("rows", columns, ((Decimal("-1.5"), -2, "-3"),)), raw=True) == "a,b,c\r\n-1.50,-2,-3\r\n"


@pytest.mark.parametrize(
    ("cells", "line"),
    [
        (("a b", "c"), "a b,c"),
        (("a,b", "c"), '"a,b",c'),
        (('a"b', "c"), '"a""b",c'),
        (("a\rb", "c"), '"a\rb",c'),
        (("a\nb", "c"), '"a\nb",c'),
        (("", None), '"",'),
        ((None,), '""'),
    ],
)
def test_quoted_is_what_must_be_and_the_empty_text(cells: tuple[str | None, ...], line: str) -> None:
    assert record(cells) == line


def test_tags_and_changes_are_json_in_a_field() -> None:
    columns = (Column("tags", "", Type.TAGS), Column("changes", "", Type.CHANGES))
    row: Row = ((("costCenter", "sales é"),), (("model", "a", None),))
    assert list(csv.reader(io.StringIO(as_csv(Table("rows", columns, (row,))))))[1] == [
        '{"costCenter": "sales é"}',
        '[{"field": "model", "old": "a", "new": null}]',
    ]


def test_focus_has_times_for_days_and_none_but_its_own_names() -> None:
    columns = (Column("ChargePeriodStart", "", Type.DATE), Column("BilledCost", "", Type.MONEY), Column("x_Model", ""))
    rows: tuple[tuple[Cell, ...], ...] = (
        (date(2026, 10, 1), Decimal("0.5"), "=x"),
        (datetime(2026, 10, 1, 5, tzinfo=UTC), None, None),
    )
    assert as_focus(Table("rows", columns, rows)) == (
        "ChargePeriodStart,BilledCost,x_Model\r\n2026-10-01T00:00:00Z,0.50,'=x\r\n2026-10-01T05:00:00Z,,\r\n"
    )
    with pytest.raises(SentryError, match="FOCUS has no column costCenter"):
        as_focus(Table("rows", (Column("costCenter", ""),), ()))
