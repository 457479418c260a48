"""The sandbox's state: one SQLite file, safe under concurrent threads and processes."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from costsentry_cli import files

SCHEMA_VERSION = 3
APPLICATION_ID = 0x43535342
"""What SQLite's ``application_id`` is in our files ("CSSB"). Files made before it was written have 0."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS profiles (
    id TEXT PRIMARY KEY, arn TEXT NOT NULL UNIQUE, region TEXT NOT NULL, name TEXT NOT NULL, description TEXT,
    source TEXT NOT NULL, models TEXT NOT NULL, created REAL NOT NULL, visible_from REAL NOT NULL, deleted REAL,
    account TEXT NOT NULL DEFAULT '123456789012');
CREATE TABLE IF NOT EXISTS tags (
    arn TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (arn, key));
CREATE TABLE IF NOT EXISTS client_tokens (
    account TEXT NOT NULL, region TEXT NOT NULL, token TEXT NOT NULL, fingerprint TEXT NOT NULL, arn TEXT NOT NULL,
    created REAL NOT NULL, PRIMARY KEY (account, region, token));
CREATE TABLE IF NOT EXISTS calls (
    id INTEGER PRIMARY KEY, at REAL NOT NULL, region TEXT NOT NULL, operation TEXT NOT NULL, request_id TEXT NOT NULL,
    requested TEXT NOT NULL, metric_id TEXT NOT NULL, profile_arn TEXT, model_id TEXT NOT NULL, outcome TEXT NOT NULL,
    input_tokens INTEGER NOT NULL DEFAULT 0, output_tokens INTEGER NOT NULL DEFAULT 0,
    cache_read_tokens INTEGER NOT NULL DEFAULT 0, cache_write_5m_tokens INTEGER NOT NULL DEFAULT 0,
    cache_write_1h_tokens INTEGER NOT NULL DEFAULT 0, latency_ms INTEGER NOT NULL DEFAULT 0,
    first_token_ms INTEGER, tier TEXT NOT NULL DEFAULT 'default', tags TEXT NOT NULL DEFAULT '{}',
    costs TEXT NOT NULL DEFAULT '{}', account TEXT NOT NULL DEFAULT '123456789012');
CREATE INDEX IF NOT EXISTS calls_at ON calls (at);
CREATE INDEX IF NOT EXISTS calls_series ON calls (account, region, metric_id, at);
CREATE TABLE IF NOT EXISTS prompt_cache (digest TEXT PRIMARY KEY, tokens INTEGER NOT NULL, expires REAL NOT NULL);
CREATE TABLE IF NOT EXISTS cost_tags (
    key TEXT PRIMARY KEY, first_used REAL NOT NULL, last_used REAL NOT NULL, status TEXT NOT NULL DEFAULT 'Inactive',
    updated REAL);
CREATE TABLE IF NOT EXISTS cost_tag_spans (
    key TEXT NOT NULL, active_from REAL NOT NULL, active_to REAL, PRIMARY KEY (key, active_from));
CREATE TABLE IF NOT EXISTS datapoints (
    region TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL, dimensions TEXT NOT NULL, at REAL NOT NULL,
    total REAL NOT NULL, count REAL NOT NULL, low REAL NOT NULL, high REAL NOT NULL, unit TEXT NOT NULL DEFAULT 'None',
    account TEXT NOT NULL DEFAULT '123456789012');
CREATE INDEX IF NOT EXISTS datapoints_series ON datapoints (namespace, name, at);
CREATE TABLE IF NOT EXISTS parameters (
    account TEXT NOT NULL, region TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL, type TEXT NOT NULL,
    version INTEGER NOT NULL, modified REAL NOT NULL, data_type TEXT NOT NULL, tier TEXT NOT NULL,
    PRIMARY KEY (account, region, name));
CREATE TABLE IF NOT EXISTS faults (
    id INTEGER PRIMARY KEY, service TEXT NOT NULL, operation TEXT NOT NULL, effect TEXT NOT NULL,
    skip INTEGER NOT NULL DEFAULT 0, remaining INTEGER NOT NULL DEFAULT 1, probability REAL NOT NULL DEFAULT 1,
    seed INTEGER NOT NULL DEFAULT 0, seen INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS violations (
    service TEXT NOT NULL, operation TEXT NOT NULL, side TEXT NOT NULL, problem TEXT NOT NULL,
    user_agent TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS moto_state (
    service TEXT PRIMARY KEY, version TEXT NOT NULL, generation INTEGER NOT NULL, blob BLOB NOT NULL);
"""

# Cost Explorer's backfills and anomaly detection. JSON: active keys, specification, monitors, subscribers, threshold.
_SCHEMA += """
CREATE TABLE IF NOT EXISTS tag_backfills (
    id INTEGER PRIMARY KEY, first REAL NOT NULL, requested REAL NOT NULL, active TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS anomaly_monitors (
    id INTEGER PRIMARY KEY, arn TEXT NOT NULL UNIQUE, account TEXT NOT NULL, name TEXT NOT NULL, type TEXT NOT NULL,
    dimension TEXT, specification TEXT, created REAL NOT NULL, updated REAL NOT NULL);
CREATE TABLE IF NOT EXISTS anomaly_subscriptions (
    id INTEGER PRIMARY KEY, arn TEXT NOT NULL UNIQUE, account TEXT NOT NULL, name TEXT NOT NULL, monitors TEXT NOT NULL,
    subscribers TEXT NOT NULL, frequency TEXT NOT NULL, threshold TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS anomaly_feedback (
    account TEXT NOT NULL, anomaly TEXT NOT NULL, feedback TEXT NOT NULL, PRIMARY KEY (account, anomaly));
"""

# AWS Budgets. JSON: the budget's structure, the action's, the action as an event showed it.
_SCHEMA += """
CREATE TABLE IF NOT EXISTS budgets (
    account TEXT NOT NULL, name TEXT NOT NULL, content TEXT NOT NULL, starts REAL NOT NULL, ends REAL NOT NULL,
    updated REAL NOT NULL, PRIMARY KEY (account, name));
CREATE TABLE IF NOT EXISTS budget_notifications (
    id INTEGER PRIMARY KEY, account TEXT NOT NULL, budget TEXT NOT NULL, type TEXT NOT NULL, operator TEXT NOT NULL,
    threshold REAL NOT NULL, threshold_type TEXT NOT NULL,
    UNIQUE (account, budget, type, operator, threshold, threshold_type));
CREATE TABLE IF NOT EXISTS budget_subscribers (
    id INTEGER PRIMARY KEY, notification INTEGER NOT NULL, type TEXT NOT NULL, address TEXT NOT NULL,
    UNIQUE (notification, type, address));
CREATE TABLE IF NOT EXISTS budget_actions (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, account TEXT NOT NULL, budget TEXT NOT NULL,
    content TEXT NOT NULL, status TEXT NOT NULL, settled INTEGER NOT NULL, held_until REAL NOT NULL);
CREATE TABLE IF NOT EXISTS budget_action_events (
    number INTEGER PRIMARY KEY, action TEXT NOT NULL, at REAL NOT NULL, event TEXT NOT NULL, message TEXT NOT NULL,
    shown TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS budget_action_events_of ON budget_action_events (action);
"""

# DynamoDB. A table's content is JSON; keys are bytes that sort as AWS sorts; an item is JSON.
_SCHEMA += """
CREATE TABLE IF NOT EXISTS dynamodb_tables (
    id INTEGER PRIMARY KEY, account TEXT NOT NULL, region TEXT NOT NULL, name TEXT NOT NULL, created REAL NOT NULL,
    content TEXT NOT NULL, UNIQUE (account, region, name));
CREATE TABLE IF NOT EXISTS dynamodb_items (
    table_id INTEGER NOT NULL, pk BLOB NOT NULL, sk BLOB NOT NULL, item TEXT NOT NULL, size INTEGER NOT NULL,
    expires REAL, PRIMARY KEY (table_id, pk, sk)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS dynamodb_items_expiring ON dynamodb_items (table_id, expires) WHERE expires IS NOT NULL;
CREATE TABLE IF NOT EXISTS dynamodb_tokens (
    account TEXT NOT NULL, region TEXT NOT NULL, token TEXT NOT NULL, fingerprint TEXT NOT NULL, at REAL NOT NULL,
    PRIMARY KEY (account, region, token));
"""

# CloudWatch Logs. Times of events in milliseconds; JSON: tags, the groups and the results of a query.
_SCHEMA += """
CREATE TABLE IF NOT EXISTS log_groups (
    id INTEGER PRIMARY KEY, account TEXT NOT NULL, region TEXT NOT NULL, name TEXT NOT NULL, created INTEGER NOT NULL,
    class TEXT NOT NULL, retention INTEGER, protected INTEGER NOT NULL, tags TEXT NOT NULL,
    UNIQUE (account, region, name));
CREATE TABLE IF NOT EXISTS log_streams (
    id INTEGER PRIMARY KEY, group_id INTEGER NOT NULL, name TEXT NOT NULL, created INTEGER NOT NULL,
    first_event INTEGER, last_event INTEGER, last_ingestion INTEGER, UNIQUE (group_id, name));
CREATE TABLE IF NOT EXISTS log_events (
    id INTEGER PRIMARY KEY, group_id INTEGER NOT NULL, stream_id INTEGER NOT NULL, at INTEGER NOT NULL,
    ingested INTEGER NOT NULL, message TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS log_events_of_group ON log_events (group_id, at, id);
CREATE INDEX IF NOT EXISTS log_events_of_stream ON log_events (stream_id, at, id);
CREATE TABLE IF NOT EXISTS log_queries (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, account TEXT NOT NULL, region TEXT NOT NULL,
    text TEXT NOT NULL, groups TEXT NOT NULL, created INTEGER NOT NULL, status TEXT NOT NULL, looks INTEGER NOT NULL,
    results TEXT NOT NULL, statistics TEXT NOT NULL);
"""

# Files of version 1 know one account, the payer. New columns have its number as their default.
_BEFORE_SCHEMA_2 = (
    "ALTER TABLE profiles ADD COLUMN account TEXT NOT NULL DEFAULT '123456789012'",
    "ALTER TABLE calls ADD COLUMN account TEXT NOT NULL DEFAULT '123456789012'",
    "ALTER TABLE datapoints ADD COLUMN account TEXT NOT NULL DEFAULT '123456789012'",
    "ALTER TABLE client_tokens RENAME TO client_tokens_1",
)
_AFTER_SCHEMA_2 = (
    "INSERT INTO client_tokens SELECT '123456789012', region, token, fingerprint, arn, created FROM client_tokens_1",
    "DROP TABLE client_tokens_1",
    "DELETE FROM moto_state WHERE service = 'service-quotas'",
)

# Until version 3 moto had these two.
_AFTER_SCHEMA_3 = "DELETE FROM moto_state WHERE service IN ('dynamodb', 'logs')"

_TABLES_OF_EVERY_VERSION = {"settings", "profiles", "calls", "client_tokens"}


class Store:
    """One database file. Times are seconds since the epoch, UTC.

    Threads share one connection, one at a time: queueing on a lock of our own is far cheaper than SQLite's back-off.
    Raises ``sqlite3.DatabaseError`` for a file that is no database of ours, and leaves it as it is: only an empty one
    is made into a sandbox.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._pid = os.getpid()
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Created by us with 0600 before SQLite sees it: it may hold pickled state and prompts' digests.
        files.create(path)
        try:
            self._open()
        except BaseException:
            self.close()
            raise

    def _open(self) -> None:
        if self._pragma("application_id") != APPLICATION_ID:
            self._check_unmarked()
        if self._pragma("user_version") != SCHEMA_VERSION:
            self._make_schema()

    def _check_unmarked(self) -> None:
        """Raises ``sqlite3.DatabaseError`` unless the file is empty or has our tables; reads one state of it."""
        self.db.execute("BEGIN")
        tables = {row["name"] for row in self.db.execute("SELECT name FROM sqlite_master")}
        mark, version = self._pragma("application_id"), self._pragma("user_version")
        self.db.execute("COMMIT")
        ours = tables >= _TABLES_OF_EVERY_VERSION if tables else version == 0
        if mark not in (0, APPLICATION_ID) or not ours:
            raise sqlite3.DatabaseError("this database belongs to something else, it is no sandbox")

    def _pragma(self, name: str) -> int:
        return int(self.db.execute(f"PRAGMA {name}").fetchone()[0])

    def _make_schema(self) -> None:
        """Several processes may open a new or older file at once: each makes the schema in full, or finds it made."""
        _switch_to_wal(self.db)
        with self.transaction() as db:
            version = self._pragma("user_version")
            if version > SCHEMA_VERSION:
                raise sqlite3.DatabaseError(f"{self.path} was made by a newer version of this program")
            before, after = (_BEFORE_SCHEMA_2, _AFTER_SCHEMA_2) if version == 1 else ((), ())
            for statement in (*before, *_SCHEMA.split(";"), *after, _AFTER_SCHEMA_3):
                db.execute(statement)
            db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")

    @property
    def db(self) -> sqlite3.Connection:
        """The connection; rows can be read by column name. Use it inside ``transaction`` when threads are about."""
        if self._connection is None or self._pid != os.getpid():
            self._pid = os.getpid()  # a forked child must not use its parent's connection
            self._connection = self._connect()
        return self._connection

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, timeout=60, isolation_level=None, check_same_thread=False)
        connection.row_factory = sqlite3.Row
        try:
            connection.execute("PRAGMA synchronous=NORMAL")
        except BaseException:  # it is no database
            connection.close()
            raise
        weakref.finalize(self, connection.close)
        return connection

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Hold the file's write lock; commit at the end, roll back on any exception.

        Inside another transaction of the same thread it is a part of it that can fail by itself.
        """
        with self._lock:
            db = self.db
            begin, commit, undo = _NESTED if db.in_transaction else _OUTERMOST
            db.execute(begin)
            try:
                yield db
            except BaseException:
                for statement in undo:
                    db.execute(statement)
                raise
            db.execute(commit)

    def setting(self, name: str, default: str) -> str:
        """A named setting as text, or the default."""
        with self._lock:
            row = self.db.execute("SELECT value FROM settings WHERE name = ?", (name,)).fetchone()
        return default if row is None else str(row["value"])

    def set_setting(self, name: str, value: str) -> None:
        """Write a named setting; the caller holds the transaction."""
        with self._lock:
            self.db.execute("INSERT OR REPLACE INTO settings (name, value) VALUES (?, ?)", (name, value))

    def clear(self) -> None:
        """Delete every row of every table; the caller holds the transaction."""
        for row in self.db.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            self.db.execute(f'DELETE FROM "{row["name"]}"')  # noqa: S608 - names come from the schema

    def close(self) -> None:
        """Close the connection; the next use opens it again."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None


_OUTERMOST = ("BEGIN IMMEDIATE", "COMMIT", ("ROLLBACK",))
_NESTED = ("SAVEPOINT part", "RELEASE part", ("ROLLBACK TO part", "RELEASE part"))


def _switch_to_wal(db: sqlite3.Connection) -> None:
    """Two processes switching at once make SQLite refuse one of them outright, whatever its timeout: try again."""
    deadline = time.monotonic() + 30
    while True:
        try:
            db.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.005)
