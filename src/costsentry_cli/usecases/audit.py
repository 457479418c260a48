"""Record a metered call in a log group, and answer questions about those that were recorded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from costsentry_cli.domain.audit import put_call, stream_call
from costsentry_cli.domain.audit_query import (
    Event,
    Search,
    Sums,
    events_in,
    events_query,
    newest,
    sums_in,
    sums_of,
    sums_query,
)
from costsentry_cli.domain.calls import Cloud
from costsentry_cli.domain.errors import CONFLICT, NOT_THERE, SentryError
from costsentry_cli.domain.insights import MOST, Insights

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


class LogGroup(Insights):
    """A ``Trail`` in CloudWatch Logs."""

    made_by = "make it: sentry sync"

    def newest(self, search: Search, most: int) -> list[Event]:
        """See ``Trail``."""
        rows = self.rows(events_query(search, most), search.since, search.until)
        return newest(events_in(rows), search, most)

    def sums(self, search: Search, group_by: str) -> dict[str, Sums]:
        """See ``Trail``. Raises ``SentryError`` CS0802 when there are more groups than AWS gives."""
        rows = self.rows(sums_query(search, group_by), search.since, search.until)
        if len(rows) >= MOST:
            raise SentryError("CS0802", f"more than {MOST:,} groups", help="narrow it: --last, --cost-center")
        return sums_in(rows)


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
