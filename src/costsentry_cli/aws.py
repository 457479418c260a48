"""The door: the one module that knows AWS's client library.

It owns the session, regions, clients, timeouts, retries, paging, concurrency and the mapping of every error to ours.
Whoever stands behind it (AWS, an endpoint on this machine, or an in-process stand-in plugged into the session) answers
the same calls in the same form.
"""

from __future__ import annotations

import json
import os
import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.model import OperationModel
from botocore.parsers import ResponseParserError

from costsentry_cli import __version__
from costsentry_cli.domain import aws_errors
from costsentry_cli.domain.calls import Answer, ApiCall, Outcome
from costsentry_cli.domain.errors import SentryError

PAGE_TOKENS = ("nextToken", "NextToken", "NextPageToken")
USER_AGENT = f"costsentry-cli/{__version__}"
# A long generation may take minutes before its first byte; a control-plane call never should.
READ_TIMEOUT = {"bedrock-runtime": 900}
ANSWER_HEADERS = "ResponseMetadata"


@dataclass(frozen=True)
class Patience:
    """How retries are paced: a deadline for one call in seconds, full jitter, a cap; clock and dice are injected."""

    deadline: float = 60.0
    first: float = 0.2
    cap: float = 8.0
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    dice: Callable[[], float] = random.random

    def pause(self, attempt: int) -> float:
        """Seconds to wait after the attempt with this number (from 0)."""
        return self.dice() * min(self.cap, self.first * 2.0**attempt)


@dataclass
class Door:
    """A ``Cloud`` over one shared session; safe to use from many threads."""

    session: boto3.Session
    region: str
    patience: Patience = field(default_factory=Patience)
    workers: int = 8
    ignore_configured_endpoints: bool = False
    _clients: dict[tuple[str, str], Any] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def call(self, call: ApiCall) -> Answer:
        """Make one call; what may pass by itself is tried again until the deadline, a paid call never."""
        started = self.patience.clock()
        attempt = 0
        while True:
            try:
                return self._once(call)
            except (ClientError, BotoCoreError, ResponseParserError) as exception:
                row = _row(exception)
                pause = self.patience.pause(attempt)
                late = self.patience.clock() - started + pause > self.patience.deadline
                if call.paid or not row.retry or late:
                    raise translate(exception, call, attempt + 1) from exception
            self.patience.sleep(pause)
            attempt += 1

    def pages(self, call: ApiCall) -> Iterator[Answer]:
        """Follow the page token, whether or not the library has a paginator for the operation."""
        seen: set[str] = set()
        while True:
            answer = self.call(call)
            yield answer
            name = next((n for n in PAGE_TOKENS if answer.get(n)), None)
            if name is None:
                return
            if answer[name] in seen:
                raise SentryError("CS0809", "AWS repeats a page token", where=_place(call, answer))
            seen.add(answer[name])
            call = ApiCall(call.service, call.operation, {**call.params, name: answer[name]}, call.region, call.paid)

    def each(self, calls: Sequence[ApiCall]) -> Iterator[Outcome]:
        """Up to ``workers`` calls at once on the shared clients; outcomes in the order of ``calls``."""
        if len(calls) < 2:
            yield from map(self._outcome, calls)
            return
        with ThreadPoolExecutor(min(self.workers, len(calls))) as pool:
            yield from pool.map(self._outcome, calls)

    def _outcome(self, call: ApiCall) -> Outcome:
        try:
            return Outcome(call, answer=self.call(call))
        except SentryError as error:
            return Outcome(call, error=error)

    def _once(self, call: ApiCall) -> Answer:
        client = self._client(call.service, call.region or self.region)
        method = getattr(client, botocore.xform_name(call.operation))
        answer: Answer = method(**call.params)
        return answer

    def _client(self, service: str, region: str) -> Any:
        # Making a client is not thread-safe and costs a hundred milliseconds; using one is safe and cheap.
        with self._lock:
            client = self._clients.get((service, region))
            if client is None:
                client = self.session.client(service, region_name=region, config=self._config(service))
                client.meta.events.register("before-parse", _whole_json)
                self._clients[service, region] = client
            return client

    def _config(self, service: str) -> Config:
        return Config(
            retries={"mode": "standard", "total_max_attempts": 1},  # the door retries, by its own table and deadline
            connect_timeout=10,
            read_timeout=READ_TIMEOUT.get(service, 60),
            max_pool_connections=max(10, self.workers),
            user_agent_extra=USER_AGENT,
            ignore_configured_endpoint_urls=self.ignore_configured_endpoints,
        )


def connect(region: str | None = None, aws_profile: str | None = None) -> Door:
    """A door to AWS as the environment and the shared config files name it; SSO and endpoint variables included.

    The region is the argument, AWS_REGION, AWS_DEFAULT_REGION or the config file's, in this order.
    Raises ``SentryError`` CS0404 without a region and CS0405 for an unknown AWS profile.
    """
    try:
        session = boto3.Session(profile_name=aws_profile)
        found = region or os.environ.get("AWS_REGION") or session.region_name
    except BotoCoreError as exception:
        raise translate(exception, None, 1) from exception
    if not found:
        raise SentryError("CS0404", "no AWS region is set")
    return Door(session, found)


def connect_to(plug: Callable[[botocore.session.Session], None], region: str) -> Door:
    """A door to whatever ``plug`` puts behind the session: no real credentials, config files or endpoints are read."""
    core = botocore.session.Session(session_vars={"profile": (None, None, None, None)})
    core.set_config_variable("config_file", os.devnull)
    core.set_config_variable("credentials_file", os.devnull)
    core.set_credentials("sandbox", "sandbox")
    plug(core)
    session = boto3.Session(botocore_session=core, region_name=region)
    return Door(session, region, ignore_configured_endpoints=True)


def identity(door: Door) -> str:
    """The account number the credentials belong to."""
    return str(door.call(ApiCall("sts", "GetCallerIdentity"))["Account"])


def translate(exception: Exception, call: ApiCall | None, attempts: int) -> SentryError:
    """Our error for a client library's exception: what, which operation and request id, what to do next."""
    row = _row(exception)
    where = _place(call, getattr(exception, "response", None) or {})
    tried = (f"tried {attempts} times",) if attempts > 1 else ()
    if isinstance(exception, ClientError):
        error = exception.response.get("Error", {})
        message = f"{error.get('Code', 'Unknown')}: {error.get('Message') or 'AWS gave no reason'}"
        if row.code == "CS0403" and call is not None:
            action = aws_errors.iam_action(call.service, call.operation)
            tried = (f"the IAM action needed is {action}", *tried)
        return SentryError(row.code, message, where=where, details=tried)
    return SentryError(row.code, " ".join(str(exception).split()), where=where, details=tried)


def _whole_json(response_dict: dict[str, Any], operation_model: OperationModel, **_: object) -> None:
    """Refuse a cut or foreign body under a success status: the library would take it for an empty answer."""
    body = response_dict["body"]
    in_json = operation_model.service_model.resolved_protocol in ("json", "rest-json")
    if in_json and response_dict["status_code"] < 300 and isinstance(body, bytes) and body:
        try:
            json.loads(body)
        except ValueError as error:
            raise ResponseParserError(f"the answer is not JSON: {error}") from error


def _row(exception: Exception) -> aws_errors.Row:
    if isinstance(exception, ClientError):
        status = int(exception.response.get(ANSWER_HEADERS, {}).get("HTTPStatusCode", 400))
        return aws_errors.of_answer(str(exception.response.get("Error", {}).get("Code", "")), status)
    row = aws_errors.of_exception(exception)
    if row is None:
        raise exception
    return row


def _place(call: ApiCall | None, answer: dict[str, Any]) -> str:
    if call is None:
        return ""
    request_id = answer.get(ANSWER_HEADERS, {}).get("RequestId")
    place = f"{call.service} {call.operation}" + (f" in {call.region}" if call.region else "")
    return f"{place} (request id {request_id})" if request_id else place
