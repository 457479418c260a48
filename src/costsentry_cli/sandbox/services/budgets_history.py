"""DescribeBudgetPerformanceHistory: what was budgeted and spent, period by period."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from itertools import takewhile
from typing import Any

from costsentry_cli.sandbox.contract import Handler, Request
from costsentry_cli.sandbox.services.budgets_figures import Reading, amount
from costsentry_cli.sandbox.services.budgets_pages import page
from costsentry_cli.sandbox.services.budgets_periods import Span, midnight, refresh_time, span_of, spans_of
from costsentry_cli.sandbox.services.budgets_refusals import refuse
from costsentry_cli.sandbox.services.budgets_rows import Budget, check_account, named

# The current period is one of them (AWS: 60 days; the current month and the 12 before it; four quarters).
_KEPT = {"DAILY": 60, "MONTHLY": 13, "QUARTERLY": 4, "CUSTOM": 1}
_SHOWN = ("BudgetName", "BudgetType", "TimeUnit", "CostFilters", "CostTypes", "FilterExpression", "Metrics")


def describe_history(request: Request) -> dict[str, Any]:
    """DescribeBudgetPerformanceHistory of a budget that is not ANNUALLY, oldest period first."""
    check_account(request)
    budget = named(request)
    if budget.unit == "ANNUALLY":
        refuse("Budget history isn't available for ANNUALLY budgets.")
    spans = [span for span in _kept(budget, request.now) if _is_wanted(span, request.params.get("TimePeriod", {}))]
    shown, more = page(request, spans, lambda span: int(span.start.timestamp()))
    reading = Reading(request, [budget], since=shown[0].start if shown else request.now)
    history: dict[str, Any] = {name: budget.content[name] for name in _SHOWN if name in budget.content}
    history["BudgetedAndActualAmountsList"] = [_amounts(budget, span, reading, request.now) for span in shown]
    return {"BudgetPerformanceHistory": history} | more


def _kept(budget: Budget, now: datetime) -> list[Span]:
    """The newest periods the budget covers, up to the current one."""
    covered = budget.covered
    spans = spans_of(budget.unit, covered.start, covered)
    return list(takewhile(lambda span: span.start <= now, spans))[-_KEPT[budget.unit] :]


def _is_wanted(span: Span, wanted: dict[str, datetime]) -> bool:
    return wanted.get("Start", span.start) < span.end and span.start < wanted.get("End", span.end)


def _amounts(budget: Budget, span: Span, reading: Reading, now: datetime) -> dict[str, Any]:
    limit = budget.limit(span.start)
    counted = Span(max(span.start, midnight(budget.covered.start)), span.end)
    # A change drops the figure of the period it happens in, as it drops the budget's.
    is_dropped = refresh_time(reading.latest) <= budget.updated and span == span_of(budget.unit, now, budget.covered)
    actual = Decimal(0) if is_dropped else reading.spent(budget).between(counted, reading.latest)
    return {
        "BudgetedAmount": limit,
        "ActualAmount": amount(actual, limit["Unit"]),
        "TimePeriod": {"Start": span.start, "End": span.end},
    }


OPERATIONS: dict[str, Handler] = {"DescribeBudgetPerformanceHistory": describe_history}
"""The operation; ``budgets`` joins it with the others."""
