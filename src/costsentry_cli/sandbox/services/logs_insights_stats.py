"""The aggregates of an Insights ``stats``: read, and summed up one row at a time. Sums are exact."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Context, Decimal
from typing import Any

from costsentry_cli.sandbox.services import logs_insights_values as values
from costsentry_cli.sandbox.services.logs_fields import rounded, shown
from costsentry_cli.sandbox.services.logs_insights_values import Row, Worth
from costsentry_cli.sandbox.services.logs_insights_words import Word, Words

_EXACT = Context(prec=500)
_HUNDRED = 100


@dataclass(frozen=True)
class Aggregate:
    """What is summed up, and a maker of what sums it up."""

    argument: Worth
    make: Callable[[], Total]


class Total:
    """Takes values of one group, None for a missing one; ``result`` is the aggregate."""

    def __init__(self, percent: Decimal = Decimal(0)) -> None:
        self.percent = percent
        self.count = 0
        self.kept: Any = None

    def add(self, value: Any, at: int) -> None:
        """Take the value of a row from the time ``at``."""
        raise NotImplementedError

    def result(self) -> Any:
        """The aggregate, None for nothing."""
        return self.kept


class _Count(Total):
    def add(self, value: Any, at: int) -> None:  # noqa: ARG002 - a count does not ask when
        self.count += value is not None

    def result(self) -> Any:
        return self.count


class _Sum(Total):
    def add(self, value: Any, at: int) -> None:  # noqa: ARG002 - as above
        found = values.number(value)
        if found is not None:
            self.count += 1
            self.kept = found if self.kept is None else _plus(self.kept, found)


class _Average(_Sum):
    def result(self) -> Any:
        return rounded(_EXACT.divide(Decimal(self.kept), Decimal(self.count))) if self.count else None


class _Least(Total):
    def add(self, value: Any, at: int) -> None:  # noqa: ARG002 - as above
        if value is not None and (self.kept is None or values.compared("<", value, self.kept)):
            self.kept = value


class _Greatest(Total):
    def add(self, value: Any, at: int) -> None:  # noqa: ARG002 - as above
        if value is not None and (self.kept is None or values.compared(">", value, self.kept)):
            self.kept = value


class _Distinct(Total):
    def add(self, value: Any, at: int) -> None:  # noqa: ARG002 - as above
        if value is not None:
            self.kept = self.kept or set()
            self.kept.add(shown(value))

    def result(self) -> Any:
        return len(self.kept or ())


class _Percentile(Total):
    def add(self, value: Any, at: int) -> None:  # noqa: ARG002 - as above
        found = values.number(value)
        if found is not None:
            self.kept = self.kept or []
            self.kept.append(Decimal(found))

    def result(self) -> Any:
        """The smallest value that this percentage of all does not exceed."""
        if not self.kept:
            return None
        rank = (Decimal(len(self.kept)) * self.percent / _HUNDRED).to_integral_value("ROUND_CEILING")
        return sorted(self.kept)[max(int(rank) - 1, 0)]


class _Latest(Total):
    def add(self, value: Any, at: int) -> None:
        if value is not None and (self.kept is None or at > self.kept[0]):
            self.kept = (at, value)

    def result(self) -> Any:
        return self.kept[1] if self.kept else None


class _Earliest(_Latest):
    def add(self, value: Any, at: int) -> None:
        super().add(value, -at)


def _plus(left: int | Decimal, right: int | Decimal) -> int | Decimal:
    if isinstance(left, int) and isinstance(right, int):
        return int(left) + int(right)
    return _EXACT.add(Decimal(left), Decimal(right))


AGGREGATES: dict[str, type[Total]] = {
    "count": _Count,
    "count_distinct": _Distinct,
    "sum": _Sum,
    "avg": _Average,
    "min": _Least,
    "max": _Greatest,
    "pct": _Percentile,
    "median": _Percentile,
    "earliest": _Earliest,
    "latest": _Latest,
}
"""Name -> what sums it up."""


def aggregate(name: Word, words: Words, read: Callable[[], Worth]) -> Aggregate:
    """Read an aggregate's arguments: ``count()``, ``count(*)``, ``sum(a)``, ``pct(a, 95)``."""
    called = name.text.lower()
    words.expect("(")
    argument: Worth | None = None
    percent = Decimal(50)
    if words.next.text != ")" and not (called == "count" and words.take_sign("*")):
        argument = read()
    if called == "pct":
        words.expect(",")
        word = words.next
        given = values.constant(words)
        if not isinstance(given, Decimal) or not 0 <= given <= _HUNDRED:
            words.wrong("a percentage from 0 to 100", word)
        percent = given
    words.expect(")")
    if argument is None:
        if called != "count":
            words.wrong(f"{name.text} takes a field", name)
        argument = _present
    kind = AGGREGATES[called]
    return Aggregate(argument, lambda: kind(percent))


def _present(_row: Row) -> Any:
    return 1
