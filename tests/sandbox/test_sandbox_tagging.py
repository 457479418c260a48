"""The sandbox's tagging API: tables and log groups by their tags, as the client library asks for them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import boto3
import botocore.session
import pytest
from botocore.exceptions import ClientError

from costsentry_cli.sandbox import Sandbox
from fakes import ACCOUNT, FrozenClock

TABLE = f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/spend"
GROUP = f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:/spend"


@pytest.fixture
def tagging(tmp_path: Path) -> Any:
    core = botocore.session.Session()
    Sandbox(tmp_path / "sandbox.db", clock=FrozenClock()).plug(core)
    session = boto3.Session("AKIAIOSFODNN7EXAMPLE", "secret", region_name="us-east-1", botocore_session=core)
    session.client("dynamodb").create_table(
        TableName="spend",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        Tags=[{"Key": "team", "Value": "docs"}, {"Key": "stage", "Value": "prod"}],
    )
    logs = session.client("logs")
    logs.create_log_group(logGroupName="/spend", tags={"team": "docs"})
    logs.create_log_group(logGroupName="/untagged")
    return session.client("resourcegroupstaggingapi")


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, [TABLE, GROUP]),
        ({"TagFilters": [{"Key": "team", "Values": ["docs", "other"]}]}, [TABLE, GROUP]),
        ({"TagFilters": [{"Key": "team"}, {"Key": "stage"}]}, [TABLE]),
        ({"TagFilters": [{"Key": "team", "Values": ["Docs"]}]}, []),
        ({"ResourceTypeFilters": ["logs"]}, [GROUP]),
        ({"ResourceTypeFilters": ["dynamodb:table"]}, [TABLE]),
        ({"ResourceTypeFilters": ["sqs"]}, []),
    ],
)
def test_every_filter_narrows_and_what_has_no_tags_is_never_shown(
    asked: dict[str, Any], found: list[str], tagging: Any
) -> None:
    pages = tagging.get_paginator("get_resources").paginate(**asked)
    assert [one["ResourceARN"] for page in pages for one in page["ResourceTagMappingList"]] == found


def test_a_page_token_it_never_gave_is_refused(tagging: Any) -> None:
    with pytest.raises(ClientError, match="InvalidParameterException"):
        tagging.get_resources(PaginationToken="2")
