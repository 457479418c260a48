"""JSON Lines: one object for each row, for tools that read as they go."""

from __future__ import annotations

import json

from costsentry_cli.domain.table import Table
from costsentry_cli.render.cells import row_object


def as_jsonl(table: Table) -> str:
    """The rows of the JSON document, each on a line of its own, ASCII only; total and facts are in ``json``."""
    data = table.data()
    return "".join(f"{json.dumps(row_object(data.columns, row))}\n" for row in data.rows)
