"""A call that AWS would carry out twice is sent again only when it was certainly not carried out."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import (
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    HTTPClientError,
    ReadTimeoutError,
)

from costsentry_cli.domain.calls import ApiCall
from costsentry_cli.domain.errors import SentryError
from stand_in import answer, door


def refusal(code: str, status: int, sentence: str = "said no") -> AWSResponse:
    """How a service of the JSON protocol says no."""
    return answer({"__type": code, "message": sentence}, status)


URL = {"endpoint_url": "https://stand-in/"}
MONITOR = {
    "MonitorName": "by-centre",
    "MonitorType": "DIMENSIONAL",
    "MonitorDimension": "TAG",
    "MonitorSpecification": {"Tags": {"Key": "costCenter"}},
}
CREATE = ApiCall("ce", "CreateAnomalyMonitor", {"AnomalyMonitor": MONITOR}, once=True)
AGAIN = ApiCall("ce", "CreateAnomalyMonitor", {"AnomalyMonitor": MONITOR})
MADE = {"MonitorArn": "arn:aws:ce::123456789012:anomalymonitor/1"}
UNKNOWN = [
    refusal("InternalServerException", 500),
    refusal("ServiceUnavailable", 503),
    answer(b"<html>Bad gateway</html>", 502, {"content-type": "text/html"}),
    refusal("RequestTimeoutException", 408),
    ReadTimeoutError(**URL),
    ConnectionClosedError(**URL),
    HTTPClientError(error="broken pipe"),
]
UNDONE = [
    refusal("ThrottlingException", 400),
    refusal("LimitExceededException", 400, "You made too many calls in a short period of time. Try again later."),
    refusal("BrandNewThrottling", 429),
    ConnectTimeoutError(**URL),
    EndpointConnectionError(**URL),
]


@pytest.mark.parametrize("trouble", UNKNOWN)
def test_it_is_not_sent_again_when_it_may_have_been_carried_out(trouble: Any) -> None:
    made, behind = door(trouble, answer(MADE))
    with pytest.raises(SentryError):
        made.call(CREATE)
    assert len(behind.requests) == 1


@pytest.mark.parametrize("trouble", UNKNOWN)
def test_any_other_call_is_sent_again_then(trouble: Any) -> None:
    made, behind = door(trouble, answer(MADE))
    assert made.call(AGAIN)["MonitorArn"] == MADE["MonitorArn"]
    assert len(behind.requests) == 2


@pytest.mark.parametrize("trouble", UNDONE)
def test_it_is_sent_again_when_it_was_certainly_not_carried_out(trouble: Any) -> None:
    made, behind = door(trouble, answer(MADE))
    assert made.call(CREATE)["MonitorArn"] == MADE["MonitorArn"]
    assert len(behind.requests) == 2


def test_a_lost_reply_after_a_throttling_ends_it() -> None:
    made, behind = door(refusal("ThrottlingException", 400), ReadTimeoutError(**URL), answer(MADE))
    with pytest.raises(SentryError) as failed:
        made.call(CREATE)
    assert (failed.value.code, len(behind.requests)) == ("CS0808", 2)


@pytest.mark.parametrize(
    ("code", "ours"),
    [
        ("DuplicateRecordException", "CS0804"),
        ("ResourceLockedException", "CS0804"),
        ("CreationLimitExceededException", "CS0805"),
        ("NotFoundException", "CS0803"),
        ("UnknownMonitorException", "CS0803"),
        ("UnknownSubscriptionException", "CS0803"),
        ("ExpiredNextTokenException", "CS0802"),
        ("AccessDeniedException", "CS0403"),
    ],
)
def test_what_billing_services_say_has_our_names(code: str, ours: str) -> None:
    made, behind = door(refusal(code, 400))
    with pytest.raises(SentryError) as failed:
        made.call(AGAIN)
    assert (failed.value.code, len(behind.requests)) == (ours, 1)


GROUP = ApiCall("logs", "CreateLogGroup", {"logGroupName": "/costsentry/docs-helper"})
KEYS = {"CostAllocationTagsStatus": [{"TagKey": "costCenter", "Status": "Active"}]}
KEY = ApiCall("ce", "UpdateCostAllocationTagsStatus", KEYS)
TABLE = ApiCall("dynamodb", "DeleteTable", {"TableName": "costsentry-docs-helper"})
PERIOD = {"TimePeriod": {"Start": "2026-11-01", "End": "2026-11-02"}, "Granularity": "DAILY"}
COSTS = ApiCall("ce", "GetCostAndUsage", {**PERIOD, "Metrics": ["UnblendedCost"]})


@pytest.mark.parametrize(("call", "ours"), [(GROUP, "CS0805"), (KEY, "CS0805"), (TABLE, "CS0801"), (COSTS, "CS0801")])
def test_one_code_for_throttling_and_for_a_quota_means_what_the_operation_means_by_it(call: ApiCall, ours: str) -> None:
    made, behind = door(refusal("LimitExceededException", 400))
    with pytest.raises(SentryError) as failed:
        made.call(call)
    assert failed.value.code == ours
    assert len(behind.requests) == 1 if ours == "CS0805" else len(behind.requests) >= 10
