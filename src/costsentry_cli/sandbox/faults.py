"""Faults on order: rules kept with the state, so that every process and both adapters see the same ones."""

from __future__ import annotations

import difflib
import random
import re
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

from costsentry_cli.sandbox.answered import SERVICES
from costsentry_cli.sandbox.contract import HttpResponse, ServiceError
from costsentry_cli.sandbox.routes import Route, shipped_models

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
"""Effects by name; ``error:<Code>:<status>``, with an HTTP status of 400 to 599, is one more."""

_ERROR = re.compile(r"error:[^:\s]+:[45][0-9]{2}", re.ASCII)
_BROKEN = {"timeout": "read-timeout", "connect-timeout": "connect-timeout", "closed": "closed"}


@dataclass(frozen=True)
class FaultRule:
    """What goes wrong, and when.

    ``service`` (botocore's name) and ``operation`` select calls, ``*`` any. The first ``skip`` of them pass, then
    the rule fires ``times`` times (None: always), each with ``probability``, drawn from ``seed`` and the call's
    number: the same in every run and process. Effects: see ``EFFECTS``; ``lost-reply`` does the work, commits it and
    loses the answer, ``truncate-stream`` ends an event stream half way. Raises ``ValueError`` for what makes no sense,
    and for a service or operation that botocore has no model of: such a rule would never fire.
    """

    service: str
    operation: str
    effect: str
    skip: int = 0
    times: int | None = 1
    probability: float = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        _check_target(self.service, self.operation)
        if self.effect not in EFFECTS and not _ERROR.fullmatch(self.effect):
            raise ValueError(
                f"unknown effect {self.effect!r}; use one of {', '.join(EFFECTS)}"
                " or error:<Code>:<status> with a status of 400 to 599"
            )
        if self.skip < 0 or (self.times is not None and self.times < 1) or not 0 < self.probability <= 1:
            raise ValueError("skip is at least 0, times at least 1 and probability in (0, 1]")


def add(db: sqlite3.Connection, rule: FaultRule) -> None:
    """Keep a rule; the caller holds the transaction."""
    db.execute(
        "INSERT INTO faults (service, operation, effect, skip, remaining, probability, seed) VALUES (?,?,?,?,?,?,?)",
        (rule.service, rule.operation, rule.effect, rule.skip, rule.times or -1, rule.probability, rule.seed),
    )


def refused(db: sqlite3.Connection) -> list[tuple[str, str]]:
    """The calls that rules of now refuse as not permitted: service and operation, ``*`` for any."""
    rows = db.execute(
        "SELECT service, operation FROM faults WHERE remaining <> 0 AND effect LIKE 'error:AccessDenied%'"
    )
    return [(row["service"], row["operation"]) for row in rows]


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


def _check_target(service: str, operation: str) -> None:
    """Raises ``ValueError`` for what no call can be: an unknown service, or an operation that its service lacks.

    An operation of any service (``*``) must be one of a service the sandbox has.
    """
    if service != "*" and shipped_models().service(service) is None:
        raise ValueError(f"there is no service {service!r}{_meant(service, shipped_models().names())}")
    if operation == "*":
        return
    names = _operations(*SERVICES) if service == "*" else _operations(service)
    if operation in names:
        return
    elsewhere = [f"{name}.{operation}" for name in SERVICES if operation in _operations(name)]
    meant = f"; did you mean {elsewhere[0]}?" if elsewhere else _meant(operation, names)
    lacks = "no service of the sandbox has an" if service == "*" else f"{service} has no"
    raise ValueError(f"{lacks} operation {operation!r}{meant}")


def _operations(*services: str) -> list[str]:
    models = [shipped_models().service(service) for service in services]
    return [str(name) for model in models if model is not None for name in model.operation_names]


def _meant(word: str, names: Iterable[str]) -> str:
    """A question after the nearest name, empty when none is near; case and the separators of Python's names aside."""
    known = {_folded(name): name for name in names}
    near = difflib.get_close_matches(_folded(word), known, n=1)
    return f"; did you mean {known[near[0]]}?" if near else ""


def _folded(name: str) -> str:
    return name.lower().replace("_", "").replace("-", "")
