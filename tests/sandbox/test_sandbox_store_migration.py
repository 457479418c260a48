"""A file of schema version 1, which knew one account, is taken over whole."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from sandbox_core_world import NOON, client, sandbox_at_noon

from costsentry_cli.sandbox.store import APPLICATION_ID, SCHEMA_VERSION, Store

ARN = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc123def456"
SOURCE = "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0"
AT = NOON.timestamp()

# What version 1 had in these tables.
VERSION_1 = f"""
CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE profiles (
    id TEXT PRIMARY KEY, arn TEXT NOT NULL UNIQUE, region TEXT NOT NULL, name TEXT NOT NULL, description TEXT,
    source TEXT NOT NULL, models TEXT NOT NULL, created REAL NOT NULL, visible_from REAL NOT NULL, deleted REAL);
CREATE TABLE client_tokens (
    region TEXT NOT NULL, token TEXT NOT NULL, fingerprint TEXT NOT NULL, arn TEXT NOT NULL, created REAL NOT NULL,
    PRIMARY KEY (region, token));
CREATE TABLE calls (
    id INTEGER PRIMARY KEY, at REAL NOT NULL, region TEXT NOT NULL, operation TEXT NOT NULL, request_id TEXT NOT NULL,
    requested TEXT NOT NULL, metric_id TEXT NOT NULL, profile_arn TEXT, model_id TEXT NOT NULL, outcome TEXT NOT NULL,
    input_tokens INTEGER NOT NULL DEFAULT 0, output_tokens INTEGER NOT NULL DEFAULT 0,
    cache_read_tokens INTEGER NOT NULL DEFAULT 0, cache_write_5m_tokens INTEGER NOT NULL DEFAULT 0,
    cache_write_1h_tokens INTEGER NOT NULL DEFAULT 0, latency_ms INTEGER NOT NULL DEFAULT 0,
    first_token_ms INTEGER, tier TEXT NOT NULL DEFAULT 'default', tags TEXT NOT NULL DEFAULT '{{}}',
    costs TEXT NOT NULL DEFAULT '{{}}');
CREATE INDEX calls_at ON calls (at);
CREATE TABLE datapoints (
    region TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL, dimensions TEXT NOT NULL, at REAL NOT NULL,
    total REAL NOT NULL, count REAL NOT NULL, low REAL NOT NULL, high REAL NOT NULL, unit TEXT NOT NULL DEFAULT 'None');
CREATE TABLE moto_state (
    service TEXT PRIMARY KEY, version TEXT NOT NULL, generation INTEGER NOT NULL, blob BLOB NOT NULL);
INSERT INTO profiles VALUES
    ('abc123def456', '{ARN}', 'us-east-1', 'docs', NULL, '{SOURCE}', '["{SOURCE}"]', {AT}, {AT}, NULL);
INSERT INTO client_tokens VALUES ('us-east-1', 'token', 'fingerprint', '{ARN}', {AT});
INSERT INTO calls (at, region, operation, request_id, requested, metric_id, profile_arn, model_id, outcome,
    input_tokens)
    VALUES ({AT}, 'us-east-1', 'Converse', 'r', '{ARN}', 'abc123def456', '{ARN}', 'amazon.nova-lite-v1:0', 'ok', 7);
INSERT INTO datapoints VALUES ('us-east-1', 'Ours', 'TotalRequests', '[]', {AT}, 3, 1, 3, 3, 'Count');
INSERT INTO moto_state VALUES ('service-quotas', '5', 1, x'00');
PRAGMA user_version = 1;
"""


def _old_file(folder):
    with closing(sqlite3.connect(folder / "sandbox.db")) as db:
        db.executescript(VERSION_1)


def _columns(store: Store) -> dict[str, dict[str, tuple[object, ...]]]:
    tables = [row[0] for row in store.db.execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'index')")]
    return {
        table: {row["name"]: tuple(row)[2:] for row in store.db.execute(f'PRAGMA table_info("{table}")')}
        for table in tables
    }


def test_a_migrated_file_has_the_tables_of_a_new_one(tmp_path):
    _old_file(tmp_path)
    migrated, new = Store(tmp_path / "sandbox.db"), Store(tmp_path / "new.db")
    assert _columns(migrated) == _columns(new)
    assert migrated.db.execute("PRAGMA user_version").fetchone()[0] == SCHEMA_VERSION
    assert migrated.db.execute("PRAGMA application_id").fetchone()[0] == APPLICATION_ID


def test_everything_of_version_1_belongs_to_the_payer(tmp_path):
    _old_file(tmp_path)
    sandbox = sandbox_at_noon(tmp_path)
    listed = client(sandbox, "bedrock").list_inference_profiles(typeEquals="APPLICATION")["inferenceProfileSummaries"]
    assert [summary["inferenceProfileArn"] for summary in listed] == [ARN]
    metrics = client(sandbox, "cloudwatch").list_metrics()["Metrics"]
    assert {metric["MetricName"] for metric in metrics} >= {"TotalRequests", "InputTokenCount"}
    assert sandbox.status().moto == ()
    for table in ("profiles", "calls", "datapoints", "client_tokens"):
        rows = sandbox.store.db.execute(f"SELECT account FROM {table}").fetchall()
        assert [row["account"] for row in rows] == ["123456789012"]


def test_a_token_given_before_still_names_its_profile(tmp_path):
    _old_file(tmp_path)
    bedrock = client(sandbox_at_noon(tmp_path), "bedrock")
    asked = {"inferenceProfileName": "docs", "modelSource": {"copyFrom": SOURCE}, "clientRequestToken": "token"}
    # The made-up fingerprint is another request's.
    with pytest.raises(bedrock.exceptions.ConflictException, match="already used"):
        bedrock.create_inference_profile(**asked)


def test_a_migration_that_fails_leaves_the_old_file(tmp_path):
    _old_file(tmp_path)
    with closing(sqlite3.connect(tmp_path / "sandbox.db")) as db:
        db.execute("DROP TABLE datapoints")
        db.commit()
    with pytest.raises(sqlite3.DatabaseError, match="datapoints"):
        Store(tmp_path / "sandbox.db")
    with closing(sqlite3.connect(tmp_path / "sandbox.db")) as db:
        assert db.execute("PRAGMA user_version").fetchone()[0] == 1
        assert db.execute("SELECT count(*) FROM pragma_table_info('calls') WHERE name = 'account'").fetchone()[0] == 0
