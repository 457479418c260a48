"""What the tests of the sandbox's CloudWatch Logs share: a group with a stream, events, queries."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from sandbox_core_world import NOON

GROUP, STREAM = "costsentry/audit", "calls"
NOW = int(NOON.timestamp() * 1000)
TO_GROUP = {"logGroupName": GROUP}
TO_STREAM = {"logGroupName": GROUP, "logStreamName": STREAM}


def put(logs: Any, *messages: Any, at: int = NOW, **to: str) -> Any:
    """Put messages (text, or what becomes JSON), a millisecond apart, the last at ``at``."""
    texts = [each if isinstance(each, str) else json.dumps(each) for each in messages]
    events = [{"timestamp": at - len(texts) + 1 + n, "message": text} for n, text in enumerate(texts)]
    return logs.put_log_events(**TO_STREAM | to, logEvents=events)


def refusal(act: Any) -> dict[str, Any]:
    """The error answer of a call that must fail."""
    with pytest.raises(ClientError) as caught:
        act()
    answer: dict[str, Any] = caught.value.response
    return answer["Error"] | {name: item for name, item in answer.items() if name == "queryCompileError"}


def ask(logs: Any, query: str, **asked: Any) -> list[dict[str, str]]:
    """The rows of a query over the last day, without their pointers."""
    span = {"startTime": NOW // 1000 - 86400, "endTime": NOW // 1000 + 86400}
    query_id = logs.start_query(**TO_GROUP | span | asked, queryString=query)["queryId"]
    answer = logs.get_query_results(queryId=query_id)
    assert answer["status"] == "Complete"
    return [{cell["field"]: cell["value"] for cell in row if cell["field"] != "@ptr"} for row in answer["results"]]
