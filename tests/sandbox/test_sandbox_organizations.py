"""The organisation behind the accounts: who pays, told to everybody; who is in it, told to the payer."""

from __future__ import annotations

import re

import pytest
from botocore.exceptions import ClientError
from sandbox_core_world import client, role_client

from costsentry_cli.sandbox.contract import ACCOUNT

MEMBERS = ("111111111111", "210987654321")
NOVA = "amazon.nova-lite-v1:0"
SOURCE = {"copyFrom": f"arn:aws:bedrock:us-east-1::foundation-model/{NOVA}"}
MESSAGES = [{"role": "user", "content": [{"text": "Who pays?"}]}]


def of(sandbox, account, service):
    return role_client(sandbox, f"arn:aws:iam::{account}:role/finops", service)


def test_every_account_learns_who_the_payer_is(sandbox):
    for organizations in (client(sandbox, "organizations"), of(sandbox, MEMBERS[0], "organizations")):
        found = organizations.describe_organization()["Organization"]
        assert (found["MasterAccountId"], found["FeatureSet"]) == (ACCOUNT, "ALL")
        assert re.fullmatch(r"o-[a-z0-9]{10,32}", found["Id"])
        assert found["Id"] in found["MasterAccountArn"]


def test_the_payer_lists_itself_and_the_accounts_that_called_or_hold_profiles(sandbox):
    organizations = client(sandbox, "organizations")
    assert [account["Id"] for account in organizations.list_accounts()["Accounts"]] == [ACCOUNT]
    of(sandbox, MEMBERS[0], "bedrock-runtime").converse(modelId=NOVA, messages=MESSAGES)
    of(sandbox, MEMBERS[1], "bedrock").create_inference_profile(inferenceProfileName="docs", modelSource=SOURCE)
    pages = list(organizations.get_paginator("list_accounts").paginate(PaginationConfig={"PageSize": 2}))
    accounts = [account for page in pages for account in page["Accounts"]]
    assert [account["Id"] for account in accounts] == [MEMBERS[0], ACCOUNT, MEMBERS[1]]
    assert {account["Status"] for account in accounts} == {"ACTIVE"}
    assert accounts[0]["Name"] == f"sandbox-{MEMBERS[0]}"


def test_a_member_may_not_list_the_accounts(sandbox):
    with pytest.raises(ClientError, match="You don't have permissions") as caught:
        of(sandbox, MEMBERS[0], "organizations").list_accounts()
    assert caught.value.response["Error"]["Code"] == "AccessDeniedException"


@pytest.mark.parametrize("asked", [{"NextToken": "nonsense"}, {"MaxResults": 21}])
def test_a_broken_page_is_refused(sandbox, asked):
    with pytest.raises(ClientError) as caught:
        client(sandbox, "organizations").list_accounts(**asked)
    assert caught.value.response["Error"]["Code"] == "InvalidInputException"


def test_every_other_operation_is_refused_by_name(sandbox):
    with pytest.raises(ClientError, match=r"organizations\.ListRoots") as caught:
        client(sandbox, "organizations").list_roots()
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
