"""The documents tell the truth: what is made is fresh, what is shown runs, what is named exists."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

import console
import make_docs
from costsentry_cli.cli.main import COMMANDS, run
from costsentry_cli.manifest_file import read
from docs_manifest import EXAMPLE

ROOT = Path(__file__).parents[2]
PAGES = {path.relative_to(ROOT).as_posix(): path for path in (ROOT / "README.md", *sorted(ROOT.glob("docs/**/*.md")))}
TEXTS = {name: path.read_text(encoding="utf-8") for name, path in PAGES.items()}
README = TEXTS["README.md"]
SOME_SECONDS = "docs/concepts.md"
ADDRESS = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
NAMED = re.compile(r"`sentry ([a-z][a-z-]*(?: [a-z][a-z-]*)?)")


@pytest.mark.parametrize("name", [name for name in make_docs.PAGES if name != SOME_SECONDS])
def test_what_is_made_is_fresh(name: str) -> None:
    assert (ROOT / name).read_text(encoding="utf-8") == make_docs.PAGES[name](), f"python tools/make_docs.py {name}"


def test_the_overshoot_table_is_what_is_measured() -> None:
    """The columns of few clients, which are measured in a moment; the others have tests of their own claims."""
    few = [row.split("|") for row in make_docs.overshoot_table((1, 4)).splitlines()]
    shown = [row.split("|") for row in TEXTS[SOME_SECONDS].splitlines() if row.startswith("|")]
    assert [row[:4] for row in shown] == [row[:4] for row in few]


@pytest.mark.parametrize("name", [name for name, text in TEXTS.items() if "```console" in text and "guide" not in name])
def test_every_command_of_a_page_runs_and_prints_what_it_shows(name: str, tmp_path: Path) -> None:
    assert console.ran(TEXTS[name], tmp_path) == TEXTS[name]


def test_a_command_that_fails_is_not_taken_for_one_that_runs(tmp_path: Path) -> None:
    page = "```console\n$ sentry validate\n```\n"
    with pytest.raises(AssertionError, match=r"sentry validate: exit 2"):
        console.ran(page, tmp_path)
    told = console.ran("```console\n$ sentry validate; echo $?\nold\n```\n", tmp_path)
    assert "error[CS0" in told
    assert told.endswith("\n2\n```\n")


def test_a_screen_that_is_cut_shows_its_last_lines_and_says_so(tmp_path: Path) -> None:
    page = "```console last=2\n$ printf '1\\n2\\n3\\n'\n...\n2\n3\n$ printf '4\\n'\n4\n```\n"
    assert console.ran(page, tmp_path) == page


def test_what_differs_from_run_to_run_is_made_alike(tmp_path: Path) -> None:
    line = "  + created   {}  arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/{}\n"
    (tmp_path / "said").write_text(line.format("b", "0123456789ab") + line.format("a", "ba9876543210"))
    page = console.ran("```console\n$ cat said\nold\n```", tmp_path)
    assert page.endswith(line.format("a", "abcdefghijkl") + line.format("b", "abcdefghijkl") + "```")


@pytest.mark.parametrize("name", TEXTS)
def test_every_address_of_a_page_leads_somewhere(name: str) -> None:
    inside = [address for address in ADDRESS.findall(TEXTS[name]) if "://" not in address]
    assert [address for address in inside if not (PAGES[name].parent / address).exists()] == []


def test_the_index_names_every_page() -> None:
    index = TEXTS["docs/README.md"]
    assert [
        path.name for path in (ROOT / "docs").glob("*.md") if path.name not in index and path.name != "README.md"
    ] == []


def test_the_manifest_in_the_readme_is_valid_and_makes_three_profiles(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (block,) = re.findall(r"^```yaml\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
    assert block.count("\n") <= 16
    (tmp_path / "profiles.yaml").write_text(block, encoding="utf-8")
    assert run(["validate"]) == 0
    assert capsys.readouterr().out.startswith("profiles.yaml is valid: 3 profiles")


def test_the_manifest_with_every_key_is_valid() -> None:
    assert len(read(EXAMPLE).profiles) == 4


@pytest.mark.parametrize("name", TEXTS)
def test_every_command_that_is_named_exists(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    groups = {"profiles", "tags", "sandbox", "budgets", "anomalies", "limits", "audit", "report"}
    for words in {tuple(found.split()) for found in NAMED.findall(TEXTS[name])}:
        assert run([*(words if words[0] in groups else words[:1]), "--help"]) == 0, words
        capsys.readouterr()


def test_every_command_stands_in_the_readme() -> None:
    assert [name for name in COMMANDS if f"sentry {name}" not in README] == []


def test_the_readme_is_short_and_no_page_names_a_machine() -> None:
    assert README.count("\n") < 150
    assert [name for name, text in TEXTS.items() if "/work/" in text or "/tmp/" in text] == []


def test_the_picture_needs_nothing_of_another_place() -> None:
    picture = (ROOT / "docs/demo.svg").read_text(encoding="utf-8")
    assert re.findall(r"(?:src|href)\s*=|url\((?!#)", picture) == []


def test_the_living_example_is_the_one_the_demo_uses() -> None:
    packaged = ROOT / "src/costsentry_cli/data/example.profiles.yaml"
    assert (ROOT / "profiles.yaml").read_bytes() == packaged.read_bytes()


def test_every_target_of_make_that_the_pages_name_can_be_made() -> None:
    pages = README + (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    named = sorted(set(re.findall(r"(?:^|`)make ([a-z]+)", pages, re.MULTILINE)))
    assert {"demo", "test", "lint", "bench", "fuzz"} <= set(named)
    read = subprocess.run(["make", "--dry-run", *named], cwd=ROOT, capture_output=True, text=True, check=False)
    assert read.returncode == 0, read.stderr
