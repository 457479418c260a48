"""What metric math computes with: scalars, time series and arrays of time series, and the operators on them.

AWS: a missing value counts as 0 in arithmetic and comparisons of two series; what is divided by zero is dropped.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from costsentry_cli.sandbox.services.cloudwatch_series import Series

Points = Mapping[int, float]
"""Start of a period (epoch seconds) -> value."""


class Refused(ValueError):
    """The expression asks for what metric math does not have; the message says what."""


@dataclass(frozen=True)
class Line:
    """One time series. ``series`` is the metric it was made from, if one; ``stat`` is there while it is as it was read.

    ``period`` is in seconds, 0 for what came out of no series at all.
    """

    period: int
    points: Points
    label: str = ""
    series: Series | None = field(default=None, compare=False)
    stat: str = field(default="", compare=False)

    def with_points(self, points: Points) -> Line:
        """The same line with other points; those that are no finite number are dropped."""
        return replace(self, points={at: value for at, value in points.items() if math.isfinite(value)}, stat="")


Lines = tuple[Line, ...]
Value = float | Line | Lines


@dataclass(frozen=True)
class Frame:
    """The range of the request (epoch seconds, end excluded) and the period of what has none of its own."""

    start: float
    end: float
    period: int

    def ticks(self, period: int) -> Iterator[int]:
        """The starts of all periods that lie in the range at least in part."""
        return iter(range(int(self.start // period * period), math.ceil(self.end), period))


def each(value: Value, function: Callable[[Line], Line]) -> Value:
    """The function of a series, or of every one of an array. Raises ``Refused`` for a scalar."""
    if isinstance(value, tuple):
        return tuple(function(line) for line in value)
    if isinstance(value, Line):
        return function(value)
    raise Refused("a time series is needed, not a scalar")


def one(value: Value) -> Line:
    """A single series. Raises ``Refused`` for anything else."""
    if not isinstance(value, Line):
        raise Refused("a single time series is needed")
    return value


def array(value: Value) -> Lines:
    """An array of series. Raises ``Refused`` for anything else."""
    if not isinstance(value, tuple):
        raise Refused("an array of time series is needed")
    return value


def scalar(value: Value) -> float:
    """A scalar. Raises ``Refused`` for anything else."""
    if not isinstance(value, float):
        raise Refused("a scalar is needed")
    return value


def negative(value: Value) -> Value:
    """The value with its sign turned."""
    if isinstance(value, float):
        return -value
    return each(value, lambda line: line.with_points({at: -each for at, each in line.points.items()}))


def operated(sign: str, left: Value, right: Value) -> Value:
    """Two values with an operator between them. Raises ``Refused`` for operands AWS does not take."""
    function = OPERATORS[sign]
    arrays = isinstance(left, tuple) + isinstance(right, tuple)
    if arrays and (arrays == 2 or sign in _LOGICAL):  # noqa: PLR2004, RUF100 both
        raise Refused(f"Unsupported operand type(s) for {sign}: an array of time series")
    if isinstance(left, tuple):
        return tuple(one(operated(sign, line, right)) for line in left)
    if isinstance(right, tuple):
        return tuple(replace(one(operated(sign, left, line)), label=line.label) for line in right)
    if isinstance(left, float) and isinstance(right, float):
        return function(left, right)
    return _joined(function, left, right)


def _joined(function: Callable[[float, float], float], left: float | Line, right: float | Line) -> Line:
    lines = [side for side in (left, right) if isinstance(side, Line)]
    moments = sorted({at for line in lines for at in line.points})
    return Line(common_period(lines), {}, lines[0].label).with_points(
        {at: function(at_moment(left, at), at_moment(right, at)) for at in moments}
    )


def at_moment(side: float | Line, at: int) -> float:
    """The value of a scalar, or of a series at a moment: 0 where it is missing."""
    return side if isinstance(side, float) else side.points.get(at, 0.0)


def common_period(lines: list[Line]) -> int:
    """The period all of them have, 0 for results of nothing.

    Raises ``Refused`` when they differ: how AWS mixes them is not documented.
    """
    periods = {line.period for line in lines if line.period}
    if len(periods) > 1:
        raise Refused(f"the sandbox does not mix periods in one expression: {sorted(periods)}")
    return periods.pop() if periods else 0


def _divided(left: float, right: float) -> float:
    return left / right if right else math.nan


def _raised(left: float, right: float) -> float:
    try:
        return math.pow(left, right)
    except (ValueError, OverflowError):
        return math.nan


OPERATORS: dict[str, Callable[[float, float], float]] = {
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
    "/": _divided,
    "^": _raised,
    "==": lambda left, right: float(left == right),
    "!=": lambda left, right: float(left != right),
    "<=": lambda left, right: float(left <= right),
    ">=": lambda left, right: float(left >= right),
    "<": lambda left, right: float(left < right),
    ">": lambda left, right: float(left > right),
    "AND": lambda left, right: float(bool(left) and bool(right)),
    "OR": lambda left, right: float(bool(left) or bool(right)),
}
_LOGICAL = frozenset(OPERATORS) - {"+", "-", "*", "/", "^"}
