"""The documents tell the truth: generated pages are fresh, and the README's commands run."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

import make_docs
from commands import Ran
from costsentry_cli.cli.main import COMMANDS, run

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", make_docs.pages(), ids=lambda path: path.name)
def test_generated_pages_are_fresh(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == make_docs.pages()[path]


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def test_every_command_of_the_console_block_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (block,) = blocks("console")
    ran: dict[str, Ran] = {}
    for line in block.splitlines():
        words = shlex.split(line.removeprefix("$ "))
        if words[0] == "export":
            name, _, value = words[1].partition("=")
            monkeypatch.setenv(name, value)
            continue
        assert words[0] == "sentry"
        ran[line] = Ran(run(words[1:]), *capsys.readouterr())
        assert ran[line].status == 0, (line, ran[line].err)
    assert "sales" in list(ran.values())[-1].out


def test_the_manifest_in_the_readme_is_valid_and_makes_three_profiles(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (block,) = blocks("yaml")
    (tmp_path / "profiles.yaml").write_text(block, encoding="utf-8")
    assert run(["validate"]) == 0
    assert capsys.readouterr().out.startswith("profiles.yaml is valid: 3 profiles")


def test_every_command_named_in_the_readme_exists(capsys: pytest.CaptureFixture[str]) -> None:
    named = {tuple(m.split()[:2]) for m in re.findall(r"`sentry ([a-z][a-z -]*)", README)}
    for words in named:
        groups = {"profiles", "tags", "sandbox", "budgets", "anomalies", "limits", "audit", "report"}
        path = list(words) if words[0] in groups else [words[0]]
        assert run([*path, "--help"]) == 0, words
        capsys.readouterr()


def test_every_command_stands_in_the_readme() -> None:
    missing = [name for name in COMMANDS if f"sentry {name}" not in README]
    assert missing == []


def test_the_readme_stays_short_and_names_no_machine() -> None:
    assert README.count("\n") < 150
    assert "/work/" not in README


def test_the_living_example_is_the_one_the_demo_uses() -> None:
    packaged = ROOT / "src/costsentry_cli/data/example.profiles.yaml"
    assert (ROOT / "profiles.yaml").read_bytes() == packaged.read_bytes()
