"""How calls to AWS are paced: how long to wait, how many at once, how often again, and when to stop.

Nothing here knows AWS's client library. Clocks, sleep and dice are injected; seconds are floats.
"""

from __future__ import annotations

import random
import signal
import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from enum import Enum, auto
from queue import SimpleQueue
from types import FrameType
from typing import Any, Generic, TypeVar

R = TypeVar("R")

SLICE = 0.1  # an interruption ends a pause within this many seconds
DOUBLE = 0.1  # wrappers pass on a Ctrl-C the terminal has sent already; no hand presses twice so fast
BOOKS_DEADLINE = 10.0
"""Seconds that a call's own bookkeeping (ledger, metrics, record) is tried again: somebody waits for the answer."""
RETRIES_PER_CALL = 2
LEAST_RETRIES = 20


@dataclass(frozen=True)
class Patience:
    """How retries are paced: a deadline for one call in seconds, full jitter, a cap; clock and dice are injected.

    ``sleep`` None sleeps so that an interruption ends the pause. ``told`` hears of each retry and the seconds so far.
    """

    deadline: float = 60.0
    first: float = 0.2
    cap: float = 8.0
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] | None = None
    dice: Callable[[], float] = random.random
    told: Callable[[str, float], None] = lambda _, __: None

    def pause(self, attempt: int) -> float:
        """Seconds to wait after the attempt with this number (from 0)."""
        return self.dice() * min(self.cap, self.first * 2.0**attempt)

    def wait(self, attempt: int, elapsed: float, asked: float | None = None) -> float | None:
        """The pause that is left to a call begun ``elapsed`` seconds ago, or None when it would end too late.

        ``asked`` is AWS's own wish (Retry-After). It is met, with jitter on top so that not all come back at once;
        a wish beyond the deadline is cut to it: one last attempt is made there.
        """
        left = self.deadline - elapsed
        own = self.pause(attempt)
        if asked is None:
            return own if own <= left else None
        if asked + own <= left:
            return asked + own
        return left if left >= self.first else None


def retry_after(headers: Mapping[str, str]) -> float | None:
    """The seconds an answer asks to wait: a number, or an HTTP date that is read against the answer's own Date.

    ``headers`` have names in lower case. None without such a header, or when it cannot be read (RFC 9110, 10.2.3).
    """
    asked = headers.get("retry-after", "").strip()
    if asked.isascii() and asked.isdecimal():
        return float(asked)
    try:
        return max(0.0, (parsedate_to_datetime(asked) - parsedate_to_datetime(headers["date"])).total_seconds())
    except (KeyError, TypeError, ValueError):
        return None


class Verdict(Enum):
    """What the end of one request says about the pace."""

    WELL = auto()
    THROTTLED = auto()
    OTHERWISE = auto()


class Pace:
    """How many calls may be under way at once, found by trying; safe to use from many threads.

    As TCP does it (AIMD, RFC 5681): one more for each success until the first throttling, from then on one more for
    each full round of successes; half as many on throttling. Requests are numbered: one begun before the last halving
    tells nothing new and does not halve again. A width nobody used is not proven and does not grow.
    """

    def __init__(self, start: int = 8, bound: int = 32) -> None:
        self.bound = max(1, bound)
        self._width = min(max(1, start), self.bound)
        self._lock = threading.Lock()
        self._begun = self._halved_at = self._active = self._credit = 0

    @property
    def width(self) -> int:
        """Calls that may be under way at once, 1 to ``bound``."""
        return self._width

    def begin(self) -> int:
        """A request is being sent; its number, from 1."""
        with self._lock:
            self._begun += 1
            self._active += 1
            return self._begun

    def end(self, number: int, verdict: Verdict) -> None:
        """The request with this number has ended."""
        with self._lock:
            if verdict is Verdict.WELL and 2 * self._active >= self._width:
                self._grow()
            if verdict is Verdict.THROTTLED and number > self._halved_at:
                self._width = max(1, self._width // 2)
                self._halved_at, self._credit = self._begun, 0
            self._active -= 1

    def _grow(self) -> None:
        self._credit += 1
        if self._credit >= (self._width if self._halved_at else 1):
            self._width, self._credit = min(self.bound, self._width + 1), 0


class Interrupt:
    """Whether a person (Ctrl-C) or the system (SIGTERM) asked to stop. Plain attributes only: a signal handler that
    takes a lock can meet itself."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._at: float | None = None
        self._listeners = 0
        self._before: dict[int, Any] = {}

    @property
    def is_set(self) -> bool:
        """True from the first request to stop on."""
        return self._at is not None

    def set(self) -> None:
        """Ask to stop."""
        if self._at is None:
            self._at = self._clock()

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Hear SIGINT and SIGTERM inside the block: the first sets the flag, a second raises ``KeyboardInterrupt``.

        May be nested. Does nothing outside the main thread, and leaves a signal alone that the process ignores.
        """
        if not _in_main_thread():
            yield
            return
        self._listeners += 1
        if self._listeners == 1:
            self._install()
        try:
            yield
        finally:
            self._listeners -= 1
            if self._listeners == 0:
                self._restore()

    def _install(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            if signal.getsignal(number) not in (signal.SIG_IGN, None):
                self._before[number] = signal.signal(number, self._heard)

    def _restore(self) -> None:
        while self._before and _in_main_thread():
            signal.signal(*self._before.popitem())

    def _heard(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002 a signal handler's form
        if self._at is not None and self._clock() - self._at >= DOUBLE:
            raise KeyboardInterrupt
        self.set()


@dataclass
class Batch:
    """Calls that share one budget of second attempts: so many retries for so many calls, and none once nothing has
    been answered for a whole deadline. A service that refuses everything is asked once by each further call."""

    calls: int
    patience: Patience
    interrupt: Interrupt
    closed: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._left = max(LEAST_RETRIES, RETRIES_PER_CALL * self.calls)
        self._answered_at = self.patience.clock()

    @property
    def stopped(self) -> bool:
        """Nothing more is to be sent."""
        return self.closed or self.interrupt.is_set

    def answered(self) -> None:
        """A call of the batch has ended well."""
        self._answered_at = self.patience.clock()

    def waits(self, pause: float) -> bool:
        """Sleep before a second attempt; False when there is none to be made."""
        return self._takes(pause) and self._sleeps(pause)

    def _takes(self, pause: float) -> bool:
        with self._lock:
            silent = self.patience.clock() - self._answered_at
            if self.stopped or self._left < 1 or silent + pause > self.patience.deadline:
                return False
            self._left -= 1
            return True

    def _sleeps(self, pause: float) -> bool:
        if self.patience.sleep is not None:
            self.patience.sleep(pause)
            return not self.stopped
        until = time.monotonic() + pause
        while not self.stopped and (left := until - time.monotonic()) > 0:
            time.sleep(min(left, SLICE))
        return not self.stopped


def side_by_side(batch: Batch, pace: Pace, work: Callable[[int], R]) -> Generator[R, None, int]:
    """Do ``work(0)``, ``work(1)`` … of a batch, as many at once as the pace allows; results as they end.

    Returns how many were begun: all of them, unless the batch was stopped. A caller who leaves early waits for what is
    under way. What ``work`` raises is raised here, after the results of what was under way.
    """
    crew = _Crew(batch, pace, work)
    defect: _Defect | None = None
    try:
        crew.fill()
        while crew.running:
            result = crew.next_ended()
            if isinstance(result, _Defect):
                defect, batch.closed = defect or result, True
                continue
            crew.fill()  # before the caller takes its time
            yield result
    except GeneratorExit:
        batch.closed = True
        while crew.running:
            crew.next_ended()
        raise
    if defect is not None:
        raise defect.exception
    return crew.begun


class _Crew(Generic[R]):
    """The threads of a batch; used by one thread only."""

    def __init__(self, batch: Batch, pace: Pace, work: Callable[[int], R]) -> None:
        self.begun = self.running = 0
        self._batch, self._pace, self._work = batch, pace, work
        self._ended: SimpleQueue[R | _Defect] = SimpleQueue()

    def fill(self) -> None:
        """Begin what may be begun now."""
        while self.begun < self._batch.calls and self.running < self._pace.width and not self._batch.stopped:
            # Daemons: a second Ctrl-C must not wait for them. A thread costs a tenth of a call's own CPU time.
            threading.Thread(target=self._do, args=(self.begun,), daemon=True).start()
            self.begun, self.running = self.begun + 1, self.running + 1

    def next_ended(self) -> R | _Defect:
        """Wait for the next ending."""
        result = self._ended.get()
        self.running -= 1
        return result

    def _do(self, index: int) -> None:
        try:
            result = self._work(index)
        except BaseException as exception:  # noqa: BLE001 it is raised again by the thread that waits
            self._ended.put(_Defect(exception))
        else:
            self._ended.put(result)


@dataclass(frozen=True)
class _Defect:
    exception: BaseException


def _in_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()
