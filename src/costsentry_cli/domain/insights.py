"""CloudWatch Logs Insights: a query is started, looked at until it has ended, and its rows are read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, ClassVar

from costsentry_cli.domain.calls import ApiCall, Cloud
from costsentry_cli.domain.errors import NOT_THERE, SentryError

MOST = 10_000
"""Rows Insights gives at most."""
PAUSES = (0.2, 0.4, 0.8, 1.6, *(2.0,) * 450)
"""Seconds between looks at a query: a quarter of an hour; AWS itself ends one after an hour."""
RUNNING = ("Scheduled", "Running")
DIGITS = 19
"""A longer number is no count."""


def start_call(group: str, query: str, since: datetime, until: datetime, region: str | None) -> ApiCall:
    """StartQuery over a time; AWS takes whole seconds and includes both."""
    params = {
        "logGroupName": group,
        "queryString": query,
        "startTime": int(since.timestamp()),
        "endTime": int(until.timestamp()),
        "limit": MOST,
    }
    return ApiCall("logs", "StartQuery", params, region)


def row_of(fields: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """A row of GetQueryResults as a mapping."""
    return {field["field"]: field["value"] for field in fields if field.get("value") is not None}


def whole(text: Any) -> int:
    """A count as Insights writes it (``12``, ``12.0``, ``1.2E7``) or as an event has it; 0 where there is none."""
    try:
        number = Decimal(str(text))
    except InvalidOperation:
        return 0
    return int(number) if number.is_finite() and number.adjusted() < DIGITS else 0


@dataclass
class Insights:
    """A log group that can be asked. ``wait`` sleeps so many seconds; ``scanned`` counts the bytes AWS read."""

    cloud: Cloud
    group: str
    region: str | None
    wait: Callable[[float], None]
    scanned: int = 0
    made_by: ClassVar[str] = ""
    """What to do where there is no such group."""

    def rows(self, query: str, since: datetime, until: datetime) -> list[dict[str, str]]:
        """Every row of a query's answer; whatever stops it, AWS is told to stop, too.

        Raises ``SentryError`` CS0803 where there is no such group.
        """
        try:
            started = self.cloud.call(start_call(self.group, query, since, until, self.region))["queryId"]
        except SentryError as error:
            if error.code != NOT_THERE:
                raise
            message = f"there is no log group {self.group}"
            raise SentryError(NOT_THERE, message, where=error.where, help=self.made_by) from error
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
