"""Many real processes that make metered calls on one sandbox, and are killed in the middle of them.

Run as a program (``callers.py FOLDER '{...}'``, see ``Fire``) it forks the callers from one warm process, so that each
is there at once, and prints what it did as JSON. What was spent is not asked of it: ``Books`` reads that from the
sandbox's own table of calls, and what was counted from the ledger's items.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
import traceback
from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from switch import Switch

from costsentry_cli.aws import connect_to
from costsentry_cli.cli.audit_file import AuditFile
from costsentry_cli.cli.context import Context, Target, sandbox_context
from costsentry_cli.cli.metering import metering
from costsentry_cli.domain.calls import PAID_READ_TIMEOUT, ApiCall
from costsentry_cli.domain.ledger.counters import NANOS, Count
from costsentry_cli.domain.ledger.dynamodb import DynamoLedger
from costsentry_cli.domain.ledger.gate import hold_seconds
from costsentry_cli.domain.metering.reply import Prepared
from costsentry_cli.domain.metering.request import of_options
from costsentry_cli.domain.plan import Wishes
from costsentry_cli.manifest_file import read
from costsentry_cli.sandbox import FaultRule, Sandbox
from costsentry_cli.usecases import sync
from costsentry_cli.usecases.apply import apply
from fakes import ACCOUNT, PROFILES, PROFILES_ALONE, FrozenClock, home, write_manifest

LIMITS = """\
limits:
  - {{match: {{costCenter: sales}}, per: day, tokens: {tokens}}}
  - {{match: {{costCenter: support}}, per: day, usd: {usd}}}
  - {{match: {{model: haiku}}, per: month, requests: 1000000}}
"""
TABLE = "costsentry-docs-helper"
CREATE_TABLE = ApiCall(
    "dynamodb",
    "CreateTable",
    {
        "TableName": TABLE,
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
        "BillingMode": "PAY_PER_REQUEST",
    },
)
CENTRES = ("sales", "support")
SALES, SUPPORT, ALL = "costCenter=sales/day", "costCenter=support/day", "model=haiku/month"
LIFETIME = hold_seconds(PAID_READ_TIMEOUT)
AUDIT = "audit.jsonl"


@dataclass(frozen=True)
class Fire:
    """What a run does: so many callers, each until a limit denies it (or ``calls`` were made). With ``kills``, each
    after up to ``apart`` further requests, they go on until all are done, denied or not."""

    processes: int
    kills: int = 0
    calls: int = 1_000_000
    apart: int = 8
    seed: int = 0
    max_tokens: int = 120


@dataclass(frozen=True)
class Books:
    """What a run left behind, read from outside: ``billed`` by cost centre (calls, tokens, nano-USD) from the
    sandbox's calls, the counters from the ledger, the audit events from their file (``cut`` lines of it are none)."""

    billed: Mapping[str, tuple[int, int, int]]
    counts: Mapping[str, Count]
    events: tuple[Mapping[str, Any], ...]
    cut: int

    @property
    def calls(self) -> int:
        """How many calls the sandbox served."""
        return sum(calls for calls, _, _ in self.billed.values())


def clock() -> FrozenClock:
    """The day of every run: it does not end in the middle of one."""
    return FrozenClock()


def folder_with_ledger(folder: Path, tokens: int, usd: str = "1000", faults: tuple[FaultRule, ...] = ()) -> Path:
    """A manifest with three limits, and a sandbox with its profiles and its table."""
    write_manifest(folder, PROFILES_ALONE + LIMITS.format(tokens=tokens, usd=usd))
    sandbox = Sandbox(folder / "sandbox.db", clock=clock())
    context, manifest = sandbox_context(sandbox, "us-east-1"), read(folder / "profiles.yaml")
    clouds = {ACCOUNT: context.cloud}
    plan = sync.plan(clouds, manifest, PROFILES, home(manifest), Wishes(), context.clock())
    assert not [done.error for done in apply(clouds, plan, lambda _: None) if done.error]
    context.cloud.call(CREATE_TABLE)
    for fault in faults:
        sandbox.add_fault(fault)
    sandbox.store.close()
    return folder


def run(folder: Path, fire: Fire, timeout: float = 300) -> dict[str, Any]:
    """Run the callers; what they say of themselves: ``seconds``, ``kills``, and where the kills hit them."""
    command = [sys.executable, __file__, str(folder), json.dumps(asdict(fire))]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=timeout)
    assert ended.returncode == 0, ended.stderr
    told: dict[str, Any] = json.loads(ended.stdout)
    return told


def ledger_of(folder: Path, later: timedelta = timedelta(0)) -> DynamoLedger:
    """The ledger as the next client finds it, so much later."""
    day = clock()
    day.move(later)
    return DynamoLedger(sandbox_context(Sandbox(folder / "sandbox.db", clock=day), "us-east-1").cloud, TABLE)


def books(folder: Path) -> Books:
    """Close the books."""
    billed: dict[str, tuple[int, int, int]] = {}
    with closing(sqlite3.connect(folder / "sandbox.db")) as db:
        rows = db.execute("SELECT tags, input_tokens + output_tokens, costs FROM calls WHERE outcome = 'ok'").fetchall()
    for tags, tokens, costs in rows:
        money = sum(Decimal(str(part)) for part in json.loads(costs).values()) * NANOS
        calls, sum_of_tokens, sum_of_money = billed.get(centre := json.loads(tags)["costCenter"], (0, 0, 0))
        billed[centre] = (calls + 1, sum_of_tokens + tokens, sum_of_money + int(money))
    counts: dict[str, Count] = {}
    for key, count in ledger_of(folder).read().items():  # of every window: the command's own day may end
        counts[key.limit] = _together(counts.get(key.limit, Count()), count)
    file = AuditFile(folder / AUDIT)
    events = tuple(file) if file.path.exists() else ()
    return Books(billed, counts, events, file.unreadable)


def _together(one: Count, two: Count) -> Count:
    return Count(one.committed + two.committed, one.settled + two.settled, {**one.holds, **two.holds})


def expire_all(folder: Path) -> int:
    """What ``charge`` makes of every hold whose time is over, once it is; how many there were."""
    later = timedelta(seconds=LIFETIME + 2)
    ledger, now = ledger_of(folder, later), int((clock()() + later).timestamp())
    holds = [(key, hold) for key, count in ledger.read().items() for hold in count.overdue(now)]
    return sum(ledger.expire(key, hold, now, "charge") for key, hold in holds)


class Nursery:
    """Forks callers that have everything loaded, and kills them."""

    def __init__(self, folder: Path, fire: Fire) -> None:
        self.folder, self.fire, self.dice = folder, fire, random.Random(fire.seed)
        self.switch = Switch(self._warm(), fire.processes)
        door = connect_to(self.switch.plug, "us-east-1")
        context = Context(door, Target("sandbox", ACCOUNT, "us-east-1"), clock())
        self.calls = metering(read(folder / "profiles.yaml"), context, audit_file=folder / AUDIT)
        self.ready = {centre: self._ready(centre) for centre in CENTRES}
        assert self.calls.run(self.ready["sales"][0]).error is None  # every client is made, every module loaded
        (folder / AUDIT).unlink()
        self.switch.sandbox.store.close()
        for name in ("warm.db", "warm.db-wal", "warm.db-shm"):
            (folder / name).unlink(missing_ok=True)
        self.switch.notes[0] = self.switch.notes[1] = 0
        self.gate, self.opener = os.pipe()
        self.pid = os.getpid()

    def _warm(self) -> Sandbox:
        """A copy to load everything with."""
        target = self.folder / "warm.db"
        with closing(sqlite3.connect(self.folder / "sandbox.db")) as db, closing(sqlite3.connect(target)) as copy:
            db.backup(copy)
            copy.execute("DELETE FROM faults")
            copy.commit()
        return Sandbox(target, clock=clock())

    def _ready(self, centre: str) -> list[Prepared]:
        most, dice = self.fire.max_tokens, random.Random(centre)
        prompts = [" ".join(["word"] * dice.randint(3, 80)) + f" {number}" for number in range(12)]
        asked = [of_options(p, parameters={"max_tokens": most}, tags={"costCenter": centre}) for p in prompts]
        return [self.calls.prepare(request) for request in asked]

    def run(self) -> dict[str, Any]:
        """Start all at once, kill, wait for the rest."""
        begun = time.monotonic()
        living = [self._forked(number, number) for number in range(self.fire.processes)]
        os.close(self.opener)
        self.opener = -1
        hits = Counter(self._kill(living, kill) for kill in range(self.fire.kills))
        self.switch.notes[-1] = self.fire.kills
        failed = sum(os.waitpid(pid, 0)[1] != 0 for pid in living)
        seconds = round(time.monotonic() - begun, 1)
        outside = hits["gone"] + hits["in birth"]
        return {"seconds": seconds, "kills": sum(hits.values()) - outside, "hits": hits, "failed": failed}

    def _forked(self, number: int, seed: int) -> int:
        """A new caller; it begins when the gate is opened."""
        pid = os.fork()
        if pid:
            return pid
        status = 1
        try:
            if self.opener >= 0:
                os.close(self.opener)
            self.switch.number = number
            self.switch.sandbox = Sandbox(self.folder / "sandbox.db", clock=clock())
            os.read(self.gate, 1)
            self._call(random.Random(seed), self.ready[CENTRES[number % len(CENTRES)]])
            status = 0
        except BaseException:  # noqa: BLE001 - the end of a process, told to whoever looks
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(status)

    def _call(self, dice: random.Random, ready: list[Prepared]) -> None:
        for _ in range(self.fire.calls):
            if self.switch.notes[-1] or os.getppid() != self.pid:  # all kills are done, or nobody waits any more
                return
            reply = self.calls.run(dice.choice(ready))
            if not self.fire.kills and reply.error is not None and reply.error.code == "CS0206":
                return

    def _kill(self, living: list[int], kill: int) -> str:
        """One kill -9 at a random moment; where it hit, ``gone`` when it came too late. Another caller takes over."""
        until = self.switch.requests() + self.dice.randint(1, self.fire.apart)
        deadline = time.monotonic() + 30
        while self.switch.requests() < until and time.monotonic() < deadline:
            time.sleep(0.0003)
        number = self.dice.randrange(len(living))
        place = self.switch.place(number)
        os.kill(living[number], signal.SIGKILL)
        killed = os.WIFSIGNALED(os.waitpid(living[number], 0)[1])
        self.switch.notes[2 * number] = 0
        living[number] = self._forked(number, 1000 + kill)
        return place if killed else "gone"


if __name__ == "__main__":
    print(json.dumps(Nursery(Path(sys.argv[1]), Fire(**json.loads(sys.argv[2]))).run()))
