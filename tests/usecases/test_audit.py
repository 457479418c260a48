"""Recording calls in a log group, and asking it: the same answers as from a file, whatever stops a query."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from costsentry_cli.aws import connect_to
from costsentry_cli.domain.audit import LimitState, Metered, event
from costsentry_cli.domain.audit_query import GROUPS, Search, Sums, events_query, last, quoted, sums_query
from costsentry_cli.domain.calls import Answer, ApiCall
from costsentry_cli.domain.errors import SentryError
from costsentry_cli.domain.insights import PAUSES, whole
from costsentry_cli.domain.pricing import Tokens
from costsentry_cli.sandbox import Sandbox
from costsentry_cli.usecases.audit import LogGroup, LogStream, Recorded, one, record
from fakes import HAIKU, LITE, NOON, FakeCloud

GROUP = "/costsentry/docs-helper"
STREAM = LogStream(GROUP, "2026/11/23/5f2a90c1", "us-east-1")
DAY = Search(NOON - timedelta(days=1), NOON + timedelta(seconds=1))
CALL = Metered("r-0", NOON, "approved", "succeeded", HAIKU)


def calls() -> list[Metered]:
    """Every decision and ending, two cost centres and none, two models, a known price and none."""
    made = []
    for number, (center, ending, model) in enumerate(
        itertools.product(("sales", "support", ""), ("succeeded", "failed", "denied", "unknown"), (HAIKU, LITE))
    ):
        spent = ending in ("succeeded", "unknown")
        made.append(
            replace(
                CALL,
                request_id=f"r-{number}",
                aws_request_id=f"aws-{number}" if ending != "denied" else "",
                at=NOON - timedelta(minutes=number, milliseconds=37),
                decision="denied" if ending == "denied" else "observed" if number % 3 == 0 else "approved",
                ending=ending,
                model=model,
                tags={"costCenter": center, "environment": "prod"},
                tokens=Tokens(input=1000 + number, output=number, cache_read=5) if spent else None,
                cost=Decimal("0.0000123456") * (number + 1) if spent and model == HAIKU else None,
                limits=[LimitState("*/day", "2026-11-23", "tokens", 10, 5)],
            )
        )
    return made


EVENTS = [event(call) for call in calls()]


@pytest.fixture
def sandbox(tmp_path: Path) -> Sandbox:
    return Sandbox(tmp_path / "sandbox.db", clock=lambda: NOON)


@pytest.fixture
def group(sandbox: Sandbox) -> LogGroup:
    """A log group with the events in it, and lines of others."""
    door = connect_to(sandbox.plug, "us-east-1")
    door.call(ApiCall("logs", "CreateLogGroup", {"logGroupName": GROUP}))
    for told in EVENTS:
        record(door, told, STREAM)
    now = int(NOON.timestamp() * 1000)
    other = [{"timestamp": now, "message": "START"}, {"timestamp": now, "message": '{"costsentry.request_id": 5}'}]
    named = {"logGroupName": GROUP, "logStreamName": STREAM.stream, "logEvents": other}
    door.call(ApiCall("logs", "PutLogEvents", named))
    return LogGroup(door, GROUP, "us-east-1", lambda _: None)


SEARCHES = [
    DAY,
    replace(DAY, cost_center="sales"),
    replace(DAY, ending="denied"),
    replace(DAY, cost_center="support", ending="unknown"),
    replace(DAY, cost_center="nobody"),
    replace(DAY, since=NOON - timedelta(minutes=5)),
    replace(DAY, request_id="r-7"),
    replace(DAY, request_id="aws-9"),
]


def test_the_log_group_and_a_file_answer_every_question_alike(group: LogGroup) -> None:
    file = Recorded([*EVENTS, {"other": "event"}])
    for search in SEARCHES:
        assert group.newest(search, 10) == file.newest(search, 10)
        for group_by in GROUPS:
            assert group.sums(search, group_by) == file.sums(search, group_by), (search, group_by)
    assert group.scanned > 0


def test_sums_are_of_the_right_calls(group: LogGroup) -> None:
    found = group.sums(DAY, "costCenter")
    assert sorted(found) == ["", "sales", "support"]
    sales = found["sales"]
    assert (sales.calls, sales.denied, sales.paid, sales.priced, sales.unpriced) == (8, 2, 4, 2, 2)
    assert sales.input_tokens == sum(1005 + number for number in (0, 1, 6, 7))
    assert sales.cost == Decimal("0.000012346") + Decimal("0.000086420")


def test_the_newest_come_first_and_no_more_than_asked_for(group: LogGroup) -> None:
    assert [told["costsentry.request_id"] for told in group.newest(DAY, 3)] == ["r-0", "r-1", "r-2"]


def test_one_request_is_found_by_our_id_and_by_awss_with_every_attempt_in_order() -> None:
    attempts = [event(replace(CALL, attempt=number)) for number in (2, 1, 3)]
    found = one(Recorded([*attempts, dict(attempts[0])]), replace(DAY, request_id="r-0"))
    assert [told["costsentry.attempt"] for told in found] == [1, 2, 3]
    with pytest.raises(SentryError, match="no recorded call has the request id zzz") as none:
        one(Recorded(EVENTS), replace(DAY, request_id="zzz"))
    assert none.value.code == "CS0105"


HOSTILE = ['" or 1 = 1 | limit 1 #', "a\nb", "a`b", "sales' or '", "x|y", "\\", "a" * 257]


@pytest.mark.parametrize("text", HOSTILE)
def test_what_no_tag_can_be_gets_into_no_query(text: str) -> None:
    for field in ("cost_center", "ending", "request_id"):
        with pytest.raises(SentryError) as refused:
            replace(DAY, **{field: text})
        assert refused.value.code == "CS0101"


@pytest.mark.parametrize("text", ['a"b', "a\\", '\\"', '" or `a` = "'])
def test_a_quoted_text_is_one_literal_whatever_is_in_it(text: str) -> None:
    assert json.loads(quoted(text)) == text


def test_the_queries_as_aws_gets_them() -> None:
    search = replace(DAY, cost_center="R & D".replace(" & ", "-"), request_id="r-1")
    ours = '`gen_ai.operation.name` = "chat" and `costsentry.costCenter` = "R-D" and '
    ids = '(`costsentry.request_id` = "r-1" or `aws.request_id` = "r-1")'
    assert events_query(search, 5) == f"fields @message\n| filter {ours}{ids}\n| sort @timestamp desc\n| limit 5"
    assert sums_query(DAY, "model") == (
        "fields `gen_ai.request.model` as grp, `costsentry.decision` as decision, `costsentry.ending` as ending\n"
        '| filter `gen_ai.operation.name` = "chat"\n'
        "| stats count(*) as calls, sum(`gen_ai.usage.input_tokens`) as input_tokens, "
        "sum(`gen_ai.usage.output_tokens`) as output_tokens, sum(`costsentry.cost_nano_usd`) as nano_usd, "
        "count(`costsentry.cost_nano_usd`) as priced by grp, decision, ending\n"
        "| limit 10000"
    )


@pytest.mark.parametrize(("text", "hours"), [("1h", 1), ("24h", 24), ("7d", 168), ("30m", 0.5)])
def test_a_span_ends_with_the_second_after_now(text: str, hours: float) -> None:
    since, until = last(text, NOON + timedelta(milliseconds=999))
    assert (since, until) == (NOON - timedelta(hours=hours), NOON + timedelta(seconds=1))


@pytest.mark.parametrize("text", ["", "h", "0h", "1", "1w", "-1h", "1.5h", "99999d"])
def test_what_is_no_span_is_refused(text: str) -> None:
    with pytest.raises(SentryError) as refused:
        last(text, NOON)
    assert refused.value.code == "CS0107"


COUNTS = [("12", 12), ("12.0", 12), ("1.2E7", 12_000_000), (7, 7), (None, 0), ("x", 0), ("1e999999999", 0), ("NaN", 0)]


@pytest.mark.parametrize(("text", "number"), COUNTS)
def test_a_count_is_read_however_it_is_written(text: Any, number: int) -> None:
    assert whole(text) == number


# -- writing


def test_a_stream_is_made_when_it_is_first_written_to() -> None:
    missing = SentryError("CS0803", "The specified log stream does not exist.")
    cloud = FakeCloud({"PutLogEvents": [missing, {}, {}], "CreateLogStream": {}})
    record(cloud, EVENTS[0], STREAM)
    record(cloud, EVENTS[1], STREAM)
    assert cloud.operations() == ["PutLogEvents", "CreateLogStream", "PutLogEvents", "PutLogEvents"]
    assert {call.region for call in cloud.calls} == {"us-east-1"}


def test_a_stream_that_another_has_just_made_is_no_error() -> None:
    missing = SentryError("CS0803", "The specified log stream does not exist.")
    there = SentryError("CS0804", "ResourceAlreadyExistsException")
    record(FakeCloud({"PutLogEvents": [missing, {}], "CreateLogStream": there}), EVENTS[0], STREAM)


def test_without_the_group_the_way_to_make_it_is_told() -> None:
    missing = SentryError("CS0803", "The specified log group does not exist.")
    with pytest.raises(SentryError, match=f"there is no log group {GROUP}") as none:
        record(FakeCloud({"PutLogEvents": missing, "CreateLogStream": missing}), EVENTS[0], STREAM)
    assert (none.value.code, none.value.help) == ("CS0803", "make it: sentry sync")


def test_an_event_that_aws_takes_and_drops_is_not_recorded() -> None:
    cloud = FakeCloud({"PutLogEvents": {"rejectedLogEventsInfo": {"tooOldLogEventEndIndex": 1}}})
    with pytest.raises(SentryError, match="took no event of this time: it is too old"):
        record(cloud, EVENTS[0], STREAM)


# -- queries that do not go well


class Asked:
    """A query that shows these states one after the other, the last for ever."""

    def __init__(self, *states: Any) -> None:
        self.states = list(states)
        self.waited: list[float] = []

    def group(self) -> LogGroup:
        script = {"StartQuery": {"queryId": "q-1"}, "GetQueryResults": self.results, "StopQuery": {"success": True}}
        return LogGroup(FakeCloud(script), GROUP, None, self.waited.append)

    def results(self, call: ApiCall) -> Answer:
        state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
        if isinstance(state, BaseException):
            raise state
        return {"status": state, "results": []}


def test_a_query_is_asked_again_until_it_is_complete_and_not_stopped_then() -> None:
    asked = Asked("Scheduled", "Running", "Running", "Complete")
    group = asked.group()
    assert group.newest(DAY, 1) == []
    assert asked.waited == list(PAUSES[:3])
    assert "StopQuery" not in group.cloud.operations()


ENDS = [(state, SentryError) for state in ("Failed", "Cancelled", "Timeout", "Unknown")]


@pytest.mark.parametrize(
    ("state", "error"), [*ENDS, (KeyboardInterrupt(), KeyboardInterrupt), ("Running", SentryError)]
)
def test_whatever_stops_a_query_aws_is_told_to_stop_too(state: Any, error: type[BaseException]) -> None:
    group = Asked("Running", state).group()
    with pytest.raises(error):
        group.sums(DAY, "model")
    stop = group.cloud.calls[-1]
    assert (stop.operation, stop.params) == ("StopQuery", {"queryId": "q-1"})


def test_an_answer_of_several_pages_is_read_whole() -> None:
    def paged(group_: str) -> dict[str, Any]:
        return {
            "status": "Complete",
            "results": [[{"field": "grp", "value": group_}, {"field": "calls", "value": "2"}]],
        }

    class Pages(FakeCloud):
        def pages(self, call: ApiCall) -> Any:
            self.calls.append(call)
            yield from (paged("a"), paged("b"))

    group = LogGroup(Pages({"StartQuery": {"queryId": "q-1"}}), GROUP, None, lambda _: None)
    assert group.sums(DAY, "model") == {"a": Sums(calls=2), "b": Sums(calls=2)}


def test_a_group_that_is_not_there_is_told_with_the_way_to_make_it() -> None:
    cloud = FakeCloud({"StartQuery": SentryError("CS0803", "ResourceNotFoundException")})
    with pytest.raises(SentryError, match="there is no log group"):
        LogGroup(cloud, GROUP, None, lambda _: None).newest(DAY, 1)
