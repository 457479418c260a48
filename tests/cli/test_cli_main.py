"""The root: lazy imports, shared options anywhere, one boundary for errors."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commands import Sentry
from costsentry_cli import __version__
from costsentry_cli.cli.main import COMMANDS
from costsentry_cli.cli.options import hoisted
from costsentry_cli.cli.profiles import COMMANDS as PROFILE_COMMANDS

HEAVY = ("boto3", "botocore", "pandas", "moto", "rich", "pydantic", "jmespath", "yaml", "sqlite3")


def loaded_by(*words: str) -> set[str]:
    """Which heavy packages a command has imported by its end."""
    code = (
        "import sys, atexit; sys.argv[1:] = sys.argv[1:]\n"
        f"atexit.register(lambda: print('LOADED', *[m for m in {HEAVY!r} if m in sys.modules], file=sys.stderr))\n"
        "from costsentry_cli.__main__ import main; sys.exit(main())"
    )
    ended = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, timeout=60)
    assert ended.returncode == 0, ended.stderr
    return set(ended.stderr.rpartition("LOADED")[2].split())


@pytest.mark.parametrize(
    "words", [[], ["--help"], ["--version"], ["profiles", "--help"], ["report", "--help"], ["schema"]]
)
def test_help_and_the_start_screen_import_nothing_heavy(words: list[str]) -> None:
    assert loaded_by(*words) == set()


def test_validate_imports_the_yaml_library_and_nothing_else_that_is_heavy(folder: Path, process: Sentry) -> None:
    assert process("init").status == 0
    assert loaded_by("validate", "-f", str(folder / "profiles.yaml")) == {"yaml"}


@pytest.mark.parametrize("words", [["profiles", "list"], ["report", "--last", "7d", "--no-previous"]])
def test_a_small_answer_of_the_sandbox_imports_botocore_and_its_database_alone(words: list[str], folder: Path) -> None:
    loaded = loaded_by(*words, "--sandbox", "--sandbox-db", str(folder / "s.db"), "-o", "json")
    assert loaded == {"botocore", "jmespath", "sqlite3"}


def test_a_listing_imports_its_own_kind_of_resource_alone(folder: Path) -> None:
    code = (
        "import sys; from costsentry_cli.cli.main import run\n"
        "status = run(['profiles', 'list', '--sandbox', '-o', 'json'])\n"
        "print(*[name for name in sys.modules if name.startswith('costsentry_cli.domain.kinds.')], file=sys.stderr)"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert ended.stderr.splitlines()[-1] == "costsentry_cli.domain.kinds.inference_profile"


def test_the_version_is_one_line(sentry: Sentry) -> None:
    assert sentry("--version").out == f"sentry (costsentry-cli) {__version__}\n"


def test_the_bare_command_shows_where_to_start(sentry: Sentry) -> None:
    ran = sentry()
    assert (ran.status, ran.err) == (0, "")
    assert "sentry demo" in ran.out
    assert max(map(len, ran.out.splitlines())) <= 60


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_that_says_what_it_does(name: str, sentry: Sentry) -> None:
    ran = sentry(name, "--help")
    assert ran.status == 0
    assert ran.out.startswith(f"Usage: sentry {name}")
    assert COMMANDS[name][1] in sentry("--help").out


@pytest.mark.parametrize("name", PROFILE_COMMANDS)
def test_every_command_of_profiles_is_where_the_table_says(name: str, sentry: Sentry) -> None:
    ran = sentry("profiles", name, "--help")
    assert (ran.status, ran.out.startswith(f"Usage: sentry profiles {name}")) == (0, True)
    assert PROFILE_COMMANDS[name][1] in sentry("profiles").out


@pytest.mark.parametrize("name", ["profiles", "tags", "sandbox"])
def test_a_bare_group_shows_its_commands(name: str, sentry: Sentry) -> None:
    assert sentry(name).out == sentry(name, "--help").out


def test_a_mistyped_command_gets_a_suggestion(sentry: Sentry) -> None:
    ran = sentry("profles", "plan")
    assert ran.status == 2
    assert ran.out == ""
    assert ran.err == "error[CS0101]: No such command 'profles'. Did you mean 'profiles'?\n  help: sentry --help\n"


def test_a_mistyped_option_gets_a_suggestion(sentry: Sentry) -> None:
    ran = sentry("report", "--group-bye", "x")
    assert ran.status == 2
    assert "--group-by" in ran.err


def test_an_unknown_format_names_those_there_are(sentry: Sentry) -> None:
    ran = sentry("explain", "-o", "jsn")
    assert ran.status == 2
    assert "is none of table, json, jsonl, csv, markdown" in ran.err


def test_shared_options_mean_the_same_before_and_after_the_command(sentry: Sentry) -> None:
    after = sentry("explain", "5", "-o", "json")
    assert after.json()["exits"][0]["exit"] == 5
    assert sentry("-o", "json", "explain", "5") == after
    assert sentry("--output=json", "explain", "5") == after
    assert sentry("-ojson", "explain", "5") == after


def test_an_option_before_the_group_reaches_the_command(in_sandbox: Sentry) -> None:
    first = in_sandbox("-o", "json", "profiles", "list")
    assert in_sandbox("profiles", "-o", "json", "list") == first == in_sandbox("profiles", "list", "-o", "json")
    assert first.json()["profiles"] == []


WORDS = st.lists(
    st.sampled_from(["plan", "x", "-o", "json", "-f", "a.yaml", "--sandbox", "--", "--region=x", "--debug"])
)


@given(WORDS)
def test_hoisting_loses_no_word_and_does_nothing_the_second_time(words: list[str]) -> None:
    once = hoisted(words)
    assert sorted(once) == sorted(words)
    if once and once[0] in ("plan", "x"):
        assert hoisted(once) == once


def test_nothing_moves_past_a_lone_double_dash() -> None:
    assert hoisted(["-o", "json", "invoke", "--", "-o"]) == ["invoke", "-o", "json", "--", "-o"]


def test_with_json_wanted_a_failure_is_one_json_document_on_stdout(sentry: Sentry) -> None:
    ran = sentry("validate", "-o", "json", "-f", "missing.yaml")
    assert ran.status == 2
    assert ran.json()["error"]["code"] == "CS0001"
    assert ran.err.startswith("error[CS0001]")


def test_with_json_wanted_a_usage_error_is_json_too(sentry: Sentry) -> None:
    assert sentry("profiles", "lsit", "-o", "json").json()["error"]["exit"] == 2


def test_the_query_is_jmespath_over_the_json_document(sentry: Sentry) -> None:
    assert sentry("explain", "--query", "errors[?code=='CS0206'].exit").json() == [5]


def test_a_broken_query_is_a_usage_error(sentry: Sentry) -> None:
    ran = sentry("explain", "--query", "errors[")
    assert (ran.status, ran.err.startswith("error[CS0104]")) == (2, True)


def test_a_result_goes_to_a_file_whole_with_the_format_of_its_ending(sentry: Sentry, folder: Path) -> None:
    ran = sentry("explain", "--out", "codes.json")
    assert (ran.out, ran.err) == ("", "wrote codes.json\n")
    assert json.loads((folder / "codes.json").read_text())["schema_version"] == 1
    assert (folder / "codes.json").stat().st_mode & 0o777 == 0o600


def test_a_result_that_cannot_be_written_is_an_error_and_leaves_nothing(sentry: Sentry, folder: Path) -> None:
    ran = sentry("explain", "--out", "no/such/folder.json")
    assert (ran.status, ran.err.startswith("error[CS0103]")) == (2, True)
    assert list(folder.iterdir()) == []


def test_a_closed_pipe_is_silent() -> None:
    command = f"{sys.executable} -m costsentry_cli explain -o csv | head -1"
    ended = subprocess.run(["bash", "-c", f"set -o pipefail; {command}"], capture_output=True, text=True, timeout=60)
    assert ended.stderr == ""
    assert ended.stdout.strip() == "code,exit,meaning,help"


def test_a_defect_is_one_line_and_its_trace_only_when_asked_for(
    sentry: Sentry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(COMMANDS, "broken", ("no_such_module", "Nothing."))
    ran = sentry("broken")
    assert ran.status == 1
    assert ran.err.startswith("error[CS0901]: ModuleNotFoundError")
    assert "Traceback" not in ran.err
    monkeypatch.setenv("COSTSENTRY_DEBUG", "1")
    assert "Traceback" in sentry("broken").err


@pytest.mark.parametrize("code", ["CS0012", "cs0012", "cs12", "5"])
def test_a_code_is_explained(code: str, sentry: Sentry) -> None:
    assert sentry("explain", code).status == 0


def test_an_unknown_code_gets_the_nearest(sentry: Sentry) -> None:
    ran = sentry("explain", "CS0112")
    assert (ran.status, "sentry explain CS0" in ran.err) == (2, True)


@pytest.mark.parametrize("target", [">/dev/full", "-o json >/dev/full", ">&-"])
def test_a_stdout_that_cannot_be_written_gives_no_traceback(target: str) -> None:
    command = f"{sys.executable} -m costsentry_cli explain {target}"
    ended = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=60)
    assert "Traceback" not in ended.stderr
    assert ended.returncode == (0 if target == ">&-" else 2)


def test_a_character_the_terminal_lacks_is_an_escape_and_no_error(folder: Path, process: Sentry) -> None:
    (folder / "prö.yaml").write_text("version: 2\n", encoding="utf-8")
    environment = dict(os.environ) | {"PYTHONIOENCODING": "ascii"}
    ran = process("validate", "-f", "prö.yaml", env=environment)
    assert (ran.status, "pr\\xf6.yaml" in ran.err) == (2, True)


@pytest.mark.parametrize("name", ["profiles", "tags", "budgets", "anomalies", "report", "limits", "audit", "sandbox"])
def test_at_sixty_columns_no_command_of_a_group_is_cut_short(
    name: str, sentry: Sentry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    lines = sentry(name, "--help").out.splitlines()
    assert [line for line in lines[1:] if line.endswith("...")] == []
    assert max(map(len, lines)) <= 60
