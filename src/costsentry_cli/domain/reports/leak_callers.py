"""The callers behind each leak: identities of the invocation log beside what CloudWatch counted."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from costsentry_cli.domain.reports.coverage import Route
from costsentry_cli.domain.reports.invocation_log import Call, Log, State, principal, role_of
from costsentry_cli.domain.table import Column, Row, Table, Type

MOST_SESSIONS = 3
"""Sessions of a role that are told by name; of more the role is told."""
MOST_CALLERS = 3
"""Callers of a leak that a screen names."""
NOBODY = "(not recorded)"
Leak = tuple[Route, str]
"""The way of a call and the name it went through."""
COLUMNS = (
    Column("name", "Leak"),
    Column("caller", "Called by"),
    Column("requests", "Requests", Type.COUNT, drop=2),
    Column("tokens", "Tokens", Type.COUNT),
    Column("share", "Of leak", Type.SHARE, drop=1),
)
TO_LOGS: Mapping[str, object] = {"cloudWatchConfig": {"logGroupName": "GROUP", "roleArn": "ROLE_ARN"}}
"""What a person puts a log group and a role of their own into."""
WITHOUT_TEXT: Mapping[str, object] = {"textDataDeliveryEnabled": False}
"""With it the log would hold what was said."""


@dataclass(frozen=True)
class LeakCaller:
    """One caller's part in a leak: an ARN, or a role's ARN for ``sessions`` of its sessions together."""

    leak: Leak
    caller: str
    calls: int
    tokens: int
    sessions: int = 1

    @property
    def label(self) -> str:
        """As people read it: ``user/alice``, ``assumed-role/etl (12 sessions)``."""
        name = principal(self.caller) or NOBODY
        return name if self.sessions == 1 else f"{name} ({self.sessions} sessions)"


def callers(leaking: Iterable[tuple[Leak, Call]]) -> list[LeakCaller]:
    """The callers by leak, the most tokens first within each."""
    found: dict[tuple[Leak, str], dict[str, tuple[int, int]]] = {}
    for leak, one in leaking:
        sessions = found.setdefault((leak, role_of(one.caller)), {})
        count, tokens = sessions.get(one.caller, (0, 0))
        sessions[one.caller] = (count + one.calls, tokens + one.tokens)
    every = [one for (leak, role), sessions in found.items() for one in _told(leak, role, sessions)]
    return sorted(every, key=lambda one: (one.leak, -one.tokens, -one.calls, one.caller))


def _told(leak: Leak, role: str, sessions: Mapping[str, tuple[int, int]]) -> Iterator[LeakCaller]:
    if len(sessions) <= MOST_SESSIONS:
        for caller, (count, tokens) in sessions.items():
            yield LeakCaller(leak, caller, count, tokens)
        return
    counts, tokens = (sum(each) for each in zip(*sessions.values(), strict=True))
    yield LeakCaller(leak, role, counts, tokens, len(sessions))


def foremost(found: Iterable[LeakCaller], leak: Leak) -> str | None:
    """The caller with the most tokens of a leak, as people read it; None where none is known."""
    return next((one.label for one in found if one.leak == leak), None)


def table(found: Sequence[LeakCaller], leaks: Sequence[Leak], logs: Sequence[Log]) -> Table | None:
    """The foremost callers of these leaks in this order, the rest of each as one row; None when none is known.

    A leak's name stands on its first row.
    """
    rows: list[Row] = []
    for leak in leaks:
        mine = [one for one in found if one.leak == leak]
        whole = sum(one.tokens for one in mine)
        parts = [(one.label, [one]) for one in mine[:MOST_CALLERS]]
        rest = mine[MOST_CALLERS:]
        parts += [(f"{len(rest)} other{'s' if len(rest) > 1 else ''}", rest)] if rest else []
        rows += [_row("" if n else leak[1], label, some, whole) for n, (label, some) in enumerate(parts)]
    groups = ", ".join(dict.fromkeys(one.place for one in logs if one.state is State.ON))
    notes = (f"Callers and their counts are of Bedrock's invocation log {groups}, which begins when it is turned on.",)
    return Table("callers", COLUMNS, tuple(rows), title="Who calls past the profiles", notes=notes) if rows else None


def _row(name: str, label: str, some: Sequence[LeakCaller], whole: int) -> Row:
    tokens = sum(one.tokens for one in some)
    share = Decimal(tokens) / whole if whole else None
    return (name, label, sum(one.calls for one in some), tokens, share)


def as_facts(found: Sequence[LeakCaller], logs: Sequence[Log]) -> dict[str, object]:
    """The members of a JSON document: every caller of every leak, and what each log had to say."""
    return {
        "leak_callers": [
            {
                "route": one.leak[0].value,
                "name": one.leak[1],
                "caller": one.caller,
                "sessions": one.sessions,
                "requests": one.calls,
                "tokens": one.tokens,
                "source": "Bedrock invocation log",
            }
            for one in found
        ],
        "invocation_logs": [
            {"region": one.region, "state": one.state.value, "place": one.place or None, "why": one.why or None}
            for one in logs
        ],
    }


def notes(found: Sequence[LeakCaller], logs: Sequence[Log]) -> Iterator[str]:
    """Where no caller can be told, why, and what to do about it."""
    off = [one for one in logs if one.state is State.OFF]
    if off:
        where = f" in {', '.join(dict.fromkeys(one.region for one in off))}" if len(logs) > 1 else ""
        yield f"Who makes the other calls is not known: Bedrock's model invocation logging is off{where}."
        yield f"To turn it on without prompts: {_turn_on(off[0].region, {**TO_LOGS, **WITHOUT_TEXT})}"
    for one in logs:
        if one.state is State.S3_ONLY:
            yield f"Who makes the other calls stands in {one.place} alone, which is not read here."
            yield f"To have them in a log group, too: {_turn_on(one.region, {**TO_LOGS, **one.config})}"
        elif one.state is State.UNKNOWN:
            yield f"Who makes the other calls could not be asked in {one.region}: {one.why}"
    if not found and any(one.state is State.ON for one in logs):
        groups = ", ".join(dict.fromkeys(one.place for one in logs if one.state is State.ON))
        yield f"Bedrock's invocation log {groups} has none of these calls; it begins when it is turned on."


def _turn_on(region: str, config: Mapping[str, object]) -> str:
    """The command to paste; it replaces the whole configuration, so it says all of it."""
    text = shlex.quote(json.dumps(config, separators=(",", ":")))
    return f"aws bedrock put-model-invocation-logging-configuration --region {region} --logging-config {text}"
