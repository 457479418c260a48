"""What CloudWatch measured of calls: which numbers are asked for, in which requests, and how the answers are folded.

Two sources: ``AWS/Bedrock``, by the one dimension ModelId, and ``GenAIRateLimiting``, what metered calls published.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from costsentry_cli.domain.calls import ApiCall
from costsentry_cli.domain.catalog import load
from costsentry_cli.domain.meter import NAMESPACE
from costsentry_cli.domain.pricing import Tokens
from costsentry_cli.domain.reports.moments import DAY, Moments

BEDROCK = "AWS/Bedrock"
QUERIES_PER_CALL = 500
SEARCHES_PER_CALL = 100
LONGEST_SEARCH = 1024
LONGEST_EXPRESSION = 2048

Dimensions = tuple[tuple[str, str], ...]
"""The names and values that make a metric, sorted."""

Values = tuple[str | None, ...]
"""What a group has of each thing the report groups by."""


@dataclass(frozen=True)
class Measure:
    """One number of a row. ``worst``: several points or series give the highest, they cannot be added up."""

    key: str
    metric: str
    stat: str = "Sum"
    worst: bool = False


OF_BEDROCK = (
    Measure("requests", "Invocations"),
    Measure("throttles", "InvocationThrottles"),
    Measure("client_errors", "InvocationClientErrors"),
    Measure("server_errors", "InvocationServerErrors"),
    Measure("input_tokens", "InputTokenCount"),
    Measure("output_tokens", "OutputTokenCount"),
    Measure("cache_read_tokens", "CacheReadInputTokens"),
    Measure("cache_write_tokens", "CacheWriteInputTokens"),
    Measure("latency_ms", "InvocationLatency"),
    Measure("latencies", "InvocationLatency", "SampleCount"),
    Measure("latency_p95_ms", "InvocationLatency", "p95", worst=True),
)
PROBES = 4
"""The first so many tell whether anything was called at all."""
OF_METERED = (
    Measure("requests", "TotalRequests"),
    Measure("approved", "RateLimitApproved"),
    Measure("denied", "RateLimitDenied"),
    Measure("failed", "InvocationFailed"),
    Measure("input_tokens", "InputTokens"),
    Measure("output_tokens", "OutputTokens"),
)


@dataclass(frozen=True)
class Subject:
    """Whom calls are counted under: one ModelId, or one set of dimensions of metered calls.

    ``values`` are what the report groups by, None where it has none; ``model`` what calls are priced by, "" unknown.
    ``shown`` False: it makes no row as long as nothing was measured.
    """

    region: str
    metrics: tuple[Dimensions, ...]
    values: Values
    id: str = ""
    model: str = ""
    shown: bool = True


@dataclass(frozen=True)
class Figures:
    """What was measured; a key that is missing had no data, which is not 0. ``cost`` is USD by the catalogue.

    ``unpriced`` are the models whose tokens have no known price: they are in no cost.
    """

    values: Mapping[str, Decimal]
    cost: Decimal | None = None
    unpriced: frozenset[str] = frozenset()

    def __add__(self, other: Figures) -> Figures:
        costs = [cost for cost in (self.cost, other.cost) if cost is not None]
        return Figures(
            merged(self.values, other.values), sum(costs, Decimal(0)) if costs else None, self.unpriced | other.unpriced
        )


NOTHING = Figures({})
_WORST = frozenset(measure.key for measure in OF_BEDROCK if measure.worst)


def merged(one: Mapping[str, Decimal], two: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """Both added up, the highest of what cannot be added."""
    found = dict(one)
    for key, value in two.items():
        if key in found:
            found[key] = max(found[key], value) if key in _WORST else found[key] + value
        else:
            found[key] = value
    return found


Wanted = tuple[Subject, Measure]


@dataclass(frozen=True)
class Asked:
    """One request and what each of its queries is for, by id. ``metrics`` is what AWS charges for."""

    call: ApiCall
    wanted: Mapping[str, Wanted]
    metrics: int


def listing_call(namespace: str, region: str, metric: str = "") -> ApiCall:
    """ListMetrics of a namespace, or of one of its metrics: what had data in the last two weeks."""
    params = {"Namespace": namespace} | ({"MetricName": metric} if metric else {})
    return ApiCall("cloudwatch", "ListMetrics", params, region)


def dimensions_of(metric: Mapping[str, Any]) -> Dimensions:
    """The dimensions of a listed metric."""
    return tuple(sorted((str(one["Name"]), str(one["Value"])) for one in metric.get("Dimensions", ())))


def explicit(
    namespace: str, subjects: Iterable[Subject], measures: Sequence[Measure], moments: Moments
) -> Iterator[Asked]:
    """Every metric of the subjects by its own name: works for as long as CloudWatch keeps points."""
    for region, wanted in _by_region(subjects):
        every = [(one, measure, metric) for one in wanted for measure in measures for metric in one.metrics]
        for start in range(0, len(every), QUERIES_PER_CALL):
            batch = every[start : start + QUERIES_PER_CALL]
            queries = [
                {"Id": f"m{number}", "MetricStat": _stat(namespace, measure, metric, moments)}
                for number, (_, measure, metric) in enumerate(batch)
            ]
            told = {f"m{number}": (one, measure) for number, (one, measure, _) in enumerate(batch)}
            yield Asked(_data_call(queries, moments, region), told, len(batch))


def searched(subjects: Iterable[Subject], measures: Sequence[Measure], moments: Moments) -> Iterator[Asked]:
    """The metered subjects by ``SUM(SEARCH(...))``: CloudWatch adds up what was active in the last two weeks.

    A request keeps to 100 searches and 500 series. Only for subjects that ``searchable`` says can be.
    """
    for region, wanted in _by_region(subjects):
        queries: list[dict[str, Any]] = []
        told: dict[str, Wanted] = {}
        searches = series = 0
        for one in wanted:
            schemas = len({tuple(name for name, _ in metric) for metric in one.metrics})
            for measure in measures:
                if queries and (searches + schemas > SEARCHES_PER_CALL or series + len(one.metrics) > QUERIES_PER_CALL):
                    yield Asked(_data_call(queries, moments, region), told, series)
                    queries, told, searches, series = [], {}, 0, 0
                name = f"e{len(queries)}"
                queries.append({"Id": name, "Expression": expression(one, measure, moments)})
                told[name] = (one, measure)
                searches, series = searches + schemas, series + len(one.metrics)
        if queries:
            yield Asked(_data_call(queries, moments, region), told, series)


def expression(subject: Subject, measure: Measure, moments: Moments) -> str:
    """``SUM(SEARCH('{GenAIRateLimiting,CostCenter,...} MetricName="InputTokens" CostCenter="sales"', 'Sum', 3600))``.

    One SEARCH for each set of dimension names; it names the dimensions in which all of the subject's metrics agree.
    """
    texts = list(_searches(subject, measure, moments.period))
    return f"SUM({texts[0]})" if len(texts) == 1 else f"SUM([{', '.join(texts)}])"


def searchable(subject: Subject) -> bool:
    """Whether searches can mean exactly this subject's metrics, within AWS's lengths and numbers."""
    longest = max(OF_METERED, key=lambda measure: len(measure.metric))
    texts = list(_searches(subject, longest, DAY))
    told = any(value for metric in subject.metrics for _, value in metric)
    plain = all("'" not in text for metric in subject.metrics for pair in metric for text in pair)
    short = all(len(text) <= LONGEST_SEARCH for text in texts) and sum(map(len, texts)) < LONGEST_EXPRESSION - 20
    few = len(texts) <= SEARCHES_PER_CALL and len(subject.metrics) <= QUERIES_PER_CALL
    return told and plain and short and few and None not in subject.values


def _searches(subject: Subject, measure: Measure, period: int) -> Iterator[str]:
    schemas: dict[tuple[str, ...], list[Dimensions]] = {}
    for metric in subject.metrics:
        schemas.setdefault(tuple(name for name, _ in metric), []).append(metric)
    for names, metrics in sorted(schemas.items()):
        common = set(metrics[0]).intersection(*metrics)
        terms = "".join(f' {_named(name)}="{_escaped(value)}"' for name, value in sorted(common))
        schema = ",".join([NAMESPACE, *map(_named, names)])
        term = f'{{{schema}}} MetricName="{measure.metric}"{terms}'
        yield f"SEARCH('{term}', '{measure.stat}', {period})"


def _named(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9]+", name) else f'"{_escaped(name)}"'


def _escaped(text: str) -> str:
    return re.sub(r'(["\\()])', r"\\\1", text)


def _stat(namespace: str, measure: Measure, metric: Dimensions, moments: Moments) -> dict[str, Any]:
    """No unit is asked for: AWS documents two for these metrics, and the wrong one finds nothing."""
    pairs = [{"Name": name, "Value": value} for name, value in metric]
    named = {"Namespace": namespace, "MetricName": measure.metric, "Dimensions": pairs}
    return {"Metric": named, "Period": moments.period, "Stat": measure.stat}


def _data_call(queries: Sequence[Mapping[str, Any]], moments: Moments, region: str) -> ApiCall:
    params = {"MetricDataQueries": list(queries), "StartTime": moments.start, "EndTime": moments.end}
    return ApiCall("cloudwatch", "GetMetricData", params, region)


def _by_region(subjects: Iterable[Subject]) -> list[tuple[str, list[Subject]]]:
    found: dict[str, list[Subject]] = {}
    for one in subjects:
        found.setdefault(one.region, []).append(one)
    return sorted(found.items())


Row = datetime | None
Read = dict[Subject, dict[Row, dict[str, Decimal]]]
"""Subject -> start of the row (None: the whole range) -> what was measured."""


def fold(read: Read, asked: Asked, pages: Iterable[Mapping[str, Any]], moments: Moments) -> None:
    """Add every point of an answer to what was read; a result may go on over several pages, one may have no point."""
    for page in pages:
        for result in page["MetricDataResults"]:
            subject, measure = asked.wanted[result["Id"]]
            for at, value in zip(result.get("Timestamps", ()), result.get("Values", ()), strict=True):
                row, rows = moments.row_of(at), read.setdefault(subject, {})
                rows[row] = merged(rows.get(row, {}), {measure.key: Decimal(str(value))})


def priced(values: Mapping[str, Decimal], subject: Subject) -> Figures:
    """The figures of a subject with their cost at the catalogue's plain rates, cache writes as those of 5 minutes."""
    kinds = {
        "input": "input_tokens",
        "output": "output_tokens",
        "cache_read": "cache_read_tokens",
        "cache_write_5m": "cache_write_tokens",
    }
    tokens = Tokens(**{kind: round(values.get(key, Decimal(0))) for kind, key in kinds.items()})
    if tokens == Tokens():
        return Figures(values)
    reference = load().resolve(subject.model)
    price = load().price(reference, subject.region) if reference is not None else None
    costs = price.rates().costs(tokens) if price is not None else None
    if costs is None:
        return Figures(values, None, frozenset({subject.model or subject.id or "(unknown model)"}))
    return Figures(values, sum(costs.values(), Decimal(0)))


Groups = dict[tuple[Values, str], dict[Row, Figures]]
"""(values, id) of the group -> start of the row -> its figures."""


def grouped(read: Read, subjects: Iterable[Subject]) -> Groups:
    """The figures by group; a subject that is shown has a group even without any data."""
    groups: Groups = {}
    for one in subjects:
        rows = read.get(one, {})
        if not rows and not one.shown:
            continue
        group = groups.setdefault((one.values, one.id), {})
        for row, values in rows.items():
            group[row] = group.get(row, NOTHING) + priced(values, one)
    return groups
