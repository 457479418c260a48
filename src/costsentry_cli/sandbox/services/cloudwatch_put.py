"""PutMetricData: AWS's limits, then one row per value, statistic set or value with a count."""

from __future__ import annotations

import math
from typing import Any

from costsentry_cli.sandbox.contract import Request, ServiceError
from costsentry_cli.sandbox.services.cloudwatch_series import canonical

MOST_METRICS = 1000
MOST_VALUES = 150
_LARGEST = 2.0**360
_OLDEST = 14 * 86400
_FURTHEST = 2 * 3600

_INSERT = (
    "INSERT INTO datapoints (account, region, namespace, name, dimensions, at, total, count, low, high, unit)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)

_Row = tuple[float, float, float, float]


def put_metric_data(request: Request) -> dict[str, Any]:
    """PutMetricData, all of it or nothing; a retried call counts twice, as at AWS."""
    params = request.params
    _check_namespace(params["Namespace"])
    data = list(params.get("MetricData", ()))
    data += [datum for entity in params.get("EntityMetricData", ()) for datum in entity.get("MetricData", ())]
    if not data:
        raise ServiceError("MissingParameter", "The parameter MetricData is required.")
    if len(data) > MOST_METRICS:
        raise _invalid(f"The collection MetricData must not have a size greater than {MOST_METRICS}.")
    rows = [row for number, datum in enumerate(data, 1) for row in _stored(request, datum, number)]
    request.store.db.executemany(_INSERT, rows)
    return {}


def _stored(request: Request, datum: dict[str, Any], number: int) -> list[tuple[Any, ...]]:
    where = f"MetricData.member.{number}"
    dimensions = datum.get("Dimensions", [])
    _check_dimensions(dimensions, where)
    at = _time(request, datum, where)
    place = (request.account, request.region)
    key = (*place, request.params["Namespace"], datum["MetricName"], canonical(dimensions), at)
    return [(*key, *row, datum.get("Unit", "None")) for row in _rows(datum, where)]


def _rows(datum: dict[str, Any], where: str) -> list[_Row]:
    """(total, count, low, high) of each value a datum holds."""
    given = [name for name in ("Value", "Values", "StatisticValues") if name in datum]
    if not given:
        need = f"At least one of the parameters {where}.Value, {where}.Values and {where}.StatisticValues"
        raise ServiceError("MissingParameter", f"{need} must be specified.")
    if len(given) > 1:
        both = f"The parameters {where}.{given[0]} and {where}.{given[1]} are mutually exclusive"
        raise ServiceError("InvalidParameterCombination", f"{both} and you have specified both.")
    if given == ["StatisticValues"]:
        return [_statistic_set(datum["StatisticValues"], f"{where}.StatisticValues")]
    values = datum["Values"] if given == ["Values"] else [datum["Value"]]
    return _counted(values, datum.get("Counts"), f"{where}.{given[0]}")


def _counted(values: list[float], counts: list[float] | None, where: str) -> list[_Row]:
    if not values or len(values) > MOST_VALUES:
        raise _invalid(f"The collection {where} must have a size between 1 and {MOST_VALUES}.")
    if counts is not None and len(counts) != len(values):
        problem = f"The collections {where} and Counts must have the same size."
        raise ServiceError("InvalidParameterCombination", problem)
    numbers = [1.0] * len(values) if counts is None else counts
    for value, count in zip(values, numbers, strict=True):
        _check_number(value, where)
        _check_number(count, f"{where} (Counts)", lowest=0.0)
    return [(value * count, count, value, value) for value, count in zip(values, numbers, strict=True) if count]


def _statistic_set(given: dict[str, float], where: str) -> _Row:
    for name, value in given.items():
        _check_number(value, f"{where}.{name}")
    if given["SampleCount"] <= 0:
        raise _invalid(f"The value {given['SampleCount']} for parameter {where}.SampleCount is invalid.")
    if given["Minimum"] > given["Maximum"]:
        raise _invalid(f"The parameter {where}.Minimum must be less than or equal to {where}.Maximum.")
    return given["Sum"], given["SampleCount"], given["Minimum"], given["Maximum"]


def _time(request: Request, datum: dict[str, Any], where: str) -> float:
    now = request.now.timestamp()
    at: float = datum["Timestamp"].timestamp() if "Timestamp" in datum else now
    if at < now - _OLDEST:
        raise _invalid(f"The parameter {where}.Timestamp must specify a time no more than two weeks in the past.")
    if at > now + _FURTHEST:
        raise _invalid(f"The parameter {where}.Timestamp must specify a time no more than two hours in the future.")
    return at


def _check_namespace(namespace: str) -> None:
    if namespace.upper().startswith("AWS/"):
        raise _invalid(f"The value {namespace} for parameter Namespace is invalid: AWS/ is reserved.")


def _check_dimensions(dimensions: list[dict[str, str]], where: str) -> None:
    names = [dimension["Name"] for dimension in dimensions]
    if len(set(names)) < len(names):
        raise _invalid(f"No duplicate dimension names are allowed at {where}.Dimensions.")
    for place, dimension in enumerate(dimensions, 1):
        for member, text in dimension.items():
            if not text.strip() or not text.isascii() or (member == "Name" and text.startswith(":")):
                raise _invalid(
                    f"The value {text!r} for parameter {where}.Dimensions.member.{place}.{member} is invalid."
                )


def _check_number(value: float, where: str, lowest: float = -_LARGEST) -> None:
    if not math.isfinite(value) or not lowest <= value <= _LARGEST:
        raise _invalid(f"The value {value} for parameter {where} is invalid.")


def _invalid(message: str) -> ServiceError:
    return ServiceError("InvalidParameterValue", message)
