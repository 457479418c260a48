"""Metric math in the sandbox, held against AWS's documentation."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sandbox_cloudwatch_world import ask, expression, lines, put, read, values, window, wrong
from sandbox_runtime_world import NOW, World

from costsentry_cli.sandbox.services.cloudwatch_math_syntax import SyntaxMistake, parsed
from costsentry_cli.sandbox.services.cloudwatch_math_values import Line, operated

MINUTE = timedelta(minutes=1)
START = NOW - 4 * MINUTE
HIDDEN = {"ReturnData": False}


@pytest.fixture
def world(tmp_path):
    """m1 is 30, 20, -, 10 and m2 is 2, -, 4, 5 in four minutes; - is no value."""
    world = World(tmp_path / "sandbox.db")
    for minute, (one, two) in enumerate([(30, 2), (20, None), (None, 4), (10, 5)]):
        for name, value in (("one", one), ("two", two)):
            if value is not None:
                put(world, float(value), name, START + minute * MINUTE)
    return world


def math(world, text, **more):
    params = {"StartTime": START, "EndTime": NOW}
    both = (ask("one", id="m1", extra=HIDDEN), ask("two", id="m2", extra=HIDDEN))
    return lines(world, *both, expression(text, **more), **params)


def result(world, text, **more):
    """The values of the only series, oldest first, None where there is none."""
    ((_, points),) = math(world, text, **more)
    return [points.get(START + minute * MINUTE) for minute in range(4)]


MISSING = None
ARITHMETIC = {
    "m1 + m2": [32, 20, 4, 15],
    "m1 - m2": [28, 20, -4, 5],
    "m1 * 2": [60, 40, MISSING, 20],
    "m2 / m1": [2 / 30, 0, MISSING, 0.5],
    "m1 / m2": [15, MISSING, 0, 2],
    "2 ^ m2": [4, MISSING, 16, 32],
    "-m1 + 1": [-29, -19, MISSING, -9],
    "2 + 3 * m1 ^ 2 - -1": [2703, 1203, MISSING, 303],
    "(m1 + m2) * 10 / PERIOD(m1)": [32 / 6, 20 / 6, 4 / 6, 15 / 6],
    "m1 < 25 AND m1 > 15": [0, 1, MISSING, 0],
    "m1 < m2": [0, 0, 1, 0],
    "m1 >= 30 || m1 == 10": [1, 0, MISSING, 1],
}


@pytest.mark.parametrize("text", ARITHMETIC)
def test_operators_take_a_missing_value_as_zero_and_drop_what_is_divided_by_it(world, text):
    assert result(world, text) == pytest.approx(ARITHMETIC[text])


FUNCTIONS = {
    "SUM([m1, m2])": [32, 20, 4, 15],
    "SUM(METRICS())": [32, 20, 4, 15],
    'SUM(METRICS("1"))': [30, 20, MISSING, 10],
    "AVG(METRICS())": [16, 10, 2, 7.5],
    "MIN([m1, m2])": [2, 20, 4, 5],
    "MAX([m1, m2])": [30, 20, 4, 10],
    "DATAPOINT_COUNT([m1, m2])": [2, 1, 1, 2],
    "m1 - AVG(m1)": [10, 0, MISSING, -10],
    "m1 / SUM(m1)": [0.5, 1 / 3, MISSING, 1 / 6],
    "m1 - MIN(m1) + MAX(m2)": [25, 15, MISSING, 5],
    "FILL(m1, 0)": [30, 20, 0, 10],
    "FILL(m1, m2)": [30, 20, 4, 10],
    "FILL(m1, REPEAT)": [30, 20, 20, 10],
    "FILL(m1, LINEAR)": [30, 20, 15, 10],
    "FILL(m2 * 2, LINEAR)": [4, 6, 8, 10],
    "DIFF(m1)": [MISSING, -10, MISSING, -10],
    "DIFF_TIME(m1)": [MISSING, 60, MISSING, 120],
    "RATE(m1) * 60": [MISSING, -10, MISSING, -5],
    "RUNNING_SUM(m1)": [30, 50, MISSING, 60],
    "ABS(m2 - m1)": [28, 20, 4, 5],
    "CEIL(m1 / 7)": [5, 3, MISSING, 2],
    "FLOOR(m1 / 7)": [4, 2, MISSING, 1],
    "LOG10(m1 * 10 - 200)": [2, MISSING, MISSING, MISSING],
    "IF(m1 > 15, m1)": [30, 20, MISSING, MISSING],
    "IF(m1 > 15, m2, 7)": [2, 0, MISSING, 7],
    "IF(m1 > 15, 1, m2)": [1, 1, MISSING, 5],
    "IF(1, m1, m2)": [30, 20, MISSING, 10],
    "IF(0, m1)": [MISSING, MISSING, MISSING, MISSING],
    "TIME_SERIES(MAX(m2))": [5, 5, 5, 5],
    "m2 * 0 + METRIC_COUNT(METRICS())": [2, MISSING, 2, 2],
    "FIRST(SORT(METRICS(), SUM, ASC))": [2, MISSING, 4, 5],
    "LAST(SORT(METRICS(), SUM, ASC, 1))": [2, MISSING, 4, 5],
    "SUM(SLICE([m1, m2, m1], 1))": [32, 20, 4, 15],
    "SUM(SLICE([m1, m2, m1], 0, 1))": [30, 20, MISSING, 10],
    "SUM(REMOVE_EMPTY([m1, IF(0, m1)]))": [30, 20, MISSING, 10],
    "MINUTE(m1)": [56, 57, 58, 59],
    "HOUR(m1) * 100 + DAY(m1)": [1101, 1101, 1101, 1101],
    "SUM(-[m1, m2] * 10)": [-320, -200, -40, -150],
}


@pytest.mark.parametrize("text", FUNCTIONS)
def test_every_function_does_what_aws_documents(world, text):
    assert result(world, text) == pytest.approx(FUNCTIONS[text])


REFUSED = {
    " ": "Invalid syntax",
    "m1 +": "Invalid syntax",
    "m1; m2": "Invalid syntax",
    "(m1": "Invalid syntax",
    "m1 m2": "Invalid syntax",
    "sum(m1)": "Function 'sum' not found",
    "m9 + 1": "Unresolved id 'm9'",
    "SUM(m1)": "must be a time series or an array",
    "METRICS() + METRICS()": "Unsupported operand type(s) for +",
    "FILL(m1)": "FILL takes two arguments",
    "PERIOD(m1 + m2) * m1": "PERIOD takes a metric",
    "SUM(m1, m2) * m1": "SUM: it takes 1 argument",
    "e1 + 1": "Circular reference",
    "ANOMALY_DETECTION_BAND(m1)": "the sandbox has no ANOMALY_DETECTION_BAND",
    "(" * 200 + "m1" + ")" * 200: "nested",
}


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_no_expression_is_refused_naming_it(world, text):
    message = wrong(world, ask("one", id="m1"), ask("two", id="m2"), expression(text, ReturnData=False))
    assert REFUSED[text] in message
    assert message.startswith("Error in expression 'e1': ")


def test_expressions_use_each_other_whatever_their_order(world):
    both = (ask("one", id="m1", extra=HIDDEN), ask("two", id="m2", extra=HIDDEN))
    chain = (expression("e2 * 2", "e1"), expression("m1 + m2", "e2", **HIDDEN))
    assert values(world, *both, *chain, StartTime=START, EndTime=NOW) == [64, 40, 8, 30]


def test_an_array_is_one_result_for_each_series_under_one_id(world):
    answer = read(world, ask("one", id="m1", extra=HIDDEN), ask("two", id="m2"), expression("METRICS() * 2", Label="x"))
    assert [(each["Id"], each["Label"], sum(each["Values"])) for each in answer["MetricDataResults"]] == [
        ("m2", "two", 11),
        ("e1", "x one", 120),
        ("e1", "x two", 22),
    ]


def test_labels_can_be_made_of_what_the_series_is(world):
    put(world, 4.0, CostCenter="sales")
    told = "${PROP('Dim.CostCenter')}/${PROP('MetricName')}/${SUM}/${PROP('Nothing')}"
    assert lines(world, ask(id="m1", CostCenter="sales", extra={"Label": told}))[0][0] == (
        "sales/InputTokens/4/${PROP('Nothing')}"
    )
    assert lines(world, expression("TIME_SERIES(1)"), EndTime=NOW, StartTime=NOW - MINUTE)[0][0] == "e1"


def test_different_periods_in_one_expression_are_not_guessed_at(world):
    queries = (ask("one", id="m1"), ask("two", id="m2", period=300), expression("m1 + m2"))
    assert "does not mix periods" in wrong(world, *queries)


def test_pages_go_through_the_series_of_an_expression(world):
    whole = read(world, ask("one", id="m1"), ask("two", id="m2"), expression("METRICS() * 2"))["MetricDataResults"]
    found, token = [[] for _ in whole], {}
    while token is not None:
        page = read(
            world, ask("one", id="m1"), ask("two", id="m2"), expression("METRICS() * 2"), MaxDatapoints=5, **token
        )
        for place, each in enumerate(page["MetricDataResults"]):
            found[place] += each["Values"]
        token = {"NextToken": page["NextToken"]} if "NextToken" in page else None
    assert found == [each["Values"] for each in whole]
    assert sum(map(len, found)) == 12


def test_the_start_is_rounded_down_the_further_the_older(tmp_path):
    world = World(tmp_path / "old.db")
    put(world, 1.0)
    world.later(days=20)
    late = NOW + timedelta(minutes=4)
    assert values(world, ask(period=300), StartTime=late, EndTime=world.now) == [1]
    assert values(world, ask(period=300), StartTime=NOW + timedelta(minutes=5), EndTime=world.now) == []
    world.later(days=50)
    assert values(world, ask(period=3600), StartTime=NOW + timedelta(minutes=59), EndTime=world.now) == [1]
    assert window(world)["EndTime"] > world.now


@settings(max_examples=50)
@given(text=st.text(alphabet="m12()[],+-*/^<>=&|. SUMIF'\"", max_size=40))
def test_any_text_is_read_or_refused(text):
    with suppress(SyntaxMistake):
        assert parsed(text) == parsed(f" {text} ")


@given(
    one=st.dictionaries(st.integers(0, 5), st.floats(-1e9, 1e9)),
    two=st.dictionaries(st.integers(0, 5), st.floats(-1e9, 1e9)),
)
def test_a_sum_of_two_series_has_every_moment_of_both(one, two):
    total = operated("+", Line(60, one), Line(60, two))
    assert total.points == {at: one.get(at, 0) + two.get(at, 0) for at in {*one, *two}}
