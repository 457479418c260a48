"""AWS's patterns and maxima, compared with botocore's models."""

from __future__ import annotations

import re
import time

import botocore.session
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from costsentry_cli.domain import aws_limits as aws
from costsentry_cli.domain.manifest.fields import (
    ANOMALY_ALERT,
    EMAIL,
    EXECUTION_ROLE,
    POLICY,
    ROLE,
    TAG_KEY,
    TAG_VALUE,
    TOPIC,
)
from costsentry_cli.domain.manifest.forms import Text

SHAPES = [
    ("bedrock", "InferenceProfileName", aws.PROFILE_NAME_PATTERN, aws.PROFILE_NAME_MAX),
    ("bedrock", "InferenceProfileDescription", aws.DESCRIPTION_PATTERN, aws.DESCRIPTION_MAX),
    ("bedrock", "TagKey", aws.TAG_KEY_PATTERN, aws.TAG_KEY_MAX),
    ("bedrock", "TagValue", aws.TAG_VALUE_PATTERN, aws.TAG_VALUE_MAX),
    ("bedrock", "InferenceProfileModelSourceArn", aws.SOURCE_ARN_PATTERN, aws.SOURCE_ARN_MAX),
    ("budgets", "BudgetName", aws.BUDGET_NAME_PATTERN, aws.BUDGET_NAME_MAX),
    ("budgets", "NotificationWithSubscribersList", None, aws.BUDGET_ALERTS_MAX),
    ("budgets", "Subscribers", None, aws.BUDGET_SUBSCRIBERS_MAX),
    ("budgets", "Role", aws.BUDGET_ROLE_PATTERN, aws.BUDGET_ROLE_MAX),
    ("budgets", "Roles", None, aws.BUDGET_ROLES_MAX),
    ("budgets", "PolicyArn", aws.POLICY_ARN_PATTERN, aws.POLICY_ARN_MAX),
    ("budgets", "RoleArn", aws.EXECUTION_ROLE_PATTERN, aws.EXECUTION_ROLE_MAX),
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


BY_THE_MODEL = [
    (ROLE, "budgets", "Role"),
    (POLICY, "budgets", "PolicyArn"),
    (EXECUTION_ROLE, "budgets", "RoleArn"),
    (EMAIL, "ce", "SubscriberAddress"),
    (TOPIC, "ce", "SubscriberAddress"),
]


@pytest.mark.parametrize(("form", "service", "shape"), BY_THE_MODEL, ids=[row[0].says for row in BY_THE_MODEL])
def test_what_is_accepted_fits_the_pattern_of_the_model(form: Text, service: str, shape: str) -> None:
    metadata = botocore.session.get_session().get_service_model(service).shape_for(shape).metadata
    pattern = re.compile(metadata["pattern"], re.ASCII)

    @settings(max_examples=200, deadline=None)
    @given(st.from_regex(form.pattern, fullmatch=True))
    def fits(text: str) -> None:
        assert pattern.search(text), text

    fits()


def test_an_address_of_an_anomaly_alert_is_no_longer_than_the_model_allows() -> None:
    most = botocore.session.get_session().get_service_model("ce").shape_for("SubscriberAddress").metadata["max"]
    assert most == aws.ANOMALY_ADDRESS_MAX
    forms = {each.name: each.form for each in ANOMALY_ALERT.fields if each.name in ("email", "sns")}
    assert [form.item.most <= most for form in forms.values()] == [True, True]  # type: ignore[attr-defined]


@pytest.mark.parametrize("role", ["arn:aws:iam::123456789012:role/x", "a b", "", "a/", "/", "\x7f/a", "ä", "a\n"])
def test_what_is_no_name_of_a_role_is_not_accepted(role: str) -> None:
    assert aws.BUDGET_ROLE.fullmatch(role) is None


@pytest.mark.parametrize("role", ["a", "team/a", "/team/a", "a+=,.@_-", "arn"])
def test_the_name_of_a_role_may_have_its_path(role: str) -> None:
    assert aws.BUDGET_ROLE.fullmatch(role) is not None


@pytest.mark.parametrize("account", ["12345678901", "aws", ""])
def test_an_execution_role_is_in_an_account(account: str) -> None:
    assert aws.EXECUTION_ROLE.fullmatch(f"arn:aws:iam::{account}:role/a") is None


@settings(max_examples=200, deadline=None)
@given(st.from_regex(aws.MONITOR_NAME, fullmatch=True))
def test_the_name_of_a_monitor_can_stand_in_a_tag(name: str) -> None:
    assert TAG_VALUE.pattern.fullmatch(name)
    assert name == name.strip()


@pytest.mark.parametrize("text", ["a" * 20_000, "a/" * 10_000, "a " * 10_000])
def test_a_long_text_is_refused_quickly_by_every_pattern(text: str) -> None:
    for pattern in (aws.BUDGET_ROLE, aws.MONITOR_NAME, aws.POLICY_ARN, aws.EXECUTION_ROLE):
        started = time.process_time()
        for head in ("", "arn:aws:iam::123456789012:policy/", "arn:aws:iam::123456789012:role/"):
            assert pattern.fullmatch(f"{head}{text}!") is None
        assert time.process_time() - started < 0.5
