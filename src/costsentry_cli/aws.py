"""The door: the one module that knows AWS's client library.

It owns the session, regions, clients, timeouts, retries, paging, concurrency and the mapping of every error to ours.
Whoever stands behind it (AWS, an endpoint on this machine, or an in-process stand-in) answers the same calls alike.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import boto3
import botocore.session
from botocore.config import Config
from botocore.credentials import DeferredRefreshableCredentials
from botocore.exceptions import BotoCoreError, ClientError
from botocore.model import OperationModel
from botocore.parsers import ResponseParserError

from costsentry_cli import __version__
from costsentry_cli.domain import aws_errors
from costsentry_cli.domain.calls import Answer, ApiCall, Outcome, in_order
from costsentry_cli.domain.errors import INTERRUPTED, SentryError
from costsentry_cli.domain.pacing import Batch, Interrupt, Pace, Patience, Verdict, retry_after, side_by_side

PAGE_TOKENS = ("nextToken", "NextToken", "NextPageToken")
USER_AGENT = f"costsentry-cli/{__version__}"
# A long generation may take minutes before its first byte; a control-plane call never should.
READ_TIMEOUT = {"bedrock-runtime": 900}
ANSWER_HEADERS = "ResponseMetadata"
ROLE_SECONDS = 3600  # what every role allows, also one assumed by a role


@dataclass
class Door:
    """A ``Cloud`` over one shared session; safe to use from many threads.

    ``pace`` says how many calls of a batch are under way at once, ``requests`` how many HTTP requests were sent (second
    attempts included), ``opened`` makes a fresh library session in front of the same target, without credentials.
    """

    session: boto3.Session
    region: str
    patience: Patience = field(default_factory=Patience)
    pace: Pace = field(default_factory=Pace)
    interrupt: Interrupt = field(default_factory=Interrupt)
    ignore_configured_endpoints: bool = False
    opened: Callable[[], botocore.session.Session] = botocore.session.Session
    requests: int = 0
    _clients: dict[tuple[str, str], Any] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _counting: threading.Lock = field(default_factory=threading.Lock)

    @property
    def interrupted(self) -> bool:
        """Whether Ctrl-C or SIGTERM came: from then on every call raises CS0902 and nothing more is sent."""
        return self.interrupt.is_set

    def call(self, call: ApiCall) -> Answer:
        """Make one call; what may pass by itself is tried again until the deadline, a paid call never."""
        return self._call(call, Batch(1, self.patience, self.interrupt))

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
        """As ``as_ended``, in the order of ``calls``: each outcome as soon as those before it have ended too."""
        with closing(self.as_ended(calls)) as ended:
            yield from in_order(ended)

    def as_ended(self, calls: Sequence[ApiCall]) -> Generator[Outcome, None, None]:
        """Calls side by side on the shared clients, as many as the pace allows; outcomes as they end.

        Ctrl-C or SIGTERM: no call is begun any more, those under way are waited for, the rest is yielded as not tried
        and nothing is raised. A second Ctrl-C raises ``KeyboardInterrupt`` at once.
        """
        batch = Batch(len(calls), self.patience, self.interrupt)
        with self.interrupt.listening():
            begun = yield from side_by_side(batch, self.pace, lambda index: self._outcome(index, calls[index], batch))
            for index in range(begun, len(calls)):
                yield Outcome(calls[index], error=_not_tried(calls[index]), index=index, tried=False)

    def _outcome(self, index: int, call: ApiCall, batch: Batch) -> Outcome:
        try:
            return Outcome(call, answer=self._call(call, batch), index=index)
        except SentryError as error:
            return Outcome(call, error=error, index=index, tried=error.code != INTERRUPTED)

    def _call(self, call: ApiCall, batch: Batch) -> Answer:
        if batch.stopped:
            raise _not_tried(call)
        started = self.patience.clock()
        attempt = 0
        while True:
            try:
                answer = self._once(call)
            except (ClientError, BotoCoreError, ResponseParserError) as exception:
                row, elapsed = _row(exception), self.patience.clock() - started
                again = row.retry and not call.paid and attempt + 1 < row.tries
                pause = self.patience.wait(attempt, elapsed, retry_after(_headers(exception))) if again else None
                if pause is None or not batch.waits(pause):
                    raise translate(exception, call, attempt + 1) from exception
                attempt += 1
                self.patience.told(f"{call.operation}: {aws_errors.meaning(row)}, trying again", elapsed)
            else:
                batch.answered()
                return answer

    def _once(self, call: ApiCall) -> Answer:
        client = self._client(call.service, call.region or self.region)
        method = getattr(client, botocore.xform_name(call.operation))
        number, verdict = self.pace.begin(), Verdict.OTHERWISE
        try:
            answer: Answer = method(**call.params)
            verdict = Verdict.WELL
        except ClientError as exception:
            verdict = Verdict.THROTTLED if _row(exception).code == "CS0801" else verdict
            raise
        finally:
            self.pace.end(number, verdict)
        return answer

    def _client(self, service: str, region: str) -> Any:
        # Making a client is not thread-safe and costs a hundred milliseconds; using one is safe and cheap.
        with self._lock:
            client = self._clients.get((service, region))
            if client is None:
                client = self.session.client(service, region_name=region, config=self._config(service))
                client.meta.events.register("before-parse", _whole_json)
                client.meta.events.register_first("before-send", self._count)
                self._clients[service, region] = client
            return client

    def _count(self, **_: object) -> None:
        with self._counting:
            self.requests += 1

    def _config(self, service: str) -> Config:
        return Config(
            retries={"mode": "standard", "total_max_attempts": 1},  # the door retries, by its own table and deadline
            connect_timeout=10,
            read_timeout=READ_TIMEOUT.get(service, 60),
            max_pool_connections=max(10, self.pace.bound),
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
    return Door(session, found, opened=partial(botocore.session.Session, profile=aws_profile))


def connect_to(plug: Callable[[botocore.session.Session], None], region: str) -> Door:
    """A door to whatever ``plug`` puts behind the session: no real credentials, config files or endpoints are read."""
    opened = partial(_plugged, plug)
    core = opened()
    core.set_credentials("sandbox", "sandbox")
    session = boto3.Session(botocore_session=core, region_name=region)
    return Door(session, region, ignore_configured_endpoints=True, opened=opened)


def _plugged(plug: Callable[[botocore.session.Session], None]) -> botocore.session.Session:
    core = botocore.session.Session(session_vars={"profile": (None, None, None, None)})
    core.set_config_variable("config_file", os.devnull)
    core.set_config_variable("credentials_file", os.devnull)
    plug(core)
    return core


def assume(
    door: Door,
    role_arn: str,
    *,
    external_id: str | None = None,
    session_name: str = "costsentry",
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Door:
    """A door to the same target as ``door``, through a role (``sts:AssumeRole``).

    The role is assumed through ``door`` at once and again before its credentials expire. Region, patience, endpoint
    rules and interruption are those of ``door``; pace and count of requests are the new door's own.
    Raises ``SentryError`` as every call does, CS0403 when the role may not be assumed.
    """
    named = {"RoleArn": role_arn, "RoleSessionName": session_name, "DurationSeconds": ROLE_SECONDS}
    call = ApiCall("sts", "AssumeRole", named | ({"ExternalId": external_id} if external_id else {}))

    def fresh() -> dict[str, str]:
        # Our own clock and the duration asked for: AWS's expiry would be misread by a clock that is wrong.
        expiry = now() + timedelta(seconds=ROLE_SECONDS)
        made = door.call(call)["Credentials"]
        names = {"access_key": "AccessKeyId", "secret_key": "SecretAccessKey", "token": "SessionToken"}
        return {ours: made[theirs] for ours, theirs in names.items()} | {"expiry_time": expiry.isoformat()}

    role = DeferredRefreshableCredentials(fresh, "assume-role", now)
    role.get_frozen_credentials()  # at once: a role that may not be assumed is the caller's first news
    core = door.opened()
    core.register_component("credential_provider", _Given(role))
    session, pace = boto3.Session(botocore_session=core, region_name=door.region), Pace(bound=door.pace.bound)
    own_way = door.ignore_configured_endpoints
    return Door(session, door.region, door.patience, pace, door.interrupt, own_way, door.opened)


@dataclass(frozen=True)
class _Given:
    """The library's credential provider, when the credentials are known."""

    credentials: DeferredRefreshableCredentials

    def load_credentials(self) -> DeferredRefreshableCredentials:
        """What the library asks for."""
        return self.credentials


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


def _headers(exception: Exception) -> dict[str, str]:
    response = getattr(exception, "response", None) or {}
    headers: dict[str, str] = response.get(ANSWER_HEADERS, {}).get("HTTPHeaders", {})
    return headers


def _not_tried(call: ApiCall) -> SentryError:
    return SentryError(INTERRUPTED, "not tried: interrupted", where=_place(call, {}))


def _place(call: ApiCall | None, answer: dict[str, Any]) -> str:
    if call is None:
        return ""
    request_id = answer.get(ANSWER_HEADERS, {}).get("RequestId")
    place = f"{call.service} {call.operation}" + (f" in {call.region}" if call.region else "")
    return f"{place} (request id {request_id})" if request_id else place
