"""How far past a limit clients get, and how much of it hungry clients can use, on a simulated clock.

Three ways to keep a limit of one million tokens a day, with 1 to 256 clients that call as long as they are let in:
reserve and settle (the ledger), look at what is recorded and add afterwards (check-then-add), and look at a metric
that shows usage minutes later (CloudWatch). Every seed is a run of its own; the same seeds give the same table.
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from itertools import count
from random import Random
from typing import Protocol

from costsentry_cli.domain.ledger.counters import Amounts, Ceiling
from costsentry_cli.domain.ledger.gate import Gate
from costsentry_cli.domain.ledger.memory import MemoryLedger
from costsentry_cli.domain.ledger.outcomes import Admission, Refusal
from costsentry_cli.domain.ledger.rules import Rule

LIMIT = 1_000_000
CLIENTS = (1, 4, 16, 64, 256)
SEEDS = 20
MAX_TOKENS = 4000
PROMPTS = (500, 6000)
BEGIN = datetime(2026, 11, 23, tzinfo=UTC)
METRIC_LAG = (120.0, 300.0)
"""Seconds until CloudWatch shows a minute's usage: the metric's own delay and the minute it is summed in."""
HUNGRY = 97.0


@dataclass(frozen=True)
class Call:
    """What one call may take at most, what it takes in the end, and how many seconds it runs."""

    worst: int
    actual: int
    seconds: float


class Way(Protocol):
    """A way to keep the limit; times are seconds of the simulated day."""

    def enter(self, now: float, call: Call, /) -> object | None:
        """A ticket, or None when the call is denied."""
        ...

    def leave(self, now: float, ticket: object, call: Call, /) -> None:
        """The call has ended."""
        ...


@dataclass
class ReserveAndSettle:
    """The ledger, in memory: every call's worst case is held while it runs."""

    dice: Random
    now: float = 0.0
    rids: Iterator[int] = field(default_factory=count)

    def __post_init__(self) -> None:
        self.gate = Gate(
            MemoryLedger(), lambda: BEGIN + timedelta(seconds=self.now), 1860, new_id=lambda: str(next(self.rids))
        )
        self.rules = (Rule("*/day", {}, "day", Ceiling(tokens=LIMIT)),)

    def enter(self, now: float, call: Call) -> Admission | None:
        self.now = now
        answer = self.gate.admit(self.rules, Amounts(tokens=call.worst, requests=1))
        return None if isinstance(answer, Refusal) else answer

    def leave(self, now: float, ticket: object, call: Call) -> None:
        self.now = now
        assert isinstance(ticket, Admission)
        assert not self.gate.settle(ticket, Amounts(tokens=call.actual, requests=1)).unsettled


@dataclass
class CheckThenAdd:
    """Read the counter, call, add what it took."""

    dice: Random
    used: int = 0

    def enter(self, _now: float, _call: Call, /) -> object | None:
        return self if self.used < LIMIT else None

    def leave(self, _now: float, _ticket: object, call: Call, /) -> None:
        self.used += call.actual


@dataclass
class CloudWatch:
    """Read a metric that shows each call's tokens a while after its end."""

    dice: Random
    used: int = 0
    coming: list[tuple[float, int]] = field(default_factory=list)

    def enter(self, now: float, _call: Call, /) -> object | None:
        while self.coming and self.coming[0][0] <= now:
            self.used += heappop(self.coming)[1]
        return self if self.used < LIMIT else None

    def leave(self, now: float, _ticket: object, call: Call, /) -> None:
        heappush(self.coming, (now + self.dice.uniform(*METRIC_LAG), call.actual))


def made_call(dice: Random) -> Call:
    """A prompt of known length, ``maxTokens`` of output, of which an answer uses a part."""
    prompt, answer = dice.randint(*PROMPTS), min(MAX_TOKENS, int(dice.expovariate(1 / 900)) + 1)
    return Call(prompt + MAX_TOKENS, prompt + answer, 1 + answer / 80)


def spent(way: Way, clients: int, dice: Random) -> int:
    """Tokens that were really used when nobody is let in any more.

    A denied client asks again some seconds later while calls are under way, and the day ends for it when none is.
    """
    total = 0
    order = count()
    events: list[tuple[float, int, Callable[[float], None]]] = []
    under_way = 0

    def at(when: float, what: Callable[[float], None]) -> None:
        heappush(events, (when, next(order), what))

    def ask(now: float, call: Call | None = None) -> None:
        nonlocal under_way, total
        call = call or made_call(dice)
        ticket = way.enter(now, call)
        if ticket is None:
            if under_way:
                at(now + dice.uniform(2, 6), lambda later: ask(later, call))
            return
        under_way += 1
        total += call.actual
        at(now + call.seconds, lambda later: end(later, ticket, call))

    def end(now: float, ticket: object, call: Call) -> None:
        nonlocal under_way
        under_way -= 1
        way.leave(now, ticket, call)
        at(now, ask)

    for _ in range(clients):
        at(dice.uniform(0, 1), ask)
    while events:
        now, _, what = heappop(events)
        what(now)
    return total


WAYS: dict[str, Callable[[Random], Way]] = {
    "reserve and settle": ReserveAndSettle,
    "check, then add": CheckThenAdd,
    "CloudWatch, minutes late": CloudWatch,
}


@dataclass(frozen=True)
class Line:
    """Percent of the limit that was spent, over the seeds."""

    way: str
    clients: int
    shares: tuple[float, ...]

    def text(self) -> str:
        """One row of the table."""
        low, middle, high = min(self.shares), statistics.median(self.shares), max(self.shares)
        return f"{self.way:<26}{self.clients:>8}{low:>10.2f}{middle:>10.2f}{high:>10.2f}"


def measured(way: str, clients: int, seeds: int = SEEDS) -> Line:
    """One row: every seed's share of the limit in percent."""

    def share(seed: int) -> float:
        dice = Random(f"{clients} clients, seed {seed}")
        return 100 * spent(WAYS[way](dice), clients, dice) / LIMIT

    return Line(way, clients, tuple(share(seed) for seed in range(seeds)))


def main() -> int:
    """Print the table; 1 when the ledger passed its limit or left too much of it."""
    print(f"percent of a limit of {LIMIT:,} tokens that hungry clients spent, {SEEDS} seeds each")
    print(f"{'way':<26}{'clients':>8}{'min':>10}{'median':>10}{'max':>10}")
    lines = [measured(way, clients) for way in WAYS for clients in CLIENTS]
    for line in lines:
        print(line.text())
    ours = [share for line in lines if line.way == "reserve and settle" for share in line.shares]
    fine = max(ours) <= 100 and min(ours) >= HUNGRY
    print(f"reserve and settle: at most {max(ours):.2f} (goal <= 100.0), at least {min(ours):.2f} (goal >= {HUNGRY})")
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
