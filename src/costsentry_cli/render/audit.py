"""Recorded calls as tables, and one of them in full."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from costsentry_cli.domain import audit
from costsentry_cli.domain.audit_query import COST_CENTER, Event, Search, Sums, time_of
from costsentry_cli.domain.table import Cell, Column, Row, Table, Type
from costsentry_cli.render.cells import plain_value
from costsentry_cli.render.safe import safe_line

EVENTS = (
    Column("time", "Time (UTC)", Type.DATE, drop=3),
    Column("cost_center", "Cost centre"),
    Column("model", "Model", drop=5),
    Column("decision", "Decision", drop=4),
    Column("ending", "Ending"),
    Column("input_tokens", "In", Type.COUNT, drop=6),
    Column("output_tokens", "Out", Type.COUNT, drop=6),
    Column("estimated_cost_usd", "Cost", Type.MONEY),
    Column("request_id", "Request id"),
)
TITLES = {
    "costCenter": "Cost centre",
    "model": "Model",
    "applicationId": "Application",
    "environment": "Environment",
    "decision": "Decision",
}
NO_VALUE = "(none)"


def events_table(events: Sequence[Event], search: Search, source: str) -> Table:
    """A row for each call, in the order given."""
    rows = tuple(_row(event) for event in events)
    notes = () if rows else (_nothing(search),)
    return Table("events", EVENTS, rows, notes=notes, facts=_facts(search, source))


def sums_table(sums: Mapping[str, Sums], group_by: str, search: Search, source: str) -> Table:
    """A row for each group, the dearest first, what has no value last; the total below."""
    columns = (
        Column("group", TITLES[group_by]),
        Column("calls", "Calls", Type.COUNT),
        Column("denied", "Denied", Type.COUNT),
        Column("input_tokens", "In", Type.COUNT, drop=1),
        Column("output_tokens", "Out", Type.COUNT, drop=1),
        Column("estimated_cost_usd", "Cost", Type.MONEY, unknown="unknown"),
    )
    ordered = sorted(sums.items(), key=lambda pair: (pair[0] == "", -pair[1].nano_usd, -pair[1].calls, pair[0]))
    rows = tuple((group or NO_VALUE, *_cells(one)) for group, one in ordered)
    whole = sum(sums.values(), Sums())
    notes = () if rows else (_nothing(search),)
    if whole.unpriced:
        notes = (f"{whole.unpriced} of {whole.calls} calls have no known cost: they are in no sum.",)
    facts = _facts(search, source) | {"group_by": group_by, "unpriced_calls": whole.unpriced}
    total: Row | None = ("total", *_cells(whole)) if rows else None
    return Table("groups", columns, rows, total, notes=notes, facts=facts)


def event_text(event: Event) -> str:
    """Two columns: field and value, lists in lines of their own."""
    lines = [pair for name in sorted(event) for pair in _lines(name, event[name])]
    width = max(len(name) for name, _ in lines) + 2
    return "".join(f"{safe_line(name):<{width}}{safe_line(value)}".rstrip() + "\n" for name, value in lines)


def _lines(name: str, value: Any) -> Iterable[tuple[str, str]]:
    if not isinstance(value, list):
        yield name, _word(value)
        return
    for number, item in enumerate(value):
        words = (
            " ".join(f"{key}={_word(part)}" for key, part in sorted(item.items()))
            if isinstance(item, dict)
            else _word(item)
        )
        yield name if number == 0 else "", words


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def _row(event: Event) -> Row:
    return (
        time_of(event),
        _text(event, COST_CENTER),
        _text(event, audit.MODEL),
        _text(event, audit.DECISION),
        _text(event, audit.ENDING),
        _count(event.get(audit.INPUT)),
        _count(event.get(audit.OUTPUT)),
        _money(event.get(audit.COST)),
        _text(event, audit.REQUEST_ID),
    )


def _cells(sums: Sums) -> tuple[Cell, ...]:
    known = sums.cost if sums.priced or not sums.paid else None
    return (sums.calls, sums.denied, sums.input_tokens, sums.output_tokens, known)


def _text(event: Event, name: str) -> str | None:
    value = event.get(name)
    return str(value) if value not in (None, "") else None


def _count(value: object) -> int | None:
    return value if isinstance(value, int) else None


def _money(value: object) -> Decimal | None:
    try:
        amount = Decimal(str(value)) if value is not None else None
    except InvalidOperation:
        return None
    return amount if amount is not None and amount.is_finite() else None


def _facts(search: Search, source: str) -> dict[str, Any]:
    return {
        "period": {"start": plain_value(search.since), "end": plain_value(search.until)},
        "source": source,
        "kind": "measured",
        "cost": "estimated",
        "currency": "USD",
    }


def _nothing(search: Search) -> str:
    return f"No such call was recorded since {search.since:%Y-%m-%d %H:%M} UTC."
