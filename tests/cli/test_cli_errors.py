"""Every command that fails says so in one form: one JSON document on stdout, a trace only when asked for, no secret."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from click import Command

from commands import Sentry
from costsentry_cli.cli import main
from costsentry_cli.cli.confided import confide
from costsentry_cli.cli.failure import asked_format, debugging, of_defect, told
from costsentry_cli.domain.errors import ERRORS, Origin, SentryError, Step
from costsentry_cli.render.errors import as_text
from costsentry_cli.render.fold import columns, folded
from fakes import write_manifest

KEY = "AKIAQ3EGCANARYKEYID7"
TOKEN = "IQoJb3JpZ2luX2VjCANARYsessiontoken" + "Zm9vYmFyYmF6cXV4" * 6 + "=="
PROMPT = "the merger with canary-megacorp closes on the ninth"
MEMBERS = {
    "code", "message", "where", "cause", "help", "next", "details", "exit",
    "service", "operation", "region", "request_id", "aws_error",
}  # fmt: skip


def leaves(command: Command, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every command of the tree, by the words that call it."""
    names = command.list_commands(typer.Context(command)) if hasattr(command, "list_commands") else []
    if not names:
        yield path
    for name in names:
        found = command.get_command(typer.Context(command), name)  # type: ignore[attr-defined]
        yield from leaves(found, (*path, name))


COMMANDS = sorted(leaves(typer.main.get_command(main.root)))


def test_the_tree_of_commands_is_found() -> None:
    assert {("plan",), ("profiles", "list"), ("limits", "expire"), ("report", "costs")} <= set(COMMANDS)
    assert len(COMMANDS) > 40


def test_a_misused_command_is_one_document_whatever_the_command(sentry: Sentry) -> None:
    for words in COMMANDS:
        ran = sentry(*words, "--no-such-option", "-o", "json")
        assert ran.status == 2, words
        error = ran.json()["error"]
        assert (error.keys() >= MEMBERS, error["exit"]) == (True, 2), words
        assert error["code"] == "CS0101", words
        assert ran.err.startswith("error[CS0101]"), words


TALKING = [
    ("plan",), ("sync", "--yes"), ("destroy",), ("profiles", "list"),
    ("profiles", "resolve", "x"), ("tags", "status"), ("tags", "backfill", "--history"), ("budgets", "list"),
    ("budgets", "status"), ("budgets", "lint"), ("anomalies", "list"), ("report",), ("report", "usage"),
    ("report", "coverage"), ("limits", "status"), ("limits", "expire"),
    ("invoke", "--cost-center", "sales", PROMPT),
]  # fmt: skip


def test_an_error_of_aws_is_one_document_whatever_the_command(in_sandbox: Sentry) -> None:
    for words in TALKING:
        in_sandbox("sandbox", "fault", "sts.GetCallerIdentity", "error:ExpiredTokenException:403")
        ran = in_sandbox(*words, "-o", "json")
        error = ran.json()["error"]
        assert (ran.status, error["code"], error["exit"]) == (4, "CS0402", 4), words
        assert (error["service"], error["operation"], error["aws_error"]) == (
            "sts",
            "GetCallerIdentity",
            "ExpiredTokenException",
        ), words
        assert error["request_id"], words
        assert error["next"], words
        assert PROMPT not in ran.out + ran.err, words


def test_every_problem_of_a_manifest_is_in_the_document(sentry: Sentry, folder: Path) -> None:
    write_manifest(folder, "version: 1\nnamespace: x y\nmodles: {}\nprofiles: []\n")
    error = sentry("validate", "-o", "json").json()["error"]
    assert error.keys() >= MEMBERS
    assert len(error["problems"]) >= 2
    assert (error["code"], error["exit"]) == (error["problems"][0]["code"], 2)
    assert error["where"] == "profiles.yaml:{line}:{column}".format(**error["problems"][0])


def test_what_is_held_back_leaves_the_result_one_document(in_sandbox: Sentry, folder: Path) -> None:
    assert in_sandbox("sync", "--yes").status == 0
    write_manifest(folder, (folder / "profiles.yaml").read_text().replace("model: haiku", "model: nova-lite"))
    ran = in_sandbox("sync", "--yes", "-o", "json")
    assert (ran.status, "error[CS0203]" in ran.err) == (7, True)
    assert ran.json()["summary"]["held"] == 3


def test_a_defect_is_one_document_too(sentry: Sentry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(main.COMMANDS, "broken", ("no_such_module", "Nothing."))
    ran = sentry("broken", "-o", "json")
    assert (ran.status, ran.json()["error"]["code"]) == (1, "CS0901")
    assert ran.err.endswith("  help: run it with --debug and report the trace\n")
    assert ran.err.count("\n") == 2


def raised() -> Exception:
    """A defect that quotes all it can, with a cause that does, too."""
    defect = KeyError(f"no {PROMPT} in {KEY}")
    defect.__cause__ = ValueError(f"x-amz-security-token:{TOKEN} of {KEY}")
    return defect


@pytest.mark.parametrize("argv", [["invoke"], ["invoke", "--debug"], ["invoke", "--debug", "-o", "json"]])
def test_neither_a_defect_nor_its_trace_tells_what_was_said_or_a_secret(
    argv: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    confide([PROMPT])
    defect = raised()
    assert told(of_defect(defect), argv, defect) == 1
    out, err = capsys.readouterr()
    assert ("direct cause" in err) is ("--debug" in argv)
    assert "error[CS0901]: KeyError" in err
    for canary in (KEY, TOKEN, PROMPT, "canary-megacorp"):
        assert canary not in out + err


def test_the_trace_comes_first_and_the_next_step_last(sentry: Sentry) -> None:
    ran = sentry("validate", "-f", "missing.yaml", "--debug")
    assert ran.err.startswith("Traceback (most recent call last):\n")
    assert ran.err.splitlines()[-1].startswith("  help: ")


@pytest.mark.parametrize(("value", "shown"), [("1", True), ("true", True), ("0", False), ("false", False), ("", False)])
def test_the_environment_asks_for_a_trace_by_a_yes(value: str, shown: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COSTSENTRY_DEBUG", value)
    assert debugging(["plan"]) is shown


def test_what_stands_behind_a_lone_double_dash_asks_for_nothing() -> None:
    assert asked_format(["invoke", "--", "-o", "json"]) == "table"
    assert not debugging(["invoke", "--", "--debug"])


LONG = SentryError(
    "CS0401",
    "no AWS credentials found, and a sentence of AWS's that is longer than any terminal of sixty columns is wide",
    where="bedrock-runtime ConverseStream in ap-southeast-2 (request id 0a1b2c3d-0000-1111-2222-333344445555)",
    details=("looked in the environment: AWS_ACCESS_KEY_ID is not set, AWS_SECRET_ACCESS_KEY is not set",),
    cause="the session has expired, and this is a long way of saying so, which has to be folded",
    steps=(
        Step("aws sso login --sso-session corp", "then run this again"),
        Step("sentry ... --aws-profile corp-development", "you have: corp-dev, corp-prod, signed-in"),
    ),
    origin=Origin("sts", "GetCallerIdentity"),
)


@pytest.mark.parametrize("width", [60, 80])
def test_an_error_fits_the_terminal_and_its_commands_stay_whole(width: int) -> None:
    screen = folded(as_text(LONG), width)
    assert max(columns(line) for line in screen.splitlines()) <= width
    assert "    aws sso login --sso-session corp\n" in screen
    assert "    sentry ... --aws-profile corp-development\n" in screen


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("AccessDeniedException", "ask for the IAM action named"),
        ("accessdeniedexception", "Cost Explorer is not switched on"),
        ("LimitExceededException", "logs StartQuery"),
        ("NoCredentialsError", "CS0401"),
        ("CS0403", "AccessDeniedException"),
        ("5", "denied by a limit"),
    ],
)
def test_a_code_a_status_and_an_error_of_aws_are_explained(word: str, said: str, sentry: Sentry) -> None:
    ran = sentry("explain", word)
    assert (ran.status, said in ran.out) == (0, True)


def test_an_error_of_aws_that_is_mistyped_gets_the_nearest(sentry: Sentry) -> None:
    ran = sentry("explain", "AcessDeniedExceptoin")
    assert ran.status == 2
    assert ran.err.endswith("  help: sentry explain AccessDeniedException\n")


def test_explained_as_json_the_rows_have_all_there_is(sentry: Sentry) -> None:
    rows = sentry("explain", "ThrottlingException", "-o", "json").json()["errors"]
    assert {row["code"] for row in rows} == {"CS0801", "CS0805"}
    assert all(ERRORS[row["code"]].exit == row["exit"] for row in rows)
    assert json.dumps(rows)


def test_one_code_is_a_few_lines_with_what_leads_there(sentry: Sentry) -> None:
    assert (
        sentry("explain", "CS0405").out
        == """\
CS0405 (exit 4)  that AWS profile does not exist
  what helps: see: aws configure list-profiles
  AWS's errors: ProfileNotFound
"""
    )


def test_an_error_that_means_several_things_says_when_each(sentry: Sentry) -> None:
    assert (
        sentry("explain", "ThrottlingException").out
        == """\
CS0805 (exit 8)  the model's quota for the day is used up
  when: bedrock-runtime: AWS says "per day" or "daily"
  what helps: go on tomorrow (UTC), take another model, or ask for more: aws service-quotas

CS0801 (exit 8)  AWS throttled the call
  when: else
  what helps: run it again in a while: done work is not repeated
"""
    )
