"""One table type for every command and every format.

Cells are typed by their column: text ``str``, count ``int``, money and share ``Decimal`` (a share is 0..1), date
``datetime.date`` or an aware UTC ``datetime``, trend a tuple of ``Decimal``, changes one of ``FieldDiff``, tags
one of ``Pair``.
``None`` means "not known", never 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Any


class Type(Enum):
    """What a column holds; ``BAR`` and ``TREND`` are drawings and appear only in the formats people read."""

    TEXT = "text"
    COUNT = "count"
    MONEY = "money"
    SHARE = "share"
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
