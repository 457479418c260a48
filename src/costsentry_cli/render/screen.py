"""A table as people read it on a terminal."""

from __future__ import annotations

import io
from collections.abc import Sequence

from costsentry_cli.domain.table import Column, Table, Type
from costsentry_cli.render.cells import RIGHT, notes, words
from costsentry_cli.render.fold import columns as cells
from costsentry_cli.render.fold import folded
from costsentry_cli.render.safe import safe, safe_line

GAP = 2
UNLIMITED = 100_000


def as_screen(table: Table, *, width: int | None, color: bool = False, ascii_only: bool = False) -> str:
    """The table within ``width`` columns (None: as wide as it needs to be, as for a pipe); notes stand below.

    What does not fit leaves in the order of the columns' ``drop``; then long texts are folded, never cut.
    """
    fitting = fitted(table, width or UNLIMITED, ascii_only=ascii_only)
    parts = [folded(f"{safe_line(table.title)}\n\n", width or UNLIMITED)] if table.title else []
    if table.rows:
        parts.append(_drawn(fitting, width or UNLIMITED, color=color, ascii_only=ascii_only))
    below = notes(fitting)
    if below:
        text = "".join(f"{safe(note)}\n" for note in below)
        parts.append(("\n" if table.rows else "") + folded(text, width or UNLIMITED))
    return "".join(parts)


def fitted(table: Table, width: int, *, ascii_only: bool = False) -> Table:
    """The table without the columns that do not fit, the highest ``drop`` first."""
    while _natural_width(table, ascii_only=ascii_only) > width:
        last = max(column.drop for column in table.columns)
        if last == 0:
            break
        table = table.kept(tuple(column for column in table.columns if column.drop != last))
    return table


def _natural_width(table: Table, *, ascii_only: bool) -> int:
    from rich.cells import cell_len

    rows = [[safe_line(column.title) for column in table.columns], *words(table, ascii_only=ascii_only)]
    return sum(max(map(cell_len, column)) + GAP for column in zip(*rows, strict=True)) - GAP


def _drawn(table: Table, width: int, *, color: bool, ascii_only: bool) -> str:
    from rich.console import Console
    from rich.table import Table as Grid
    from rich.text import Text

    out = io.StringIO()
    console = Console(
        file=out, width=width, force_terminal=color, no_color=not color, color_system="standard" if color else None
    )
    grid = Grid(box=None, padding=(0, GAP, 0, 0), pad_edge=False, show_edge=False, header_style="bold")
    rows = list(words(table, ascii_only=ascii_only))
    for column, wide in zip(table.columns, _widths(table, rows, width), strict=True):
        grid.add_column(
            Text(safe_line(column.title)),
            justify="right" if column.type in RIGHT else "left",
            overflow="fold",
            no_wrap=_whole(column),
            width=wide,
        )
    for number, row in enumerate(rows):
        grid.add_row(*(Text(cell) for cell in row), style="bold" if number >= len(table.rows) else None)
    console.print(grid)
    return "".join(f"{line.rstrip()}\n" for line in _plain_ends(out.getvalue()))


def _widths(table: Table, rows: Sequence[Sequence[str]], width: int) -> list[int | None]:
    """How wide each column is where they must share the room: no word of a text is broken, and no text is
    wider than another that has to be folded. None for all where everything fits, or where not even the words do.
    """
    texts = list(zip(*([safe_line(column.title) for column in table.columns], *rows), strict=True))
    most = [max(map(cells, column)) for column in texts]
    least = [
        most[place] if _whole(column) else max(cells(word) for text in texts[place] for word in text.split() or [""])
        for place, column in enumerate(table.columns)
    ]
    room = width - GAP * (len(most) - 1)
    if not sum(least) <= room < sum(most):
        return [None] * len(most)

    def capped(cap: int) -> list[int]:
        return [max(low, min(high, cap)) for low, high in zip(least, most, strict=True)]

    return [*next(wide for wide in map(capped, range(room, -1, -1)) if sum(wide) <= room)]


def _whole(column: Column) -> bool:
    return column.type is not Type.TEXT


def _plain_ends(text: str) -> Sequence[str]:
    return text.splitlines()
