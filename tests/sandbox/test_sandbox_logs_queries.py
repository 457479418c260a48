"""CloudWatch Logs Insights in the sandbox: how queries are started, looked at, stopped and listed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from botocore.exceptions import ClientError
from sandbox_core_world import client, sandbox_at_noon
from sandbox_logs_world import GROUP, NOW, STREAM, TO_GROUP, TO_STREAM, ask, put, refusal


@pytest.fixture
def sandbox(tmp_path):
    return sandbox_at_noon(tmp_path)


@pytest.fixture
def logs(sandbox):
    made = client(sandbox, "logs")
    made.create_log_group(**TO_GROUP)
    made.create_log_stream(**TO_STREAM)
    return made


def test_a_query_reads_the_newest_first_between_its_times(logs):
    put(logs, "a", "b", "c", at=NOW)
    assert [row["@message"] for row in ask(logs, "fields @message")] == ["c", "b", "a"]
    assert ask(logs, "fields @message", limit=1) == [{"@message": "c"}]
    at = NOW // 1000
    assert len(ask(logs, "fields @message", startTime=at, endTime=at)) == 1
    assert ask(logs, "fields @message", startTime=at + 1, endTime=at + 9) == []


def test_the_statistics_say_what_was_read(logs):
    put(logs, {"a": 1}, {"a": 2}, "x")
    span = {"startTime": 0, "endTime": NOW // 1000}
    query = logs.start_query(**TO_GROUP, **span, queryString="filter a > 1 | stats count()")["queryId"]
    statistics = logs.get_query_results(queryId=query)["statistics"]
    assert (statistics["recordsMatched"], statistics["recordsScanned"], statistics["resultCount"]) == (1, 3, 1)
    assert statistics["bytesScanned"] == 8 + 8 + 1 + 3 * 26


def test_several_groups_are_asked_at_once(logs):
    logs.create_log_group(logGroupName="other")
    logs.create_log_stream(logGroupName="other", logStreamName=STREAM)
    put(logs, {"a": 1})
    put(logs, {"a": 2}, logGroupName="other")
    span = {"startTime": 0, "endTime": NOW // 1000, "queryString": "stats sum(a) as s by @log | sort @log"}
    names = ["other", f"arn:aws:logs:us-east-1:123456789012:log-group:{GROUP}"]
    query = logs.start_query(logGroupIdentifiers=names, **span)["queryId"]
    rows = [[cell["value"] for cell in row] for row in logs.get_query_results(queryId=query)["results"]]
    assert rows == [[f"123456789012:{GROUP}", "1"], ["123456789012:other", "2"]]
    both = refusal(lambda: logs.start_query(logGroupName="other", logGroupNames=["other"], **span))
    assert both["Code"] == "InvalidParameterException"
    none = refusal(lambda: logs.start_query(logGroupName="none", **span))
    assert none["Code"] == "ResourceNotFoundException"


def test_a_malformed_query_is_refused_at_its_start(logs):
    asked = {**TO_GROUP, "startTime": 0, "endTime": 1}
    error = refusal(lambda: logs.start_query(**asked, queryString="filter a === 1"))
    assert error["Code"] == "MalformedQueryException"
    assert error["queryCompileError"]["location"] == {"startCharOffset": 10, "endCharOffset": 11}
    assert (
        "queryLanguage SQL"
        in refusal(lambda: logs.start_query(**asked, queryString="x", queryLanguage="SQL"))["Message"]
    )


def test_a_query_can_run_for_some_looks_and_be_stopped(logs, sandbox):
    put(logs, "x")
    sandbox.configure("insights_delay_looks", "2")
    asked = {**TO_GROUP, "startTime": 0, "endTime": NOW // 1000, "queryString": "fields @message"}
    first, second = (logs.start_query(**asked)["queryId"] for _ in range(2))
    put(logs, "y")  # what comes after the start is not in the results
    looks = [logs.get_query_results(queryId=first) for _ in range(3)]
    assert [look["status"] for look in looks] == ["Running", "Running", "Complete"]
    assert [len(look["results"]) for look in looks] == [0, 0, 1]
    assert logs.stop_query(queryId=second)["success"] is True
    assert logs.get_query_results(queryId=second)["status"] == "Cancelled"
    for ended in (first, second):
        assert refusal(lambda ended=ended: logs.stop_query(queryId=ended))["Code"] == "InvalidParameterException"
    listed = logs.describe_queries(**TO_GROUP)["queries"]
    assert [(query["queryId"], query["status"]) for query in listed] == [(second, "Cancelled"), (first, "Complete")]
    assert [query["queryId"] for query in logs.describe_queries(status="Complete")["queries"]] == [first]
    assert refusal(lambda: logs.get_query_results(queryId="none"))["Code"] == "ResourceNotFoundException"


def test_results_come_in_pages(logs):
    put(logs, *[str(n) for n in range(5)])
    asked = {**TO_GROUP, "startTime": 0, "endTime": NOW // 1000, "queryString": "fields @message"}
    query = logs.start_query(**asked)["queryId"]
    first = logs.get_query_results(queryId=query, maxItems=3)
    second = logs.get_query_results(queryId=query, maxItems=3, nextToken=first["nextToken"])
    assert (len(first["results"]), len(second["results"]), "nextToken" in second) == (3, 2, False)


def test_a_hundred_queries_may_run_at_once(logs, sandbox):
    sandbox.configure("insights_delay_looks", "1")
    asked = {**TO_GROUP, "startTime": 0, "endTime": 1, "queryString": "fields @message"}
    for _ in range(100):
        logs.start_query(**asked)
    with pytest.raises(ClientError, match="LimitExceededException"):
        logs.start_query(**asked)


def test_a_query_does_not_see_expired_events(logs, sandbox):
    put(logs, "x")
    logs.put_retention_policy(**TO_GROUP, retentionInDays=1)
    assert len(ask(logs, "fields @message")) == 1
    sandbox.advance(timedelta(days=2))
    assert ask(logs, "fields @message") == []
