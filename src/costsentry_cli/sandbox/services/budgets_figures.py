"""What a budget has spent and is expected to spend, as of the refreshes of the sandbox's clock."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cached_property
from math import inf, nextafter
from typing import Any

from costsentry_cli.domain.assumptions import BUDGET_FORECAST_NEEDS
from costsentry_cli.sandbox.contract import ACCOUNT, Request
from costsentry_cli.sandbox.services.budgets_bill import Spent, Strand, strands_of
from costsentry_cli.sandbox.services.budgets_filters import TagKeys, scope_of
from costsentry_cli.sandbox.services.budgets_periods import (
    DAY,
    Span,
    latest_refresh,
    midnight,
    refresh_edge,
    refresh_time,
    span_of,
)
from costsentry_cli.sandbox.services.budgets_rows import Budget
from costsentry_cli.sandbox.services.ce_lines import lines_between
from costsentry_cli.sandbox.services.ce_tags import visible_tags

_RATE_DAYS = 28
_ZERO = Decimal(0)
_TENTH_PLACE = Decimal("1e-10")


@dataclass(frozen=True)
class Figures:
    """A refresh's figures of a budget's period, in its unit; no forecast where there is not enough history."""

    actual: Decimal = _ZERO
    forecast: Decimal | None = None


class Reading:
    """The figures of an account's budgets. The bill is folded at most once, when the first figure needs it.

    ``since`` is the earliest moment that will be asked about; without it, all that the latest refresh needs. The payer
    counts every account, another account itself.
    """

    def __init__(self, request: Request, budgets: Iterable[Budget], since: datetime | None = None) -> None:
        self.latest = latest_refresh(request.now)
        self._request = request
        self._budgets = list(budgets)
        self._since = since
        self._keys = TagKeys()
        self._scopes = {budget.name: scope_of(budget.content, self._keys) for budget in self._budgets}
        self._spent: dict[str, Spent] = {}

    def figures(self, budget: Budget, refresh: int | None = None) -> Figures:
        """A budget's figures as of a refresh, the latest by default; nothing until the first after a change."""
        refresh = self.latest if refresh is None else refresh
        span = judged(budget, refresh)
        if span is None or not self.has_figures(budget, refresh):
            return Figures()
        actual = self.spent(budget).between(span, refresh)
        if budget.unit == "DAILY" or not self._has_history(refresh):
            return Figures(actual)
        return Figures(actual, (actual + self._to_come(budget, span, refresh)).quantize(_TENTH_PLACE))

    def has_figures(self, budget: Budget, refresh: int | None = None) -> bool:
        """Whether a refresh, the latest by default, came after the budget was made or last changed."""
        return refresh_time(self.latest if refresh is None else refresh) > budget.updated

    def spent(self, budget: Budget) -> Spent:
        """What the budget counts of the bill."""
        if budget.name not in self._spent:
            self._spent[budget.name] = Spent(self._strands, self._scopes[budget.name])
        return self._spent[budget.name]

    def _to_come(self, budget: Budget, span: Span, refresh: int) -> Decimal:
        """The mean of the last full days, for every day of the period there is no data of yet."""
        edge = refresh_edge(refresh)
        full = Span(midnight(edge) - _RATE_DAYS * DAY, midnight(edge))
        left = max(span.end - max(edge, span.start), timedelta(0))
        days = Decimal(left // timedelta(seconds=1)) / Decimal(DAY // timedelta(seconds=1))
        return self.spent(budget).between(full, refresh) / _RATE_DAYS * days

    def _has_history(self, refresh: int) -> bool:
        first = self._first_cost
        return first is not None and first <= (refresh_edge(refresh) - BUDGET_FORECAST_NEEDS).timestamp()

    @cached_property
    def _account(self) -> str | None:
        return None if self._request.account == ACCOUNT else self._request.account

    @cached_property
    def _first_cost(self) -> float | None:
        used = "input_tokens + output_tokens + cache_read_tokens + cache_write_5m_tokens + cache_write_1h_tokens > 0"
        query = f"SELECT at FROM calls WHERE {used} AND account = coalesce(?, account) ORDER BY at LIMIT 1"  # noqa: S608
        row = self._request.store.db.execute(query, (self._account,)).fetchone()
        return None if row is None else float(row["at"])

    @cached_property
    def _strands(self) -> Sequence[Strand]:
        """Everything from ``since`` to the edge (shown itself) of what the latest refresh knows."""
        store, edge = self._request.store, refresh_edge(self.latest)
        lookup = visible_tags(store, refresh_time(self.latest))
        end = nextafter(edge.timestamp(), inf)
        lines = lines_between(store, self._first_needed().timestamp(), end, self._account)
        return strands_of(lines, {key: lookup(key) for key in sorted(self._keys.seen)})

    def _first_needed(self) -> datetime:
        needed = self._since or min(needed_since(budget, self.latest) for budget in self._budgets)
        return midnight(needed)


def judged(budget: Budget, refresh: int) -> Span | None:
    """The stretch a refresh's figures are of: its period, as far as the budget covers it; None before it begins.

    A DAILY budget's is the day of the newest data (assumption ``BUDGET_DAILY_SHOWS``).
    """
    newest = refresh_edge(refresh) - timedelta(microseconds=1)
    span = span_of(budget.unit, newest if budget.unit == "DAILY" else refresh_time(refresh), budget.covered)
    start = max(span.start, midnight(budget.covered.start))
    return Span(start, span.end) if start < span.end else None


def needed_since(budget: Budget, refresh: int) -> datetime:
    """The earliest day that a budget's figures of a refresh and of later ones look at."""
    span = judged(budget, refresh)
    rate_from = midnight(refresh_edge(refresh)) - _RATE_DAYS * DAY
    return rate_from if span is None else min(span.start, rate_from)


def amount(value: Decimal, unit: str) -> dict[str, str]:
    """AWS's ``Spend``; exact, without trailing zeros, zero as AWS writes it."""
    return {"Amount": format(value.normalize(), "f") if value else "0.0", "Unit": unit}


def calculated_spend(figures: Figures, unit: str) -> dict[str, Any]:
    """AWS's ``CalculatedSpend``."""
    spend = {"ActualSpend": amount(figures.actual, unit)}
    return spend if figures.forecast is None else spend | {"ForecastedSpend": amount(figures.forecast, unit)}


def passes(
    figures: Figures, *, kind: str, operator: str, threshold: float, threshold_type: str, limit: Decimal
) -> bool:
    """Whether figures pass a threshold (in percent of the limit, or an absolute value); never without a figure."""
    value = figures.actual if kind == "ACTUAL" else figures.forecast
    if value is None:
        return False
    mark = Decimal(str(threshold)) * (limit / 100 if threshold_type == "PERCENTAGE" else 1)
    return {"GREATER_THAN": value > mark, "LESS_THAN": value < mark, "EQUAL_TO": value == mark}[operator]
