"""What GetMetricData's queries come to: metrics as they stand, metric math over them, SEARCH, Metrics Insights."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from costsentry_cli.sandbox.contract import Request, ServiceError
from costsentry_cli.sandbox.services import cloudwatch_insights as insights
from costsentry_cli.sandbox.services import cloudwatch_math_syntax as syntax
from costsentry_cli.sandbox.services.cloudwatch_math_functions import FUNCTIONS, LACKING, Argument, folded
from costsentry_cli.sandbox.services.cloudwatch_math_values import (
    Frame,
    Line,
    Lines,
    Refused,
    Value,
    array,
    negative,
    operated,
    scalar,
)
from costsentry_cli.sandbox.services.cloudwatch_query import (
    Asked,
    Expression,
    Query,
    check_period,
    check_stat,
    known_until,
    points,
    refusal,
    span_of,
    visible,
)
from costsentry_cli.sandbox.services.cloudwatch_search import dimensions, search
from costsentry_cli.sandbox.services.cloudwatch_series import Series, active

FOUND_FOR = 14 * 86400
"""Seconds a metric without a point is still found by SEARCH and by Metrics Insights."""
MOST_SEARCHES = 100
MOST_FOUND = 500
TOO_MANY = {"Code": "MaxMetricsExceeded", "Value": "Maximum number of allowed metrics exceeded"}

_DEFAULT_PERIOD = 300
_DYNAMIC = re.compile(r"\$\{(LABEL|SUM|AVG|MIN|MAX|PROP\('([^']+)'\))\}")


@dataclass(frozen=True)
class Answer:
    """One result: the query's id, its label, its points by the start of their period."""

    id: str
    label: str
    points: Mapping[int, float]


def answers(request: Request, asked: Sequence[Asked]) -> tuple[list[Answer], list[dict[str, str]]]:
    """The results of the queries that return data, and messages on the whole.

    An array of series is one result each, under the same id. Raises ValidationError naming the expression that is
    wrong, also for one that returns nothing.
    """
    math = _Math(request, {query.id: query for query in asked})
    math.check()
    found: list[Answer] = []
    for query in asked:
        if isinstance(query, Expression) or query.returned:
            value = math.of(query.id)
            found += _results(request, query, value) if query.returned else []
    return found, [TOO_MANY] if math.too_many else []


def _results(request: Request, query: Asked, value: Value) -> Iterator[Answer]:
    if isinstance(value, Line):
        name = value.label if isinstance(query, Query) else query.id
        yield Answer(query.id, _labelled(request, query.label, value) or name, value.points)
        return
    for line in array(value):
        given = query.label
        label = _labelled(request, given, line) if "${" in given else f"{given} {line.label}".strip()
        yield Answer(query.id, label or query.id, line.points)


def _labelled(request: Request, label: str, line: Line) -> str:
    """A label with its dynamic parts filled in (AWS: "Using dynamic labels"); what is not known stays as it is."""
    properties = {"Period": str(line.period), "Region": request.region, "AccountId": request.account}
    if line.series is not None:
        properties |= {"MetricName": line.series.name, "Namespace": line.series.namespace}
        properties |= {f"Dim.{name}": value for name, value in dimensions(line.series).items()}
    if line.stat:
        properties["Stat"] = line.stat

    def filled(found: re.Match[str]) -> str:
        if found[2]:
            return properties.get(found[2], found[0])
        return line.label if found[1] == "LABEL" else f"{scalar(folded(found[1], line)):g}"

    return _DYNAMIC.sub(filled, label)


@dataclass
class _Math:
    """Evaluates the expressions of one request, each once."""

    request: Request
    asked: Mapping[str, Asked]
    done: dict[str, Value] = field(default_factory=dict)
    begun: list[str] = field(default_factory=list)
    room: int = MOST_FOUND
    too_many: bool = False

    @cached_property
    def known(self) -> list[Series]:
        """What SEARCH and Metrics Insights can find."""
        since = self.request.now.timestamp() - FOUND_FOR
        return active(self.request, since, known_until(self.request))

    @cached_property
    def read(self) -> dict[str, syntax.Node | insights.Insight]:
        """Every expression, read."""
        return {query.id: _read(query) for query in self.asked.values() if isinstance(query, Expression)}

    def check(self) -> None:
        """Raises ValidationError for limits on the request as a whole."""
        if sum(isinstance(tree, insights.Insight) for tree in self.read.values()) > 1:
            raise refusal("Only one Metrics Insights query is allowed per request.")
        trees = [tree for tree in self.read.values() if not isinstance(tree, insights.Insight)]
        if sum(map(_searches, trees)) > MOST_SEARCHES:
            raise refusal(f"A request can have at most {MOST_SEARCHES} SEARCH expressions.")

    def of(self, query_id: str) -> Value:
        """The value of a query. Raises ValidationError."""
        if query_id in self.done:
            return self.done[query_id]
        query = self.asked[query_id]
        if query_id in self.begun:
            raise _wrong(query_id, "Circular reference")
        self.begun.append(query_id)
        value: Value = self._metric(query) if isinstance(query, Query) else self._expression(query)
        self.begun.pop()
        self.done[query_id] = value
        return value

    def _metric(self, query: Query) -> Line:
        found = points(self.request, query.series, query.stat, query.span)
        return Line(query.span.period, found, query.series.name, query.series, query.stat)

    def _expression(self, query: Expression) -> Value:
        tree = self.read[query.id]
        try:
            value = self._insight(query, tree) if isinstance(tree, insights.Insight) else self._value(query, tree)
        except (Refused, syntax.SyntaxMistake) as refused:
            raise _wrong(query.id, str(refused)) from None
        if isinstance(value, float):
            raise _wrong(query.id, "The result must be a time series or an array of time series")
        return value

    def _insight(self, query: Expression, insight: insights.Insight) -> Value:
        if not query.period:
            raise Refused("Period is required for a Metrics Insights query")
        span = visible(self.request, span_of(self.request, query.period))
        recent = replace(span, start=max(span.start, self.request.now.timestamp() - FOUND_FOR))
        lines = insights.answered(self.request, insight, self.known, recent)
        if insight.group_by:
            return lines
        return lines[0] if lines else Line(query.period, {})

    def _frame(self, query: Expression) -> Frame:
        periods = [each.span.period for each in self.asked.values() if isinstance(each, Query)]
        period = query.period or min(periods, default=_DEFAULT_PERIOD)
        span = span_of(self.request, period)
        return Frame(span.start, span.end, period)

    def _value(self, query: Expression, node: syntax.Node) -> Value:
        match node:
            case syntax.Number(value):
                return value
            case syntax.Name(name) if name in self.asked:
                return self.of(name)
            case syntax.Negative(inner):
                return negative(self._value(query, inner))
            case syntax.Operation(sign, left, right):
                return operated(sign, self._value(query, left), self._value(query, right))
            case syntax.Array(items):
                values = [self._value(query, item) for item in items]
                return tuple(line for value in values for line in _lines(value))
            case syntax.Call(name, arguments):
                return self._called(query, name, arguments)
            case syntax.Name(name):
                raise Refused(f"Unresolved id '{name}'")
        raise Refused("Invalid syntax")

    def _called(self, query: Expression, name: str, nodes: Sequence[syntax.Node]) -> Value:
        if name == "METRICS":
            return self._metrics(nodes)
        if name == "SEARCH":
            return self._search(query, nodes)
        if name in LACKING:
            raise Refused(f"the sandbox has no {name}")
        if name not in FUNCTIONS:
            raise Refused(f"Function '{name}' not found")
        try:
            return FUNCTIONS[name](self._frame(query), [self._argument(query, node) for node in nodes])
        except Refused as refused:
            raise Refused(f"{name}: {refused}" if not str(refused).startswith(name) else str(refused)) from None

    def _argument(self, query: Expression, node: syntax.Node) -> Argument:
        if isinstance(node, syntax.Name) and node.name not in self.asked and node.name.isupper():
            return node.name
        return self._value(query, node)

    def _metrics(self, nodes: Sequence[syntax.Node]) -> Lines:
        """The metrics of the request, no expressions; with a text only those that have it in their id."""
        part = ""
        if nodes:
            if len(nodes) > 1 or not isinstance(nodes[0], syntax.Text):
                raise Refused("METRICS takes nothing or a text")
            part = nodes[0].text
        wanted = [query for query in self.asked.values() if isinstance(query, Query) and part in query.id]
        return tuple(line for query in wanted for line in _lines(self.of(query.id)))

    def _search(self, query: Expression, nodes: Sequence[syntax.Node]) -> Lines:
        if not 2 <= len(nodes) <= 3:  # noqa: PLR2004, RUF100 search, statistic, period
            raise Refused("SEARCH takes a search, a statistic and perhaps a period")
        text, stat, *rest = nodes
        if not isinstance(text, syntax.Text) or not isinstance(stat, syntax.Text):
            raise Refused("SEARCH takes a search and a statistic in single quotes")
        if rest and not isinstance(rest[0], syntax.Number):
            raise Refused("SEARCH takes a number as its period")
        period = int(rest[0].value) if rest and isinstance(rest[0], syntax.Number) else self._frame(query).period
        check_period(period, f"the period of SEARCH in expression '{query.id}'")
        check_stat(stat.text, f"the statistic of SEARCH in expression '{query.id}'")
        matches = search(text.text)
        found = [series for series in self.known if matches(series)]
        self.too_many = self.too_many or len(found) > self.room
        found, self.room = found[: self.room], max(self.room - len(found), 0)
        span = span_of(self.request, period)
        return tuple(
            Line(period, points(self.request, series, stat.text, span), label, series, stat.text)
            for series, label in zip(found, _told_apart(found), strict=True)
        )


def _lines(value: Value) -> Lines:
    if isinstance(value, float):
        raise Refused("an array holds time series only")
    return value if isinstance(value, tuple) else (value,)


def _told_apart(found: Sequence[Series]) -> list[str]:
    """A label for each: the values in which they differ, else the metric's name."""
    told = [{"": series.name} | dimensions(series) for series in found]
    names = list(dict.fromkeys(name for each in told for name in each))
    differ = [name for name in names if len({each.get(name) for each in told}) > 1]
    return [" ".join(each[name] for name in differ if name in each) or each[""] for each in told]


def _read(query: Expression) -> syntax.Node | insights.Insight:
    try:
        return insights.insight(query.text) if insights.is_insight(query.text) else syntax.parsed(query.text)
    except syntax.SyntaxMistake as mistake:
        raise _wrong(query.id, str(mistake)) from None


def _searches(node: syntax.Node) -> int:
    match node:
        case syntax.Call(name, arguments):
            return (name == "SEARCH") + sum(map(_searches, arguments))
        case syntax.Array(items):
            return sum(map(_searches, items))
        case syntax.Operation(_, left, right):
            return _searches(left) + _searches(right)
        case syntax.Negative(inner):
            return _searches(inner)
    return 0


def _wrong(query_id: str, why: str) -> ServiceError:
    """AWS: "Error in expression 'e1': Function 'X' not found"."""
    return refusal(f"Error in expression '{query_id}': {why}")
