"""The store: a cheap and safe opening, transactions that nest, a file only its owner can read."""

from __future__ import annotations

import sqlite3
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from sandbox_core_world import client, sandbox_at_noon

from costsentry_cli.sandbox.store import APPLICATION_ID, SCHEMA_VERSION, Store

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
OUR_TABLES = ("settings", "profiles", "calls", "client_tokens")


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


def _database(path: Path, *statements: str) -> bytes:
    """Somebody else's database; its bytes."""
    with closing(sqlite3.connect(path)) as db:
        for statement in statements:
            db.execute(statement)
        db.commit()
    return path.read_bytes()


@pytest.mark.parametrize(
    "statements",
    [
        ("CREATE TABLE users (name TEXT)", "INSERT INTO users VALUES ('ann')"),
        ("CREATE TABLE users (name TEXT)", f"PRAGMA user_version = {SCHEMA_VERSION}"),
        ("CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT)", "PRAGMA user_version = 1"),
        ("CREATE TABLE settings (name TEXT)", "CREATE TABLE profiles (id TEXT)", "CREATE TABLE calls (id TEXT)"),
        ("PRAGMA user_version = 7",),
        ("PRAGMA application_id = 7",),
        (*(f"CREATE TABLE {name} (id TEXT)" for name in OUR_TABLES), "PRAGMA application_id = 7"),
    ],
)
def test_a_database_of_something_else_is_refused_and_left_as_it_is(tmp_path, statements):
    before = _database(tmp_path / "other.db", *statements)
    with pytest.raises(sqlite3.DatabaseError, match="is no sandbox"):
        Store(tmp_path / "other.db")
    assert (tmp_path / "other.db").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["other.db"]


def test_an_empty_file_becomes_a_sandbox_and_carries_its_mark(tmp_path):
    (tmp_path / "s.db").touch()
    store = Store(tmp_path / "s.db")
    assert store.db.execute("PRAGMA application_id").fetchone()[0] == APPLICATION_ID
    assert store.setting("n", "none") == "none"


def test_a_sandbox_made_before_there_was_a_mark_is_still_one(tmp_path):
    store = Store(tmp_path / "s.db")
    store.set_setting("n", "1")
    store.db.execute("PRAGMA application_id = 0")
    store.close()
    assert Store(tmp_path / "s.db").setting("n", "0") == "1"


def test_a_sandbox_with_a_table_of_its_owners_is_still_one(tmp_path):
    store = Store(tmp_path / "s.db")
    store.db.execute("CREATE TABLE notes (text TEXT)")
    assert Store(tmp_path / "s.db").setting("n", "none") == "none"


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
