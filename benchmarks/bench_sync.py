"""Sync against a service that takes 50 ms to answer: 200 creates, and a second look at 1,000 unchanged profiles.

Each is a ratio of wall time to its serial floor in the same run: the number of calls x 50 ms.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from ratio import Row

from account_http import answered
from accounts import Account
from costsentry_cli.aws import Door, connect_to
from costsentry_cli.domain.kinds import KINDS
from costsentry_cli.domain.manifest.types import Manifest
from costsentry_cli.domain.plan import Plan, Wishes
from costsentry_cli.manifest_file import read
from costsentry_cli.usecases import sync
from costsentry_cli.usecases.apply import apply
from fakes import ACCOUNT, NOON
from stand_in import LISTING, StandIn

LATENCY = 0.05
GOAL = 1 / 15
RUNS = 3
MANIFEST = """\
version: 1
namespace: bench
regions: [us-east-1]
models: {{haiku: us.anthropic.claude-haiku-4-5-20251001-v1:0}}
profiles:
  - name: p-{{costCenter}}
    model: haiku
    tags: {{costCenter: [{centres}]}}
"""


def manifest(profiles: int) -> Manifest:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "profiles.yaml"
        path.write_text(MANIFEST.format(centres=", ".join(f"c{n:04}" for n in range(profiles))), encoding="utf-8")
        return read(path)


def door_to(account: Account, latency: float) -> Door:
    def slowly(request: AWSPreparedRequest) -> AWSResponse:
        time.sleep(latency)
        return answered(account, request)

    return connect_to(StandIn(slowly).plug, "us-east-1")


def planned(door: Door, wanted: Manifest) -> Plan:
    return sync.plan({ACCOUNT: door}, wanted, KINDS, "us-east-1", Wishes(), NOON)


def opened(account: Account, latency: float) -> Door:
    """A door whose client is made: a tenth of a second of CPU, once in a process."""
    door = door_to(account, latency)
    door.call(LISTING)
    door.requests = 0
    return door


def measured(work: Callable[[Door], object], door: Door) -> tuple[float, float, int]:
    """Wall and CPU seconds of the work, and how many requests it took."""
    wall, cpu = time.perf_counter(), time.process_time()
    work(door)
    return time.perf_counter() - wall, time.process_time() - cpu, door.requests


def report(what: str, runs: list[tuple[float, float, int]], floor_calls: int | None = None) -> None:
    """The best of the runs: what else the machine does only adds."""
    wall, cpu, requests = min(runs)
    floor = (floor_calls or requests) * LATENCY
    print(Row(what, wall / floor, GOAL).line())
    each = cpu / requests * 1000
    print(f"    {wall / floor:.4f}; {requests} requests; CPU {cpu / wall:.0%} of the time, {each:.2f} ms a request")


def first_sync(door: Door) -> None:
    clouds = {ACCOUNT: door}
    done = apply(clouds, planned(door, TWO_HUNDRED), time.sleep)
    assert len(done) == 200
    assert all(one.error is None for one in done)


def second_sync(door: Door) -> None:
    assert planned(door, THOUSAND).calls == ()


TWO_HUNDRED, THOUSAND = manifest(200), manifest(1000)

if __name__ == "__main__":
    warm = door_to(Account(), 0)  # the catalogue and the service models are read once in a process
    apply({ACCOUNT: warm}, planned(warm, TWO_HUNDRED), time.sleep)
    runs = [measured(first_sync, door_to(Account(), LATENCY)) for _ in range(RUNS)]
    report("sync of 200 creates / 200 x 50 ms", runs, 200)
    runs = [measured(first_sync, opened(Account(), LATENCY)) for _ in range(RUNS)]
    report("  the same, the client being made already", runs, 200)
    full = Account()
    filling = door_to(full, 0)
    apply({ACCOUNT: filling}, planned(filling, THOUSAND), time.sleep)
    runs = [measured(second_sync, door_to(full, LATENCY)) for _ in range(RUNS)]
    report("second sync of 1,000 unchanged / its calls x 50 ms", runs)
