"""The sandbox's Cost Explorer through real clients, checked against AWS's model in both directions."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from botocore.exceptions import ClientError
from sandbox_ce_world import NOW
from sandbox_core_world import client as plugged_client

from costsentry_cli.sandbox import Sandbox, environment, server
from costsentry_cli.sandbox.seed import seed

ASKED = {
    "TimePeriod": {"Start": "2026-09-01", "End": "2026-11-24"},
    "Granularity": "MONTHLY",
    "Metrics": ["UnblendedCost", "UsageQuantity"],
}


@pytest.fixture
def sandbox(tmp_path):
    return Sandbox(tmp_path / "sandbox.db", clock=lambda: NOW)


@pytest.fixture
def client(sandbox):
    return plugged_client(sandbox, "ce")


def test_a_seeded_month_is_reported_by_cost_center_and_model(sandbox, client):
    seed(sandbox.store, NOW, days=30)
    groups = [{"Type": "TAG", "Key": "costCenter"}, {"Type": "PRODUCT_ATTRIBUTE", "Key": "model"}]
    answer = client.get_cost_and_usage(**ASKED, GroupBy=groups)
    total = client.get_cost_and_usage(**ASKED)
    keys = {tuple(group["Keys"]) for result in answer["ResultsByTime"] for group in result["Groups"]}
    assert keys >= {("costCenter$sales", "model$Claude Haiku 4.5"), ("costCenter$support", "model$Nova Lite")}
    assert answer["GroupDefinitions"] == groups
    for whole, parts in zip(total["ResultsByTime"], answer["ResultsByTime"], strict=True):
        amounts = [Decimal(group["Metrics"]["UnblendedCost"]["Amount"]) for group in parts["Groups"]]
        assert sum(amounts) == Decimal(whole["Total"]["UnblendedCost"]["Amount"])
    assert sandbox.violations() == []


def test_every_grouping_and_page_of_an_answer_is_what_the_model_allows(sandbox, client):
    seed(sandbox.store, NOW, days=10)
    with sandbox.store.transaction():
        sandbox.store.set_setting("ce_page_size", "3")
    for key in ("SERVICE", "LINKED_ACCOUNT", "USAGE_TYPE", "PLATFORM", "RECORD_TYPE"):
        token, pages = {}, 0
        while token is not None:
            answer = client.get_cost_and_usage(**ASKED, GroupBy=[{"Type": "DIMENSION", "Key": key}], **token)
            token = {"NextPageToken": answer["NextPageToken"]} if "NextPageToken" in answer else None
            pages += 1
        assert pages > 0
    assert sandbox.violations() == []


def test_tags_are_listed_through_the_paginator_and_switched(sandbox, client):
    seed(sandbox.store, NOW, days=10)
    pages = client.get_paginator("list_cost_allocation_tags").paginate(PaginationConfig={"PageSize": 1})
    keys = [tag["TagKey"] for page in pages for tag in page["CostAllocationTags"]]
    assert keys == ["applicationId", "costCenter", "environment"]
    status = [{"TagKey": "environment", "Status": "Inactive"}, {"TagKey": "nobody", "Status": "Active"}]
    answer = client.update_cost_allocation_tags_status(CostAllocationTagsStatus=status)
    assert [error["Code"] for error in answer["Errors"]] == ["TagKeysNotFoundException"]
    assert [t["TagKey"] for t in client.list_cost_allocation_tags(Status="Inactive")["CostAllocationTags"]] == [
        "environment"
    ]
    assert sandbox.violations() == []


def test_errors_reach_the_client_with_their_codes(sandbox, client):
    with pytest.raises(ClientError) as caught:
        client.get_cost_and_usage(**{**ASKED, "TimePeriod": {"Start": "2026-11-02", "End": "2026-11-02"}})
    assert caught.value.response["Error"]["Code"] == "ValidationException"
    with pytest.raises(client.exceptions.DataUnavailableException):
        client.get_cost_and_usage(
            **{**ASKED, "TimePeriod": {"Start": "2026-08-01", "End": "2026-11-02"}},
            GroupBy=[{"Type": "PRODUCT_ATTRIBUTE", "Key": "model"}],
        )
    with pytest.raises(client.exceptions.InvalidNextTokenException):
        client.get_cost_and_usage(**ASKED, NextPageToken="x")
    assert sandbox.violations() == []


def test_a_call_through_a_profile_is_billed_to_its_tag_once_the_key_counts(sandbox):
    bedrock, runtime, ce = (plugged_client(sandbox, name) for name in ("bedrock", "bedrock-runtime", "ce"))
    arn = bedrock.create_inference_profile(
        inferenceProfileName="sales",
        modelSource={"copyFrom": "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0"},
        tags=[{"key": "costCenter", "value": "sales"}],
    )["inferenceProfileArn"]

    def call():
        message = {"role": "user", "content": [{"text": "What does a call cost?"}]}
        usage = runtime.converse(modelId=arn, messages=[message])["usage"]
        return Decimal(6 * usage["inputTokens"] + 24 * usage["outputTokens"]) / 100_000_000

    def switch():
        status = [{"TagKey": "costCenter", "Status": "Active"}]
        return ce.update_cost_allocation_tags_status(CostAllocationTagsStatus=status)["Errors"]

    untagged = call()
    assert [error["Code"] for error in switch()] == ["TagKeysNotFoundException"]
    sandbox.advance(timedelta(hours=24))
    assert switch() == []
    untagged += call()
    sandbox.advance(timedelta(hours=24))
    tagged = call()
    sandbox.advance(timedelta(hours=24))
    (month,) = ce.get_cost_and_usage(
        TimePeriod={"Start": "2026-11-01", "End": "2026-12-01"},
        Granularity="MONTHLY",
        Metrics=["UnblendedCost"],
        GroupBy=[{"Type": "TAG", "Key": "costCenter"}],
    )["ResultsByTime"]
    billed = {group["Keys"][0]: Decimal(group["Metrics"]["UnblendedCost"]["Amount"]) for group in month["Groups"]}
    assert billed == {"costCenter$": untagged, "costCenter$sales": tagged}
    assert sandbox.violations() == []


def test_the_aws_cli_reads_the_bill(sandbox):
    seed(sandbox.store, NOW, days=10)
    words = ["ce", "get-cost-and-usage", "--time-period", "Start=2026-11-14,End=2026-11-21", "--granularity", "DAILY"]
    words += ["--metrics", "UnblendedCost", "--group-by", "Type=TAG,Key=costCenter", "--output", "json"]
    with server.start(sandbox) as url:
        done = subprocess.run(
            [Path(sys.executable).with_name("aws"), *words],
            env={**os.environ, **environment(url)},
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
    results = json.loads(done.stdout)["ResultsByTime"]
    assert len(results) == 7
    assert "costCenter$sales" in {group["Keys"][0] for group in results[-1]["Groups"]}
    assert sandbox.violations() == []
