"""Nothing leaves loopback, whatever the environment promises; and the guard that says so bites."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from socket_guard import tempting

from fakes import write_manifest

on_purpose = pytest.mark.reaches_out("the guard is tried")


def started(*words: str, folder: Path, **more: str) -> subprocess.CompletedProcess[str]:
    environment = dict(os.environ) | tempting(Path(os.environ["HOME"])) | more
    return subprocess.run(
        [sys.executable, *words], cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=False
    )


def connected() -> None:
    with socket.socket() as one:
        one.connect(("192.0.2.1", 80))


@on_purpose
@pytest.mark.parametrize(
    ("reach", "said"),
    [
        (connected, PermissionError),
        (lambda: socket.gethostbyname("aws.example"), socket.gaierror),
    ],
)
def test_this_process_is_held_back(reach: object, said: type[OSError], no_network: Path) -> None:
    before = no_network.stat().st_size
    with pytest.raises(said):
        reach()  # type: ignore[operator]
    assert no_network.stat().st_size > before


@on_purpose
def test_a_process_that_was_started_is_held_back_and_told_of(tmp_path: Path, no_network: Path) -> None:
    before = no_network.stat().st_size
    tried = "import socket\ntry: socket.create_connection(('192.0.2.1', 80))\nexcept OSError: print('held')"
    assert started("-c", tried, folder=tmp_path).stdout == "held\n"
    assert "192.0.2.1" in no_network.read_text()[before:]


@on_purpose
def test_without_the_sandbox_this_environment_leads_out(tmp_path: Path, no_network: Path) -> None:
    write_manifest(tmp_path)
    before = no_network.stat().st_size
    assert started("-m", "costsentry_cli", "plan", folder=tmp_path).returncode in (4, 8)
    assert ".example" in no_network.read_text()[before:]


@pytest.mark.parametrize("words", ["sync --yes", "report"])
def test_in_a_sandbox_the_same_environment_leads_nowhere(words: str, tmp_path: Path, no_network: Path) -> None:
    write_manifest(tmp_path)
    ran = started("-m", "costsentry_cli", *words.split(), "--sandbox", folder=tmp_path)
    assert (ran.returncode in (0, 6), no_network.stat().st_size) == (True, no_network.stat().st_size), ran.stderr
    assert "target: sandbox" in ran.stderr
