"""Many calls through the door: throttling, stopping, and the number of requests that were sent."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.exceptions import ConnectTimeoutError

from costsentry_cli.aws import Door
from costsentry_cli.domain.errors import SentryError
from costsentry_cli.domain.pacing import Interrupt, Pace, Patience
from stand_in import CONVERSE, EMPTY, LISTING, StandIn, Time, answer, door, refusal, tag_reads

STILL = Patience(clock=lambda: 0.0, sleep=lambda _: None)
TAGS = answer({"tags": []})
THROTTLED = refusal("ThrottlingException", 429)


def still_door(*answers: object, width: int = 8) -> tuple[Door, StandIn]:
    """A door whose clock stands still: nothing is ever late."""
    made, behind = door(*answers)
    made.patience, made.pace = STILL, Pace(width, max(width, 1))
    return made, behind


def asked(request: AWSPreparedRequest) -> int:
    """Which of the tag reads it is."""
    return int(json.loads(request.body)["resourceARN"][-3:])


class Moody:
    """Throttles a share of the requests, by seeded dice."""

    def __init__(self, share: float, seed: int) -> None:
        self.share = share
        self.dice = random.Random(seed)
        self.lock = threading.Lock()

    def __call__(self, request: AWSPreparedRequest) -> AWSResponse:
        with self.lock:
            return THROTTLED if self.dice.random() < self.share else TAGS


# throttling


@pytest.mark.parametrize("seed", range(3))
def test_with_three_in_ten_throttled_all_ends_well_within_three_requests_a_call(seed: int) -> None:
    made, behind = still_door(Moody(0.3, seed))
    outcomes = list(made.each(tag_reads(200)))
    assert [o.index for o in outcomes if o.error] == []
    assert 200 < made.requests == len(behind.requests) <= 600
    assert made.pace.width < 8


def test_even_when_everything_is_throttled_no_more_than_three_requests_a_call_are_sent() -> None:
    made, behind = still_door(THROTTLED)
    outcomes = list(made.as_ended(tag_reads(50)))
    assert {o.error.code for o in outcomes if o.error} == {"CS0801"}
    assert all(o.tried for o in outcomes)
    assert len(behind.requests) == 150
    assert made.pace.width == 1


def test_a_service_that_refuses_for_a_whole_deadline_is_asked_once_by_each_further_call() -> None:
    time = Time()
    made, behind = door(THROTTLED, time=time)
    made.pace = Pace(1, 1)
    outcomes = list(made.each(tag_reads(40)))
    assert len(outcomes) == 40
    assert time.now <= made.patience.deadline
    assert len(behind.requests) == len(time.naps) + 40


def test_a_batch_that_takes_longer_than_a_deadline_keeps_its_second_attempts_while_calls_end_well() -> None:
    time = Time()

    def slow(request: AWSPreparedRequest) -> AWSResponse:
        time.now += 25.0
        return THROTTLED if len(behind.requests) % 2 else TAGS

    made, behind = door(slow, time=time)
    made.pace = Pace(1, 1)
    assert [outcome.error for outcome in made.each(tag_reads(6))] == [None] * 6
    assert len(behind.requests) == 12


def test_without_throttling_the_width_grows_to_the_bound_and_no_request_is_sent_twice() -> None:
    met = threading.Barrier(12)
    first = iter(range(12))
    lock = threading.Lock()

    def held(request: AWSPreparedRequest) -> AWSResponse:
        with lock:
            one_of_the_first = next(first, None) is not None
        if one_of_the_first:
            met.wait(20)  # all twelve are on their way at once, or this breaks
        return TAGS

    made, _ = still_door(held, width=12)
    made.pace = Pace(12, 16)
    assert len(list(made.as_ended(tag_reads(200)))) == 200
    assert (made.pace.width, made.requests) == (16, 200)


def test_retry_after_is_honoured() -> None:
    time = Time()
    made, _ = door(answer({"message": "slow"}, 503, {"retry-after": "7"}), answer(EMPTY), time=time)
    made.call(LISTING)
    assert time.naps == [pytest.approx(7.2)]


def test_a_retry_after_beyond_the_deadline_is_cut_to_it() -> None:
    time = Time()
    made, behind = door(answer({"message": "slow"}, 503, {"retry-after": "300"}), time=time)
    with pytest.raises(SentryError) as failed:
        made.call(LISTING)
    assert (failed.value.code, time.naps, len(behind.requests)) == ("CS0806", [60.0], 2)


def test_a_request_the_library_refuses_to_send_is_not_counted() -> None:
    made, _ = door(answer(EMPTY))
    bad = tag_reads(1)[0]
    outcomes = list(made.as_ended([type(bad)(bad.service, bad.operation, {"resourceARN": 7})]))
    assert outcomes[0].error is not None
    assert made.requests == 0


def test_a_request_that_is_never_answered_is_counted() -> None:
    made, _ = door(ConnectTimeoutError(endpoint_url="https://stand-in/"), answer(EMPTY))
    made.call(LISTING)
    assert made.requests == 2


def test_outcomes_come_as_calls_end_and_say_which_call_it_was() -> None:
    others = threading.Event()
    made, _ = still_door(lambda request: TAGS if asked(request) else (others.wait(20), TAGS)[1], width=4)
    calls = tag_reads(10)
    seen = []
    for outcome in made.as_ended(calls):
        assert outcome.call is calls[outcome.index]
        seen.append(outcome.index)
        if len(seen) == 9:
            others.set()
    assert (seen[-1], sorted(seen)) == (0, list(range(10)))


def test_ordered_outcomes_do_not_wait_for_later_calls() -> None:
    first_seen = threading.Event()
    made, _ = still_door(lambda request: (first_seen.wait(20), TAGS)[1] if asked(request) else TAGS, width=4)
    outcomes = made.each(tag_reads(4))
    assert next(outcomes).index == 0
    first_seen.set()
    assert [outcome.index for outcome in outcomes] == [1, 2, 3]


def test_ordered_outcomes_keep_the_order_when_the_first_call_ends_last() -> None:
    third = threading.Event()

    def by_turns(request: AWSPreparedRequest) -> AWSResponse:
        if asked(request) == 3:  # two at once: by now 1 and 2 have ended
            third.set()
        return TAGS if asked(request) else (third.wait(20), TAGS)[1]

    made, _ = still_door(by_turns, width=2)
    assert [outcome.index for outcome in made.each(tag_reads(5))] == [0, 1, 2, 3, 4]


# stopping


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
