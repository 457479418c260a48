"""The same metered call many times, several at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from decimal import Decimal

from costsentry_cli.domain.errors import Exit, SentryError
from costsentry_cli.domain.metering.reply import Reply


@dataclass
class Load:
    """What the calls came to so far.

    ``errors`` counts failures by code, ``first`` is one of the worst and ``example`` its reply, if it has one;
    ``unbegun`` were not made after Ctrl-C.
    """

    wanted: int
    endings: dict[str, int] = field(default_factory=dict)
    input_tokens: int = 0
    output_tokens: int = 0
    cost: Decimal = Decimal(0)
    unpriced: int = 0
    latencies: list[int] = field(default_factory=list)
    errors: dict[str, int] = field(default_factory=dict)
    first: SentryError | None = None
    example: Reply | None = None
    unbegun: int = 0

    @property
    def ended(self) -> int:
        """How many have ended."""
        return sum(self.endings.values())

    def add(self, reply: Reply) -> None:
        """Count one call."""
        name = "unknown" if reply.unknown else reply.ending.value
        self.endings[name] = self.endings.get(name, 0) + 1
        if reply.error is not None:
            self._failed(reply.error, reply)
        tokens = reply.called.tokens if reply.called is not None else None
        if tokens is None:
            return
        self.input_tokens += tokens.context
        self.output_tokens += tokens.output
        self.latencies += [reply.latency_ms] if reply.latency_ms is not None else []
        self.cost += reply.cost or Decimal(0)
        self.unpriced += reply.cost is None

    def lost(self, error: SentryError) -> None:
        """Count one call that ended without a reply: nothing was called, or nobody knows."""
        self.endings["failed"] = self.endings.get("failed", 0) + 1
        self._failed(error)

    def _failed(self, error: SentryError, reply: Reply | None = None) -> None:
        """Keep the first failure; a denial only as long as there is nothing worse."""
        self.errors[error.code] = self.errors.get(error.code, 0) + 1
        if self.first is None or (self.first.exit is Exit.DENIED and error.exit is not Exit.DENIED):
            self.first, self.example = error, reply

    def latency(self, share: float) -> int | None:
        """The latency in milliseconds that this share of the successful calls did not exceed."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else None


def many(
    call: Callable[[], Reply], wanted: int, at_once: int, stopped: Callable[[], bool], told: Callable[[Load], None]
) -> Load:
    """Make ``wanted`` calls, ``at_once`` at a time; once ``stopped`` no other is begun and those under way end."""
    load, begun = Load(wanted), iter(range(wanted))
    with ThreadPoolExecutor(at_once) as pool:
        under_way = {pool.submit(call) for _ in _first(begun, at_once)}
        while under_way:
            done, under_way = wait(under_way, return_when=FIRST_COMPLETED)
            for future in done:
                _counted(load, future)
                told(load)
            if not stopped():
                under_way |= {pool.submit(call) for _ in _first(begun, len(done))}
    load.unbegun = sum(1 for _ in begun)
    return load


def _first(numbers: Iterator[int], most: int) -> Iterator[int]:
    return (number for _, number in zip(range(most), numbers, strict=False))


def _counted(load: Load, future: Future[Reply]) -> None:
    try:
        load.add(future.result())
    except SentryError as error:
        load.lost(error)
