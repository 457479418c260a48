"""On which day an alert would have fired, from what each day cost. Pure; the forecast is ours, not AWS's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from costsentry_cli.domain.budget_periods import period_of, periods_in
from costsentry_cli.domain.budget_spend import ByDay, within
from costsentry_cli.domain.manifest.types import Alert, Budget, BudgetAction
from costsentry_cli.domain.window import Window


@dataclass(frozen=True)
class Simulated:
    """What one alert of a budget, or its action, would have done; ``alert`` is None for a budget without any.

    ``cost`` is that of the month, ``fired`` the first day on which the threshold was passed, ``times`` how many periods
    it was passed in. ``share`` is the share of the limit that was used at the month's end, counted from the period's
    start; None for a budget per day.
    """

    budget: str
    per: str
    alert: str | None
    limit: Decimal
    cost: Decimal
    fired: date | None
    times: int
    share: Decimal | None


def window_for(budget: Budget, month: Window) -> Window:
    """The days whose cost the simulation needs: from the start of the period the month begins in."""
    return Window(period_of(budget.per, month.start).start, month.end)


def simulate(budget: Budget, days: ByDay, month: Window) -> Iterator[Simulated]:
    """One line for each alert and the action; passed is what the cost is greater than, as AWS's ``GREATER_THAN``."""
    last = list(periods_in(budget.per, month))[-1]
    limit = limit_in(budget, last)
    share = None if budget.per == "day" else within(days, Window(last.start, month.end)) / limit
    for alert in triggers(budget) or (None,):
        fired = [day for day in _fired(budget, alert, days, month) if day is not None] if alert else []
        yield Simulated(
            budget=budget.name,
            per=budget.per,
            alert=_text(alert) if alert else None,
            limit=limit,
            cost=within(days, month),
            fired=fired[0] if fired else None,
            times=len(fired),
            share=share,
        )


def triggers(budget: Budget) -> tuple[Alert | BudgetAction, ...]:
    """All that passing a threshold sets off: the alerts, then the action."""
    return budget.alerts if budget.action is None else (*budget.alerts, budget.action)


def limit_in(budget: Budget, period: Window) -> Decimal:
    """The amount of a period; before the first planned one, that."""
    if budget.amount is not None:
        return budget.amount
    begun = [amount for start, amount in budget.planned if start <= period.start]
    return begun[-1] if begun else budget.planned[0][1]


def _text(one: Alert | BudgetAction) -> str:
    """``actual > 80%``, and of an action ``action: actual > 95%``."""
    kind = "action: " if isinstance(one, BudgetAction) else ""
    return f"{kind}{one.of} > {one.at_percent.normalize():f}%"


def _fired(budget: Budget, alert: Alert | BudgetAction, days: ByDay, month: Window) -> Iterator[date | None]:
    """For each period the first day, no later than the month's last, on which the alert fires."""
    for period in periods_in(budget.per, month):
        bound = limit_in(budget, period) * alert.at_percent / 100
        yield first_over(days, period, month.end, bound, forecast=alert.of == "forecast")


def first_over(days: ByDay, period: Window, end: date, bound: Decimal, *, forecast: bool) -> date | None:
    """The first day before ``end`` at whose close the cost so far is greater than ``bound``.

    With ``forecast`` it is the run rate: the cost so far, divided by the days gone, times the days of the period.
    """
    cost = Decimal(0)
    for gone, day in enumerate(period.dates(), 1):
        if day >= end:
            return None
        cost += days.get(day, Decimal(0))
        if (cost * period.days > bound * gone) if forecast else (cost > bound):
            return day
    return None
