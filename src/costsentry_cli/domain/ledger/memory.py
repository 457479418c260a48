"""The ledger of one process: counters in a dictionary under a lock. It serves tests, simulations and dry runs."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence

from costsentry_cli.domain.ledger import transitions
from costsentry_cli.domain.ledger.counters import Amounts, Count, Hold
from costsentry_cli.domain.ledger.port import Admitted, Claim, Denied, Key, Policy, Reservation, Settled


class MemoryLedger:
    """A ``Ledger`` that threads may share."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[Key, Count] = {}

    def reserve(self, claim: Claim) -> Admitted | Denied:
        """See ``Ledger``."""
        with self._lock:
            count = self._counts.setdefault(claim.key, Count())
            if not transitions.admits(count, claim):
                return transitions.not_admitted(claim, count)
            self._counts[claim.key] = transitions.reserved(count, claim)
            return transitions.admitted(claim, self._counts[claim.key])

    def settle(self, reservation: Reservation, actual: Amounts) -> Settled:
        """See ``Ledger``."""
        if actual.negative:
            raise ValueError("a call cannot have used less than nothing")
        with self._lock:
            count = self._counts.get(reservation.key)
            if count is None or reservation.rid not in count.holds:
                return transitions.not_settled(reservation, actual, count)
            self._counts[reservation.key] = transitions.settled(count, reservation, actual)
            return transitions.settlement(reservation, actual, self._counts[reservation.key])

    def expire(self, key: Key, hold: Hold, now: int, policy: Policy) -> bool:
        """See ``Ledger``."""
        with self._lock:
            count = self._counts.get(key, Count())
            there = count.holds.get(hold.rid)
            if there is None or there.expires >= now:
                return False
            self._counts[key] = transitions.expired(count, there, policy)
            return True

    def read(self, keys: Sequence[Key] | None = None) -> Mapping[Key, Count]:
        """See ``Ledger``."""
        with self._lock:
            return dict(self._counts) if keys is None else {key: self._counts.get(key, Count()) for key in keys}

    def reset(self, key: Key) -> bool:
        """See ``Ledger``."""
        with self._lock:
            if key not in self._counts:
                return False
            self._counts[key] = transitions.reset(self._counts[key])
            return True
