"""Many calls through the door: 200 calls of 50 ms each, against the same one after the other."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import botocore.session
import goals
from botocore.awsrequest import AWSResponse
from ratio import Row, show

from costsentry_cli.aws import Door, connect_to
from costsentry_cli.domain.calls import ApiCall

CALLS = 200
LATENCY = 0.05
RUNS = 15
ARN = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/x"
READS = [ApiCall("bedrock", "ListTagsForResource", {"resourceARN": f"{ARN}{n:03}"}) for n in range(CALLS)]


class Body:
    """The raw stream of an answer without tags."""

    def stream(self) -> list[bytes]:
        """All of it."""
        return [b'{"tags": []}']


def slow(**_: Any) -> AWSResponse:
    """An answer after the latency."""
    threading.Event().wait(LATENCY)
    return AWSResponse("https://stand-in/", 200, {"content-type": "application/json"}, Body())


def plug(session: botocore.session.Session) -> None:
    """Put the slow answerer behind the session."""
    session.register("before-send", slow)


def warm_door() -> Door:
    """A door whose one client is made already and whose pace is new."""
    door = connect_to(plug, "us-east-1")
    door.call(READS[0])
    return door


def wall() -> float:
    """Seconds for all calls, the pace starting anew."""
    door = warm_door()
    before = time.perf_counter()
    failed = [outcome for outcome in door.each(READS) if outcome.error]
    seconds = time.perf_counter() - before
    if failed or door.requests != CALLS + 1:
        raise SystemExit(f"{len(failed)} calls failed, {door.requests} requests were sent")
    return seconds


def rows() -> Iterator[Row]:
    """The door's wall time as a share of the calls' own."""
    yield Row(goals.DOOR, tuple(wall() / (CALLS * LATENCY) for _ in range(RUNS)))


if __name__ == "__main__":
    show(rows())
