"""GetCostForecast: a plain model in place of AWS's, the same answer every time.

The history is the newest whole weeks of whole days of the bill, at most twelve. Every weekday has its mean, and all of
them grow by the same slope (least squares: a line with a level for every weekday). A day's forecast is the line's value
of its weekday, at least 0. The prediction interval is what the normal distribution puts round it,
with the residuals' standard deviation (degrees of freedom: days less eight); a month's deviation is that of its days,
taken as independent. A month at the edge of the range is cut to it: only days asked for are in its figure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from statistics import NormalDist
from typing import Any

from costsentry_cli.domain.assumptions import BUDGET_FORECAST_NEEDS, COST_DATA_LAG
from costsentry_cli.sandbox.contract import Handler, Request
from costsentry_cli.sandbox.services.ce_attributes import refuse_attributes
from costsentry_cli.sandbox.services.ce_filter import refuse
from costsentry_cli.sandbox.services.ce_periods import Period, cut, period_of, spelled
from costsentry_cli.sandbox.services.ce_sums import plain
from costsentry_cli.sandbox.services.ce_view import check_view, seen_lines

METRICS = ("AMORTIZED_COST", "BLENDED_COST", "NET_AMORTIZED_COST", "NET_UNBLENDED_COST", "UNBLENDED_COST")
"""Metrics GetCostForecast forecasts; usage is another operation's."""

_DAY = timedelta(days=1)
_WEEK = 7
_MOST_WEEKS = 12
_LONGEST = {"DAILY": timedelta(days=93), "MONTHLY": timedelta(days=558)}
_DIGITS = Decimal("1e-10")
_NOTHING = Decimal(0)


@dataclass(frozen=True)
class Model:
    """What was learnt from a history: where it starts, what its weekdays cost in the mean, the slope, the scatter.

    ``means`` begins with the weekday of ``start`` and is of the history's ``middle`` week (of its day of each weekday).
    """

    start: datetime
    means: Sequence[Decimal]
    middle: Decimal
    slope: Decimal
    deviation: Decimal

    def day(self, moment: datetime) -> Decimal:
        """The forecast of a day (a midnight), US dollars."""
        weeks, place = divmod((moment - self.start) // _DAY, _WEEK)
        return max(self.line(weeks, place), _NOTHING)

    def line(self, weeks: int, place: int) -> Decimal:
        """The line's value some weeks and days after the start."""
        return self.means[place] + self.slope * _WEEK * (weeks - self.middle)


def get_cost_forecast(request: Request) -> dict[str, Any]:
    """GetCostForecast from today on: 3 months by day, 18 by month.

    Raises ``ServiceError``: ValidationException, ResourceNotFoundException; DataUnavailableException when what the
    filter matches has cost since less than ``BUDGET_FORECAST_NEEDS``.
    """
    params = request.params
    check_view(request)
    refuse_attributes(params, "GetCostForecast")
    if params["Metric"] not in METRICS:
        refuse(f"Metric {params['Metric']} is invalid. Valid values are {', '.join(METRICS)}")
    whole = _future(params, request.now)
    model = fitted(*_history(request))
    shown = [_shown(model, period, params) for period in cut(whole, params["Granularity"])]
    total = sum((Decimal(result["MeanValue"]) for result in shown), _NOTHING)
    return {"Total": {"Amount": plain(total), "Unit": "USD"}, "ForecastResultsByTime": shown}


def fitted(start: datetime, costs: Sequence[Decimal]) -> Model:
    """The model of whole weeks of daily costs, two weeks at least, from ``start`` (a midnight) on."""
    weeks = len(costs) // _WEEK
    middle = Decimal(weeks - 1) / 2
    means = [sum(costs[place::_WEEK], _NOTHING) / weeks for place in range(_WEEK)]
    spread = _WEEK**2 * sum(((week - middle) ** 2 for week in range(weeks)), _NOTHING)
    leaning = sum((_WEEK * (day // _WEEK - middle) * cost for day, cost in enumerate(costs)), _NOTHING)
    line = Model(start, means, middle, leaning / (spread * _WEEK), _NOTHING)
    off = [cost - line.line(*divmod(day, _WEEK)) for day, cost in enumerate(costs)]
    variance = sum((each**2 for each in off), _NOTHING) / (len(costs) - _WEEK - 1)
    return replace(line, deviation=variance.sqrt())


def _future(params: Mapping[str, Any], now: datetime) -> Period:
    granularity = params["Granularity"]
    if granularity not in _LONGEST:
        refuse("GetCostForecast supports only DAILY and MONTHLY granularities.")
    whole, today = period_of(params["TimePeriod"], granularity), _midnight(now)
    if whole.start < today:
        refuse("Start date must be today or in the future.")
    if whole.end - today > _LONGEST[granularity]:
        months = {"DAILY": 3, "MONTHLY": 18}[granularity]
        refuse(f"End date is too far in the future: {granularity} forecasts are of {months} months at most.")
    return whole


def _history(request: Request) -> tuple[datetime, list[Decimal]]:
    """The first day of the history, and what every day cost."""
    edge = request.now - COST_DATA_LAG
    end = _midnight(edge)
    longest = Period(end - _MOST_WEEKS * _WEEK * _DAY, end)
    costs: dict[datetime, Decimal] = {}
    days = cut(longest, "DAILY")
    for item in seen_lines(request, days, edge.timestamp()):
        day = longest.start + timedelta(seconds=item.at - longest.start.timestamp()) // _DAY * _DAY
        costs[day] = costs.get(day, _NOTHING) + item.cost
    since = min((day for day, cost in costs.items() if cost), default=end)
    if end - since < BUDGET_FORECAST_NEEDS:
        refuse("Insufficient amount of historical data.", "DataUnavailableException")
    first = end - (end - since) // (_WEEK * _DAY) * _WEEK * _DAY
    return first, [costs.get(day.start, _NOTHING) for day in days if day.start >= first]


def _shown(model: Model, period: Period, params: Mapping[str, Any]) -> dict[str, Any]:
    granularity, level = params["Granularity"], params.get("PredictionIntervalLevel")
    days = [model.day(day.start) for day in cut(period, "DAILY")]
    mean = sum(days, _NOTHING).quantize(_DIGITS)
    shown: dict[str, Any] = {
        "TimePeriod": {"Start": spelled(period.start, granularity), "End": spelled(period.end, granularity)},
        "MeanValue": plain(mean),
    }
    if level is not None:
        half = (_deviations(level) * model.deviation * Decimal(len(days)).sqrt()).quantize(_DIGITS)
        shown["PredictionIntervalLowerBound"] = plain(max(mean - half, _NOTHING))
        shown["PredictionIntervalUpperBound"] = plain(mean + half)
    return shown


def _deviations(level: int) -> Decimal:
    """How many standard deviations to either side hold so many percent of a normal distribution."""
    return Decimal(f"{NormalDist().inv_cdf(0.5 + level / 200):.6f}")


def _midnight(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


OPERATIONS: dict[str, Handler] = {"GetCostForecast": get_cost_forecast}
"""The forecast; ``ce`` joins it with the others."""
