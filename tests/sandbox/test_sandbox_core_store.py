"""The store: a cheap and safe opening, transactions that nest, a file only its owner can read."""

from __future__ import annotations

import sqlite3
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from sandbox_core_world import client, sandbox_at_noon

from costsentry_cli.sandbox.store import SCHEMA_VERSION, Store

OPEN_AND_COUNT = """
import sys, pathlib
from costsentry_cli.sandbox.store import Store
print("ready", flush=True)
sys.stdin.readline()
for number in range(80):
    store = Store(pathlib.Path(sys.argv[1]) / f"{number}.db")
    with store.transaction():
        store.set_setting("n", str(int(store.setting("n", "0")) + 1))
"""


def test_the_file_and_its_folder_are_for_the_owner_only(tmp_path):
    store = Store(tmp_path / "new" / "s.db")
    assert stat.S_IMODE(store.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(store.path.parent.stat().st_mode) == 0o700


def test_four_processes_may_open_a_new_file_at_once(tmp_path):
    arguments = [sys.executable, "-c", OPEN_AND_COUNT, str(tmp_path)]
    processes = [subprocess.Popen(arguments, stdin=-1, stdout=-1, stderr=-1, text=True) for _ in range(4)]
    for process in processes:  # all are ready before any may go
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    ends = [process.communicate(timeout=60) for process in processes]
    assert [(process.returncode, errors) for process, (_, errors) in zip(processes, ends, strict=True)] == [(0, "")] * 4
    assert [Store(tmp_path / f"{number}.db").setting("n", "0") for number in range(80)] == ["4"] * 80


def test_a_file_with_the_schema_is_opened_without_writing(tmp_path):
    first = Store(tmp_path / "s.db")
    with first.transaction():  # holds the write lock: an opening that writes would wait for a minute
        assert Store(tmp_path / "s.db").setting("n", "none") == "none"


def test_a_file_of_a_newer_version_is_refused(tmp_path):
    store = Store(tmp_path / "s.db")
    store.db.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    with pytest.raises(sqlite3.DatabaseError, match="newer version"):
        Store(tmp_path / "s.db")


def test_a_file_that_is_no_database_is_refused(tmp_path):
    (tmp_path / "profiles.yaml").write_text("profiles: []\n" * 100)
    with pytest.raises(sqlite3.DatabaseError, match="not a database"):
        Store(tmp_path / "profiles.yaml")


def _write_and_raise(store: Store, error: BaseException) -> None:
    with store.transaction():
        store.set_setting("lost", "yes")
        raise error


def test_a_part_of_a_transaction_can_fail_by_itself(tmp_path):
    store = Store(tmp_path / "s.db")
    with store.transaction():
        store.set_setting("kept", "yes")
        with pytest.raises(KeyError):
            _write_and_raise(store, KeyError())
    assert (store.setting("kept", "no"), store.setting("lost", "no")) == ("yes", "no")


def test_an_interruption_rolls_the_whole_transaction_back(tmp_path):
    store = Store(tmp_path / "s.db")
    with pytest.raises(KeyboardInterrupt):
        _write_and_raise(store, KeyboardInterrupt())
    assert store.setting("lost", "no") == "no"


def test_a_closed_store_opens_again_when_used(tmp_path):
    store = Store(tmp_path / "s.db")
    with store.transaction():
        store.set_setting("n", "1")
    store.close()
    assert store.setting("n", "0") == "1"


def test_threads_on_one_sandbox_lose_no_call(tmp_path):
    sandbox = sandbox_at_noon(tmp_path)
    sts = client(sandbox, "sts")
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: sts.get_caller_identity(), range(100)))
    assert len({answer["ResponseMetadata"]["RequestId"] for answer in answers}) == 100
    assert sandbox.store.setting("requests", "0") == "100"
