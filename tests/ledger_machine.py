"""The ledger's model check as a Hypothesis state machine; the world it runs in is the subclass's."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from costsentry_cli.domain.ledger.rules import Rule
from ledger_world import ALL, FAULTS, NO_FAULT, RULES, SALES, Fault, World

CALLS = st.fixed_dictionaries(
    {"costCenter": st.sampled_from(["sales", "support"]), "model": st.sampled_from(["haiku", "lite"])}
)
SOME_FAULTS = st.one_of(st.just(NO_FAULT), st.builds(Fault, st.sampled_from((*FAULTS, "lost")), st.integers(1, 3)))
BOUNDS = st.integers(0, 600)
SECONDS = st.sampled_from([1, 30, 59, 61, 119, 121, 3600, 86_400, 40 * 86_400, -1, -61, -86_400])


class LedgerMachine(RuleBasedStateMachine):
    """Clients come, settle, die and are repeated; clocks jump, limits move, windows roll."""

    steps = 0

    def __init__(self) -> None:
        super().__init__()
        self.world = self.make()

    def make(self) -> World:
        raise NotImplementedError

    def teardown(self) -> None:
        type(self).steps += self.world.journals[-1].steps if hasattr(self, "world") else 0

    @rule(
        call=CALLS, inputs=st.integers(0, 40), outputs=st.integers(0, 40), used=st.integers(0, 100), fault=SOME_FAULTS
    )
    def admit(self, call: dict[str, str], inputs: int, outputs: int, used: int, fault: Fault) -> None:
        self.world.admit(call, inputs, outputs, used, fault)

    @rule(which=st.integers(0, 50), fault=SOME_FAULTS)
    def settle(self, which: int, fault: Fault) -> None:
        alive = [made for made in self.world.calls if made.alive and not made.settled]
        if alive:
            self.world.settle(alive[which % len(alive)], fault)

    @rule()
    def settle_all(self) -> None:
        for made in self.world.calls:
            if made.alive and not made.settled:
                self.world.settle(made)

    @rule(which=st.integers(0, 50))
    def settle_again(self, which: int) -> None:
        settled = [made for made in self.world.calls if made.settled][-8:]
        if settled:
            self.world.settle(settled[which % len(settled)])

    @rule()
    def sweep(self) -> None:
        self.world.expire_all()

    @rule(seconds=SECONDS)
    def jump(self, seconds: int) -> None:
        self.world.clock.move(timedelta(seconds=seconds))

    @rule(which=st.sampled_from(RULES), money=BOUNDS, tokens=BOUNDS, requests=st.one_of(st.none(), st.integers(0, 20)))
    def change(self, which: Rule, money: int, tokens: int, requests: int | None) -> None:
        bounds = dict.fromkeys((unit for unit, _ in which.ceiling.bounds()), tokens)
        if which == SALES:
            bounds["nano_usd"] = money * 3
        self.world.change(which, **bounds)
        if which == ALL:
            self.world.change(which, requests=requests)

    @rule(what=st.sampled_from(["last", "reserve"]), index=st.integers(0, 7))
    def repeat(self, what: str, index: int) -> None:
        self.world.repeat(what, index)

    @rule(which=st.integers(0, 20))
    def reset(self, which: int) -> None:
        keys = sorted(self.world.journals[0].read(), key=str)
        if keys:
            for journal in self.world.journals:
                journal.reset(keys[which % len(keys)])

    @invariant()
    def everything_holds(self) -> None:
        problems = self.world.problems()
        assert not problems, "\n".join(problems)
