"""Faults on order: rules kept with the state, so that every process and both adapters see the same ones."""

from __future__ import annotations

import random
import sqlite3
from dataclasses import dataclass

from costsentry_cli.sandbox.contract import HttpResponse, ServiceError
from costsentry_cli.sandbox.routes import Route

EFFECTS = (
    "throttle",
    "http500",
    "html500",
    "timeout",
    "connect-timeout",
    "closed",
    "lost-reply",
    "truncate-stream",
)
"""Effects by name; ``error:<Code>:<status>`` is one more."""

_BROKEN = {"timeout": "read-timeout", "connect-timeout": "connect-timeout", "closed": "closed"}


@dataclass(frozen=True)
class FaultRule:
    """What goes wrong, and when.

    ``service`` (botocore's name) and ``operation`` select calls, ``*`` any. The first ``skip`` of them pass, then
    the rule fires ``times`` times (None: always), each with ``probability``, drawn from ``seed`` and the call's
    number: the same in every run and process. Effects: see ``EFFECTS``; ``lost-reply`` does the work, commits it and
    loses the answer, ``truncate-stream`` ends an event stream half way. Raises ``ValueError`` for what makes no sense.
    """

    service: str
    operation: str
    effect: str
    skip: int = 0
    times: int | None = 1
    probability: float = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        if self.effect not in EFFECTS and not _is_error(self.effect):
            raise ValueError(
                f"unknown effect {self.effect!r}; use one of {', '.join(EFFECTS)} or error:<Code>:<status>"
            )
        if self.skip < 0 or (self.times is not None and self.times < 1) or not 0 < self.probability <= 1:
            raise ValueError("skip is at least 0, times at least 1 and probability in (0, 1]")


def add(db: sqlite3.Connection, rule: FaultRule) -> None:
    """Keep a rule; the caller holds the transaction."""
    db.execute(
        "INSERT INTO faults (service, operation, effect, skip, remaining, probability, seed) VALUES (?,?,?,?,?,?,?)",
        (rule.service, rule.operation, rule.effect, rule.skip, rule.times or -1, rule.probability, rule.seed),
    )


def due(db: sqlite3.Connection, route: Route) -> str:
    """The effect this call must suffer, empty for none. Counts the call; the caller holds the transaction."""
    rows = db.execute(
        "SELECT * FROM faults WHERE remaining <> 0 AND service IN ('*', ?) AND operation IN ('*', ?) ORDER BY id",
        (route.service, route.operation),
    ).fetchall()
    fired = ""
    for row in rows:
        db.execute("UPDATE faults SET seen = seen + 1 WHERE id = ?", (row["id"],))
        if not fired and _fires(row):
            fired = row["effect"]
            if row["remaining"] > 0:
                db.execute("UPDATE faults SET remaining = remaining - 1 WHERE id = ?", (row["id"],))
    return fired


def _fires(row: sqlite3.Row) -> bool:
    if row["seen"] < row["skip"]:
        return False
    draw = random.Random(f"{row['seed']}:{row['id']}:{row['seen']}").random()
    return bool(draw < row["probability"])


def instead(effect: str, route: Route) -> HttpResponse | None:
    """What is answered in place of the operation, None when the operation shall run.

    Raises ``ServiceError`` for effects that are errors of the service.
    """
    if effect == "throttle":
        raise _throttled(route)
    if effect == "http500":
        raise ServiceError("InternalFailure", "The request processing has failed because of an unknown error.", 500)
    if effect.startswith("error:"):
        _, code, status = effect.split(":")
        raise ServiceError(code, f"{code}, as ordered by a fault rule", int(status))
    if effect == "html500":
        page = b"<html><body><b>Http/1.1 500 Internal Server Error</b></body></html>"
        return HttpResponse(500, {"Content-Type": "text/html"}, page)
    return HttpResponse(503, {}, b"", _BROKEN[effect]) if effect in _BROKEN else None


def afterwards(effect: str, response: HttpResponse) -> HttpResponse:
    """What becomes of the answer of an operation that ran."""
    if effect == "lost-reply":
        return HttpResponse(response.status, response.headers, response.body, "read-timeout")
    if effect == "truncate-stream":
        return HttpResponse(response.status, response.headers, response.body[: len(response.body) // 2])
    return response


def _throttled(route: Route) -> ServiceError:
    """The operation's own throttling error where its model has one."""
    for shape in route.model.error_shapes:
        if "Throttl" in shape.name:
            return ServiceError(shape.name, "Too many requests, please wait before trying again.")
    return ServiceError("ThrottlingException", "Rate exceeded")


def _is_error(effect: str) -> bool:
    parts = effect.split(":")
    return len(parts) == 3 and parts[0] == "error" and bool(parts[1]) and parts[2].isdigit()
