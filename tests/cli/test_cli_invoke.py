"""``sentry invoke``: the answer on stdout, the talk on stderr, the six metrics put."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from commands import Ran, Sentry
from fakes import BASIC, write_manifest


@pytest.fixture
def ready(in_sandbox: Sentry) -> Sentry:
    assert in_sandbox("profiles", "sync", "--yes").status == 0
    return in_sandbox


def test_the_answer_is_on_stdout_and_tokens_and_cost_on_stderr(ready: Sentry) -> None:
    ran = ready("invoke", "--cost-center", "sales", "Explain S3 in one line")
    assert ran.status == 0
    assert ran.out.endswith(".\n")
    assert "tokens" not in ran.out
    target, who, took, cost = ran.err.splitlines()
    assert target == "target: sandbox (no AWS account touched)"
    assert who == "sales / aws-documentation-helper / production"
    assert re.fullmatch(r"us\.anthropic\.claude-haiku-4-5-20251001-v1:0  in \d+, out \d+ tokens", took)
    assert re.fullmatch(r"~ \$0\.\d+ \(estimate\)", cost)


def test_the_same_question_gets_the_same_answer(ready: Sentry) -> None:
    assert ready("invoke", "--cost-center", "sales", "Hi").out == ready("invoke", "--cost-center", "sales", "Hi").out


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


LIMITS = """\
limits:
  - match: {model: haiku}
    per: month
    tokens: 2000
    requests: 2
"""
HELLO = ("invoke", "--cost-center", "sales", "Hello")
Limited = Callable[[str], Sentry]


@pytest.fixture
def limited(in_sandbox: Sentry, folder: Path) -> Limited:
    """The command with these limits, synced."""

    def command(text: str) -> Sentry:
        write_manifest(folder, BASIC + text)
        assert in_sandbox("sync", "--yes").status == 0
        return in_sandbox

    return command


def test_what_is_left_of_each_limit_follows_the_answer(limited: Limited) -> None:
    ran = limited(LIMITS)(*HELLO)
    assert ran.err.splitlines()[-1] == "limit model=haiku/month: 23 of 2,000 tokens, 1 of 2 requests"


def test_a_denial_says_what_is_short_where_the_limit_stands_and_when_it_may_pass(limited: Limited) -> None:
    sentry = limited(LIMITS)
    assert [sentry(*HELLO).status for _ in range(2)] == [0, 0]
    ran = sentry(*HELLO)
    assert (ran.status, ran.out) == (5, "")
    _, limit, *error, advice = ran.err.splitlines()
    assert limit == "limit model=haiku/month: 46 of 2,000 tokens, 2 of 2 requests"
    assert error == [
        "error[CS0206]: denied by the limit model=haiku/month: 0 of 2 requests left, this call needs 1 request",
        "  --> profiles.yaml:14",
        "      no call was made: nothing is charged",
    ]
    again = r"try again in [\dhdmins ]+ or raise the limit; see: sentry limits show model=haiku/month"
    assert re.fullmatch(f"  help: {again}", advice)
    assert sentry("sandbox", "status", "-o", "json").json()["sandbox"]["calls"] == 2


def test_a_call_that_no_window_has_room_for_is_told_how_much_would_fit(limited: Limited) -> None:
    sentry = limited(LIMITS)
    ran = sentry(*HELLO, "--max-tokens", "5000")
    assert ran.err.endswith(
        "error[CS0206]: denied by the limit model=haiku/month: 2,000 of 2,000 tokens left,"
        " this call may need 5,004 tokens\n"
        "  --> profiles.yaml:14\n"
        "      no call was made: nothing is charged\n"
        "  help: a whole month has less room than this call needs:"
        " ask for less (--max-tokens 1996) or raise the limit\n"
    )
    assert sentry(*HELLO, "--max-tokens", "1997").status == 5
    assert sentry(*HELLO, "--max-tokens", "1996").status == 0


def test_a_denial_as_json_is_one_document_with_the_error_the_ids_and_what_is_short(limited: Limited) -> None:
    sentry = limited("limits: [{match: {costCenter: sales}, per: month, usd: 0.005}]\n")
    ran = sentry(*HELLO, "-o", "json")
    assert ran.status == 5
    body = ran.json()
    assert (body["error"]["code"], body["error"]["exit"], body["error"]["where"]) == ("CS0206", 5, "profiles.yaml:13")
    call = body["invocation"]
    assert (call["ending"], call["text"], len(call["id"]), call["profile"]["name"]) == (
        "denied", None, 24, "aws-docs-sales-prod",
    )  # fmt: skip
    assert call["denial"] == {
        "limit": "costCenter=sales/month",
        "reason": "room",
        "declared_at": "profiles.yaml:13",
        "retry_after_seconds": None,
        "fits_a_new_window": False,
        "short": [{"unit": "usd", "bound": "0.005", "left": "0.005", "needed": "0.0056364"}],
    }
    assert body["target"]["kind"] == "sandbox"


@pytest.mark.parametrize(
    ("effect", "status", "ending", "charged"),
    [
        ("throttle", 8, "failed", 0),
        ("timeout", 8, "unknown", 1028),
        ("error:AccessDeniedException:403", 4, "failed", 0),
    ],
)
def test_a_failure_as_json_is_one_document_that_says_how_it_ended(
    effect: str, status: int, ending: str, charged: int, limited: Limited
) -> None:
    sentry = limited(LIMITS)
    sentry("sandbox", "fault", "bedrock-runtime.Converse", effect)
    ran = sentry(*HELLO, "-o", "json")
    assert ran.status == status == ran.json()["error"]["exit"]
    call = ran.json()["invocation"]
    assert (call["ending"], call["charged"]["tokens"], call["denial"]) == (ending, charged, None)


def test_what_nobody_knows_is_said_to_be_charged_in_full(limited: Limited) -> None:
    sentry = limited(LIMITS)
    sentry("sandbox", "fault", "bedrock-runtime.Converse", "timeout")
    lines = sentry(*HELLO).err.splitlines()
    assert lines[2:5] == [
        "us.anthropic.claude-haiku-4-5-20251001-v1:0  what it took is not known",
        "charged in full: 1,028 tokens, 1 request, $0.00564",
        "limit model=haiku/month: 1,028 of 2,000 tokens, 1 of 2 requests",
    ]


def test_where_cloudwatch_is_the_ledger_nothing_is_said_to_be_charged_that_its_metrics_do_not_have(
    limited: Limited,
) -> None:
    sentry = limited(LIMITS + "ledger: cloudwatch\n")
    sentry("sandbox", "fault", "bedrock-runtime.Converse", "timeout")
    lines = sentry(*HELLO).err.splitlines()
    assert lines[3:5] == [
        "it counts as 1 request: CloudWatch's metrics have the tokens of successful calls alone",
        "limit model=haiku/month: 0 of 2,000 tokens, 1 of 2 requests",
    ]
    assert "0 of 2,000 tokens, 1 of 2 requests" in sentry(*HELLO, "--max-tokens", "3000").err


@pytest.mark.parametrize("live", [True, False])
def test_an_answer_that_breaks_off_is_printed_as_far_as_it_came_and_is_a_failure(limited: Limited, live: bool) -> None:
    sentry = limited(LIMITS)
    sentry("sandbox", "fault", "bedrock-runtime.ConverseStream", "truncate-stream")
    ran = sentry(*HELLO, "--stream", *([] if live else ["-o", "json"]))
    assert ran.status == 8
    assert "error[CS0809]: the answer broke off before its end" in ran.err
    text = ran.out if live else ran.json()["invocation"]["text"]
    assert text.startswith("The team tracks a limit")


def test_a_stream_gives_the_same_answer_as_one_piece(limited: Limited) -> None:
    sentry = limited("")
    assert sentry(*HELLO, "--stream").out == sentry(*HELLO).out


def test_before_the_ledger_is_there_a_call_is_denied_and_the_command_that_makes_it_named(
    in_sandbox: Sentry, folder: Path
) -> None:
    write_manifest(folder, BASIC + LIMITS)
    assert in_sandbox("profiles", "sync", "--yes").status == 0
    ran = in_sandbox(*HELLO)
    assert ran.status == 5
    assert (
        "error[CS0209]: the limit model=haiku/month cannot be checked:"
        " the ledger table costsentry-docs-helper is not there yet\n"
    ) in ran.err
    assert "      profiles.yaml:14 has on_ledger_error: deny\n" in ran.err
    assert ran.err.endswith("  help: make it: sentry sync\n")


def test_with_allow_a_failing_ledger_lets_the_call_pass_and_says_so(in_sandbox: Sentry, folder: Path) -> None:
    write_manifest(folder, BASIC + LIMITS + "    on_ledger_error: allow\n")
    assert in_sandbox("profiles", "sync", "--yes").status == 0
    ran = in_sandbox(*HELLO)
    assert ran.status == 0
    assert "warning: the limit model=haiku/month was not checked: CS0803" in ran.err
    assert "warning: the limit model=haiku/month has not counted the call: CS0803" in ran.err


def test_a_limit_that_observes_denies_nothing_and_says_when_it_is_over(limited: Limited) -> None:
    sentry = limited(LIMITS + "    mode: observe\n")
    ran = [sentry(*HELLO) for _ in range(3)]
    assert [one.status for one in ran] == [0, 0, 0]
    assert "limit model=haiku/month (observed only): 46" in ran[1].err
    assert "limit model=haiku/month (observed only, over): 69 of 2,000 tokens, 3 of 2 requests" in ran[2].err


def test_a_denied_model_falls_back_and_says_so(limited: Limited) -> None:
    lite = "profiles:\n  - {name: lite-sales, model: nova-lite, tags: {costCenter: sales}}\n"
    text = BASIC.replace("profiles:\n", lite)
    sentry = limited("")
    write_manifest(Path.cwd(), text + LIMITS.replace("requests: 2", "fallback: nova-lite"))
    assert sentry("sync", "--yes").status == 0
    ran = sentry(*HELLO, "--model", "haiku", "--max-tokens", "3000")
    assert ran.status == 0
    assert "falling back to nova-lite" in ran.err
    assert "amazon.nova-lite-v1:0  in " in ran.err
    call = sentry(*HELLO, "--model", "haiku", "--max-tokens", "3000", "-o", "json").json()["invocation"]
    assert call["fallback_from"] == "us.anthropic.claude-haiku-4-5-20251001-v1:0"


def test_a_dry_run_says_the_most_a_call_can_cost_and_which_limits_count_it(limited: Limited) -> None:
    sentry = limited("limits: [{match: {costCenter: sales}, per: month, usd: 25}]\n")
    shown: Ran = sentry(*HELLO, "--dry-run")
    assert "costs     at most $0.00564" in shown.out
    assert "limits that count it:\n  costCenter=sales/month\nNothing was called.\n" in shown.out
    assert sentry(*HELLO, "--dry-run", "-o", "json").json()["dry_run"]["limits"] == ["costCenter=sales/month"]


def test_a_throttled_call_is_tried_again_only_when_asked_and_each_try_is_counted(limited: Limited) -> None:
    sentry = limited(LIMITS.replace("requests: 2", "requests: 9"))
    sentry("sandbox", "fault", "bedrock-runtime.Converse", "throttle")
    once = sentry(*HELLO)
    assert (once.status, "let it try: --attempts 3" in once.err) == (8, True)
    sentry("sandbox", "fault", "bedrock-runtime.Converse", "throttle")
    ran = sentry(*HELLO, "--attempts", "2")
    assert (ran.status, "trying again in 1 s (2 of 2)" in ran.err) == (0, True)
    assert ran.err.endswith("23 of 2,000 tokens, 3 of 9 requests\n")


def test_a_recorded_call_names_the_command_that_shows_it(limited: Limited) -> None:
    sentry = limited("")
    ran = sentry(*HELLO, "--audit-file", "calls.jsonl")
    shown = re.search(r"^recorded: sentry (audit show \w{24} --audit-file calls.jsonl)$", ran.err, re.MULTILINE)
    assert shown is not None
    assert "costsentry.ending" in sentry(*shown[1].split()).out


def test_a_call_that_could_not_be_recorded_is_not_made(limited: Limited) -> None:
    sentry = limited(LIMITS)
    for many in ((), ("--repeat", "3"), ("--stream",)):
        ran = sentry(*HELLO, *many, "--audit-file", "absent/calls.jsonl")
        assert (ran.status, ran.out) == (2, "")
        assert "error[CS0103]: cannot record calls in absent/calls.jsonl: No such file or directory" in ran.err
        assert "no call was made: nothing is charged" in ran.err
    assert "1 of 2 requests" in sentry(*HELLO).err
