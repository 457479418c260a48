"""When alerts would have fired: every figure below is reckoned by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costsentry_cli.domain.budget_simulation import Simulated, first_over, simulate, window_for
from costsentry_cli.domain.document import Mark
from costsentry_cli.domain.manifest.types import Alert, AlertOf, Budget, BudgetAction, BudgetPer
from costsentry_cli.domain.window import Window

AT = Mark(1, 1)
OCTOBER = Window(date(2026, 10, 1), date(2026, 11, 1))
JUNE = Window(date(2026, 6, 1), date(2026, 7, 1))


def alert(at: int, of: AlertOf = "actual") -> Alert:
    return Alert(Decimal(at), of, ("finops@example.com",), (), AT)


def budget(per: BudgetPer, amount: int, *alerts: Alert) -> Budget:
    return Budget("b", {}, Decimal(amount), (), per, alerts, None, AT)


def spent(first: date, *amounts: int) -> dict[date, Decimal]:
    return {first + timedelta(days=n): Decimal(amount) for n, amount in enumerate(amounts)}


# October: 1, 2, 3, ... 31 USD. Sum to day n: n(n+1)/2, to day 31: 496. Run rate at day n: 31(n+1)/2.
RISING = spent(date(2026, 10, 1), *range(1, 32))


@pytest.mark.parametrize(
    ("per", "amount", "one", "fired", "times", "share"),
    [
        # 80 % of 300 is 240: 21*22/2 = 231 is not over it, 22*23/2 = 253 is
        ("month", 300, alert(80), date(2026, 10, 22), 1, Decimal(496) / 300),
        # 100 % of 300: 24*25/2 = 300 is not greater than 300, 25*26/2 = 325 is
        ("month", 300, alert(100), date(2026, 10, 25), 1, Decimal(496) / 300),
        # 100 % of 496 is what it cost in the end: never
        ("month", 496, alert(100), None, 0, Decimal(1)),
        # 31(n+1)/2 > 300: n = 18 makes 294.5, n = 19 makes 310
        ("month", 300, alert(100, "forecast"), date(2026, 10, 19), 1, Decimal(496) / 300),
        # 310 is what n = 19 makes, not greater
        ("month", 310, alert(100, "forecast"), date(2026, 10, 20), 1, Decimal(496) / 310),
        # days over 28 USD: the 29th, 30th and 31st
        ("day", 28, alert(100), date(2026, 10, 29), 3, None),
        # 50 % of 28 is 14: from the 15th on, 17 days
        ("day", 28, alert(50), date(2026, 10, 15), 17, None),
        # the quarter begins on 1 October; run rate 92(n+1)/2 > 500: n = 9 makes 460, n = 10 makes 506
        ("quarter", 500, alert(100, "forecast"), date(2026, 10, 10), 1, Decimal(496) / 500),
        ("quarter", 500, alert(100), None, 0, Decimal(496) / 500),
    ],
)
def test_october_by_hand(
    per: BudgetPer, amount: int, one: Alert, fired: date | None, times: int, share: Decimal | None
) -> None:
    (found,) = simulate(budget(per, amount, one), RISING, OCTOBER)
    text = f"{one.of} > {one.at_percent}%"
    assert found == Simulated("b", per, text, Decimal(amount), Decimal(496), fired, times, share)


def test_a_quarter_is_counted_from_its_start_and_fires_once_even_before_the_month() -> None:
    days = spent(date(2026, 4, 1), *[1] * 91)
    (early, late) = simulate(budget("quarter", 100, alert(50), alert(80)), days, JUNE)
    assert window_for(budget("quarter", 100), JUNE) == Window(date(2026, 4, 1), date(2026, 7, 1))
    assert (early.fired, early.times) == (date(2026, 5, 21), 1)  # 51 > 50: 30 days of April, 21 of May
    assert (late.fired, late.cost, late.share) == (date(2026, 6, 20), Decimal(30), Decimal("0.91"))


def test_a_year_is_counted_from_january() -> None:
    (found,) = simulate(budget("year", 150, alert(100)), spent(date(2026, 1, 1), *[1] * 365), JUNE)
    assert found.fired == date(2026, 5, 31)  # day 151: 31 + 28 + 31 + 30 + 31


def test_planned_amounts_are_those_of_the_month_and_before_the_first_that() -> None:
    planned = ((date(2026, 10, 1), Decimal(300)), (date(2026, 11, 1), Decimal(1)))
    made = Budget("b", {}, None, planned, "month", (alert(100),), None, AT)
    (october,) = simulate(made, RISING, OCTOBER)
    (november,) = simulate(made, {}, Window(date(2026, 11, 1), date(2026, 12, 1)))
    assert november.limit == 1
    (june,) = simulate(made, spent(date(2026, 6, 1), 299, 2), JUNE)
    assert (october.limit, october.fired) == (300, date(2026, 10, 25))
    assert (june.limit, june.fired) == (300, date(2026, 6, 2))


def test_an_action_is_a_line_after_the_alerts_with_the_day_it_would_have_acted() -> None:
    action = BudgetAction(
        Decimal(100), "actual", "arn:aws:iam::aws:policy/p", ("app",), "arn:aws:iam::1:role/r", "manual", (), (), AT
    )
    made = replace(budget("month", 300, alert(80)), action=action)
    alone = replace(budget("month", 300), action=action)
    (first, second) = simulate(made, RISING, OCTOBER)
    assert (first.alert, first.fired) == ("actual > 80%", date(2026, 10, 22))
    assert (second.alert, second.fired) == ("action: actual > 100%", date(2026, 10, 25))
    assert [one.alert for one in simulate(alone, RISING, OCTOBER)] == ["action: actual > 100%"]


def test_a_budget_without_alerts_is_a_line_all_the_same() -> None:
    (found,) = simulate(budget("month", 300), RISING, OCTOBER)
    assert (found.alert, found.fired, found.cost) == (None, None, Decimal(496))


@given(st.lists(st.integers(0, 50), min_size=31, max_size=31), st.integers(1, 600), st.integers(1, 150))
def test_an_actual_alert_fires_at_the_first_sum_over_its_bound(amounts: list[int], limit: int, percent: int) -> None:
    days: Mapping[date, Decimal] = spent(date(2026, 10, 1), *amounts)
    (found,) = simulate(budget("month", limit, alert(percent)), days, OCTOBER)
    sums = [sum(amounts[: n + 1]) for n in range(31)]
    over = [n for n, one in enumerate(sums) if one * 100 > limit * percent]
    assert found.fired == (date(2026, 10, over[0] + 1) if over else None)


@given(st.lists(st.integers(0, 50), min_size=31, max_size=31), st.integers(1, 600))
def test_a_run_rate_never_fires_after_the_actual_cost_does(amounts: list[int], limit: int) -> None:
    days = spent(date(2026, 10, 1), *amounts)
    actual = first_over(days, OCTOBER, OCTOBER.end, Decimal(limit), forecast=False)
    forecast = first_over(days, OCTOBER, OCTOBER.end, Decimal(limit), forecast=True)
    assert actual is None or (forecast is not None and forecast <= actual)


def test_a_month_that_is_not_over_ends_today() -> None:
    (found,) = simulate(budget("month", 300, alert(80)), RISING, Window(OCTOBER.start, date(2026, 10, 22)))
    assert (found.fired, found.cost) == (None, Decimal(231))
