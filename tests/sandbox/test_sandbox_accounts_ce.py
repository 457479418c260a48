"""The bill of several accounts: the payer sees all, a linked account itself and no cost allocation tags."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from decimal import Decimal

import pytest
from botocore.exceptions import ClientError
from sandbox_core_world import client, role_client

from costsentry_cli.sandbox import Sandbox
from costsentry_cli.sandbox.contract import ACCOUNT
from costsentry_cli.sandbox.seed import seed

MEMBER = "210987654321"
ROLE = f"arn:aws:iam::{MEMBER}:role/finops"
NOVA = "amazon.nova-lite-v1:0"
SOURCE = {"copyFrom": f"arn:aws:bedrock:us-east-1::foundation-model/{NOVA}"}
MESSAGES = [{"role": "user", "content": [{"text": "How much did we spend?"}]}]
BY_ACCOUNT = [{"Type": "DIMENSION", "Key": "LINKED_ACCOUNT"}]


@pytest.fixture
def billed(sandbox) -> Sandbox:
    """One call of the payer, two of a member through a tagged profile, and two days for billing to notice."""
    client(sandbox, "bedrock-runtime").converse(modelId=NOVA, messages=MESSAGES)
    made = role_client(sandbox, ROLE, "bedrock").create_inference_profile(
        inferenceProfileName="docs", modelSource=SOURCE, tags=[{"key": "team", "value": "docs"}]
    )
    for _ in range(2):
        role_client(sandbox, ROLE, "bedrock-runtime").converse(modelId=made["inferenceProfileArn"], messages=MESSAGES)
    sandbox.advance(timedelta(days=2))
    return sandbox


def _usage(ce, **asked):
    period = {"Start": "2026-11-23", "End": "2026-11-24"}
    answer = ce.get_cost_and_usage(TimePeriod=period, Granularity="DAILY", Metrics=["UnblendedCost"], **asked)
    return answer["ResultsByTime"][0], answer["DimensionValueAttributes"]


def _total(ce, **asked) -> Decimal:
    return Decimal(_usage(ce, **asked)[0]["Total"]["UnblendedCost"]["Amount"])


def test_the_payer_sees_the_costs_of_every_account(billed):
    result, names = _usage(client(billed, "ce"), GroupBy=BY_ACCOUNT)
    costs = {group["Keys"][0]: Decimal(group["Metrics"]["UnblendedCost"]["Amount"]) for group in result["Groups"]}
    assert costs[MEMBER] == 2 * costs[ACCOUNT] > 0
    assert {row["Value"]: row["Attributes"]["description"] for row in names} == {
        ACCOUNT: "sandbox",
        MEMBER: f"sandbox-{MEMBER}",
    }


def test_the_payer_can_filter_by_account(billed):
    ce = client(billed, "ce")
    of_member = {"Dimensions": {"Key": "LINKED_ACCOUNT", "Values": [MEMBER]}}
    of_payer = {"Dimensions": {"Key": "PAYER_ACCOUNT", "Values": [ACCOUNT]}}
    assert _total(ce, Filter=of_member) * 3 == _total(ce) * 2
    assert _total(ce, Filter=of_payer) == _total(ce)


def test_a_linked_account_sees_its_own_costs_only(billed):
    result, names = _usage(role_client(billed, ROLE, "ce"), GroupBy=BY_ACCOUNT)
    assert [group["Keys"] for group in result["Groups"]] == [[MEMBER]]
    assert [row["Value"] for row in names] == [MEMBER]
    assert _total(role_client(billed, ROLE, "ce")) * 3 == _total(client(billed, "ce")) * 2


def test_an_account_without_calls_has_no_costs(billed):
    stranger = role_client(billed, "arn:aws:iam::000000000001:role/finops", "ce")
    assert _total(stranger) == 0


def test_a_linked_account_has_no_access_to_cost_allocation_tags(billed):
    ce = role_client(billed, ROLE, "ce")
    refusal = "Linked account doesn't have access to cost allocation tags."
    with pytest.raises(ClientError, match=f"Failed to list Cost Allocation Tags: {refusal}") as listing:
        ce.list_cost_allocation_tags()
    switch = [{"TagKey": "team", "Status": "Active"}]
    with pytest.raises(ClientError, match=f"Failed to update Cost Allocation Tag: {refusal}") as update:
        ce.update_cost_allocation_tags_status(CostAllocationTagsStatus=switch)
    for caught in (listing, update):
        assert caught.value.response["Error"]["Code"] == "AccessDeniedException"
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_the_payer_activates_a_linked_accounts_tags_for_both(billed):
    ce = client(billed, "ce")
    assert [row["TagKey"] for row in ce.list_cost_allocation_tags()["CostAllocationTags"]] == ["team"]
    switch = [{"TagKey": "team", "Status": "Active"}]
    assert ce.update_cost_allocation_tags_status(CostAllocationTagsStatus=switch)["Errors"] == []
    billed.advance(timedelta(days=2))
    (profile,) = role_client(billed, ROLE, "bedrock").list_inference_profiles(typeEquals="APPLICATION")[
        "inferenceProfileSummaries"
    ]
    role_client(billed, ROLE, "bedrock-runtime").converse(modelId=profile["inferenceProfileArn"], messages=MESSAGES)
    billed.advance(timedelta(days=2))
    asked = {"TimePeriod": {"Start": "2026-11-27", "End": "2026-11-28"}, "Granularity": "DAILY"}
    asked |= {"Metrics": ["UnblendedCost"], "GroupBy": [{"Type": "TAG", "Key": "team"}]}
    for who in (client(billed, "ce"), role_client(billed, ROLE, "ce")):
        groups = who.get_cost_and_usage(**asked)["ResultsByTime"][0]["Groups"]
        assert [group["Keys"] for group in groups] == [["team$docs"]]


def test_a_page_token_is_one_accounts(billed):
    billed.configure("ce_page_size", "1")
    asked = {"TimePeriod": {"Start": "2026-11-22", "End": "2026-11-24"}, "Granularity": "DAILY"}
    asked |= {"Metrics": ["UnblendedCost"]}
    token = client(billed, "ce").get_cost_and_usage(**asked)["NextPageToken"]
    ce = role_client(billed, ROLE, "ce")
    with pytest.raises(ce.exceptions.RequestChangedException):
        ce.get_cost_and_usage(**asked, NextPageToken=token)


def test_a_seed_uses_the_profiles_of_every_account_and_bills_each(sandbox):
    for bedrock in (client(sandbox, "bedrock"), role_client(sandbox, ROLE, "bedrock")):
        bedrock.create_inference_profile(inferenceProfileName="docs", modelSource=SOURCE)
    report = seed(sandbox.store, sandbox.now(), days=7)
    assert {arn.split(":")[4] for arn in report.profiles} == {ACCOUNT, MEMBER}
    rows = sandbox.store.db.execute("SELECT account, profile_arn FROM calls WHERE profile_arn IS NOT NULL").fetchall()
    assert {(row["account"], row["profile_arn"].split(":")[4]) for row in rows} == {(ACCOUNT,) * 2, (MEMBER,) * 2}
    assert dataclasses.astuple(report)[4] == sandbox.status().calls
