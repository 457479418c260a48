"""Record a metered call in a log group, and answer questions about those that were recorded."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol

from costsentry_cli.domain.audit import put_call, stream_call
from costsentry_cli.domain.audit_query import (
    MOST,
    Event,
    Search,
    Sums,
    events_in,
    events_query,
    newest,
    row_of,
    start_call,
    sums_in,
    sums_of,
    sums_query,
)
from costsentry_cli.domain.calls import ApiCall, Cloud
from costsentry_cli.domain.errors import CONFLICT, NOT_THERE, SentryError

PAUSES = (0.2, 0.4, 0.8, 1.6, *(2.0,) * 450)
"""Seconds between looks at a query: a quarter of an hour; AWS itself ends one after an hour."""
RUNNING = ("Scheduled", "Running")
NOT_TAKEN = "rejectedLogEventsInfo"


@dataclass(frozen=True)
class LogStream:
    """Where events go: a stream of a log group; ``region`` None is the target's."""

    group: str
    stream: str
    region: str | None


class Trail(Protocol):
    """Recorded calls, wherever they are."""

    def newest(self, search: Search, most: int) -> list[Event]:
        """The newest events of a search, newest first."""
        ...

    def sums(self, search: Search, group_by: str) -> dict[str, Sums]:
        """Its sums by group."""
        ...


def record(cloud: Cloud, event: Event, where: LogStream) -> None:
    """Write one event; the stream is made when it is first used.

    Raises ``SentryError`` when the event is not recorded: CS0803 where there is no such group. A retried write can
    leave the event there twice.
    """
    call = put_call(event, where.group, where.stream, where.region)
    try:
        answer = cloud.call(call)
    except SentryError as error:
        if error.code != NOT_THERE:
            raise
        _make(cloud, where)
        answer = cloud.call(call)
    refused = answer.get(NOT_TAKEN)
    if refused:
        raise SentryError("CS0802", f"the log group {where.group} took no event of this time: {_reason(refused)}")


def _make(cloud: Cloud, where: LogStream) -> None:
    try:
        cloud.call(stream_call(where.group, where.stream, where.region))
    except SentryError as error:
        if error.code == NOT_THERE:
            message = f"there is no log group {where.group}"
            raise SentryError(NOT_THERE, message, where=error.where, help="make it: sentry sync") from error
        if error.code != CONFLICT:  # somebody else has just made it
            raise


def _reason(refused: Mapping[str, int]) -> str:
    names = {
        "tooNewLogEventStartIndex": "it is too far in the future",
        "tooOldLogEventEndIndex": "it is too old",
        "expiredLogEventEndIndex": "it is older than the group keeps events",
    }
    return next((says for name, says in names.items() if name in refused), "AWS gave no reason")


@dataclass
class LogGroup:
    """A ``Trail`` in CloudWatch Logs. ``wait`` sleeps so many seconds; ``scanned`` counts the bytes AWS read."""

    cloud: Cloud
    group: str
    region: str | None
    wait: Callable[[float], None]
    scanned: int = 0

    def newest(self, search: Search, most: int) -> list[Event]:
        """See ``Trail``."""
        return newest(events_in(self._rows(events_query(search, most), search)), search, most)

    def sums(self, search: Search, group_by: str) -> dict[str, Sums]:
        """See ``Trail``. Raises ``SentryError`` CS0802 when there are more groups than AWS gives."""
        rows = self._rows(sums_query(search, group_by), search)
        if len(rows) >= MOST:
            raise SentryError("CS0802", f"more than {MOST:,} groups", help="narrow it: --last, --cost-center")
        return sums_in(rows)

    def _rows(self, query: str, search: Search) -> list[dict[str, str]]:
        """Every row of a query's answer; whatever stops it, AWS is told to stop, too."""
        try:
            started = self.cloud.call(start_call(self.group, query, search, self.region))["queryId"]
        except SentryError as error:
            if error.code != NOT_THERE:
                raise
            message = f"there is no log group {self.group}"
            raise SentryError(NOT_THERE, message, where=error.where, help="make it: sentry sync") from error
        try:
            return self._ended(started)
        except BaseException:
            with suppress(SentryError):  # it has ended, or the way to it is closed: what stopped us is the news
                self.cloud.call(ApiCall("logs", "StopQuery", {"queryId": started}, self.region))
            raise

    def _ended(self, query_id: str) -> list[dict[str, str]]:
        call = ApiCall("logs", "GetQueryResults", {"queryId": query_id}, self.region)
        for pause in PAUSES:
            pages = list(self._pages(call))
            status = pages[0]["status"]
            if status == "Complete":
                self.scanned += int(pages[0].get("statistics", {}).get("bytesScanned", 0))
                return [row_of(row) for page in pages for row in page.get("results", [])]
            if status not in RUNNING:
                raise SentryError("CS0806", f"CloudWatch Logs ended the query: {status}")
            self.wait(pause)
        raise SentryError("CS0808", "CloudWatch Logs did not end the query in a quarter of an hour")

    def _pages(self, call: ApiCall) -> Iterable[dict[str, Any]]:
        """Further pages are there only of a query that is complete."""
        for page in self.cloud.pages(call):
            yield page
            if page["status"] != "Complete":
                return


@dataclass(frozen=True)
class Recorded:
    """A ``Trail`` of events that are at hand."""

    events: Iterable[Event]

    def newest(self, search: Search, most: int) -> list[Event]:
        """See ``Trail``."""
        return newest(self.events, search, most)

    def sums(self, search: Search, group_by: str) -> dict[str, Sums]:
        """See ``Trail``."""
        return sums_of(self.events, search, group_by)


def one(trail: Trail, search: Search) -> tuple[Event, ...]:
    """Every attempt of one request, the first first. Raises ``SentryError`` CS0105 when there is none."""
    found = trail.newest(search, MOST)
    if not found:
        message = f"no recorded call has the request id {search.request_id}"
        raise SentryError("CS0105", message, help="look further back: --last 30d; or list them: sentry audit list")
    return tuple(reversed(found))
