"""What ``sentry invoke`` takes: a prompt, options, or the article's request as a document."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from commands import Sentry

CLAUDE_3 = "anthropic.claude-3-haiku-20240307-v1:0"
ARTICLE = """\
{
\t"model": "%s",
\t"prompt": {
\t\t"messages": [
\t\t\t{"role": "system", "content": "Be brief."},
\t\t\t{"role": "user", "content": "What is Amazon S3?"},
\t\t\t{"role": "assistant", "content": "You are a helpful AWS expert."}
\t\t],
\t\t"parameters": {"max_tokens": "500", "temperature": 0.7, "top_p": "0.9", "top_k": 250}
\t},
\t"tags": {"applicationId": "aws-documentation-helper", "costCenter": "support", "environment": "production"}
}
"""
"""As it is printed: tabs, numbers as text, the assistant's turn at the end an instruction."""


@pytest.fixture
def ready(in_sandbox: Sentry) -> Sentry:
    assert in_sandbox("profiles", "sync", "--yes").status == 0
    return in_sandbox


def given(folder: Path, model: str) -> str:
    (folder / "request.json").write_text(ARTICLE % model, encoding="utf-8")
    return "request.json"


def test_the_article_s_request_runs_as_it_is_printed_through_a_model_that_still_lives(
    ready: Sentry, folder: Path
) -> None:
    ran = ready("invoke", "--input", given(folder, CLAUDE_3), "--model", "haiku", "-o", "json")
    assert ran.status == 0, ran.err
    call = ran.json()["invocation"]
    assert (call["ending"], call["cost_center"]) == ("succeeded", "support")
    assert call["profile"]["name"] == "aws-docs-support-prod"
    assert call["reserved"]["output_tokens"] == 500


def test_the_article_s_own_model_has_no_profile_and_those_there_are_named(ready: Sentry, folder: Path) -> None:
    ran = ready("invoke", "--input", given(folder, CLAUDE_3))
    assert (ran.status, f"model={CLAUDE_3}" in ran.err) == (2, True)
    assert ran.err.endswith("  help: model in profiles.yaml: haiku\n")


@pytest.mark.parametrize("model", ["haiku", "support"])
def test_its_model_may_be_an_alias_or_the_cost_centre_and_what_is_adjusted_is_said(
    model: str, ready: Sentry, folder: Path
) -> None:
    ran = ready("invoke", "--input", given(folder, model))
    assert ran.status == 0
    assert "adjusted: top_p is left out: Claude Haiku 4.5 takes temperature or top_p, not both\n" in ran.err
    assert "to send it as part of the system prompt: --assistant-as-system\n" in ran.err
    assert "support / aws-documentation-helper / production\n" in ran.err


def test_the_assistant_s_turn_goes_where_the_option_says(ready: Sentry, folder: Path) -> None:
    name = given(folder, "haiku")
    shown = ready("invoke", "--input", name, "--dry-run", "--assistant-as-system", "-o", "json").json()["dry_run"]
    params = shown["call"]["params"]
    assert [block["text"] for block in params["system"]] == ["Be brief.", "You are a helpful AWS expert."]
    assert [message["role"] for message in params["messages"]] == ["user"]


def test_strict_refuses_what_would_be_adjusted(ready: Sentry, folder: Path) -> None:
    ran = ready("invoke", "--input", given(folder, "haiku"), "--strict")
    assert (ran.status, "error[CS0014]: the request cannot be sent as it is" in ran.err) == (2, True)


def test_the_document_can_come_from_standard_input(ready: Sentry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO((ARTICLE % "haiku").encode())))
    assert ready("invoke", "--input", "-").status == 0


def test_a_document_that_is_wrong_is_refused_with_its_place_before_anything_is_called(
    ready: Sentry, folder: Path
) -> None:
    (folder / "request.json").write_text('{"model": "haiku",\n "prompt": {}}', encoding="utf-8")
    ran = ready("invoke", "--input", "request.json")
    assert (ran.status, "target:" in ran.err) == (2, False)
    assert "--> request.json:" in ran.err
    problems = ready("invoke", "--input", "request.json", "-o", "json").json()["error"]["problems"]
    assert {problem["file"] for problem in problems} == {"request.json"}


SECRET = "the takeover of Initech"
WRONG = [
    '{"model": "haiku", "prompt": {"messages": [{"role": "user", "content": "%s"}, {"role": "asistant"}]}, "tags": {}}',
    '{"model": "haiku", "prompt": {"messages": [{"role": "user", "content": "%s",}]}}',
    '{"model": "haiku", "prompt": "%s"}',
    '{"model": "haiku", "prompt": {"messages": ["%s"]}, "tags": {"applicationId": "x"}}',
    "model: haiku\nprompt:\n  messages: [{role: user, content: %s, because: of}, {role: usr, content: x}]\n",
    "model: haiku\nprompt:\n  messages:\n  - content: %s: confidential\n",
    "model: haiku\nprompt: {messages: [{role: user, content: '%s\n",
    '{"model": "haiku", "prompt": {"messages": [{"role": "user", "content": "%s \\ud800"}]}, "tags": {}}',
]


@pytest.mark.parametrize("number", range(len(WRONG)))
@pytest.mark.parametrize("form", [(), ("-o", "json"), ("--debug",)])
def test_what_is_wrong_with_a_document_is_told_by_its_place_without_a_letter_of_the_prompt(
    number: int, form: tuple[str, ...], sentry: Sentry, folder: Path
) -> None:
    name = "request.json" if WRONG[number].startswith("{") else "request.yaml"
    (folder / name).write_text(WRONG[number].replace("%s", SECRET), encoding="utf-8")
    ran = sentry("invoke", "--input", name, *form)
    assert ran.status == 2
    assert name in ran.out + ran.err
    for piece in ("takeover", "Initech", "confidential"):
        assert piece not in ran.out + ran.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["Hi"], "nobody pays: --cost-center is missing"),
        (["--cost-center", "sales", "--input", "x.json"], "--input is the whole request"),
        (["--input", "x.json"], "cannot read x.json: No such file or directory"),
        (["--cost-center", "sales", "--temperature", "3", "Hi"], "temperature is from 0 to 1, not '3'"),
        (["--cost-center", "sales", "--top-k", "900", "Hi"], "top_k is from 0 to 500, not '900'"),
        (["--cost-center", "sales", "--stream", "--repeat", "2", "Hi"], "--stream shows one answer"),
        (["--cost-center", "sales", "--concurrency", "2", "Hi"], "--concurrency needs --repeat"),
    ],
)
def test_what_makes_no_sense_is_refused_before_the_target_is_opened(words: list[str], said: str, ready: Sentry) -> None:
    ran = ready("invoke", *words)
    assert (ran.status, said in ran.err, "target:" in ran.err) == (2, True, False)


def test_a_dry_run_shows_call_reservation_cost_and_calls_nothing(ready: Sentry) -> None:
    ran = ready("invoke", "--cost-center", "sales", "Hello", "--dry-run")
    head, _, rest = ran.out.partition("\n}\n")
    assert head.startswith("bedrock-runtime Converse in us-east-1\n{")
    assert json.loads(head.partition("\n")[2] + "\n}")["inferenceConfig"] == {"maxTokens": 1024}
    assert rest.splitlines()[-2:] == ["limits that count it: none", "Nothing was called."]
    assert ready("sandbox", "status", "-o", "json").json()["sandbox"]["calls"] == 0


def test_the_prompt_can_come_from_standard_input(ready: Sentry, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = ready("invoke", "--cost-center", "sales", "Hi there")
    for words in (["-"], []):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"Hi there")))
        assert ready("invoke", "--cost-center", "sales", *words).out == asked.out


def test_an_empty_prompt_is_refused_before_anything_is_called(ready: Sentry) -> None:
    ran = ready("invoke", "--cost-center", "sales", "  ")
    assert (ran.status, "target:" in ran.err) == (2, False)


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
