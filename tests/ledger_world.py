"""Metered calls over one or several ledgers in step, with an account of its own, and what must hold in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, TypeVar

from costsentry_cli.domain.errors import SentryError
from costsentry_cli.domain.ledger.counters import NOTHING, Amounts, Ceiling, Count, Hold
from costsentry_cli.domain.ledger.gate import Gate
from costsentry_cli.domain.ledger.memory import MemoryLedger
from costsentry_cli.domain.ledger.outcomes import Admission, Refusal
from costsentry_cli.domain.ledger.port import Admitted, Claim, Denied, Key, Ledger, Policy, Reservation, Settled
from costsentry_cli.domain.ledger.rules import Rule
from fakes import FrozenClock

R = TypeVar("R")
LIFETIME = 120
ALL = Rule("*/minute", {}, "minute", Ceiling(tokens=200, requests=5))
SALES = Rule("costCenter=sales/day", {"costCenter": "sales"}, "day", Ceiling(nano_usd=900, output_tokens=150))
WATCHED = Rule("model=haiku/month", {"model": "haiku"}, "month", Ceiling(tokens=60), enforced=False)
RULES = (ALL, SALES, WATCHED)
ERRING = ("unmetered", "unsettled", "not_undone")
PRICES = (2, 5)
"""Nano-USD of an input and an output token."""


class Crash(BaseException):
    """The process was killed: no handler of its runs any further."""


@dataclass(frozen=True)
class Fault:
    """What happens at the ledger operation with the number ``at`` of one step."""

    kind: str
    at: int


NO_FAULT = Fault("", -1)
FAULTS = ("lost", "twice", "crash before", "crash after", "interrupt before", "interrupt after")


class Journal:
    """A ledger that keeps its own rows of what was answered, repeats operations, loses answers and dies on order."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.rows: dict[Key, dict[str, tuple[str, Amounts]]] = {}
        self.mistakes: list[str] = []
        self.steps = 0
        self.claims: list[Claim] = []
        self.last: Callable[[], object] = lambda: None
        self.plan(NO_FAULT)

    def plan(self, fault: Fault) -> None:
        self.fault, self.number, self.dead = fault, 0, False

    def reserve(self, claim: Claim) -> Admitted | Denied:
        self.claims.append(claim)
        return self._do(lambda: self.ledger.reserve(claim), lambda answer: self._reserved(claim, answer))

    def settle(self, reservation: Reservation, actual: Amounts) -> Settled:
        def note(answer: Settled) -> None:
            if answer.ending == "settled":
                self._end(reservation.key, reservation.rid, "settled", actual)

        return self._do(lambda: self.ledger.settle(reservation, actual), note)

    def expire(self, key: Key, hold: Hold, now: int, policy: Policy) -> bool:
        def note(done: bool) -> None:
            if done:
                if hold.expires >= now:
                    self.mistakes.append(f"{hold.rid} was ended before its time")
                self._end(key, hold.rid, "charged" if policy == "charge" else "released", hold.amounts)

        return self._do(lambda: self.ledger.expire(key, hold, now, policy), note)

    def read(self, keys: Sequence[Key] | None = None) -> Mapping[Key, Count]:
        return self.ledger.read(keys)

    def reset(self, key: Key) -> bool:
        def note(_: bool) -> None:
            rows = self.rows.get(key, {})
            self.rows[key] = {rid: (how if how == "held" else "released", was) for rid, (how, was) in rows.items()}

        return self._do(lambda: self.ledger.reset(key), note)

    def _reserved(self, claim: Claim, answer: Admitted | Denied) -> None:
        rows = self.rows.setdefault(claim.key, {})
        if isinstance(answer, Admitted) and not answer.replayed:
            if claim.rid in rows:
                self.mistakes.append(f"{claim.rid} was reserved twice")
            rows[claim.rid] = ("held", claim.amounts)
            if claim.ceiling.short(answer.count.committed, NOTHING):
                self.mistakes.append(f"{claim.key}: {answer.count.committed} admitted beyond {claim.ceiling}")

    def _end(self, key: Key, rid: str, how: str, amounts: Amounts) -> None:
        rows = self.rows.setdefault(key, {})
        if rows.get(rid, ("",))[0] != "held":
            self.mistakes.append(f"{rid} was {how} and was not held in {key}")
        rows[rid] = (how, amounts)

    def _do(self, operation: Callable[[], R], note: Callable[[R], None]) -> R:
        self.number += 1
        kind = self.fault.kind if self.number == self.fault.at else ""
        if self.dead or kind == "crash before":
            self.dead = True
            raise Crash
        if kind == "interrupt before":
            raise KeyboardInterrupt
        self.steps += 1
        answer = operation()
        note(answer)
        self.last = operation
        if kind == "twice":
            answer = operation()
        if kind == "crash after":
            self.dead = True
            raise Crash
        if kind == "interrupt after":
            raise KeyboardInterrupt
        if kind == "lost":
            raise SentryError("CS0808", "the answer was lost")
        return answer

    def expected(self, key: Key) -> tuple[Amounts, Amounts]:
        """Committed and settled, by the rows."""
        rows = self.rows.get(key, {}).values()
        settled = sum((amounts for how, amounts in rows if how in ("settled", "charged")), NOTHING)
        return sum((amounts for how, amounts in rows if how == "held"), settled), settled


@dataclass
class Made:
    """One call: what it held in each ledger, what it really took, and whether its client still lives."""

    note: str
    actual: Amounts
    admissions: list[Admission]
    alive: bool = True
    settled: bool = False
    unsure: bool = False

    @property
    def metered(self) -> list[Key]:
        return [one.reservation.key for one in self.admissions[0].held]


def cost(inputs: int, outputs: int) -> Amounts:
    """A call's amounts at the price of the tests."""
    return Amounts(inputs + outputs, inputs, outputs, 1, inputs * PRICES[0] + outputs * PRICES[1])


@dataclass
class World:
    """Gates over ledgers that take the same steps. ``calls`` is the provider's truth."""

    journals: list[Journal]
    clock: FrozenClock = field(default_factory=FrozenClock)
    rules: tuple[Rule, ...] = RULES
    gate_type: type[Gate] = Gate
    quote: Callable[[int, int], Amounts] = cost
    calls: list[Made] = field(default_factory=list)
    number: int = 0
    unsure: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.gates = [self.gate_type(journal, self.clock, LIFETIME) for journal in self.journals]

    def admit(self, call: Mapping[str, str], inputs: int, outputs: int, used: int, fault: Fault = NO_FAULT) -> Any:
        """One client comes in; let in, it makes its call at once, which takes ``used`` percent of the worst case."""
        note = f"c{self.number}"
        self.number += 1
        matching = [rule for rule in self.rules if all(call.get(key) == value for key, value in rule.match.items())]
        quoted = self.quote(inputs, outputs)
        results = self._each(fault, lambda gate: gate.admit(matching, quoted, note=note, rid=f"rid-{note}"))
        if isinstance(results[0], Refusal) and not results[0].rule.enforced:
            self.journals[0].mistakes.append(f"{results[0].rule.id} only observes and has denied")
        if isinstance(results[0], Admission):
            actual = cost(inputs * used // 100, outputs * used // 100)
            self.calls.append(Made(note, actual, results, unsure=bool(results[0].unmetered)))
        elif results[0] is Crash or (isinstance(results[0], Refusal) and results[0].not_undone):
            self.unsure.add(note)
        return results[0]

    def settle(self, made: Made, fault: Fault = NO_FAULT) -> Any:
        """A client settles its call, or dies over it."""
        admissions = iter(made.admissions)
        results = self._each(fault, lambda gate: gate.settle(next(admissions), made.actual))
        if results[0] in (Crash, KeyboardInterrupt):
            made.alive = False
            self.unsure.add(made.note)
        elif not results[0].unsettled:
            made.settled, made.unsure = True, False
        if made.settled and results[0].excess != NOTHING:
            self.journals[0].mistakes.append(f"{made.note} took {results[0].excess} more than it had reserved")
        return results[0]

    def expire_all(self) -> None:
        """Somebody sweeps: every hold that any counter has is ended, if its time is over."""
        now = int(self.clock().timestamp())
        for journal in self.journals:
            journal.plan(NO_FAULT)
            for key, count in journal.read().items():
                for hold in count.holds.values():
                    journal.expire(key, hold, now, "charge")

    def change(self, rule: Rule, **bounds: int | None) -> None:
        """The manifest's amounts change; the rule's id does not."""
        self.rules = tuple(
            replace(one, ceiling=replace(one.ceiling, **bounds)) if one.id == rule.id else one for one in self.rules
        )

    def repeat(self, what: str, index: int = 0) -> None:
        """The last operation, or an earlier reserve, comes again: nothing may change."""
        for journal in self.journals:
            before = dict(journal.read())
            if what == "last":
                self._repeated(journal, journal.last)
            elif journal.claims:
                claim = journal.claims[-1 - index % min(8, len(journal.claims))]
                known = journal.rows.get(claim.key, {})
                if claim.rid in known:
                    self._repeated(journal, partial(journal.ledger.reserve, claim))
            if dict(journal.read()) != before:
                journal.mistakes.append(f"repeating {what} changed the ledger")

    @staticmethod
    def _repeated(journal: Journal, operation: Callable[[], object]) -> None:
        try:
            operation()
        except SentryError as error:
            journal.mistakes.append(f"repeating an operation failed: {error}")

    def _each(self, fault: Fault, step: Callable[[Gate], Any]) -> list[Any]:
        results: list[Any] = []
        for gate, journal in zip(self.gates, self.journals, strict=True):
            journal.plan(fault)
            try:
                results.append(step(gate))
            except (Crash, KeyboardInterrupt) as end:
                results.append(type(end))
            journal.plan(NO_FAULT)
            if outcome(results[-1]) != outcome(results[0]):
                journal.mistakes.append(f"other outcomes: {results}")
        return results

    def problems(self) -> list[str]:
        """What does not hold; empty when all is well."""
        found = [mistake for journal in self.journals for mistake in journal.mistakes]
        first = self.journals[0].read()
        for journal in self.journals:
            counts = journal.read()
            found += [f"the ledgers differ: {first} and {counts}"] if counts != first else []
            for key, count in counts.items():
                found += self._wrong(journal, key, count)
        return found

    def _wrong(self, journal: Journal, key: Key, count: Count) -> list[str]:
        expected = journal.expected(key)
        checks = {
            "committed is not settled and held": count.committed == count.settled + count.held,
            "something is below zero": not (count.committed.negative or count.settled.negative),
            f"the rows sum to {expected}": (count.committed, count.settled) == expected,
            "a hold of nobody": all(hold.note in self._open() for hold in count.holds.values()),
            "too many endings are kept": len(count.done) <= 64,
            "less is recorded than was spent": (self._spent(key) - count.committed).beyond(NOTHING) == NOTHING,
        }
        return [f"{key}: {what}: {count}" for what, holds in checks.items() if not holds]

    def _open(self) -> set[str]:
        return self.unsure | {made.note for made in self.calls if not made.settled}

    def _spent(self, key: Key) -> Amounts:
        """What calls really took that this counter counts; settled rows of a reset counter are forgotten."""
        rows = self.journals[0].rows.get(key, {})
        forgotten = {rid for rid, (how, _) in rows.items() if how == "released"}
        return sum(
            (one.actual for one in self.calls if key in one.metered and f"rid-{one.note}" not in forgotten), NOTHING
        )


def memory_world(ledger: Ledger | None = None, **more: Any) -> World:
    return World([Journal(ledger or MemoryLedger())], **more)


def outcome(result: Any) -> Any:
    """A gate's answer without its exceptions' identities: equal outcomes are equal."""
    if isinstance(result, type):
        return result
    codes = [one.error.code for name in ERRING for one in getattr(result, name, ())]
    quiet = {name: () for name in ERRING if hasattr(result, name)}
    if isinstance(result, Refusal) and result.error is not None:
        codes.append(result.error.code)
        quiet["error"] = ()
    return replace(result, **quiet), codes
