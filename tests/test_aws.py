"""The door: retries, paging, concurrency and the mapping of every error, over a session with a stand-in behind it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.exceptions import ConnectTimeoutError, EndpointConnectionError, ReadTimeoutError, SSLError

from costsentry_cli.aws import Door, connect, identity
from costsentry_cli.cli.context import Context
from costsentry_cli.domain.calls import ApiCall
from costsentry_cli.domain.errors import SentryError
from stand_in import CONVERSE, EMPTY, LISTING, Time, answer, door, refusal, tag_reads


def code_of(*answers: Any, call: ApiCall = LISTING) -> str:
    made, _ = door(*answers)
    with pytest.raises(SentryError) as failed:
        made.call(call)
    return failed.value.code


def test_an_answer_comes_back_as_aws_gave_it() -> None:
    made, behind = door(answer(EMPTY))
    assert made.call(LISTING)["inferenceProfileSummaries"] == []
    assert len(behind.requests) == 1


def test_throttling_is_waited_out_with_growing_capped_pauses() -> None:
    time = Time()
    made, behind = door(*[refusal("ThrottlingException", 429)] * 7, answer(EMPTY), time=time)
    made.call(LISTING)
    assert time.naps == [0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 8.0]
    assert len(behind.requests) == 8


def test_waiting_ends_at_the_deadline_and_says_how_often_it_was_tried() -> None:
    time = Time()
    made, behind = door(refusal("ThrottlingException", 429), time=time)
    with pytest.raises(SentryError) as failed:
        made.call(LISTING)
    assert failed.value.code == "CS0801"
    assert time.now <= made.patience.deadline
    assert failed.value.details == (f"tried {len(behind.requests)} times",)


@pytest.mark.parametrize(
    "trouble",
    [
        refusal("ThrottlingException", 429),
        refusal("InternalServerException", 500),
        ReadTimeoutError(endpoint_url="https://stand-in/"),
    ],
)
def test_a_paid_call_is_sent_exactly_once_whatever_happens(trouble: Any) -> None:
    made, behind = door(trouble)
    with pytest.raises(SentryError):
        made.call(CONVERSE)
    assert len(behind.requests) == 1


@pytest.mark.parametrize(
    ("trouble", "code"),
    [
        (refusal("AccessDeniedException", 403), "CS0403"),
        (refusal("ValidationException", 400), "CS0802"),
        (refusal("ResourceNotFoundException", 404), "CS0803"),
        (refusal("ConflictException", 400), "CS0804"),
        (refusal("ServiceQuotaExceededException", 400), "CS0805"),
        (refusal("InternalServerException", 500), "CS0806"),
        (refusal("ExpiredTokenException", 403), "CS0402"),
        (refusal("BrandNewException", 418), "CS0802"),
        (answer(b"<html>Bad gateway</html>", 502, {"content-type": "text/html"}), "CS0806"),
        (answer(b'{"inferenceProfileSummaries": [', 200), "CS0809"),
        (answer(b"<html>Log in to the guest network</html>", 200, {"content-type": "text/html"}), "CS0807"),
        (answer(b"<!DOCTYPE html>Blocked by the proxy", 403), "CS0807"),
        (ConnectTimeoutError(endpoint_url="https://x/"), "CS0807"),
        (EndpointConnectionError(endpoint_url="https://x/"), "CS0807"),
        (ReadTimeoutError(endpoint_url="https://x/"), "CS0808"),
        (SSLError(endpoint_url="https://x/", error="certificate"), "CS0807"),
    ],
)
def test_every_way_to_fail_has_our_code(trouble: Any, code: str) -> None:
    assert code_of(trouble) == code


def test_a_denied_call_names_operation_request_id_and_the_iam_action() -> None:
    made, _ = door(refusal("AccessDeniedException", 403))
    with pytest.raises(SentryError) as failed:
        made.call(CONVERSE)
    assert failed.value.where == "bedrock-runtime Converse (request id req-1)"
    assert failed.value.details == (
        "the IAM action needed is bedrock:InvokeModel, with it bedrock:GetInferenceProfile",
    )


def test_a_parameter_the_library_refuses_is_the_callers_error_and_nothing_is_sent() -> None:
    made, behind = door(answer(EMPTY))
    with pytest.raises(SentryError) as failed:
        made.call(ApiCall("bedrock", "ListInferenceProfiles", {"maxResults": "many"}))
    assert failed.value.code == "CS0802"
    assert behind.requests == []


def test_a_defect_of_ours_is_not_dressed_up_as_aws_trouble() -> None:
    made, _ = door(answer(EMPTY))
    with pytest.raises(AttributeError):
        made.call(ApiCall("bedrock", "NoSuchOperation"))


def test_every_page_is_read_also_where_the_library_has_no_paginator() -> None:
    pages = [
        {"ResultsByTime": [], "NextPageToken": "a"},
        {"ResultsByTime": [], "NextPageToken": "b"},
        {"ResultsByTime": []},
    ]
    made, behind = door(*map(answer, pages))
    period = {
        "TimePeriod": {"Start": "2026-11-01", "End": "2026-11-02"},
        "Granularity": "DAILY",
        "Metrics": ["UnblendedCost"],
    }
    assert len(list(made.pages(ApiCall("ce", "GetCostAndUsage", period)))) == 3
    assert [json.loads(r.body).get("NextPageToken") for r in behind.requests] == [None, "a", "b"]


def test_a_repeated_page_token_is_an_error_and_not_an_endless_loop() -> None:
    made, _ = door(answer(EMPTY | {"nextToken": "same"}))
    with pytest.raises(SentryError, match="repeats a page token"):
        list(made.pages(LISTING))


def test_outcomes_of_concurrent_calls_keep_the_order_and_each_its_own_error() -> None:
    def by_arn(request: AWSPreparedRequest) -> AWSResponse:
        wanted = json.loads(request.body)["resourceARN"]
        return (
            refusal("ResourceNotFoundException", 404)
            if wanted.endswith("7")
            else answer({"tags": [{"key": "n", "value": wanted[-2:]}]})
        )

    made, _ = door(by_arn)
    calls = tag_reads(20)
    outcomes = list(made.each(calls))
    assert [outcome.call for outcome in outcomes] == calls
    assert [n for n, outcome in enumerate(outcomes) if outcome.error] == [7, 17]
    assert all(o.answer is None or o.answer["tags"][0]["value"] == f"{n:02}" for n, o in enumerate(outcomes))


def test_one_client_serves_all_threads() -> None:
    made, _ = door(answer({"tags": []}))
    list(made.each(tag_reads(20)))
    assert len(made._clients) == 1


def test_our_calls_name_themselves() -> None:
    made, behind = door(answer(EMPTY))
    made.call(LISTING)
    assert "costsentry-cli/" in str(behind.requests[0].headers["User-Agent"])


def test_a_stand_in_never_sees_real_credentials_endpoints_or_profiles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAREALREALREALREAL")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "real")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "realtoken")
    monkeypatch.setenv("AWS_PROFILE", "does-not-exist")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    made, behind = door(answer(EMPTY))
    made.call(LISTING)
    sent = str(dict(behind.requests[0].headers))
    assert "AKIAREAL" not in sent
    assert "realtoken" not in sent
    assert behind.requests[0].url.startswith("https://bedrock.us-east-1.amazonaws.com/")


def test_the_region_is_the_option_then_aws_region_then_aws_default_region(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-north-1")
    assert connect().region == "eu-north-1"
    monkeypatch.setenv("AWS_REGION", "eu-west-3")
    assert connect().region == "eu-west-3"
    assert connect("ap-south-1").region == "ap-south-1"


def test_without_a_region_the_error_names_the_flag() -> None:
    with pytest.raises(SentryError) as failed:
        connect()
    assert (failed.value.code, "--region" in failed.value.help) == ("CS0404", True)


def test_an_unknown_aws_profile_is_an_access_error() -> None:
    with pytest.raises(SentryError) as failed:
        connect("us-east-1", "nobody")
    assert failed.value.code == "CS0405"


def test_without_credentials_the_error_says_so() -> None:
    with pytest.raises(SentryError) as failed:
        connect("us-east-1").call(LISTING)
    assert failed.value.code == "CS0401"


def test_the_account_is_the_credentials_own(context: Context) -> None:
    assert isinstance(context.cloud, Door)
    assert identity(context.cloud) == "123456789012"


def test_a_refused_connection_is_given_up_after_a_few_tries() -> None:
    made, behind = door(EndpointConnectionError(endpoint_url="https://x/"))
    with pytest.raises(SentryError):
        made.call(LISTING)
    assert len(behind.requests) == 4


def test_each_retry_is_told_with_the_seconds_so_far() -> None:
    heard: list[str] = []
    made, _ = door(*[refusal("ThrottlingException", 429)] * 2, answer(EMPTY))
    made.patience = replace(made.patience, told=lambda what, seconds: heard.append(what))
    made.call(LISTING)
    assert heard == ["ListInferenceProfiles: AWS throttled the call, trying again"] * 2
