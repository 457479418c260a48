"""Options are checked before anything is done, and every suggestion can be pasted."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from commands import Sentry
from costsentry_cli.cli.context import Context, Waiting
from costsentry_cli.cli.options import Common
from costsentry_cli.cli.waiting import say_how_time_passes
from fakes import BASIC, write_manifest


def calls_made(sentry: Sentry) -> int:
    return int(sentry("sandbox", "status", "-o", "json").json()["sandbox"]["calls"])


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("-o", "csv"), "CS0101"),
        (("-o", "markdown"), "CS0101"),
        (("--query", "[[["), "CS0104"),
        (("--out", "no/such/folder/x"), "CS0103"),
        (("--out", "."), "CS0103"),
    ],
)
def test_what_could_not_be_written_in_the_end_is_refused_before_it_is_paid_for(
    words: tuple[str, ...], code: str, in_sandbox: Sentry
) -> None:
    in_sandbox("sync", "--yes")
    ran = in_sandbox("invoke", "--cost-center", "sales", "Hi", *words)
    assert (ran.status, ran.err.startswith(f"error[{code}]")) == (2, True)
    assert calls_made(in_sandbox) == 0


@pytest.mark.parametrize(
    "words",
    [
        ("demo", "-o", "json"),
        ("demo", "--out", "x"),
        ("init", "--query", "x"),
        ("schema", "-o", "csv"),
        ("sandbox", "advance", "1m", "-o", "json"),
        ("sandbox", "env", "-o", "json"),
        ("report", "-o", "github"),
    ],
)
def test_an_output_a_command_does_not_have_is_refused_and_not_ignored(
    words: tuple[str, ...], in_sandbox: Sentry, folder: Path
) -> None:
    before = sorted(folder.iterdir())
    ran = in_sandbox(*words)
    assert (ran.status, "error[CS0101]" in ran.err) == (2, True)
    assert sorted(folder.iterdir()) == before


def test_a_general_wish_for_json_does_not_stop_a_command_that_has_none(
    in_sandbox: Sentry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COSTSENTRY_OUTPUT", "json")
    assert in_sandbox("sandbox", "env").out.startswith("export AWS_")
    assert in_sandbox("profiles", "list").json()["profiles"] == []


def test_a_dash_as_file_is_stdout(in_sandbox: Sentry) -> None:
    assert in_sandbox("explain", "5", "-o", "json", "--out", "-").json()["exits"][0]["exit"] == 5


def test_a_suggestion_repeats_the_target_and_the_file_it_was_made_for(sentry: Sentry, folder: Path) -> None:
    write_manifest(folder).rename(folder / "other file.yaml")
    ran = sentry("plan", "--sandbox", "-f", "other file.yaml", "--sandbox-db", "s.db")
    again = "-f 'other file.yaml' --sandbox --sandbox-db s.db".replace("-f", "--file")
    assert f"Apply: sentry sync {again}   (CI gate: --check)\n" in ran.out
    ran = sentry("invoke", "--sandbox", "--cost-center", "sales", "Hi", "-f", "other file.yaml", "--sandbox-db", "s.db")
    assert f"help: make it: sentry profiles sync {again}\n" in ran.err


def test_what_the_environment_says_need_not_be_repeated(in_sandbox: Sentry) -> None:
    assert "Apply: sentry sync   (CI gate" in in_sandbox("plan").out


def test_a_listing_looks_where_the_manifest_looks(in_sandbox: Sentry, folder: Path) -> None:
    write_manifest(folder, BASIC.replace("[us-east-1]", "[us-east-1, us-west-2]"))
    in_sandbox("sync", "--yes")
    rows = in_sandbox("profiles", "list", "-o", "json").json()["profiles"]
    assert [row["region"] for row in rows] == ["us-east-1"] * 3 + ["us-west-2"] * 3
    assert rows[0]["tags"]["costCenter"] == "sales"


def test_a_long_wait_is_told_once_and_again_after_a_while(capsys: pytest.CaptureFixture[str]) -> None:
    waiting = Waiting()
    for seconds in (0.5, 2.5, 4.0, 11.0, 13.0):
        waiting("ListInferenceProfiles: AWS throttled the call, trying again", seconds)
    said = "ListInferenceProfiles: AWS throttled the call, trying again"
    assert capsys.readouterr().err == f"{said} (2 s)\n{said} (13 s)\n"


def test_the_values_of_what_is_wrong_are_named(in_sandbox: Sentry) -> None:
    in_sandbox("sync", "--yes")
    ran = in_sandbox("invoke", "--cost-center", "sales", "--model", "nova-lite", "Hi")
    assert "help: model in profiles.yaml: haiku\n" in ran.err
    ran = in_sandbox("invoke", "--cost-center", "sales", "--environment", "prod", "Hi")
    assert "help: environment in profiles.yaml: production\n" in ran.err


def test_in_the_sandbox_a_person_who_must_wait_is_told_how_time_passes_there(sentry: Sentry, folder: Path) -> None:
    write_manifest(folder)
    where = ("--sandbox", "--sandbox-db", "here.db")
    hint = "in the sandbox a day passes with: sentry sandbox advance --sandbox-db here.db 25h"
    assert hint in sentry("sync", "--yes", *where).err
    empty = sentry("report", *where)
    assert empty.err.endswith(f"{hint}\n")
    assert sentry(*hint.partition("sentry ")[2].split()).status == 0


def test_on_aws_nobody_is_told_to_move_the_clock(context: Context, capsys: pytest.CaptureFixture[str]) -> None:
    say_how_time_passes(Common(), replace(context, target=replace(context.target, kind="aws")))
    assert capsys.readouterr().err == ""
    say_how_time_passes(Common(), context)
    assert "sentry sandbox advance 25h" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("-o", "tabel"), "'tabel' is none of table, json, "),
        (("-o", "tabel"), "; did you mean table?"),
        (("-o", "markdwn"), "; did you mean markdown?"),
        (("--granularity", "dayly"), "'dayly' is none of total, monthly, daily, hourly; did you mean daily?"),
        (("--sort", "zzz"), "'zzz' is none of cost, name, change."),
    ],
)
def test_a_word_that_is_not_allowed_is_answered_with_the_one_that_was_meant(
    in_sandbox: Sentry, words: tuple[str, ...], told: str
) -> None:
    ran = in_sandbox("report", *words)
    assert (ran.status, ran.out) == (2, "")
    assert told in ran.err
