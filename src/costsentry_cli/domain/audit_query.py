"""Questions about recorded calls, asked of CloudWatch Logs Insights or of events that were read from a file.

Both give the same answer: each question is a query in Insights' language and a fold over events in Python.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from costsentry_cli.domain import audit
from costsentry_cli.domain.aws_limits import TAG_TEXT, TAG_VALUE_MAX
from costsentry_cli.domain.errors import SentryError
from costsentry_cli.domain.insights import MOST, whole
from costsentry_cli.domain.ledger.counters import NANOS

Event = Mapping[str, Any]
Found = Mapping[str, str]
"""A row of Insights' answer: field -> text; a field without a value is not there."""

COST_CENTER = audit.OWN + "costCenter"
GROUPS: dict[str, str] = {
    "costCenter": COST_CENTER,
    "model": audit.MODEL,
    "applicationId": audit.OWN + "applicationId",
    "environment": audit.OWN + "environment",
    "decision": audit.DECISION,
}
"""What events are grouped by, and the field it is in."""
ENDINGS = ("succeeded", "failed", "denied", "unknown")
_SPAN = re.compile(r"([0-9]{1,4})([mhd])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}
_REQUEST_ID = re.compile(r"[A-Za-z0-9._:/=+@-]{1,128}")
_OURS = (audit.OPERATION, "chat")


@dataclass(frozen=True)
class Search:
    """Which events: from ``since`` to ``until`` (aware, both included, to the second), and what they must say.

    Raises ``SentryError`` CS0101 for what no event can have: nothing else gets into a query.
    """

    since: datetime
    until: datetime
    cost_center: str = ""
    ending: str = ""
    request_id: str = ""

    def __post_init__(self) -> None:
        if len(self.cost_center) > TAG_VALUE_MAX or not TAG_TEXT.fullmatch(self.cost_center):
            raise SentryError("CS0101", f"{self.cost_center!r} is no cost centre: AWS accepts no such tag value")
        if self.ending and self.ending not in ENDINGS:
            raise SentryError("CS0101", f"{self.ending!r} is no ending", help=f"one of: {', '.join(ENDINGS)}")
        if self.request_id and not _REQUEST_ID.fullmatch(self.request_id):
            raise SentryError("CS0101", f"{self.request_id!r} is no request id")

    def conditions(self) -> list[tuple[str, str]]:
        """Field and value, all of which hold; the request id is apart: it may be ours or AWS's."""
        wanted = {COST_CENTER: self.cost_center, audit.ENDING: self.ending}
        return [_OURS, *((name, value) for name, value in wanted.items() if value)]

    def holds(self, event: Event) -> bool:
        """Whether an event is one of them."""
        said = all(event.get(name) == value for name, value in self.conditions())
        ids = (event.get(audit.REQUEST_ID), event.get(audit.AWS_REQUEST_ID))
        asked = not self.request_id or self.request_id in ids
        at = time_of(event) if said and asked else None
        return at is not None and _second(self.since) <= _second(at) <= _second(self.until)


@dataclass(frozen=True)
class Sums:
    """What the calls of a group come to. ``priced`` are those whose cost is known, ``paid`` those that may have one."""

    calls: int = 0
    denied: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    nano_usd: int = 0
    priced: int = 0
    paid: int = 0

    def __add__(self, other: Sums) -> Sums:
        names = (each.name for each in fields(self))
        return Sums(**{name: getattr(self, name) + getattr(other, name) for name in names})

    @property
    def cost(self) -> Decimal:
        """In USD: of the calls whose cost is known."""
        return Decimal(self.nano_usd) / NANOS

    @property
    def unpriced(self) -> int:
        """Calls that cost something nobody knows."""
        return self.paid - self.priced


def last(text: str, now: datetime) -> tuple[datetime, datetime]:
    """``1h``, ``24h``, ``7d`` before now, to the second; raises ``SentryError`` CS0107."""
    match = _SPAN.fullmatch(text)
    span = timedelta(**{_UNITS[match[2]]: int(match[1])}) if match else timedelta()
    if not span:
        raise SentryError("CS0107", f"--last {text!r} is not a span of time", help="for example 1h, 24h, 7d")
    until = _second(now) + timedelta(seconds=1)
    return until - span - timedelta(seconds=1), until


def quoted(text: str) -> str:
    """A text in a query, whatever is in it."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def named(field: str) -> str:
    """A field with dots in its name, in a query."""
    return f"`{field}`"


def events_query(search: Search, most: int) -> str:
    """The newest events, whole."""
    return f"fields @message\n| {_filter(search)}\n| sort @timestamp desc\n| limit {most}"


def sums_query(search: Search, group_by: str) -> str:
    """A row for each group, decision and ending; ``group_by`` is one of ``GROUPS``."""
    alias = {"grp": GROUPS[group_by], "decision": audit.DECISION, "ending": audit.ENDING}
    added = {"input_tokens": audit.INPUT, "output_tokens": audit.OUTPUT, "nano_usd": audit.COST_NANO}
    sums = ", ".join(f"sum({named(field)}) as {name}" for name, field in added.items())
    priced = f"count({named(audit.COST_NANO)}) as priced"
    parts = (
        f"fields {', '.join(f'{named(field)} as {name}' for name, field in alias.items())}",
        _filter(search),
        f"stats count(*) as calls, {sums}, {priced} by {', '.join(alias)}",
        f"limit {MOST}",
    )
    return "\n| ".join(parts)


def events_in(rows: Iterable[Found]) -> list[dict[str, Any]]:
    """The events of rows that have them whole."""
    found = (parsed(row.get("@message", "")) for row in rows)
    return [event for event in found if event is not None]


def parsed(line: str) -> dict[str, Any] | None:
    """The event in a line, None when it has none of ours."""
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) and isinstance(value.get(audit.REQUEST_ID), str) else None


def newest(events: Iterable[Event], search: Search, most: int) -> list[Event]:
    """The events of the search, newest first; one that was written twice once."""
    unique = {audit.as_line(event): event for event in events if search.holds(event)}
    return sorted(unique.values(), key=_place, reverse=True)[:most]


def sums_in(rows: Iterable[Found]) -> dict[str, Sums]:
    """The sums of Insights' rows by group; the empty group has no value."""
    found: dict[str, Sums] = {}
    for row in rows:
        calls = whole(row.get("calls"))
        denied = row.get("decision") == "denied"
        sums = Sums(
            calls=calls,
            denied=calls if denied else 0,
            input_tokens=whole(row.get("input_tokens")),
            output_tokens=whole(row.get("output_tokens")),
            nano_usd=whole(row.get("nano_usd")),
            priced=whole(row.get("priced")),
            paid=calls if _paid(row.get("decision"), row.get("ending")) else 0,
        )
        group = row.get("grp", "")
        found[group] = found.get(group, Sums()) + sums
    return found


def sums_of(events: Iterable[Event], search: Search, group_by: str) -> dict[str, Sums]:
    """The same of events."""
    found: dict[str, Sums] = {}
    for event in events:
        if search.holds(event):
            group = str(event.get(GROUPS[group_by], ""))
            found[group] = found.get(group, Sums()) + _one(event)
    return found


def time_of(event: Event) -> datetime | None:
    """When the call was made; None where that cannot be read."""
    try:
        at = datetime.fromisoformat(str(event.get(audit.TIMESTAMP, "")))
    except ValueError:
        return None
    return at if at.tzinfo is not None else None


def _one(event: Event) -> Sums:
    decision, ending, cost = event.get(audit.DECISION), event.get(audit.ENDING), event.get(audit.COST_NANO)
    return Sums(
        calls=1,
        denied=int(decision == "denied"),
        input_tokens=whole(event.get(audit.INPUT)),
        output_tokens=whole(event.get(audit.OUTPUT)),
        nano_usd=whole(cost),
        priced=int(cost is not None),
        paid=int(_paid(decision, ending)),
    )


def _paid(decision: object, ending: object) -> bool:
    return decision != "denied" and ending in ("succeeded", "unknown")


def _filter(search: Search) -> str:
    said = [f"{named(name)} = {quoted(value)}" for name, value in search.conditions()]
    if search.request_id:
        ids = (f"{named(name)} = {quoted(search.request_id)}" for name in (audit.REQUEST_ID, audit.AWS_REQUEST_ID))
        said.append(f"({' or '.join(ids)})")
    return f"filter {' and '.join(said)}"


def _place(event: Event) -> tuple[datetime, str, int]:
    return (time_of(event) or datetime.min.replace(tzinfo=UTC), str(event[audit.REQUEST_ID]), _attempt(event))


def _attempt(event: Event) -> int:
    return whole(event.get(audit.OWN + "attempt"))


def _second(at: datetime) -> datetime:
    return at.replace(microsecond=0)
