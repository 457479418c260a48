"""The real ``aws`` CLI against a served sandbox sees what ``sentry`` made, and the other way round."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from served import Served, serving

from fakes import ACCOUNT, write_manifest

MODEL = "us.anthropic.claude-haiku-4-5-20251001-v1:0"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served")
    write_manifest(folder)
    with serving(folder) as made:
        yield made


@pytest.fixture(scope="module")
def made(served: Served) -> str:
    """A profile made by the aws CLI, as in the article; its ARN."""
    source = f"arn:aws:bedrock:us-east-1:{ACCOUNT}:inference-profile/{MODEL}"
    answer = served.aws(
        "bedrock", "create-inference-profile",
        "--inference-profile-name", "aws-docs-sales-prod-by-hand",
        "--model-source", f"copyFrom={source}",
        "--tags", "key=applicationId,value=aws-documentation-helper", "key=costCenter,value=sales",
    )  # fmt: skip
    assert answer["status"] == "ACTIVE"
    return str(answer["inferenceProfileArn"])


@pytest.fixture(scope="module")
def called(served: Served, made: str) -> Any:
    """A Converse through that profile by the aws CLI; its usage."""
    message = json.dumps([{"role": "user", "content": [{"text": "Explain S3 in one line"}]}])
    answer = served.aws("bedrock-runtime", "converse", "--model-id", made, "--messages", message)
    assert answer["output"]["message"]["content"][0]["text"]
    return answer["usage"]


def listed(served: Served) -> dict[str, str]:
    answer = served.aws("bedrock", "list-inference-profiles", "--type-equals", "APPLICATION")
    return {one["inferenceProfileName"]: one["inferenceProfileArn"] for one in answer["inferenceProfileSummaries"]}


def test_sentry_sees_the_profile_of_the_aws_cli_as_foreign(served: Served, made: str) -> None:
    rows = {row["name"]: row for row in served.sentry("profiles", "list")["profiles"]}
    assert rows["aws-docs-sales-prod-by-hand"]["arn"] == made
    assert rows["aws-docs-sales-prod-by-hand"]["namespace"] is None


def test_the_aws_cli_sees_the_profiles_and_tags_that_sentry_made(served: Served, made: str) -> None:
    document = served.sentry("profiles", "sync", "--yes")
    assert document["target"]["kind"] == "aws"
    assert document["target"]["account"] == ACCOUNT
    arns = {row["name"]: row["arn"] for row in document["results"] if row["result"] != "foreign"}
    assert set(arns.items()) <= set(listed(served).items())
    assert len(arns) == 3
    tags = served.aws("bedrock", "list-tags-for-resource", "--resource-arn", arns["aws-docs-support-prod"])["tags"]
    assert {"key": "costCenter", "value": "support"} in tags
    assert made in listed(served).values()
    assert served.sentry("profiles", "sync")["summary"]["applied"] == 0


def test_a_profile_the_aws_cli_deleted_is_made_again_by_the_next_plan(served: Served) -> None:
    served.sentry("profiles", "sync", "--yes")
    served.advance("1h")  # beyond the life of the first creation's token
    gone = listed(served)["aws-docs-services-prod"]
    served.aws("bedrock", "delete-inference-profile", "--inference-profile-identifier", gone)
    assert served.sentry("profiles", "plan")["summary"]["create"] == 1
    served.sentry("profiles", "sync", "--yes")
    assert listed(served)["aws-docs-services-prod"] != gone


def test_cloudwatch_has_the_calls_of_both_under_the_profiles_id(served: Served, made: str, called: Any) -> None:
    query = [
        {
            "Id": "tokens",
            "MetricStat": {
                "Metric": {
                    "Namespace": "AWS/Bedrock",
                    "MetricName": "InputTokenCount",
                    "Dimensions": [{"Name": "ModelId", "Value": made.rpartition("/")[2]}],
                },
                "Period": 3600,
                "Stat": "Sum",
            },
        }
    ]
    now = datetime.now(UTC)
    answer = served.aws(
        "cloudwatch", "get-metric-data", "--metric-data-queries", json.dumps(query),
        "--start-time", (now - timedelta(days=1)).isoformat(), "--end-time", (now + timedelta(days=10)).isoformat(),
    )  # fmt: skip
    assert sum(answer["MetricDataResults"][0]["Values"]) == called["inputTokens"]


def test_the_six_metrics_of_an_invoke_are_read_back_by_the_aws_cli(served: Served) -> None:
    served.sentry("profiles", "sync", "--yes")
    usage = served.sentry("invoke", "--cost-center", "support", "Hello")["invocation"]["usage"]
    metrics = served.aws("cloudwatch", "list-metrics", "--namespace", "GenAIRateLimiting")["Metrics"]
    support = [m for m in metrics if {"Name": "CostCenter", "Value": "support"} in m["Dimensions"]]
    assert {m["MetricName"] for m in support} == {
        "TotalRequests", "RateLimitApproved", "RateLimitDenied", "InvocationFailed", "InputTokens", "OutputTokens",
    }  # fmt: skip
    (tokens,) = [m for m in support if m["MetricName"] == "OutputTokens"]
    assert [d["Name"] for d in tokens["Dimensions"]] == ["Application", "CostCenter", "Environment", "Model", "ModelId"]
    now = datetime.now(UTC)
    answer = served.aws(
        "cloudwatch", "get-metric-statistics", "--namespace", "GenAIRateLimiting", "--metric-name", "OutputTokens",
        "--dimensions", json.dumps(tokens["Dimensions"]), "--period", "86400", "--statistics", "Sum",
        "--start-time", (now - timedelta(days=1)).isoformat(), "--end-time", (now + timedelta(days=10)).isoformat(),
    )  # fmt: skip
    assert sum(point["Sum"] for point in answer["Datapoints"]) == usage["output_tokens"]


def test_tags_become_active_and_costs_carry_them_in_both_tools(served: Served, made: str, called: Any) -> None:
    served.advance("25h")
    keys = {t["TagKey"]: t for t in served.aws("ce", "list-cost-allocation-tags")["CostAllocationTags"]}
    assert keys["costCenter"]["Status"] == "Inactive"
    answer = served.aws(
        "ce", "update-cost-allocation-tags-status",
        "--cost-allocation-tags-status", "TagKey=costCenter,Status=Active", "TagKey=never-used,Status=Active",
    )  # fmt: skip
    assert [error["TagKey"] for error in answer["Errors"]] == ["never-used"]
    states = {row["key"]: row["state"] for row in served.sentry("tags", "status")["tags"]}
    assert (states["costCenter"], states["applicationId"]) == ("activating", "inactive")
    served.advance("25h")
    served.sentry("invoke", "--cost-center", "sales", "Hello again")
    served.advance("25h")
    start, end = datetime.now(UTC) - timedelta(days=1), datetime.now(UTC) + timedelta(days=5)
    period = f"Start={start:%Y-%m-%d},End={end:%Y-%m-%d}"
    costs = served.aws(
        "ce", "get-cost-and-usage", "--time-period", period, "--granularity", "MONTHLY", "--metrics", "UnblendedCost",
        "--group-by", "Type=TAG,Key=costCenter",
    )  # fmt: skip
    groups = {key for month in costs["ResultsByTime"] for group in month["Groups"] for key in group["Keys"]}
    assert groups == {"costCenter$", "costCenter$sales"}


def test_an_operation_the_sandbox_lacks_is_named_in_the_error(served: Served) -> None:
    said = served.aws_error("bedrock", "list-guardrails")
    assert "UnknownOperationException" in said
    assert "bedrock.ListGuardrails" in said


def test_what_aws_forbids_is_refused_as_aws_refuses_it(served: Served) -> None:
    said = served.aws_error(
        "bedrock", "create-inference-profile", "--inference-profile-name", "two--dashes", "--model-source",
        "copyFrom=arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0",
    )  # fmt: skip
    assert "ValidationException" in said
