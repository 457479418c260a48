"""The emulator's core: one HTTP request in, one HTTP response out, everything between in one transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

from botocore.session import Session

from costsentry_cli.sandbox import accounts, answered, faults, plug, routes, wire_in, wire_out
from costsentry_cli.sandbox import clock as sandbox_clock
from costsentry_cli.sandbox.clock import utc_now
from costsentry_cli.sandbox.contract import (
    ACCOUNT,
    Handler,
    HttpRequest,
    HttpResponse,
    Request,
    ServiceError,
    Violation,
)
from costsentry_cli.sandbox.faults import FaultRule
from costsentry_cli.sandbox.model_check import Problem, problems
from costsentry_cli.sandbox.routes import Route
from costsentry_cli.sandbox.status import Status, status
from costsentry_cli.sandbox.store import Store

_INVALID: dict[str, tuple[str, str]] = {
    "cloudwatch": ("InvalidParameterValue", "MissingParameter"),
    "sts": ("ValidationError", "ValidationError"),
    "iam": ("ValidationError", "ValidationError"),
    "sns": ("InvalidParameter", "InvalidParameter"),
    "sqs": ("InvalidParameterValue", "MissingParameter"),
    "logs": ("InvalidParameterException", "InvalidParameterException"),
    "budgets": ("InvalidParameterException", "InvalidParameterException"),
    "pricing": ("InvalidParameterException", "InvalidParameterException"),
    "organizations": ("InvalidInputException", "InvalidInputException"),
    "service-quotas": ("IllegalArgumentException", "IllegalArgumentException"),
}
"""Codes for an invalid and for a missing parameter; ValidationException where a service is not named."""

_NO_OPERATIONS: Mapping[str, Mapping[str, Handler]] = {}
_NO_REQUEST_ID = "00000000-0000-4000-8000-000000000000"


class Sandbox:
    """AWS accounts in one SQLite file (see ``accounts``). Threads may share it; processes may share its file.

    ``clock`` answers the real time (UTC, aware); the sandbox's own is that plus what ``advance`` added. ``list_lag``
    is how long a new inference profile stays out of listings. ``operations`` (service -> operation -> handler) stand
    before the shipped ones.
    """

    def __init__(
        self,
        path: Path,
        *,
        clock: Callable[[], datetime] = utc_now,
        list_lag: timedelta = timedelta(0),
        operations: Mapping[str, Mapping[str, Handler]] = _NO_OPERATIONS,
    ) -> None:
        self.path = path
        self.store = Store(path)
        self._clock = clock
        self._models = routes.shipped_models()
        self._operations = operations
        if list_lag:
            with self.store.transaction():
                self.store.set_setting("list_lag_seconds", str(list_lag.total_seconds()))

    def plug(self, session: Session) -> None:
        """Answer every call of the clients the session makes from now on; their credentials only tell the account."""
        self._models.loader = session.get_component("data_loader")
        plug.plug(session, self.handle)

    def handle(self, request: HttpRequest) -> HttpResponse:
        """Answer a request. Never raises: a client's mistake is its error, a defect of ours is a 500 that names it."""
        try:
            with self.store.transaction() as db:
                return self._answer(db, request)
        except Exception as error:  # noqa: BLE001 - the boundary: nothing may fall through to the network
            failure = ServiceError("InternalFailure", f"defect in the sandbox: {type(error).__name__}: {error}", 500)
            protocol = routes.protocol_of(request, self._models)
            return wire_out.failure(protocol, failure, _NO_REQUEST_ID, self._clock(), None)

    def now(self) -> datetime:
        """The sandbox's time."""
        return self._clock() + sandbox_clock.offset(self.store)

    def advance(self, by: timedelta) -> datetime:
        """Move the sandbox's clock; the new time. Raises ``ValueError`` when ``by`` would turn it back."""
        if by < timedelta(0):
            raise ValueError("the sandbox's clock only moves forward")
        with self.store.transaction():
            sandbox_clock.set_offset(self.store, sandbox_clock.offset(self.store) + by)
        return self.now()

    def reset(self) -> None:
        """Forget everything: resources, calls, settings, faults and the clock's offset. The file stays."""
        with self.store.transaction():
            self.store.clear()

    def status(self) -> Status:
        """What is in the sandbox."""
        with self.store.transaction() as db:
            return status(db, self.path, self.now(), sandbox_clock.offset(self.store))

    def add_fault(self, rule: FaultRule) -> None:
        """Order a fault."""
        with self.store.transaction() as db:
            faults.add(db, rule)

    def configure(self, name: str, value: str | None) -> None:
        """Change a setting, None takes it back to its default. Raises ``ValueError`` for one that is not.

        The settings, their values and defaults are documented in ``costsentry_cli.sandbox.settings``.
        """
        from costsentry_cli.sandbox import settings  # reads the catalogue, which few need

        with self.store.transaction():
            settings.configure(self.store, name, value)

    def violations(self) -> list[Violation]:
        """Every message so far that AWS's models do not allow, in order."""
        with self.store.transaction() as db:
            rows = db.execute("SELECT * FROM violations ORDER BY rowid").fetchall()
        return [Violation(**dict(row)) for row in rows]

    def _answer(self, db: sqlite3.Connection, request: HttpRequest) -> HttpResponse:
        request_id, now = _next_request_id(self.store), self.now()
        try:
            request = wire_in.unpacked(request)
            route = routes.resolve(request, self._models)
        except ServiceError as error:
            protocol = routes.protocol_of(request, self._models)
            return wire_out.failure(protocol, error, request_id, now, None)
        try:
            effect = faults.due(db, route)
            instead = faults.instead(effect, route) if effect else None
            return instead or faults.afterwards(effect, self._outcome(_Call(route, request, request_id, now)))
        except ServiceError as error:
            return wire_out.failure(route.protocol, error, request_id, now, route)

    def _outcome(self, call: _Call) -> HttpResponse:
        """The operation's answer or error; what a failed one wrote is gone, unless the error says it stays."""
        try:
            return self._run(call)
        except ServiceError as error:
            failed = error
        except Exception as error:  # noqa: BLE001 - a defect of ours, told as one
            failed = _defect(call.route, f"{type(error).__name__}: {error}")
        return wire_out.failure(call.route.protocol, failed, call.request_id, call.now, call.route)

    def _run(self, call: _Call) -> HttpResponse:
        """Parse, check, do, check, serialise. Raises ``ServiceError``."""
        route = call.route
        handler = self._operations.get(route.service, {}).get(route.operation) or _handler(route)
        params = wire_in.parameters(route, call.http)
        wrong = problems(route.model.input_shape, params)
        if wrong:
            self._record(call, "input", wrong)
            raise _invalid(route.service, wrong)
        if handler is None:
            return self._moto(call)
        try:
            output = self._do(call, handler, params)
        except _Unmodelled as unmodelled:
            self._record(call, "output", unmodelled.wrong)
            raise _defect(route, str(unmodelled)) from None
        return wire_out.answer(route, output, call.request_id, call.now)

    def _do(self, call: _Call, handler: Handler, params: dict[str, Any]) -> dict[str, Any]:
        """The handler's checked output. Raises ``ServiceError``; only one with ``commit`` keeps what was written."""
        route = call.route
        who = self._principal(call.http)
        request = Request(
            route.service, route.operation, params, route.region, call.now, call.request_id, self.store, *who
        )
        kept: ServiceError | None = None
        output: dict[str, Any] = {}
        with self.store.transaction():
            try:
                output = handler(request)
            except ServiceError as error:
                if not error.commit:
                    raise
                kept = error
            else:
                wrong = problems(route.model.output_shape, output)
                if wrong:
                    raise _Unmodelled(wrong)
        if kept is not None:
            raise kept
        return output

    def _moto(self, call: _Call) -> HttpResponse:
        from costsentry_cli.sandbox import moto_fallback

        with self.store.transaction():
            return moto_fallback.answer(self.store, call.route, call.http, self._principal(call.http).account)

    def _principal(self, http: HttpRequest) -> accounts.Principal:
        return accounts.principal_of(http, self.store.setting("caller_account", ACCOUNT))

    def _record(self, call: _Call, side: str, wrong: list[Problem]) -> None:
        user_agent = call.http.headers.get("user-agent", "")
        rows = [(call.route.service, call.route.operation, side, each.message, user_agent) for each in wrong]
        self.store.db.executemany("INSERT INTO violations VALUES (?, ?, ?, ?, ?)", rows)


@dataclass(frozen=True)
class _Call:
    """One call on its way through the core."""

    route: Route
    http: HttpRequest
    request_id: str
    now: datetime


class _Unmodelled(Exception):
    """A handler answered what the model does not allow; nothing of it may stay."""

    def __init__(self, wrong: list[Problem]) -> None:
        super().__init__("; ".join(problem.message for problem in wrong[:5]))
        self.wrong = wrong


def _handler(route: Route) -> Handler | None:
    """The service's handler, None for moto's. Raises ``ServiceError`` 501 for what the sandbox does not have."""
    module = answered.OWN.get(route.service)
    if module is not None:
        operations: Mapping[str, Handler] = import_module(f"costsentry_cli.sandbox.services.{module}").OPERATIONS
        if route.operation in operations:
            return operations[route.operation]
    if route.service in answered.BY_MOTO:
        return None
    raise routes.unknown(route.service, route.operation)


def _invalid(service: str, wrong: list[Problem]) -> ServiceError:
    """A refusal in the service's own words."""
    if any(problem.kind == "type" for problem in wrong) and service not in _INVALID:
        first = next(problem for problem in wrong if problem.kind == "type")
        return ServiceError("SerializationException", first.message)
    invalid, missing = _INVALID.get(service, ("ValidationException", "ValidationException"))
    if missing == "MissingParameter" and wrong[0].kind == "required":
        return ServiceError(missing, f"The parameter {wrong[0].path[:1].upper()}{wrong[0].path[1:]} is required.")
    plural = "error" if len(wrong) == 1 else "errors"
    said = "; ".join(problem.message for problem in wrong[:10])
    return ServiceError(invalid, f"{len(wrong)} validation {plural} detected: {said}")


def _defect(route: Route, message: str) -> ServiceError:
    name = f"{route.service}.{route.operation}"
    return ServiceError("InternalFailure", f"defect in the sandbox's {name}: {message}", 500)


def _next_request_id(store: Store) -> str:
    """A UUID counted up with the state: unique in the file, the same in every equal run."""
    number = int(store.setting("requests", "0")) + 1
    store.set_setting("requests", str(number))
    return f"00000000-0000-4000-8000-{number:012x}"


def environment(endpoint: str) -> dict[str, str]:
    """Variables that point any AWS SDK or the AWS CLI at a served sandbox, and away from real credentials."""
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "AKIASANDBOXSANDBOX00",
        "AWS_SECRET_ACCESS_KEY": "sandbox",
        "AWS_REGION": routes.DEFAULT_REGION,
        "AWS_DEFAULT_REGION": routes.DEFAULT_REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "false",
    }
