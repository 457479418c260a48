"""What became of tag keys that were to be activated."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from costsentry_cli.domain.kinds.cost_allocation_tag import Refusal
from costsentry_cli.domain.table import Column, Row, Table

COLUMNS = (Column("key", "Tag key"), Column("result", "Result"), Column("reason", "Reason", drop=1, unknown=""))
UNSEEN = "TagKeysNotFoundException"


class Ended(Protocol):
    """The keys by what became of them."""

    @property
    def activated(self) -> Sequence[str]:
        """Activated now."""
        ...

    @property
    def already(self) -> Sequence[str]:
        """Active before."""
        ...

    @property
    def refused(self) -> Sequence[Refusal]:
        """Refused by AWS."""
        ...


def as_table(ended: Ended) -> Table:
    """One row per key; a key AWS does not know yet is pending, not an error."""
    rows: list[Row] = [(key, "activated", None) for key in ended.activated]
    rows += [(key, "already active", None) for key in ended.already]
    rows += [(one.key, *_told(one)) for one in ended.refused]
    return Table("tags", COLUMNS, tuple(rows))


def _told(refusal: Refusal) -> tuple[str, str]:
    if refusal.code == UNSEEN:
        return "pending", "not yet seen by billing"
    return "refused", f"{refusal.code}: {refusal.message}"
