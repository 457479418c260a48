"""Where a command writes and reads when the name is a trap: a located error, the right status, nothing half done."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from commands import Ran, Sentry
from fakes import BASIC

OLD = "the old content\n"
WRITERS = {
    "init": "init --force -f {}",
    "schema": "schema --out {}",
    "plan": "plan -o json --out {}",
    "list": "profiles list -o csv --out {}",
    "report": "report -o html --out {}",
    "explain": "explain CS0012 -o json --out {}",
}
TRAPS = {
    "link": "it is a link to target; name the file itself",
    "dangling": "it is a link to nowhere; name the file itself",
    "folder": "it is a folder",
    "absent/out": "absent is no folder",
    "target/out": "target is no folder",
    "pipe": "No such device or address",
}


@pytest.fixture
def traps(folder: Path) -> Path:
    (folder / "target").write_text(OLD)
    (folder / "link").symlink_to("target")
    (folder / "dangling").symlink_to("nowhere")
    (folder / "folder").mkdir()
    os.mkfifo(folder / "pipe")
    return folder


def left(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if not path.name.startswith(("sandbox.db", "profiles.yaml"))}


def refused(ran: Ran, name: str, why: str, code: str = "CS0103") -> None:
    assert ran.status == 2, ran.err
    assert f"error[{code}]" in ran.err
    assert name in ran.err
    assert why in ran.err


@pytest.mark.parametrize("trap", TRAPS)
@pytest.mark.parametrize("writer", ["schema", "explain"])
def test_every_trap_is_refused(writer: str, trap: str, traps: Path, in_sandbox: Sentry) -> None:
    before = left(traps)
    refused(in_sandbox(*WRITERS[writer].format(trap).split()), trap, TRAPS[trap])
    assert left(traps) == before
    assert (traps / "target").read_text() == OLD


@pytest.mark.parametrize("writer", WRITERS)
def test_no_writer_follows_a_link(writer: str, traps: Path, in_sandbox: Sentry) -> None:
    refused(in_sandbox(*WRITERS[writer].format("link").split()), "link", TRAPS["link"])
    assert (traps / "target").read_text() == OLD
    assert (traps / "link").is_symlink()


@pytest.mark.parametrize("writer", ["schema", "plan"])
def test_a_device_takes_the_result_or_says_that_it_is_full(writer: str, in_sandbox: Sentry) -> None:
    assert in_sandbox(*WRITERS[writer].format("/dev/null").split()).status == 0
    refused(in_sandbox(*WRITERS[writer].format("/dev/full").split()), "/dev/full", "No space left on device")
    assert stat.S_ISCHR(os.lstat("/dev/null").st_mode)


@pytest.mark.parametrize("trap", ["link", "dangling", "folder", "absent/out", "target/out", "/dev/null", "/dev/full"])
def test_a_call_is_recorded_in_a_file_of_its_own_or_said_not_to_be(trap: str, traps: Path, in_sandbox: Sentry) -> None:
    in_sandbox("sync", "--yes")
    ran = in_sandbox("invoke", "--cost-center", "sales", "Hello", "--audit-file", trap)
    assert "not recorded" in ran.err or "cannot record" in ran.err, ran.err
    assert (traps / "target").read_text() == OLD
    assert not (traps / "nowhere").exists()


@pytest.mark.parametrize("trap", ["link", "folder", "/dev/null", "target/out"])
def test_a_sandbox_is_no_link_device_or_folder(trap: str, traps: Path, in_sandbox: Sentry) -> None:
    refused(in_sandbox("sandbox", "status", "--sandbox-db", trap), trap, "", "CS0813")
    assert (traps / "target").read_text() == OLD


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("validate -f {}", "CS0001"),
        ("plan -f {}", "CS0001"),
        ("sync --yes --plan {}", "CS0207"),
        ("invoke --input {}", "CS0101"),
        ("audit list --audit-file {}", "CS0101"),
    ],
)
def test_what_cannot_be_read_is_said_at_once(words: str, code: str, traps: Path, in_sandbox: Sentry) -> None:
    refused(in_sandbox(*words.format("folder").split()), "folder", "Is a directory", code)
    refused(in_sandbox(*words.format("absent").split()), "absent", "No such file", code)


@pytest.mark.parametrize("words", ["validate -f {}", "sync --yes --plan {}", "invoke --input {}"])
@pytest.mark.parametrize("endless", ["/dev/zero", "pipe"])
def test_nothing_endless_is_read_to_its_end(words: str, endless: str, traps: Path, in_sandbox: Sentry) -> None:
    assert in_sandbox(*words.format(endless).split()).status == 2


@pytest.mark.parametrize(
    "text", ["", "[" * 100_000, '{"plan": 1}', '{"plan": {"plan_schema_version": 1}}', "\xff", "\x1b[2J"]
)
def test_what_is_no_plan_is_refused(text: str, in_sandbox: Sentry, folder: Path) -> None:
    (folder / "p.json").write_text(text, encoding="latin-1")
    refused(in_sandbox("sync", "--yes", "--plan", "p.json"), "p.json", "", "CS0207")


def test_a_remembered_answer_is_neither_read_nor_written_through_a_link(in_sandbox: Sentry, folder: Path) -> None:
    in_sandbox("sandbox", "seed", "--days", "5")
    honest = in_sandbox("report", "--last", "3d", "-o", "json").json()
    kept = list((folder / "sandbox.db.answers").glob("*.json"))
    assert kept
    for path in kept:
        (folder / "evil.json").write_text(path.read_text().replace('"Amount": "', '"Amount": "9'))
        path.unlink()
        path.symlink_to(folder / "evil.json")
    before = (folder / "evil.json").read_text()
    assert in_sandbox("report", "--last", "3d", "-o", "json").json()["costs"] == honest["costs"]
    assert (folder / "evil.json").read_text() == before


def test_a_name_in_the_manifest_is_never_a_path(in_sandbox: Sentry, folder: Path) -> None:
    (folder / "profiles.yaml").write_text(BASIC.replace("docs-helper", "../../etc"))
    ran = in_sandbox("validate", "-o", "json")
    assert (ran.status, {one["line"] for one in json.loads(ran.out)["error"]["problems"]}) == (2, {2})


def test_a_descriptor_takes_the_result_and_a_closed_one_is_refused_before_anything_is_done(in_sandbox: Sentry) -> None:
    reading, writing = os.pipe()
    assert in_sandbox("validate", "-o", "json", "--out", f"/dev/fd/{writing}").status == 0
    os.close(writing)
    with os.fdopen(reading) as pipe:
        assert '"valid": true' in pipe.read()
    refused(in_sandbox("sync", "--yes", "--out", "/dev/fd/9999"), "/dev/fd/9999", "Bad file descriptor")
