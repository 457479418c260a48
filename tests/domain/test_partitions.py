"""AWS's partitions: an ARN begins as its region's partition does, also where the resource has no region."""

from __future__ import annotations

from pathlib import Path

import pytest

from costsentry_cli.domain.budgets.reading import arn_of
from costsentry_cli.domain.kind import Scope, scopes_of
from costsentry_cli.domain.kinds.budget import Budget
from costsentry_cli.domain.partitions import partition_of
from fakes import ACCOUNT, manifest

PARTITIONS = [
    ("us-east-1", "aws"),
    ("ap-southeast-7", "aws"),
    ("cn-north-1", "aws-cn"),
    ("us-gov-west-1", "aws-us-gov"),
    ("eusc-de-east-1", "aws-eusc"),
    ("us-iso-east-1", "aws-iso"),
    ("us-isob-east-1", "aws-iso-b"),
]


@pytest.mark.parametrize(("region", "partition"), PARTITIONS)
def test_a_region_tells_its_partition(region: str, partition: str) -> None:
    assert partition_of(region) == partition


@pytest.mark.parametrize(("region", "partition"), PARTITIONS)
def test_a_budget_s_arn_begins_as_the_caller_s_partition_does(region: str, partition: str, tmp_path: Path) -> None:
    wanted = manifest(tmp_path)
    (scope,) = scopes_of(Budget(), wanted, Scope(ACCOUNT, region, wanted.namespace), [ACCOUNT])
    assert arn_of(scope, "bedrock") == f"arn:{partition}:budgets::{ACCOUNT}:budget/bedrock"
