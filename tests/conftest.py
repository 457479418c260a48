"""What holds for every test: no real credentials, no network, and no message that AWS's own models forbid."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import socket_guard

from costsentry_cli.cli.context import Context, sandbox_context
from costsentry_cli.sandbox import Sandbox
from fakes import FrozenClock, violations_in

REACHED = socket_guard.install()


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    for name in list(os.environ):
        if name.startswith(("AWS_", "COSTSENTRY_")) or name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS"):
            monkeypatch.delenv(name)
    home = tmp_path_factory.getbasetemp() / "home"
    home.mkdir(exist_ok=True)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture(autouse=True)
def no_network(request: pytest.FixtureRequest) -> Iterator[Path]:
    """A connection or a look-up beyond loopback, here or in a process that was started, is a failure."""
    before = REACHED.stat().st_size
    yield REACHED
    reached = REACHED.read_bytes()[before:].decode()
    assert not reached or request.node.get_closest_marker("reaches_out"), f"beyond loopback: {reached}"


@pytest.fixture(autouse=True)
def every_message_fits_the_models(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[None]:
    """Every sandbox answer, and every call that came through our door, in any sandbox file of the test."""
    yield
    if request.node.get_closest_marker("model_violations"):
        return
    found = [row for path in tmp_path.rglob("*.db") for row in violations_in(path)]
    assert not found, f"messages that AWS's models forbid: {found}"


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock()


@pytest.fixture
def sandbox(tmp_path: Path, clock: FrozenClock) -> Sandbox:
    return Sandbox(tmp_path / "sandbox.db", clock=clock)


@pytest.fixture
def context(sandbox: Sandbox) -> Context:
    return sandbox_context(sandbox, "us-east-1")
