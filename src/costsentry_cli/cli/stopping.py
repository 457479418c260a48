"""Ctrl-C and SIGTERM around a paid call: they end the call, never the bookkeeping that follows it."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, Any

from costsentry_cli.domain.errors import INTERRUPTED, SentryError

if TYPE_CHECKING:
    from costsentry_cli.domain.calls import Answer, ApiCall
    from costsentry_cli.usecases.metering import Metering, Paying


class Stop:
    """Hears both signals. Inside ``open`` the first raises ``KeyboardInterrupt`` at once, elsewhere only a second does.

    What was reserved is so always settled, unless somebody insists.
    """

    def __init__(self) -> None:
        self.asked = False
        self._open = False

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Hear SIGINT and SIGTERM inside the block; one that the process ignores stays ignored."""
        numbers = [n for n in (signal.SIGINT, signal.SIGTERM) if signal.getsignal(n) not in (signal.SIG_IGN, None)]
        before = {number: signal.signal(number, self._heard) for number in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    @contextmanager
    def open(self) -> Iterator[None]:
        """The part that a signal may end at once."""
        self._open = True
        try:
            yield
        finally:
            self._open = False

    def _heard(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002 a signal handler's form
        again, self.asked = self.asked, True
        if self._open or again:
            raise KeyboardInterrupt


class Stoppable:
    """A ``Paying`` whose calls, streams included, a signal ends; one asked to stop before makes no call."""

    def __init__(self, cloud: Paying, stop: Stop) -> None:
        self._cloud = cloud
        self._stop = stop

    def call(self, call: ApiCall) -> Answer:
        """Make the call, unless it was asked to stop by now."""
        if self._stop.asked:
            raise SentryError(INTERRUPTED, "interrupted before the call was made: nothing was sent", undone=True)
        with self._stop.open():
            answer = self._cloud.call(call)
        return {**answer, "stream": self._watched(answer["stream"])} if "stream" in answer else answer

    def _watched(self, events: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
        remaining = iter(events)
        while True:
            if self._stop.asked:
                raise KeyboardInterrupt
            with self._stop.open():
                event = next(remaining, None)
            if event is None:
                return
            yield event


def stoppable(calls: Metering, stop: Stop) -> None:
    """Let the signals end the paid calls and the pauses between them."""
    calls.cloud = Stoppable(calls.cloud, stop)
    calls.wait = _pause(calls.wait, stop)


def _pause(wait: Callable[[float], None], stop: Stop) -> Callable[[float], None]:
    def paused(seconds: float) -> None:
        with stop.open():
            if stop.asked:
                raise KeyboardInterrupt
            wait(seconds)

    return paused
