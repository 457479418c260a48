"""Laws of the wire: what botocore writes is what the sandbox reads, and the other way round, for every protocol."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.awsrequest import AWSPreparedRequest, create_request_object, prepare_request_dict
from botocore.model import OperationModel
from botocore.parsers import create_parser
from botocore.serialize import create_serializer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sandbox_core_world import NOON
from sandbox_shapes import values

from costsentry_cli.sandbox import wire_in, wire_out
from costsentry_cli.sandbox.model_check import problems
from costsentry_cli.sandbox.plug import http_request
from costsentry_cli.sandbox.routes import CBOR, Route, resolve, shipped_models

CASES = [
    ("rest-json", "bedrock", "CreateInferenceProfile"),
    ("rest-json", "bedrock", "GetInferenceProfile"),
    ("rest-json", "bedrock", "ListInferenceProfiles"),
    ("rest-json", "bedrock", "TagResource"),
    ("rest-json", "bedrock-runtime", "Converse"),
    ("json", "ce", "GetCostAndUsage"),
    ("json", "ce", "UpdateCostAllocationTagsStatus"),
    ("json", "cloudwatch", "PutMetricData"),
    ("json", "cloudwatch", "GetMetricData"),
    (CBOR, "cloudwatch", "PutMetricData"),
    (CBOR, "cloudwatch", "GetMetricData"),
    ("query", "cloudwatch", "PutMetricData"),
    ("query", "cloudwatch", "GetMetricData"),
    ("query", "sts", "AssumeRole"),
    ("query", "sns", "Publish"),
]
LAWFUL = settings(
    max_examples=15,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def _operation(service: str, operation: str) -> OperationModel:
    model = shipped_models().service(service)
    assert model is not None
    return model.operation_model(operation)


def _sent(protocol: str, model: OperationModel, params: dict[str, Any]) -> AWSPreparedRequest:
    """The request botocore would send, with a signature's scope."""
    serialized = create_serializer(protocol, include_validation=False).serialize_to_request(params, model)
    service = model.service_model
    prepare_request_dict(serialized, f"https://{service.endpoint_prefix}.us-east-1.amazonaws.com", context={})
    request = create_request_object(serialized)
    scope = f"AKIA/20261123/us-east-1/{service.signing_name}/aws4_request"
    request.headers["Authorization"] = f"AWS4-HMAC-SHA256 Credential={scope}"
    return request.prepare()


def _without_empty(value: Any) -> Any:
    """The query protocol cannot say that a structure or map is there but empty."""
    if isinstance(value, dict):
        kept = {key: _without_empty(item) for key, item in value.items()}
        return {key: item for key, item in kept.items() if item not in ({}, None)}
    if isinstance(value, list):
        return [kept for kept in map(_without_empty, value) if kept != {}]
    return value


@pytest.mark.parametrize(("protocol", "service", "operation"), CASES)
def test_what_botocore_sends_is_what_the_sandbox_reads(protocol, service, operation):
    model = _operation(service, operation)

    @LAWFUL
    @given(st.data())
    def law(data: st.DataObject) -> None:
        params = data.draw(values(model.input_shape))
        if protocol == "query":
            params = _without_empty(params)
        request = http_request(_sent(protocol, model, params))
        route = resolve(request, shipped_models())
        assert (route.service, route.operation, route.protocol) == (service, operation, protocol)
        assert wire_in.parameters(route, request) == params
        if protocol != "query":
            assert problems(model.input_shape, params) == []

    law()


@pytest.mark.parametrize(("protocol", "service", "operation"), CASES)
def test_what_the_sandbox_answers_is_what_botocore_reads(protocol, service, operation):
    model = _operation(service, operation)

    @LAWFUL
    @given(st.data())
    def law(data: st.DataObject) -> None:
        output = data.draw(values(model.output_shape)) if model.output_shape else {}
        response = wire_out.answer(Route(model, protocol, "us-east-1"), output, "id-1", NOON)
        raw = {"status_code": response.status, "headers": _Headers(response.headers), "body": response.body}
        parsed = create_parser(protocol).parse({**raw, "context": {}}, model.output_shape)
        metadata = parsed.pop("ResponseMetadata")
        assert parsed == output
        assert metadata["HTTPStatusCode"] == model.http.get("responseCode", 200)

    law()


class _Headers(dict[str, str]):
    """Header names as botocore looks them up: in lower case."""

    def __init__(self, headers: Any) -> None:
        super().__init__({name.lower(): item for name, item in headers.items()})
