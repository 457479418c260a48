"""Faults on order: what the client sees, what was done, and that rules are the same in every process."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, ConnectTimeoutError, ReadTimeoutError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sandbox_core_world import client, sandbox_at_noon, served_client

from costsentry_cli.sandbox import FaultRule, Sandbox
from costsentry_cli.sandbox.contract import Request
from costsentry_cli.sandbox.faults import EFFECTS
from costsentry_cli.sandbox.server import start

EVENTS = [{"contentBlockDelta": {"delta": {"text": "word"}, "contentBlockIndex": 0}}] * 9


def _counting(request: Request) -> dict[str, Any]:
    request.store.set_setting("done", str(int(request.store.setting("done", "0")) + 1))
    return {"Account": request.account}


def _sandbox(path: Path, *rules: FaultRule) -> Sandbox:
    operations = {
        "sts": {"GetCallerIdentity": _counting},
        "bedrock-runtime": {"ConverseStream": lambda _: {"stream": EVENTS}},
    }
    sandbox = sandbox_at_noon(path, operations)
    for rule in rules:
        sandbox.add_fault(rule)
    return sandbox


def _outcomes(sandbox: Sandbox, calls: int) -> str:
    """One letter a call: ``x`` failed, ``.`` went well."""
    sts = client(sandbox, "sts")
    letters = ""
    for _ in range(calls):
        try:
            sts.get_caller_identity()
        except ClientError:
            letters += "x"
        else:
            letters += "."
    return letters


def _rule(effect: str, **fields: Any) -> FaultRule:
    return FaultRule("sts", "GetCallerIdentity", effect, **fields)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, "x...."),
        ({"skip": 2}, "..x.."),
        ({"times": 2}, "xx..."),
        ({"skip": 1, "times": None}, ".xxxx"),
    ],
)
def test_a_rule_skips_fires_and_is_used_up(tmp_path, fields, expected):
    assert _outcomes(_sandbox(tmp_path, _rule("http500", **fields)), 5) == expected


def test_a_rule_for_another_operation_does_not_fire(tmp_path):
    assert _outcomes(_sandbox(tmp_path, FaultRule("sts", "AssumeRole", "http500")), 2) == ".."


def test_a_star_matches_any_service_and_operation(tmp_path):
    assert _outcomes(_sandbox(tmp_path, FaultRule("*", "*", "http500")), 2) == "x."


def test_two_rules_take_turns(tmp_path):
    assert _outcomes(_sandbox(tmp_path, _rule("http500"), _rule("throttle")), 3) == "xx."


def test_the_next_process_goes_on_where_this_one_stopped(tmp_path):
    first = _sandbox(tmp_path, _rule("http500", times=3))
    assert _outcomes(first, 2) == "xx"
    assert _outcomes(_sandbox(tmp_path), 2) == "x."


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10**6), probability=st.sampled_from([0.2, 0.5, 0.9]))
def test_chance_is_the_same_in_every_run_with_one_seed(tmp_path, seed, probability):
    seen = []
    for run in ("a", "b"):
        sandbox = _sandbox(tmp_path / run)
        sandbox.reset()
        sandbox.add_fault(_rule("http500", times=None, probability=probability, seed=seed))
        seen.append(_outcomes(sandbox, 8))
    assert seen[0] == seen[1]


def test_chance_lets_some_calls_pass_and_some_fail(tmp_path):
    letters = _outcomes(_sandbox(tmp_path, _rule("http500", times=None, probability=0.5)), 40)
    assert 8 < letters.count("x") < 32


def test_throttling_is_the_operations_own_error(tmp_path):
    sandbox = sandbox_at_noon(tmp_path)
    sandbox.add_fault(FaultRule("*", "*", "throttle", times=2))
    with pytest.raises(ClientError, match=r"ThrottlingException.*Too many requests") as caught:
        client(sandbox, "bedrock").get_inference_profile(inferenceProfileIdentifier="x")
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 429
    with pytest.raises(ClientError, match="Thrott"):
        client(sandbox, "cloudwatch").list_metrics()


def test_an_error_of_ones_choice_has_its_code_and_status(tmp_path):
    with pytest.raises(ClientError, match="AccessDeniedException") as caught:
        client(_sandbox(tmp_path, _rule("error:AccessDeniedException:403")), "sts").get_caller_identity()
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


def test_an_html_page_is_what_a_proxy_would_answer(tmp_path):
    with pytest.raises(ClientError, match="Internal Server Error") as caught:
        client(_sandbox(tmp_path, _rule("html500")), "sts").get_caller_identity()
    assert caught.value.response["Error"]["Code"] == "500"


@pytest.mark.parametrize(
    ("effect", "error", "done"),
    [
        ("timeout", ReadTimeoutError, "0"),
        ("connect-timeout", ConnectTimeoutError, "0"),
        ("closed", ConnectionClosedError, "0"),
        ("lost-reply", ReadTimeoutError, "1"),
    ],
)
def test_a_broken_transport_looks_so_to_botocore_and_only_a_lost_reply_did_the_work(tmp_path, effect, error, done):
    sandbox = _sandbox(tmp_path, _rule(effect))
    with pytest.raises(error):
        client(sandbox, "sts").get_caller_identity()
    assert sandbox.store.setting("done", "0") == done


@pytest.mark.parametrize(("effect", "done"), [("timeout", "0"), ("closed", "0"), ("lost-reply", "1")])
def test_over_http_the_connection_ends_without_an_answer(tmp_path, effect, done):
    sandbox = _sandbox(tmp_path, _rule(effect))
    with start(sandbox) as url:
        sts = served_client(url, "sts")
        with pytest.raises(ConnectionClosedError):
            sts.get_caller_identity()
        assert sandbox.store.setting("done", "0") == done
        assert sts.get_caller_identity()["Account"] == "123456789012"


@pytest.mark.parametrize("served", [False, True])
def test_a_truncated_stream_ends_early_and_quietly(tmp_path, served):
    sandbox = _sandbox(tmp_path, FaultRule("bedrock-runtime", "ConverseStream", "truncate-stream"))
    with start(sandbox) as url:
        runtime = served_client(url, "bedrock-runtime") if served else client(sandbox, "bedrock-runtime")
        cut = list(runtime.converse_stream(modelId="m")["stream"])
        whole = list(runtime.converse_stream(modelId="m")["stream"])
    assert (len(cut), len(whole)) == (4, 9)


@pytest.mark.parametrize(
    "fields",
    [
        {"effect": "explode"},
        {"effect": "error:NoStatus"},
        {"effect": "error:Code:999"},
        {"effect": "error:Code:399"},
        {"effect": "error:Code:600"},
        {"effect": "error:Code:²00"},
        {"effect": "error::500"},
        {"effect": "throttle", "times": 0},
        {"effect": "throttle", "skip": -1},
        {"effect": "throttle", "probability": 0},
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(fields):
    with pytest.raises(ValueError, match=r"unknown effect|at least"):
        FaultRule("*", "*", **fields)


@pytest.mark.parametrize("status", [400, 429, 599])
def test_any_status_of_an_error_may_be_ordered(status):
    assert FaultRule("*", "*", f"error:Code:{status}").effect.endswith(str(status))


def test_the_refusal_of_an_effect_lists_every_effect():
    with pytest.raises(ValueError, match=r"unknown effect 'explode'.*error:<Code>:<status> .*400 to 599") as caught:
        FaultRule("*", "*", "explode")
    assert [effect for effect in EFFECTS if effect not in str(caught.value)] == []


@pytest.mark.parametrize(
    ("service", "operation", "words"),
    [
        ("bedrock-runtime", "Convers", "bedrock-runtime has no operation 'Convers'; did you mean Converse?"),
        ("bedrock", "create_inference_profile", "did you mean CreateInferenceProfile?"),
        ("bedrock", "Converse", "bedrock has no operation 'Converse'; did you mean bedrock-runtime.Converse?"),
        ("sts", "Xyzzy", "sts has no operation 'Xyzzy'"),
        ("bedrock-runtme", "*", "there is no service 'bedrock-runtme'; did you mean bedrock-runtime?"),
        ("qqqqqqqq", "Converse", "there is no service 'qqqqqqqq'"),
        ("", "*", "there is no service ''"),
        ("*", "Convers", "no service of the sandbox has an operation 'Convers'; did you mean Converse?"),
    ],
)
def test_a_rule_that_could_never_fire_is_refused_with_the_name_that_was_meant(service, operation, words):
    with pytest.raises(ValueError, match=f"{re.escape(words)}$"):
        FaultRule(service, operation, "throttle")


@pytest.mark.parametrize(
    ("service", "operation"),
    [("*", "*"), ("*", "Converse"), ("sts", "*"), ("dynamodb", "PutItem"), ("s3", "PutObject")],
)
def test_a_rule_for_what_aws_has_is_taken(service, operation):
    assert FaultRule(service, operation, "throttle").operation == operation
