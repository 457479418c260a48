"""AWS's patterns and maxima, compared with botocore's models."""

from __future__ import annotations

import re

import botocore.session
import pytest

from costsentry_cli.domain import aws_limits as aws
from costsentry_cli.domain.manifest.fields import TAG_KEY, TAG_VALUE

SHAPES = [
    ("bedrock", "InferenceProfileName", aws.PROFILE_NAME_PATTERN, aws.PROFILE_NAME_MAX),
    ("bedrock", "InferenceProfileDescription", aws.DESCRIPTION_PATTERN, aws.DESCRIPTION_MAX),
    ("bedrock", "TagKey", aws.TAG_KEY_PATTERN, aws.TAG_KEY_MAX),
    ("bedrock", "TagValue", aws.TAG_VALUE_PATTERN, aws.TAG_VALUE_MAX),
    ("bedrock", "InferenceProfileModelSourceArn", aws.SOURCE_ARN_PATTERN, aws.SOURCE_ARN_MAX),
    ("budgets", "BudgetName", aws.BUDGET_NAME_PATTERN, aws.BUDGET_NAME_MAX),
    ("budgets", "NotificationWithSubscribersList", None, aws.BUDGET_ALERTS_MAX),
    ("budgets", "Subscribers", None, aws.BUDGET_SUBSCRIBERS_MAX),
]


@pytest.mark.parametrize(("service", "shape", "pattern", "most"), SHAPES, ids=[row[1] for row in SHAPES])
def test_a_limit_is_the_one_of_the_service_model(service: str, shape: str, pattern: str | None, most: int) -> None:
    metadata = botocore.session.get_session().get_service_model(service).shape_for(shape).metadata
    assert (metadata.get("pattern"), metadata["max"]) == (pattern, most)


def test_of_all_characters_exactly_those_of_the_pattern_are_accepted_in_tags_but_only_the_space_of_white_space() -> (
    None
):
    white = {"\t", "\n", "\v", "\f", "\r"}
    for point in range(0x3000):
        character = chr(point)
        by_aws = re.fullmatch(aws.TAG_VALUE_PATTERN, character, re.ASCII) is not None
        assert (aws.TAG_TEXT.fullmatch(character) is not None) == (by_aws and character not in white), hex(point)


@pytest.mark.parametrize("key", ["aws:x", "AWS:x", "costsentry:key", "", "a\tb", "ü"])
def test_a_reserved_or_strange_tag_key_is_not_accepted(key: str) -> None:
    assert TAG_KEY.pattern.fullmatch(key) is None


def test_an_empty_tag_value_is_accepted() -> None:
    assert TAG_VALUE.pattern.fullmatch("") is not None


@pytest.mark.parametrize("name", ["a/action/b", "a:b", "a\\b", "", "ä"])
def test_a_budget_name_aws_refuses_is_not_accepted(name: str) -> None:
    assert aws.BUDGET_NAME.fullmatch(name) is None
