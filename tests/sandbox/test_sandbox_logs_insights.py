"""CloudWatch Logs Insights in the sandbox: what queries answer, and what they do not have."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sandbox_logs_world import GROUP, NOW, STREAM

from costsentry_cli.sandbox.contract import ServiceError
from costsentry_cli.sandbox.services.logs_insights import parse
from costsentry_cli.sandbox.services.logs_insights_values import Event

CALLS = [
    {"costCenter": "sales", "in": 10, "usd": 0.1, "ok": True, "gen_ai.usage.input_tokens": 10, "u": {"x": [1, 2]}},
    {"costCenter": "services", "in": 20, "usd": 0.2, "ok": False, "gen_ai.usage.input_tokens": 20, "n": "7"},
    {"costCenter": "sales", "in": 30, "usd": 0.3, "ok": True, "gen_ai.usage.input_tokens": 30, "n": "12"},
    {"costCenter": "support", "usd": 0.4, "foo-bar": "it's", "n": "x"},
    "plain text ERROR 42",
]
EVENTS = [
    Event(
        n, NOW - 60_000 * n, NOW, call if isinstance(call, str) else json.dumps(call), STREAM, f"123456789012:{GROUP}"
    )
    for n, call in enumerate(CALLS)
]


def run(query):
    rows, _ = parse(query).run(EVENTS, 10_000)
    return [{cell["field"]: cell["value"] for cell in row if cell["field"] != "@ptr"} for row in rows]


def column(query, name):
    return [row.get(name) for row in run(query)]


def test_without_fields_a_row_is_time_message_and_pointer():
    rows, matched = parse("filter costCenter = 'support'").run(EVENTS, 10)
    (cells,) = rows
    assert [cell["field"] for cell in cells] == ["@timestamp", "@message", "@ptr"]
    assert (cells[0]["value"], json.loads(cells[1]["value"]), matched) == ("2026-11-23 11:57:00.000", CALLS[3], 1)


def test_fields_have_aliases_and_a_missing_one_is_left_out():
    rows = run("fields costCenter as cc, in * 2 as double | filter ispresent(double) or cc = 'support'")
    assert rows[1] == {"cc": "services", "double": "40"}
    assert rows[3] == {"cc": "support"}
    assert run("fields @logStream, @log | limit 1") == [{"@logStream": STREAM, "@log": f"123456789012:{GROUP}"}]


def test_a_name_with_dots_needs_backticks_and_a_path_does_not():
    assert column("fields `gen_ai.usage.input_tokens` as t", "t")[:3] == ["10", "20", "30"]
    assert column("fields gen_ai.usage.input_tokens as t", "t")[:3] == [None] * 3
    assert column("fields u.x.1 as t | limit 1", "t") == ["2"]
    assert column("fields `u.x.1` as t | limit 1", "t") == ["2"]
    assert column("filter ispresent(`foo-bar`) | display `foo-bar`", "foo-bar") == ["it's"]


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ("in = 20", 1), ("in != 20", 2), ("in > 10", 2), ("in >= 10", 3), ("in < 20", 1), ("in <= 20", 2),
        ("costCenter = 'sales'", 2), ('costCenter = "sales" and in > 10', 1), ("in = 10 or in = 20 and ok = 1", 1),
        ("(in = 10 or in = 20) and ok = 0", 1), ("not ispresent(costCenter)", 1), ("not (in = 10)", 4),
        ("costCenter in ['sales', 'support']", 3), ("costCenter not in ['sales']", 2), ("in in [10, 30]", 2),
        ("@message like 'ERROR'", 1), ("@message like /error/", 0), ("@message like /(?i)error [0-9]/", 1),
        ("costCenter not like /^s[ae]/", 1), ("costCenter =~ /port$|ices$/", 2), ("ok = true", 2), ("n > 8", 2),
        ("@timestamp >= 1", 5), ("strlen(costCenter) = 5", 2), ("toupper(costCenter) = 'SALES'", 2),
        ("isblank(costCenter)", 1), ("coalesce(in, 99) = 99", 2), ("in / 0 = 1", 0), ("usd + usd * 2 = 0.3", 1),
    ],
)  # fmt: skip
def test_a_filter_keeps_this_many(condition, found):
    assert len(run(f"filter {condition}")) == found


def test_stats_sum_up_by_fields_exactly():
    query = "stats sum(usd) as usd, count(*) as n, avg(in), min(in), max(in) by costCenter | sort usd desc"
    assert run(query) == [
        {"costCenter": "sales", "usd": "0.4", "n": "2", "avg(in)": "20", "min(in)": "10", "max(in)": "30"},
        {"costCenter": "support", "usd": "0.4", "n": "1"},
        {"costCenter": "services", "usd": "0.2", "n": "1", "avg(in)": "20", "min(in)": "20", "max(in)": "20"},
        {"n": "1"},
    ]


def test_stats_without_by_are_one_row_of_nothing_too():
    assert run("filter in > 99 | stats count(), sum(in) as s") == [{"count()": "0"}]
    (row,) = run("stats sum(in) / count(in) as mean, sum(usd) + 1 as more, count_distinct(costCenter) as d")
    assert row == {"mean": "20", "more": "2", "d": "3"}


def test_stats_group_by_time():
    query = "stats count() by bin(2m) as t | sort t asc"
    times = ["2026-11-23 11:56:00.000", "2026-11-23 11:58:00.000", "2026-11-23 12:00:00.000"]
    assert [(row["t"], row["count()"]) for row in run(query)] == list(zip(times, "221", strict=True))
    assert column("stats count() by bin(1d)", "bin(1d)") == ["2026-11-23 00:00:00.000"]


def test_stats_of_stats_and_the_rest():
    query = "stats sum(in) as s by costCenter | filter s > 0 | stats max(s) as most, median(s), pct(s, 100) as p"
    assert run(query) == [{"most": "40", "median(s)": "20", "p": "40"}]
    assert run("filter ispresent(costCenter) | stats latest(costCenter) as l, earliest(costCenter) as e") == [
        {"l": "sales", "e": "support"}
    ]


def test_sort_puts_texts_before_numbers_and_missing_ones_last():
    assert column("sort n asc | fields n", "n") == ["x", "7", "12", None, None]
    assert column("sort n desc | fields n", "n") == ["12", "7", "x", None, None]
    assert column("sort costCenter, in desc | fields in | limit 2", "in") == ["30", "10"]
    query = "stats count(*) by costCenter | sort count(*) desc | limit 1"
    assert run(query) == [{"costCenter": "sales", "count(*)": "2"}]


def test_dedup_keeps_the_first_and_every_row_that_lacks_the_field():
    assert column("fields costCenter, in | dedup costCenter", "in") == ["10", "20", None, None]
    assert len(run("sort in desc | dedup costCenter | limit 2")) == 2
    with pytest.raises(ServiceError, match="only limit may follow dedup"):
        parse("dedup costCenter | fields in")


def test_display_decides_what_is_shown_and_comments_do_not_matter():
    assert run("fields in, usd # first\n | display usd\n # then\n| limit 1") == [{"usd": "0.1"}]


@pytest.mark.parametrize(
    ("query", "start", "end", "said"),
    [
        ("parse @message '*' as x", 0, 5, "command 'parse'"),
        ("fields a | pattern @message", 11, 18, "command 'pattern'"),
        ("fields a, | limit 1", 10, 11, "an expression instead of '|'"),
        ("filter a = ", 11, 11, "an expression"),
        ("filter jsonParse(a)", 7, 16, "function jsonParse"),
        ("filter sum(a) > 1", 7, 10, "only stand in stats"),
        ("stats a by b", 0, 5, "needs an aggregate"),
        ("stats sum(sum(a))", 10, 13, "only stand in stats"),
        ("stats count() by bin(5)", 21, 22, "a period"),
        ("stats count() by bin(1y)", 21, 23, "a period"),
        ("filter a like /(x+)+y/", 14, 22, "regular expressions have no ("),
        ("filter a like /x*/", 14, 18, "regular expressions have no *"),
        ("filter a like b", 14, 15, "a text or a /regular expression/"),
        ("filter a in [b]", 13, 14, "a text or a number"),
        ("filter (a", 9, 9, "')' is missing"),
        ("limit 0", 6, 7, "a limit"),
        ("limit 1.5", 6, 9, "a whole number"),
        ("fields foo-", 11, 11, "an expression"),
        ("fields `open", 7, 8, "an expression"),
        ("", 0, 0, "command"),
        ("filter " + "(" * 60 + "a" + ")" * 60, 57, 58, "nested deeper"),
        ("stats count() | stats count() | stats count()", 32, 37, "two stats"),
    ],
)
def test_a_query_that_cannot_be_read_names_the_place(query, start, end, said):
    with pytest.raises(ServiceError) as caught:
        parse(query)
    assert caught.value.code == "MalformedQueryException"
    assert said in caught.value.message
    assert caught.value.members["queryCompileError"]["location"] == {"startCharOffset": start, "endCharOffset": end}


@given(st.text(alphabet="filter stats by sum()|`'\"[]/,=~<>!+-*%^@#ab.15m\n", max_size=80))
def test_any_text_is_a_query_or_a_refusal(query):
    try:
        run(query)
    except ServiceError as error:
        if error.code != "MalformedQueryException":
            raise


@pytest.mark.parametrize(
    "query",
    [
        "fields " + "concat(" * 12 + ", ".join(["@message"] * 500) + ")" * 12 + " as x | fields strlen(x)",
        "fields 9^9^9^9^9^9 as x", "fields " + "9999999999*" * 800 + "9 as x", "filter a like /" + "[a-z]" * 1900 + "/",
        "fields " + "-" * 9000 + "1", "filter " + "not " * 2000 + "a", "fields '" + "\\" * 9000, "|" * 9000,
        "filter a in [" + "1, " * 3000 + "1]", "# " * 4000, "stats " + ", ".join(["count(*)"] * 900),
    ],
)  # fmt: skip
def test_a_hostile_query_does_not_hang(query):
    began = time.process_time()
    try:
        run(query)
    except ServiceError as error:
        if error.code != "MalformedQueryException":
            raise
    assert time.process_time() - began < 2


def test_ten_thousand_events_are_filtered_and_grouped_quickly():
    texts = [json.dumps({"requestMetadata": {"costCenter": f"c{n % 7}"}, "input": {"t": n}}) for n in range(10_000)]
    events = [Event(n, NOW - n, NOW, text, STREAM, GROUP) for n, text in enumerate(texts)]
    query = (
        "fields requestMetadata.costCenter as cc, input.t as t | filter t >= 100 | stats sum(t), count() by cc, bin(1h)"
    )
    began = time.process_time()
    rows, matched = parse(query).run(events, 10_000)
    assert (len(rows), matched) == (7, 9_900)
    assert time.process_time() - began < 2  # 0.3 s on an idle core
