"""Waiting on an injected clock."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costsentry_cli.domain.waiting import FIRST_PAUSE, LONGEST_PAUSE, wait_until
from fakes import FrozenClock


class Nap:
    """A wait that moves the clock and remembers how long each was."""

    def __init__(self, clock: FrozenClock) -> None:
        self.clock, self.seconds = clock, list[float]()

    def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)
        self.clock.move(timedelta(seconds=seconds))


def waited(needs: timedelta, deadline: timedelta) -> tuple[bool, list[float]]:
    """Wait for what is done after ``needs``."""
    clock = FrozenClock()
    nap, ready = Nap(clock), clock.now + needs
    return wait_until(lambda: clock.now >= ready, clock, nap, deadline), nap.seconds


def test_what_is_done_at_once_is_not_waited_for() -> None:
    assert waited(timedelta(0), timedelta(0)) == (True, [])


def test_the_pauses_double_up_to_five_minutes() -> None:
    assert waited(timedelta(minutes=20), timedelta(hours=1)) == (True, [30, 60, 120, 240, 300, 300, 300])


def test_the_last_look_is_at_the_deadline() -> None:
    assert waited(timedelta(seconds=100), timedelta(seconds=100)) == (True, [30, 60, 10])
    assert waited(timedelta(seconds=101), timedelta(seconds=100)) == (False, [30, 60, 10])


@given(needs=st.integers(0, 10_000), deadline=st.integers(0, 10_000))
def test_it_ends_by_the_deadline_and_is_done_exactly_when_that_was_enough(needs: int, deadline: int) -> None:
    done, pauses = waited(timedelta(seconds=needs), timedelta(seconds=deadline))
    assert done == (needs <= deadline)
    assert sum(pauses) <= deadline
    assert all(0 < pause <= LONGEST_PAUSE for pause in pauses)


def test_what_a_look_raises_passes() -> None:
    def broken() -> bool:
        raise ValueError("no")

    clock = FrozenClock()
    with pytest.raises(ValueError, match="no"):
        wait_until(broken, clock, Nap(clock), timedelta(seconds=FIRST_PAUSE))
