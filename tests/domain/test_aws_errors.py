"""Every error that AWS or its client library can answer with is mapped, by the libraries' own lists."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator

import pytest
from botocore import exceptions
from botocore.model import OperationModel, Shape
from botocore.retries.standard import ThrottledRetryableChecker

from costsentry_cli.domain import aws_errors
from costsentry_cli.domain.aws_error_rows import BY_CODE, Row
from costsentry_cli.domain.aws_error_specials import SPECIALS
from costsentry_cli.domain.client_error_rows import BY_CLASS, NOT_MET
from costsentry_cli.domain.errors import ERRORS, Exit
from costsentry_cli.domain.iam_actions import OPERATIONS, every_operation
from fakes import service_model


def shapes_of(model: OperationModel) -> Iterator[Shape]:
    """The errors an operation answers with, and those that come in its event stream."""
    yield from model.error_shapes
    stream = model.get_event_stream_output() if model.has_event_stream_output else None
    if stream is not None:
        yield from (shape for shape in stream.members.values() if shape.metadata.get("exception"))


def spellings(shape: Shape) -> Iterator[str]:
    """As it is named in the model, as it comes over the wire, and as an event stream begins it."""
    name = str(shape.name)
    yield from (name, str(shape.metadata.get("error", {}).get("code", name)), name[:1].lower() + name[1:])


def without_a_row(models: Iterable[tuple[str, OperationModel]]) -> set[tuple[str, str, str]]:
    return {
        (service, model.name, name)
        for service, model in models
        for shape in shapes_of(model)
        for name in spellings(shape)
        if aws_errors.named(name, service, model.name) is None
    }


def modelled() -> list[tuple[str, OperationModel]]:
    return [(service, service_model(service).operation_model(name)) for service, name in every_operation()]


PAIRS = {(service, model.name, str(shape.name)) for service, model in modelled() for shape in shapes_of(model)}


def test_every_error_of_every_operation_that_is_called_has_a_row_of_its_own() -> None:
    assert without_a_row(modelled()) == set()


def test_there_are_as_many_as_the_models_say() -> None:
    assert len(PAIRS) >= 350
    assert len({name for _, _, name in PAIRS}) >= 70


def test_an_error_that_a_newer_model_adds_is_found() -> None:
    newer = service_model("bedrock").operation_model("ListInferenceProfiles")
    shape = Shape("BrandNewException", {"type": "structure", "exception": True})

    class Newer:
        name = newer.name
        has_event_stream_output = False
        error_shapes = (*newer.error_shapes, shape)

    assert without_a_row([("bedrock", Newer())]) == {  # type: ignore[list-item]
        ("bedrock", "ListInferenceProfiles", "BrandNewException"),
        ("bedrock", "ListInferenceProfiles", "brandNewException"),
    }


def library_exceptions() -> Iterator[type[BaseException]]:
    for _, found in inspect.getmembers(exceptions, inspect.isclass):
        if issubclass(found, exceptions.BotoCoreError):
            yield found


def test_every_exception_of_the_library_is_mapped_or_named_as_never_met() -> None:
    named = set(BY_CLASS) - {"BotoCoreError"} | NOT_MET
    lost = {
        found.__name__
        for found in library_exceptions()
        if found is not exceptions.BotoCoreError and not named & {cls.__name__ for cls in found.__mro__}
    }
    assert lost == set()


def test_no_exception_is_listed_that_the_library_does_not_have() -> None:
    assert set(BY_CLASS) | NOT_MET <= {found.__name__ for found in library_exceptions()} | {
        "ResponseParserError",
        "WebPage",
    }
    assert not set(BY_CLASS) & NOT_MET


def test_every_code_the_library_takes_for_throttling_has_a_row() -> None:
    for name in ThrottledRetryableChecker._THROTTLED_ERROR_CODES:
        row = aws_errors.named(name, "ce", "GetCostAndUsage")
        assert row is not None, name
        assert row.retry, name


def test_every_way_has_a_cause_a_next_step_and_an_exit_that_is_a_failure() -> None:
    for way in aws_errors.ways():
        assert aws_errors.meaning(way.row), way
        assert aws_errors.help_of(way.row), way
        assert ERRORS[way.row.code].exit in (Exit.USAGE, Exit.ACCESS, Exit.AWS), way


def test_every_special_is_of_a_service_and_operation_that_is_called_and_is_reached() -> None:
    for one in SPECIALS:
        assert one.service == "*" or one.service in OPERATIONS, one
        service = "ce" if one.service == "*" else one.service
        reached = {
            aws_errors.named(name, service, operation, says)
            for name in one.names or ("ValidationException",)
            for operation in OPERATIONS[service]
            for says in one.says or ("",)
        }
        assert one.row in reached, one


def row(name: str, service: str, operation: str, sentence: str = "") -> Row:
    return aws_errors.of_answer(name, 400, service, operation, sentence)


@pytest.mark.parametrize(
    ("service", "operation", "sentence", "code", "retry"),
    [
        ("ce", "GetCostAndUsage", "", "CS0801", True),
        ("ce", "ListCostAllocationTags", "", "CS0801", True),
        ("ce", "DeleteAnomalyMonitor", "", "CS0801", True),
        ("ce", "CreateAnomalyMonitor", "Limit exceeded on dimensional spend monitor creation", "CS0805", False),
        ("ce", "CreateAnomalyMonitor", "You made too many calls in a short period of time.", "CS0801", True),
        ("ce", "UpdateCostAllocationTagsStatus", "You can have at most 500 active keys.", "CS0805", False),
        ("logs", "CreateLogGroup", "Resource limit exceeded.", "CS0805", False),
        ("logs", "StartQuery", "Account maximum query concurrency limit of [30] reached.", "CS0801", True),
        ("dynamodb", "CreateTable", "Subscriber limit exceeded: there is a limit of 2500 tables", "CS0805", False),
        ("dynamodb", "CreateTable", "Too many operations for a given subscriber", "CS0801", True),
        ("dynamodb", "UpdateTable", "", "CS0801", True),
        ("somewhere", "CreateThing", "", "CS0805", False),
    ],
)
def test_limit_exceeded_is_a_throttle_or_a_quota_by_what_was_called(
    service: str, operation: str, sentence: str, code: str, retry: bool
) -> None:
    found = row("LimitExceededException", service, operation, sentence)
    assert (found.code, found.retry) == (code, retry)


def test_no_quota_is_asked_again() -> None:
    quotas = [way for way in aws_errors.ways() if way.row.code == "CS0805"]
    assert len(quotas) > 5
    assert [way for way in quotas if way.row.retry] == []


@pytest.mark.parametrize(
    ("name", "service", "operation", "sentence", "code"),
    [
        ("AccessDeniedException", "ce", "GetCostAndUsage", "User not enabled for cost explorer access", "CS0410"),
        ("AccessDeniedException", "ce", "GetCostAndUsage", "User: x is not authorized to perform: ce:G", "CS0403"),
        (
            "AccessDeniedException",
            "ce",
            "ListCostAllocationTags",
            "Linked account doesn't have access to cost allocation tags.",
            "CS0407",
        ),
        (
            "ValidationException",
            "ce",
            "StartCostAllocationTagBackfill",
            "Operation not permitted for member accounts. This API is only allowed for regular or payer accounts.",
            "CS0407",
        ),
        (
            "AccessDeniedException",
            "bedrock-runtime",
            "Converse",
            "You don't have access to the model with the specified model ID.",
            "CS0409",
        ),
        (
            "ResourceNotFoundException",
            "bedrock-runtime",
            "Converse",
            "Model use case details have not been submitted for this account.",
            "CS0409",
        ),
        ("InvalidSignatureException", "ce", "GetCostAndUsage", "Signature expired: 2026 is now earlier", "CS0408"),
        ("SignatureDoesNotMatch", "sts", "GetCallerIdentity", "Signature not yet current: 2026", "CS0408"),
        ("SignatureDoesNotMatch", "sts", "GetCallerIdentity", "does not match the signature you provided", "CS0402"),
        ("ThrottlingException", "bedrock-runtime", "Converse", "Too many tokens per day, please wait", "CS0805"),
        ("throttlingException", "bedrock-runtime", "ConverseStream", "Too many tokens, please wait", "CS0801"),
        ("modelStreamErrorException", "bedrock-runtime", "ConverseStream", "", "CS0810"),
    ],
)
def test_the_sentence_tells_what_the_name_does_not(
    name: str, service: str, operation: str, sentence: str, code: str
) -> None:
    assert row(name, service, operation, sentence).code == code


def test_the_quota_of_a_day_is_not_waited_for_and_an_explicit_deny_is_not_asked_to_be_allowed() -> None:
    assert not row("ThrottlingException", "bedrock-runtime", "Converse", "Too many tokens per day").retry
    assert row("ThrottlingException", "bedrock-runtime", "Converse", "Too many tokens").retry
    denied = row("AccessDeniedException", "bedrock", "TagResource", "with an explicit deny in a service control policy")
    assert "no further permission" in denied.cause


def test_a_row_has_the_words_of_its_code_where_it_has_none_of_its_own() -> None:
    assert aws_errors.meaning(BY_CODE["ConflictException"]) == ERRORS["CS0804"].meaning
    assert aws_errors.help_of(BY_CODE["ConflictException"]) == ERRORS["CS0804"].help
