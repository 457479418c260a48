"""The one table of errors and exit codes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from costsentry_cli.domain import aws_errors, errors
from costsentry_cli.domain.errors import ERRORS, EXIT_MEANING, Exit, SentryError
from fakes import service_model

SOURCE = Path(__file__).parents[2] / "src" / "costsentry_cli"


def test_every_code_is_listed_once() -> None:
    assert len(ERRORS) == len(errors._ROWS)


def test_every_exit_status_is_distinct_and_has_a_meaning() -> None:
    assert len({int(status) for status in Exit}) == len(Exit.__members__)
    assert set(EXIT_MEANING) == set(Exit)


@pytest.mark.parametrize("code", ERRORS)
def test_every_row_says_what_it_means_and_what_helps(code: str) -> None:
    row = ERRORS[code]
    assert re.fullmatch(r"CS\d{4}", code)
    assert row.meaning
    assert row.help
    assert row.exit is not Exit.OK


def test_every_code_in_the_source_is_in_the_table() -> None:
    used = {code for path in SOURCE.rglob("*.py") for code in re.findall(r'"(CS\d{4})"', path.read_text())}
    assert used <= set(ERRORS)


def test_an_error_takes_its_help_from_the_table_unless_it_knows_better() -> None:
    assert SentryError("CS0404", "no region").help == ERRORS["CS0404"].help
    assert SentryError("CS0404", "no region", help="do this").help == "do this"


def test_every_mapped_aws_error_leads_to_a_row() -> None:
    rows = [*aws_errors.BY_CODE.values(), *aws_errors.BY_CLASS.values()]
    assert {row.code for row in rows} <= set(ERRORS)


OPERATIONS = [
    ("bedrock", "CreateInferenceProfile"),
    ("bedrock", "ListInferenceProfiles"),
    ("bedrock", "ListTagsForResource"),
    ("bedrock", "TagResource"),
    ("bedrock", "UntagResource"),
    ("bedrock-runtime", "Converse"),
    ("ce", "GetCostAndUsage"),
    ("ce", "ListCostAllocationTags"),
    ("ce", "UpdateCostAllocationTagsStatus"),
    ("cloudwatch", "PutMetricData"),
    ("resourcegroupstaggingapi", "GetResources"),
    ("sts", "GetCallerIdentity"),
]


@pytest.mark.parametrize(("service", "operation"), OPERATIONS)
def test_every_error_that_an_operation_of_ours_can_answer_is_mapped_by_name(service: str, operation: str) -> None:
    shapes = service_model(service).operation_model(operation).error_shapes
    codes = {shape.metadata.get("error", {}).get("code", shape.name) for shape in shapes}
    assert codes <= set(aws_errors.BY_CODE)


def test_an_unknown_error_is_judged_by_its_http_status() -> None:
    assert aws_errors.of_answer("Odd", 429) == aws_errors.Row("CS0801", retry=True, undone=True)
    assert aws_errors.of_answer("Odd", 503) == aws_errors.Row("CS0806", retry=True)
    assert aws_errors.of_answer("Odd", 400) == aws_errors.Row("CS0802")


def test_the_iam_action_of_a_model_call_is_not_its_operation_name() -> None:
    assert aws_errors.iam_action("bedrock-runtime", "Converse") == "bedrock:InvokeModel"
    assert aws_errors.iam_action("bedrock", "TagResource") == "bedrock:TagResource"
