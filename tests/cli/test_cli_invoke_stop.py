"""Ctrl-C and SIGTERM around a paid call: the call ends, its reservation is settled all the same."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from costsentry_cli.cli.stopping import Stop, Stoppable
from costsentry_cli.domain.calls import ApiCall
from costsentry_cli.domain.errors import SentryError

CALL = ApiCall("bedrock-runtime", "Converse", {}, paid=True)


class Paying:
    """Makes a call by doing this."""

    def __init__(self, doing: Callable[[], dict[str, Any]]) -> None:
        self.doing = doing
        self.made = 0

    def call(self, call: ApiCall) -> dict[str, Any]:
        del call
        self.made += 1
        return self.doing()


def told_to_stop() -> dict[str, Any]:
    signal.raise_signal(signal.SIGTERM)
    return {}


def hear(cloud: Stoppable, told: Callable[[int], object]) -> None:
    for event in cloud.call(CALL)["stream"]:
        told(event["n"])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_paid_call_at_once(number: signal.Signals) -> None:
    stop = Stop()
    cloud = Stoppable(Paying(lambda: signal.raise_signal(number) or {}), stop)
    with stop.listening(), pytest.raises(KeyboardInterrupt):
        cloud.call(CALL)


def test_before_the_call_it_waits_for_the_bookkeeping_and_then_nothing_is_sent() -> None:
    stop, paying = Stop(), Paying(dict)
    with stop.listening():
        told_to_stop()  # while reserving: nothing is raised
        with pytest.raises(SentryError) as refused:
            Stoppable(paying, stop).call(CALL)
    assert (refused.value.code, refused.value.undone, paying.made) == ("CS0902", True, 0)


def test_after_the_call_the_settlement_is_not_cut() -> None:
    stop, paying = Stop(), Paying(dict)
    with stop.listening():
        Stoppable(paying, stop).call(CALL)
        told_to_stop()  # while settling
    assert (stop.asked, paying.made) == (True, 1)


def test_who_insists_is_heard() -> None:
    stop = Stop()
    with stop.listening():
        told_to_stop()
        with pytest.raises(KeyboardInterrupt):
            told_to_stop()


def test_a_stream_ends_where_the_signal_finds_it() -> None:
    def events() -> Iterator[dict[str, Any]]:
        yield {"n": 1}
        told_to_stop()
        yield {"n": 2}

    stop = Stop()
    heard: list[int] = []
    with stop.listening(), pytest.raises(KeyboardInterrupt):
        hear(Stoppable(Paying(lambda: {"stream": events()}), stop), heard.append)
    assert heard == [1]


def test_a_signal_between_two_pieces_ends_the_stream_before_the_next() -> None:
    stop = Stop()
    heard: list[int] = []
    pieces = iter([{"n": 1}, {"n": 2}])
    with stop.listening(), pytest.raises(KeyboardInterrupt):
        hear(Stoppable(Paying(lambda: {"stream": pieces}), stop), lambda n: (heard.append(n), told_to_stop()))
    assert heard == [1]


def test_the_signals_mean_what_they_meant_afterwards() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with Stop().listening():
        assert signal.getsignal(signal.SIGTERM) != before
    assert signal.getsignal(signal.SIGTERM) == before
