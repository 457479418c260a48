"""What tokens cost: the billable kinds of a call and one dated price of a model.

Units: tokens are counts, money is USD as ``Decimal``, prices are per single token. Bedrock's ``inputTokens`` excludes
cached tokens, so the five counts are disjoint and are simply added (AWS: Converse ``TokenUsage``).
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Tokens:
    """Token counts of one call by billable kind; none is contained in another."""

    input: int = 0
    output: int = 0
    cache_read: int = 0
    cache_write_5m: int = 0
    cache_write_1h: int = 0

    def __add__(self, other: Tokens) -> Tokens:
        return Tokens(*(getattr(self, kind) + getattr(other, kind) for kind in KINDS))

    @property
    def context(self) -> int:
        """Every token the model reads: what long-context prices are decided on."""
        return self.input + self.cache_read + self.cache_write_5m + self.cache_write_1h


KINDS: tuple[str, ...] = tuple(field.name for field in fields(Tokens))
"""The billable kinds, in the order of ``Tokens``."""


@dataclass(frozen=True, slots=True)
class Rates:
    """USD per token of each kind; None is unknown, never free."""

    input: Decimal
    output: Decimal
    cache_read: Decimal | None = None
    cache_write_5m: Decimal | None = None
    cache_write_1h: Decimal | None = None

    def costs(self, usage: Tokens) -> dict[str, Decimal] | None:
        """USD by kind, for the kinds that occur; None when one of them has no price."""
        used = {kind: count for kind in KINDS if (count := getattr(usage, kind))}
        rates = {kind: getattr(self, kind) for kind in used}
        if None in rates.values():
            return None
        return {kind: used[kind] * rates[kind] for kind in used}


@dataclass(frozen=True, slots=True)
class LongContext:
    """The rates of a whole call whose context is longer than ``above`` tokens."""

    above: int
    rates: Rates


@dataclass(frozen=True, slots=True)
class Price:
    """One price row of the catalogue: USD per token for a tier in a region class, with its source and day.

    ``region_class`` is a geo prefix (``us``, ``global``), a region (``eu-west-1``) or ``""`` for the bare model id;
    ``tier`` is ``default``, ``flex``, ``priority`` or ``batch``.
    """

    input: Decimal
    output: Decimal
    cache_read: Decimal | None
    cache_write_5m: Decimal | None
    cache_write_1h: Decimal | None
    tier: str
    region_class: str
    source: str
    as_of: date
    long_context: tuple[LongContext, ...] = ()

    def rates(self, context: int = 0) -> Rates:
        """The rates that hold for a call reading ``context`` tokens: the highest step below it, else the base."""
        reached = [step for step in self.long_context if context > step.above]
        if reached:
            return max(reached, key=lambda step: step.above).rates
        return Rates(self.input, self.output, self.cache_read, self.cache_write_5m, self.cache_write_1h)

    def costs(self, usage: Tokens) -> dict[str, Decimal] | None:
        """USD by kind, for the kinds that occur in ``usage``; None when a needed kind has no price."""
        return self.rates(usage.context).costs(usage)

    def cost(self, usage: Tokens) -> Decimal | None:
        """USD for ``usage``, exact; None when a needed kind has no price."""
        costs = self.costs(usage)
        return None if costs is None else sum(costs.values(), Decimal(0))
