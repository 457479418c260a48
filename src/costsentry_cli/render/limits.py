"""Where the limits stand, as people read it: a bar up to each bound, signs beside words, money in few digits."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from costsentry_cli.domain.ledger.counters import NANOS, Amounts
from costsentry_cli.domain.ledger.outcomes import Standing
from costsentry_cli.domain.limit_standing import (
    Known,
    State,
    amounts_document,
    figure,
    quantities,
    quantity,
    share,
)
from costsentry_cli.domain.manifest.types import Manifest
from costsentry_cli.domain.table import Cell, Column, Row, Table, Type
from costsentry_cli.render.cells import BLOCKS
from costsentry_cli.render.safe import safe_line

BAR = 10
SIGNS = {State.OPEN: ("✓", "+"), State.EXHAUSTED: ("✗", "x"), State.OBSERVED: ("~", "~"), State.OVER: ("!", "!")}
COLUMNS = (
    Column("id", "Limit", unknown=""),
    Column("bound", "Bound"),
    Column("settled", "Settled", drop=4),
    Column("held", "Held", drop=3),
    Column("left", "Left"),
    Column("bar", "", drop=6),
    Column("share", "Used", Type.SHARE, drop=2),
    Column("denied", "Denied", drop=5, unknown=""),
    Column("resets", "Resets in", drop=1, unknown=""),
    Column("state", "State", unknown=""),
)
BOUNDS = (
    Column("bound", "Bound"),
    Column("settled", "Settled"),
    Column("held", "Held"),
    Column("left", "Left"),
    Column("bar", "", drop=1),
    Column("share", "Used", Type.SHARE),
)
HOLDS = (
    Column("reservation", "Held by"),
    Column("who", "Who"),
    Column("amounts", "Amounts"),
    Column("expires", "Good for"),
)
MINUTE, HOUR, DAY = 60, 3600, 86400


def for_people(table: Table, now: datetime, *, ascii_only: bool) -> Table:
    """The table of ``sentry limits status`` with drawn bars and signs; a limit's id stands once."""
    keys = [column.key for column in table.columns]
    found = [dict(zip(keys, row, strict=True)) for row in table.rows]
    rows, former = [], None
    for one in found:
        rows.append(_status_row(one, now, first=one["id"] != former, ascii_only=ascii_only))
        former = one["id"]
    idle = {"held"} if all(one["held"] is None for one in found) else set()
    drawn = replace(
        table, columns=COLUMNS, rows=_aligned(COLUMNS, rows, ("bound", "settled", "held", "left", "denied"))
    )
    return drawn.kept(tuple(column for column in COLUMNS if column.key not in idle))


def shown(known: Known, manifest: Manifest, source: str, now: datetime) -> str:
    """The head of ``sentry limits show``: what the limit counts, how, where, until when."""
    limit, standing = known.declared.limit, known.standing
    wanted = [f"{key}={value}" for key, value in sorted(limit.match.items())]
    meant = manifest.models.get(limit.match.get("model", ""))
    model = f" ({meant})" if meant is not None else ""
    fails = "also" if limit.on_ledger_error == "deny" else "but not"
    then = f"calls are denied ({fails} when the ledger fails)"
    then += f", then {limit.fallback} is tried" if limit.fallback else ""
    denied = "not known" if known.denied is None else f"{known.denied:,} in this window, by any limit (CloudWatch)"
    facts = {
        "counts": f"{'calls with ' + ' '.join(wanted) if wanted else 'every call'}{model}",
        "when full": then if limit.mode == "enforce" else "nothing is denied: it only observes",
        "window": f"{standing.window.id} (UTC), the next in {until(standing.resets, now)}",
        "counted by": source,
        "denied": denied,
        "state": str(known.state),
    }
    lines = [f"Limit {known.declared.rule.id}   {known.declared.place}", ""]
    lines += [f"  {name:<12}{text}" for name, text in facts.items()]
    return "".join(f"{safe_line(line)}\n" for line in lines)


def bounds(known: Known, *, advisory: bool, ascii_only: bool) -> Table:
    """How much of each bound is settled, held and left."""
    count = known.standing.count
    rows: list[Row] = []
    for unit, bound in known.declared.rule.ceiling.bounds():
        settled, committed = getattr(count.settled, unit), getattr(count.committed, unit)
        used = share(committed, bound)
        held = None if advisory else figure(unit, committed - settled)
        left = figure(unit, bound - committed)
        rows.append((quantity(unit, bound), figure(unit, settled), held, left, bar(used, ascii_only=ascii_only), used))
    return Table("bounds", BOUNDS, _aligned(BOUNDS, rows, ("bound", "settled", "held", "left")))


def holds(standing: Standing, now: datetime) -> Table:
    """Who holds a part of the limit, the largest share first; how long each hold is good for."""
    rows = tuple(
        (hold.rid, hold.note or "-", quantities(hold.amounts), _good_for(hold.expires, now))
        for hold in standing.holders
    )
    return Table("holds", HOLDS, rows)


def windows(known: Known) -> Table:
    """What was settled in each window, the present one first; a column for each unit the limit bounds."""
    units = [unit for unit, _ in known.declared.rule.ceiling.bounds()]
    columns = (Column("window", "Window (UTC)"), *(Column(unit, _heading(unit)) for unit in units))
    pairs = ((known.standing.window, known.standing.count), *known.before)
    rows: list[Row] = [
        (window.id, *(figure(unit, getattr(count.settled, unit)) for unit in units)) for window, count in pairs
    ]
    return Table("windows", columns, _aligned(columns, rows, units))


def document(known: Known, source: str, *, advisory: bool, now: datetime) -> dict[str, Any]:
    """One limit in full, for programs; money in dollars as decimal strings."""
    limit, standing, count = known.declared.limit, known.standing, known.standing.count
    units = [unit for unit, _ in known.declared.rule.ceiling.bounds()]
    return {
        "id": known.declared.rule.id,
        "declared_at": known.declared.place,
        "match": dict(limit.match),
        "per": limit.per,
        "mode": limit.mode,
        "on_ledger_error": limit.on_ledger_error,
        "fallback": limit.fallback,
        "state": str(known.state),
        "window": standing.window.id,
        "resets": f"{standing.resets:%Y-%m-%dT%H:%M:%SZ}",
        "as_of": f"{now:%Y-%m-%dT%H:%M:%SZ}",
        "source": source,
        "advisory": advisory,
        "bounds": amounts_document(dict(known.declared.rule.ceiling.bounds())),
        "settled": amounts_document(dict(count.settled.items())),
        "held": None if advisory else amounts_document(dict((count.committed - count.settled).items())),
        "remaining": amounts_document(standing.remaining),
        "denied": known.denied,
        "holds": [
            {
                "reservation_id": hold.rid,
                "note": hold.note or None,
                "amounts": amounts_document(dict(hold.amounts.items())),
                "expires": datetime.fromtimestamp(hold.expires, tz=now.tzinfo).strftime("%Y-%m-%dT%H:%M:%SZ"),
            }
            for hold in standing.holders
        ],
        "before": [
            {"window": window.id} | amounts_document({unit: getattr(one.settled, unit) for unit in units})
            for window, one in known.before
        ],
    }


def bar(used: Decimal, *, ascii_only: bool = False) -> str:
    """``███▌······``: how much of a bound is used, whole when it is used up."""
    full, part = divmod(int(min(max(used, Decimal(0)), Decimal(1)) * BAR * 8), 8)
    cells = ("#" if ascii_only else BLOCKS[8]) * full + (BLOCKS[part] if part and not ascii_only else "")
    return cells + ("." if ascii_only else "·") * (BAR - len(cells))


def until(then: datetime, now: datetime) -> str:
    """``23 s``, ``4 min``, ``4 h 56 min``, ``7 d 4 h``; never less than a second."""
    left = max(1, math.ceil((then - now) / timedelta(seconds=1)))
    if left < 2 * MINUTE:
        return f"{left} s"
    if left < HOUR:
        return f"{left // MINUTE} min"
    if left < DAY:
        return f"{left // HOUR} h {left % HOUR // MINUTE} min"
    return f"{left // DAY} d {left % DAY // HOUR} h"


def question(standing: Standing, bounded: Sequence[str]) -> str:
    """What a reset would forget, to be asked before it is done."""
    settled = Amounts(**{unit: getattr(standing.count.settled, unit) for unit in bounded})
    stay = len(standing.count.holds)
    beside = f" ({stay} call{'s' if stay > 1 else ''} under way stay{'s' if stay == 1 else ''} counted)" if stay else ""
    return f"Forget {quantities(settled)} in the window {standing.window.id} of {standing.rule.id}{beside}?"


def _status_row(one: dict[str, Cell], now: datetime, *, first: bool, ascii_only: bool) -> Row:
    state, used, resets = State(str(one["state"])), one["share"], one["resets"]
    cells: dict[str, Cell] = {
        "id": one["id"] if first else None,
        "bound": _quantity(one["unit"], one["limit"]),
        "settled": _figure(one["unit"], one["settled"]),
        "held": _figure(one["unit"], one["held"]),
        "left": _figure(one["unit"], one["remaining"]),
        "bar": bar(used, ascii_only=ascii_only) if isinstance(used, Decimal) else None,
        "share": used,
        "denied": None if not first else "-" if one["denied"] is None else f"{one['denied']:,}",
        "resets": until(resets, now) if first and isinstance(resets, datetime) else None,
        "state": f"{SIGNS[state][ascii_only]} {state}" if first else None,
    }
    return tuple(cells[column.key] for column in COLUMNS)


def _in_units(unit: Cell, value: Cell) -> int:
    """A cell in the ledger's integers again."""
    return int(value * NANOS) if unit == "usd" and isinstance(value, Decimal) else int(str(value))


def _figure(unit: Cell, value: Cell) -> str | None:
    return None if value is None else figure(str(unit), _in_units(unit, value))


def _quantity(unit: Cell, value: Cell) -> str | None:
    return None if value is None else quantity(str(unit), _in_units(unit, value))


def _heading(unit: str) -> str:
    return "Cost" if unit == "nano_usd" else unit.replace("_", " ").capitalize()


def _good_for(expires: int, now: datetime) -> str:
    left = datetime.fromtimestamp(expires, tz=now.tzinfo)
    return f"{until(left, now)}" if left > now else "over: sentry limits expire"


def _aligned(columns: Sequence[Column], rows: Sequence[Row], keys: Iterable[str]) -> tuple[Row, ...]:
    """The rows with the texts of these columns as long as the longest of each, so that digits stand below digits."""
    wanted = set(keys)
    widths = {
        number: max(len(column.title), *(len(str(row[number])) for row in rows if row[number] is not None), 0)
        for number, column in enumerate(columns)
        if column.key in wanted
    }
    return tuple(
        tuple(str(cell).rjust(widths[i]) if i in widths and cell is not None else cell for i, cell in enumerate(row))
        for row in rows
    )
