"""What was billed, by tag, model or service, from Cost Explorer."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal

from costsentry_cli.domain.assumptions import COST_EXPLORER_REQUEST_USD, PRODUCT_ATTRIBUTES_SINCE
from costsentry_cli.domain.calls import Cloud
from costsentry_cli.domain.costs import METRIC, Costs, costs_call, fold
from costsentry_cli.domain.errors import SentryError
from costsentry_cli.domain.kinds.cost_allocation_tag import active_keys
from costsentry_cli.domain.money import places, usd
from costsentry_cli.domain.table import Cell, Column, Table, Type
from costsentry_cli.domain.window import Window

NO_VALUE = {"model": "(no model)", "service": "(no service)"}


def costs(cloud: Cloud, group_by: str, window: Window) -> Table:
    """Bedrock cost per group over the window, dearest first, what carries no value last; shares and the total.

    ``facts`` of the table: period, source, metric, estimated, paid requests and their price.
    Raises ``SentryError`` CS0107 when models are asked for before AWS has that data.
    """
    if group_by == "model" and window.start < PRODUCT_ATTRIBUTES_SINCE:
        since = PRODUCT_ATTRIBUTES_SINCE
        raise SentryError("CS0107", f"Cost Explorer knows models from {since} on", help=f"--since {since}")
    folded = fold(cloud.pages(costs_call(group_by, window)), group_by)
    table = as_table(folded, group_by, window)
    if group_by in NO_VALUE or set(folded.by_group) != {""}:
        return table
    return replace(table, notes=(*table.notes, *_inactive(cloud, group_by)))


def _inactive(cloud: Cloud, key: str) -> tuple[str, ...]:
    """Everything is untagged: say so when the key is none that billing splits costs by. Asking this is free."""
    try:
        active = [tag.key for tag in active_keys(cloud)]
    except SentryError:  # a member account may not ask
        return ()
    if key in active:
        return ()
    near = difflib.get_close_matches(key.lower(), [one.lower() for one in active], n=1)
    meant = next((f"; did you mean {one}?" for one in active if near and one.lower() == near[0]), "")
    others = f": active are {', '.join(active) or 'none'}"
    return (f"{key} is no active cost allocation tag{meant or others}",)


def as_table(folded: Costs, group_by: str, window: Window) -> Table:
    """The folded amounts as a table; without any amount there are no rows and no total."""
    totals = {value: folded.total(value) for value in folded.by_group}
    whole = sum(totals.values(), Decimal(0))
    order = sorted(totals, key=lambda value: (value == "", -totals[value], value))
    rows = tuple(_row(value, totals[value], whole, folded.by_group[value], window) for value in order)
    every_day = {d: sum((g.get(d, Decimal(0)) for g in folded.by_group.values()), Decimal(0)) for d in window.dates()}
    return Table(
        "costs",
        _columns(group_by),
        rows,
        _row("Total", whole, whole, every_day, window) if rows else ("Total", None, None, None, ()),
        f"Bedrock cost by {group_by}, {window.label()}",
        _notes(folded, totals, whole, group_by),
        _facts(folded, window),
    )


def _columns(group_by: str) -> tuple[Column, ...]:
    unknown = NO_VALUE.get(group_by, "(untagged)")
    return (
        Column(group_by, group_by, unknown=unknown),
        Column("cost_usd", "Cost", Type.MONEY),
        Column("share", "Share", Type.SHARE),
        Column("share_bar", "", Type.BAR, drop=1),
        Column("trend", "By day", Type.TREND, drop=2),
    )


def _row(value: str, cost: Decimal, whole: Decimal, by_day: Mapping[date, Decimal], window: Window) -> tuple[Cell, ...]:
    share = cost / whole if whole else None
    return (value or None, cost, share, share, tuple(by_day.get(day, Decimal(0)) for day in window.dates()))


def _notes(folded: Costs, totals: dict[str, Decimal], whole: Decimal, group_by: str) -> tuple[str, ...]:
    if not totals:
        return (f"No Bedrock cost in this period. {_late()}",)
    notes = []
    if totals.get("") and group_by not in NO_VALUE:
        amount = usd(totals[""], places([totals[""]]))
        notes.append(f"{totals[''] / whole:.1%} ({amount}) carries no {group_by}: sentry tags status")
    if folded.estimated:
        notes.append(f"Recent days are AWS's estimates. {_late()}")
    return tuple(notes)


def _late() -> str:
    return "Cost Explorer is about a day late."


def _facts(folded: Costs, window: Window) -> dict[str, object]:
    return {
        "period": {"start": window.start.isoformat(), "end": window.end.isoformat()},
        "source": "Cost Explorer",
        "kind": "billed",
        "metric": METRIC,
        "currency": "USD",
        "estimated": folded.estimated,
        "paid_requests": folded.requests,
        "paid_requests_usd": str(Decimal(COST_EXPLORER_REQUEST_USD) * folded.requests),
    }
