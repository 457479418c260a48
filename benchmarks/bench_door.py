"""Many calls through the door: 200 calls of 50 ms each, against the serial floor; and how many requests were sent."""

from __future__ import annotations

import statistics
import threading
import time
from typing import Any

import botocore.session
from botocore.awsrequest import AWSResponse
from ratio import Row

from costsentry_cli.aws import Door, connect_to
from costsentry_cli.domain.calls import ApiCall

CALLS = 200
LATENCY = 0.05
RUNS = 5
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


if __name__ == "__main__":
    floor = CALLS * LATENCY
    ratio = statistics.median(wall() for _ in range(RUNS)) / floor
    print(Row(f"{CALLS} calls of {LATENCY * 1000:g} ms / one after the other", ratio, 1 / 15).line())
    print(f"that is 1/{1 / ratio:.0f} of the serial floor")
