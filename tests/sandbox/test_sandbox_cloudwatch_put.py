"""What CloudWatch takes and refuses of published metrics."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sandbox_runtime_world import NOW, World


@pytest.fixture
def world(tmp_path):
    return World(tmp_path / "sandbox.db")


def stored(world):
    return [tuple(row) for row in world.store.db.execute("SELECT name, total, count, low, high, unit FROM datapoints")]


STATISTICS = {"Sum": 6.0, "SampleCount": 3.0, "Minimum": 1.0, "Maximum": 3.0}


def test_each_form_of_a_value_is_stored(world):
    data = [
        {"MetricName": "plain", "Value": 2.5, "Unit": "Count"},
        {"MetricName": "counted", "Values": [1.0, 2.0], "Counts": [3.0, 0.0]},
        {"MetricName": "listed", "Values": [4.0]},
        {"MetricName": "set", "StatisticValues": STATISTICS},
    ]
    world.metrics("PutMetricData", Namespace="Mine", MetricData=data)
    assert stored(world) == [
        ("plain", 2.5, 1.0, 2.5, 2.5, "Count"),
        ("counted", 3.0, 3.0, 1.0, 1.0, "None"),
        ("listed", 4.0, 1.0, 4.0, 4.0, "None"),
        ("set", 6.0, 3.0, 1.0, 3.0, "None"),
    ]


def test_the_same_call_twice_counts_twice(world):
    for _ in range(2):
        world.metrics("PutMetricData", Namespace="Mine", MetricData=[{"MetricName": "a", "Value": 1.0}])
    assert len(stored(world)) == 2


def test_metrics_of_an_entity_are_stored_too(world):
    entity = {"MetricData": [{"MetricName": "a", "Value": 1.0}]}
    world.metrics("PutMetricData", Namespace="Mine", EntityMetricData=[entity])
    assert len(stored(world)) == 1


def dimension(name, value):
    return {"Value": 1.0, "Dimensions": [{"Name": name, "Value": value}]}


REFUSED = {
    "not a number": ({"Value": float("nan")}, "InvalidParameterValue"),
    "infinite": ({"Value": float("inf")}, "InvalidParameterValue"),
    "too large": ({"Value": 2.0**361}, "InvalidParameterValue"),
    "negative count": ({"Values": [1.0], "Counts": [-1.0]}, "InvalidParameterValue"),
    "no value": ({}, "MissingParameter"),
    "two values": ({"Value": 1.0, "StatisticValues": STATISTICS}, "InvalidParameterCombination"),
    "uneven counts": ({"Values": [1.0], "Counts": [1.0, 2.0]}, "InvalidParameterCombination"),
    "no values": ({"Values": []}, "InvalidParameterValue"),
    "many values": ({"Values": [float(number) for number in range(151)]}, "InvalidParameterValue"),
    "empty set": ({"StatisticValues": STATISTICS | {"SampleCount": 0.0}}, "InvalidParameterValue"),
    "upside down": ({"StatisticValues": STATISTICS | {"Minimum": 4.0}}, "InvalidParameterValue"),
    "too old": ({"Value": 1.0, "Timestamp": NOW - timedelta(days=14, seconds=1)}, "InvalidParameterValue"),
    "too new": ({"Value": 1.0, "Timestamp": NOW + timedelta(hours=2, seconds=1)}, "InvalidParameterValue"),
    "blank dimension": (dimension("CostCenter", " "), "InvalidParameterValue"),
    "colon": (dimension(":CostCenter", "sales"), "InvalidParameterValue"),
    "not ASCII": (dimension("CostCenter", "München"), "InvalidParameterValue"),
    "same dimension": ({"Value": 1.0, "Dimensions": [{"Name": "A", "Value": "b"}] * 2}, "InvalidParameterValue"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_bad_metric_is_refused_and_nothing_of_its_call_kept(world, case):
    bad, code = REFUSED[case]
    data = [{"MetricName": "good", "Value": 1.0}, {"MetricName": "bad"} | bad]
    assert world.refusal("cloudwatch", "PutMetricData", Namespace="Mine", MetricData=data).code == code
    assert stored(world) == []


def test_the_edges_of_what_is_taken(world):
    edges = [
        {"MetricName": "old", "Value": 1.0, "Timestamp": NOW - timedelta(days=14)},
        {"MetricName": "new", "Value": 1.0, "Timestamp": NOW + timedelta(hours=2)},
        {"MetricName": "large", "Value": 2.0**360},
        {"MetricName": "many", "Values": [float(number) for number in range(150)]},
    ]
    world.metrics("PutMetricData", Namespace="Mine", MetricData=edges)
    assert len(stored(world)) == 153


@pytest.mark.parametrize("namespace", ["AWS/Bedrock", "aws/mine"])
def test_awss_own_namespaces_are_closed(world, namespace):
    data = [{"MetricName": "a", "Value": 1.0}]
    error = world.refusal("cloudwatch", "PutMetricData", Namespace=namespace, MetricData=data)
    assert error.code == "InvalidParameterValue"


def test_a_call_holds_between_one_and_a_thousand_metrics(world):
    data = [{"MetricName": "a", "Value": 1.0}] * 1000
    world.metrics("PutMetricData", Namespace="Mine", MetricData=data)
    many = world.refusal("cloudwatch", "PutMetricData", Namespace="Mine", MetricData=[*data, data[0]])
    none = world.refusal("cloudwatch", "PutMetricData", Namespace="Mine")
    assert (many.code, none.code) == ("InvalidParameterValue", "MissingParameter")
