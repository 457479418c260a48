"""Hostile files through the command: the fixed corpus, each with its place, and a share of the ten thousand.

``make fuzz`` runs all of them, each in a process of its own with bounds on time and memory.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

import hostile_files
from costsentry_cli.cli.main import run
from fakes import write_manifest
from fuzz import Ended, faults_of, refusals
from hostile_corpus import MANIFESTS, REQUESTS, Case

SHARE = 250
LARGE = 2_000_000


def ended(words: list[str], capsys: pytest.CaptureFixture[str]) -> Ended:
    capsys.readouterr()
    return Ended(run(words), *capsys.readouterr())


def read_as(kind: str, path: Path) -> list[str]:
    return ["validate", "-f", str(path)] if kind == "manifest" else ["invoke", "--dry-run", "--input", str(path)]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COSTSENTRY_SANDBOX", "1")
    write_manifest(tmp_path)
    return tmp_path


CASES = [("manifest", case) for case in MANIFESTS] + [("request", case) for case in REQUESTS]


@pytest.mark.parametrize(("kind", "case"), CASES, ids=[f"{kind}: {case.name}" for kind, case in CASES])
def test_each_file_of_the_corpus_is_refused_where_it_should_be(
    kind: str, case: Case, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = folder / ("hostile.yaml" if kind == "manifest" or "YAML" in case.name or "alias" in case.name else "h.json")
    path.write_bytes(case.data())
    end = ended(read_as(kind, path), capsys)
    assert faults_of(end, "table") == []
    found = [(code, at) for code, at, said in refusals(end.err) if case.said in said]
    assert (case.code, case.at) in found or not (case.code or found)


@pytest.mark.parametrize("kind", ["manifest", "request"])
def test_no_generated_file_ends_otherwise_than_accepted_or_refused_with_a_place(
    kind: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make = hostile_files.manifests if kind == "manifest" else hostile_files.requests
    path, endings = folder / "hostile.yaml", Counter[int]()
    for number, data in enumerate(make(1, range(SHARE))):
        if len(data) > LARGE:
            continue
        path.write_bytes(data)
        end = ended(read_as(kind, path), capsys)
        endings[end.status] += 1
        assert faults_of(end, "table") == [], number
    assert endings[2] > SHARE / 2
    assert kind == "request" or endings[0] > SHARE / 50


def test_one_seed_makes_one_series() -> None:
    assert list(hostile_files.manifests(7, range(20))) == list(hostile_files.manifests(7, range(20)))
    assert list(hostile_files.manifests(7, range(20))) != list(hostile_files.manifests(8, range(20)))


@pytest.mark.parametrize(
    ("status", "err", "fault"),
    [
        (1, "error[CS0901]: x", "a defect"),
        (2, "error[CS0003]: x\n  --> m.yaml\n", "a refusal without file:line:column"),
        (2, "error[CS0003]: \x1b[2J\n  --> m.yaml:1:1\n", "characters that steer a terminal"),
        (-11, "", "exit status -11"),
    ],
)
def test_an_ending_that_none_may_have_is_seen(status: int, err: str, fault: str) -> None:
    assert fault in faults_of(Ended(status, "", err), "table")
