"""One table type for every command and every format.

Cells are typed by their column: text ``str``, count ``int``, money and share ``Decimal`` (a share is 0..1, a delta
a share told with its sign), date ``datetime.date`` or an aware UTC ``datetime``, trend a tuple of ``Decimal``,
changes one of ``FieldDiff``, tags one of ``Pair``.
``None`` means "not known", never 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Any

from costsentry_cli.domain.errors import SentryError

if TYPE_CHECKING:
    import pandas


class Type(Enum):
    """What a column holds; ``BAR`` and ``TREND`` are drawings and appear only in the formats people read."""

    TEXT = "text"
    COUNT = "count"
    MONEY = "money"
    SHARE = "share"
    DELTA = "delta"
    DATE = "date"
    BAR = "bar"
    TREND = "trend"
    CHANGES = "changes"
    TAGS = "tags"


DRAWN = frozenset({Type.BAR, Type.TREND})
FieldDiff = tuple[str, str | None, str | None]
"""A field with its old and new value; None where it is added or goes."""

Pair = tuple[str, str]
"""A tag: key and value."""

Cell = str | int | Decimal | date | tuple[Decimal, ...] | tuple[FieldDiff, ...] | tuple[Pair, ...] | None
Row = tuple[Cell, ...]


@dataclass(frozen=True)
class Column:
    """``key`` is the stable name in JSON and CSV, ``title`` the heading people read.

    ``drop`` tells the order in which columns leave a narrow screen: the highest first, 0 stays for ever.
    ``unknown`` is what people read where the value is not known.
    """

    key: str
    title: str
    type: Type = Type.TEXT
    drop: int = 0
    unknown: str = "-"


@dataclass(frozen=True)
class Table:
    """Rows of cells. ``name`` is the rows' key in JSON; ``total`` is an extra last row; ``notes`` stand below."""

    name: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    total: Row | None = None
    title: str = ""
    notes: tuple[str, ...] = ()
    facts: Mapping[str, Any] | None = None
    """Further members of the JSON document (period, source, age …)."""

    def kept(self, columns: tuple[Column, ...]) -> Table:
        """The same table with only these columns, in the table's own order."""
        where = [i for i, column in enumerate(self.columns) if column in columns]

        def cut(row: Row) -> Row:
            return tuple(row[i] for i in where)

        return Table(
            self.name,
            tuple(self.columns[i] for i in where),
            tuple(cut(row) for row in self.rows),
            None if self.total is None else cut(self.total),
            self.title,
            self.notes,
            self.facts,
        )

    def data(self) -> Table:
        """The table without drawings: what machines get."""
        return self.kept(tuple(c for c in self.columns if c.type not in DRAWN))

    def to_pandas(self) -> pandas.DataFrame:
        """The rows as a frame, without drawings and total: columns by key, title, notes and facts in its ``attrs``.

        Counts are ``Int64``, times ``datetime64[us, UTC]``; all else keeps its exact type: money and shares are
        ``Decimal`` (``.astype(float)`` to draw them), days ``date``, tags a dict, changes a list of dicts. Not known is
        missing. Raises ``SentryError`` CS0101 where pandas is not installed.
        """
        try:
            import pandas as pd
        except ImportError as error:
            help_ = "pip install 'costsentry-cli[frames]'"
            raise SentryError("CS0101", "a frame needs pandas, not installed here", help=help_) from error
        data = self.data()
        series = {}
        for i, column in enumerate(data.columns):
            cells = [_in_frame(column, row[i]) for row in data.rows]
            key = column.key.encode(errors="backslashreplace").decode()  # a frame's labels are UTF-8
            series[key] = pd.Series(cells, dtype=_frame_type(column, cells))
        frame = pd.DataFrame(series)
        frame.attrs = {"title": self.title, "notes": list(self.notes), "facts": dict(self.facts or {})}
        return frame


LARGEST_INT64 = 2**63 - 1


def _in_frame(column: Column, cell: Cell) -> Any:
    if not isinstance(cell, tuple):
        return cell.astimezone(UTC) if isinstance(cell, datetime) else cell
    if column.type is Type.CHANGES:
        return [dict(zip(("field", "old", "new"), change, strict=True)) for change in cell if isinstance(change, tuple)]
    return dict(pair for pair in cell if isinstance(pair, tuple) and len(pair) == 2)


def _frame_type(column: Column, cells: list[Any]) -> str:
    known = [cell for cell in cells if cell is not None]
    if column.type is Type.COUNT and all(isinstance(c, int) and abs(c) <= LARGEST_INT64 for c in known):
        return "Int64"
    if column.type is Type.DATE and known and all(isinstance(cell, datetime) for cell in known):
        return "datetime64[us, UTC]"
    return "object"
