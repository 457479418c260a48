"""CSV in the columns of FOCUS, the FinOps Open Cost and Usage Specification.

FOCUS-aligned, not conformant: a table says what its source knows, columns it cannot fill are not there. Column names
are as in FOCUS 1.2, own ones start with ``x_``; not known is an empty field; times are UTC.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime, time

from costsentry_cli.domain.errors import SentryError
from costsentry_cli.domain.table import Cell, Table
from costsentry_cli.render.csv_text import as_csv

_NAME = re.compile(r"(?:x_)?[A-Z][A-Za-z0-9]*")


def as_focus(table: Table, *, raw: bool = False) -> str:
    """A table whose columns are FOCUS's; raises ``SentryError`` CS0101 for one with other columns."""
    others = [column.key for column in table.data().columns if not _NAME.fullmatch(column.key)]
    if others:
        raise SentryError("CS0101", f"FOCUS has no column {', '.join(others)}", help="-o csv")
    rows = tuple(tuple(map(_instant, row)) for row in table.rows)
    return as_csv(replace(table, rows=rows), raw=raw)


def _instant(cell: Cell) -> Cell:
    """A day as the moment it begins: FOCUS has no dates, only times."""
    if isinstance(cell, date) and not isinstance(cell, datetime):
        return datetime.combine(cell, time(), UTC)
    return cell
