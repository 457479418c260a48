"""Stopping a batch: what is under way ends, the rest is not tried, and every call is told."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse

from costsentry_cli.domain.errors import SentryError
from costsentry_cli.domain.pacing import Interrupt, Pace, Patience
from stand_in import (
    CONVERSE,
    EMPTY,
    LISTING,
    TAGS,
    THROTTLED,
    answer,
    asked,
    door,
    still_door,
    tag_reads,
)


@pytest.mark.parametrize("width", [1, 8])
def test_after_an_interruption_what_was_begun_ends_and_the_rest_is_not_tried(width: int) -> None:
    def stopping(request: AWSPreparedRequest) -> AWSResponse:
        if len(behind.requests) >= stop_at:
            made.interrupt.set()
        return TAGS

    made, behind = still_door(stopping)
    calls = tag_reads(20)
    for stop_at in range(1, 21):
        made.interrupt, made.pace = Interrupt(), Pace(width, width)
        behind.requests.clear()
        outcomes = list(made.each(calls))
        assert [outcome.call for outcome in outcomes] == calls
        tried = [outcome for outcome in outcomes if outcome.tried]
        assert {asked(request) for request in behind.requests} == {outcome.index for outcome in tried}
        assert all(outcome.answer for outcome in tried)
        assert {o.error.code if o.error else "ok" for o in outcomes if not o.tried} <= {"CS0902"}
        assert stop_at <= len(tried) < stop_at + width
        assert made.interrupted


def test_once_interrupted_nothing_is_sent_any_more() -> None:
    made, behind = door(answer(EMPTY))
    made.interrupt.set()
    for call in (LISTING, CONVERSE):
        with pytest.raises(SentryError, match="not tried: interrupted") as failed:
            made.call(call)
        assert failed.value.code == "CS0902"
    assert [o.tried for o in made.each(tag_reads(3))] == [False] * 3
    assert (behind.requests, made.requests) == ([], 0)


def test_a_call_that_waits_for_its_second_attempt_ends_with_what_aws_said() -> None:
    made, behind = door(THROTTLED)
    made.patience = Patience(clock=lambda: 0.0, sleep=lambda _: made.interrupt.set())
    outcome = next(made.each(tag_reads(1)))
    assert outcome.error is not None
    assert (outcome.error.code, outcome.tried, len(behind.requests)) == ("CS0801", True, 1)


def test_ctrl_c_in_the_callers_own_code_stops_the_batch_too() -> None:
    made, _ = still_door(TAGS, width=1)
    before = signal.getsignal(signal.SIGINT)
    outcomes = []
    for outcome in made.each(tag_reads(10)):
        outcomes.append(outcome.tried)
        if len(outcomes) == 3:
            signal.raise_signal(signal.SIGINT)
    assert outcomes == sorted(outcomes, reverse=True)
    assert 3 <= sum(outcomes) == made.requests <= 4  # the fourth may have been under way
    assert signal.getsignal(signal.SIGINT) is before


def test_leaving_a_batch_early_restores_the_signal_handlers() -> None:
    made, _ = still_door(TAGS)
    before = signal.getsignal(signal.SIGINT)
    for _ in made.each(tag_reads(30)):
        break
    assert signal.getsignal(signal.SIGINT) is before
    assert len({outcome.index for outcome in made.each(tag_reads(5))}) == 5


# a process of its own

HELD = """
import os, sys, threading
from stand_in import answer, tag_reads
from costsentry_cli.aws import connect_to
from costsentry_cli.domain.pacing import Interrupt, Pace

class Told(Interrupt):
    def set(self):
        super().set()
        os.write(1, b"heard\\n")

def held(request, **_):
    os.write(1, b"sent\\n")
    go.wait()
    return answer({"tags": []})

def clock():
    clock.now += 1.0  # every signal comes a second after the one before
    return clock.now

clock.now = 0.0
go = threading.Event()
threading.Thread(target=lambda: (sys.stdin.readline(), go.set()), daemon=True).start()
door = connect_to(lambda session: session.register("before-send", held), "us-east-1")
door.interrupt, door.pace = Told(clock), Pace(4, 4)
for outcome in door.each(tag_reads(20)):
    print(outcome.index, outcome.tried, outcome.error.code if outcome.error else "ok")
print(door.requests, door.interrupted)
"""


@pytest.fixture
def held() -> Iterator[subprocess.Popen[str]]:
    """A process with twenty calls to make; four are under way and wait for a line on its stdin."""
    command = [sys.executable, "-c", HELD]
    paths = {"PYTHONPATH": os.pathsep.join(sys.path), "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, stdin=-1, stdout=-1, stderr=-1, text=True, env=paths) as process:
        assert process.stdout is not None
        try:
            assert [process.stdout.readline() for _ in range(4)] == ["sent\n"] * 4
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_lets_calls_under_way_end_and_tells_what_was_not_tried(
    held: subprocess.Popen[str], number: signal.Signals
) -> None:
    assert held.stdout is not None
    held.send_signal(number)
    assert held.stdout.readline() == "heard\n"
    out, err = held.communicate("go\n", timeout=30)
    done, rest = [f"{n} True ok" for n in range(4)], [f"{n} False CS0902" for n in range(4, 20)]
    assert (out.splitlines(), err, held.returncode) == ([*done, *rest, "4 True"], "", 0)


def test_a_second_ctrl_c_does_not_wait_for_the_calls_under_way(held: subprocess.Popen[str]) -> None:
    assert held.stdout is not None
    held.send_signal(signal.SIGINT)
    assert held.stdout.readline() == "heard\n"
    held.send_signal(signal.SIGINT)
    assert held.wait(timeout=30) == -signal.SIGINT
