"""Cost to the end of the month: AWS's forecast, or an estimate of our own where AWS has none.

Our estimate takes for every day to come the mean of the same weekday in the last four weeks; the interval is 80 % wide
by the spread of those weeks' days around their weekday's mean. It knows no growth and no holidays.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from costsentry_cli.domain.calls import ApiCall
from costsentry_cli.domain.reports.costs import ByDay
from costsentry_cli.domain.reports.expression import USAGE, Expression, conditions, joined, period_of
from costsentry_cli.domain.reports.question import ATTRIBUTE, Condition, Group
from costsentry_cli.domain.window import Window

LEVEL = 80
"""Percent: so often the cost should lie within the interval."""
WIDTH = Decimal("1.2816")
"""Standard deviations to either side that hold 80 % of a normal distribution."""
WEEKS = 4
HISTORY = timedelta(days=7 * WEEKS)
ENOUGH = 7
"""Complete days from which on the weekdays are told apart."""
AWS, OWN = "AWS", "own estimate"
ZERO = Decimal(0)


@dataclass(frozen=True)
class Outlook:
    """A group's month: USD so far (complete days), at its end, between ``low`` and ``high``, and who says so."""

    so_far: Decimal
    expected: Decimal
    low: Decimal
    high: Decimal
    source: str


@dataclass(frozen=True)
class Ahead:
    """USD that days to come may cost."""

    mean: Decimal
    low: Decimal
    high: Decimal


def can_ask(group: Group) -> bool:
    """Whether AWS forecasts for such groups: not for product attributes."""
    return group.kind != ATTRIBUTE


def forecast_call(group: Group, value: str, scope: Sequence[Expression], window: Window, view: str = "") -> ApiCall:
    """AWS's forecast of a group's Bedrock cost for days from today on: one paid request."""
    filters = [*scope, *conditions((Condition(group, (value,)),), ()), USAGE]
    params: dict[str, Any] = {
        "TimePeriod": period_of(window),
        "Metric": "UNBLENDED_COST",
        "Granularity": "MONTHLY",
        "Filter": joined(filters),
        "PredictionIntervalLevel": LEVEL,
    }
    return ApiCall("ce", "GetCostForecast", params | ({"BillingViewArn": view} if view else {}))


def forecast_in(answer: Mapping[str, Any]) -> Ahead:
    """AWS's answer, its periods added up; without bounds the mean stands for them."""
    mean = low = high = ZERO
    for period in answer["ForecastResultsByTime"]:
        amount = Decimal(period["MeanValue"])
        mean += amount
        low += Decimal(period.get("PredictionIntervalLowerBound", amount))
        high += Decimal(period.get("PredictionIntervalUpperBound", amount))
    return Ahead(mean, low, high)


def own(by_day: ByDay, complete: date, days: Sequence[date]) -> Ahead | None:
    """Our estimate for ``days``, from what was complete before ``complete``; None without any history."""
    history = {day: by_day.get(day, ZERO) for day in _known(by_day, complete)}
    if not history:
        return None
    means = _means(history)
    mean = sum((means[day.weekday()] for day in days), ZERO)
    spread = [(amount - means[day.weekday()]) ** 2 for day, amount in history.items()]
    deviation = (sum(spread, ZERO) / len(spread)).sqrt()
    width = WIDTH * deviation * Decimal(len(days)).sqrt()
    return Ahead(mean, max(ZERO, mean - width), mean + width)


def outlook(so_far: Decimal, parts: Sequence[Ahead], source: str) -> Outlook:
    """What was and what is to come, together."""
    mean, low, high = (sum((getattr(part, name) for part in parts), ZERO) for name in ("mean", "low", "high"))
    return Outlook(so_far, so_far + mean, so_far + low, so_far + high, source)


def summed(some: Sequence[Outlook]) -> Outlook | None:
    """The total. Its interval adds the groups' up: they may all be wrong the same way."""
    if not some:
        return None
    sources = {one.source for one in some}
    return Outlook(
        sum((one.so_far for one in some), ZERO),
        sum((one.expected for one in some), ZERO),
        sum((one.low for one in some), ZERO),
        sum((one.high for one in some), ZERO),
        sources.pop() if len(sources) == 1 else f"{AWS} and {OWN}",
    )


def _known(by_day: ByDay, complete: date) -> list[date]:
    """The last complete days, from the first with any cost on: before that there was nothing to learn from."""
    used = [day for day in by_day if day < complete]
    if not used:
        return []
    first = max(min(used), complete - HISTORY)
    return [first + timedelta(days=n) for n in range((complete - first).days)]


def _means(history: Mapping[date, Decimal]) -> dict[int, Decimal]:
    """The mean of each weekday; of all days where there are too few, or none of that weekday."""
    whole = sum(history.values(), ZERO) / len(history)
    if len(history) < ENOUGH:
        return dict.fromkeys(range(7), whole)
    by_weekday = {number: [amount for day, amount in history.items() if day.weekday() == number] for number in range(7)}
    return {number: sum(found, ZERO) / len(found) if found else whole for number, found in by_weekday.items()}
