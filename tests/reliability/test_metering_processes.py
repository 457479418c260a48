"""Real processes against one limit: what AWS was asked for never passes it, however they race and wherever they die."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing
from pathlib import Path
from random import Random

import pytest
from callers import ALL, AUDIT, SALES, SUPPORT, Books, Fire, books, expire_all, folder_with_ledger, run

from costsentry_cli.domain.ledger.counters import NANOS
from costsentry_cli.sandbox import FaultRule

TOKENS, USD = 12_000, "0.04"
NANO_USD = int(float(USD) * NANOS)
MOST_OF_ONE_CALL = 260
"""Tokens: more than any prompt of the callers and its ``max_tokens`` together."""
HUNGRY = 0.97
PATIENCE = 60.0


def billed(found: Books) -> tuple[int, int, int, int]:
    """Calls and tokens of sales, calls and nano-USD of support, as the sandbox has them."""
    (sales, tokens, _), (support, _, money) = found.billed["sales"], found.billed["support"]
    return sales, tokens, support, money


def assert_within_the_limits(found: Books) -> None:
    """What was spent, what was settled and what is committed."""
    _, tokens, _, money = billed(found)
    assert tokens <= found.counts[SALES].settled.tokens + found.counts[SALES].held.tokens <= TOKENS
    assert money <= found.counts[SUPPORT].settled.nano_usd + found.counts[SUPPORT].held.nano_usd <= NANO_USD
    for count in found.counts.values():
        assert count.committed == count.settled + count.held


def test_sixty_four_processes_spend_a_limit_to_the_end_and_not_a_token_more(tmp_path: Path) -> None:
    folder_with_ledger(tmp_path, TOKENS, USD)
    told = run(tmp_path, Fire(processes=64))
    assert told["failed"] == 0
    found = books(tmp_path)
    assert_within_the_limits(found)
    sales, tokens, support, money = billed(found)
    assert tokens >= HUNGRY * TOKENS
    assert money >= HUNGRY * NANO_USD
    # Nobody died: the counters are the bill, to the token and to the nano-USD, and nothing is held.
    assert (found.counts[SALES].settled.requests, found.counts[SALES].settled.tokens) == (sales, tokens)
    assert (found.counts[SUPPORT].settled.requests, found.counts[SUPPORT].settled.nano_usd) == (support, money)
    assert found.counts[ALL].settled.requests == sales + support == found.calls
    assert not any(count.holds for count in found.counts.values())
    decisions = Counter(event["costsentry.decision"] for event in found.events)
    assert decisions == {"approved": found.calls, "denied": 64}
    assert found.cut == 0


def test_two_hundred_kills_in_the_middle_of_calls_leave_nothing_uncounted(tmp_path: Path) -> None:
    folder_with_ledger(tmp_path, TOKENS, USD)
    told = run(tmp_path, Fire(processes=16, kills=225))
    assert told["failed"] == 0
    assert told["kills"] >= 200, told
    places = Counter({place: sum(n for hit, n in told["hits"].items() if place in hit) for place in HIT})
    assert min(places.values()) >= 5, told["hits"]
    found = books(tmp_path)
    assert_within_the_limits(found)
    assert found.calls <= found.counts[ALL].settled.requests + found.counts[ALL].held.requests
    held = {limit: len(count.holds) for limit, count in found.counts.items()}
    assert 0 < held[SALES] + held[SUPPORT] <= told["kills"]
    assert found.cut <= told["kills"]
    ended = expire_all(tmp_path)
    assert ended == sum(held.values())
    after = books(tmp_path)
    assert_within_the_limits(after)
    assert not any(count.holds for count in after.counts.values())
    # What was abandoned is charged in full: never less than the bill, and at most its worst case more.
    for limit, count in after.counts.items():
        assert count.settled == found.counts[limit].committed
    spare = after.counts[SALES].settled.tokens - billed(after)[1]
    assert 0 <= spare <= held[SALES] * MOST_OF_ONE_CALL


HIT = ("reserving", "Converse", "settling", "PutMetricData")

AILING = (
    FaultRule("bedrock-runtime", "Converse", "timeout", times=None, probability=0.1, seed=1),
    FaultRule("bedrock-runtime", "Converse", "http500", times=None, probability=0.1, seed=2),
    FaultRule("bedrock-runtime", "Converse", "throttle", times=None, probability=0.1, seed=3),
    FaultRule("bedrock-runtime", "Converse", "lost-reply", times=None, probability=0.05, seed=4),
    FaultRule("dynamodb", "UpdateItem", "lost-reply", times=None, probability=0.02, seed=5),
)


def converses_seen(folder: Path) -> int:
    """How many Converse requests reached the server, the failed ones included: each rule counts all it sees."""
    with closing(sqlite3.connect(folder / "sandbox.db")) as db:
        seen = db.execute("SELECT DISTINCT seen FROM faults WHERE operation = 'Converse'").fetchall()
    assert len(seen) == 1
    return int(seen[0][0])


def test_every_reservation_is_one_request_whatever_becomes_of_it(tmp_path: Path) -> None:
    folder_with_ledger(tmp_path, 1_000_000, faults=AILING)
    told = run(tmp_path, Fire(processes=16, calls=20))
    assert told["failed"] == 0
    found = books(tmp_path)
    approved = [event for event in found.events if event["costsentry.decision"] == "approved"]
    assert len(approved) == len({event["costsentry.reservation.id"] for event in approved}) == 16 * 20
    assert converses_seen(tmp_path) == len(approved) == found.counts[ALL].settled.requests
    endings = Counter(event["costsentry.ending"] for event in approved)
    assert min(endings[ending] for ending in ("succeeded", "failed", "unknown")) > 0, endings
    for event in approved:
        reserved, settled = (event[f"costsentry.{kind}.tokens"] for kind in ("reservation", "settlement"))
        if event["costsentry.ending"] == "unknown":
            assert settled == reserved
        elif event["costsentry.ending"] == "failed":
            assert (settled, event["error.type"].split()[0]) == (0, "CS0801")
    # Answers that were lost were billed: more than the successes, and never more than what is charged.
    spent = {limit: found.counts[limit].settled.tokens for limit in (SALES, SUPPORT)}
    assert spent == {
        limit: sum(e["costsentry.settlement.tokens"] for e in approved if limit in str(e["costsentry.limits"]))
        for limit in spent
    }
    assert endings["succeeded"] < found.calls < len(approved)
    assert sum(tokens for _, tokens, _ in found.billed.values()) <= sum(spent.values())
    assert not any(count.holds for count in found.counts.values())


def requests(folder: Path) -> int:
    """How many requests the sandbox has had."""
    with closing(sqlite3.connect(f"file:{folder / 'sandbox.db'}?mode=ro", uri=True, isolation_level=None)) as db:
        return int(db.execute("SELECT value FROM settings WHERE name = 'requests'").fetchone()[0])


@pytest.mark.parametrize("seed", range(3))
def test_the_command_itself_killed_under_load_leaves_nothing_uncounted(tmp_path: Path, seed: int) -> None:
    folder_with_ledger(tmp_path, 1_000_000)
    words = ["invoke", "--cost-center", "sales", "Hi", "--repeat", "5000", "--concurrency", "4"]
    process = subprocess.Popen(
        [sys.executable, "-m", "costsentry_cli", *words, "--audit-file", AUDIT],
        cwd=tmp_path,
        env=dict(os.environ) | {"COSTSENTRY_SANDBOX": "1", "COSTSENTRY_SANDBOX_DB": str(tmp_path / "sandbox.db")},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
    )
    until, deadline = requests(tmp_path) + Random(seed).randint(30, 120), time.monotonic() + PATIENCE
    while requests(tmp_path) < until and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.001)
    process.send_signal(signal.SIGKILL)
    _, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == -signal.SIGKILL, said
    found = books(tmp_path)
    calls, tokens, _ = found.billed["sales"]
    count = found.counts[SALES]
    assert calls <= count.settled.requests + count.held.requests <= calls + 4
    assert tokens <= count.committed.tokens
    assert len(found.events) <= count.settled.requests
