"""Every format from the command line: by ``-o``, by a file's ending, in a pipe and on a terminal."""

from __future__ import annotations

import fcntl
import io
import json
import os
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from commands import Sentry, Terminal
from costsentry_cli.cli.forms import BY_ENDING, COSTS, TABLE, Format
from costsentry_cli.cli.main import run
from costsentry_cli.cli.options import Common
from costsentry_cli.cli.output import emit, say, terminal_width
from costsentry_cli.domain.table import Column, Table
from costsentry_cli.render.formats import BINARY, FORMATS

LONG = "Recent days are AWS's estimates. Cost Explorer is about a day late, and this sentence is long."
STARTS = {
    "json": b"{\n",
    "jsonl": b'{"name": ',
    "csv": b"name,id,model,",
    "md": b"| Profile | ",
    "html": b"<!DOCTYPE html>",
    "parquet": b"PAR1",
    "xlsx": b"PK\x03\x04",
}


@pytest.fixture
def synced(in_sandbox: Sentry) -> Sentry:
    assert in_sandbox("sync", "--yes").status == 0
    return in_sandbox


@pytest.fixture
def seeded(in_sandbox: Sentry) -> Sentry:
    assert in_sandbox("sandbox", "seed", "--days", "10").status == 0
    return in_sandbox


@pytest.mark.parametrize("ending", STARTS)
def test_a_files_ending_names_its_format(ending: str, synced: Sentry, folder: Path) -> None:
    ran = synced("profiles", "list", "--out", f"made.{ending}")
    assert (ran.status, ran.out) == (0, "")
    assert ran.err.endswith(f"wrote made.{ending}\n")
    made = folder / f"made.{ending}"
    assert made.read_bytes().startswith(STARTS[ending])
    assert made.stat().st_mode & 0o777 == 0o600


def test_the_option_is_heard_before_the_ending(synced: Sentry, folder: Path) -> None:
    synced("profiles", "list", "--out", "made.csv", "-o", "json")
    assert json.loads((folder / "made.csv").read_text())["schema_version"] == 1


@pytest.mark.parametrize(("ending", "start"), [("svg", b"<svg "), ("png", b"\x89PNG")])
def test_a_report_can_be_a_picture(ending: str, start: bytes, seeded: Sentry, folder: Path) -> None:
    if ending == "png":
        pytest.importorskip("cairosvg", exc_type=OSError)
    assert seeded("report", "--out", f"made.{ending}").status == 0
    assert (folder / f"made.{ending}").read_bytes().startswith(start)


@pytest.mark.parametrize("ending", ["svg", "png"])
def test_what_has_no_chart_is_no_picture_and_is_not_asked_for(ending: str, in_sandbox: Sentry, folder: Path) -> None:
    ran = in_sandbox("profiles", "list", "--out", f"made.{ending}")
    assert (ran.status, ran.err.startswith(f"error[CS0101]: this command has no {ending} output")) == (2, True)
    assert not (folder / f"made.{ending}").exists()


def test_a_text_is_written_to_a_file_of_any_name(in_sandbox: Sentry, folder: Path) -> None:
    assert in_sandbox("explain", "5", "--out", "made.csv").status == 0
    assert "denied by a limit" in (folder / "made.csv").read_text()


def test_every_format_of_a_table_has_an_ending_and_a_writer() -> None:
    assert set(BY_ENDING.values()) == COSTS - {Format.TABLE, Format.FOCUS}
    assert {*FORMATS, *BINARY} == COSTS - {Format.TABLE}
    assert TABLE < COSTS


@pytest.mark.parametrize("form", ["parquet", "xlsx"])
def test_bytes_are_for_a_pipe_and_not_for_a_terminal(
    form: str, synced: Sentry, process: Sentry, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "costsentry_cli", "profiles", "list", "-o", form], capture_output=True, timeout=60
    )
    assert ended.stdout.startswith(STARTS[form])
    monkeypatch.setattr(sys, "stdout", Terminal())
    assert run(["profiles", "list", "-o", form]) == 2
    assert capsys.readouterr().err == (f"error[CS0101]: {form} is nothing for a terminal\n  help: --out FILE.{form}\n")


def test_a_query_gives_json_and_no_workbook(in_sandbox: Sentry) -> None:
    ran = in_sandbox("profiles", "list", "--query", "profiles", "--out", "made.xlsx")
    assert (ran.status, ran.err.splitlines()[0]) == (2, "error[CS0101]: --query gives JSON, not xlsx")


def test_a_format_without_its_library_is_refused_before_the_command_begins(
    in_sandbox: Sentry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)  # as if it were not there
    ran = in_sandbox("profiles", "list", "--out", "made.parquet")
    assert ran.status == 2
    assert ran.err == (
        "error[CS0101]: parquet needs pandas, not installed here\n  help: pip install 'costsentry-cli[frames]'\n"
    )


def hostile() -> Table:
    return Table("rows", (Column("name", "Name"),), (("=cmd()",), ("\x1b[31m",)), notes=(LONG,))


def test_csv_is_marked_for_spreadsheets_unless_it_is_wanted_raw(capsys: pytest.CaptureFixture[str]) -> None:
    emit(Common(output=Format.CSV, form=Format.CSV), hostile(), {})
    assert capsys.readouterr().out == "name\r\n'=cmd()\r\n\\x1b[31m\r\n"
    emit(Common(output=Format.CSV, form=Format.CSV, csv_raw=True), hostile(), {})
    assert capsys.readouterr().out == "name\r\n=cmd()\r\n\x1b[31m\r\n"


def test_csv_on_a_terminal_does_not_steer_it(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    emit(Common(output=Format.CSV, form=Format.CSV), hostile(), {})
    assert terminal.getvalue() == "name\r\n'=cmd()\r\n\\x1b[31m\r\n"


@pytest.mark.parametrize("words", [("-o", "json"), (), ("-o", "csv", "--query", "profiles"), ("--out", "x.json")])
def test_raw_csv_is_refused_where_there_is_no_csv(words: tuple[str, ...], in_sandbox: Sentry) -> None:
    ran = in_sandbox("profiles", "list", "--csv-raw", *words)
    assert (ran.status, ran.err.splitlines()[0]) == (2, "error[CS0101]: --csv-raw is about CSV")


def test_raw_csv_is_offered_where_there_is_csv(in_sandbox: Sentry) -> None:
    assert in_sandbox("profiles", "list", "--csv-raw", "-o", "csv").status == 0
    assert "--csv-raw" in in_sandbox("profiles", "list", "--help").out
    assert "--csv-raw" not in in_sandbox("invoke", "--help").out


@pytest.mark.parametrize("columns", ["40", "60"])
def test_sentences_on_a_terminal_are_folded_to_its_width(columns: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    out, err = Terminal(), Terminal()
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", err)
    emit(Common(), hostile(), {})
    say(LONG)
    assert run(["profles", "plan"]) == 2
    for lines in (out.getvalue().splitlines(), err.getvalue().splitlines()):
        assert max(map(len, lines)) <= int(columns)
    assert " ".join(err.getvalue().split()).startswith(LONG)


def test_sentences_in_a_pipe_are_whole(capsys: pytest.CaptureFixture[str]) -> None:
    emit(Common(), hostile(), {})
    say(LONG)
    out, err = capsys.readouterr()
    assert (out.splitlines()[-1], err) == (LONG, f"{LONG}\n")


HEAVY = ("pandas", "pyarrow", "openpyxl", "numpy", "cairosvg", "rich")


@pytest.mark.parametrize(
    ("form", "allowed"),
    [("json", set()), ("jsonl", set()), ("csv", set()), ("markdown", set()), ("html", set()), ("table", {"rich"})],
)
def test_a_small_report_imports_only_what_its_format_needs(form: str, allowed: set[str], synced: Sentry) -> None:
    code = (
        "import sys\nfrom costsentry_cli.cli.main import run\n"
        f"status = run(['profiles', 'list', '-o', {form!r}])\n"
        f"print(status, *[one for one in {HEAVY!r} if one in sys.modules], file=sys.stderr)"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    status, *loaded = ended.stderr.splitlines()[-1].split()
    assert status == "0"
    assert set(loaded) == allowed


def test_what_is_said_is_folded_to_the_terminal_it_goes_to_while_the_result_is_piped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    leader, follower = os.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 47, 0, 0))
    monkeypatch.delenv("COLUMNS", raising=False)
    with os.fdopen(follower, "w") as terminal, os.fdopen(leader, "rb"):
        assert terminal_width(terminal) == 47
    assert terminal_width(io.StringIO()) == terminal_width()
