"""Usage as a table: counts, latency, an estimated cost; what had no data is not known, and not 0."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from costsentry_cli.domain.assumptions import CLOUDWATCH_LAG, CLOUDWATCH_METRIC_USD
from costsentry_cli.domain.catalog import load
from costsentry_cli.domain.reports.callers import GroupBy
from costsentry_cli.domain.reports.moments import Cut, Moments
from costsentry_cli.domain.reports.usage import NOTHING, Figures, Groups, Row, Values
from costsentry_cli.domain.table import Cell, Column, Table, Type
from costsentry_cli.domain.table import Row as Cells

TITLES: Mapping[str, tuple[str, str]] = {
    GroupBy.PROFILE: ("Profile", "(no profile)"),
    GroupBy.MODEL: ("Model", "(unknown)"),
    GroupBy.REGION: ("Region", ""),
    GroupBy.ACCOUNT: ("Account", ""),
}
"""The heading, and what people read where there is none; a tag key is its own heading."""

UNFINISHED = "The last day is not over: it ends at 00:00 UTC."
COST = Column("estimated_cost_usd", "Est. cost", Type.MONEY)
OF_BEDROCK = (
    Column("requests", "Requests", Type.COUNT),
    Column("input_tokens", "In", Type.COUNT, drop=1),
    Column("output_tokens", "Out", Type.COUNT, drop=1),
    Column("cache_read_tokens", "Cache read", Type.COUNT, drop=6),
    Column("cache_write_tokens", "Cache write", Type.COUNT, drop=6),
    Column("throttles", "Throttled", Type.COUNT, drop=2),
    Column("client_errors", "4xx", Type.COUNT, drop=4),
    Column("server_errors", "5xx", Type.COUNT, drop=4),
    Column("latency_avg_ms", "Avg ms", Type.COUNT, drop=3),
    Column("latency_p95_ms", "p95 ms", Type.COUNT, drop=5),
    COST,
)
OF_METERED = (
    Column("requests", "Requests", Type.COUNT),
    Column("approved", "Approved", Type.COUNT, drop=2),
    Column("approved_share", "Appr. %", Type.SHARE, drop=4),
    Column("denied", "Denied", Type.COUNT),
    Column("denied_share", "Denied %", Type.SHARE, drop=3),
    Column("failed", "Failed", Type.COUNT, drop=2),
    Column("input_tokens", "In", Type.COUNT, drop=1),
    Column("output_tokens", "Out", Type.COUNT, drop=1),
    COST,
)


def table(
    groups: Groups, columns: Sequence[Column], group_by: Sequence[str], moments: Moments, notes: Sequence[str]
) -> Table:
    """A row for each group, or for each period and group; the dearest first, what has no value last."""
    shown = (*_heads(group_by, moments), *columns)
    rows = tuple(
        (*_head(row, values, model_id, group_by, moments), *_cells(figures, columns))
        for row, values, model_id, figures in sorted(_flat(groups, moments), key=_order)
    )
    whole = sum((figures for rows in groups.values() for figures in rows.values()), NOTHING)
    total = ("Total", *(("",) * (len(shown) - len(columns) - 1)), *_cells(whole, columns)) if rows else None
    title = f"Usage by {' and '.join(group_by)}, {moments.label()}"
    return Table("usage", shown, rows, total, title, (*notes, *_notes(whole, columns, rows, moments)))


def facts(source: str, group_by: Sequence[str], moments: Moments, now: datetime, metrics: int) -> Mapping[str, Any]:
    """Where the figures come from, how sure and how old they are, and what asking cost."""
    catalog = load()
    return {
        "period": {"start": _text(moments.start), "end": _text(moments.end)},
        "granularity": str(moments.cut),
        "group_by": ",".join(group_by),
        "source": f"CloudWatch {source}",
        "kind": "measured",
        "asked": _text(now),
        "through": _text(min(moments.end, now)),
        "late_by_seconds": int(CLOUDWATCH_LAG.total_seconds()),
        "cost": {"kind": "estimated", "source": catalog.source, "as_of": catalog.as_of.isoformat()},
        "paid_metrics": metrics,
        "paid_metrics_usd": str(Decimal(CLOUDWATCH_METRIC_USD) * metrics),
    }


def unfinished(moments: Moments, now: datetime) -> bool:
    """Whether the range ends with a day or hour that is not over."""
    return moments.end - now > timedelta(minutes=1)


def _text(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


Flat = tuple[Row, Values, str, Figures]


def _flat(groups: Groups, moments: Moments) -> Iterable[Flat]:
    """Every row; a group without any data has one only when there is one for the whole range."""
    nothing: Mapping[Row, Figures] = {None: NOTHING} if moments.cut is Cut.TOTAL else {}
    for (values, model_id), rows in groups.items():
        for row, figures in (rows or nothing).items():
            yield row, values, model_id, figures


def _order(one: Flat) -> tuple[Any, ...]:
    row, values, model_id, figures = one
    requests = figures.values.get("requests", Decimal(0))
    at = row.timestamp() if row is not None else float("inf")
    names = tuple(value or "" for value in values)
    return (at, None in values, -(figures.cost or Decimal(0)), -requests, names, model_id)


def _heads(group_by: Sequence[str], moments: Moments) -> tuple[Column, ...]:
    told = [(by, *TITLES.get(by, (by, "(untagged)"))) for by in group_by]
    period = Column("period", "Hour" if moments.cut is Cut.HOURLY else "Day", Type.DATE)
    start = () if moments.cut is Cut.TOTAL else (period,)
    own = (Column("id", "Id", drop=7, unknown=""),) if GroupBy.PROFILE in group_by else ()
    return (*start, *(Column(str(by), title, unknown=unknown) for by, title, unknown in told), *own)


def _head(row: Row, values: Values, model_id: str, group_by: Sequence[str], moments: Moments) -> Cells:
    start: Cells = ()
    if moments.cut is not Cut.TOTAL:
        start = (row.date() if row is not None and moments.cut is Cut.DAILY else row,)
    own: Cells = (model_id or None,) if GroupBy.PROFILE in group_by else ()
    return (*start, *values, *own)


def _cells(figures: Figures, columns: Sequence[Column]) -> Cells:
    return tuple(_cell(figures, column) for column in columns)


def _cell(figures: Figures, column: Column) -> Cell:
    values, key = figures.values, column.key
    if column is COST:
        return figures.cost
    if key == "latency_avg_ms":
        return _ratio(values.get("latency_ms"), values.get("latencies"), whole=True)
    if key.endswith("_share"):
        return _ratio(values.get(key.removesuffix("_share")), values.get("requests"), whole=False)
    return round(values[key]) if key in values else None


def _ratio(part: Decimal | None, whole_of: Decimal | None, *, whole: bool) -> int | Decimal | None:
    if part is None or not whole_of:
        return None
    return round(part / whole_of) if whole else part / whole_of


def _notes(whole: Figures, columns: Sequence[Column], rows: Sequence[Cells], moments: Moments) -> tuple[str, ...]:
    if not rows or not whole.values:
        return (f"CloudWatch has no data of this time; it shows calls about {_minutes()} minutes late.",)
    notes = ["Cost is estimated: tokens at the catalogue's prices. A dash is no data, which is not 0."]
    if any(column.key == "latency_p95_ms" for column in columns):
        notes.append(f"p95 is that of the slowest {_length(moments.period)} and profile: percentiles do not add up.")
    if whole.unpriced:
        notes.append(f"No known price, so in no cost: {', '.join(sorted(whole.unpriced))}.")
    return tuple(notes)


def _minutes() -> int:
    return int(CLOUDWATCH_LAG.total_seconds() // 60)


def _length(seconds: int) -> str:
    return {60: "minute", 300: "five minutes", 3600: "hour"}.get(seconds, "day")
