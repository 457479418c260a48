"""The checker: a table of what AWS's models allow and forbid, on inputs, outputs and event streams."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel

from costsentry_cli.sandbox.model_check import UNCHECKED_PATTERNS, compiled, problems
from costsentry_cli.sandbox.routes import shipped_models

SOURCE = "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0"
PROFILE = {"inferenceProfileName": "aws docs", "modelSource": {"copyFrom": SOURCE}}
POINT = {"MetricName": "m", "Value": 1.5}
PERIOD = {"Start": "2026-11-01", "End": "2026-11-02"}
COST = {"TimePeriod": PERIOD, "Granularity": "DAILY", "Metrics": ["UnblendedCost"]}
USAGE = {"inputTokens": 1, "outputTokens": 2, "totalTokens": 3}


def _found(service: str, operation: str, value: Any, *, output: bool = False) -> list[tuple[str, str]]:
    model = shipped_models().service(service)
    assert model is not None
    shape = model.operation_model(operation)
    return [(each.path, each.kind) for each in problems(shape.output_shape if output else shape.input_shape, value)]


@pytest.mark.parametrize(
    ("service", "operation", "value"),
    [
        ("bedrock", "CreateInferenceProfile", PROFILE),
        ("bedrock", "CreateInferenceProfile", {**PROFILE, "tags": [{"key": "a b", "value": ""}] * 200}),
        ("bedrock", "CreateInferenceProfile", {**PROFILE, "inferenceProfileName": "a" * 64}),
        ("bedrock", "ListInferenceProfiles", {"maxResults": 1000}),
        ("bedrock", "ListInferenceProfiles", {}),
        ("cloudwatch", "PutMetricData", {"Namespace": "N", "MetricData": [POINT, {**POINT, "Value": 2}]}),
        ("cloudwatch", "PutMetricData", {"Namespace": "N", "MetricData": [{**POINT, "Value": Decimal("0.1")}]}),
        ("cloudwatch", "PutMetricData", {"Namespace": "N", "MetricData": [{**POINT, "Timestamp": datetime.now(UTC)}]}),
        ("ce", "GetCostAndUsage", COST),
        ("bedrock-runtime", "Converse", {"modelId": "m", "additionalModelRequestFields": {"any": [1, None, {"x": 2}]}}),
        ("sts", "GetCallerIdentity", {}),
    ],
)
def test_what_the_model_allows_is_accepted(service, operation, value):
    assert _found(service, operation, value) == []


@pytest.mark.parametrize(
    ("service", "operation", "value", "expected"),
    [
        ("bedrock", "CreateInferenceProfile", {}, [("inferenceProfileName", "required"), ("modelSource", "required")]),
        ("bedrock", "CreateInferenceProfile", {**PROFILE, "colour": 1}, [("colour", "unknown")]),
        (
            "bedrock",
            "CreateInferenceProfile",
            {**PROFILE, "inferenceProfileName": "a..b"},
            [("inferenceProfileName", "pattern")],
        ),
        (
            "bedrock",
            "CreateInferenceProfile",
            {**PROFILE, "inferenceProfileName": "a\n"},
            [("inferenceProfileName", "pattern")],
        ),
        (
            "bedrock",
            "CreateInferenceProfile",
            {**PROFILE, "inferenceProfileName": "a" * 65},
            [("inferenceProfileName", "length")],
        ),
        (
            "bedrock",
            "CreateInferenceProfile",
            {**PROFILE, "description": ""},
            [("description", "length"), ("description", "pattern")],
        ),
        (
            "bedrock",
            "CreateInferenceProfile",
            {**PROFILE, "tags": [{"key": "a", "value": "b"}, {"key": "ä", "value": "b", "x": 1}]},
            [("tags.2.member.key", "pattern"), ("tags.2.member.x", "unknown")],
        ),
        (
            "bedrock",
            "CreateInferenceProfile",
            {**PROFILE, "tags": [{"key": "a", "value": "b"}] * 201},
            [("tags", "length")],
        ),
        ("bedrock", "CreateInferenceProfile", {**PROFILE, "modelSource": {}}, [("modelSource", "union")]),
        ("bedrock", "CreateInferenceProfile", {**PROFILE, "modelSource": "x"}, [("modelSource", "type")]),
        ("bedrock", "CreateInferenceProfile", {**PROFILE, "tags": {"key": "a"}}, [("tags", "type")]),
        ("bedrock", "ListInferenceProfiles", {"maxResults": 0}, [("maxResults", "range")]),
        ("bedrock", "ListInferenceProfiles", {"maxResults": 1001}, [("maxResults", "range")]),
        ("bedrock", "ListInferenceProfiles", {"maxResults": True}, [("maxResults", "type")]),
        ("bedrock", "ListInferenceProfiles", {"maxResults": 2**31}, [("maxResults", "type")]),
        ("bedrock", "ListInferenceProfiles", {"maxResults": "5"}, [("maxResults", "type")]),
        ("bedrock", "ListInferenceProfiles", {"typeEquals": "APP"}, [("typeEquals", "enum")]),
        ("cloudwatch", "PutMetricData", {"Namespace": ":x"}, [("namespace", "pattern")]),
        (
            "cloudwatch",
            "PutMetricData",
            {"Namespace": "N", "MetricData": [{**POINT, "Value": "1"}, {**POINT, "Timestamp": datetime(2026, 1, 1)}]},  # noqa: DTZ001 - the naive one is the point
            [("metricData.1.member.value", "type"), ("metricData.2.member.timestamp", "type")],
        ),
        ("ce", "GetCostAndUsage", {**COST, "Granularity": "WEEKLY"}, [("granularity", "enum")]),
        (
            "ce",
            "GetCostAndUsage",
            {**COST, "TimePeriod": {"Start": "yesterday", "End": "2026-11-02"}},
            [("timePeriod.start", "pattern")],
        ),
        (
            "bedrock-runtime",
            "Converse",
            {"modelId": "m", "requestMetadata": {"a(b)": "x", "k": "{"}},
            [("requestMetadata.key", "pattern"), ("requestMetadata.k.value", "pattern")],
        ),
        ("bedrock-runtime", "Converse", {"modelId": "m", "requestMetadata": {}}, [("requestMetadata", "length")]),
        (
            "bedrock-runtime",
            "Converse",
            {"modelId": "m", "messages": [{"role": "user", "content": [{"text": "a", "image": {}}]}]},
            [
                ("messages.1.member.content.1.member", "union"),
                ("messages.1.member.content.1.member.image.format", "required"),
                ("messages.1.member.content.1.member.image.source", "required"),
            ],
        ),
        ("sts", "GetCallerIdentity", {"x": 1}, [("x", "unknown")]),
    ],
)
def test_what_the_model_forbids_is_found_where_it_stands(service, operation, value, expected):
    assert sorted(_found(service, operation, value)) == sorted(expected)


def test_an_operation_without_input_allows_nothing():
    assert [(each.path, each.kind) for each in problems(None, {"x": 1})] == [("x", "unknown")]


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([{"messageStart": {"role": "assistant"}}, {"metadata": {"usage": USAGE, "metrics": {"latencyMs": 1}}}], []),
        ([{"throttlingException": {"message": "slow down"}}], []),
        ([{"messageStart": {}}], [("stream.1.member.messageStart.role", "required")]),
        ([{"nothing": {}}], [("stream.1.member.nothing", "unknown")]),
        ([{"messageStop": {"stopReason": "bored"}}], [("stream.1.member.messageStop.stopReason", "enum")]),
    ],
)
def test_events_of_a_stream_are_checked_one_by_one(events, expected):
    assert _found("bedrock-runtime", "ConverseStream", {"stream": events}, output=True) == expected


def test_a_global_profile_may_name_models_without_a_region():
    summary = {
        "inferenceProfileName": "Global Nova",
        "inferenceProfileArn": "arn:aws:bedrock:us-east-1:123456789012:inference-profile/global.amazon.nova-lite-v1:0",
        "models": [{"modelArn": "arn:aws:bedrock:::foundation-model/amazon.nova-lite-v1:0"}],
        "inferenceProfileId": "global.amazon.nova-lite-v1:0",
        "status": "ACTIVE",
        "type": "SYSTEM_DEFINED",
    }
    assert _found("bedrock", "GetInferenceProfile", summary, output=True) == []


def test_the_wording_is_that_of_awss_front_ends():
    model = shipped_models().service("bedrock")
    assert model is not None
    (problem,) = problems(model.operation_model("ListInferenceProfiles").input_shape, {"maxResults": 0})
    assert problem.message == (
        "Value '0' at 'maxResults' failed to satisfy constraint: Member must have value greater than or equal to 1"
    )


def test_a_mistyped_value_is_not_repeated_because_it_may_be_a_prompt():
    model = shipped_models().service("bedrock-runtime")
    assert model is not None
    (problem,) = problems(model.operation_model("Converse").input_shape, {"modelId": "m", "messages": "my secret"})
    assert problem.message == "Value of type str at 'messages' cannot be converted to List"


def _patterns(service: str) -> set[str]:
    model = ServiceModel(Loader().load_service_model(service, "service-2"), service)
    shapes = (model.shape_for(name) for name in model.shape_names)
    return {shape.metadata["pattern"] for shape in shapes if "pattern" in shape.metadata}


def test_every_pattern_python_cannot_express_is_on_the_list():
    services = ("bedrock", "bedrock-runtime", "ce", "cloudwatch", "sts", "budgets", "pricing")
    services += ("dynamodb", "logs", "sns", "iam", "service-quotas")
    patterns = set().union(*(_patterns(service) for service in services))
    assert len(patterns) > 200
    assert {pattern for pattern in patterns if compiled(pattern) is None} <= UNCHECKED_PATTERNS


@pytest.mark.parametrize(
    ("pattern", "good", "bad"),
    [
        (r"^([\p{L}\p{Z}\p{N}_.:/=+\-@]*)$", "Kosten Stelle-ä_1", "a(b)"),
        (r"^(?![^:\\]*/action/|(?i).*<script>.*</script>.*)[^:\\]+$", "bedrock sales", "a:b"),
        (r"^(?![^:\\]*/action/|(?i).*<script>.*</script>.*)[^:\\]+$", "x <Script", "x <Script>1</SCRIPT>"),
        (r"^(?! )[\p{L}\p{N}\p{Z}-_]*(?<! )$", "cost center", "cost center "),
    ],
)
def test_javas_patterns_are_translated(pattern, good, bad):
    expression = compiled(pattern)
    assert expression is not None
    assert expression.fullmatch(good)
    assert not expression.fullmatch(bad)
