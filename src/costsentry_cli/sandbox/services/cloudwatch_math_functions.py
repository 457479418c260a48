"""The functions of metric math that need nothing but their arguments and the range asked for (AWS: "metric math")."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from statistics import pstdev

from costsentry_cli.sandbox.services.cloudwatch_math_values import (
    Frame,
    Line,
    Lines,
    Points,
    Refused,
    Value,
    array,
    at_moment,
    common_period,
    each,
    one,
    scalar,
)

Argument = Value | str
"""A value, or a word such as ``REPEAT`` or ``DESC``."""

Function = Callable[[Frame, Sequence[Argument]], Value]

_FOLDS: dict[str, Callable[[Sequence[float]], float]] = {
    "SUM": sum,
    "AVG": lambda values: sum(values) / len(values),
    "MIN": min,
    "MAX": max,
    "STDDEV": pstdev,
    "DATAPOINT_COUNT": lambda values: float(len(values)),
}
"""Of the values of one series a scalar, of the series of an array one series."""

_ZERO_WHERE_MISSING = frozenset({"SUM", "AVG"})
_OF_NOTHING = {"SUM": 0.0, "DATAPOINT_COUNT": 0.0}


def _fold(name: str) -> Function:
    def function(frame: Frame, arguments: Sequence[Argument]) -> Value:
        del frame
        (value,) = values(arguments, 1)
        return folded(name, value)

    return function


def folded(name: str, value: Value) -> Value:
    """SUM, AVG, MIN, MAX, STDDEV or DATAPOINT_COUNT. Raises ``Refused`` for a scalar."""
    function = _FOLDS[name]
    if isinstance(value, Line):
        return float(function(list(value.points.values()))) if value.points else _OF_NOTHING.get(name, math.nan)
    lines = array(value)
    if not lines:
        return Line(0, {})
    moments = sorted({at for line in lines for at in line.points})
    filled = name in _ZERO_WHERE_MISSING
    points = {at: [line.points.get(at, 0.0) for line in lines if filled or at in line.points] for at in moments}
    return Line(common_period(list(lines)), {}).with_points({at: float(function(all_)) for at, all_ in points.items()})


def _mapped(function: Callable[[float], float]) -> Function:
    def whole(frame: Frame, arguments: Sequence[Argument]) -> Value:
        del frame
        (value,) = values(arguments, 1)
        return each(value, lambda line: line.with_points({at: function(was) for at, was in line.points.items()}))

    return whole


def _logarithm(function: Callable[[float], float]) -> Callable[[float], float]:
    return lambda value: function(value) if value > 0 else math.nan


def _paired(function: Callable[[float, int], float]) -> Function:
    """Of each point and the one before it: the difference of their values, and of their times in seconds."""

    def whole(frame: Frame, arguments: Sequence[Argument]) -> Value:
        del frame
        (value,) = values(arguments, 1)
        return each(value, _steps)

    def _steps(line: Line) -> Line:
        moments = sorted(line.points)
        pairs = pairwise(moments)
        return line.with_points({b: function(line.points[b] - line.points[a], b - a) for a, b in pairs})

    return whole


def _running_sum(frame: Frame, arguments: Sequence[Argument]) -> Value:
    del frame
    (value,) = values(arguments, 1)

    def summed(line: Line) -> Line:
        total, points = 0.0, {}
        for at in sorted(line.points):
            total += line.points[at]
            points[at] = total
        return line.with_points(points)

    return each(value, summed)


def _fill(frame: Frame, arguments: Sequence[Argument]) -> Value:
    """FILL: where a value is missing a scalar, a series' values, REPEAT or LINEAR; these two leave what has no ends."""
    if len(arguments) != 2:  # noqa: PLR2004, RUF100 a value and its filler
        raise Refused("FILL takes two arguments")
    value, filler = arguments
    if isinstance(value, str):
        raise Refused("FILL takes a time series first")
    if isinstance(filler, tuple) or (isinstance(filler, str) and filler not in ("REPEAT", "LINEAR")):
        raise Refused("FILL takes a scalar, a time series, REPEAT or LINEAR")
    return each(value, lambda line: line.with_points(_filled(frame, line, filler)))


def _filled(frame: Frame, line: Line, filler: float | Line | str) -> Points:
    if not line.period:
        return {}
    moments = list(frame.ticks(line.period))
    if not isinstance(filler, str):
        return {at: line.points.get(at, at_moment(filler, at)) for at in moments}
    known = sorted(line.points)
    return {at: value for at in moments if (value := _between(line.points, known, at, filler)) is not None}


def _between(points: Points, known: Sequence[int], at: int, way: str) -> float | None:
    """The value at a moment: the series' own, else the last one (REPEAT) or one on the line to the next (LINEAR)."""
    place = bisect_right(known, at)
    if not place:
        return None
    before = known[place - 1]
    if before == at or way == "REPEAT":
        return points[before]
    if place == len(known):
        return None
    after = known[place]
    return points[before] + (at - before) / (after - before) * (points[after] - points[before])


def _if(frame: Frame, arguments: Sequence[Argument]) -> Value:
    """IF: by timestamp for a series; a true moment without a value is 0, a false one is dropped."""
    del frame
    if not 2 <= len(arguments) <= 3:  # noqa: PLR2004, RUF100 condition, true, false
        raise Refused("IF takes a condition and one or two values")
    condition, true, *rest = values(arguments, len(arguments))
    false: Value = rest[0] if rest else Line(0, {})
    if isinstance(condition, float):
        chosen = true if condition else false
        return one(chosen)
    line = one(condition)
    sides = [side for side in (line, true, *rest) if isinstance(side, Line)]
    if isinstance(true, tuple) or isinstance(false, tuple):
        raise Refused("IF takes no array of time series")
    points: dict[int, float] = {}
    for at, holds in line.points.items():
        if holds:
            points[at] = at_moment(true, at)
        elif isinstance(false, float) or at in false.points:
            points[at] = at_moment(false, at)
    return Line(common_period(sides), points, line.label)


def _period(frame: Frame, arguments: Sequence[Argument]) -> Value:
    del frame
    (value,) = values(arguments, 1)
    line = one(value)
    if not line.stat:
        raise Refused("PERIOD takes a metric, not the result of an expression")
    return float(line.period)


def _sort(frame: Frame, arguments: Sequence[Argument]) -> Value:
    del frame
    if not 3 <= len(arguments) <= 4:  # noqa: PLR2004, RUF100 lines, function, order, limit
        raise Refused("SORT takes an array, a function, an order and perhaps a number")
    lines, function, order, *limit = arguments
    if isinstance(lines, str) or function not in ("AVG", "MIN", "MAX", "SUM") or order not in ("ASC", "DESC"):
        raise Refused("SORT takes AVG, MIN, MAX or SUM, and ASC or DESC")
    ranks = {id(line): scalar(folded(str(function), line)) for line in array(lines)}
    known = [line for line in array(lines) if not math.isnan(ranks[id(line)])]
    unknown = [line for line in array(lines) if math.isnan(ranks[id(line)])]
    known.sort(key=lambda line: ranks[id(line)], reverse=order == "DESC")
    most = int(scalar(values(limit, 1)[0])) if limit else None
    return tuple((known + unknown)[:most])


def _slice(frame: Frame, arguments: Sequence[Argument]) -> Value:
    del frame
    if not 2 <= len(arguments) <= 3:  # noqa: PLR2004, RUF100 lines, start, end
        raise Refused("SLICE takes an array and one or two numbers")
    lines, *bounds = values(arguments, len(arguments))
    start, end = int(scalar(bounds[0])), int(scalar(bounds[1])) if bounds[1:] else None
    return array(lines)[max(start, 0) : end]


def _place(index: int) -> Function:
    def function(frame: Frame, arguments: Sequence[Argument]) -> Value:
        del frame
        (value,) = values(arguments, 1)
        lines = array(value)
        return lines[index] if lines else Line(0, {})

    return function


def _remove_empty(frame: Frame, arguments: Sequence[Argument]) -> Value:
    del frame
    (value,) = values(arguments, 1)
    kept: Lines = tuple(line for line in array(value) if line.points)
    return kept


def _metric_count(frame: Frame, arguments: Sequence[Argument]) -> Value:
    del frame
    (value,) = values(arguments, 1)
    return float(len(array(value)))


def _time_series(frame: Frame, arguments: Sequence[Argument]) -> Value:
    (value,) = values(arguments, 1)
    number = scalar(value)
    return Line(frame.period, {}).with_points(dict.fromkeys(frame.ticks(frame.period), number))


def _of_moment(function: Callable[[datetime], float]) -> Function:
    def whole(frame: Frame, arguments: Sequence[Argument]) -> Value:
        (value,) = values(arguments, 1)
        line = one(value)
        ticks = frame.ticks(line.period) if line.period else iter(())
        return Line(line.period, {at: float(function(datetime.fromtimestamp(at, UTC))) for at in ticks}, line.label)

    return whole


def values(arguments: Sequence[Argument], number: int) -> list[Value]:
    """So many arguments, all of them values. Raises ``Refused``."""
    found = [each for each in arguments if not isinstance(each, str)]
    if len(arguments) != number or len(found) != number:
        raise Refused(f"it takes {number} argument{'s' if number != 1 else ''}")
    return found


FUNCTIONS: dict[str, Function] = {
    **{name: _fold(name) for name in _FOLDS},
    "ABS": _mapped(abs),
    "CEIL": _mapped(lambda value: float(math.ceil(value))),
    "FLOOR": _mapped(lambda value: float(math.floor(value))),
    "LOG": _mapped(_logarithm(math.log)),
    "LOG10": _mapped(_logarithm(math.log10)),
    "DIFF": _paired(lambda difference, _: difference),
    "DIFF_TIME": _paired(lambda _, seconds: float(seconds)),
    "RATE": _paired(lambda difference, seconds: difference / seconds),
    "RUNNING_SUM": _running_sum,
    "FILL": _fill,
    "IF": _if,
    "PERIOD": _period,
    "SORT": _sort,
    "SLICE": _slice,
    "FIRST": _place(0),
    "LAST": _place(-1),
    "REMOVE_EMPTY": _remove_empty,
    "METRIC_COUNT": _metric_count,
    "TIME_SERIES": _time_series,
    "MINUTE": _of_moment(lambda at: at.minute),
    "HOUR": _of_moment(lambda at: at.hour),
    "DAY": _of_moment(lambda at: at.isoweekday()),
    "DATE": _of_moment(lambda at: at.day),
    "MONTH": _of_moment(lambda at: at.month),
    "YEAR": _of_moment(lambda at: at.year),
    "EPOCH": _of_moment(lambda at: at.timestamp()),
}

LACKING = frozenset({"ANOMALY_DETECTION_BAND", "DB_PERF_INSIGHTS", "INSIGHT_RULE_METRIC", "LAMBDA", "SERVICE_QUOTA"})
"""Functions AWS has and the sandbox has not."""
