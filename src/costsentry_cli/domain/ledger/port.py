"""The port of every ledger: what is asked of it, what it answers, and the promises each one keeps.

Each operation is one atomic step on the counter of one limit in one window. Repeating an operation changes nothing.
Every one raises ``SentryError`` when the ledger cannot be reached; what it did by then is unknown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from costsentry_cli.domain.ledger.counters import NOTHING, UNBOUNDED, Amounts, Ceiling, Count, Hold

Policy = Literal["charge", "release"]
"""What becomes of an abandoned hold: it is charged in full (what it bought is unknown), or given back.

``release`` weakens the bound: calls that still run when their hold expires are not counted.
"""

Ending = Literal["settled", "replayed", "late"]

DONE_KEPT = 16
"""How many endings a counter remembers, so that a delayed duplicate of a reserve finds its reservation done."""


@dataclass(frozen=True, slots=True)
class Key:
    """Which counter: a limit's id and a window's id."""

    limit: str
    window: str


@dataclass(frozen=True, slots=True)
class Claim:
    """A wish to hold ``amounts`` until ``expires`` (epoch seconds) under the id ``rid``; none may be negative.

    ``ceiling`` is what the counter must stay within; unbounded, it is only recorded.
    """

    key: Key
    rid: str
    amounts: Amounts
    expires: int
    ceiling: Ceiling = UNBOUNDED
    note: str = ""

    def __post_init__(self) -> None:
        if self.amounts.negative:
            raise ValueError("a claim takes, it does not give")

    def reservation(self) -> Reservation:
        """The reservation this claim becomes, or may have become when the answer was lost."""
        return Reservation(self.key, self.rid, self.amounts, self.expires)


@dataclass(frozen=True, slots=True)
class Reservation:
    """What was held, and where: settling needs nothing else, and no clock.

    ``forget`` are endings of others that the counter need not remember longer; settling takes them along.
    """

    key: Key
    rid: str
    amounts: Amounts
    expires: int
    forget: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Admitted:
    """The hold is there. ``replayed``: an earlier attempt had made it. ``count`` is the counter with the hold."""

    reservation: Reservation
    count: Count
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class Denied:
    """Nothing was held. ``room``: a ceiling is in the way; ``done``: this id was reserved and has ended already."""

    key: Key
    count: Count
    reason: Literal["room", "done"] = "room"


@dataclass(frozen=True, slots=True)
class Settled:
    """A reservation's end.

    ``replayed``: it was settled before, nothing changed. ``late``: its hold was gone; ``was`` says what had become of
    it (``charged``, ``released``, or empty: not known). ``excess`` is what the call took beyond its hold: anything but
    zero is a mistake of the estimate. ``count`` is the counter afterwards, None when there is none.
    """

    key: Key
    ending: Ending
    excess: Amounts = NOTHING
    was: str = ""
    count: Count | None = None


class Ledger(Protocol):
    """Counters that many clients share."""

    def reserve(self, claim: Claim) -> Admitted | Denied:
        """Hold the amounts if every bounded unit stays within its ceiling; a window not seen before is opened."""
        ...

    def settle(self, reservation: Reservation, actual: Amounts) -> Settled:
        """Put what was used in the place of what was held. Raises ``ValueError`` for a negative amount."""
        ...

    def expire(self, key: Key, hold: Hold, now: int, policy: Policy) -> bool:
        """End a hold whose time was over before ``now``; whether this call did it."""
        ...

    def read(self, keys: Sequence[Key] | None = None) -> Mapping[Key, Count]:
        """The counters of these windows (zero for one never used), or all there are."""
        ...

    def reset(self, key: Key) -> bool:
        """Forget what was settled; holds stay, since their calls are under way. Whether there was such a counter."""
        ...
