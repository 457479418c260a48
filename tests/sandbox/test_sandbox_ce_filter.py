"""Filter expressions of Cost Explorer."""

from __future__ import annotations

import pytest
from sandbox_ce_world import HAIKU, NOVA, World, day

from costsentry_cli.sandbox.contract import ServiceError

SALES = {"Tags": {"Key": "costCenter", "Values": ["sales"]}}
CLAUDE = {"Dimensions": {"Key": "SERVICE", "Values": ["Claude Haiku 4.5 (Amazon Bedrock Edition)"]}}
WEST = {"Dimensions": {"Key": "REGION", "Values": ["us-west-2"], "MatchOptions": ["EQUALS", "CASE_SENSITIVE"]}}


@pytest.fixture
def world(tmp_path):
    world = World(tmp_path)
    for key in ("costCenter", "team"):
        world.use_tag(key, day("2026-11-01"))
        world.switch(key, "Active", day("2026-11-03"))
    # Powers of two in input tokens of one price say which of the calls were counted.
    world.call(day("2026-11-10"), NOVA, input=1000, tags={"costCenter": "sales"})
    world.call(day("2026-11-10"), NOVA, "us-west-2", input=2000, tags={"costCenter": "support"})
    world.call(day("2026-11-10"), NOVA, input=4000)
    world.call(day("2026-11-10"), HAIKU, input=8000, tags={"costCenter": "sales", "team": "x"})
    world.call(day("2026-11-10"), HAIKU, "us-west-2", input=16000, tags={"costCenter": "Sales"})
    return world


def counted(world, expression):
    """The calls a filter lets through, by their number of thousand input tokens."""
    groups = world.usage(
        "2026-11-10",
        "2026-11-11",
        Metrics=["UsageQuantity"],
        Filter=expression,
        GroupBy=[{"Type": "DIMENSION", "Key": "BILLING_ENTITY"}],
    )[0]["Groups"]
    per_unit = {"AWS": 1, "AWS Marketplace": 1000}
    return sum(float(g["Metrics"]["UsageQuantity"]["Amount"]) * per_unit[g["Keys"][0]] for g in groups)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (SALES, 1 + 8),
        ({"Not": SALES}, 2 + 4 + 16),
        (CLAUDE, 8 + 16),
        (WEST, 2 + 16),
        ({"And": [CLAUDE, WEST]}, 16),
        ({"Or": [CLAUDE, WEST]}, 2 + 8 + 16),
        ({"And": [{"Not": CLAUDE}, {"Or": [SALES, WEST]}]}, 1 + 2),
        ({"Tags": {"Key": "costCenter", "Values": ["sales", "support"]}}, 1 + 2 + 8),
        ({"Tags": {"Key": "costCenter", "Values": [""]}}, 4),
        ({"Tags": {"Key": "costCenter", "MatchOptions": ["ABSENT"]}}, 4),
        ({"Tags": {"Key": "team", "MatchOptions": ["ABSENT"]}}, 1 + 2 + 4 + 16),
        ({"Tags": {"Key": "neverActivated", "Values": ["x"]}}, 0),
        ({"Tags": {"Key": "neverActivated", "MatchOptions": ["ABSENT"]}}, 31),
        ({"Dimensions": {"Key": "RECORD_TYPE", "Values": ["Usage"]}}, 31),
        ({"Not": {"Dimensions": {"Key": "RECORD_TYPE", "Values": ["Credit", "Refund", "Tax"]}}}, 31),
        ({"Dimensions": {"Key": "BILLING_ENTITY", "Values": ["AWS Marketplace"]}}, 24),
        ({"Dimensions": {"Key": "SERVICE", "Values": ["amazon bedrock"]}}, 0),
        ({"Dimensions": {"Key": "PLATFORM", "Values": ["NoPlatform"]}}, 31),
        ({"ProductAttributes": {"Key": "provider", "Values": ["Anthropic"]}}, 24),
        ({"ProductAttributes": {"Key": "model", "Values": ["Nova Lite"]}}, 7),
        ({"ProductAttributes": {"Key": "colour", "Values": ["red"]}}, 0),
        ({"CostCategories": {"Key": "Team", "Values": ["a"]}}, 0),
        ({"CostCategories": {"Key": "Team", "MatchOptions": ["ABSENT"]}}, 31),
    ],
)
def test_a_filter_counts_what_it_names(world, expression, expected):
    assert counted(world, expression) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ({}, "no root"),
        ({"And": [SALES, WEST], **CLAUDE}, "more than one roots"),
        ({"And": [SALES]}, "at least 2"),
        ({"Or": []}, "at least 2"),
        ({"Not": {"And": [SALES]}}, "at least 2"),
        ({"And": [SALES, {}]}, "no root"),
        ({"Tags": {"Key": "a"}}, "Values must not be empty"),
        ({"Tags": {"Values": ["a"]}}, "no key"),
        ({"Tags": {"Key": "a", "Values": ["b"], "MatchOptions": ["ABSENT"]}}, "must be empty"),
        ({"Tags": {"Key": "a", "Values": ["b"], "MatchOptions": ["STARTS_WITH"]}}, "STARTS_WITH"),
        ({"Dimensions": {"Key": "SERVICE", "Values": ["a"], "MatchOptions": ["ABSENT"]}}, "ABSENT"),
        ({"Dimensions": {"Key": "RIGHTSIZING_TYPE", "Values": ["a"]}}, "RIGHTSIZING_TYPE"),
        ({"Or": [SALES] * 101}, "100"),
    ],
)
def test_a_malformed_filter_is_a_validation_error(world, expression, words):
    with pytest.raises(ServiceError) as caught:
        counted(world, expression)
    assert caught.value.code == "ValidationException"
    assert words in caught.value.message


def test_a_hundred_leaves_are_allowed(world):
    assert counted(world, {"Or": [SALES] * 100}) == pytest.approx(9)
