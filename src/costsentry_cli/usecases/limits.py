"""Where every limit stands now: settled, held, left, denied; and what a person may do about it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal

from costsentry_cli.domain.calls import Cloud
from costsentry_cli.domain.errors import NOT_THERE, SentryError
from costsentry_cli.domain.ledger.counters import NANOS, Amounts, Count, Hold
from costsentry_cli.domain.ledger.gate import Gate
from costsentry_cli.domain.ledger.outcomes import Standing
from costsentry_cli.domain.ledger.port import Key
from costsentry_cli.domain.limit_standing import Declared, Known, amount, share
from costsentry_cli.domain.metering import denials
from costsentry_cli.domain.metering.advice import CloudWatchAdvice
from costsentry_cli.domain.table import Cell, Column, Row, Table, Type

Source = Gate | CloudWatchAdvice
"""Who counts: the ledger, or CloudWatch's metrics (advisory: nothing is held, and what is shown is late)."""

COLUMNS = (
    Column("id", "Limit"),
    Column("unit", "Unit"),
    Column("window", "Window"),
    Column("limit", "Bound", Type.COUNT),
    Column("settled", "Settled", Type.COUNT),
    Column("held", "Held", Type.COUNT),
    Column("remaining", "Left", Type.COUNT),
    Column("share_bar", "", Type.BAR),
    Column("share", "Share", Type.SHARE),
    Column("holders", "Calls under way", Type.COUNT),
    Column("denied", "Denied", Type.COUNT),
    Column("resets", "Resets (UTC)", Type.DATE),
    Column("mode", "Mode"),
    Column("state", "State"),
    Column("declared_at", "Declared at"),
)
EXPIRED = (
    Column("id", "Limit"),
    Column("window", "Window", drop=2),
    Column("reservation_id", "Reservation"),
    Column("note", "Who", unknown=""),
    Column("expired_at", "Expired (UTC)", Type.DATE, drop=1),
    Column("tokens", "Tokens", Type.COUNT),
    Column("requests", "Requests", Type.COUNT, drop=3),
    Column("usd", "Cost", Type.MONEY),
    Column("result", "Result"),
)


@dataclass(frozen=True)
class Expiry:
    """An abandoned hold and what became of it: ``charged``, ``released``, ``ended already``, ``failed``, or would."""

    key: Key
    hold: Hold
    result: str
    error: SentryError | None = None


def standings(source: Source, limits: Sequence[Declared], table: str = "") -> tuple[Known, ...]:
    """Where each stands in its present window. Raises ``SentryError`` CS0803 when the ledger's ``table`` is missing."""
    try:
        found = source.standings([one.rule for one in limits])
    except SentryError as error:
        raise _not_there(error, table) from error
    return tuple(Known(one, standing) for one, standing in zip(limits, found, strict=True))


def with_history(source: Source, known: Known, windows: int, table: str = "") -> Known:
    """The same with so many windows before the present one."""
    rule, earlier, window = known.declared.rule, [], known.standing.window
    for _ in range(windows):
        window = window.earlier()
        earlier.append(window)
    if isinstance(source, CloudWatchAdvice):
        used = [source.used(rule, each) for each in earlier]
        before = tuple((each, Count(one, one)) for each, one in zip(earlier, used, strict=True))
    else:
        counts = _read(source, [rule.key(each) for each in earlier], table)
        before = tuple((each, counts[rule.key(each)]) for each in earlier)
    return replace(known, before=before)


def with_denials(cloud: Cloud, region: str, known: Sequence[Known], now: datetime) -> tuple[Known, ...]:
    """The same with how many of the calls each limit counts were denied in its window, by whichever limit.

    From the metric RateLimitDenied, which CloudWatch shows minutes late. Raises ``SentryError``.
    """
    found = denials.denied(cloud, region, [one.declared.rule for one in known], now)
    return tuple(replace(one, denied=number) for one, number in zip(known, found, strict=True))


def status_table(known: Sequence[Known], *, advisory: bool, source: str, now: datetime) -> Table:
    """One row for each unit that a limit bounds. Tokens and requests are counts, ``usd`` is in dollars."""
    rows = tuple(row for one in known for row in _rows(one, advisory=advisory))
    facts = {"source": source, "advisory": advisory, "currency": "USD", "as_of": f"{now:%Y-%m-%dT%H:%M:%SZ}"}
    return Table("limits", COLUMNS, rows, facts=facts)


def ledger_of(source: Source, what: str) -> Gate:
    """The ledger whose counters can be changed. Raises ``SentryError`` CS0101 for CloudWatch's metrics."""
    if isinstance(source, Gate):
        return source
    advice = "a ledger table holds: leave out ledger: cloudwatch, then sentry sync"
    raise SentryError("CS0101", f"with ledger: cloudwatch there is nothing to {what}: metrics stay", help=advice)


def reset(gate: Gate, standing: Standing, table: str = "") -> bool:
    """Forget what was settled in the standing's window; holds stay. Whether anything had been counted there."""
    try:
        return gate.ledger.reset(standing.rule.key(standing.window))
    except SentryError as error:
        raise _not_there(error, table) from error


def overdue(
    gate: Gate, limits: Sequence[Declared], now: datetime, table: str = ""
) -> tuple[list[tuple[Key, Hold]], int]:
    """The holds of these limits whose time is over, in any window; and how many of limits that are not among them."""
    ids = {one.rule.id for one in limits}
    counts = _read(gate, None, table)
    found = [(key, hold) for key in sorted(counts, key=_by_window) for hold in counts[key].overdue(_seconds(now))]
    ours = [(key, hold) for key, hold in found if key.limit in ids]
    return ours, len(found) - len(ours)


def expire(gate: Gate, holds: Iterable[tuple[Key, Hold]], now: datetime) -> Iterator[Expiry]:
    """End them by the gate's policy, each as it is done; a failure does not keep the others."""
    word = "charged" if gate.policy == "charge" else "released"
    for key, hold in holds:
        try:
            done = gate.ledger.expire(key, hold, _seconds(now), gate.policy)
        except SentryError as error:
            yield Expiry(key, hold, "failed", error)
        else:
            yield Expiry(key, hold, word if done else "ended already")


def expired_table(done: Sequence[Expiry], *, policy: str, dry_run: bool) -> Table:
    """What became of each hold, with the sum of those that were charged or released."""
    rows = tuple(_expired_row(one) for one in done)
    facts = {"policy": policy, "dry_run": dry_run, "currency": "USD"}
    return Table("expired", EXPIRED, rows, facts=facts)


def _not_there(error: SentryError, table: str) -> SentryError:
    if error.code != NOT_THERE or not table:
        return error
    message = f"the ledger table {table} is not there yet: nothing has been counted"
    return SentryError(NOT_THERE, message, where=error.where, help="make it: sentry sync")


def _read(gate: Gate, keys: Sequence[Key] | None, table: str) -> Mapping[Key, Count]:
    try:
        return gate.ledger.read(keys)
    except SentryError as error:
        raise _not_there(error, table) from error


def _seconds(now: datetime) -> int:
    return math.floor(now.timestamp())


def _by_window(key: Key) -> tuple[str, str]:
    return (key.limit, key.window)


def _rows(one: Known, *, advisory: bool) -> Iterator[Row]:
    standing, rule = one.standing, one.declared.rule
    for unit, bound in rule.ceiling.bounds():
        counted = standing.count
        known: dict[str, Cell] = {
            "id": rule.id,
            "window": standing.window.id,
            "holders": None if advisory else len(counted.holds),
            "denied": one.denied,
            "resets": standing.resets,
            "mode": one.declared.limit.mode,
            "state": str(one.state),
            "declared_at": one.declared.place,
        }
        known["unit"], known["limit"] = amount(unit, bound)
        known["settled"] = amount(unit, getattr(counted.settled, unit))[1]
        known["held"] = None if advisory else amount(unit, getattr(counted.committed - counted.settled, unit))[1]
        known["remaining"] = amount(unit, standing.remaining[unit])[1]
        known["share"] = known["share_bar"] = share(getattr(counted.committed, unit), bound)
        yield tuple(known[column.key] for column in COLUMNS)


def _expired_row(one: Expiry) -> Row:
    held: Amounts = one.hold.amounts
    money = Decimal(held.nano_usd) / NANOS
    at = datetime.fromtimestamp(one.hold.expires, tz=UTC)
    return (
        one.key.limit, one.key.window, one.hold.rid, one.hold.note or None, at,
        held.tokens, held.requests, money, one.result,
    )  # fmt: skip
