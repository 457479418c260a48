"""The budgets' standing as people read it: a bar up to the limit with a mark where the period stands, signs and words.

Every sign stands beside its word, and each has a form for terminals without Unicode.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from costsentry_cli.domain.budget_standing import State
from costsentry_cli.domain.money import CENTS, rounded
from costsentry_cli.domain.table import Cell, Column, Row, Table, Type
from costsentry_cli.render.cells import BLOCKS

BAR = 20
CENT = Decimal("0.01")
SIGNS = {
    State.ON_TRACK: ("✓", "+"),
    State.EXCEEDED: ("✗", "x"),
    State.NO_FIGURE: ("~", "~"),
}
WARNS = ("!", "!")
COLUMNS = (
    Column("name", "Budget"),
    Column("limit_usd", "Limit", Type.MONEY),
    Column("actual_usd", "Actual", Type.MONEY),
    Column("forecast_usd", "Forecast", Type.MONEY, drop=3),
    Column("per", "Per", drop=4),
    Column("bar", "", drop=5, unknown=""),
    Column("share", "Share", Type.SHARE, drop=2, unknown=""),
    Column("state", "State"),
    Column("owner", "Owner", drop=1, unknown=""),
)


def for_people(table: Table, *, ascii_only: bool) -> Table:
    """The table of ``sentry budgets status`` with drawn bars and signs; a column that says nothing is left out."""
    keys = [column.key for column in table.columns]
    found = [dict(zip(keys, row, strict=True)) for row in table.rows]
    several = len({str(one["filter"]).partition("=")[0] for one in found if one["owner"] is None}) > 1
    rows = tuple(_row(one, ascii_only=ascii_only, several=several) for one in found)
    idle = {"per"} if {one["per"] for one in found} <= {"month", None} else set()
    idle |= {"owner"} if {one["owner"] for one in found} <= {"ours", None} else set()
    idle |= {"bar"} if all(one["share"] is None for one in found) else set()
    drawn = replace(table, columns=COLUMNS, rows=rows)
    return drawn.kept(tuple(column for column in COLUMNS if column.key not in idle))


def bar(share: Decimal, gone: Decimal, *, ascii_only: bool = False) -> str:
    """``███████████┃···`` of 20 characters: how much of the limit is used, and a mark where the period stands."""
    eighths = int(min(share, Decimal(1)) * BAR * 8)
    full, part = divmod(eighths, 8)
    cells = ["#" if ascii_only else BLOCKS[8]] * full
    if part and not ascii_only:
        cells.append(BLOCKS[part])
    cells += ["." if ascii_only else "·"] * (BAR - len(cells))
    cells[min(BAR - 1, int(gone * BAR))] = "|"
    return "".join(cells)


def _row(one: dict[str, Cell], *, ascii_only: bool, several: bool) -> Row:
    share, gone, drawn = one["share"], one["period_gone"], None
    if isinstance(share, Decimal) and isinstance(gone, Decimal):
        drawn = bar(share, gone, ascii_only=ascii_only)
    named: dict[str, Cell] = {**one, "bar": drawn, "state": _state(one, ascii_only=ascii_only, several=several)}
    return tuple(_cents(named[column.key]) if column.type is Type.MONEY else named[column.key] for column in COLUMNS)


def _cents(amount: Cell) -> Cell:
    """In cents: nobody adds these up, so the digits that make sums come out say nothing. Less than a cent stays."""
    return rounded(amount, CENTS) if isinstance(amount, Decimal) and abs(amount) >= CENT else amount


def _state(one: dict[str, Cell], *, ascii_only: bool, several: bool) -> str:
    """Sign, word and reason; which tag key a cost has no budget by is said where there are several."""
    state, reason = State(str(one["state"])), str(one["reason"] or "")
    sign = SIGNS.get(state, WARNS)[ascii_only]
    if state is State.NO_BUDGET and not several:
        return f"{sign} {state}"
    return f"{sign} {state}{'' if reason.startswith('by ') or not reason else ':'} {reason}".rstrip()
