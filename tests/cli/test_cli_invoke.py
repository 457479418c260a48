"""``sentry invoke``: the answer on stdout, the talk on stderr, the six metrics put."""

from __future__ import annotations

import io
import re

import pytest

from commands import Sentry


@pytest.fixture
def ready(in_sandbox: Sentry) -> Sentry:
    assert in_sandbox("profiles", "sync", "--yes").status == 0
    return in_sandbox


def test_the_answer_is_on_stdout_and_tokens_and_cost_on_stderr(ready: Sentry) -> None:
    ran = ready("invoke", "--cost-center", "sales", "Explain S3 in one line")
    assert ran.status == 0
    assert ran.out.endswith(".\n")
    assert "tokens" not in ran.out
    target, who, cost = ran.err.splitlines()
    assert target == "target: sandbox (no AWS account touched)"
    assert re.fullmatch(
        r"sales / aws-documentation-helper / production  us\.anthropic\.claude-haiku-4-5-20251001-v1:0  "
        r"in \d+, out \d+ tokens",
        who,
    )
    assert re.fullmatch(r"~ \$0\.\d+ \(estimate\)", cost)


def test_the_same_question_gets_the_same_answer(ready: Sentry) -> None:
    assert ready("invoke", "--cost-center", "sales", "Hi").out == ready("invoke", "--cost-center", "sales", "Hi").out


def test_the_prompt_can_come_from_standard_input(ready: Sentry, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = ready("invoke", "--cost-center", "sales", "Hi there")
    for words in (["-"], []):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"Hi there")))
        assert ready("invoke", "--cost-center", "sales", *words).out == asked.out


def test_an_empty_prompt_is_refused_before_anything_is_called(ready: Sentry) -> None:
    ran = ready("invoke", "--cost-center", "sales", "  ")
    assert (ran.status, "target:" in ran.err) == (2, False)


def test_json_has_text_usage_cost_and_the_profile(ready: Sentry) -> None:
    call = ready("invoke", "--cost-center", "support", "Hi", "-o", "json").json()["invocation"]
    assert call["cost_center"] == "support"
    assert call["profile"]["name"] == "aws-docs-support-prod"
    usage = call["usage"]
    expected = usage["input_tokens"] * 1100 + usage["output_tokens"] * 5500
    assert round(float(call["estimated_cost_usd"]) * 10**9) == expected


def test_an_unknown_cost_centre_is_answered_with_those_there_are(ready: Sentry) -> None:
    ran = ready("invoke", "--cost-center", "salse", "Hi")
    assert ran.status == 2
    assert "sales, services, support" in ran.err


def test_before_a_sync_the_error_names_the_command_that_makes_the_profile(in_sandbox: Sentry) -> None:
    ran = in_sandbox("invoke", "--cost-center", "sales", "Hi")
    assert ran.status == 2
    assert "sentry profiles sync" in ran.err


@pytest.mark.parametrize(
    ("effect", "status"),
    [("throttle", 8), ("http500", 8), ("timeout", 8), ("error:AccessDeniedException:403", 4), ("html500", 8)],
)
def test_a_failed_call_is_made_once_and_exits_with_its_own_status(effect: str, status: int, ready: Sentry) -> None:
    ready("sandbox", "fault", "bedrock-runtime.Converse", effect)
    assert ready("invoke", "--cost-center", "sales", "Hi").status == status
    assert ready("invoke", "--cost-center", "sales", "Hi").status == 0
    held = ready("sandbox", "status", "-o", "json").json()["sandbox"]
    assert held["faults_waiting"] == 0


def test_an_answer_cut_at_the_limit_says_so(ready: Sentry) -> None:
    ran = ready("invoke", "--cost-center", "sales", "Hi", "--max-tokens", "3")
    assert "cut at --max-tokens" in ran.err
    assert "out 3 tokens" in ran.err


@pytest.mark.parametrize("raw", [b"\xff\xfe\x00bad", b"gr\xc3"])
def test_a_prompt_that_is_no_utf8_is_refused_before_it_is_paid_for(
    raw: bytes, ready: Sentry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(raw)))
    assert ready("invoke", "--cost-center", "sales").status == 2
    assert ready("sandbox", "status", "-o", "json").json()["sandbox"]["calls"] == 0


def test_an_empty_cost_centre_is_not_every_cost_centre(ready: Sentry) -> None:
    ran = ready("invoke", "--cost-center", "", "Hi")
    assert (ran.status, "--cost-center is empty" in ran.err) == (2, True)
