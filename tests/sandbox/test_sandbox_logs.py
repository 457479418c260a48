"""CloudWatch Logs in the sandbox: groups, streams, retention, tags, and events as they are put and read."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from sandbox_core_world import client, role_client, sandbox_at_noon
from sandbox_logs_world import GROUP, NOW, STREAM, TO_GROUP, TO_STREAM, put, refusal

ROLE = "arn:aws:iam::210987654321:role/finops"
ARN = f"arn:aws:logs:us-east-1:123456789012:log-group:{GROUP}"
HOUR, DAY = 3_600_000, 86_400_000


@pytest.fixture
def sandbox(tmp_path):
    return sandbox_at_noon(tmp_path)


@pytest.fixture
def logs(sandbox):
    made = client(sandbox, "logs")
    made.create_log_group(**TO_GROUP)
    made.create_log_stream(**TO_STREAM)
    return made


def _messages(answer):
    return [event["message"] for event in answer["events"]]


def test_a_group_is_described_as_it_was_made(logs, sandbox):
    put(logs, "12345")
    (shown,) = client(sandbox_at_noon(sandbox.path.parent), "logs").describe_log_groups()["logGroups"]
    assert shown == {
        "logGroupName": GROUP, "creationTime": NOW, "metricFilterCount": 0, "arn": ARN + ":*", "logGroupArn": ARN,
        "storedBytes": 5 + 26, "logGroupClass": "STANDARD", "deletionProtectionEnabled": False,
    }  # fmt: skip
    assert refusal(lambda: logs.create_log_group(**TO_GROUP))["Code"] == "ResourceAlreadyExistsException"
    assert refusal(lambda: logs.create_log_stream(**TO_STREAM))["Code"] == "ResourceAlreadyExistsException"


@pytest.mark.parametrize("name", ["a b", "aws/x", "a:b", "a" * 513, "ä"])
def test_a_bad_name_is_refused(logs, name):
    assert refusal(lambda: logs.create_log_group(logGroupName=name))["Code"] in (
        "InvalidParameterException",
        "ParamValidationError",
    )


def test_what_the_sandbox_lacks_is_named(logs):
    error = refusal(lambda: logs.create_log_group(logGroupName="x", logGroupClass="INFREQUENT_ACCESS"))
    assert error["Message"] == "the sandbox does not have the class INFREQUENT_ACCESS of logs.CreateLogGroup"
    assert "logs.DescribeMetricFilters" in refusal(logs.describe_metric_filters)["Message"]


def test_groups_are_listed_by_prefix_and_pattern_page_by_page(logs):
    for number in range(5):
        logs.create_log_group(logGroupName=f"app/{number}")
    pages = logs.get_paginator("describe_log_groups").paginate(
        logGroupNamePrefix="app/", PaginationConfig={"PageSize": 2}
    )
    names = [[group["logGroupName"] for group in page["logGroups"]] for page in pages]
    assert names == [["app/0", "app/1"], ["app/2", "app/3"], ["app/4"]]
    assert len(logs.describe_log_groups(logGroupNamePattern="AUDIT")["logGroups"]) == 1
    both = {"logGroupNamePattern": "a", "logGroupNamePrefix": "a"}
    assert "mutually exclusive" in refusal(lambda: logs.describe_log_groups(**both))["Message"]
    token = logs.describe_log_groups(limit=1)["nextToken"]
    for bad in ("x", token[:-4]):
        assert refusal(lambda bad=bad: logs.describe_log_groups(nextToken=bad))["Code"] == "InvalidParameterException"
    other = {"logGroupNamePrefix": "app", "nextToken": token}
    assert refusal(lambda: logs.describe_log_groups(**other))["Code"] == "InvalidParameterException"


def test_streams_are_listed_by_name_or_by_their_last_event(logs):
    for name in ("a", "b", "z"):
        logs.create_log_stream(**TO_GROUP, logStreamName=name)
    put(logs, "late", at=NOW, logStreamName="a")
    put(logs, "early", at=NOW - HOUR, logStreamName="z")
    listed = logs.describe_log_streams(**TO_GROUP)["logStreams"]
    assert [stream["logStreamName"] for stream in listed] == ["a", "b", STREAM, "z"]
    assert (listed[0]["firstEventTimestamp"], listed[0]["lastEventTimestamp"]) == (NOW, NOW)
    assert "lastEventTimestamp" not in listed[1]
    by_time = logs.describe_log_streams(**TO_GROUP, orderBy="LastEventTime", descending=True, limit=2)
    assert [stream["logStreamName"] for stream in by_time["logStreams"]] == ["a", "z"]
    wrong = {"orderBy": "LastEventTime", "logStreamNamePrefix": "a"}
    assert refusal(lambda: logs.describe_log_streams(**TO_GROUP, **wrong))["Code"] == "InvalidParameterException"


def test_what_is_deleted_is_gone_with_its_events(logs):
    put(logs, "x")
    logs.delete_log_stream(**TO_STREAM)
    assert refusal(lambda: logs.get_log_events(**TO_STREAM))["Code"] == "ResourceNotFoundException"
    assert logs.filter_log_events(**TO_GROUP)["events"] == []
    logs.delete_log_group(**TO_GROUP)
    assert logs.describe_log_groups()["logGroups"] == []
    assert refusal(lambda: logs.delete_log_group(**TO_GROUP))["Code"] == "ResourceNotFoundException"


def test_a_protected_group_is_not_deleted(logs):
    logs.create_log_group(logGroupName="kept", deletionProtectionEnabled=True)
    assert refusal(lambda: logs.delete_log_group(logGroupName="kept"))["Code"] == "ValidationException"


def test_tags_are_merged_and_taken_away_by_arn_or_by_name(sandbox):
    logs = client(sandbox, "logs")
    logs.create_log_group(**TO_GROUP, tags={"a": "1"})
    logs.tag_resource(resourceArn=ARN, tags={"b": "2"})
    logs.tag_log_group(**TO_GROUP, tags={"a": "3"})
    assert logs.list_tags_for_resource(resourceArn=ARN)["tags"] == {"a": "3", "b": "2"}
    logs.untag_resource(resourceArn=ARN, tagKeys=["b", "never"])
    assert logs.list_tags_log_group(**TO_GROUP)["tags"] == {"a": "3"}
    logs.untag_log_group(**TO_GROUP, tags=["a"])
    assert logs.list_tags_for_resource(resourceArn=ARN).get("tags", {}) == {}
    many = {str(number): "x" for number in range(50)}
    logs.tag_resource(resourceArn=ARN, tags=many)
    assert refusal(lambda: logs.tag_resource(resourceArn=ARN, tags={"51": "x"}))["Code"] == "TooManyTagsException"


def test_events_past_their_retention_are_gone(logs, sandbox):
    put(logs, "old")
    logs.put_retention_policy(**TO_GROUP, retentionInDays=1)
    assert refusal(lambda: logs.put_retention_policy(**TO_GROUP, retentionInDays=2))["Code"] == (
        "InvalidParameterException"
    )
    sandbox.advance(timedelta(hours=23))
    assert _messages(logs.filter_log_events(**TO_GROUP)) == ["old"]
    assert logs.describe_log_groups()["logGroups"][0]["retentionInDays"] == 1
    sandbox.advance(timedelta(hours=2))
    assert _messages(logs.get_log_events(**TO_STREAM)) == []
    assert logs.describe_log_groups()["logGroups"][0]["storedBytes"] == 0
    logs.delete_retention_policy(**TO_GROUP)
    assert "retentionInDays" not in logs.describe_log_groups()["logGroups"][0]


def _events(*times):
    return {**TO_STREAM, "logEvents": [{"timestamp": at, "message": "x"} for at in times]}


def test_events_too_old_and_too_new_are_left_out_and_told_of(logs):
    logs.put_retention_policy(**TO_GROUP, retentionInDays=7)
    times = [NOW - 15 * DAY, NOW - 14 * DAY - 1, NOW - 8 * DAY, NOW - 1, NOW + 2 * HOUR, NOW + 2 * HOUR + 1]
    answer = logs.put_log_events(**_events(*times), sequenceToken="ignored")
    assert answer["rejectedLogEventsInfo"] == {
        "tooOldLogEventEndIndex": 2,
        "expiredLogEventEndIndex": 3,
        "tooNewLogEventStartIndex": 5,
    }
    assert len(answer["nextSequenceToken"]) == 56
    kept = [event["timestamp"] for event in logs.get_log_events(**TO_STREAM)["events"]]
    assert kept == [NOW - 1, NOW + 2 * HOUR]
    assert "rejectedLogEventsInfo" not in logs.put_log_events(**_events(NOW))


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (_events(NOW, NOW - 1), "chronological"),
        (_events(NOW - DAY - 1, NOW), "24 hours"),
        ({**TO_STREAM, "logEvents": [{"timestamp": NOW, "message": "x" * (1_048_576 - 25)}]}, "1048577"),
        ({**TO_STREAM, "logEvents": [{"timestamp": NOW, "message": "ä" * 524_276}]}, "1048578"),
        (_events(*[NOW] * 10_001), "10000"),
    ],
)
def test_a_batch_that_breaks_a_rule_is_refused_whole(logs, asked, said):
    error = refusal(lambda: logs.put_log_events(**asked))
    assert (error["Code"], said in error["Message"]) == ("InvalidParameterException", True), error
    assert logs.get_log_events(**TO_STREAM)["events"] == []


def test_the_largest_batch_is_taken(logs):
    logs.put_log_events(**TO_STREAM, logEvents=[{"timestamp": NOW, "message": "x" * (1_048_576 - 26)}])
    assert len(logs.get_log_events(**TO_STREAM)["events"]) == 1


@pytest.mark.parametrize("to", [{"logGroupName": "none"}, {"logStreamName": "none"}])
def test_an_unknown_group_or_stream_is_said(logs, to):
    assert refusal(lambda: put(logs, "x", **to))["Code"] == "ResourceNotFoundException"


def test_a_stream_is_read_from_both_ends_and_on(logs):
    put(logs, *"abcde")
    tail = logs.get_log_events(**TO_STREAM, limit=2)
    assert _messages(tail) == ["d", "e"]
    before = logs.get_log_events(**TO_STREAM, limit=2, nextToken=tail["nextBackwardToken"])
    assert _messages(before) == ["b", "c"]
    head = logs.get_log_events(**TO_STREAM, limit=3, startFromHead=True)
    assert _messages(head) == ["a", "b", "c"]
    after = logs.get_log_events(**TO_STREAM, startFromHead=True, nextToken=head["nextForwardToken"])
    assert _messages(after) == ["d", "e"]
    end = logs.get_log_events(**TO_STREAM, startFromHead=True, nextToken=after["nextForwardToken"])
    assert (end["events"], end["nextForwardToken"]) == ([], after["nextForwardToken"])
    back = logs.get_log_events(**TO_STREAM, nextToken=end["nextBackwardToken"])
    assert _messages(back) == list("abcde")
    put(logs, "f", at=NOW + 1)
    more = logs.get_log_events(**TO_STREAM, startFromHead=True, nextToken=end["nextForwardToken"])
    assert _messages(more) == ["f"]
    for bad in ("x", "f/1/s", "f/1/2", "b/x/1/s"):
        assert refusal(lambda bad=bad: logs.get_log_events(**TO_STREAM, nextToken=bad))["Code"] == (
            "InvalidParameterException"
        )


def test_a_streams_end_time_is_excluded_and_a_searchs_included(logs):
    put(logs, "a", "b", "c")
    span = {"startTime": NOW - 1, "endTime": NOW}
    assert _messages(logs.get_log_events(**TO_STREAM, **span)) == ["b"]
    assert _messages(logs.filter_log_events(**TO_GROUP, **span)) == ["b", "c"]


def test_a_search_interleaves_streams_and_goes_on_page_by_page(logs):
    logs.create_log_stream(**TO_GROUP, logStreamName="other")
    put(logs, "a", at=NOW - 10)
    put(logs, "b", at=NOW - 9, logStreamName="other")
    put(logs, "c", "d", at=NOW)
    pages = list(logs.get_paginator("filter_log_events").paginate(**TO_GROUP, PaginationConfig={"PageSize": 2}))
    assert [_messages(page) for page in pages] == [["a", "b"], ["c", "d"]]
    ids = [event["eventId"] for page in pages for event in page["events"]]
    assert len(set(ids)) == 4
    assert _messages(logs.filter_log_events(**TO_GROUP, logStreamNames=["other"])) == ["b"]
    assert _messages(logs.filter_log_events(logGroupIdentifier=ARN, logStreamNamePrefix="cal")) == ["a", "c", "d"]
    assert refusal(lambda: logs.filter_log_events(**TO_GROUP, logStreamNames=["none"]))["Code"] == (
        "ResourceNotFoundException"
    )


def test_a_page_may_be_empty_and_have_a_next_one(logs, sandbox):
    put(logs, *"aaaab")
    sandbox.configure("filter_page_events", "2")
    first = logs.filter_log_events(**TO_GROUP, filterPattern="b")
    assert (first["events"], "nextToken" in first) == ([], True)
    pages = list(logs.get_paginator("filter_log_events").paginate(**TO_GROUP, filterPattern="b"))
    assert [_messages(page) for page in pages] == [[], [], ["b"]]


def test_a_page_holds_a_megabyte(logs):
    for at in range(3):
        put(logs, "x" * 700_000, at=NOW + at)
    pages = list(logs.get_paginator("filter_log_events").paginate(**TO_GROUP))
    assert [len(page["events"]) for page in pages] == [2, 1]
    assert len(logs.get_log_events(**TO_STREAM)["events"]) == 1


def test_a_record_is_looked_up_by_its_pointer(logs):
    put(logs, {"costCenter": "sales", "usage": {"in": 5, "tags": ["a", "b"]}, "none": None})
    span = {"startTime": NOW // 1000 - 1, "endTime": NOW // 1000}
    query = logs.start_query(**TO_GROUP, **span, queryString="fields costCenter")["queryId"]
    cells = {cell["field"]: cell["value"] for cell in logs.get_query_results(queryId=query)["results"][0]}
    record = logs.get_log_record(logRecordPointer=cells["@ptr"])["logRecord"]
    discovered = {name: text for name, text in record.items() if not name.startswith("@")}
    assert discovered == {"costCenter": "sales", "usage.in": "5", "usage.tags.0": "a", "usage.tags.1": "b"}
    assert (record["@logStream"], record["@timestamp"]) == (STREAM, "2026-11-23 12:00:00.000")
    assert json.loads(record["@message"])["costCenter"] == "sales"
    assert refusal(lambda: logs.get_log_record(logRecordPointer="x"))["Code"] == "ResourceNotFoundException"


def test_accounts_and_regions_are_apart(logs, sandbox):
    for other in (role_client(sandbox, ROLE, "logs"), client(sandbox, "logs", region="eu-west-1")):
        assert other.describe_log_groups()["logGroups"] == []
        assert refusal(lambda other=other: put(other, "x"))["Code"] == "ResourceNotFoundException"
        other.create_log_group(**TO_GROUP)
    assert sandbox.status().moto == ()
