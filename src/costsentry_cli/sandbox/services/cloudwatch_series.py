"""Where CloudWatch's numbers come from: published datapoints, and AWS/Bedrock's own series made from ``calls``.

A series is a namespace, a metric name and an exact set of dimensions; CloudWatch never adds sets up. Bedrock's
metrics have the one dimension ModelId: the model id as called, or the last segment of the profile's ARN.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from costsentry_cli.sandbox.contract import Request

BEDROCK = "AWS/Bedrock"

# metric -> (value of one call, which calls have it, unit)
_DERIVED: dict[str, tuple[str, str, str]] = {
    "Invocations": ("1", "outcome = 'ok'", "Count"),
    "InvocationThrottles": ("1", "outcome = 'throttled'", "Count"),
    "InvocationClientErrors": ("1", "outcome = 'client-error'", "Count"),
    "InvocationServerErrors": ("1", "outcome = 'server-error'", "Count"),
    "InvocationLatency": ("latency_ms", "outcome = 'ok'", "Milliseconds"),
    "TimeToFirstToken": ("first_token_ms", "outcome = 'ok' AND first_token_ms IS NOT NULL", "Milliseconds"),
    "InputTokenCount": ("input_tokens", "outcome = 'ok'", "Count"),
    "OutputTokenCount": ("output_tokens", "outcome = 'ok'", "Count"),
    "CacheReadInputTokens": ("cache_read_tokens", "outcome = 'ok' AND cache_read_tokens > 0", "Count"),
    "CacheWriteInputTokens": (
        "cache_write_5m_tokens + cache_write_1h_tokens",
        "outcome = 'ok' AND cache_write_5m_tokens + cache_write_1h_tokens > 0",
        "Count",
    ),
}


@dataclass(frozen=True)
class Series:
    """One metric as CloudWatch identifies it; ``dimensions`` is canonical (see ``canonical``)."""

    namespace: str
    name: str
    dimensions: str

    def as_metric(self) -> dict[str, Any]:
        """The Metric structure of AWS's model."""
        pairs = [{"Name": name, "Value": value} for name, value in json.loads(self.dimensions)]
        return {"Namespace": self.namespace, "MetricName": self.name, "Dimensions": pairs}


@dataclass(frozen=True)
class Bucket:
    """One period of a series: when it starts (epoch seconds), sum, number, lowest and highest."""

    start: int
    total: float
    count: float
    low: float
    high: float


@dataclass(frozen=True)
class Span:
    """What to read: ``start <= at < end`` in epoch seconds, in periods of so many seconds, of one unit or any."""

    start: float
    end: float
    period: int
    unit: str | None = None


def canonical(dimensions: Iterable[dict[str, str]]) -> str:
    """Dimensions as the text they are stored under; their order does not matter."""
    pairs = sorted([dimension["Name"], dimension["Value"]] for dimension in dimensions)
    return json.dumps(pairs, separators=(",", ":"))


def active(request: Request, since: float, until: float) -> list[Series]:
    """Every series of this account and region with a point in ``since <= at <= until``, sorted."""
    place = (request.account, request.region, since, until)
    rows = request.store.db.execute(
        "SELECT DISTINCT namespace, name, dimensions FROM datapoints"
        " WHERE account = ? AND region = ? AND at >= ? AND at <= ?",
        place,
    )
    found = [Series(row["namespace"], row["name"], row["dimensions"]) for row in rows]
    # The plus keeps SQLite to the index on time: few of the calls are recent.
    present = ", ".join(f"MAX({condition}) AS {name}" for name, (_, condition, _) in _DERIVED.items())
    grouped = (
        f"SELECT metric_id, {present} FROM calls WHERE +account = ? AND +region = ?"  # noqa: S608 - our table
        " AND at >= ? AND at <= ? GROUP BY metric_id"
    )
    for row in request.store.db.execute(grouped, place):
        found += [Series(BEDROCK, name, _by_model(row["metric_id"])) for name in _DERIVED if row[name]]
    return sorted(found, key=lambda series: (series.namespace, series.name, series.dimensions))


def buckets(request: Request, series: Series, span: Span) -> list[Bucket]:
    """The series in periods aligned to the epoch, oldest first; periods without a point are absent."""
    source, given = _source(request, series, span)
    rows = request.store.db.execute(
        f"SELECT CAST(at / ? AS INTEGER) * ? AS start, SUM(total) AS total, SUM(count) AS count, MIN(low) AS low,"  # noqa: S608 - our own parts
        f" MAX(high) AS high FROM ({source}) GROUP BY start ORDER BY start",
        (span.period, span.period, *given),
    )
    return [Bucket(row["start"], row["total"], row["count"], row["low"], row["high"]) for row in rows]


def values(request: Request, series: Series, span: Span) -> dict[int, list[tuple[float, float]]]:
    """Single values with their counts per period, sorted by value: what percentiles are made from.

    A period that holds a statistic set of unequal values has no percentiles, as at AWS, and is absent.
    """
    source, given = _source(request, series, span)
    rows = request.store.db.execute(
        f"SELECT CAST(at / ? AS INTEGER) * ? AS start, low, high, count FROM ({source}) ORDER BY start, low",  # noqa: S608 - our own parts
        (span.period, span.period, *given),
    )
    found: dict[int, list[tuple[float, float]]] = {}
    mixed: set[int] = set()
    for row in rows:
        found.setdefault(row["start"], []).append((row["low"], row["count"]))
        mixed |= {row["start"]} if row["low"] != row["high"] else set()
    return {start: pairs for start, pairs in found.items() if start not in mixed}


def _source(request: Request, series: Series, span: Span) -> tuple[str, tuple[Any, ...]]:
    """A query for the points of a series (at, total, count, low, high) and its parameters."""
    place = (request.account, request.region)
    if series.namespace != BEDROCK:
        query = (
            "SELECT at, total, count, low, high FROM datapoints WHERE account = ? AND region = ? AND namespace = ?"
            " AND name = ? AND dimensions = ? AND at >= ? AND at < ? AND unit = coalesce(?, unit)"
        )
        key = (series.namespace, series.name, series.dimensions)
        return query, (*place, *key, span.start, span.end, span.unit)
    value, condition, unit = _DERIVED.get(series.name, ("0", "0", "Count"))
    query = (
        f"SELECT at, {value} AS total, 1.0 AS count, {value} AS low, {value} AS high FROM calls"  # noqa: S608 - our table
        " WHERE account = ? AND region = ? AND metric_id = ? AND at >= ? AND at < ?"
        f" AND {condition} AND ? = coalesce(?, ?)"
    )
    return query, (*place, _model_of(series), span.start, span.end, unit, span.unit, unit)


def _by_model(metric_id: str) -> str:
    return canonical([{"Name": "ModelId", "Value": metric_id}])


def _model_of(series: Series) -> str:
    """The ModelId a series is about, "" when its dimensions are others: no call has that."""
    pairs = json.loads(series.dimensions)
    return str(pairs[0][1]) if [name for name, _ in pairs] == ["ModelId"] else ""
