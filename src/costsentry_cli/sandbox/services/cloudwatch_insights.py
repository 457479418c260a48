"""Metrics Insights: ``SELECT SUM(x) FROM SCHEMA("NS", Dim) WHERE Dim = 'v' GROUP BY Dim ORDER BY SUM() DESC LIMIT 5``.

AWS: "Metrics Insights query components and syntax". The last two weeks only, and 500 series at most.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from costsentry_cli.sandbox.contract import Request
from costsentry_cli.sandbox.services.cloudwatch_math_functions import folded
from costsentry_cli.sandbox.services.cloudwatch_math_syntax import SyntaxMistake
from costsentry_cli.sandbox.services.cloudwatch_math_values import Line, Lines, scalar
from costsentry_cli.sandbox.services.cloudwatch_search import dimensions
from costsentry_cli.sandbox.services.cloudwatch_series import Bucket, Series, Span, buckets

MOST_SERIES = 500
OTHER = "Other"
"""The group of the metrics that do not have the dimension."""

_WORD = re.compile(
    r"""\s*(?:(?P<name>[A-Za-z_]\w*)|(?P<quoted>"(?:[^"\\]|\\.)*")|(?P<text>'(?:[^'\\]|\\.)*')"""
    r"""|(?P<number>[0-9]+)(?!\w)|(?P<sign>!=|[=(),]))""",
    re.ASCII,
)
_FUNCTIONS = ("AVG", "COUNT", "MAX", "MIN", "SUM")


@dataclass(frozen=True)
class Insight:
    """A query that was read; ``schema`` None takes metrics of any dimensions."""

    function: str
    metric: str
    namespace: str
    schema: tuple[str, ...] | None
    conditions: tuple[tuple[str, bool, str], ...]
    group_by: tuple[str, ...]
    order: tuple[str, bool] | None
    limit: int

    def takes(self, series: Series) -> bool:
        """Whether a metric is asked for."""
        have = dimensions(series)
        if (series.namespace, series.name) != (self.namespace, self.metric):
            return False
        if self.schema is not None and sorted(have) != sorted(self.schema):
            return False
        return all((have.get(name) == value) == equal for name, equal, value in self.conditions)


def is_insight(expression: str) -> bool:
    """Whether an expression is a query of Metrics Insights."""
    return re.match(r"\s*SELECT\b", expression, re.IGNORECASE) is not None


def answered(request: Request, insight: Insight, known: Iterable[Series], span: Span) -> Lines:
    """One line per group, labelled with its values; without GROUP BY a single one with the metric's name."""
    groups: dict[tuple[str, ...], list[Series]] = {}
    for series in known:
        if insight.takes(series):
            have = dimensions(series)
            groups.setdefault(tuple(have.get(name, OTHER) for name in insight.group_by), []).append(series)
    lines = [
        Line(span.period, _points(insight.function, [buckets(request, each, span) for each in groups[group]]), label)
        for group in sorted(groups)
        for label in (" ".join(group) or insight.metric,)
    ]
    if insight.order is not None:
        function, descending = insight.order
        lines = [line for line in lines if line.points]
        lines.sort(key=lambda line: _rank(function, line), reverse=descending)
    return tuple(lines[: insight.limit])


def _rank(function: str, line: Line) -> float:
    return scalar(folded("DATAPOINT_COUNT" if function == "COUNT" else function, line))


def _points(function: str, found: Sequence[Sequence[Bucket]]) -> dict[int, float]:
    """The function over all observations of a period, whatever metric they belong to."""
    by_start: dict[int, list[Bucket]] = {}
    for bucket in (bucket for each in found for bucket in each):
        by_start.setdefault(bucket.start, []).append(bucket)
    return {start: _value(function, by_start[start]) for start in sorted(by_start)}


def _value(function: str, found: Sequence[Bucket]) -> float:
    total, count = sum(bucket.total for bucket in found), sum(bucket.count for bucket in found)
    if function == "AVG":
        return total / count
    if function in ("MIN", "MAX"):
        return float(min(bucket.low for bucket in found) if function == "MIN" else max(b.high for b in found))
    return float(total if function == "SUM" else count)


def insight(text: str) -> Insight:
    """Read a query. Raises ``SyntaxMistake``."""
    return _Reading(text).whole()


class _Reading:
    """A position in a query, one word ahead."""

    def __init__(self, text: str) -> None:
        self.words: list[tuple[str, str]] = []
        text, at = text.rstrip(), 0
        while at < len(text):
            found = _WORD.match(text, at)
            if found is None:
                raise SyntaxMistake("Invalid syntax")
            kind = str(found.lastgroup)
            self.words.append((kind, found[kind]))
            at = found.end()
        self.words.reverse()

    def _keyword(self, *words: str) -> bool:
        """Read these keywords or signs, if they come next; the case does not matter."""
        coming = self.words[-len(words) :][::-1]
        if [text.upper() for kind, text in coming if kind in ("name", "sign")] != list(words):
            return False
        del self.words[-len(words) :]
        return True

    def _expect(self, *words: str) -> None:
        for word in words:
            if not self._keyword(word):
                raise SyntaxMistake("Invalid syntax")

    def _take(self, *kinds: str) -> str:
        if not self.words or self.words[-1][0] not in kinds:
            raise SyntaxMistake("Invalid syntax")
        kind, text = self.words.pop()
        return re.sub(r"\\(.)", r"\1", text[1:-1]) if kind in ("quoted", "text") else text

    def _name(self) -> str:
        return self._take("name", "quoted")

    def _function(self) -> str:
        name = self._take("name").upper()
        if name not in _FUNCTIONS:
            raise SyntaxMistake(f"Function '{name}' not found")
        self._expect("(")
        return name

    def _names(self) -> list[str]:
        names = [self._name()]
        while self._keyword(","):
            names.append(self._name())
        return names

    def whole(self) -> Insight:
        self._expect("SELECT")
        function = self._function()
        metric = self._name()
        self._expect(")", "FROM")
        namespace, schema = self._source()
        conditions = self._conditions() if self._keyword("WHERE") else []
        group_by = self._names() if self._keyword("GROUP", "BY") else []
        order = self._order() if self._keyword("ORDER", "BY") else None
        limit = int(self._take("number")) if self._keyword("LIMIT") else MOST_SERIES
        if self.words:
            raise SyntaxMistake("Invalid syntax")
        if not 1 <= limit <= MOST_SERIES:
            raise SyntaxMistake(f"LIMIT must be between 1 and {MOST_SERIES}")
        return Insight(function, metric, namespace, schema, tuple(conditions), tuple(group_by), order, limit)

    def _source(self) -> tuple[str, tuple[str, ...] | None]:
        if not self._keyword("SCHEMA", "("):
            return self._name(), None
        namespace, *names = self._names()
        self._expect(")")
        return namespace, tuple(names)

    def _conditions(self) -> list[tuple[str, bool, str]]:
        found = []
        while True:
            name = self._name()
            equal = self._keyword("=")
            if not equal:
                self._expect("!=")
            found.append((name, equal, self._take("text")))
            if not self._keyword("AND"):
                return found

    def _order(self) -> tuple[str, bool]:
        function = self._function()
        self._expect(")")
        descending = self._keyword("DESC")
        if not descending:
            self._keyword("ASC")
        return function, descending
