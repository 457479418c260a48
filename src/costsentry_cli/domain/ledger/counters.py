"""What is counted and what is held: integers only, money in billionths of a dollar (nano-USD)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from operator import add, sub
from types import MappingProxyType

NANOS = 1_000_000_000
"""Nano-USD in a dollar."""

UNITS: tuple[str, ...] = ("tokens", "input_tokens", "output_tokens", "requests", "nano_usd")
"""What a limit may bound, in the order of ``Amounts`` and ``Ceiling``."""


def nano_usd(amount: Decimal) -> int:
    """Dollars as nano-USD, rounded up: what is charged is never less than what it costs."""
    return int((amount * NANOS).to_integral_value(ROUND_CEILING))


_INTEGERS = {int}


@dataclass(frozen=True, slots=True)
class Amounts:
    """So much of each unit. Every one is an ``int``; anything else raises ``TypeError``.

    Prices go below a nano-USD per token; a call's sum is rounded once, up.
    """

    tokens: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    requests: int = 0
    nano_usd: int = 0

    def __post_init__(self) -> None:
        if {type(value) for value in self.values()} != _INTEGERS:
            raise TypeError(f"amounts are whole numbers, not {self.values()}")

    @classmethod
    def of_call(cls, input_tokens: int, output_tokens: int, cost: Decimal | None = None) -> Amounts:
        """What one call takes; ``cost`` in USD, None when it is unknown."""
        money = 0 if cost is None else nano_usd(cost)
        return cls(input_tokens + output_tokens, input_tokens, output_tokens, 1, money)

    def items(self) -> tuple[tuple[str, int], ...]:
        """Unit and value, in the order of ``UNITS``."""
        return tuple(zip(UNITS, self.values(), strict=True))

    def values(self) -> tuple[int, int, int, int, int]:
        """The values in the order of ``UNITS``."""
        return (self.tokens, self.input_tokens, self.output_tokens, self.requests, self.nano_usd)

    def __add__(self, other: Amounts) -> Amounts:
        return Amounts(*map(add, self.values(), other.values()))

    def __sub__(self, other: Amounts) -> Amounts:
        return Amounts(*map(sub, self.values(), other.values()))

    def beyond(self, other: Amounts) -> Amounts:
        """What of this is above the other, unit by unit; never negative."""
        return Amounts(*(max(0, one - two) for one, two in zip(self.values(), other.values(), strict=True)))

    @property
    def negative(self) -> bool:
        """Whether any unit is below zero."""
        return min(self.values()) < 0


NOTHING = Amounts()


@dataclass(frozen=True, slots=True)
class Ceiling:
    """The most that each unit may reach in a window; None is no bound."""

    tokens: int | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    requests: int | None = None
    nano_usd: int | None = None

    @classmethod
    def of(
        cls, tokens: int | None, inputs: int | None, outputs: int | None, requests: int | None, usd: Decimal | None
    ) -> Ceiling:
        """The manifest's amounts; dollars are rounded down to whole nano-USD."""
        money = None if usd is None else int((usd * NANOS).to_integral_value(ROUND_FLOOR))
        return cls(tokens, inputs, outputs, requests, money)

    def values(self) -> tuple[int | None, ...]:
        """The bounds in the order of ``UNITS``."""
        return (self.tokens, self.input_tokens, self.output_tokens, self.requests, self.nano_usd)

    def bounds(self) -> tuple[tuple[str, int], ...]:
        """The units that are bounded, with their bounds."""
        return tuple((unit, bound) for unit, bound in zip(UNITS, self.values(), strict=True) if bound is not None)

    def remaining(self, committed: Amounts) -> dict[str, int]:
        """What is left of each bounded unit; below zero when the ceiling was lowered under what is committed."""
        return {unit: bound - getattr(committed, unit) for unit, bound in self.bounds()}

    def short(self, committed: Amounts, amounts: Amounts) -> tuple[str, ...]:
        """The units that have no room for ``amounts``; those it needs nothing of too, when they are overdrawn."""
        return tuple(unit for unit, left in self.remaining(committed).items() if getattr(amounts, unit) > left)


UNBOUNDED = Ceiling()


@dataclass(frozen=True, slots=True)
class Hold:
    """What a reservation keeps until it is settled. ``expires`` is in seconds since the epoch; ``note`` says who."""

    rid: str
    amounts: Amounts
    expires: int
    note: str = ""


def _nobody() -> Mapping[str, Hold]:
    return MappingProxyType({})


def _none() -> Mapping[str, str]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Count:
    """The counter of one limit in one window, at one moment.

    ``committed`` = ``settled`` + the sum of ``holds`` (by reservation id). ``done`` remembers how the latest
    reservations ended: ``settled``, ``charged`` or ``released``, a space, and the epoch second the hold was good for.
    """

    committed: Amounts = NOTHING
    settled: Amounts = NOTHING
    holds: Mapping[str, Hold] = field(default_factory=_nobody)
    done: Mapping[str, str] = field(default_factory=_none)

    @property
    def held(self) -> Amounts:
        """The sum of the holds."""
        return sum((hold.amounts for hold in self.holds.values()), NOTHING)

    def overdue(self, now: int) -> tuple[Hold, ...]:
        """Holds that expired before ``now``, the oldest first."""
        past = [hold for hold in self.holds.values() if hold.expires < now]
        return tuple(sorted(past, key=lambda hold: (hold.expires, hold.rid)))

    def ending(self, rid: str) -> str:
        """How a reservation ended: ``settled``, ``charged``, ``released``; empty when that is not known (any more)."""
        return self.done.get(rid, "").partition(" ")[0]

    def surplus(self, keep: int) -> tuple[str, ...]:
        """The reservations whose ending need not be remembered longer: all but the ``keep`` latest."""
        by_age = sorted(self.done, key=lambda rid: (int(self.done[rid].partition(" ")[2]), rid))
        return tuple(by_age[: max(0, len(by_age) - keep)])
