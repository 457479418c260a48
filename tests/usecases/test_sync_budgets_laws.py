"""Laws of syncing budgets and monitors, over manifests and what stood before: the second plan is always empty."""

from __future__ import annotations

import tempfile
from decimal import Decimal
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from billing_world import ACTION, TOPIC, World
from costsentry_cli.cli.context import sandbox_context
from costsentry_cli.sandbox import Sandbox
from fakes import BASIC, FrozenClock, violations_in

EMAILS = st.lists(st.sampled_from(["a@example.com", "b@example.com", "c@example.com"]), max_size=3, unique=True)
ALERTS = st.lists(
    st.tuples(
        st.sampled_from(["1%", "80%", "99.9%", "100%"]),
        st.sampled_from(["actual", "forecast"]),
        st.tuples(EMAILS, st.lists(st.sampled_from([TOPIC, f"{TOPIC}-2"]), max_size=1)).filter(any),
    ),
    max_size=4,
    unique_by=lambda alert: alert[:2],
)
AMOUNTS = st.one_of(
    st.decimals("0.01", 10_000, places=2).map(lambda amount: f"amount: {amount:f}"),
    st.sampled_from(["planned: {2026-11: 500, 2027-01: 700.5}", "planned: {2027-03: 9}"]),
)
SLICES = st.sampled_from(
    ["", "\n    tags: {costCenter: sales}", "\n    tags: {costCenter: sales, environment: production}"]
)


@st.composite
def budgets(draw: st.DrawFn) -> str:
    names = draw(st.lists(st.sampled_from(["one", "two 50%", "three"]), max_size=3, unique=True))
    entries = []
    for name in names:
        alerts = "".join(
            f"\n      - {{at: {at}, of: {of}, email: [{', '.join(email)}]{f', sns: {sns}' if sns else ''}}}"
            for at, of, (email, sns) in draw(ALERTS)
        )
        action = draw(
            st.sampled_from(["", ACTION, ACTION.replace("100%", "90.5%").replace("roles: [", "roles: [ops/a, ")])
        )
        entries.append(
            f"  - name: {name}\n    {draw(AMOUNTS)}{draw(SLICES)}\n    per: month\n"
            f"    alerts:{alerts or ' []'}\n{action}"
        )
    return f"budgets:\n{''.join(entries)}" if entries else ""


@st.composite
def monitors(draw: st.DrawFn) -> str:
    names = draw(st.lists(st.sampled_from(["red", "blue"]), max_size=2, unique=True))
    alert = st.sampled_from(
        [
            "",
            "\n    alert: {above: 50, above_percent: 40%, frequency: daily, email: [a@example.com]}",
            "\n    alert: {above: 0.5, frequency: weekly, email: [b@example.com, a@example.com]}",
            f"\n    alert: {{above_percent: 12.5%, frequency: immediate, sns: [{TOPIC}]}}",
        ]
    )
    entries = [
        f"  - name: {n}\n    tag: {draw(st.sampled_from(['costCenter', 'environment']))}{draw(alert)}\n" for n in names
    ]
    return f"anomaly_monitors:\n{''.join(entries)}" if entries else ""


MANIFESTS = st.builds(lambda some, more: BASIC + some + more, budgets(), monitors())


@settings(max_examples=12, deadline=None)
@given(MANIFESTS, MANIFESTS)
def test_after_a_sync_from_anything_to_anything_nothing_is_left_to_do(first: str, then: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "sandbox.db"
        world = World(sandbox_context(Sandbox(file, clock=FrozenClock()), "us-east-1"), Path(folder))
        for text in (first, then, first):
            world.recorded(text, replace=True)
            assert world.recorded(text) == []
        wanted = {budget.name: budget for budget in world.read(first).budgets}
        fixed = {name: one.amount for name, one in wanted.items() if one.amount is not None}
        there = {name: Decimal(world.budgets()[name]["BudgetLimit"]["Amount"]) for name in fixed}
        assert there == fixed
        assert violations_in(file) == []
