"""The gate, case by case: who is let in, who is not and why, and how a call is settled."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from costsentry_cli.domain.errors import SentryError
from costsentry_cli.domain.ledger.counters import NOTHING, Amounts, Ceiling, Hold
from costsentry_cli.domain.ledger.gate import NOTE_MAX, Gate, hold_seconds, new_rid
from costsentry_cli.domain.ledger.memory import MemoryLedger
from costsentry_cli.domain.ledger.outcomes import Admission, Refusal
from costsentry_cli.domain.ledger.port import Admitted, Claim, Denied, Key, Reservation, Settled
from costsentry_cli.domain.ledger.rules import Rule
from fakes import NOON, FrozenClock

MINUTE = Rule("*/minute", {}, "minute", Ceiling(tokens=150, requests=2))
DAY = Rule("costCenter=sales/day", {}, "day", Ceiling(nano_usd=500), fallback="nova-lite")
RULES = (DAY, MINUTE)
WORST = Amounts(100, 60, 40, 1, 300)
TAKEN = Amounts(40, 30, 10, 1, 120)
MINUTE_KEY, DAY_KEY = Key("*/minute", "2026-11-23T12:00"), Key("costCenter=sales/day", "2026-11-23")


class Failing(MemoryLedger):
    """A ledger that cannot be reached for the limits in ``down``; what it was asked may have been done all the same."""

    def __init__(self, *down: str, effect: bool = False) -> None:
        super().__init__()
        self.down = set(down)
        self.effect = effect

    def reserve(self, claim: Claim) -> Admitted | Denied:
        if claim.key.limit not in self.down:
            return super().reserve(claim)
        if self.effect:
            super().reserve(claim)
        raise SentryError("CS0806", "DynamoDB is unavailable")

    def settle(self, reservation: Reservation, actual: Amounts) -> Settled:
        if reservation.key.limit in self.down:
            raise SentryError("CS0806", "DynamoDB is unavailable")
        return super().settle(reservation, actual)


def gate(ledger: MemoryLedger | None = None, clock: FrozenClock | None = None, **more) -> Gate:
    return Gate(ledger or MemoryLedger(), clock or FrozenClock(), 60, **more)


def admitted(made: Gate, **more) -> Admission:
    answer = made.admit(RULES, WORST, **more)
    assert isinstance(answer, Admission)
    return answer


def refused(made: Gate, rules=RULES, **more) -> Refusal:
    answer = made.admit(rules, WORST, **more)
    assert isinstance(answer, Refusal)
    return answer


def test_an_admitted_call_holds_its_worst_case_in_every_limit_under_one_id() -> None:
    made = gate()
    answer = admitted(made, note="sales", rid="r1")
    assert [one.reservation.key for one in answer.held] == [MINUTE_KEY, DAY_KEY]
    hold = Hold("r1", WORST, int(NOON.timestamp()) + 60, "sales")
    assert [dict(count.holds) for count in made.ledger.read([MINUTE_KEY, DAY_KEY]).values()] == [{"r1": hold}] * 2


def test_a_settled_call_leaves_what_it_took() -> None:
    made = gate()
    settlement = made.settle(admitted(made), TAKEN)
    assert [one.ending for _, one in settlement.settled] == ["settled", "settled"]
    assert (settlement.late, settlement.unsettled, settlement.excess) == ((), (), NOTHING)
    assert {(c.committed, c.settled, c.held) for c in made.ledger.read().values()} == {(TAKEN, TAKEN, NOTHING)}


def test_a_refusal_says_which_units_are_short_what_is_left_until_when_and_who_holds() -> None:
    made = gate()
    admitted(made, note="the first")
    answer = refused(made)
    assert (answer.rule, answer.reason, answer.short) == (MINUTE, "room", ("tokens",))
    assert answer.standing is not None
    assert answer.standing.remaining == {"tokens": 50, "requests": 1}
    assert answer.standing.resets == datetime(2026, 11, 23, 12, 1, tzinfo=UTC)
    assert [hold.note for hold in answer.standing.holders] == ["the first"]


def test_what_the_earlier_limits_held_is_given_back_on_the_first_denial() -> None:
    made = gate()
    tight = replace(DAY, ceiling=Ceiling(nano_usd=299))
    answer = refused(made, (MINUTE, tight))
    assert (answer.rule.fallback, answer.not_undone) == ("nova-lite", ())
    assert {(c.committed, len(c.holds)) for c in made.ledger.read().values()} == {(NOTHING, 0)}


def test_the_next_window_has_room_again() -> None:
    clock = FrozenClock()
    made = gate(clock=clock)
    made.settle(admitted(made), replace(TAKEN, tokens=100, nano_usd=10))
    assert refused(made).rule == MINUTE
    clock.move(timedelta(minutes=1))
    admitted(made)


def test_a_call_that_ends_in_the_next_window_is_counted_in_its_own() -> None:
    clock = FrozenClock()
    made = gate(clock=clock)
    answer = admitted(made)
    clock.move(timedelta(days=2))
    made.settle(answer, TAKEN)
    assert set(made.ledger.read()) == {MINUTE_KEY, DAY_KEY}
    assert made.ledger.read([MINUTE_KEY])[MINUTE_KEY].settled == TAKEN


def test_an_unknown_price_is_refused_where_dollars_are_bounded_and_nowhere_else() -> None:
    made = gate()
    answer = refused(made, priced=False)
    assert (answer.rule, answer.reason, dict(made.ledger.read())) == (DAY, "price", {})
    assert isinstance(made.admit((MINUTE, replace(DAY, enforced=False)), WORST, priced=False), Admission)


def test_an_observing_limit_records_and_tells_but_never_denies() -> None:
    made = gate()
    watched = replace(MINUTE, enforced=False)
    first, second = (made.admit((watched,), WORST) for _ in range(2))
    assert isinstance(first, Admission)
    assert isinstance(second, Admission)
    assert (first.observed_over, [one.rule for one in second.observed_over]) == ((), [watched])
    assert made.ledger.read([MINUTE_KEY])[MINUTE_KEY].committed == WORST + WORST


def test_a_lowered_limit_admits_nothing_until_there_is_room() -> None:
    made = gate()
    answer = admitted(made)
    lowered = (replace(MINUTE, ceiling=Ceiling(tokens=90)), DAY)
    small = Amounts(tokens=50)
    assert isinstance(made.admit(lowered, small), Refusal)
    assert made.standings(lowered)[0].over
    made.settle(answer, TAKEN)
    assert isinstance(made.admit(lowered, small), Admission)


@pytest.mark.parametrize(("policy", "ending"), [("charge", "charged"), ("release", "released")])
def test_an_abandoned_hold_is_ended_when_it_is_in_the_way(policy, ending) -> None:
    clock = FrozenClock()
    made = gate(clock=clock, policy=policy)
    month = Rule("*/month", {}, "month", Ceiling(requests=1))
    first = made.admit((month,), WORST, rid="dead")
    clock.move(timedelta(seconds=60))
    assert isinstance(made.admit((month,), WORST), Refusal)  # its time is not over yet
    clock.move(timedelta(seconds=1))
    answer = made.admit((month,), WORST)
    assert isinstance(answer, Refusal if policy == "charge" else Admission)
    assert [one.hold.rid for one in answer.abandoned] == ["dead"]
    assert isinstance(first, Admission)
    ((_, late),) = made.settle(first, TAKEN).late
    assert (late.was, late.excess) == (ending, NOTHING)


def test_settling_again_changes_nothing_and_says_so() -> None:
    made = gate()
    answer = admitted(made)
    made.settle(answer, TAKEN)
    before = made.ledger.read()
    assert [one.ending for _, one in made.settle(answer, TAKEN).settled] == ["replayed", "replayed"]
    assert made.ledger.read() == before


def test_what_a_call_takes_beyond_its_hold_is_told() -> None:
    made = gate()
    settlement = made.settle(admitted(made), Amounts(120, 60, 60, 1, 300))
    assert settlement.excess == Amounts(20, 0, 20, 0, 0)
    assert made.ledger.read([MINUTE_KEY])[MINUTE_KEY].committed.tokens == 120


@pytest.mark.parametrize("effect", [False, True])
def test_a_failing_ledger_denies_and_gives_back_what_it_can(effect: bool) -> None:
    ledger = Failing(DAY.id, effect=effect)
    answer = refused(gate(ledger))
    assert (answer.reason, answer.rule, answer.error and answer.error.code) == ("ledger", DAY, "CS0806")
    assert [one.rule for one in answer.not_undone] == [DAY]
    assert ledger.read([MINUTE_KEY])[MINUTE_KEY].holds == {}


def test_a_hold_made_under_a_lost_answer_is_given_back_when_the_ledger_is_back() -> None:
    class Lossy(MemoryLedger):
        def reserve(self, claim: Claim) -> Admitted | Denied:
            super().reserve(claim)
            raise SentryError("CS0808", "no answer")

    ledger = Lossy()
    answer = refused(gate(ledger))
    assert answer.not_undone == ()
    assert [count.committed for count in ledger.read().values()] == [NOTHING]


@pytest.mark.parametrize("effect", [False, True])
def test_a_rule_that_allows_lets_the_call_pass_tells_it_and_counts_it_afterwards(effect: bool) -> None:
    ledger = Failing(DAY.id, effect=effect)
    made = gate(ledger)
    answer = made.admit((MINUTE, replace(DAY, on_ledger_error="allow")), WORST)
    assert isinstance(answer, Admission)
    assert [(one.rule.id, one.error.code) for one in answer.unmetered] == [(DAY.id, "CS0806")]
    ((first,), second) = made.settle(answer, TAKEN).unsettled, MINUTE_KEY
    assert (first.rule.id, ledger.read([second])[second].settled) == (DAY.id, TAKEN)
    ledger.down.clear()
    assert made.settle(answer, TAKEN).unsettled == ()
    made.settle(answer, TAKEN)
    assert {(count.committed, count.settled) for count in ledger.read().values()} == {(TAKEN, TAKEN)}


def test_an_interrupted_admission_holds_nothing() -> None:
    class Interrupted(MemoryLedger):
        def reserve(self, claim: Claim) -> Admitted | Denied:
            answer = super().reserve(claim)
            if claim.key == DAY_KEY:
                raise KeyboardInterrupt
            return answer

    ledger = Interrupted()
    with pytest.raises(KeyboardInterrupt):
        gate(ledger).admit(RULES, WORST)
    assert {count.committed for count in ledger.read().values()} == {NOTHING}


def test_an_id_that_was_used_before_is_refused() -> None:
    made = gate()
    made.settle(admitted(made, rid="r1"), NOTHING)
    assert refused(made, rid="r1").reason == "done"


def test_a_reset_forgets_what_was_settled_and_keeps_what_is_held() -> None:
    made = gate()
    made.settle(admitted(made), replace(TAKEN, nano_usd=1))
    answer = admitted(made, rid="r2")
    assert made.ledger.reset(MINUTE_KEY)
    count = made.ledger.read([MINUTE_KEY])[MINUTE_KEY]
    assert (count.committed, count.settled, set(count.holds)) == (WORST, NOTHING, {"r2"})
    made.settle(answer, TAKEN)
    assert not made.ledger.reset(Key("nobody/day", "2026-11-23"))


def test_where_limits_stand_is_read_without_reserving() -> None:
    made = gate()
    admitted(made)
    minute, day = made.standings((MINUTE, DAY))
    assert (minute.remaining, day.remaining) == ({"tokens": 50, "requests": 1}, {"nano_usd": 200})
    (yesterday,) = made.standings((DAY,), NOON - timedelta(days=1))
    assert (yesterday.window.id, yesterday.remaining) == ("2026-11-22", {"nano_usd": 500})


def test_nothing_can_be_used_less_than_nothing() -> None:
    with pytest.raises(ValueError, match="less than nothing"):
        MemoryLedger().settle(Reservation(DAY_KEY, "r", WORST, 0), Amounts(tokens=-1))


def test_a_hold_outlives_any_call_and_ids_do_not_meet() -> None:
    assert (hold_seconds(900), hold_seconds(0.2)) == (1860, 61)
    assert len({new_rid() for _ in range(1000)}) == 1000


def test_a_long_note_is_cut() -> None:
    made = gate()
    admitted(made, note="x" * 500, rid="r")
    assert made.ledger.read([DAY_KEY])[DAY_KEY].holds["r"].note == "x" * NOTE_MAX
