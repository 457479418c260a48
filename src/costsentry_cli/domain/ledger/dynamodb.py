"""The shared ledger: DynamoDB's conditional writes, one item per limit and window.

A reserve is one write and no read as long as there is room; so is a settle. Every request may be sent again when its
answer was lost: the door does so by itself, and the second finds what the first did.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from costsentry_cli.domain.calls import Answer, ApiCall, Cloud
from costsentry_cli.domain.errors import CONDITION_NOT_MET, SentryError
from costsentry_cli.domain.ledger import items, transitions, writes
from costsentry_cli.domain.ledger.counters import Amounts, Count, Hold
from costsentry_cli.domain.ledger.port import Admitted, Claim, Denied, Key, Policy, Reservation, Settled

OPENINGS = 3


class DynamoLedger:
    """A ``Ledger`` in a table with the partition key ``pk`` (S); every client may use it at once.

    ``region`` is the table's, None the target's.
    """

    def __init__(self, cloud: Cloud, table: str, region: str | None = None) -> None:
        self.cloud = cloud
        self.table = table
        self.region = region

    def reserve(self, claim: Claim) -> Admitted | Denied:
        """See ``Ledger``. One write; three for the first call of a window, which opens it."""
        call = writes.reserve_call(self.table, claim)
        for _ in range(OPENINGS):
            new, old = self._write(call)
            if new is not None:
                return transitions.admitted(claim, new)
            if old is not None:
                return transitions.not_admitted(claim, old)
            self._write(writes.open_call(self.table, claim.key))
        raise SentryError(
            "CS0804", f"the ledger's counter {claim.key.limit} {claim.key.window} vanishes again and again"
        )

    def settle(self, reservation: Reservation, actual: Amounts) -> Settled:
        """See ``Ledger``. One write."""
        if actual.negative:
            raise ValueError("a call cannot have used less than nothing")
        new, old = self._write(writes.settle_call(self.table, reservation, actual))
        if new is not None:
            return transitions.settlement(reservation, actual, new)
        return transitions.not_settled(reservation, actual, old)

    def expire(self, key: Key, hold: Hold, now: int, policy: Policy) -> bool:
        """See ``Ledger``. One write."""
        new, _ = self._write(writes.expire_call(self.table, key, hold, now, policy))
        return new is not None

    def read(self, keys: Sequence[Key] | None = None) -> Mapping[Key, Count]:
        """See ``Ledger``. One read a key, side by side; without keys a scan of the table."""
        return self._scan() if keys is None else self._get(keys)

    def reset(self, key: Key) -> bool:
        """See ``Ledger``. One write."""
        new, _ = self._write(writes.reset_call(self.table, key))
        return new is not None

    def _write(self, call: ApiCall) -> tuple[Count | None, Count | None]:
        """The counter a write has made, or else the one its condition failed on; neither when there is none."""
        try:
            answer = self._call(call)
        except SentryError as error:
            if error.code != CONDITION_NOT_MET:
                raise
            return None, items.count_of(error.answer["Item"]) if error.answer.get("Item") else None
        return items.count_of(answer["Attributes"]) if "Attributes" in answer else None, None

    def _call(self, call: ApiCall) -> Answer:
        return self.cloud.call(self._here(call))

    def _here(self, call: ApiCall) -> ApiCall:
        return ApiCall(call.service, call.operation, call.params, self.region)

    def _get(self, keys: Sequence[Key]) -> dict[Key, Count]:
        found: dict[Key, Count] = {}
        unique = list(dict.fromkeys(keys))
        for outcome in self.cloud.each([self._here(writes.read_call(self.table, key)) for key in unique]):
            if outcome.error is not None:
                raise outcome.error
            item = (outcome.answer or {}).get("Item")
            found[unique[outcome.index]] = items.count_of(item) if item else Count()
        return found

    def _scan(self) -> dict[Key, Count]:
        found: dict[Key, Count] = {}
        after = None
        while True:
            answer = self._call(writes.scan_call(self.table, after))
            found |= {items.key_of(item): items.count_of(item) for item in answer["Items"]}
            after = answer.get("LastEvaluatedKey")
            if not after:
                return found
