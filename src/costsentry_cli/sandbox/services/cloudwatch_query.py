"""Reading metrics: what a query may ask, which points answer it, and the statistics over them."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from costsentry_cli.sandbox.contract import Request, ServiceError
from costsentry_cli.sandbox.services.cloudwatch_series import Bucket, Series, Span, buckets, canonical, values

MOST_QUERIES = 500
MOST_POINTS = 100_800
MOST_STATISTICS = 1440

_DAY = 86400
# Shortest period CloudWatch still has, by the age of the points (AWS: metrics retention).
_RETENTION = ((60, 15 * _DAY), (300, 63 * _DAY), (3600, 455 * _DAY))
_SHORT_PERIODS = frozenset({1, 5, 10, 20, 30})
_ID = re.compile(r"[a-z][a-zA-Z0-9_]*")
_PERCENTILE = re.compile(r"p(100|\d{1,2}(?:\.\d{1,10})?)")
_SIMPLE = {"Sum", "Average", "Minimum", "Maximum", "SampleCount"}

Point = tuple[int, float]
"""Start of a period in epoch seconds, and the statistic over it."""


@dataclass(frozen=True)
class Query:
    """One checked query of GetMetricData for a metric; ``label`` is empty when none was given."""

    id: str
    series: Series
    stat: str
    span: Span
    label: str
    returned: bool


@dataclass(frozen=True)
class Expression:
    """One checked query of GetMetricData with an expression, unread; ``period`` is 0 when none was given."""

    id: str
    text: str
    period: int
    label: str
    returned: bool


Asked = Query | Expression


def known_until(request: Request) -> float:
    """The newest moment whose points can be seen: no bound, unless ``metric_lag_seconds`` is set."""
    lag = float(request.store.setting("metric_lag_seconds", "0"))
    return request.now.timestamp() - lag if lag else math.inf


def checked(request: Request) -> list[Asked]:
    """Every query, also those whose data is not returned. Raises ValidationError for what CloudWatch would refuse."""
    params = request.params
    given = params["MetricDataQueries"]
    _check_times(params, "ValidationError")
    if not 1 <= params.get("MaxDatapoints", MOST_POINTS) <= MOST_POINTS:
        raise refusal(f"The parameter MaxDatapoints must be between 1 and {MOST_POINTS}.")
    if not given or len(given) > MOST_QUERIES:
        raise refusal(f"The collection MetricDataQueries must have a size between 1 and {MOST_QUERIES}.")
    ids = [query["Id"] for query in given]
    if len(set(ids)) < len(ids):
        raise refusal("The values for parameter id in MetricDataQueries are not unique.")
    queries = [_asked(request, query, number) for number, query in enumerate(given, 1)]
    if not any(query.returned for query in queries):
        raise refusal("At least one query of MetricDataQueries must return data.")
    return queries


def points(request: Request, series: Series, stat: str, span: Span) -> dict[int, float]:
    """The statistic per period, oldest first."""
    span = visible(request, span)
    if stat in _SIMPLE:
        return {bucket.start: _statistic(bucket, stat) for bucket in buckets(request, series, span)}
    rank = _rank(stat, "Stat")
    return {start: percentile(raw, rank) for start, raw in sorted(values(request, series, span).items())}


def check_stat(stat: str, where: str) -> None:
    """Raises ValidationError for a statistic there is not."""
    if stat not in _SIMPLE:
        _rank(stat, where)


def check_period(period: int, where: str, code: str = "ValidationError") -> None:
    """Raises ``code`` for a period there is not."""
    if period not in _SHORT_PERIODS and (period % 60 or not period):
        raise ServiceError(code, f"The parameter {where} must be 1, 5, 10, 20, 30 or a multiple of 60.")


def span_of(request: Request, period: int, unit: str | None = None) -> Span:
    """The range of a request.

    CloudWatch rounds the start down: to the minute (or the short period), from 15 days on to five minutes, from 63
    days on to the hour.
    """
    start, now = request.params["StartTime"].timestamp(), request.now.timestamp()
    age = now - start
    step = 3600 if age > _RETENTION[1][1] else 300 if age > _RETENTION[0][1] else 60
    if period in _SHORT_PERIODS:
        step = period
    return Span(start // step * step, request.params["EndTime"].timestamp(), period, unit)


def statistics(request: Request) -> dict[str, Any]:
    """The answer of GetMetricStatistics."""
    params = request.params
    _check_times(params, "InvalidParameterCombination")
    check_period(params["Period"], "Period", "InvalidParameterValue")
    simple, extended = params.get("Statistics", []), params.get("ExtendedStatistics", [])
    if not simple and not extended:
        raise ServiceError(
            "InvalidParameterCombination", "At least one of Statistics and ExtendedStatistics is needed."
        )
    span = visible(request, span_of(request, params["Period"], params.get("Unit")))
    if (span.end - span.start) / span.period > MOST_STATISTICS:
        problem = f"You have requested more than {MOST_STATISTICS} datapoints, which is the limit. Use a longer period."
        raise ServiceError("InvalidParameterCombination", problem)
    series = Series(params["Namespace"], params["MetricName"], canonical(params.get("Dimensions", [])))
    raw = values(request, series, span) if extended else {}
    found = [_datapoint(bucket, params, raw.get(bucket.start)) for bucket in buckets(request, series, span)]
    return {"Label": series.name, "Datapoints": found}


def _datapoint(bucket: Bucket, params: dict[str, Any], raw: list[tuple[float, float]] | None) -> dict[str, Any]:
    point: dict[str, Any] = {"Timestamp": datetime.fromtimestamp(bucket.start, UTC)}
    point |= {stat: _statistic(bucket, stat) for stat in params.get("Statistics", ())}
    wanted = params.get("ExtendedStatistics", ())
    if wanted and raw:
        point["ExtendedStatistics"] = {stat: percentile(raw, _rank(stat, "ExtendedStatistics")) for stat in wanted}
    return point | ({"Unit": params["Unit"]} if "Unit" in params else {})


def percentile(raw: list[tuple[float, float]], rank: float) -> float:
    """The smallest value that ``rank`` per cent of the counts do not exceed; ``raw`` is sorted by value."""
    needed = sum(count for _, count in raw) * rank / 100
    seen = 0.0
    for value, count in raw:
        seen += count
        if seen >= needed:
            return value
    return raw[-1][0]


def _asked(request: Request, given: dict[str, Any], number: int) -> Asked:
    where = f"MetricDataQueries.member.{number}"
    if not _ID.fullmatch(given["Id"]):
        problem = f"The value {given['Id']} for parameter {where}.Id is not matching the expected pattern"
        raise refusal(f"{problem} ^[a-z][a-zA-Z0-9_]*$.")
    if ("MetricStat" in given) == ("Expression" in given):
        raise refusal(f"Exactly one of MetricStat and Expression must be given at {where}.")
    named = (given.get("Label", ""), given.get("ReturnData", True))
    if "Expression" not in given:
        return _query(request, given, where, *named)
    period = given.get("Period", 0)
    if period:
        check_period(period, f"{where}.Period")
    return Expression(given["Id"], given["Expression"], period, *named)


def _query(request: Request, given: dict[str, Any], where: str, label: str, returned: bool) -> Query:  # noqa: FBT001
    stat = given["MetricStat"]
    check_period(stat["Period"], f"{where}.MetricStat.Period")
    check_stat(stat["Stat"], f"{where}.MetricStat.Stat")
    metric = stat["Metric"]
    if "Namespace" not in metric or "MetricName" not in metric:
        raise refusal(f"Namespace and MetricName are required at {where}.MetricStat.Metric.")
    series = Series(metric["Namespace"], metric["MetricName"], canonical(metric.get("Dimensions", [])))
    span = span_of(request, stat["Period"], stat.get("Unit"))
    return Query(given["Id"], series, stat["Stat"], span, label, returned)


def visible(request: Request, span: Span) -> Span:
    """The part of a span whose points still exist in this period and are known already."""
    kept = max(age for period, age in _RETENTION if span.period % period == 0 or period == _RETENTION[0][0])
    oldest = (request.now.timestamp() - kept) // span.period * span.period
    return Span(max(span.start, oldest), min(span.end, known_until(request)), span.period, span.unit)


def _statistic(bucket: Bucket, stat: str) -> float:
    known = {"Sum": bucket.total, "SampleCount": bucket.count, "Minimum": bucket.low, "Maximum": bucket.high}
    return float(known[stat]) if stat in known else bucket.total / bucket.count


def _rank(stat: str, where: str) -> float:
    wanted = _PERCENTILE.fullmatch(stat)
    if wanted is None:
        raise refusal(f"The value {stat} for parameter {where} is not supported.")
    return float(wanted[1])


def _check_times(params: dict[str, Any], code: str) -> None:
    if params["StartTime"] >= params["EndTime"]:
        raise ServiceError(code, "The parameter StartTime must be less than the parameter EndTime.")


def refusal(message: str) -> ServiceError:
    """A ValidationError."""
    return ServiceError("ValidationError", message)
