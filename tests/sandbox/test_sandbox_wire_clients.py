"""Every protocol through a real botocore client, in-process and over HTTP: the two seams behave the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, EventStreamError
from sandbox_core_world import ARN, NOON, Recorder, client, sandbox_at_noon, served_client

from costsentry_cli.sandbox import ServiceError
from costsentry_cli.sandbox.contract import Handler, Request
from costsentry_cli.sandbox.server import start

Connect = Callable[[str, str, Handler], Any]

USAGE = {"inputTokens": 3, "outputTokens": 2, "totalTokens": 5}
EVENTS = [
    {"messageStart": {"role": "assistant"}},
    {"contentBlockDelta": {"delta": {"text": "Grüße 漢"}, "contentBlockIndex": 0}},
    {"contentBlockStop": {"contentBlockIndex": 0}},
    {"messageStop": {"stopReason": "end_turn"}},
    {"metadata": {"usage": USAGE, "metrics": {"latencyMs": 12}}},
]
SUMMARY = {
    "inferenceProfileName": "aws docs",
    "createdAt": datetime(2026, 11, 23, 12, 0, 0, 123000, tzinfo=UTC),
    "inferenceProfileArn": ARN,
    "models": [{"modelArn": "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0"}],
    "inferenceProfileId": "abc123def456",
    "status": "ACTIVE",
    "type": "APPLICATION",
}


@contextmanager
def _in_process(path: Path) -> Iterator[Connect]:
    def connect(service: str, operation: str, handler: Handler) -> Any:
        return client(sandbox_at_noon(path, {service: {operation: handler}}), service)

    yield connect


@contextmanager
def _over_http(path: Path) -> Iterator[Connect]:
    operations: dict[str, dict[str, Handler]] = {}
    with start(sandbox_at_noon(path, operations)) as url:

        def connect(service: str, operation: str, handler: Handler) -> Any:
            operations[service] = {operation: handler}
            return served_client(url, service)

        yield connect


@pytest.fixture(params=[_in_process, _over_http], ids=["in-process", "http"])
def connect(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Connect]:
    with request.param(tmp_path) as connected:
        yield connected


def test_rest_json_carries_a_body_both_ways(connect):
    seen = Recorder({"inferenceProfileArn": ARN, "status": "ACTIVE"})
    params = {
        "inferenceProfileName": "aws docs",
        "modelSource": {"copyFrom": SUMMARY["models"][0]["modelArn"]},  # type: ignore[index]
        "clientRequestToken": "t1",
        "tags": [{"key": "costCenter", "value": "sales"}],
    }
    answer = connect("bedrock", "CreateInferenceProfile", seen).create_inference_profile(**params)
    assert seen.params == params
    assert (answer["inferenceProfileArn"], answer["ResponseMetadata"]["HTTPStatusCode"]) == (ARN, 201)


def test_an_arn_with_slashes_survives_the_path(connect):
    seen = Recorder(SUMMARY)
    answer = connect("bedrock", "GetInferenceProfile", seen).get_inference_profile(inferenceProfileIdentifier=ARN)
    assert seen.params == {"inferenceProfileIdentifier": ARN}
    assert answer["createdAt"] == SUMMARY["createdAt"]


def test_query_strings_are_typed_by_the_model(connect):
    seen = Recorder({"inferenceProfileSummaries": [SUMMARY], "nextToken": "more"})
    bedrock = connect("bedrock", "ListInferenceProfiles", seen)
    answer = bedrock.list_inference_profiles(maxResults=7, typeEquals="APPLICATION", nextToken="a+b&c=/%")
    assert seen.params == {"maxResults": 7, "typeEquals": "APPLICATION", "nextToken": "a+b&c=/%"}
    assert answer["inferenceProfileSummaries"][0]["inferenceProfileId"] == "abc123def456"


def test_documents_and_blobs_pass_unchanged(connect):
    output = {
        "output": {"message": {"role": "assistant", "content": [{"text": "ok"}]}},
        "stopReason": "end_turn",
        "usage": USAGE,
        "metrics": {"latencyMs": 1},
        "additionalModelResponseFields": {"deep": [1, {"x": None}]},
    }
    seen = Recorder(output)
    image = {"format": "png", "source": {"bytes": b"\x00\xff\x10"}}
    params = {
        "modelId": ARN,
        "messages": [{"role": "user", "content": [{"text": "hi"}, {"image": image}]}],
        "additionalModelRequestFields": {"top_k": 5, "nested": {"a": [True, 1.5]}},
    }
    answer = connect("bedrock-runtime", "Converse", seen).converse(**params)
    assert seen.params == params
    assert answer["additionalModelResponseFields"] == {"deep": [1, {"x": None}]}


def test_json_carries_timestamps_as_numbers(connect):
    rows = [{"TagKey": "costCenter", "Type": "UserDefined", "Status": "Active", "LastUsedDate": "2026-11-22T00:00:00Z"}]
    seen = Recorder({"CostAllocationTags": rows})
    answer = connect("ce", "ListCostAllocationTags", seen).list_cost_allocation_tags(TagKeys=["costCenter"])
    assert seen.params == {"TagKeys": ["costCenter"]}
    assert answer["CostAllocationTags"] == rows


def test_series_of_cloudwatch_pass_exactly(connect):
    seen = Recorder(
        {"MetricDataResults": [{"Id": "a", "Timestamps": [NOON], "Values": [0.1, 2], "StatusCode": "Complete"}]}
    )
    stat = {"Metric": {"Namespace": "N", "MetricName": "M"}, "Period": 60, "Stat": "Sum"}
    params = {"MetricDataQueries": [{"Id": "a", "MetricStat": stat}], "StartTime": NOON, "EndTime": NOON}
    answer = connect("cloudwatch", "GetMetricData", seen).get_metric_data(**params)
    assert seen.params == params
    (result,) = answer["MetricDataResults"]
    assert (result["Timestamps"], result["Values"]) == ([NOON], [0.1, 2])


def test_a_large_metric_batch_arrives_though_botocore_packs_it(connect):
    seen = Recorder({})
    points = [{"MetricName": f"metric number {number}", "Value": float(number)} for number in range(900)]
    connect("cloudwatch", "PutMetricData", seen).put_metric_data(Namespace="N", MetricData=points)
    assert seen.params == {"Namespace": "N", "MetricData": points}


def test_query_is_spoken_to_sts(connect):
    seen = Recorder({"AssumedRoleUser": {"AssumedRoleId": "AR:x", "Arn": "arn:aws:sts::1:assumed-role/<a&b>"}})
    params = {
        "RoleArn": "arn:aws:iam::123456789012:role/r",
        "RoleSessionName": "s1",
        "DurationSeconds": 900,
        "Tags": [{"Key": "a", "Value": "ä b+c"}, {"Key": "b", "Value": ""}],
    }
    answer = connect("sts", "AssumeRole", seen).assume_role(**params)
    assert seen.params == params
    assert answer["AssumedRoleUser"]["Arn"] == "arn:aws:sts::1:assumed-role/<a&b>"


def test_an_event_stream_yields_its_events_in_order(connect):
    stream = connect("bedrock-runtime", "ConverseStream", Recorder({"stream": EVENTS}))
    answer = stream.converse_stream(modelId="m", messages=[{"role": "user", "content": [{"text": "hi"}]}])
    assert list(answer["stream"]) == EVENTS


def test_an_exception_in_a_stream_is_raised_after_the_events_before_it(connect):
    broken = [*EVENTS[:2], {"modelStreamErrorException": {"message": "it broke", "originalStatusCode": 500}}]
    answer = connect("bedrock-runtime", "ConverseStream", Recorder({"stream": broken})).converse_stream(modelId="m")
    events = iter(answer["stream"])
    assert [next(events), next(events)] == EVENTS[:2]
    with pytest.raises(EventStreamError, match=r"modelStreamErrorException.*it broke"):
        next(events)


@pytest.mark.parametrize(
    ("service", "operation", "params", "raised", "code", "status"),
    [
        ("bedrock", "GetInferenceProfile", {"inferenceProfileIdentifier": ARN}, "ResourceNotFoundException", None, 404),
        ("bedrock", "GetInferenceProfile", {"inferenceProfileIdentifier": ARN}, "ThrottlingException", None, 429),
        ("bedrock", "GetInferenceProfile", {"inferenceProfileIdentifier": ARN}, "OwnException", None, 400),
        ("ce", "ListCostAllocationTags", {}, "LimitExceededException", None, 400),
        ("cloudwatch", "ListMetrics", {}, "InvalidParameterValue", None, 400),
        ("cloudwatch", "ListMetrics", {}, "InternalServiceFault", "InternalServiceError", 500),
        ("sts", "GetCallerIdentity", {}, "ExpiredTokenException", None, 400),
    ],
)
def test_an_error_arrives_with_code_status_and_request_id(connect, service, operation, params, raised, code, status):
    def refuse(request: Request) -> dict[str, Any]:
        raise ServiceError(raised, "not <today> & here")

    made = connect(service, operation, refuse)
    with pytest.raises(ClientError) as caught:
        made._make_api_call(operation, params)
    error = caught.value.response
    assert (error["Error"]["Code"], error["Error"]["Message"]) == (code or raised, "not <today> & here")
    assert error["ResponseMetadata"]["HTTPStatusCode"] == status
    assert error["ResponseMetadata"]["RequestId"] == "00000000-0000-4000-8000-000000000001"


def test_further_members_of_an_error_arrive(connect):
    def fail(request: Request) -> dict[str, Any]:
        raise ServiceError("ModelErrorException", "the model failed", originalStatusCode=503, resourceName="nova")

    runtime = connect("bedrock-runtime", "Converse", fail)
    with pytest.raises(runtime.exceptions.ModelErrorException) as caught:
        runtime.converse(modelId="m")
    assert caught.value.response["originalStatusCode"] == 503
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 424


@pytest.mark.parametrize(
    ("service", "operation", "params", "message"),
    [
        ("bedrock", "ListInferenceProfiles", {"maxResults": 5000}, "ValidationException.*less than or equal to 1000"),
        ("ce", "ListCostAllocationTags", {"TagKeys": ["k"] * 101}, "ValidationException.*less than or equal to 100"),
        ("cloudwatch", "PutMetricData", {"Namespace": ":n"}, "InvalidParameterValue.*at 'namespace'"),
        ("sts", "AssumeRole", {"RoleArn": "x" * 20, "RoleSessionName": "a b"}, "ValidationError.*roleSessionName"),
    ],
)
def test_an_invalid_request_is_refused_in_the_services_own_words(connect, service, operation, params, message):
    made = connect(service, operation, Recorder({}))
    with pytest.raises(ClientError, match=message):
        made._make_api_call(operation, params)
