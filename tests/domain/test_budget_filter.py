"""What a budget counts, out of every form AWS has."""

from __future__ import annotations

from typing import Any

import pytest

from budget_answers import BEDROCK, USAGE, of_tags
from costsentry_cli.domain.budget_filter import read_filter, slice_of_tags

TWO = {"costCenter": "sales", "environment": "production"}
LEAF = {"Tags": {"Key": "costCenter", "Values": ["sales", "support"]}}
EC2 = {"Dimensions": {"Key": "SERVICE", "Values": ["Amazon Elastic Compute Cloud - Compute"]}}
NOVA = {"Dimensions": {"Key": "SERVICE", "Values": ["Amazon Bedrock"], "MatchOptions": ["EQUALS"]}}


def test_a_budget_of_the_manifest_reads_as_the_slice_it_was_made_for() -> None:
    for tags in ({}, {"costCenter": "sales"}, TWO):
        found = read_filter({"FilterExpression": of_tags(tags)})
        assert found == slice_of_tags(tags)
        assert found.plain


@pytest.mark.parametrize(
    ("budget", "text"),
    [
        ({}, "every service"),
        ({"FilterExpression": of_tags({})}, "all Bedrock"),
        ({"FilterExpression": of_tags(TWO)}, "costCenter=sales, environment=production"),
        ({"FilterExpression": LEAF}, "costCenter=sales|support, every service"),
        ({"FilterExpression": {"And": [LEAF, NOVA]}}, "costCenter=sales|support, Amazon Bedrock"),
        ({"CostFilters": {"TagKeyValue": ["user:costCenter$sa$les"]}}, "costCenter=sa$les, every service"),
        ({"CostFilters": {"TagKeyValue": ["aws:createdBy$me"]}}, "aws:createdBy=me, every service"),
        ({"CostFilters": {"TagKeyValue": ["costCenter$sales"]}}, "costCenter$sales (no user:), every service"),
        ({"CostFilters": {"Service": ["Amazon Bedrock"]}}, "Amazon Bedrock"),
        ({"CostFilters": {"Region": ["us-east-1"]}}, '{"Region":["us-east-1"]}, every service'),
    ],
)
def test_every_form_in_words(budget: dict[str, Any], text: str) -> None:
    assert read_filter(budget).text() == text


def test_only_bedrock_service_names_make_a_budget_bedrocks() -> None:
    assert read_filter({"FilterExpression": NOVA}).bedrock
    assert not read_filter({"FilterExpression": EC2}).bedrock
    assert not read_filter({"CostFilters": {"Service": ["Amazon Bedrock", "Amazon S3"]}}).bedrock


def test_the_order_of_conditions_and_the_form_change_no_identity() -> None:
    one = read_filter({"FilterExpression": {"And": [LEAF, BEDROCK, USAGE]}})
    two = read_filter({"FilterExpression": {"And": [USAGE, {"And": [BEDROCK, LEAF]}]}})
    other = read_filter({"FilterExpression": {"And": [LEAF, USAGE]}})
    assert one.identity() == two.identity() != other.identity()


@pytest.mark.parametrize(
    "part",
    [
        {"Or": [LEAF, EC2]},
        {"Not": LEAF},
        {"Tags": {"Key": "costCenter", "MatchOptions": ["ABSENT"]}},
        {"ProductAttributes": {"Key": "model", "Values": ["Nova Lite"], "MatchOptions": ["EQUALS"]}},
        {"Dimensions": {"Key": "REGION", "Values": ["us-east-1"]}},
    ],
)
def test_what_is_not_understood_is_kept_and_never_taken_for_plain(part: dict[str, Any]) -> None:
    found = read_filter({"FilterExpression": {"And": [BEDROCK, part]}})
    assert len(found.rest) == 1
    assert not found.plain


def test_two_keys_of_the_older_form_are_either_of_them() -> None:
    found = read_filter({"CostFilters": {"TagKeyValue": ["user:a$1", "user:b$2"]}})
    assert found.either
    assert not found.plain


def test_a_second_condition_on_one_key_is_kept_and_does_not_replace_the_first() -> None:
    other = {"Tags": {"Key": "costCenter", "Values": ["x"]}}
    found = read_filter({"FilterExpression": {"And": [LEAF, other]}})
    assert found.tags == {"costCenter": ("sales", "support")}
    assert not found.plain
