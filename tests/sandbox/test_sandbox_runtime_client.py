"""Bedrock, its runtime and CloudWatch through real clients: every message both ways is what AWS's models allow."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal

import pytest
from botocore.exceptions import ClientError
from sandbox_core_world import client
from sandbox_runtime_world import HAIKU, NOVA, NOW, model_arn, system_arn, user

from costsentry_cli.sandbox import Sandbox

GEO = f"us.{HAIKU}"


@pytest.fixture
def sandbox(tmp_path):
    return Sandbox(tmp_path / "sandbox.db", clock=lambda: NOW)


@pytest.fixture
def clients(sandbox):
    return {name: client(sandbox, name) for name in ("bedrock", "bedrock-runtime", "cloudwatch")}


def code_of(call, **params):
    with pytest.raises(ClientError) as caught:
        call(**params)
    return caught.value.response["Error"]["Code"], caught.value.response["ResponseMetadata"]["HTTPStatusCode"]


def test_the_whole_path_from_profile_to_metric(sandbox, clients):
    bedrock, runtime, cloudwatch = clients.values()
    tags = [{"key": "costCenter", "value": "sales"}]
    made = bedrock.create_inference_profile(
        inferenceProfileName="aws-docs-sales-prod", modelSource={"copyFrom": system_arn(GEO)}, tags=tags
    )
    arn = made["inferenceProfileArn"]
    pages = bedrock.get_paginator("list_inference_profiles").paginate(PaginationConfig={"PageSize": 7})
    every = [profile for page in pages for profile in page["inferenceProfileSummaries"]]
    assert [profile["inferenceProfileArn"] for profile in every if profile["type"] == "APPLICATION"] == [arn]
    assert len(every) == len({profile["inferenceProfileId"] for profile in every}) > 7
    assert bedrock.list_tags_for_resource(resourceARN=arn)["tags"] == tags

    asked = {"modelId": arn, "messages": [user("How much did we spend?")]}
    usage = runtime.converse(**asked)["usage"]
    events = list(runtime.converse_stream(**asked)["stream"])
    assert events[-1]["metadata"]["usage"] == usage
    counted = runtime.count_tokens(modelId=HAIKU, input={"converse": {"messages": asked["messages"]}})
    assert counted["inputTokens"] == usage["inputTokens"]

    metric = {"Namespace": "AWS/Bedrock", "MetricName": "InputTokenCount"}
    metric["Dimensions"] = [{"Name": "ModelId", "Value": arn.rpartition("/")[2]}]
    query = {"Id": "m1", "MetricStat": {"Metric": metric, "Period": 3600, "Stat": "Sum"}}
    data = cloudwatch.get_metric_data(
        MetricDataQueries=[query], StartTime=NOW - timedelta(hours=1), EndTime=NOW + timedelta(hours=1)
    )
    assert data["MetricDataResults"][0]["Values"] == [2 * usage["inputTokens"]]
    assert metric in cloudwatch.list_metrics(Namespace="AWS/Bedrock")["Metrics"]
    assert sandbox.status().billed > Decimal(0)
    assert sandbox.violations() == []


def test_every_profile_and_model_of_every_geography_is_a_valid_answer(sandbox):
    for region in ("us-east-1", "eu-west-1", "ap-northeast-1", "ap-southeast-2", "ca-central-1", "us-gov-west-1"):
        bedrock = client(sandbox, "bedrock", region=region)
        summaries = bedrock.list_inference_profiles(maxResults=1000)["inferenceProfileSummaries"]
        assert summaries
        for profile in summaries[::10]:
            got = bedrock.get_inference_profile(inferenceProfileIdentifier=profile["inferenceProfileArn"])
            assert got["models"] == profile["models"]
        for model in bedrock.list_foundation_models()["modelSummaries"][::20]:
            bedrock.get_foundation_model(modelIdentifier=model["modelArn"])
            bedrock.get_foundation_model_availability(modelId=model["modelId"])
    assert sandbox.violations() == []


def test_refusals_arrive_with_awss_code_and_status_and_stay_in_the_books(sandbox, clients):
    bedrock, runtime, cloudwatch = clients.values()
    with sandbox.store.transaction():
        sandbox.store.set_setting(f"rpm:{NOVA}", "1")
    asked = {"modelId": NOVA, "messages": [user("hello")]}
    runtime.converse(**asked)
    assert code_of(runtime.converse, **asked) == ("ThrottlingException", 429)
    assert code_of(runtime.converse, **asked | {"modelId": HAIKU}) == ("ValidationException", 400)
    assert code_of(bedrock.get_inference_profile, inferenceProfileIdentifier="gone") == (
        "ResourceNotFoundException",
        404,
    )
    data = [{"MetricName": "a", "Value": float("nan")}]
    assert code_of(cloudwatch.put_metric_data, Namespace="Mine", MetricData=data) == ("InvalidParameterValue", 400)
    rows = sandbox.store.db.execute("SELECT outcome FROM calls ORDER BY id")
    assert [row["outcome"] for row in rows] == ["ok", "throttled", "client-error"]
    assert sandbox.violations() == []


def test_the_model_itself_guards_request_metadata_and_names(sandbox, clients):
    bedrock, runtime, _ = clients.values()
    asked = {"modelId": NOVA, "messages": [user("hello")], "requestMetadata": {"costCenter": "München"}}
    assert code_of(runtime.converse, **asked) == ("ValidationException", 400)
    made = {"inferenceProfileName": "a.b", "modelSource": {"copyFrom": model_arn(NOVA)}}
    assert code_of(bedrock.create_inference_profile, **made) == ("ValidationException", 400)
    assert {violation.side for violation in sandbox.violations()} == {"input"}


def test_threads_that_create_with_one_token_make_one_profile(sandbox, clients):
    def create(number):
        return clients["bedrock"].create_inference_profile(
            inferenceProfileName="docs",
            modelSource={"copyFrom": model_arn(NOVA)},
            clientRequestToken=f"token-{number % 3}",
        )["inferenceProfileArn"]

    with ThreadPoolExecutor(8) as pool:
        arns = set(pool.map(create, range(24)))
    assert len(arns) == 3
    listed = clients["bedrock"].list_inference_profiles(typeEquals="APPLICATION")["inferenceProfileSummaries"]
    assert {profile["inferenceProfileArn"] for profile in listed} == arns
