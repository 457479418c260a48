"""Reading metrics in the sandbox: published ones and AWS/Bedrock's own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sandbox_cloudwatch_world import MINE, ask, named, one, put, read, window
from sandbox_runtime_world import HAIKU, NOVA, NOW, World, system_arn, user


@pytest.fixture
def world(tmp_path):
    return World(tmp_path / "sandbox.db")


def bedrock(world, metric, model, stat="Sum", period=3600):
    return one(world, metric, stat, period, "AWS/Bedrock", ModelId=model, back=timedelta(days=1))


def test_every_statistic_of_published_values(world):
    put(world, {"Values": [1.0, 5.0], "Counts": [3.0, 1.0]})
    put(world, 2.0)
    found = {stat: one(world, stat=stat)[NOW] for stat in ("Sum", "SampleCount", "Minimum", "Maximum", "Average")}
    assert found == {"Sum": 10, "SampleCount": 5, "Minimum": 1, "Maximum": 5, "Average": 2}
    assert [one(world, stat=stat)[NOW] for stat in ("p50", "p80", "p99.9", "p100")] == [1, 2, 5, 5]


def test_a_statistic_set_counts_but_has_no_percentiles(world):
    put(world, {"StatisticValues": {"Sum": 10.0, "SampleCount": 4.0, "Minimum": 1.0, "Maximum": 4.0}})
    assert (one(world)[NOW], one(world, stat="Average")[NOW], one(world, stat="p50")) == (10, 2.5, {})


def test_only_the_exact_set_of_dimensions_answers(world):
    put(world, 1.0, CostCenter="sales", Model="nova")
    assert one(world, CostCenter="sales") == one(world) == {}
    assert one(world, Model="nova", CostCenter="sales") == {NOW: 1}


def test_periods_are_aligned_to_the_clock_and_empty_ones_absent(world):
    put(world, 1.0, at=NOW - timedelta(minutes=61))
    put(world, 2.0, at=NOW - timedelta(minutes=59, seconds=30))
    put(world, 4.0, at=NOW - timedelta(seconds=1))
    put(world, 8.0)
    hours = one(world, period=3600, back=timedelta(hours=3))
    assert hours == {NOW: 8, NOW - timedelta(hours=1): 6, NOW - timedelta(hours=2): 1}
    assert list(hours) == sorted(hours, reverse=True)


def test_the_end_is_excluded_and_the_start_rounded_down(world):
    put(world, 1.0, at=NOW - timedelta(minutes=5))
    put(world, 2.0, at=NOW)
    result = read(world, ask(), StartTime=NOW - timedelta(minutes=4, seconds=1), EndTime=NOW)
    assert result["MetricDataResults"][0]["Values"] == [1]


def test_results_can_be_asked_for_oldest_first(world):
    for minute in range(3):
        put(world, float(minute), at=NOW - timedelta(minutes=minute))
    values = read(world, ask(), ScanBy="TimestampAscending")["MetricDataResults"][0]["Values"]
    assert values == [2, 1, 0]


def test_another_unit_finds_nothing(world):
    put(world, 1.0, unit="Count")
    world.converse()
    assert (one(world, unit="Count"), one(world, unit="Seconds")) == ({NOW: 1}, {})
    asked = {"namespace": "AWS/Bedrock", "ModelId": NOVA}
    assert one(world, "InvocationLatency", unit="Count", **asked) == {}
    assert len(one(world, "InvocationLatency", unit="Milliseconds", **asked)) == 1


def test_a_query_that_returns_no_data_is_left_out(world):
    put(world, 1.0)
    results = read(world, ask(), ask(id="m2", extra={"ReturnData": False}), ask(id="m3", extra={"Label": "mine"}))
    assert [(each["Id"], each["Label"]) for each in results["MetricDataResults"]] == [
        ("m1", "InputTokens"),
        ("m3", "mine"),
    ]


@settings(deadline=None, max_examples=25)
@given(room=st.integers(1, 9))
def test_pages_of_any_size_hold_every_point_once(tmp_path_factory, room):
    world = World(tmp_path_factory.mktemp("pages") / "sandbox.db")
    for minute in range(4):
        put(world, float(minute), at=NOW - timedelta(minutes=minute), CostCenter="sales")
        put(world, 10.0 + minute, at=NOW - timedelta(minutes=minute), CostCenter="support")
    queries = [ask(CostCenter="sales"), ask(id="m2", CostCenter="support")]
    found, token, pages = {"m1": [], "m2": []}, {}, 0
    while token is not None:
        page = read(world, *queries, MaxDatapoints=room, **token)
        sizes = [len(result["Values"]) for result in page["MetricDataResults"]]
        assert sum(sizes) <= room
        for result in page["MetricDataResults"]:
            found[result["Id"]] += result["Values"]
        token = {"NextToken": page["NextToken"]} if "NextToken" in page else None
        pages += 1
    assert found == {"m1": [0, 1, 2, 3], "m2": [10, 11, 12, 13]}
    assert pages == -(-8 // room)
    assert {result["StatusCode"] for result in page["MetricDataResults"]} == {"Complete"}


REFUSED = {
    "times": ([ask()], {"StartTime": NOW, "EndTime": NOW}, "StartTime must be less than"),
    "period": ([ask(period=61)], {}, "multiple of 60"),
    "stat": ([ask(stat="tm99")], {}, "tm99"),
    "id": ([ask(id="M1")], {}, "not matching the expected pattern"),
    "same ids": ([ask(), ask()], {}, "not unique"),
    "expression": ([{"Id": "e1", "Expression": "m1 ** 2"}, ask()], {}, "Error in expression 'e1': Invalid syntax"),
    "nothing": ([{"Id": "e1"}], {}, "Exactly one of MetricStat and Expression"),
    "no query": ([], {}, "between 1 and 500"),
    "no data": ([ask(extra={"ReturnData": False})], {}, "must return data"),
    "no room": ([ask()], {"MaxDatapoints": 0}, "MaxDatapoints"),
    "token": ([ask()], {"NextToken": "bm8vMQ=="}, "next token"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cloudwatch_refuses_to_answer(world, case):
    queries, params, words = REFUSED[case]
    error = world.refusal("cloudwatch", "GetMetricData", MetricDataQueries=queries, **(window(world) | params))
    assert words in error.message
    assert error.code == ("InvalidNextToken" if case == "token" else "ValidationError")


def test_bedrocks_own_metrics_are_the_sums_over_the_calls(world):
    arn = world.profile(source=system_arn(f"us.{HAIKU}"))
    key = arn.rpartition("/")[2]
    long = [{"text": "word " * 5000}, {"cachePoint": {"type": "default"}}]
    for number in range(5):
        world.converse(arn, text=f"Question {number}", system=long)
        world.later(minutes=17)
    world.call("bedrock-runtime", "ConverseStream", modelId=arn, messages=[user("hello")])
    both = {"temperature": 0.5, "topP": 0.5}
    world.refusal("bedrock-runtime", "Converse", modelId=arn, messages=[user("a")], inferenceConfig=both)
    world.setting(f"rpm:us.{HAIKU}", "0")
    world.refusal("bedrock-runtime", "Converse", modelId=arn, messages=[user("hello")])
    rows = world.rows()

    def total(metric):
        return sum(bedrock(world, metric, key).values())

    assert total("InputTokenCount") == sum(row["input_tokens"] for row in rows) > 0
    assert total("OutputTokenCount") == sum(row["output_tokens"] for row in rows) > 0
    assert total("CacheReadInputTokens") == sum(row["cache_read_tokens"] for row in rows)
    assert total("CacheWriteInputTokens") == sum(row["cache_write_5m_tokens"] for row in rows) > 0
    assert total("InvocationLatency") == sum(row["latency_ms"] for row in rows) > 0
    assert total("TimeToFirstToken") == sum(row["first_token_ms"] or 0 for row in rows) > 0
    errors = ("Invocations", "InvocationThrottles", "InvocationClientErrors", "InvocationServerErrors")
    assert [total(metric) for metric in errors] == [6, 1, 1, 0]
    assert bedrock(world, "InvocationLatency", key, "p50") != {}
    assert bedrock(world, "InputTokenCount", arn) == bedrock(world, "NoSuchMetric", key) == {}


def test_metrics_show_after_the_lag_that_was_set(world):
    world.setting("metric_lag_seconds", "120")
    world.converse()
    assert bedrock(world, "Invocations", NOVA) == {}
    assert world.metrics("ListMetrics")["Metrics"] == []
    world.later(seconds=121)
    assert list(bedrock(world, "Invocations", NOVA).values()) == [1]


def test_old_points_are_kept_only_in_longer_periods(world):
    put(world, 1.0)
    world.later(days=20)
    assert one(world, period=60, back=timedelta(days=21)) == {}
    assert len(one(world, period=300, back=timedelta(days=21))) == 1
    world.later(days=60)
    assert one(world, period=300, back=timedelta(days=90)) == {}
    assert len(one(world, period=3600, back=timedelta(days=90))) == 1


def test_series_are_listed_with_their_dimensions_and_filtered(world):
    put(world, 1.0, CostCenter="sales", Model="nova")
    put(world, 1.0, CostCenter="support", Model="nova")
    world.converse()

    def listed(**params):
        return [(each["MetricName"], each["Dimensions"]) for each in world.metrics("ListMetrics", **params)["Metrics"]]

    assert len(listed(Namespace=MINE)) == 2
    assert len(listed(Dimensions=[{"Name": "Model"}])) == 2
    sales = [{"Name": "CostCenter", "Value": "sales"}]
    assert listed(Dimensions=sales) == [("InputTokens", named({"CostCenter": "sales", "Model": "nova"}))]
    names = ["InputTokenCount", "InvocationLatency", "Invocations", "OutputTokenCount"]
    assert listed(Namespace="AWS/Bedrock") == [(name, named({"ModelId": NOVA})) for name in names]
    assert len(listed(MetricName="Invocations")) == 1
    assert len(listed()) == 6


def test_idle_series_leave_the_list(world):
    put(world, 1.0)
    world.later(hours=4)
    assert world.metrics("ListMetrics", RecentlyActive="PT3H")["Metrics"] == []
    assert len(world.metrics("ListMetrics")["Metrics"]) == 1
    world.later(days=14)
    assert world.metrics("ListMetrics")["Metrics"] == []


def test_series_are_listed_in_pages_of_five_hundred(world):
    for batch in range(2):
        data = [{"MetricName": f"m{batch}-{number}", "Value": 1.0} for number in range(400)]
        world.metrics("PutMetricData", Namespace=MINE, MetricData=data)
    first = world.metrics("ListMetrics")
    second = world.metrics("ListMetrics", NextToken=first["NextToken"])
    assert (len(first["Metrics"]), len(second["Metrics"]), "NextToken" in second) == (500, 300, False)
    names = {each["MetricName"] for each in first["Metrics"] + second["Metrics"]}
    assert len(names) == 800
    error = world.refusal("cloudwatch", "ListMetrics", Namespace=MINE, NextToken=first["NextToken"])
    assert error.code == "InvalidParameterValue"


def test_the_older_statistics_operation_agrees(world):
    put(world, {"Values": [1.0, 5.0]}, CostCenter="sales")
    asked = {"Namespace": MINE, "MetricName": "InputTokens", "Dimensions": named({"CostCenter": "sales"})}
    asked |= window(world) | {"Period": 60}
    answer = world.metrics("GetMetricStatistics", **asked, Statistics=["Sum", "Average"], ExtendedStatistics=["p90"])
    assert answer["Datapoints"] == [{"Timestamp": NOW, "Sum": 6.0, "Average": 3.0, "ExtendedStatistics": {"p90": 5.0}}]
    assert world.refusal("cloudwatch", "GetMetricStatistics", **asked).code == "InvalidParameterCombination"
    wide = asked | {"StartTime": NOW - timedelta(days=2), "Statistics": ["Sum"]}
    assert "more than 1440" in world.refusal("cloudwatch", "GetMetricStatistics", **wide).message


def test_regions_keep_their_own_metrics(world):
    put(world, 1.0)
    asked = {"MetricDataQueries": [ask()]} | window(world)
    answer = world.call("cloudwatch", "GetMetricData", "us-west-2", **asked)
    assert answer["MetricDataResults"][0]["Values"] == []
    assert datetime.fromtimestamp(0, UTC) not in one(world)
