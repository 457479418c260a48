"""Metrics for tests: published and asked for in one line each."""

from __future__ import annotations

from datetime import timedelta

MINE = "GenAIRateLimiting"


def named(dimensions):
    return [{"Name": name, "Value": value} for name, value in dimensions.items()]


def put(world, value, metric="InputTokens", at=None, unit=None, namespace=MINE, **dimensions):
    datum = {"MetricName": metric, "Dimensions": named(dimensions)}
    datum |= value if isinstance(value, dict) else {"Value": value}
    datum |= ({"Timestamp": at} if at else {}) | ({"Unit": unit} if unit else {})
    world.metrics("PutMetricData", Namespace=namespace, MetricData=[datum])


def ask(metric="InputTokens", stat="Sum", period=60, namespace=MINE, id="m1", unit=None, extra=None, **dimensions):
    given = {"Namespace": namespace, "MetricName": metric, "Dimensions": named(dimensions)}
    stats = {"Metric": given, "Period": period, "Stat": stat} | ({"Unit": unit} if unit else {})
    return {"Id": id, "MetricStat": stats} | (extra or {})


def window(world, back=timedelta(hours=1), ahead=timedelta(minutes=1)):
    return {"StartTime": world.now - back, "EndTime": world.now + ahead}


def read(world, *queries, **params):
    return world.metrics("GetMetricData", MetricDataQueries=list(queries), **(window(world) | params))


def one(world, *args, back=timedelta(hours=1), **kwargs):
    (result,) = read(world, ask(*args, **kwargs), **window(world, back))["MetricDataResults"]
    return dict(zip(result["Timestamps"], result["Values"], strict=True))


def expression(text, id="e1", **more):
    return {"Id": id, "Expression": text} | more


def lines(world, *queries, back=timedelta(hours=1), **params):
    """Label and values by moment of every result, in the order of the answer."""
    found = read(world, *queries, **(window(world, back) | params))["MetricDataResults"]
    return [(each["Label"], dict(zip(each["Timestamps"], each["Values"], strict=True))) for each in found]


def values(world, *queries, **params):
    """The values of the only result, oldest first."""
    ((_, points),) = lines(world, *queries, **params)
    return [points[at] for at in sorted(points)]


def wrong(world, *queries, **params):
    """The message of a ValidationError."""
    error = world.refusal("cloudwatch", "GetMetricData", MetricDataQueries=list(queries), **(window(world) | params))
    assert error.code == "ValidationError"
    return error.message
