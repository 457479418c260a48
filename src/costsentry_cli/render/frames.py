"""Parquet and Excel, through pandas; of the extra ``frames``.

Parquet is exact: money is decimal128(38, 18), a share decimal128(38, 34), with more digits decimal256(76, 38), days are
date32, times microseconds in UTC; what the rows do not say (total, facts) is JSON in the file's metadata.

A number in Excel has 15 digits. An amount is a number, to reckon with; where one has more digits, a column of texts
beside it, ``KEY_exact``, has them all. Shares are rounded to those 15. Texts are texts: no cell is a formula.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from costsentry_cli.domain.errors import SentryError
from costsentry_cli.domain.money import places
from costsentry_cli.domain.table import Cell, Column, Row, Table, Type
from costsentry_cli.render.cells import json_value, plain_value, row_object
from costsentry_cli.render.extras import require

if TYPE_CHECKING:
    import pyarrow as pa

METADATA = b"costsentry"
SCALES = {Type.MONEY: 18, Type.SHARE: 34, Type.DELTA: 34}
EXCEL_DIGITS = 15
EXCEL_ROWS = 1_048_576
EXCEL_TEXT = 32_767
WIDEST = 60
FORMATS = {Type.COUNT: "#,##0", Type.SHARE: "0.0%", Type.DELTA: "+0.0%;-0.0%"}
# what XML 1.0 has no way to write, and texts that look like what Excel writes instead
_UNWRITABLE = re.compile("[\0-\x08\x0b\x0c\r\x0e-\x1f\ud800-\udfff\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")


def as_parquet(table: Table, target: Mapping[str, str]) -> bytes:
    """One Parquet file; raises ``SentryError`` CS0101 without the extra."""
    require("parquet")
    import pandas as pd
    import pyarrow

    data = table.data()
    frame = table.to_pandas()
    frame.attrs = {}
    kinds = [_arrow_type(column, [row[i] for row in data.rows]) for i, column in enumerate(data.columns)]
    for i, (column, kind) in enumerate(zip(data.columns, kinds, strict=True)):
        if column.type in (Type.TEXT, Type.TAGS, Type.CHANGES):
            frame[frame.columns[i]] = pd.Series([_utf8(row[i]) for row in data.rows], dtype=object)
        elif column.type in SCALES and kind == pyarrow.string():
            frame[frame.columns[i]] = pd.Series([plain_value(row[i]) for row in data.rows], dtype=object)
    metadata = {METADATA: json.dumps(_beside(table, target)).encode()}
    schema = pyarrow.schema(list(zip(frame.columns, kinds, strict=True)), metadata=metadata)
    made: bytes = frame.to_parquet(engine="pyarrow", index=False, schema=schema)
    return made


def _beside(table: Table, target: Mapping[str, str]) -> dict[str, Any]:
    """What the rows do not say."""
    data = table.data()
    total = None if data.total is None else row_object(data.columns[1:], data.total[1:])
    said = {"title": table.title, "notes": list(table.notes), "target": dict(target), "total": total}
    return said | {"facts": dict(table.facts or {})}


def _utf8(cell: Cell) -> Any:
    """Tuples and texts, where half a surrogate pair, which UTF-8 has no way to write, is a visible escape."""
    if isinstance(cell, tuple):
        return [tuple(_utf8(part) if isinstance(part, str) else part for part in one) for one in cell if one]  # type: ignore[union-attr]
    return cell.encode(errors="backslashreplace").decode() if isinstance(cell, str) else cell


def _arrow_type(column: Column, cells: Sequence[Cell]) -> pa.DataType:
    import pyarrow

    if column.type in SCALES:
        return _decimal_type([cell for cell in cells if isinstance(cell, Decimal)], SCALES[column.type])
    if column.type is Type.DATE:
        times = any(isinstance(cell, datetime) for cell in cells)
        return pyarrow.timestamp("us", tz="UTC") if times else pyarrow.date32()
    text = pyarrow.string()
    if column.type is Type.TAGS:
        return pyarrow.map_(text, text)
    if column.type is Type.CHANGES:
        return pyarrow.list_(pyarrow.struct([("field", text), ("old", text), ("new", text)]))
    return pyarrow.int64() if column.type is Type.COUNT else text


def _decimal_type(amounts: Sequence[Decimal], usual: int) -> pa.DataType:
    """The usual type, so that files of many months fit together; a wider one, then text, for amounts it has no room."""
    import pyarrow

    scale = max((-_exponent(amount) for amount in amounts), default=0)
    whole = max((amount.adjusted() + 1 for amount in amounts), default=0)
    if scale <= usual and whole <= 38 - usual:
        return pyarrow.decimal128(38, usual)
    return pyarrow.decimal256(76, 38) if scale <= 38 and whole <= 38 else pyarrow.string()


def _exponent(amount: Decimal) -> int:
    exponent = amount.as_tuple().exponent
    return exponent if isinstance(exponent, int) else 0


def as_xlsx(table: Table, target: Mapping[str, str]) -> bytes:
    """A workbook of two sheets: the rows with their total, and what is known about them.

    Raises ``SentryError`` CS0101 without the extra, CS0103 for more than a sheet has room for.
    """
    require("xlsx")
    import pandas as pd

    data = _with_exact(table.data())
    rows = [*data.rows, *([data.total] if data.total is not None else [])]
    if len(rows) >= EXCEL_ROWS:
        raise SentryError("CS0103", f"a sheet has room for {EXCEL_ROWS - 1:,} rows", help="-o parquet, -o csv")
    keys = [_excel_text(column.key) for column in data.columns]
    cells = [[_excel(column, cell) for column, cell in zip(data.columns, row, strict=True)] for row in rows]
    frame = pd.DataFrame(cells, columns=keys, dtype=object)
    facts = pd.DataFrame(_about(table, target), columns=["name", "value"], dtype=object)
    out = io.BytesIO()
    with pd.ExcelWriter(out, engine="openpyxl") as writer:
        frame.to_excel(writer, sheet_name=data.name, index=False)
        facts.to_excel(writer, sheet_name="about", index=False)
        _formatted(writer.sheets[data.name], data)
        for sheet in writer.sheets.values():
            _nothing_runs(sheet)
    return out.getvalue()


def _with_exact(data: Table) -> Table:
    """The table with a column of texts behind each amount that has more digits than Excel."""
    every = [*data.rows, *([data.total] if data.total is not None else [])]
    long = [
        column.type is Type.MONEY and any(_digits(row[i]) > EXCEL_DIGITS for row in every)
        for i, column in enumerate(data.columns)
    ]

    def widened(row: Row) -> Row:
        pairs = zip(row, long, strict=True)
        return tuple(one for cell, more in pairs for one in ((cell, plain_value(cell)) if more else (cell,)))

    columns = tuple(
        one
        for column, more in zip(data.columns, long, strict=True)
        for one in ((column, Column(f"{column.key}_exact", column.title)) if more else (column,))
    )
    total = None if data.total is None else widened(data.total)
    return Table(data.name, columns, tuple(map(widened, data.rows)), total, data.title, data.notes, data.facts)


def _digits(cell: Cell) -> int:
    return len(cell.normalize().as_tuple().digits) if isinstance(cell, Decimal) else 0


def _excel(column: Column, cell: Cell) -> Any:
    if isinstance(cell, Decimal):
        return float(cell)
    if isinstance(cell, datetime):
        return cell.astimezone(UTC).replace(tzinfo=None)  # Excel knows no time zones
    if isinstance(cell, tuple):
        return _excel_text(json.dumps(json_value(column, cell), ensure_ascii=False))
    return _excel_text(cell) if isinstance(cell, str) else cell


def _excel_text(text: str) -> str:
    """As Excel writes what XML cannot: ``_x001B_``."""
    if len(text) > EXCEL_TEXT:
        raise SentryError("CS0103", f"a cell has room for {EXCEL_TEXT:,} characters", help="-o parquet, -o csv")
    return _UNWRITABLE.sub(lambda found: f"_x{ord(found[0]):04X}_", text)


def _about(table: Table, target: Mapping[str, str]) -> list[tuple[str, str]]:
    facts = {"title": table.title, "target": dict(target)} | dict(table.facts or {})
    known = {key: value for key, value in facts.items() if value not in (None, "", [], (), {})}
    told = [(key, value if isinstance(value, str) else json.dumps(value)) for key, value in known.items()]
    return [(_excel_text(key), _excel_text(value)) for key, value in (*told, *(("note", n) for n in table.notes))]


def _formatted(sheet: Any, data: Table) -> None:
    from openpyxl.styles import Font

    sheet.freeze_panes = "B2"
    for number, (column, cells) in enumerate(zip(data.columns, sheet.iter_cols(), strict=True)):
        form = _number_format(column, [row[number] for row in data.rows])
        for cell in cells[1:]:
            if form and not isinstance(cell.value, str):
                cell.number_format = form
        longest = max(len(str(cell.value)) for cell in cells)
        sheet.column_dimensions[cells[0].column_letter].width = (
            14 if column.type in SCALES else min(WIDEST, longest + 3)
        )
    if data.total is not None:
        for cell in sheet[sheet.max_row]:
            cell.font = Font(bold=True)


def _number_format(column: Column, cells: Sequence[Cell]) -> str:
    if column.type is Type.MONEY:
        decimals = places([cell for cell in cells if isinstance(cell, Decimal)])
        return f'"$"#,##0.{"0" * decimals}'
    if column.type is Type.DATE:
        return "yyyy-mm-dd hh:mm:ss" if any(isinstance(cell, datetime) for cell in cells) else "yyyy-mm-dd"
    return FORMATS.get(column.type, "")


def _nothing_runs(sheet: Any) -> None:
    """A text that starts like a formula is a text, and stays one when its cell is edited."""
    for cells in sheet.iter_rows():
        for cell in cells:
            if isinstance(cell.value, str):
                if cell.value.startswith(("=", "+", "-", "@")):
                    cell.quotePrefix = True
                cell.data_type = "s"
