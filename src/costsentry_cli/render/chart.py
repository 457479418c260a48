"""A table as a chart in SVG: a bar for each row, as wide as its share, and what each day was made of.

No script, no reference to anything outside, every text escaped; a title and a description for those who do not see it.
Widths are percentages, so that a page may give it any width while its letters keep their size.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property

from costsentry_cli.domain.errors import SentryError
from costsentry_cli.domain.money import places, rounded, usd
from costsentry_cli.domain.table import Cell, Table, Type
from costsentry_cli.render.cells import words
from costsentry_cli.render.safe import markup

LIGHT = ("#0b6bb0", "#c2570c", "#0b7a5e", "#a23b8c", "#8a6d00", "#4b55c4", "#b3261e", "#5b6670")
DARK = ("#58a6e8", "#f0985a", "#3fbf95", "#d98ac8", "#d6b84a", "#9aa2ff", "#f28b82", "#9aa5b1")
REST = len(LIGHT) - 1
"""The colour of all rows that have none of their own."""
PAPER, INK, TRACK = ("#ffffff", "#0d1117"), ("#1f2328", "#e6edf3"), ("#e7ebef", "#2a313a")
"""Light and dark."""
BARS = 16
"""So many rows have a bar of their own; the others share one."""
LABEL = 44
LINE, BAR, STEP = 18, 10, 38
DAYS_HEIGHT = 120
WIDTH, MARGIN = 720, 16
HUNDRED = Decimal(100)
NOTHING = "There is nothing to draw in this period"


@dataclass(frozen=True)
class Bar:
    """One row of the chart: ``share`` 0..1 is its width, None draws none; ``values`` by day are non-negative."""

    label: str
    text: str
    share: Decimal | None
    color: int
    values: tuple[Decimal, ...] = ()


@dataclass(frozen=True)
class Chart:
    """What is drawn. ``days`` names the columns of the lower part, none when the table has no trend."""

    title: str
    bars: tuple[Bar, ...]
    trend: str = ""
    days: tuple[str, ...] = ()
    money: bool = False

    @property
    def height(self) -> int:
        """In pixels."""
        return max(1, len(self.bars)) * STEP + (DAYS_HEIGHT + 3 * LINE if self.days else 0) + LINE // 2

    @cached_property
    def totals(self) -> tuple[Decimal, ...]:
        """Of each day."""
        return _added([bar.values for bar in self.bars])

    @cached_property
    def stacks(self) -> dict[int, tuple[Decimal, ...]]:
        """By colour and day, the first row's colour first."""
        colors = sorted({bar.color for bar in self.bars})
        return {color: _added([bar.values for bar in self.bars if bar.color == color]) for color in colors}


def chart_of(table: Table) -> Chart | None:
    """The chart of a table, empty for one without rows; None for one with neither a share nor money."""
    where = _drawn_column(table)
    if where is None:
        return None
    trend = next((i for i, column in enumerate(table.columns) if column.type is Type.TREND), None)
    bars = _bars(table, _shares(table, where), trend)
    days = max((len(bar.values) for bar in bars), default=0)
    of = _measured(table)
    money = of is not None and table.columns[of].type is Type.MONEY
    title = table.title or table.name.replace("_", " ")
    if trend is None or not days:
        return Chart(title, bars, money=money)
    return Chart(title, bars, table.columns[trend].title or "Trend", _names(table, days), money)


def as_svg(table: Table) -> str:
    """The chart as a file of its own, light or dark as its reader is; raises ``SentryError`` CS0101 without one."""
    chart = chart_of(table)
    if chart is None:
        raise SentryError("CS0101", "there is no share and no amount to draw here", help="-o csv, -o html")
    top = MARGIN + LINE + MARGIN
    inner, height = WIDTH - 2 * MARGIN, top + chart.height + MARGIN
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}"'
        f' role="img" aria-labelledby="chart-title chart-desc" font-family="system-ui, sans-serif" font-size="14">\n'
        f"{_named(chart)}<style>{_dark_rules()}</style>\n"
        f'<rect class="paper" width="{WIDTH}" height="{height}" fill="{PAPER[0]}"/>\n'
        f'<text class="ink" x="{MARGIN}" y="{MARGIN + LINE}" font-weight="bold" fill="{INK[0]}">'
        f"{markup(_short(chart.title, 80))}</text>\n"
        f'<svg x="{MARGIN}" y="{top}" width="{inner}" height="{chart.height}">\n{_body(chart)}</svg>\n</svg>\n'
    )


def inline(chart: Chart) -> str:
    """The chart inside a page, whose style gives the colours (see ``page_rules``)."""
    return (
        f'<svg width="100%" height="{chart.height}" role="img" aria-labelledby="chart-title chart-desc">\n'
        f"{_named(chart)}{_body(chart)}</svg>\n"
    )


def page_rules(*, dark: bool) -> str:
    """The style sheet's rules for the chart's classes."""
    colors = "".join(f".c{i}{{fill:{color}}}" for i, color in enumerate(DARK if dark else LIGHT))
    return f"{colors}.ink{{fill:{INK[dark]}}}.track{{fill:{TRACK[dark]}}}"


def _dark_rules() -> str:
    return f"@media (prefers-color-scheme:dark){{.paper{{fill:{PAPER[1]}}}{page_rules(dark=True)}}}"


def _named(chart: Chart) -> str:
    told = "; ".join(f"{bar.label}: {bar.text}" for bar in chart.bars) or NOTHING
    return (
        f'<title id="chart-title">{markup(chart.title)}</title>\n<desc id="chart-desc">{markup(told)}.'
        f"{markup(_peak(chart))}</desc>\n"
    )


def _drawn_column(table: Table) -> int | None:
    """Where the widths come from: a bar, a column ``share``, an amount, any share."""
    wishes = (
        lambda c: c.type is Type.BAR,
        lambda c: c.type is Type.SHARE and c.key == "share",
        lambda c: c.type is Type.MONEY,
        lambda c: c.type is Type.SHARE,
    )
    return next((i for wish in wishes for i, column in enumerate(table.columns) if wish(column)), None)


def _shares(table: Table, where: int) -> list[Decimal | None]:
    cells = [row[where] if isinstance(row[where], Decimal) else None for row in table.rows]
    amounts: list[Decimal | None] = [cell if isinstance(cell, Decimal) else None for cell in cells]
    if table.columns[where].type is not Type.MONEY:
        return amounts
    whole = sum((amount for amount in amounts if amount is not None and amount > 0), Decimal(0))
    return [None if amount is None or not whole else amount / whole for amount in amounts]


def _bars(table: Table, shares: Sequence[Decimal | None], trend: int | None) -> tuple[Bar, ...]:
    names, texts = _labels(table), _texts(table)
    values = [() if trend is None else _values(row[trend]) for row in table.rows]
    kept = len(shares) if len(shares) <= BARS else BARS - 1
    bars = [Bar(names[i], texts[i], shares[i], min(i, REST), values[i]) for i in range(kept)]
    if kept < len(shares):
        others = [share for share in shares[kept:] if share is not None]
        share = sum(others, Decimal(0))
        bars.append(Bar(f"{len(shares) - kept} more", f"{share:.1%}", share, REST, _added(values[kept:])))
    return tuple(bars)


def _labels(table: Table) -> list[str]:
    """The texts in front of the first figure, joined."""
    figures = (i for i, column in enumerate(table.columns) if column.type is not Type.TEXT)
    ends = next(figures, 1) or 1
    return [" · ".join(filter(None, row[:ends])) for row in words(table)[: len(table.rows)]]


def _texts(table: Table) -> list[str]:
    """What the shares are of, and the first share, as people read them."""
    shown = [_measured(table), _first(table, Type.SHARE)]
    return [" · ".join(row[i] for i in shown if i is not None and row[i]) for row in words(table)[: len(table.rows)]]


def _measured(table: Table) -> int | None:
    """The column that shares and trend are of: a count right in front of the first share, else the first amount."""
    share = _first(table, Type.SHARE)
    if share and table.columns[share - 1].type is Type.COUNT:
        return share - 1
    return _first(table, Type.MONEY)


def _first(table: Table, kind: Type) -> int | None:
    return next((i for i, column in enumerate(table.columns) if column.type is kind), None)


def _values(cell: Cell) -> tuple[Decimal, ...]:
    """A trend; what is below zero, a credit, cannot be stacked and counts as nothing."""
    if not isinstance(cell, tuple):
        return ()
    return tuple(max(Decimal(0), value) for value in cell if isinstance(value, Decimal))


def _added(rows: Sequence[tuple[Decimal, ...]]) -> tuple[Decimal, ...]:
    count = max((len(row) for row in rows), default=0)
    return tuple(sum((row[i] for row in rows if i < len(row)), Decimal(0)) for i in range(count))


def _names(table: Table, count: int) -> tuple[str, ...]:
    """The days by date where the table's facts say its period, else by number."""
    period = (table.facts or {}).get("period") or {}
    try:
        start, end = (date.fromisoformat(str(period[word])[:10]) for word in ("start", "end"))
    except (TypeError, KeyError, ValueError):
        return tuple(f"day {number + 1}" for number in range(count))
    if (end - start).days != count:
        return tuple(f"day {number + 1}" for number in range(count))
    return tuple((start + timedelta(days=number)).isoformat() for number in range(count))


def _body(chart: Chart) -> str:
    if not chart.bars:
        return f'<text class="ink" y="{LINE}" fill="{INK[0]}">{NOTHING}</text>\n'
    lines = [_bar(bar, number * STEP) for number, bar in enumerate(chart.bars)]
    if chart.days:
        lines.append(_days(chart, len(chart.bars) * STEP + LINE // 2))
    return "".join(lines)


def _bar(bar: Bar, top: int) -> str:
    y = top + LINE + 4
    filled = ""
    if bar.share is not None and bar.share > 0:
        width = _percent(min(bar.share, Decimal(1)))
        filled = f'<rect class="bar c{bar.color}" y="{y}" width="{width}" height="{BAR}" fill="{LIGHT[bar.color]}"/>'
    return (
        f"<g><title>{markup(f'{bar.label}: {bar.text}')}</title>"
        f'<text class="ink" y="{top + LINE - 2}" fill="{INK[0]}">{markup(_short(bar.label, LABEL))}</text>'
        f'<text class="ink" x="100%" y="{top + LINE - 2}" text-anchor="end" fill="{INK[0]}">{markup(bar.text)}</text>'
        f'<rect class="track" y="{y}" width="100%" height="{BAR}" fill="{TRACK[0]}"/>{filled}</g>\n'
    )


def _days(chart: Chart, top: int) -> str:
    """Columns of stacked pieces from the first row upwards; the highest day is as high as there is room."""
    highest = max(chart.totals)
    floor = top + LINE + DAYS_HEIGHT
    step = HUNDRED / len(chart.days)
    columns = "".join(_day(chart, number, floor, highest, step) for number in range(len(chart.days)))
    heading = f"{chart.trend}.{_peak(chart)}"
    baseline = f'<rect class="track" y="{floor}" width="100%" height="1" fill="{TRACK[0]}"/>'
    first, last = chart.days[0], chart.days[-1] if len(chart.days) > 1 else ""
    return (
        f'<text class="ink" y="{top + LINE - 6}" fill="{INK[0]}">{markup(heading)}</text>\n{columns}{baseline}'
        f'<text class="ink" y="{floor + LINE}" fill="{INK[0]}">{markup(first)}</text>'
        f'<text class="ink" x="100%" y="{floor + LINE}" text-anchor="end" fill="{INK[0]}">{markup(last)}</text>\n'
    )


def _day(chart: Chart, number: int, floor: int, highest: Decimal, step: Decimal) -> str:
    pieces, y = [], Decimal(floor)
    for color, values in chart.stacks.items():
        value = values[number] if number < len(values) else Decimal(0)
        if not value:
            continue
        height = value / highest * DAYS_HEIGHT
        y -= height
        pieces.append(
            f'<rect class="day c{color}" x="{_number(step * number)}%" y="{_number(y)}"'
            f' width="{_number(step * Decimal("0.85"))}%" height="{_number(height)}" fill="{LIGHT[color]}"/>'
        )
    told = f"{chart.days[number]}: {_amount(chart, chart.totals[number])}"
    return f"<g><title>{markup(told)}</title>{''.join(pieces)}</g>\n" if pieces else ""


def _peak(chart: Chart) -> str:
    """`` Highest: $27.10 on 2026-11-03``; nothing without days."""
    if not chart.days:
        return ""
    highest = max(chart.totals)
    return f" Highest: {_amount(chart, highest)} on {chart.days[chart.totals.index(highest)]}" if highest else ""


def _amount(chart: Chart, value: Decimal) -> str:
    return usd(value, places([value])) if chart.money else f"{rounded(value, 0):,}"


def _percent(share: Decimal) -> str:
    return f"{_number(share * HUNDRED)}%"


def _number(value: Decimal) -> str:
    """With four decimals at most, and none that say nothing."""
    return f"{rounded(value, 4).normalize():f}"


def _short(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
