"""A budget's parts as texts: readable for what is ours, lossless for whatever AWS may answer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costsentry_cli.domain.budgets.action_text import action_of, action_text
from costsentry_cli.domain.budgets.alert_text import subscribers_of, subscribers_text, trigger_of, trigger_text
from costsentry_cli.domain.budgets.amount_text import (
    planned_from,
    planned_limits,
    planned_of,
    planned_text,
    rolled_on,
    upcoming,
)
from costsentry_cli.domain.budgets.filter_text import (
    canonical,
    expression_of_tags,
    filter_of,
    filter_text,
    tags_of,
    tags_text,
)
from fakes import NOON

TAGS = {"costCenter": "sales", "environment": "production"}
TEXT = st.text(min_size=1, max_size=12)
NUMBERS = st.floats(0, 15e12, allow_nan=False) | st.integers(0, 1000).map(float)
ADDRESSES = st.lists(
    st.one_of(TEXT.map(lambda name: f"{name}@example.com"), TEXT.map(lambda name: f"arn:aws:sns:us-east-1:1:{name}")),
    min_size=1,
    max_size=11,
    unique=True,
)
TRIGGERS = st.fixed_dictionaries(
    {
        "NotificationType": st.sampled_from(["ACTUAL", "FORECASTED"]),
        "ComparisonOperator": st.sampled_from(["GREATER_THAN", "LESS_THAN", "EQUAL_TO"]),
        "Threshold": NUMBERS,
        "ThresholdType": st.sampled_from(["PERCENTAGE", "ABSOLUTE_VALUE"]),
    }
)
LEAVES = st.one_of(
    st.builds(lambda key, values: {"Tags": {"Key": key, "Values": values}}, TEXT, st.lists(TEXT, min_size=1)),
    st.builds(lambda values: {"Dimensions": {"Key": "SERVICE", "Values": values}}, st.lists(TEXT, min_size=1)),
    st.just({"ProductAttributes": {"Key": "provider", "MatchOptions": ["ABSENT"]}}),
)
EXPRESSIONS: st.SearchStrategy[dict[str, Any]] = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: {"And": parts}),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: {"Or": parts}),
        inner.map(lambda part: {"Not": part}),
    ),
    max_leaves=6,
)


def subscribers(addresses: list[str]) -> list[dict[str, str]]:
    types = ["SNS" if address.startswith("arn:") else "EMAIL" for address in addresses]
    return [{"SubscriptionType": kind, "Address": a} for kind, a in zip(types, addresses, strict=True)]


def in_order(told: list[dict[str, str]]) -> list[tuple[str, str]]:
    return sorted((one["SubscriptionType"], one["Address"]) for one in told)


def attaching(definition: Mapping[str, Any], addresses: list[str], threshold: float = 100.0) -> dict[str, Any]:
    return {
        "NotificationType": "ACTUAL",
        "ActionType": "APPLY_IAM_POLICY" if "IamActionDefinition" in definition else "RUN_SSM_DOCUMENTS",
        "ActionThreshold": {"ActionThresholdValue": threshold, "ActionThresholdType": "PERCENTAGE"},
        "Definition": definition,
        "ExecutionRoleArn": "arn:aws:iam::123456789012:role/budgets",
        "ApprovalModel": "MANUAL",
        "Subscribers": subscribers(addresses),
    }


@pytest.mark.parametrize(
    ("tags", "text"),
    [
        ({}, "all Bedrock"),
        ({"costCenter": "sales"}, "costCenter=sales"),
        (TAGS, "costCenter=sales, environment=production"),
        ({"team": "Sales EMEA"}, "team=Sales EMEA"),
        ({"a=b": "c=d"}, '"a=b"=c=d'),
        ({"team": ""}, "team="),
    ],
)
def test_a_slice_of_costs_reads_as_its_tags(tags: dict[str, str], text: str) -> None:
    assert tags_text(tags) == filter_text(expression_of_tags(tags)) == text
    assert tags_of(text) == tags


@given(st.dictionaries(st.text(max_size=12), st.text(max_size=12), max_size=4))
def test_whatever_tags_make_a_slice_they_are_read_back_from_its_text(tags: dict[str, str]) -> None:
    assert tags_of(tags_text(tags)) == tags
    assert canonical(filter_of(filter_text(expression_of_tags(tags)))) == canonical(expression_of_tags(tags))


@given(EXPRESSIONS)
def test_any_expression_of_aws_is_read_back_from_its_text_but_for_order_and_defaults(said: dict[str, Any]) -> None:
    assert canonical(filter_of(filter_text(said))) == canonical(said)


@given(EXPRESSIONS, EXPRESSIONS)
def test_expressions_with_one_text_mean_the_same(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert (filter_text(one) == filter_text(other)) == (canonical(one) == canonical(other))


def test_the_order_of_parts_and_defaults_said_or_left_out_make_no_difference() -> None:
    said = expression_of_tags(TAGS)
    turned = {"And": [*reversed(said["And"])], "Or": [], "Dimensions": None}
    turned["And"][-1] = {"Tags": {"Key": "costCenter", "Values": ["sales"]}}
    turned["And"][0] = {"Not": {"Dimensions": {"Key": "RECORD_TYPE", "Values": ["Tax", "Credit", "Refund"]}}}
    assert filter_text(turned) == tags_text(TAGS)


@pytest.mark.parametrize(
    "changed",
    [
        {"Tags": {"Key": "costCenter", "Values": ["sales", "support"], "MatchOptions": ["EQUALS"]}},
        {"Tags": {"Key": "costCenter", "Values": ["sales"], "MatchOptions": ["CASE_INSENSITIVE"]}},
        {"Not": {"Tags": {"Key": "costCenter", "Values": ["sales"]}}},
    ],
)
def test_an_expression_that_was_edited_by_hand_is_told_as_it_is(changed: dict[str, Any]) -> None:
    edited = expression_of_tags({"costCenter": "sales"})
    edited["And"][0] = changed
    assert filter_text(edited).startswith('{"And":[')


def test_a_slice_without_the_part_that_means_bedrock_is_not_told_as_one_of_ours() -> None:
    edited = expression_of_tags(TAGS)
    del edited["And"][2]
    assert filter_text(edited) != tags_text(TAGS)


@pytest.mark.parametrize(
    ("notification", "text"),
    [
        (("ACTUAL", "GREATER_THAN", 80.0, "PERCENTAGE"), "actual > 80%"),
        (("FORECASTED", "GREATER_THAN", 99.5, "PERCENTAGE"), "forecast > 99.5%"),
        (("ACTUAL", "LESS_THAN", 400.0, "ABSOLUTE_VALUE"), "actual < 400 USD"),
        (("ACTUAL", "EQUAL_TO", 0.1, "PERCENTAGE"), "actual = 0.1%"),
    ],
)
def test_a_trigger_reads_as_what_is_compared_with_what(notification: tuple[Any, ...], text: str) -> None:
    names = ("NotificationType", "ComparisonOperator", "Threshold", "ThresholdType")
    assert trigger_text(dict(zip(names, notification, strict=True))) == text


def test_a_threshold_without_its_type_is_a_percentage() -> None:
    said = {"NotificationType": "ACTUAL", "ComparisonOperator": "GREATER_THAN", "Threshold": 80.0}
    assert trigger_text(said) == "actual > 80%"


@given(TRIGGERS)
def test_a_trigger_is_read_back_from_its_text(said: dict[str, Any]) -> None:
    assert trigger_of(trigger_text(said)) == said


@given(ADDRESSES)
def test_addresses_are_read_back_from_their_text(addresses: list[str]) -> None:
    told = subscribers(addresses)
    assert in_order(subscribers_of(subscribers_text(told))) == in_order(told)


def test_the_order_of_addresses_makes_no_difference() -> None:
    told = subscribers(["b@example.com", "arn:aws:sns:us-east-1:123456789012:costs", "a@example.com"])
    text = "a@example.com, b@example.com, arn:aws:sns:us-east-1:123456789012:costs"
    assert subscribers_text(told) == subscribers_text(told[::-1]) == text


def test_an_action_reads_as_a_sentence_of_all_its_parts() -> None:
    iam = {"PolicyArn": "arn:aws:iam::123456789012:policy/deny", "Roles": ["b", "a,"], "Groups": ["g"]}
    assert action_text(attaching({"IamActionDefinition": iam}, ["x@example.com"])) == (
        "at 100% of actual; attach arn:aws:iam::123456789012:policy/deny; to roles a,, b; to groups g; "
        "as arn:aws:iam::123456789012:role/budgets; manual; tell x@example.com"
    )


@given(
    st.fixed_dictionaries(
        {"PolicyArn": TEXT}, optional={w: st.lists(TEXT, min_size=1, unique=True) for w in ("Roles", "Groups", "Users")}
    ),
    ADDRESSES,
    NUMBERS,
)
def test_an_action_is_read_back_from_its_text(iam: dict[str, Any], addresses: list[str], threshold: float) -> None:
    said = attaching({"IamActionDefinition": iam}, addresses, threshold)
    read = action_of(action_text(said))
    assert in_order(read.pop("Subscribers")) == in_order(said.pop("Subscribers"))
    for part in (read, said):
        whom = part["Definition"]["IamActionDefinition"]
        whom |= {name: sorted(value) for name, value in whom.items() if isinstance(value, list)}
    assert read == said


def test_an_action_of_another_kind_is_told_and_read_back_too() -> None:
    stop = {"ActionSubType": "STOP_EC2_INSTANCES", "Region": "us-east-1", "InstanceIds": ["i-1; as nobody"]}
    said = attaching({"SsmActionDefinition": stop}, ["x@example.com"])
    assert action_of(action_text(said)) == said


MONTHS = tuple((date(2026 + (month + 9) // 12, (month + 9) % 12 + 1, 1), Decimal(month)) for month in range(1, 30))


@given(
    st.lists(st.sampled_from(MONTHS), min_size=1, max_size=6, unique=True).map(sorted),
    st.sampled_from(["month", "quarter"]),
    st.integers(0, 1500).map(lambda days: NOON + timedelta(days=days)),
)
def test_planned_amounts_are_as_many_as_aws_wants_and_read_back_from_their_text(
    amounts: list[tuple[date, Decimal]], per: str, now: datetime
) -> None:
    planned = upcoming(tuple(amounts), per, now)
    assert len(planned) == {"month": 12, "quarter": 4}[per]
    assert min(planned) <= now < sorted(planned)[1]
    assert planned_of(planned_text(planned, per)) == planned
    assert planned_from(planned_limits(planned)) == planned


@given(st.dictionaries(st.integers(0, 4_000_000_000).map(str), st.just({"Amount": "5.0", "Unit": "USD"}), min_size=1))
def test_planned_amounts_of_any_moments_are_read_back_from_their_text(limits: dict[str, Any]) -> None:
    planned = planned_from(limits)
    assert planned_of(planned_text(planned, "month")) == planned
    assert planned_of(planned_text(planned, "year")) == planned


def test_planned_amounts_read_as_spans_of_one_amount() -> None:
    amounts = ((date(2026, 12, 1), Decimal(500)), (date(2027, 3, 1), Decimal("700.5")))
    text = "2026-11 to 2027-02: 500 USD, 2027-03 to 2027-10: 700.5 USD"
    assert planned_text(upcoming(amounts, "month", NOON), "month") == text
    assert planned_text(upcoming(amounts, "quarter", NOON), "quarter") == (
        "2026-Q4 to 2027-Q1: 500 USD, 2027-Q2 to 2027-Q3: 700.5 USD"
    )


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        ("2026-11 to 2027-10: 5 USD", "2026-12 to 2027-11: 5 USD", True),
        ("2026-11 to 2027-10: 5 USD", "2027-08 to 2028-07: 5 USD", True),
        ("2026-11 to 2027-10: 5 USD", "2027-09 to 2028-08: 5 USD", False),
        ("2026-11 to 2027-10: 5 USD", "2026-12 to 2027-11: 6 USD", False),
        ("2026-11 to 2027-10: 5 USD", "2026-11: 5 USD, 2026-12: 6 USD, 2027-01 to 2027-10: 5 USD", False),
        ("2026-11 to 2027-10: 5 USD", "2026-11 to 2026-12: 5 USD, 2027-02 to 2027-10: 5 USD", False),
        ("2027-01 to 2027-10: 5 USD", "2026-12 to 2027-11: 5 USD", True),
    ],
)
def test_planned_amounts_that_only_moved_on_in_time_are_the_same(old: str, new: str, *, same: bool) -> None:
    assert rolled_on(old, new, "month") is same


def test_quarters_that_only_moved_on_are_the_same_while_two_of_them_agree() -> None:
    assert rolled_on("2026-Q4 to 2027-Q3: 5 USD", "2027-Q2 to 2028-Q1: 5 USD", "quarter")
    assert not rolled_on("2026-Q4 to 2027-Q3: 5 USD", "2027-Q3 to 2028-Q2: 5 USD", "quarter")
