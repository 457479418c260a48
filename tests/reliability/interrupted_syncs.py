"""A process that is sent Ctrl-C at each request of a sync of twenty; one JSON line for each."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from sync_world import duplicates, errors, orphans, planned, synced, wanted

from account_http import answered
from accounts import Account
from costsentry_cli.aws import Door
from costsentry_cli.domain.plan import Wishes
from costsentry_cli.usecases import sync
from costsentry_cli.usecases.apply import apply
from fakes import ACCOUNT, NOON, PROFILES, FrozenClock, home
from stand_in import door

TWENTY = wanted(range(20))
PATIENCE = 0.3


class Service:
    """Answers from an account; the request with this number presses Ctrl-C and waits until it was heard."""

    def __init__(self, account: Account, at: int) -> None:
        self.account, self.at = account, at
        self.door: Door | None = None
        self.began = 0
        self.lock = threading.Lock()

    def __call__(self, request: AWSPreparedRequest) -> AWSResponse:
        with self.lock:
            self.began += 1
            pressed = self.began == self.at
        if pressed:
            os.kill(os.getpid(), signal.SIGINT)
            given_up = time.monotonic() + PATIENCE
            while self.door is not None and not self.door.interrupted and time.monotonic() < given_up:
                threading.Event().wait(0.001)
        return answered(self.account, request)


def interrupted(at: int) -> dict[str, object]:
    """One sync, Ctrl-C at its request ``at`` after the plan, and the run after it."""
    account = Account(FrozenClock(NOON))
    service = Service(account, 0)
    service.door, _ = door(service)
    clouds = {ACCOUNT: service.door}
    plan = sync.plan(clouds, TWENTY, PROFILES, home(TWENTY), Wishes(), NOON)
    service.began, service.at = 0, at
    told: dict[str, object] = {"at": at, "raised": False, "heard": False}
    try:
        done = apply(clouds, plan, lambda _: None)
        told |= {
            "done": sum(one.error is None for one in done),
            "failed": sorted(one.error.code for one in done if one.error is not None and one.tried),
            "not_tried": sum(not one.tried for one in done),
            "unknown": sum(one.error is None and one.arn not in account.profiles for one in done),
        }
    except KeyboardInterrupt:
        told["raised"] = True
    told |= {"heard": service.door.interrupted, "made": len(account.profiles), "requests": service.began}
    again = synced(account, TWENTY)
    left = planned(account, TWENTY).pending
    return told | {
        "again": errors(again),
        "pending": left,
        "twice": duplicates(account) + orphans(account),
        "there": len(account.profiles),
    }


if __name__ == "__main__":
    for number in map(int, sys.argv[1:]):
        print(json.dumps(interrupted(number)), flush=True)
