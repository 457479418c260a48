"""SEARCH and Metrics Insights in the sandbox, held against AWS's documentation."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sandbox_cloudwatch_world import MINE, ask, expression, lines, named, put, read, wrong
from sandbox_runtime_world import NOVA, NOW, World

from costsentry_cli.sandbox.services.cloudwatch_insights import insight
from costsentry_cli.sandbox.services.cloudwatch_math_syntax import SyntaxMistake
from costsentry_cli.sandbox.services.cloudwatch_search import partly, search
from costsentry_cli.sandbox.services.cloudwatch_series import Series, canonical

CALLS = (("sales", "haiku", 10), ("sales", "nova", 5), ("support", "haiku", 3), ('o\'neil ("x")', "nova", 2))


@pytest.fixture
def world(tmp_path):
    world = World(tmp_path / "sandbox.db")
    for centre, model, tokens in CALLS:
        put(world, float(tokens), CostCenter=centre, Model=model)
        put(world, float(tokens * 100), "OutputTokens", CostCenter=centre, Model=model)
    put(world, 7.0, Model="haiku")
    put(world, 1000.0, namespace="Other", CostCenter="sales", Model="haiku")
    return world


def found(world, term, **more):
    """Label -> sum of what a search finds."""
    text = f"SEARCH('{term}', 'Sum', 60)"
    return {label: sum(points.values()) for label, points in lines(world, expression(text, **more))}


SCHEMA = "{GenAIRateLimiting,CostCenter,Model}"
SEARCHES = {
    f'{SCHEMA} MetricName="InputTokens"': 4,
    f'{SCHEMA}, MetricName="InputTokens" CostCenter="sales"': 2,
    f'{SCHEMA} MetricName="InputTokens" NOT CostCenter="sales"': 2,
    f'{SCHEMA} MetricName="InputTokens" (CostCenter="support" OR Model="nova")': 3,
    f'{SCHEMA} MetricName="InputTokens" AND CostCenter="sales" AND Model="nova"': 1,
    f'{SCHEMA} CostCenter="support"': 2,
    f"{SCHEMA} input sales": 2,
    f"{SCHEMA} MetricName=tokens CostCenter=SALES": 4,
    f'{SCHEMA} MetricName="tokens"': 0,
    "{GenAIRateLimiting,Model}": 1,
    "{GenAIRateLimiting,Model,CostCenter} InputTokens": 4,
    "{GenAIRateLimiting} InputTokens": 5,
    '{GenAIRateLimiting,"CostCenter"}': 0,
    'MetricName="InputTokens" CostCenter="sales"': 3,
    'Namespace="GenAIRateLimiting" MetricName="InputTokens" CostCenter="sales"': 2,
    'NOT Namespace="GenAIRateLimiting"': 1,
}


@pytest.mark.parametrize("term", SEARCHES)
def test_a_search_finds_exact_and_partial_terms(world, term):
    results = read(world, expression(f"SEARCH('{term}', 'Sum', 60)"))["MetricDataResults"]
    assert len(results) == SEARCHES[term]


def test_the_sum_of_a_search_is_the_articles_way_to_a_cost_centre(world):
    text = f"""SUM(SEARCH('{SCHEMA} MetricName="InputTokens" CostCenter="sales"', 'Sum', 3600))"""
    assert lines(world, expression(text, Label="sales")) == [("sales", {NOW: 15})]


def test_quotes_and_brackets_in_an_exact_term_are_escaped():
    series = Series(MINE, "InputTokens", canonical(named({"CostCenter": 'a\\b "c" (d)'})))
    assert search(r'CostCenter="a\\b \"c\" \(d\)"')(series)
    assert not search(r'CostCenter="a b c d"')(series)


TOKENS = {
    ("count", "CustomCount1"): True,
    ("COUNT", "CustomCount1"): True,
    ("couNT", "CustomCount1"): False,
    ("CustomCount", "CustomCount1"): True,
    ("Count1", "CustomCount1"): True,
    ("customcount", "CustomCount1"): False,
    ("count1", "CustomCount1"): False,
    ("customcount1", "CustomCount1"): True,
    ("sdb", "SDBFailure"): True,
    ("trial", "Project2-trial333"): True,
    ("333", "Project2-trial333"): True,
    ("33", "Project2-trial333"): False,
    ("network/errors", "Network-Errors-2"): True,
    ("network+errors", "NetworkErrors2"): True,
    ("Network_Errors", "Network-Errors-2"): True,
    ("errors-network", "Network-Errors-2"): False,
    ("--", "Network-Errors-2"): False,
}


@pytest.mark.parametrize(("term", "text"), TOKENS)
def test_partial_terms_are_matched_by_tokens_as_aws_tells_them(term, text):
    assert partly(term, text) == TOKENS[term, text]


def test_a_search_tells_its_series_apart_by_what_differs(world):
    assert found(world, f'{SCHEMA} MetricName="InputTokens" CostCenter="sales"') == {"haiku": 10, "nova": 5}
    assert found(world, f'{SCHEMA} Model="haiku" CostCenter="sales" Tokens') == {
        "InputTokens": 10,
        "OutputTokens": 1000,
    }
    assert found(world, f"{SCHEMA} InputTokens support") == {"InputTokens": 3}
    assert found(world, f"{SCHEMA} InputTokens support", Label="mine") == {"mine InputTokens": 3}
    label = "${PROP('Dim.Model')} of ${PROP('Dim.CostCenter')}"
    assert found(world, f"{SCHEMA} InputTokens sales", Label=label) == {"haiku of sales": 10, "nova of sales": 5}


def test_a_search_finds_only_what_had_a_point_in_the_last_two_weeks(world):
    world.later(days=13)
    put(world, 4.0, CostCenter="sales", Model="nova")
    world.later(days=2)
    text = f"""SUM(SEARCH('{SCHEMA} MetricName="InputTokens"', 'Sum', 3600))"""
    span = {"StartTime": NOW - timedelta(hours=1), "EndTime": world.now}
    ((_, points),) = lines(world, expression(text), **span)
    assert sum(points.values()) == 5 + 4
    explicit = ask(CostCenter="sales", Model="haiku", period=3600)
    ((_, points),) = lines(world, explicit, **span)
    assert sum(points.values()) == 10


def test_bedrocks_own_metrics_are_found_too(world):
    world.converse()
    term = '{AWS/Bedrock,ModelId} MetricName="Invocations"'
    assert found(world, term) == {"Invocations": 1}
    assert lines(world, expression(f"SEARCH('{term}', 'Sum')", Period=3600, Label="${PROP('Dim.ModelId')}")) == [
        (NOVA, {NOW: 1})
    ]


def test_more_than_five_hundred_series_are_cut_and_said(world):
    data = [{"MetricName": "many", "Value": 1.0, "Dimensions": named({"n": str(n)})} for n in range(501)]
    world.metrics("PutMetricData", Namespace=MINE, MetricData=data)
    answer = read(world, expression("SUM(SEARCH('{GenAIRateLimiting,n}', 'Sum', 60))"))
    assert sum(answer["MetricDataResults"][0]["Values"]) == 500
    assert answer["Messages"] == [{"Code": "MaxMetricsExceeded", "Value": "Maximum number of allowed metrics exceeded"}]


WRONG_SEARCHES = {
    "SEARCH('', 'Sum', 60)": "needs a metric schema or a search term",
    "SEARCH('{GenAIRateLimiting', 'Sum', 60)": "Invalid syntax in SEARCH",
    "SEARCH('(a', 'Sum', 60)": "Invalid syntax in SEARCH",
    "SEARCH('a OR', 'Sum', 60)": "Invalid syntax in SEARCH",
    "SEARCH('a=', 'Sum', 60)": "Invalid syntax in SEARCH",
    "SEARCH('\"a', 'Sum', 60)": "Invalid syntax in SEARCH",
    "SEARCH('a', 'Sum', 61)": "multiple of 60",
    "SEARCH('a', 'Total', 60)": "Total",
    "SEARCH('a')": "SEARCH takes",
    f"SEARCH('{'a' * 1025}', 'Sum', 60)": "longer than 1024",
}


@pytest.mark.parametrize("text", WRONG_SEARCHES)
def test_what_is_no_search_is_refused(world, text):
    assert WRONG_SEARCHES[text] in wrong(world, expression(text))


def test_a_request_has_at_most_a_hundred_searches(world):
    queries = [expression("SUM([SEARCH('a', 'Sum', 60), SEARCH('b', 'Sum', 60)])", f"e{n}") for n in range(51)]
    assert "at most 100 SEARCH" in wrong(world, *queries)
    assert len(read(world, *queries[:50])["MetricDataResults"]) == 50


SCHEMA_FUNCTION = f'SCHEMA("{MINE}", CostCenter, Model)'
INSIGHTS = {
    f"SELECT SUM(InputTokens) FROM {MINE}": {"InputTokens": 27},
    f"SELECT SUM(InputTokens) FROM {SCHEMA_FUNCTION}": {"InputTokens": 20},
    f"select sum(InputTokens) from {SCHEMA_FUNCTION} group by Model": {"haiku": 13, "nova": 7},
    f"SELECT SUM(InputTokens) FROM {SCHEMA_FUNCTION} WHERE CostCenter = 'sales' GROUP BY Model": {
        "haiku": 10,
        "nova": 5,
    },
    f"SELECT SUM(InputTokens) FROM {MINE} WHERE Model != 'nova' AND CostCenter != 'sales'": {"InputTokens": 10},
    f"SELECT SUM(InputTokens) FROM {MINE} GROUP BY CostCenter ORDER BY SUM() DESC LIMIT 2": {"sales": 15, "Other": 7},
    f"SELECT SUM(InputTokens) FROM {MINE} GROUP BY CostCenter ORDER BY SUM() LIMIT 1": {'o\'neil ("x")': 2},
    f"SELECT COUNT(InputTokens) FROM {MINE} GROUP BY Model": {"haiku": 3, "nova": 2},
    f"SELECT MAX(InputTokens) FROM {MINE} WHERE CostCenter = 'o\\'neil (\"x\")'": {"InputTokens": 2},
    f"SELECT AVG(InputTokens) FROM {SCHEMA_FUNCTION}": {"InputTokens": 5},
    f"SELECT MIN(InputTokens) FROM {SCHEMA_FUNCTION} GROUP BY Model, CostCenter LIMIT 1": {"haiku sales": 10},
    f'SELECT SUM(InputTokens) FROM SCHEMA("{MINE}")': {"e1": 0},
    "SELECT SUM(InputTokens) FROM Nowhere GROUP BY Model": {},
}


@pytest.mark.parametrize("text", INSIGHTS)
def test_metrics_insights_groups_filters_orders_and_limits(world, text):
    found = lines(world, expression(text, Period=3600))
    alone = "GROUP BY" not in text.upper()
    told = {label: sum(points.values()) for label, points in found}
    wanted = {"e1": sum(INSIGHTS[text].values())} if alone else INSIGHTS[text]
    assert told == wanted
    assert list(told) == list(wanted)


def test_a_query_can_be_used_in_metric_math(world):
    query = expression(f"SELECT SUM(InputTokens) FROM {SCHEMA_FUNCTION} GROUP BY Model", "q1", Period=3600)
    assert [
        sum(points.values()) for _, points in lines(world, query | {"ReturnData": False}, expression("SUM(q1)"))
    ] == [20]


WRONG_INSIGHTS = {
    f"SELECT SUM(InputTokens) FROM {MINE} WHERE Model = haiku": "Invalid syntax",
    f"SELECT MEDIAN(InputTokens) FROM {MINE}": "Function 'MEDIAN' not found",
    f"SELECT SUM(InputTokens) FROM {MINE} LIMIT 501": "LIMIT must be between 1 and 500",
    f"SELECT SUM(InputTokens) FROM {MINE} ORDER BY SUM": "Invalid syntax",
    "SELECT SUM(InputTokens) FROM AWS/Bedrock": "Invalid syntax",
    "SELECT SUM InputTokens": "Invalid syntax",
}


@pytest.mark.parametrize("text", WRONG_INSIGHTS)
def test_what_is_no_query_is_refused(world, text):
    assert wrong(world, expression(text, Period=60)) == f"Error in expression 'e1': {WRONG_INSIGHTS[text]}"


def test_one_query_a_request_and_the_last_two_weeks_only(world):
    text = f"SELECT SUM(InputTokens) FROM {MINE}"
    assert "Period is required" in wrong(world, expression(text))
    both = (expression(text, "a", Period=60), expression(text, "b", Period=60))
    assert "Only one Metrics Insights query" in wrong(world, *both)
    world.later(days=13)
    put(world, 4.0, CostCenter="sales", Model="nova")
    world.later(days=2)
    span = {"StartTime": NOW - timedelta(hours=1), "EndTime": world.now}
    ((_, points),) = lines(world, expression(text, Period=3600), **span)
    assert sum(points.values()) == 4


@given(st.text(alphabet='{}()=," aNOTR\\', max_size=30))
def test_any_search_is_read_or_refused(text):
    with suppress(SyntaxMistake):
        assert search(text)(Series("a", "N", "[]")) in (True, False)


@given(st.text(alphabet="SELCT SUM(x)FROMGBY='\",1", max_size=40))
def test_any_query_is_read_or_refused(text):
    with suppress(SyntaxMistake):
        assert insight("SELECT " + text).function
