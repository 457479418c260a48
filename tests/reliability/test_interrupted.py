"""Ctrl-C during a sync: what is under way ends, every outcome is told, and the next run does the rest."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from sync_world import duplicates, errors, orphans, planned, synced, wanted

from account_http import answered
from accounts import Account
from costsentry_cli.aws import Door
from costsentry_cli.domain.plan import Wishes
from costsentry_cli.usecases import sync
from costsentry_cli.usecases.apply import Applied, apply
from fakes import ACCOUNT, NOON, PROFILES, FrozenClock, home
from stand_in import door

HERE = Path(__file__).parent
TWENTY = wanted(range(20))
POINTS = range(1, 22)
WIDTH = 8
"""Calls under way at once in the beginning; each success adds one."""


class Stopping:
    """Answers from an account; at the request with this number the work is told to stop."""

    def __init__(self, account: Account, at: int) -> None:
        self.account, self.at = account, at
        self.door: Door | None = None
        self.began = 0
        self.lock = threading.Lock()

    def __call__(self, request: AWSPreparedRequest) -> AWSResponse:
        with self.lock:
            self.began += 1
            if self.began == self.at and self.door is not None:
                self.door.interrupt.set()
        return answered(self.account, request)


def stopped(account: Account, at: int) -> tuple[tuple[Applied, ...], int]:
    """A sync that is told to stop at its writing request ``at``: the outcomes, and how many requests were sent."""
    service = Stopping(account, 0)
    service.door, _ = door(service)
    clouds = {ACCOUNT: service.door}
    plan = sync.plan(clouds, TWENTY, PROFILES, home(TWENTY), Wishes(), NOON)
    service.began, service.at = 0, at
    return apply(clouds, plan, lambda _: None), service.began


@pytest.mark.parametrize("at", POINTS)
def test_told_to_stop_at_any_request_every_outcome_is_told_and_the_next_run_does_the_rest(at: int) -> None:
    account = Account(FrozenClock(NOON))
    done, requests = stopped(account, at)
    assert len(done) == 20
    untried = [one for one in done if not one.tried]
    assert {one.error.code for one in done if one.error is not None} <= {"CS0902"}
    assert len(account.profiles) == 20 - len(untried)  # what was tried was made, and nothing else
    assert requests <= at + 2 * WIDTH + at
    assert errors(synced(account, TWENTY)) == []
    assert not planned(account, TWENTY).pending
    assert (len(account.profiles), duplicates(account), orphans(account)) == (20, 0, 0)


def test_what_was_made_before_the_stop_is_told_as_done() -> None:
    account = Account(FrozenClock(NOON))
    done, _ = stopped(account, 5)
    assert len(account.profiles) == sum(one.error is None for one in done)


@pytest.fixture(scope="module")
def pressed() -> list[dict[str, Any]]:
    """What a process tells that is sent Ctrl-C at each of the points."""
    environment = dict(os.environ) | {"PYTHONPATH": os.pathsep.join([str(HERE), str(HERE.parent), *sys.path])}
    ended = subprocess.run(
        [sys.executable, str(HERE / "interrupted_syncs.py"), *map(str, POINTS)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return [json.loads(line) for line in ended.stdout.splitlines()]


def test_after_ctrl_c_at_any_request_the_next_run_converges(pressed: list[dict[str, Any]]) -> None:
    assert [one["at"] for one in pressed] == list(POINTS)
    assert all((one["again"], one["pending"], one["twice"], one["there"]) == ([], False, 0, 20) for one in pressed)


def test_ctrl_c_is_heard_and_every_outcome_is_told(pressed: list[dict[str, Any]]) -> None:
    for one in pressed[:-1]:
        assert (one["raised"], one["heard"]) == (False, True)
        assert one["done"] + len(one["failed"]) + one["not_tried"] == 20
        assert one["made"] == 20 - one["not_tried"]
