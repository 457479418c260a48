"""What became of tag keys that were to be activated or deactivated."""

from __future__ import annotations

from costsentry_cli.domain.table import Column, Row, Table
from costsentry_cli.domain.tag_life import Switched

COLUMNS = (Column("key", "Tag key"), Column("result", "Result"), Column("reason", "Reason", drop=1, unknown=""))


def as_table(ended: Switched, changed: str = "activated", already: str = "already active") -> Table:
    """One row per key; a key billing does not know yet is pending, not an error."""
    rows: list[Row] = [(key, changed, None) for key in ended.changed]
    rows += [(key, already, None) for key in ended.already]
    rows += [(key, "pending", "not yet seen by billing") for key in ended.pending]
    rows += [(one.key, "failed", f"{one.error.code} {one.error.message}") for one in ended.failed]
    return Table("tags", COLUMNS, tuple(rows))
