"""What the gate says of a call: let in or refused, how it was settled, and where each limit stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from costsentry_cli.domain.errors import SentryError
from costsentry_cli.domain.ledger.counters import Amounts, Count, Hold
from costsentry_cli.domain.ledger.port import Claim, Key, Reservation, Settled
from costsentry_cli.domain.ledger.rules import Rule
from costsentry_cli.domain.ledger.windows import Window

Reason = Literal["room", "price", "ledger", "clock", "done"]


@dataclass(frozen=True)
class Standing:
    """Where a limit stands in a window."""

    rule: Rule
    window: Window
    count: Count

    @property
    def remaining(self) -> Mapping[str, int]:
        """What is left of each bounded unit (nano-USD, tokens, requests); below zero when it is overdrawn."""
        return self.rule.ceiling.remaining(self.count.committed)

    @property
    def resets(self) -> datetime:
        """When the next window begins with nothing used (UTC)."""
        return self.window.end

    @property
    def holders(self) -> tuple[Hold, ...]:
        """Who holds a part of it now, the largest share first."""
        return tuple(sorted(self.count.holds.values(), key=lambda hold: (-self.rule.share(hold.amounts), hold.rid)))

    @property
    def over(self) -> bool:
        """Whether more is committed than the ceiling allows: a limit that only observes, or one that was lowered."""
        return any(left < 0 for left in self.remaining.values())


@dataclass(frozen=True)
class Abandoned:
    """A hold that nobody settled in its time; it was ended on the way."""

    rule: Rule
    key: Key
    hold: Hold


@dataclass(frozen=True)
class Held:
    """A limit that holds the call's amounts."""

    reservation: Reservation
    standing: Standing
    replayed: bool = False


@dataclass(frozen=True)
class Unmetered:
    """A limit whose ledger failed and whose rule lets calls pass then. Never silent: print it, count it, audit it."""

    rule: Rule
    claim: Claim
    error: SentryError


@dataclass(frozen=True)
class Admission:
    """The call may be made, once. ``rid`` is the reservation id, the same in every limit.

    ``advisory``: nothing is held, and nothing will be charged but what the call's metrics show.
    """

    rid: str
    amounts: Amounts
    held: tuple[Held, ...] = ()
    unmetered: tuple[Unmetered, ...] = ()
    abandoned: tuple[Abandoned, ...] = ()
    advisory: bool = False

    @property
    def observed_over(self) -> tuple[Standing, ...]:
        """Limits that only observe and would have denied the call."""
        return tuple(one.standing for one in self.held if one.standing.over and not one.standing.rule.enforced)


@dataclass(frozen=True)
class Refusal:
    """The call must not be made, and nothing is held for it.

    ``room``: ``standing`` has too little left of the units in ``short``. ``price``: the rule bounds dollars and the
    price is unknown. ``ledger``: the ledger failed with ``error``. ``clock``: its window cannot be told, ``error`` says
    why. ``done``: this reservation id was used before. ``not_undone`` are holds that could not be given back; they end
    by themselves (and are charged by default).
    """

    rid: str
    rule: Rule
    reason: Reason
    amounts: Amounts
    standing: Standing | None = None
    short: tuple[str, ...] = ()
    error: SentryError | None = None
    abandoned: tuple[Abandoned, ...] = ()
    not_undone: tuple[Unsettled, ...] = ()


@dataclass(frozen=True)
class Unsettled:
    """A reservation whose settling failed: settle the admission again, that is safe; else its hold is charged."""

    rule: Rule
    reservation: Reservation
    error: SentryError


@dataclass(frozen=True)
class Settlement:
    """How an admission was settled, limit by limit."""

    rid: str
    actual: Amounts
    settled: tuple[tuple[Rule, Settled], ...]
    unsettled: tuple[Unsettled, ...] = ()

    @property
    def late(self) -> tuple[tuple[Rule, Settled], ...]:
        """Limits whose hold was gone before it was settled, for the audit log."""
        return tuple(pair for pair in self.settled if pair[1].ending == "late")

    @property
    def excess(self) -> Amounts:
        """What the call took beyond what was held; anything but zero is a mistake of the estimate."""
        found = [one.excess for _, one in self.settled]
        return (
            Amounts(*(max(values) for values in zip(*(one.values() for one in found), strict=True)))
            if found
            else Amounts()
        )
