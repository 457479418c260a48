"""``-o github`` and ``-o gitlab`` on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from commands import Sentry
from fakes import BASIC, write_manifest


def test_a_plan_annotates_the_lines_of_the_manifest(
    in_sandbox: Sentry, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    summary = folder / "summary.md"
    summary.write_text("before\n", encoding="utf-8")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    ran = in_sandbox("plan", "-o", "github", "--check")
    assert ran.status == 3
    starts = [line.split("::")[1] for line in ran.out.splitlines()]
    assert starts == [f"notice file=profiles.yaml,line=9,title=create aws-docs-{c}-prod" for c in ORDER]
    assert summary.read_text(encoding="utf-8").startswith("before\n### sentry\n")
    assert summary.read_text(encoding="utf-8").count("| notice | profiles.yaml:9 |") == 3


ORDER = ("sales", "services", "support")


def test_gitlab_gets_a_report_and_the_profiles_plan_has_it_too(in_sandbox: Sentry) -> None:
    report = in_sandbox("profiles", "plan", "-o", "gitlab").json()
    assert [(one["check_name"], one["severity"]) for one in report] == [("plan-create", "info")] * 3


def test_the_problems_of_a_manifest_are_annotated(
    sentry: Sentry, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(folder / "summary.md"))
    write_manifest(folder, BASIC.replace("model: haiku", "modl: haiku"))
    ran = sentry("validate", "-o", "github")
    assert ran.status == 2
    assert ran.out.startswith("::error file=profiles.yaml,line=10,col=5,title=CS0012::unknown key 'modl'")
    assert "1 error in profiles.yaml" in ran.err
    assert "| error | profiles.yaml:10 |" in (folder / "summary.md").read_text(encoding="utf-8")
    (finding,) = sentry("-o", "gitlab", "validate").json()
    assert finding["location"] == {"path": "profiles.yaml", "lines": {"begin": 10}}


@pytest.mark.parametrize("words", ["--out found.json", "--out=found.json"])
def test_the_problems_of_a_manifest_are_kept_in_the_file_that_was_named(
    words: str, sentry: Sentry, folder: Path
) -> None:
    write_manifest(folder, BASIC.replace("model: haiku", "modl: haiku"))
    ran = sentry("validate", "-o", "gitlab", *words.split())
    assert (ran.status, ran.out) == (2, "")
    assert "1 error in profiles.yaml" in ran.err
    (finding,) = json.loads((folder / "found.json").read_text(encoding="utf-8"))
    assert finding["check_name"] == "CS0012"


def test_a_valid_manifest_has_no_annotations(sentry: Sentry, folder: Path) -> None:
    write_manifest(folder)
    assert sentry("validate", "-o", "github").out == ""
    ran = sentry("validate", "--output=gitlab")
    assert (ran.status, ran.out) == (0, "[]\n")
    assert ran.err.startswith("profiles.yaml is valid: 3 profiles")


@pytest.mark.parametrize("words", [("sync", "--yes"), ("profiles", "list"), ("destroy", "--confirm", "docs-helper")])
def test_other_commands_refuse_it_before_they_do_anything(in_sandbox: Sentry, words: tuple[str, ...]) -> None:
    ran = in_sandbox(*words, "-o", "github")
    assert (ran.status, ran.out) == (2, "")
    assert "error[CS0101]: this command has no github output" in ran.err
    assert "target:" not in ran.err
