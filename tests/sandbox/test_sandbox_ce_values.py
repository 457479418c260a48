"""GetDimensionValues, GetTags and GetCostCategories: what there is to filter by."""

from __future__ import annotations

import pytest
from sandbox_ce_world import HAIKU, NOVA, World, day

from costsentry_cli.sandbox.contract import ServiceError

PERIOD = {"Start": "2026-11-01", "End": "2026-11-23"}
BEDROCK = {"Dimensions": {"Key": "SERVICE", "Values": ["Amazon Bedrock"]}}
CLAUDE = {"ProductAttributes": {"Key": "provider", "Values": ["Anthropic"]}}


@pytest.fixture
def world(tmp_path):
    world = World(tmp_path)
    for key in ("costCenter", "team"):
        world.use_tag(key, day("2026-10-01"))
        world.switch(key, "Active", day("2026-10-03"))
    world.use_tag("stage", day("2026-10-01"))
    world.call(day("2026-11-02"), NOVA, tags={"costCenter": "sales", "stage": "prod"})
    world.call(day("2026-11-03"), HAIKU, tags={"costCenter": "legal"})
    world.call(day("2026-11-04"), "amazon.nova-micro-v1:0", region="us-west-2")
    world.call(day("2026-10-20"), "amazon.nova-pro-v1:0", tags={"costCenter": "old", "team": "a"})
    return world


def dimension(world, name, **asked):
    answer = world.ask("GetDimensionValues", **{"TimePeriod": PERIOD, "Dimension": name} | asked)
    assert answer["ReturnSize"] == len(answer["DimensionValues"])
    return [each["Value"] for each in answer["DimensionValues"]]


def tags(world, **asked):
    answer = world.ask("GetTags", **{"TimePeriod": PERIOD} | asked)
    assert answer["ReturnSize"] == len(answer["Tags"])
    return answer["Tags"]


def refused(world, operation, **asked):
    with pytest.raises(ServiceError) as caught:
        world.ask(operation, **{"TimePeriod": PERIOD} | asked)
    return caught.value


def test_a_dimensions_values_are_those_of_the_time_asked_for_in_order(world):
    assert dimension(world, "SERVICE") == ["Amazon Bedrock", "Claude Haiku 4.5 (Amazon Bedrock Edition)"]
    assert dimension(world, "REGION") == ["us-east-1", "us-west-2"]
    october = {"Start": "2026-10-01", "End": "2026-11-01"}
    assert dimension(world, "USAGE_TYPE", TimePeriod=october) == [
        "USE1-NovaPro-input-tokens",
        "USE1-NovaPro-output-tokens",
    ]
    assert dimension(world, "SERVICE", TimePeriod={"Start": "2026-11-10", "End": "2026-11-11"}) == []


def test_a_search_finds_a_part_of_a_value_whatever_its_case(world):
    assert dimension(world, "SERVICE", SearchString="claude") == ["Claude Haiku 4.5 (Amazon Bedrock Edition)"]
    assert len(dimension(world, "SERVICE", SearchString="Bedrock")) == 2
    assert dimension(world, "SERVICE", SearchString="Lambda") == []


def test_a_filter_narrows_the_values(world):
    assert dimension(world, "REGION", Filter={"Tags": {"Key": "costCenter", "Values": ["sales"]}}) == ["us-east-1"]


def test_product_attributes_list_their_keys_or_the_values_of_one(world):
    assert dimension(world, "PRODUCT_ATTRIBUTE") == ["feature", "inferenceType", "model", "provider"]
    assert dimension(world, "PRODUCT_ATTRIBUTE", DimensionKey="") == ["feature", "inferenceType", "model", "provider"]
    models = dimension(world, "PRODUCT_ATTRIBUTE", DimensionKey="model")
    assert models == ["Claude Haiku 4.5", "Nova Lite", "Nova Micro"]
    assert dimension(world, "PRODUCT_ATTRIBUTE", DimensionKey="Model") == [""]


def test_costs_without_an_attribute_add_an_empty_value_that_comes_first(world):
    world.set("tax_percent", "10")
    assert dimension(world, "PRODUCT_ATTRIBUTE", DimensionKey="provider") == ["", "Amazon", "Anthropic"]


def test_accounts_come_with_their_names_and_usage_types_with_their_units(world):
    account = world.ask("GetDimensionValues", TimePeriod=PERIOD, Dimension="LINKED_ACCOUNT")["DimensionValues"]
    assert account == [{"Value": "123456789012", "Attributes": {"description": "sandbox"}}]
    usage = world.ask("GetDimensionValues", TimePeriod=PERIOD, Dimension="USAGE_TYPE")["DimensionValues"]
    assert {row["Attributes"]["unit"] for row in usage} == {"1K tokens", "Units"}


def test_sorted_values_come_by_their_cost_and_are_cut_to_the_most_asked_for(world):
    by_cost = [{"Key": "UnblendedCost", "SortOrder": "DESCENDING"}]
    ordered = dimension(world, "PRODUCT_ATTRIBUTE", DimensionKey="model", SortBy=by_cost)
    assert ordered == ["Claude Haiku 4.5", "Nova Lite", "Nova Micro"]
    rising = [{"Key": "UnblendedCost", "SortOrder": "ASCENDING"}]
    assert dimension(world, "PRODUCT_ATTRIBUTE", DimensionKey="model", SortBy=rising) == ordered[::-1]
    answer = world.ask("GetDimensionValues", TimePeriod=PERIOD, Dimension="REGION", SortBy=by_cost, MaxResults=1)
    assert (answer["DimensionValues"][0]["Value"], answer["ReturnSize"], answer["TotalSize"]) == ("us-east-1", 1, 2)
    assert "NextPageToken" not in answer


def test_pages_hold_as_many_values_as_the_setting_says_and_add_up(world):
    world.set("ce_page_size", "2")
    first = world.ask("GetDimensionValues", TimePeriod=PERIOD, Dimension="USAGE_TYPE")
    found, sizes, token = [], [], None
    while True:
        asked = {"NextPageToken": token} if token else {}
        page = world.ask("GetDimensionValues", TimePeriod=PERIOD, Dimension="USAGE_TYPE", **asked)
        found += [each["Value"] for each in page["DimensionValues"]]
        sizes.append(page["ReturnSize"])
        token = page.get("NextPageToken")
        if not token:
            break
    assert (sizes, len(set(found)), page["TotalSize"]) == ([2, 2, 2], 6, 6)
    other = refused(world, "GetDimensionValues", Dimension="SERVICE", NextPageToken=first["NextPageToken"])
    assert other.code == "RequestChangedException"


def test_the_contexts_of_commitments_are_empty(world):
    for context in ("RESERVATIONS", "SAVINGS_PLANS"):
        assert dimension(world, "REGION", Context=context) == []


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"Dimension": "PAYER_ACCOUNT"}, "Dimension PAYER_ACCOUNT is invalid."),
        ({"Dimension": "SERVICE", "DimensionKey": "model"}, "DimensionKey is only supported"),
        ({"Dimension": "SERVICE", "MaxResults": 5}, "MaxResults is only supported with SortBy"),
        ({"Dimension": "SERVICE", "SortBy": [{"Key": "Cost"}]}, "SortBy key Cost is invalid."),
        ({"Dimension": "SERVICE", "SortBy": [{"Key": "BlendedCost"}] * 2}, "Only one SortBy"),
        ({"Dimension": "SERVICE", "SortBy": [{"Key": "BlendedCost"}], "SearchString": "x"}, "SearchString is not"),
        ({"Dimension": "SERVICE", "SortBy": [{"Key": "BlendedCost"}], "NextPageToken": "x"}, "NextPageToken is not"),
        ({"Dimension": "SERVICE", "SortBy": [{"Key": "BlendedCost"}], "MaxResults": 1001}, "MaxResults must be"),
        ({"Dimension": "PRODUCT_ATTRIBUTE", "SortBy": [{"Key": "BlendedCost"}]}, "DimensionKey is required"),
        ({"Dimension": "PRODUCT_ATTRIBUTE", "Context": "RESERVATIONS"}, "The dimension PRODUCT_ATTRIBUTE is only"),
        ({"Dimension": "SERVICE", "Filter": CLAUDE}, "A filter with ProductAttributes requires a SERVICE filter."),
        ({"Dimension": "SERVICE", "TimePeriod": {"Start": "2025-09-30", "End": "2025-10-02"}}, "You haven't enabled"),
        ({"Dimension": "SERVICE", "Filter": {}}, "Expression has no root."),
    ],
)
def test_what_aws_refuses_is_refused(world, asked, words):
    error = refused(world, "GetDimensionValues", **asked)
    assert (error.code, error.message[: len(words)]) == ("ValidationException", words)


def test_attributes_before_september_2026_are_unavailable(world):
    early = {"Start": "2026-08-31", "End": "2026-09-02"}
    for asked in ({"Dimension": "PRODUCT_ATTRIBUTE"}, {"Dimension": "SERVICE", "Filter": {"And": [BEDROCK, CLAUDE]}}):
        assert refused(world, "GetDimensionValues", TimePeriod=early, **asked).code == "DataUnavailableException"


@pytest.mark.parametrize(
    ("expression", "is_taken"),
    [
        ({"And": [BEDROCK, CLAUDE]}, True),
        ({"Or": [{"And": [BEDROCK, CLAUDE]}, BEDROCK]}, True),
        ({"Or": [{"And": [BEDROCK, CLAUDE]}, CLAUDE]}, False),
        ({"And": [{"Not": BEDROCK}, CLAUDE]}, False),
        ({"And": [{"Dimensions": {"Key": "SERVICE", "Values": ["Amazon Bedrock", "AWS Lambda"]}}, CLAUDE]}, False),
        ({"And": [{"Dimensions": {"Key": "REGION", "Values": ["us-east-1"]}}, CLAUDE]}, False),
    ],
)
def test_attributes_in_a_filter_want_a_service_filter_round_all_of_it(world, expression, is_taken):
    if is_taken:
        assert tags(world, TagKey="costCenter", Filter=expression) is not None
    else:
        assert refused(world, "GetTags", Filter=expression).code == "ValidationException"


def test_tags_are_keys_that_show_on_usage_and_values_with_the_untagged_first(world):
    assert tags(world) == ["costCenter"]
    assert tags(world, TagKey="costCenter") == ["", "legal", "sales"]
    assert tags(world, TagKey="costCenter", SearchString="LE") == ["legal", "sales"]
    assert tags(world, TagKey="stage") == tags(world, TagKey="CostCenter") == [""]
    assert tags(world, TagKey="costCenter", TimePeriod={"Start": "2026-11-10", "End": "2026-11-11"}) == []
    assert tags(world, TimePeriod={"Start": "2026-10-01", "End": "2026-11-23"}) == ["costCenter", "team"]


def test_tag_values_can_come_by_cost(world):
    by_cost = [{"Key": "NetUnblendedCost", "SortOrder": "DESCENDING"}]
    assert tags(world, TagKey="costCenter", SortBy=by_cost, MaxResults=2) == ["legal", "sales"]


def test_there_are_no_cost_categories(world):
    none = {"CostCategoryNames": [], "ReturnSize": 0, "TotalSize": 0}
    assert world.ask("GetCostCategories", TimePeriod=PERIOD) == none
    named = world.ask("GetCostCategories", TimePeriod=PERIOD, CostCategoryName="Team")
    assert named == none | {"CostCategoryValues": []}
    assert refused(world, "GetCostCategories", Filter=CLAUDE).code == "ValidationException"
