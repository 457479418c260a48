"""A member account is told who pays, and what to run there: against a served sandbox, with a role's credentials."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from commands import Sentry
from costsentry_cli.sandbox import environment
from costsentry_cli.sandbox.accounts import access_key, session_token
from fakes import ACCOUNT, write_manifest

MEMBER = "111122223333"
MONTH = f"{datetime.now(UTC):%Y-%m}"


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("member")
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "COSTSENTRY_"))}
    command = [sys.executable, "-m", "costsentry_cli", "sandbox", "serve", "--port", "0", "--sandbox-db", "sandbox.db"]
    server = subprocess.Popen(command, cwd=folder, env=clean, stderr=subprocess.PIPE, text=True)
    assert server.stderr is not None
    yield server.stderr.readline().split("served at ")[1].split()[0]
    server.send_signal(signal.SIGINT)
    with server.stderr:
        assert server.wait(timeout=30) == 0


@pytest.fixture
def member(endpoint: str, sentry: Sentry, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Sentry:
    """The command in a member account, with the example manifest."""
    write_manifest(folder)
    credentials = {
        "AWS_ACCESS_KEY_ID": access_key(MEMBER, "a member"),
        "AWS_SESSION_TOKEN": session_token("finops", "session"),
    }
    for name, value in (environment(endpoint) | credentials).items():
        monkeypatch.setenv(name, value)
    return sentry


@pytest.mark.parametrize(
    "words",
    [
        ("status", "costCenter"),
        ("status", "costCenter", "--no-cost"),
        ("activate", "costCenter"),
        ("activate", "costCenter", "--wait"),
        ("deactivate", "team", "--yes"),
        ("backfill", "--from", MONTH, "--yes"),
        ("backfill", "--history"),
    ],
)
def test_a_member_account_is_told_who_pays_and_what_to_run_there(words: tuple[str, ...], member: Sentry) -> None:
    ran = member("tags", *words)
    asked = " ".join(word for word in words if word not in ("--yes", "--wait", "--no-cost"))
    assert ran.status == 4
    assert "error[CS0407]" in ran.err
    assert f"the payer account {ACCOUNT}" in ran.err
    assert f"there: sentry tags {asked}\n" in ran.err


def test_without_keys_the_manifest_s_are_named(member: Sentry) -> None:
    assert "there: sentry tags activate applicationId costCenter environment\n" in member("tags", "activate").err
