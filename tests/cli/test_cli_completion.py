"""What the shell offers after Tab, asked as bash, zsh and fish ask it: through the environment."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from commands import Ran, Sentry
from costsentry_cli.cli.main import COMMANDS, NAMES
from fakes import BASIC, write_manifest

HEAVY = ("boto3", "botocore", "moto", "rich", "pandas", "sqlite3", "jmespath")
MORE = """\
limits:
  - {match: {costCenter: sales}, per: day, usd: 25}
"""
Ask = Callable[..., Ran]


@pytest.fixture
def tab(sentry: Sentry, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Ask:
    """What bash gets for a line whose last word is the one begun."""
    write_manifest(folder, BASIC + MORE)

    def ask(line: str, program: str = "sentry") -> Ran:
        monkeypatch.setattr(sys, "argv", [f"/usr/local/bin/{program}"])
        monkeypatch.setenv(f"_{program.replace('-', '_').upper()}_COMPLETE", "complete_bash")
        words = line.split(" ")
        monkeypatch.setenv("COMP_WORDS", "\n".join(words))
        monkeypatch.setenv("COMP_CWORD", str(len(words) - 1))
        return sentry()

    return ask


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("sentry invoke --cost-center s", ["sales", "services", "support"]),
        ("sentry invoke --cost-center sal", ["sales"]),
        ("sentry invoke --model h", ["haiku"]),
        ("sentry invoke --application ", ["aws-documentation-helper"]),
        ("sentry audit list --cost-center su", ["support"]),
        ("sentry profiles resolve ", ["aws-docs-sales-prod", "aws-docs-services-prod", "aws-docs-support-prod"]),
        ("sentry profiles list --namespace ", ["docs-helper"]),
        ("sentry tags activate c", ["costCenter"]),
        ("sentry limits show ", ["costCenter=sales/day"]),
        ("sentry report -g cost", ["costCenter"]),
        ("sentry report -g mo", ["model"]),
        ("sentry report --filter costCenter=se", ["costCenter=services"]),
        ("sentry report ", ["costs", "usage", "coverage", "forecast", "compare"]),
        ("sentry report --gra", ["--granularity"]),
        ("sentry tags pl", ["plan"]),
        ("sentry --sandbox val", ["validate"]),
        ("sentry schema -o ", ["table"]),
        ("sentry validate -o g", ["github", "gitlab"]),
        ("sentry plan --region us", ["us-east-1"]),
        ("sentry explain CS0901", ["CS0901"]),
    ],
)
def test_what_is_offered(tab: Ask, line: str, offered: list[str]) -> None:
    ran = tab(line)
    assert (ran.out.split(), ran.err) == (offered, "")


def test_every_command_is_offered(tab: Ask) -> None:
    assert tab("sentry ").out.split() == list(COMMANDS)


@pytest.mark.parametrize("program", NAMES)
def test_all_three_names_answer_their_own_variable(tab: Ask, program: str) -> None:
    assert tab(f"{program} invoke --cost-center sa", program).out.split() == ["sales"]


@pytest.mark.parametrize(
    "line", ["sentry -f other.yaml invoke --cost-center ", "sentry invoke -f other.yaml -n --cost-center "]
)
def test_the_names_are_those_of_the_manifest_that_was_named(tab: Ask, folder: Path, line: str) -> None:
    (folder / "other.yaml").write_text(BASIC.replace("[sales, services, support]", "[red, blue]"), encoding="utf-8")
    assert tab(line).out.split() == ["blue", "red"]


@pytest.mark.parametrize("text", ["", "version: [", BASIC.replace("model: haiku", "modl: haiku"), "\0"])
def test_a_broken_manifest_offers_nothing_and_says_nothing(tab: Ask, folder: Path, text: str) -> None:
    (folder / "profiles.yaml").write_text(text, encoding="utf-8")
    ran = tab("sentry invoke --cost-center ")
    assert (ran.status, ran.out.split(), ran.err) == (0, [], "")


def test_without_a_manifest_the_words_of_our_own_remain(tab: Ask, folder: Path) -> None:
    (folder / "profiles.yaml").unlink()
    assert tab("sentry report -g se").out.split() == ["service"]


@pytest.mark.parametrize(
    "name", ["$(id)", "`id`", "a;b", "*", "a\\$(id)", "a'b", 'a"b', "a|b", "a>b", "-n", "a&b", "~", "{a,b}"]
)
def test_a_name_that_a_shell_could_run_or_part_is_not_offered(
    tab: Ask, folder: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    (folder / "credentials").write_text(f"[{name}]\n[dev]\n", encoding="utf-8")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(folder / "credentials"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(folder / "none"))
    assert tab("sentry plan --aws-profile ").out.split("\n") == ["dev", ""]


def test_a_tag_value_of_two_words_is_not_offered_as_two(tab: Ask, folder: Path) -> None:
    (folder / "profiles.yaml").write_text(BASIC.replace("[sales,", "[two words,"), encoding="utf-8")
    assert tab("sentry invoke --cost-center ").out.split("\n") == ["services", "support", ""]


def test_aws_profiles_come_from_both_files_of_aws(tab: Ask, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "config").write_text(
        "[default]\n[profile prod]\nregion=x%\n[profile a;b]\n[sso-session x]\n", encoding="utf-8"
    )
    (folder / "credentials").write_text("[dev]\n", encoding="utf-8")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(folder / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(folder / "credentials"))
    assert tab("sentry plan --aws-profile ").out.split() == ["default", "dev", "prod"]


def test_zsh_gets_the_words_with_what_they_stand_for(tab: Ask, sentry: Sentry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_SENTRY_COMPLETE", "complete_zsh")
    monkeypatch.setenv("_TYPER_COMPLETE_ARGS", "sentry tags activate c")
    assert sentry().out == '_arguments \'*: :(("costCenter":"cost allocation tag"))\'\n'


@pytest.mark.parametrize(
    ("line", "action", "status", "out"),
    [
        ("sentry tags activate c", "get-args", 0, "costCenter\tcost allocation tag\n"),
        ("sentry tags activate c", "is-args", 0, ""),
        ("sentry invoke --input ", "is-args", 1, ""),  # fish then offers files
    ],
)
def test_fish_gets_words_and_learns_by_the_status_when_to_offer_files(
    tab: Ask, sentry: Sentry, monkeypatch: pytest.MonkeyPatch, line: str, action: str, status: int, out: str
) -> None:
    monkeypatch.setenv("_SENTRY_COMPLETE", "complete_fish")
    monkeypatch.setenv("_TYPER_COMPLETE_ARGS", line)
    monkeypatch.setenv("_TYPER_COMPLETE_FISH_ACTION", action)
    ran = sentry()
    assert (ran.status, ran.out) == (status, out)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
@pytest.mark.parametrize("program", NAMES)
def test_the_script_of_a_shell_asks_the_program_by_the_name_it_was_called(
    sentry: Sentry, monkeypatch: pytest.MonkeyPatch, shell: str, program: str
) -> None:
    monkeypatch.setattr(sys, "argv", [program])
    monkeypatch.setenv("_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION", "1")
    ran = sentry("--show-completion", shell)
    assert (ran.status, ran.err) == (0, "")
    assert f"_{program.replace('-', '_').upper()}_COMPLETE=complete_{shell}" in ran.out


def test_the_options_of_completion_do_not_stand_in_the_list_of_options(sentry: Sentry) -> None:
    options = sentry("--help").out.partition("Options")[2]
    assert "--version" in options
    assert "completion" not in options


@pytest.mark.parametrize(
    ("asking", "answered"),
    [
        ({"COMP_WORDS": "sentry tags activate c", "COMP_CWORD": "3"}, "costCenter\n"),
        (
            {"_TYPER_COMPLETE_ARGS": "sentry tags activate c", "_TYPER_COMPLETE_FISH_ACTION": "get-args"},
            "costCenter\tcost",
        ),
    ],
    ids=["bash", "fish"],
)
def test_completing_loads_the_yaml_library_and_nothing_heavier(
    tab: Ask, folder: Path, request: pytest.FixtureRequest, asking: dict[str, str], answered: str
) -> None:
    code = (
        "import sys; sys.argv = ['sentry']; from costsentry_cli.cli.main import run; run([]);"
        f"sys.stderr.write(' '.join(n for n in {HEAVY!r} if n in sys.modules))"
    )
    asking = asking | {"_SENTRY_COMPLETE": f"complete_{request.node.callspec.id}"}
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=folder, env=os.environ | asking
    )
    assert (ended.stdout.startswith(answered), ended.stderr) == (True, "")
