"""Secrets and what is said stay where they belong: twenty kinds of canaries, and everywhere they must not be found.

The command works against a served sandbox as against AWS, so its credentials are real ones as far as it can tell. The
model's answer and AWS's errors are hostile: they repeat whatever they were told, credentials included.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from canaries import (
    ANSWER,
    CANARIES,
    CREDENTIALS,
    ENVIRONMENT,
    IN_FILE,
    IN_PROMPT,
    PROMPT,
    SPOKEN,
    Hostile,
    document,
    leaks,
)

from commands import Ran
from costsentry_cli.cli.main import run
from costsentry_cli.sandbox import Sandbox
from costsentry_cli.sandbox.server import start
from fakes import PROFILES_ALONE, write_manifest

LIMITS = """\
limits:
  - {match: {costCenter: sales}, per: day, tokens: 100000}
  - {match: {costCenter: support}, per: day, tokens: 10}
audit: {}
"""


@dataclass
class Desk:
    """A folder with a manifest, a synced sandbox behind HTTP, and the command."""

    folder: Path
    hostile: Hostile
    sentry: Callable[..., Ran]

    def ask(self, *words: str, cost_center: str = "sales") -> Ran:
        (self.folder / "request.json").write_text(document(cost_center))
        return self.sentry("invoke", "--input", "request.json", "--audit-file", "audit.jsonl", *words)

    def files(self) -> dict[str, str]:
        """Everything that was left in the folder, but what the tests put there."""
        planted = {self.folder / "request.json", self.folder / ".aws" / "credentials"}
        found = [path for path in self.folder.rglob("*") if path.is_file() and path not in planted]
        return {str(path.relative_to(self.folder)): path.read_bytes().decode("latin-1") for path in found}


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Desk]:
    monkeypatch.chdir(tmp_path)
    write_manifest(tmp_path, PROFILES_ALONE + LIMITS)
    (tmp_path / ".aws").mkdir()
    lines = ["[default]", *(f"{name} = {value}" for name, value in IN_FILE.items())]
    (tmp_path / ".aws" / "credentials").write_text("\n".join(lines) + "\n")
    (tmp_path / "tmp").mkdir()
    for name, value in (ENVIRONMENT | {"HOME": str(tmp_path), "TMPDIR": str(tmp_path / "tmp")}).items():
        monkeypatch.setenv(name, value)

    def sentry(*words: str) -> Ran:
        capsys.readouterr()
        status = run(list(words))
        return Ran(status, *capsys.readouterr())

    hostile = Hostile()
    with start(Sandbox(tmp_path / "sandbox.db", operations=hostile.operations)) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        assert sentry("sync", "--yes").status == 0
        yield Desk(tmp_path, hostile, sentry)


def assert_silent(desk: Desk, ran: Ran, *, answered: bool = False) -> None:
    """No canary on the screen and none in any file; the answer on stdout alone."""
    assert leaks(ran.out) == []
    assert leaks(ran.err, (*CANARIES, ANSWER)) == []
    assert (ANSWER in ran.out) is answered
    for name, text in desk.files().items():
        assert leaks(text, (*CANARIES, ANSWER)) == [], name


def test_there_are_twenty_kinds_and_a_canary_would_be_found() -> None:
    assert len(CANARIES) >= 20
    assert leaks(PROMPT.replace("\n", "\\n")) == list(SPOKEN[: len(IN_PROMPT)])


@pytest.mark.parametrize("more", [[], ["--debug"], ["-o", "json"], ["--stream"]])
def test_a_success_says_the_answer_on_stdout_and_nothing_else_anywhere(desk: Desk, more: list[str]) -> None:
    if "--stream" in more:
        ran = desk.ask(*more)
        assert ran.status == 0
        assert leaks(ran.out + ran.err) == []
        return
    ran = desk.ask(*more)
    assert ran.status == 0
    assert_silent(desk, ran, answered=True)
    assert (desk.folder / "audit.jsonl").exists()


def test_a_denial_says_nothing(desk: Desk) -> None:
    for more in ([], ["--debug"], ["-o", "json", "--debug"]):
        ran = desk.ask(*more, cost_center="support")
        assert ran.status == 5
        assert_silent(desk, ran)


FAILURES = [
    ("ValidationException", 400, 8),
    ("AccessDeniedException", 403, 4),
    ("InvalidSignatureException", 403, 4),
    ("ThrottlingException", 429, 8),
    ("InternalServerException", 500, 8),
    ("ModelErrorException", 424, 8),
]


@pytest.mark.parametrize(("code", "status", "exits"), FAILURES)
def test_an_error_that_quotes_everything_is_told_without_the_quotations(
    desk: Desk, code: str, status: int, exits: int
) -> None:
    desk.hostile.fails = (code, status)
    for more in ([], ["--debug"], ["-o", "json", "--debug"]):
        ran = desk.ask(*more)
        assert ran.status == exits
        assert code in ran.err
        assert_silent(desk, ran)


def test_an_interruption_in_the_middle_says_nothing(desk: Desk) -> None:
    desk.hostile.interrupts = True
    for more in ([], ["--debug"]):
        ran = desk.ask(*more)
        assert ran.status == 130
        assert_silent(desk, ran)


def test_many_calls_at_once_say_nothing(desk: Desk) -> None:
    for fails in (None, ("ValidationException", 400)):
        desk.hostile.fails = fails
        ran = desk.ask("--repeat", "4", "--concurrency", "2", "--debug")
        assert ran.status == (0 if fails is None else 8)
        assert_silent(desk, ran)


def test_a_dry_run_says_nothing_of_the_credentials(desk: Desk) -> None:
    ran = desk.ask("--dry-run", "--debug")
    assert ran.status == 0
    assert leaks(ran.out + ran.err, CREDENTIALS) == []
    for name, text in desk.files().items():
        assert leaks(text) == [], name


OTHERS = [
    ["limits", "status"],
    ["audit", "list"],
    ["audit", "stats", "--group-by", "costCenter"],
    ["plan"],
    ["sync", "--yes"],
    ["report"],
    ["profiles", "list"],
]


@pytest.mark.parametrize("words", OTHERS, ids=" ".join)
def test_no_other_command_says_what_was_said_or_a_credential(desk: Desk, words: list[str]) -> None:
    assert desk.ask().status == 0
    desk.hostile.fails = ("ValidationException", 400)
    assert desk.ask().status == 8
    for more in ([], ["--debug"], ["-o", "json", "--debug"]):
        assert_silent(desk, desk.sentry(*words, *more))


@pytest.mark.parametrize(
    ("service", "operation", "exits"),
    [
        ("dynamodb", "UpdateItem", 5),
        ("cloudwatch", "PutMetricData", 0),
        ("logs", "PutLogEvents", 0),
    ],
)
def test_what_keeps_a_call_from_being_counted_or_recorded_is_told_without_credentials(
    desk: Desk, service: str, operation: str, exits: int
) -> None:
    desk.hostile.refuse(service, operation)
    for more in ([], ["--debug"]):
        ran = desk.ask(*more)
        assert ran.status == exits
        assert "InvalidSignatureException" in ran.err
        assert_silent(desk, ran, answered=exits == 0)


@pytest.mark.parametrize(
    ("words", "service", "operation"),
    [
        (["plan"], "bedrock", "ListInferenceProfiles"),
        (["sync", "--yes"], "bedrock", "ListInferenceProfiles"),
        (["report"], "ce", "GetCostAndUsage"),
        (["audit", "list"], "logs", "StartQuery"),
        (["limits", "status"], "dynamodb", "GetItem"),
    ],
)
def test_an_error_that_quotes_the_credentials_is_told_without_them(
    desk: Desk, words: list[str], service: str, operation: str
) -> None:
    desk.hostile.refuse(service, operation)
    for more in ([], ["--debug"], ["-o", "json", "--debug"]):
        ran = desk.sentry(*words, *more)
        assert ran.status != 0
        assert "InvalidSignatureException" in ran.out + ran.err
        assert_silent(desk, ran)


def tables(path: Path) -> dict[str, str]:
    """Everything in a sandbox's file, by table."""
    with closing(sqlite3.connect(path)) as db:
        names = [row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: str(db.execute(f'SELECT * FROM "{name}"').fetchall()) for name in names}


def test_with_log_content_the_prompt_is_in_the_audit_trail_and_nowhere_else(desk: Desk) -> None:
    ran = desk.ask("--log-content", "--debug")
    assert ran.status == 0
    assert (leaks(ran.out), leaks(ran.err, (*CANARIES, ANSWER))) == ([], [])
    prompt = (IN_PROMPT["prose"], IN_PROMPT["e-mail address"], ANSWER)
    held = tables(desk.folder / "sandbox.db")
    trail = {"audit.jsonl": (desk.folder / "audit.jsonl").read_text(), "log_events": held.pop("log_events")}
    for name, text in trail.items():
        assert leaks(text, prompt) == list(prompt), name
        assert leaks(text, CREDENTIALS) == [], name
    for name, text in held.items():
        assert leaks(text, (*CANARIES, ANSWER)) == [], name
    (event,) = (json.loads(line) for line in trail["audit.jsonl"].splitlines())
    spoken = {name for name, value in event.items() if leaks(str(value), prompt)}
    assert spoken == {"gen_ai.input.messages", "gen_ai.output.messages"}
    assert desk.sentry("audit", "list").status == 0
