"""Every call in the source has its IAM actions, and nothing is listed that is not called."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from costsentry_cli.domain import iam_actions
from costsentry_cli.domain.iam_actions import OPERATIONS, actions, every_operation
from fakes import service_model

SOURCE = Path(__file__).parents[2] / "src" / "costsentry_cli"


def calls_in(text: str) -> Iterator[tuple[str, str]]:
    """Every (service, operation) that a module can put into an ``ApiCall``.

    The services are the literal ones of its ``ApiCall``s (all of ours, where a call is made from another call), the
    operations every literal of the module that is one of those services' names.
    """
    tree = ast.parse(text)
    first = [
        node.args[0] for node in ast.walk(tree) if isinstance(node, ast.Call) and ast.unparse(node.func) == "ApiCall"
    ]
    services = {str(arg.value) for arg in first if isinstance(arg, ast.Constant)}
    if not all(isinstance(arg, ast.Constant) for arg in first):
        services = set(OPERATIONS)
    literals = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and type(node.value) is str}
    for service in services:
        yield from ((service, name) for name in service_model(service).operation_names if name in literals)


def called() -> set[tuple[str, str]]:
    sources = [path for path in SOURCE.rglob("*.py") if path.relative_to(SOURCE).parts[0] != "sandbox"]
    return {pair for path in sources for pair in calls_in(path.read_text(encoding="utf-8"))}


def test_every_call_in_the_source_is_listed_and_every_line_is_called() -> None:
    assert called() == set(every_operation())


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('ApiCall("bedrock", "GetFoundationModel", {})', {("bedrock", "GetFoundationModel")}),
        ('def f(o): return ApiCall("ssm", o)\nf("GetParameter")', {("ssm", "GetParameter")}),
        ('ApiCall(call.service, "GetPrompt")', set()),
        ('ApiCall(call.service, "ApplyGuardrail")', {("bedrock-runtime", "ApplyGuardrail")}),
        ('"GetFoundationModel"', set()),
    ],
)
def test_a_call_is_found_however_it_is_written(text: str, found: set[tuple[str, str]]) -> None:
    assert set(calls_in(text)) == found


@pytest.mark.parametrize(("service", "operation"), every_operation())
def test_every_operation_is_one_of_aws_and_has_actions_in_iams_form(service: str, operation: str) -> None:
    assert operation in service_model(service).operation_names
    found = actions(service, operation)
    assert found or (service, operation) == ("sts", "GetCallerIdentity")
    assert all(re.fullmatch(r"[a-z]+:[A-Z][A-Za-z]+", action) for action in found)
    assert len(set(found)) == len(found)


def test_no_exception_is_kept_for_an_operation_that_is_not_called() -> None:
    assert set(iam_actions._OTHER) <= set(every_operation())


@pytest.mark.parametrize(
    ("service", "operation", "own"),
    [
        ("bedrock-runtime", "Converse", "bedrock:InvokeModel"),
        ("bedrock-runtime", "ConverseStream", "bedrock:InvokeModelWithResponseStream"),
        ("bedrock", "TagResource", "bedrock:TagResource"),
        ("budgets", "DescribeBudgets", "budgets:ViewBudget"),
        ("budgets", "UpdateSubscriber", "budgets:ModifyBudget"),
        ("budgets", "DescribeBudgetActionsForBudget", "budgets:DescribeBudgetActionsForBudget"),
        ("service-quotas", "GetServiceQuota", "servicequotas:GetServiceQuota"),
        ("pricing", "GetProducts", "pricing:GetProducts"),
    ],
)
def test_the_action_is_not_always_the_operations_name(service: str, operation: str, own: str) -> None:
    assert actions(service, operation)[0] == own


def test_what_is_made_with_tags_needs_the_action_for_tags_and_what_hands_on_a_role_may_do_so() -> None:
    for service, operation in every_operation():
        model = service_model(service).operation_model(operation)
        members = set(model.input_shape.members) if model.input_shape is not None else set()
        if operation.startswith("Create") and members & {"tags", "Tags", "ResourceTags"} and "Action" not in operation:
            assert actions(service, operation)[-1].endswith(":TagResource"), operation
        if "ExecutionRoleArn" in members:
            assert "iam:PassRole" in actions(service, operation)
