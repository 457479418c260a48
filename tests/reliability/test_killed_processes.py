"""The command itself: killed forty times in the middle of a sync, and six at once on one sandbox."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from random import Random

from sync_world import text

from costsentry_cli.cli.context import sandbox_at, sandbox_context
from costsentry_cli.domain.plan import Wishes
from costsentry_cli.manifest_file import read
from costsentry_cli.usecases import sync
from fakes import ACCOUNT, PROFILES, home, write_manifest

COMMAND = [sys.executable, "-m", "costsentry_cli", "sync", "--yes", "-o", "json"]
MANY = 30
FILES = 8
KILLS_EACH = 5
PROCESSES = 6
LAG = "5"
AT_ONCE = 2
PATIENCE = 60.0


def folder_with_sandbox(parent: Path, name: str, numbers: range) -> Path:
    """A folder with a manifest and a new sandbox whose listings are five seconds late."""
    folder = parent / name
    folder.mkdir()
    write_manifest(folder, text(numbers))
    sandbox_at(folder / "sandbox.db").configure("list_lag_seconds", LAG)
    return folder


def started(folder: Path) -> subprocess.Popen[bytes]:
    environment = dict(os.environ) | {"COSTSENTRY_SANDBOX": "1", "COSTSENTRY_SANDBOX_DB": str(folder / "sandbox.db")}
    return subprocess.Popen(
        COMMAND,
        cwd=folder,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
    )


def ended(process: subprocess.Popen[bytes]) -> str:
    """Its stderr; it must have ended well."""
    _, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, said
    return said.decode()


def requests(folder: Path) -> Iterator[int]:
    """How many requests the sandbox has counted, again and again."""
    with closing(sqlite3.connect(f"file:{folder / 'sandbox.db'}?mode=ro", uri=True, isolation_level=None)) as db:
        given_up = time.monotonic() + PATIENCE
        while time.monotonic() < given_up:
            row = db.execute("SELECT value FROM settings WHERE name = 'requests'").fetchone()
            yield 0 if row is None else int(row[0])
            time.sleep(0.0005)


def killed(folder: Path, after: int) -> bool:
    """Start the command and SIGKILL it once it has made so many requests; False when it ended before."""
    begin = next(requests(folder))
    process = started(folder)
    for count in requests(folder):
        if count - begin >= after or process.poll() is not None:
            break
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=PATIENCE)
    return process.returncode == -signal.SIGKILL


def killed_again_and_again(folder: Path, seed: int) -> int:
    """Kill it at random requests, then let one run through; how many of the kills hit it alive."""
    dice = Random(seed)
    hits = sum(killed(folder, dice.randint(1, 2 * MANY)) for _ in range(KILLS_EACH))
    ended(started(folder))
    return hits


def assert_converged(folder: Path, profiles: int) -> None:
    """Every profile once, each with its marks, and nothing left to do once the listing shows all."""
    sandbox = sandbox_at(folder / "sandbox.db")
    sandbox.advance(timedelta(seconds=60))
    with sandbox.store.transaction() as db:
        names = [row[0] for row in db.execute("SELECT name FROM profiles WHERE deleted IS NULL")]
        keyed = db.execute("SELECT count(*) FROM tags WHERE key = 'costsentry:key'").fetchone()[0]
    assert (len(names), len(set(names)), keyed) == (profiles, profiles, profiles)
    context = sandbox_context(sandbox, "us-east-1")
    manifest = read(folder / "profiles.yaml")
    plan = sync.plan({ACCOUNT: context.cloud}, manifest, PROFILES, home(manifest), Wishes(), context.clock())
    assert (plan.pending, plan.calls) == (False, ())


def test_forty_sigkills_of_the_command_leave_each_profile_once(tmp_path: Path) -> None:
    folders = [folder_with_sandbox(tmp_path, f"f{n}", range(MANY)) for n in range(FILES)]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        hits = list(pool.map(killed_again_and_again, folders, range(FILES)))
    # A run may end while the signal is on its way; nearly none does.
    assert sum(hits) >= 0.9 * FILES * KILLS_EACH, hits
    for folder in folders:
        assert_converged(folder, MANY)


def test_six_commands_at_once_on_one_sandbox_make_each_profile_once(tmp_path: Path) -> None:
    folder = folder_with_sandbox(tmp_path, "shared", range(20))
    running = [started(folder) for _ in range(PROCESSES)]
    for process in running:
        ended(process)
    assert_converged(folder, 20)
