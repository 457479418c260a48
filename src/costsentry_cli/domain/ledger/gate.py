"""The gate: several limits for one call, over any ledger.

Each matching limit is reserved in turn, smallest window first, under one reservation id; the first denial gives the
others back. A crash between two of them leaves holds that end by themselves. No limit is ever passed, whatever stops.
"""

from __future__ import annotations

import math
import secrets
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from costsentry_cli.domain.errors import SentryError
from costsentry_cli.domain.ledger.counters import NOTHING, UNBOUNDED, Amounts, Count
from costsentry_cli.domain.ledger.outcomes import (
    Abandoned,
    Admission,
    Held,
    Refusal,
    Settlement,
    Standing,
    Unmetered,
    Unsettled,
)
from costsentry_cli.domain.ledger.port import Admitted, Claim, Denied, Ledger, Policy, Reservation, Settled
from costsentry_cli.domain.ledger.rules import Rule, in_order, unplaced
from costsentry_cli.domain.ledger.windows import window_at
from costsentry_cli.domain.skew import wrong_clock

NOTE_MAX = 64
EXPIRED_AT_ONCE = 25
"""How many abandoned holds one denied call ends before it tries again."""
EXPIRED_ON_THE_WAY = 2
"""How many a call that is let in ends: more than it can leave behind itself."""


def hold_seconds(read_timeout: float) -> int:
    """How long a hold is good for: longer than any call can last, with room for clocks that differ by a minute."""
    return math.ceil(2 * read_timeout) + 60


def new_rid() -> str:
    """A reservation id nobody else has: 80 random bits."""
    return secrets.token_hex(10)


@dataclass
class Gate:
    """Admits and settles calls. ``lifetime`` is that of a hold, in seconds; ``clock`` gives aware times.

    ``policy`` says what becomes of abandoned holds; ``release`` has to be asked for. ``skew`` is how far the clock is
    from AWS's.
    """

    ledger: Ledger
    clock: Callable[[], datetime]
    lifetime: int
    policy: Policy = "charge"
    new_id: Callable[[], str] = new_rid
    skew: Callable[[], timedelta] = timedelta

    def admit(
        self, rules: Sequence[Rule], amounts: Amounts, *, priced: bool = True, note: str = "", rid: str = ""
    ) -> Admission | Refusal:
        """Reserve ``amounts`` (the worst case) in every rule, or in none.

        ``priced`` False: the price is unknown, and a rule that bounds dollars refuses. ``note`` says who asks. The
        ``rid`` of an earlier attempt repeats that attempt. A failing ledger raises nothing: each rule says what then.
        """
        attempt = _Attempt(rid or self.new_id(), amounts, note[:NOTE_MAX], self.clock())
        ordered = in_order(rules, amounts)
        unpriced = next((r for r in ordered if r.enforced and r.ceiling.nano_usd is not None), None)
        if unpriced is not None and not priced:
            return Refusal(attempt.rid, unpriced, "price", amounts)
        misplaced = unplaced(ordered, self.skew())
        if misplaced is not None:
            return Refusal(attempt.rid, misplaced, "clock", amounts, error=wrong_clock(self.skew()))
        try:
            refused = next((no for rule in ordered if (no := self._enter(attempt, rule))), None)
        except BaseException:
            self._undo(attempt)
            raise
        return attempt.admission() if refused is None else self._refused(attempt, refused)

    def settle(self, admission: Admission, actual: Amounts) -> Settlement:
        """Put what the call took in the place of what was held, in every limit.

        Safe to repeat, also after a failure in part; one limit's failure does not keep the others from being settled.
        """
        settled: list[tuple[Rule, Settled]] = []
        unsettled: list[Unsettled] = []
        pairs = [(one.standing.rule, one.reservation) for one in admission.held]
        for rule, reservation in pairs:
            try:
                settled.append((rule, self.ledger.settle(reservation, actual)))
            except SentryError as error:
                unsettled.append(Unsettled(rule, reservation, error))
        for one in admission.unmetered:
            try:
                settled.append((one.rule, self._record(one.claim, actual)))
            except SentryError as error:
                unsettled.append(Unsettled(one.rule, one.claim.reservation(), error))
        return Settlement(admission.rid, actual, tuple(settled), tuple(unsettled))

    def standings(self, rules: Sequence[Rule], at: datetime | None = None) -> tuple[Standing, ...]:
        """Where each rule stands in the window of ``at`` (now by default). Raises ``SentryError``."""
        windows = [window_at(rule.per, at or self.clock()) for rule in rules]
        pairs = list(zip(rules, windows, strict=True))
        counts = self.ledger.read([rule.key(window) for rule, window in pairs])
        return tuple(Standing(rule, window, counts[rule.key(window)]) for rule, window in pairs)

    def _enter(self, attempt: _Attempt, rule: Rule) -> Refusal | None:
        """Reserve one rule; what refuses the call, or None."""
        window = window_at(rule.per, attempt.now)
        ceiling = rule.ceiling if rule.enforced else UNBOUNDED
        claim = Claim(rule.key(window), attempt.rid, attempt.amounts, self._expiry(attempt), ceiling, attempt.note)
        attempt.tried.append((rule, claim.reservation()))
        try:
            answer = self._reserve(attempt, rule, claim)
        except SentryError as error:
            if rule.enforced and rule.on_ledger_error == "deny":
                return Refusal(attempt.rid, rule, "ledger", attempt.amounts, error=error)
            attempt.unmetered.append(Unmetered(rule, claim, error))
            return None
        standing = Standing(rule, window, answer.count)
        if isinstance(answer, Denied):
            attempt.tried.pop()  # nothing is held here
            short = rule.ceiling.short(answer.count.committed, attempt.amounts)
            return Refusal(attempt.rid, rule, answer.reason, attempt.amounts, standing, short)
        self._swept(attempt, rule, claim, answer.count)
        attempt.tried[-1] = (rule, answer.reservation)
        attempt.held.append(Held(answer.reservation, standing, answer.replayed))
        return None

    def _reserve(self, attempt: _Attempt, rule: Rule, claim: Claim) -> Admitted | Denied:
        """Reserve; when there is no room, end what was abandoned and try once more."""
        answer = self.ledger.reserve(claim)
        if isinstance(answer, Admitted) or answer.reason == "done":
            return answer
        now = math.floor(attempt.now.timestamp())
        overdue = answer.count.overdue(now)[:EXPIRED_AT_ONCE]
        if not overdue:
            return answer
        for hold in overdue:
            if self.ledger.expire(claim.key, hold, now, self.policy):
                attempt.abandoned.append(Abandoned(rule, claim.key, hold))
        return self.ledger.reserve(claim)

    def _swept(self, attempt: _Attempt, rule: Rule, claim: Claim, count: Count) -> None:
        """End a few abandoned holds on the way: a limit that never denies would collect them until its item is full.

        What fails here takes nothing from the call that was let in.
        """
        now = math.floor(attempt.now.timestamp())
        with suppress(SentryError):
            for hold in count.overdue(now)[:EXPIRED_ON_THE_WAY]:
                if self.ledger.expire(claim.key, hold, now, self.policy):
                    attempt.abandoned.append(Abandoned(rule, claim.key, hold))

    def _record(self, claim: Claim, actual: Amounts) -> Settled:
        """Count a call that passed while the ledger failed: under the same id, so its first attempt may have won."""
        answer = self.ledger.reserve(
            Claim(claim.key, claim.rid, actual, claim.expires, UNBOUNDED, claim.note),
        )
        reservation = answer.reservation if isinstance(answer, Admitted) else claim.reservation()
        return self.ledger.settle(reservation, actual)

    def _refused(self, attempt: _Attempt, refusal: Refusal) -> Refusal:
        return Refusal(
            refusal.rid,
            refusal.rule,
            refusal.reason,
            refusal.amounts,
            refusal.standing,
            refusal.short,
            refusal.error,
            tuple(attempt.abandoned),
            self._undo(attempt),
        )

    def _undo(self, attempt: _Attempt) -> tuple[Unsettled, ...]:
        """Give everything back: no call was made. Also where the answer was lost: the hold may be there."""
        failed = []
        for rule, reservation in reversed(attempt.tried):
            try:
                self.ledger.settle(reservation, NOTHING)
            except SentryError as error:
                failed.append(Unsettled(rule, reservation, error))
        return tuple(failed)

    def _expiry(self, attempt: _Attempt) -> int:
        return math.ceil(attempt.now.timestamp()) + self.lifetime


@dataclass
class _Attempt:
    """One call on its way through the gate. ``tried`` are the reservations that are there or may be."""

    rid: str
    amounts: Amounts
    note: str
    now: datetime
    tried: list[tuple[Rule, Reservation]] = field(default_factory=list)
    held: list[Held] = field(default_factory=list)
    unmetered: list[Unmetered] = field(default_factory=list)
    abandoned: list[Abandoned] = field(default_factory=list)

    def admission(self) -> Admission:
        """What was reserved."""
        return Admission(self.rid, self.amounts, tuple(self.held), tuple(self.unmetered), tuple(self.abandoned))
