"""Sync against a service that takes 50 ms to answer: 200 creates, and a second look at 1,000 unchanged profiles.

Wall time against the serial floor (the number of requests x 50 ms) in a process that is warm but for its client, and as
a whole process over HTTP against a loop of the AWS CLI. That loop takes minutes: it is extrapolated from a few calls.
"""

from __future__ import annotations

import gc
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

import goals
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from loopback import served
from ratio import AWS, SENTRY, Row, show, spent

import fakes
from account_http import answered
from accounts import Account
from costsentry_cli.__main__ import COLLECT_AFTER
from costsentry_cli.aws import Door, connect_to
from costsentry_cli.domain.manifest.types import Manifest
from costsentry_cli.domain.plan import Plan, Wishes
from costsentry_cli.manifest_file import read
from costsentry_cli.usecases import sync
from costsentry_cli.usecases.apply import apply
from fakes import ACCOUNT
from stand_in import StandIn

LATENCY = 0.05
PROFILES = 200
RUNS = 15
CLI_RUNS, CLI_CALLS = 5, 4
HAIKU = "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-haiku-4-5-20251001-v1:0"
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


def text(profiles: int) -> str:
    return MANIFEST.format(centres=", ".join(f"c{n:04}" for n in range(profiles)))


def manifest(profiles: int) -> Manifest:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "profiles.yaml"
        path.write_text(text(profiles), encoding="utf-8")
        return read(path)


def door_to(account: Account, latency: float) -> Door:
    def slowly(request: AWSPreparedRequest) -> AWSResponse:
        time.sleep(latency)
        return answered(account, request)

    return connect_to(StandIn(slowly).plug, "us-east-1")


def planned(door: Door, wanted: Manifest) -> Plan:
    return sync.plan({ACCOUNT: door}, wanted, fakes.PROFILES, fakes.home(wanted), Wishes(), fakes.NOON)


def share(work: Callable[[Door], object], door: Door) -> float:
    """The wall time of the work as a share of its requests' latency."""
    before = time.perf_counter()
    work(door)
    return (time.perf_counter() - before) / (door.requests * LATENCY)


def first_sync(door: Door) -> None:
    clouds = {ACCOUNT: door}
    done = apply(clouds, planned(door, FEW), time.sleep)
    assert len(done) == PROFILES
    assert all(one.error is None for one in done)


def second_sync(door: Door) -> None:
    assert planned(door, MANY).calls == ()


def created(number: int) -> tuple[str, ...]:
    """The AWS CLI's command for one profile."""
    name = ("--inference-profile-name", f"p-c{number:04}", "--model-source", f"copyFrom={HAIKU}")
    return (*AWS, "bedrock", "create-inference-profile", *name, "--tags", f"key=costCenter,value=c{number:04}")


def against_the_cli() -> float:
    """A whole ``sentry profiles sync`` as a share of the AWS CLI's loop over the same creations."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "profiles.yaml"
        path.write_text(text(PROFILES), encoding="utf-8")
        with served(LATENCY) as reached:
            ours = spent((*SENTRY, "profiles", "sync", "--yes", "-f", str(path), "-o", "json"), **reached)
    with served(LATENCY) as reached:
        one = statistics.median(spent(created(number), **reached).wall for number in range(CLI_CALLS))
    return ours.wall / (PROFILES * one)


FEW, MANY = manifest(PROFILES), manifest(1000)


def rows() -> Iterator[Row]:
    """The first sync, the same against the AWS CLI, the second sync."""
    gc.set_threshold(COLLECT_AFTER)  # as the command does
    full = Account()
    filling = door_to(full, 0)  # the catalogue and the service models are read once in a process
    apply({ACCOUNT: filling}, planned(filling, MANY), time.sleep)
    yield Row(goals.SYNC, tuple(share(first_sync, door_to(Account(), LATENCY)) for _ in range(RUNS)))
    yield Row(goals.SYNC_CLI, tuple(against_the_cli() for _ in range(CLI_RUNS)))
    yield Row(goals.SECOND, tuple(share(second_sync, door_to(full, LATENCY)) for _ in range(RUNS)))


if __name__ == "__main__":
    show(rows())
