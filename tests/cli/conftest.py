"""A terminal's view of the command: run it in a folder of its own, in this process or as a real one."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from socket_guard import tempting

from commands import Ran, Sentry
from costsentry_cli.cli.main import run
from costsentry_cli.sandbox import Sandbox
from costsentry_cli.sandbox.clock import set_offset
from fakes import NOON, write_manifest
from recording import Recorder, undeclared


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def recorder(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    """What the commands of the test call."""
    return Recorder(monkeypatch)


@pytest.fixture
def sentry(folder: Path, capsys: pytest.CaptureFixture[str], recorder: Recorder) -> Sentry:
    """Run the command in this process; standard input is not a terminal.

    A call that ``domain.needs`` does not name for the command is a failure: its IAM policy would not allow it.
    """

    def command(*words: str) -> Ran:
        capsys.readouterr()
        recorder.forget()
        status = run(list(words))
        out, err = capsys.readouterr()
        assert not undeclared(words, recorder.operations()), f"sentry {' '.join(words)} needs what is not declared"
        return Ran(status, out, err)

    return command


@pytest.fixture
def in_sandbox(sentry: Sentry, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Sentry:
    """The same with the example manifest and a sandbox in the folder, and every temptation to go elsewhere."""
    write_manifest(folder)
    for name, value in tempting(Path(os.environ["HOME"])).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("COSTSENTRY_SANDBOX", "1")
    monkeypatch.setenv("COSTSENTRY_SANDBOX_DB", str(folder / "sandbox.db"))
    return sentry


@pytest.fixture
def at_noon(in_sandbox: Sentry, folder: Path) -> Sentry:
    """The sandbox at ``NOON``, whatever the machine's clock says."""
    set_clock(folder, NOON)
    return in_sandbox


@pytest.fixture
def moved(in_sandbox: Sentry, folder: Path) -> Callable[[str], Sentry]:
    """The sandbox at a moment (ISO, UTC)."""

    def to(moment: str) -> Sentry:
        set_clock(folder, datetime.fromisoformat(moment).replace(tzinfo=UTC))
        return in_sandbox

    return to


def set_clock(folder: Path, moment: datetime) -> None:
    """Turn the clock of the folder's sandbox, also back."""
    store = Sandbox(folder / "sandbox.db").store
    with store.transaction():
        set_offset(store, moment - datetime.now(UTC))


@pytest.fixture
def process(folder: Path) -> Sentry:
    """Run the command as a process of its own."""

    def command(*words: str, **more: Any) -> Ran:
        ended = subprocess.run(
            [sys.executable, "-m", "costsentry_cli", *words],
            capture_output=True,
            text=True,
            timeout=60,
            cwd=folder,
            **more,
        )
        return Ran(ended.returncode, ended.stdout, ended.stderr)

    return command
