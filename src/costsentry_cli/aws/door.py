"""The door: session, regions, clients, timeouts, retries, paging and concurrency.

Whoever stands behind it (AWS, an endpoint on this machine, or an in-process stand-in) answers the same calls alike.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from typing import Any

import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from costsentry_cli import __version__
from costsentry_cli.aws.advice import Site
from costsentry_cli.aws.answers import ANSWER_HEADERS, headers_of, whole
from costsentry_cli.aws.translation import (
    not_tried,
    place_of,
    row_of,
    translate,
    with_streams,
)
from costsentry_cli.domain import aws_errors
from costsentry_cli.domain.calls import PAID_READ_TIMEOUT, Answer, ApiCall, Outcome, in_order
from costsentry_cli.domain.errors import INTERRUPTED, SentryError
from costsentry_cli.domain.pacing import Batch, Interrupt, Pace, Patience, Verdict, retry_after, side_by_side
from costsentry_cli.domain.skew import Skew

PAGE_TOKENS = ("nextToken", "NextToken", "NextPageToken", "PaginationToken")
USER_AGENT = f"costsentry-cli/{__version__}"


@dataclass(frozen=True)
class Timeouts:
    """Seconds after which a connection, an answer, and the answer to a paid call are not waited for any more."""

    connect: float = 10
    read: float = 60
    paid: float = PAID_READ_TIMEOUT


@dataclass
class Door:
    """A ``Cloud`` over one shared session; safe to use from many threads.

    ``pace`` says how many calls of a batch are under way at once, ``requests`` how many HTTP requests were sent (second
    attempts included), ``skew`` how far the clock is from AWS's; ``opened`` makes a fresh library session in front of
    the same target, without credentials.
    """

    session: botocore.session.Session
    region: str
    patience: Patience = field(default_factory=Patience)
    pace: Pace = field(default_factory=Pace)
    interrupt: Interrupt = field(default_factory=Interrupt)
    ignore_configured_endpoints: bool = False
    opened: Callable[[], botocore.session.Session] = botocore.session.Session
    timeouts: Timeouts = field(default_factory=Timeouts)
    requests: int = 0
    skew: Skew = field(default_factory=Skew)
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
                raise SentryError("CS0809", "AWS repeats a page token", where=place_of(call, answer))
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
                yield Outcome(calls[index], error=not_tried(calls[index]), index=index, tried=False)

    def _outcome(self, index: int, call: ApiCall, batch: Batch) -> Outcome:
        try:
            return Outcome(call, answer=self._call(call, batch), index=index)
        except SentryError as error:
            return Outcome(call, error=error, index=index, tried=error.code != INTERRUPTED)

    def _call(self, call: ApiCall, batch: Batch) -> Answer:
        if batch.stopped:
            raise not_tried(call)
        started, attempt = self.patience.clock(), 0
        while True:
            try:
                answer = self._once(call)
            except (ClientError, BotoCoreError, ResponseParserError) as exception:
                row, elapsed = row_of(exception, call), self.patience.clock() - started
                again = row.retry and not call.paid and (row.undone or not call.once) and attempt + 1 < row.tries
                pause = self.patience.wait(attempt, elapsed, retry_after(headers_of(exception))) if again else None
                if pause is None or not batch.waits(pause):
                    raise translate(exception, call, attempt + 1, self._site(call)) from exception
                attempt += 1
                self.patience.told(f"{call.operation}: {aws_errors.meaning(row)}, trying again", elapsed)
            else:
                batch.answered()
                return answer

    def prepare(self, *services: str) -> None:
        """Make the clients of these services, in the door's region, before a call needs them.

        What stands against one is left to that call, which says so.
        """
        for service in services:
            with suppress(BotoCoreError, ValueError):
                self._client(service, self.region)

    def _site(self, call: ApiCall) -> Site:
        return Site(self.opened(), call.region or self.region, lambda: _method(self.session))

    def _once(self, call: ApiCall) -> Answer:
        client = self._client(call.service, call.region or self.region)
        method = getattr(client, botocore.xform_name(call.operation))
        number, verdict, sent = self.pace.begin(), Verdict.OTHERWISE, self.skew.clock()
        try:
            answer: Answer = method(**call.params)
            verdict = Verdict.WELL
            self.skew.heard(sent, answer.get(ANSWER_HEADERS, {}).get("HTTPHeaders", {}))
        except ClientError as exception:
            verdict = Verdict.THROTTLED if row_of(exception, call).code == "CS0801" else verdict
            raise
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError) as unread:  # the library's reader
            raise ResponseParserError(f"{type(unread).__name__}: {unread}") from unread
        finally:
            self.pace.end(number, verdict)
        return with_streams(answer, call)

    def _client(self, service: str, region: str) -> Any:
        # Making a client is not thread-safe and costs a hundred milliseconds; using one is safe and cheap.
        if (made := self._clients.get((service, region))) is not None:  # not behind another client that is being made
            return made
        with self._lock:
            client = self._clients.get((service, region))
            if client is None:
                client = self.session.create_client(service, region_name=region, config=self._config(service))
                client.meta.events.register("before-parse", whole)
                client.meta.events.register_first("before-send", self._count)
                self._clients[service, region] = client
            return client

    def _count(self, **_: object) -> None:
        with self._counting:
            self.requests += 1

    def _config(self, service: str) -> Config:
        return Config(
            retries={"mode": "standard", "total_max_attempts": 1},  # the door retries, by its own table and deadline
            connect_timeout=self.timeouts.connect,
            read_timeout=self.timeouts.paid if service == "bedrock-runtime" else self.timeouts.read,
            max_pool_connections=max(10, self.pace.bound),
            user_agent_extra=USER_AGENT,
            ignore_configured_endpoint_urls=self.ignore_configured_endpoints,
        )


def _method(session: botocore.session.Session) -> str:
    """Where the credentials in use come from, in the library's word; after an answer they are loaded already."""
    return str(getattr(session.get_credentials(), "method", "") or "")
