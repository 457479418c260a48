"""Pacing without AWS: pauses, the width that adapts, the budget of second attempts, and work side by side."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from costsentry_cli.domain.pacing import Batch, Interrupt, Pace, Patience, Verdict, retry_after, side_by_side

STILL = Patience(clock=lambda: 0.0, sleep=lambda _: None, dice=lambda: 1.0)


def round_of(pace: Pace, verdict: Verdict = Verdict.WELL) -> None:
    """One full round: everything that may be under way is begun, then all of it ends."""
    for number in [pace.begin() for _ in range(pace.width)]:
        pace.end(number, verdict)


def batch(calls: int, patience: Patience = STILL, interrupt: Interrupt | None = None) -> Batch:
    return Batch(calls, patience, interrupt or Interrupt())


# the width


def test_the_width_doubles_each_round_until_the_first_throttling_then_grows_by_one() -> None:
    pace = Pace(4, 64)
    running: list[int] = []

    def after(endings: int, verdict: Verdict = Verdict.WELL) -> int:
        for _ in range(endings):
            running.extend(pace.begin() for _ in range(pace.width - len(running)))
            pace.end(running.pop(0), verdict)
        return pace.width

    assert [after(4), after(8)] == [8, 16]
    assert after(1, Verdict.THROTTLED) == 8
    assert [after(8), after(9), after(10)] == [9, 10, 11]


def test_a_batch_begins_eight_wide_because_aws_publishes_no_rate() -> None:
    assert Pace().width == 8


def test_a_round_of_throttling_halves_once() -> None:
    pace = Pace(16, 32)
    numbers = [pace.begin() for _ in range(16)]
    for number in numbers:
        pace.end(number, Verdict.THROTTLED)
    assert pace.width == 8
    pace.end(pace.begin(), Verdict.THROTTLED)
    assert pace.width == 4


def test_a_width_nobody_uses_does_not_grow() -> None:
    pace = Pace(8, 32)
    for _ in range(100):
        pace.end(pace.begin(), Verdict.WELL)
    assert pace.width == 8


def test_other_errors_say_nothing_of_the_pace() -> None:
    pace = Pace(8, 32)
    round_of(pace, Verdict.OTHERWISE)
    assert pace.width == 8


@given(
    start=st.integers(-3, 50),
    bound=st.integers(-3, 50),
    steps=st.lists(st.tuples(st.booleans(), st.sampled_from(Verdict), st.integers(0, 99))),
)
def test_the_width_stays_between_one_and_the_bound_and_halves_once_a_round(
    start: int, bound: int, steps: list[tuple[bool, Verdict, int]]
) -> None:
    pace = Pace(start, bound)
    running: list[int] = []
    begun = halved_at = 0
    for begins, verdict, which in steps:
        before = pace.width
        if begins or not running:
            running.append(pace.begin())
            begun = running[-1]
        else:
            number = running.pop(which % len(running))
            pace.end(number, verdict)
            if pace.width < before:
                assert (verdict, pace.width) == (Verdict.THROTTLED, max(1, before // 2))
                assert number > halved_at, "halved twice in one round trip"
                halved_at = begun
            assert pace.width <= before + 1
        assert 1 <= pace.width <= max(1, bound)


@given(st.integers(1, 40), st.integers(0, 10))
def test_after_throttling_the_width_recovers_to_the_bound(bound: int, throttled: int) -> None:
    pace = Pace(8, bound)
    for _ in range(throttled):
        round_of(pace, Verdict.THROTTLED)
    for _ in range(2 * bound + 2):
        round_of(pace)
    assert pace.width == bound


# pauses


@example(3, 59.9, None, 1.0)
@example(3, 61.0, 5.0, 1.0)
@given(st.integers(0, 40), st.floats(0, 70), st.one_of(st.none(), st.floats(0, 1000)), st.floats(0, 1))
def test_no_pause_ends_after_the_deadline(attempt: int, elapsed: float, asked: float | None, dice: float) -> None:
    pause = Patience(dice=lambda: dice).wait(attempt, elapsed, asked)
    assert pause is None or 0 <= pause <= 60 - elapsed
    if pause is not None and asked is not None and pause < asked:
        assert pause == 60 - elapsed


def test_what_aws_asks_for_is_waited_with_jitter_on_top() -> None:
    assert STILL.wait(0, 0.0, 7.0) == pytest.approx(7.2)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "12"}, 12.0),
        ({"retry-after": " 3 "}, 3.0),
        ({"retry-after": "0"}, 0.0),
        ({"retry-after": "-5"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "²"}, None),
        ({"retry-after": "Mon, 23 Nov 2026 12:00:30 GMT", "date": "Mon, 23 Nov 2026 12:00:00 GMT"}, 30.0),
        ({"retry-after": "Mon, 23 Nov 2026 11:00:00 GMT", "date": "Mon, 23 Nov 2026 12:00:00 GMT"}, 0.0),
        ({"retry-after": "Mon, 23 Nov 2026 12:00:30 GMT"}, None),
        ({"retry-after": "Mon, 23 Nov 2026 12:00:30 GMT", "date": "Mon, 23 Nov 2026 12:00:00 -0000"}, None),
    ],
)
def test_retry_after_is_seconds_or_a_date_against_the_answers_own_clock(
    headers: dict[str, str], seconds: float | None
) -> None:
    assert retry_after(headers) == seconds


def test_an_interruption_ends_a_pause() -> None:
    stopping = Interrupt()
    group = batch(1, Patience(), stopping)
    threading.Thread(target=stopping.set).start()
    assert group.waits(30.0) is False


# the budget


def test_a_batch_has_two_second_attempts_for_each_call_and_never_fewer_than_twenty() -> None:
    def used(calls: int) -> int:
        group, count = batch(calls), 0
        while group.waits(0.1):
            count += 1
        return count

    assert [used(1), used(10), used(200)] == [20, 20, 400]


def test_nobody_waits_once_nothing_was_answered_for_a_deadline() -> None:
    now = [0.0]
    group = batch(200, Patience(clock=lambda: now[0], sleep=lambda _: None))
    now[0] = 61.0
    assert group.waits(0.1) is False
    group.answered()
    assert group.waits(0.1) is True


# side by side


class Crowd:
    """Work that counts how many are at it at once; ``meet`` of them must be there before any goes on."""

    def __init__(self, meet: int = 1, at: Callable[[int], None] = lambda _: None) -> None:
        self.barrier = threading.Barrier(meet)
        self.lock = threading.Lock()
        self.at = at
        self.begun: list[int] = []
        self.ended = 0
        self.most = 0

    def __call__(self, index: int) -> int:
        with self.lock:
            self.begun.append(index)
            self.most = max(self.most, len(self.begun) - self.ended)
        self.barrier.wait(timeout=20)
        self.at(index)
        with self.lock:
            self.ended += 1
        return index


def test_as_many_work_at_once_as_the_pace_allows_and_no_more() -> None:
    crowd = Crowd(meet=4)
    assert sorted(side_by_side(batch(12), Pace(4, 4), crowd)) == list(range(12))
    assert crowd.most == 4


def test_a_result_is_there_as_soon_as_its_work_has_ended() -> None:
    seen_others = threading.Event()
    crowd = Crowd(at=lambda index: None if index else (seen_others.wait(20), None)[1])
    results = []
    for result in side_by_side(batch(3), Pace(2, 2), crowd):
        results.append(result)
        if len(results) == 2:
            seen_others.set()
    assert results == [1, 2, 0]


def test_who_leaves_early_waits_for_what_is_under_way_and_nothing_more_is_begun() -> None:
    left = threading.Event()
    crowd = Crowd(at=lambda index: None if index == 0 else (left.wait(20), None)[1])
    results = side_by_side(batch(30), Pace(3, 3), crowd)
    assert next(results) == 0
    leaving = threading.Thread(target=results.close)
    leaving.start()
    left.set()
    leaving.join(20)
    assert (sorted(crowd.begun), crowd.ended) == ([0, 1, 2, 3], 4)


def test_a_defect_is_raised_after_the_results_of_what_was_under_way() -> None:
    failing = threading.Event()

    def work(index: int) -> int:
        if index == 0:
            failing.set()
            raise ZeroDivisionError
        failing.wait(20)
        return index

    seen: list[int] = []
    with pytest.raises(ZeroDivisionError):
        list(map(seen.append, side_by_side(batch(30), Pace(3, 3), work)))
    assert {1, 2} <= set(seen)


def test_nothing_is_begun_when_it_was_stopped_before() -> None:
    stopped = Interrupt()
    stopped.set()
    crowd = Crowd()
    assert list(side_by_side(batch(5, interrupt=stopped), Pace(), crowd)) == []
    assert crowd.begun == []
