"""Frames, Parquet and workbooks: exact where the format can be, and honest where it cannot."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet
import pytest

from costsentry_cli.domain.errors import SentryError
from costsentry_cli.domain.table import Cell, Column, Table, Type
from costsentry_cli.render.extras import NEEDS, require
from costsentry_cli.render.formats import BINARY
from costsentry_cli.render.frames import as_parquet, as_xlsx

D = Decimal
COLUMNS = (
    Column("costCenter", "costCenter"),
    Column("cost_usd", "Cost", Type.MONEY),
    Column("share", "Share", Type.SHARE),
    Column("requests", "Requests", Type.COUNT),
    Column("day", "Day", Type.DATE),
    Column("at", "At", Type.DATE),
    Column("tags", "Tags", Type.TAGS),
    Column("changes", "Changes", Type.CHANGES),
    Column("trend", "By day", Type.TREND),
)
ROWS = (
    (
        "sales",
        D("0.123456789012345678"),
        D(2) / D(3),
        2**53 + 1,
        date(2026, 9, 2),
        datetime(2026, 9, 2, 7, 30, tzinfo=UTC),
        (("costCenter", "sales"),),
        (("model", "a", None),),
        (D(1),),
    ),
    (None, None, None, None, None, None, None, None, None),
)
TOTAL = ("Total", D("0.123456789012345678"), D(1), 2**53 + 1, None, None, None, None, ())
TABLE = Table("costs", COLUMNS, ROWS, TOTAL, "Cost", ("a note",), {"source": "Cost Explorer"})
DATA = [column.key for column in COLUMNS if column.type is not Type.TREND]


def amounts(*cells: Decimal | None, kind: Type = Type.MONEY) -> Table:
    return Table("costs", (Column("cost_usd", "", kind),), tuple((cell,) for cell in cells))


def parquet(table: Table) -> pa.Table:
    return pyarrow.parquet.read_table(io.BytesIO(as_parquet(table, {"kind": "sandbox"})))


def sheet(table: Table) -> list[list[Any]]:
    book = openpyxl.load_workbook(io.BytesIO(as_xlsx(table, {"kind": "sandbox"})))
    return [[cell.value for cell in row] for row in book[table.name].iter_rows()]


def test_a_frame_has_exact_cells_and_says_where_they_come_from() -> None:
    frame = TABLE.to_pandas()
    assert list(frame.columns) == DATA
    assert frame["cost_usd"][0] == D("0.123456789012345678")
    assert frame["cost_usd"].sum() == D("0.123456789012345678")
    assert (frame["requests"].dtype, frame["requests"][0]) == ("Int64", 2**53 + 1)
    assert frame["day"][0] == date(2026, 9, 2)
    assert frame["at"][0] == pd.Timestamp("2026-09-02T07:30:00Z")
    assert frame["tags"][0] == {"costCenter": "sales"}
    assert frame["changes"][0] == [{"field": "model", "old": "a", "new": None}]
    assert frame.isna().iloc[1].all()
    assert frame.attrs == {"title": "Cost", "notes": ["a note"], "facts": {"source": "Cost Explorer"}}


def test_a_frame_adds_up_by_group() -> None:
    columns = (Column("costCenter", ""), Column("cost_usd", "", Type.MONEY))
    frame = Table("costs", columns, (("a", D("0.1")), ("b", D("5")), ("a", D("0.2")))).to_pandas()
    assert frame.groupby("costCenter")["cost_usd"].sum().to_dict() == {"a": D("0.3"), "b": D(5)}


def test_without_rows_there_is_a_frame_without_rows() -> None:
    frame = Table("costs", COLUMNS, ()).to_pandas()
    assert (len(frame), list(frame.columns)) == (0, DATA)
    assert parquet(Table("costs", COLUMNS, ())).num_rows == 0
    assert sheet(Table("costs", COLUMNS, ())) == [DATA]


def test_parquet_gives_every_cell_back() -> None:
    found = parquet(TABLE)
    assert {name: str(found.schema.field(name).type) for name in found.column_names} == {
        "costCenter": "string",
        "cost_usd": "decimal128(38, 18)",
        "share": "decimal128(38, 34)",
        "requests": "int64",
        "day": "date32[day]",
        "at": "timestamp[us, tz=UTC]",
        "tags": "map<string, string ('tags')>",
        "changes": "list<element: struct<field: string, old: string, new: string>>",
    }
    first, second = found.to_pylist()
    assert first == {
        "costCenter": "sales",
        "cost_usd": D("0.123456789012345678"),
        "share": D(2) / D(3),
        "requests": 2**53 + 1,
        "day": date(2026, 9, 2),
        "at": datetime(2026, 9, 2, 7, 30, tzinfo=UTC),
        "tags": [("costCenter", "sales")],
        "changes": [{"field": "model", "old": "a", "new": None}],
    }
    assert set(second.values()) == {None}


def test_parquet_says_beside_the_rows_what_they_do_not() -> None:
    assert json.loads(parquet(TABLE).schema.metadata[b"costsentry"]) == {
        "title": "Cost",
        "notes": ["a note"],
        "target": {"kind": "sandbox"},
        "total": {
            "cost_usd": "0.123456789012345678",
            "share": "1.00",
            "requests": 2**53 + 1,
            "day": None,
            "at": None,
            "tags": {},
            "changes": [],
        },
        "facts": {"source": "Cost Explorer"},
    }


@pytest.mark.parametrize(
    ("cell", "kind"),
    [
        (D("99999999999999999999"), "decimal128(38, 18)"),
        (D("1E+25"), "decimal256(76, 38)"),
        (D("1E-30"), "decimal256(76, 38)"),
        (D("-0.1"), "decimal128(38, 18)"),
    ],
)
def test_an_amount_in_parquet_is_exact_in_whatever_type_has_room(cell: Decimal, kind: str) -> None:
    found = parquet(amounts(cell, None))
    assert (found.column(0).to_pylist(), str(found.schema.field(0).type)) == ([cell, None], kind)


def test_an_amount_no_type_has_room_for_is_a_text_in_parquet() -> None:
    assert parquet(amounts(D("1E+40"), None)).column(0).to_pylist() == [f"1{'0' * 40}.00", None]


def test_a_workbook_has_numbers_to_reckon_with_dates_and_the_total_last() -> None:
    columns = (Column("team", ""), Column("cost_usd", "", Type.MONEY), Column("n", "", Type.COUNT), *COLUMNS[4:6])
    row: tuple[Cell, ...] = ("sales", D("412.88"), 7, date(2026, 9, 2), datetime(2026, 9, 2, 7, 30, tzinfo=UTC))
    table = Table("costs", columns, (row, (None,) * 5), ("Total", D("412.88"), 7, None, None))
    assert sheet(table) == [
        ["team", "cost_usd", "n", "day", "at"],
        ["sales", 412.88, 7, datetime(2026, 9, 2), datetime(2026, 9, 2, 7, 30)],  # noqa: DTZ001 Excel has no zones
        [None] * 5,
        ["Total", 412.88, 7, None, None],
    ]
    cells = openpyxl.load_workbook(io.BytesIO(as_xlsx(table, {})))["costs"]
    assert [cell.number_format for cell in cells[2]] == [
        "General",
        '"$"#,##0.00',
        "#,##0",
        "yyyy-mm-dd",
        "yyyy-mm-dd hh:mm:ss",
    ]
    assert [cell.font.bold for cell in cells[4]] == [True] * 5


def test_an_amount_excel_cannot_hold_stands_beside_itself_as_a_text() -> None:
    assert sheet(amounts(D("0.123456789012345678"), D(1))) == [
        ["cost_usd", "cost_usd_exact"],
        [0.1234567890123457, "0.123456789012345678"],
        [1, "1.00"],
    ]
    assert sheet(amounts(D("123456789012.345"))) == [["cost_usd"], [123456789012.345]]


def test_a_workbook_says_on_a_second_sheet_what_the_rows_do_not() -> None:
    about = openpyxl.load_workbook(io.BytesIO(as_xlsx(TABLE, {"kind": "sandbox"})))["about"]
    assert [[cell.value for cell in row] for row in about.iter_rows()] == [
        ["name", "value"],
        ["title", "Cost"],
        ["target", '{"kind": "sandbox"}'],
        ["source", "Cost Explorer"],
        ["note", "a note"],
    ]


def test_what_a_cell_of_excel_has_no_room_for_is_refused_and_not_cut() -> None:
    table = Table("rows", (Column("name", ""),), (("x" * 32_768,),))
    with pytest.raises(SentryError, match="a cell has room for 32,767 characters"):
        as_xlsx(table, {})


@pytest.mark.parametrize(
    ("form", "missing", "extra"), [("parquet", "pandas and pyarrow", "frames"), ("png", "cairosvg", "png")]
)
def test_a_format_without_its_library_names_the_extra(form: str, missing: str, extra: str) -> None:
    with pytest.raises(SentryError) as refused:
        require(form, installed=lambda package: False)
    assert refused.value.message == f"{form} needs {missing}, not installed here"
    assert refused.value.help == f"pip install 'costsentry-cli[{extra}]'"
    require("csv", installed=lambda package: False)


def test_every_binary_format_names_what_it_needs() -> None:
    assert set(NEEDS) == set(BINARY)


def test_a_frame_without_pandas_names_the_extra() -> None:
    code = (
        "import sys; sys.modules['pandas'] = None\n"
        "from costsentry_cli.domain.errors import SentryError\n"
        "from costsentry_cli.domain.table import Table\n"
        "try: Table('rows', (), ()).to_pandas()\n"
        "except SentryError as error: print(error.code, error.help)"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert ended.stdout == "CS0101 pip install 'costsentry-cli[frames]'\n"
