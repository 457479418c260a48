"""Cost Explorer asked in few requests and folded exactly, and the rows of a report of costs."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costsentry_cli.domain.calls import ApiCall
from costsentry_cli.domain.errors import SentryError
from costsentry_cli.domain.reports import rows
from costsentry_cli.domain.reports.costs import Folded, Query, asked, asked_windows, complete_before, folded_by
from costsentry_cli.domain.reports.question import (
    WORDS,
    Group,
    Metric,
    Question,
    Sort,
    conditions_of,
    group_of,
    groups_of,
)
from costsentry_cli.domain.table import Type
from costsentry_cli.domain.window import Granularity, Window
from fakes import NOON, FakeCloud

D = Decimal
CENTRE = group_of("costCenter")
NOVEMBER = Window(date(2026, 11, 1), date(2026, 11, 24))
NAMES = {"DimensionValues": [{"Value": name} for name in ("Amazon Bedrock", "Claude (Amazon Bedrock Edition)", "S3")]}


def page(*groups: tuple[str, str, str], estimated: bool = False) -> dict[str, Any]:
    """A page with one period per (day, value, amount)."""
    results = [
        {
            "TimePeriod": {"Start": day, "End": day},
            "Estimated": estimated,
            "Groups": [{"Keys": [f"costCenter${value}"], "Metrics": {"UnblendedCost": {"Amount": amount}}}],
        }
        for day, value, amount in groups
    ]
    return {"ResultsByTime": results}


def test_a_value_may_have_a_dollar_and_a_period_may_stand_on_two_pages() -> None:
    pages = [page(("2026-11-01", "a$b", "0.1")), page(("2026-11-01", "a$b", "2E-12"), ("2026-11-02", "", "1"))]
    folded = folded_by(pages, (CENTRE,), "UnblendedCost")
    first, second = date(2026, 11, 1), date(2026, 11, 2)
    assert folded.cells == {("a$b",): {first: D("0.100000000002")}, ("",): {second: D(1)}}


@given(st.lists(st.decimals(-(10**20), 10**20, places=20, allow_nan=False), max_size=30))
def test_no_sum_is_ever_rounded(amounts: list[Decimal]) -> None:
    pages = [page(("2026-11-01", "a", f"{amount:f}")) for amount in amounts]
    folded = folded_by(pages, (CENTRE,), "UnblendedCost")
    whole = sum((Fraction(v) for days in folded.cells.values() for v in days.values()), Fraction(0))
    assert whole == sum(map(Fraction, amounts), Fraction(0))


def windows_asked(*windows: tuple[str, str], now: datetime = NOON) -> list[tuple[str, str]]:
    found = asked_windows([Window(*map(date.fromisoformat, one)) for one in windows], now)
    return [(one.start.isoformat(), one.end.isoformat()) for one in found]


def test_closed_months_are_asked_for_whole_and_open_days_as_they_are_wanted() -> None:
    month_to_date = windows_asked(("2026-11-01", "2026-11-24"), ("2026-10-01", "2026-10-22"))
    assert month_to_date == [("2026-10-01", "2026-11-01"), ("2026-11-01", "2026-11-24")]
    assert windows_asked(("2026-10-24", "2026-11-24"))[0] == ("2026-10-01", "2026-11-01")
    assert windows_asked(("2026-11-17", "2026-11-24"), ("2026-11-10", "2026-11-15")) == [("2026-11-10", "2026-11-24")]
    assert windows_asked(("2026-10-01", "2026-11-01"), ("2026-09-01", "2026-10-01")) == [("2026-09-01", "2026-11-01")]


DAYS = st.dates(date(2025, 12, 1), date(2026, 11, 23))


@given(st.lists(st.tuples(DAYS, st.integers(1, 200)), min_size=1, max_size=2))
def test_two_requests_cover_every_day_wanted_and_none_twice(spans: list[tuple[date, int]]) -> None:
    tomorrow = date(2026, 11, 24)
    wanted = [Window(start, min(tomorrow, start + timedelta(days=days))) for start, days in spans]
    found = asked_windows(wanted, NOON)
    assert len(found) <= 2
    covered = [day for one in found for day in one.dates()]
    assert len(covered) == len(set(covered))
    assert set(covered) >= {day for one in wanted for day in one.dates()}


def asked_of(query: Query, window: Window) -> list[ApiCall]:
    cloud = FakeCloud({"GetCostAndUsage": {"ResultsByTime": []}, "GetDimensionValues": NAMES})
    list(asked(cloud, query, [window], NOON))
    return cloud.calls


def query(only: Iterable[str] = (), without: Iterable[str] = (), **more: Any) -> Query:
    filters = conditions_of(list(only), "--filter"), conditions_of(list(without), "--exclude")
    return Query((CENTRE,), ("UnblendedCost",), *filters, **more)


ALL_OF_BEDROCK = {"Not": {"ProductAttributes": {"Key": "provider", "MatchOptions": ["ABSENT"]}}}
USAGE = {"Not": {"Dimensions": {"Key": "RECORD_TYPE", "Values": ["Credit", "Refund", "Tax"]}}}
SERVICES = {"Dimensions": {"Key": "SERVICE", "Values": ["Amazon Bedrock", "Claude (Amazon Bedrock Edition)"]}}


def test_all_bedrock_spend_is_found_by_the_product_attribute_since_aws_has_it() -> None:
    (call,) = asked_of(query(), NOVEMBER)
    assert call.params["Filter"] == {"And": [ALL_OF_BEDROCK, USAGE]}
    assert asked_of(query(usage=None), NOVEMBER)[0].params["Filter"] == ALL_OF_BEDROCK


def test_before_that_it_is_found_by_the_names_aws_lists_for_the_same_period() -> None:
    august = Window(date(2026, 8, 3), date(2026, 8, 9))
    names, costs = asked_of(query(), august)
    assert names.params == {
        "TimePeriod": {"Start": "2026-08-01", "End": "2026-09-01"},
        "Dimension": "SERVICE",
        "SearchString": "Bedrock",
    }
    assert costs.params["Filter"] == {"And": [SERVICES, USAGE]}


def test_a_period_over_the_border_is_asked_the_older_way_for_all_of_it() -> None:
    calls = asked_of(query(), Window(date(2026, 8, 20), date(2026, 10, 5)))
    assert [call.operation for call in calls] == ["GetDimensionValues", "GetCostAndUsage"]
    assert calls[1].params["TimePeriod"] == {"Start": "2026-08-01", "End": "2026-11-01"}


def test_without_a_service_of_bedrock_there_is_nothing_to_ask() -> None:
    cloud = FakeCloud({"GetDimensionValues": {"DimensionValues": [{"Value": "Amazon S3"}]}})
    assert list(asked(cloud, query(), [Window(date(2026, 8, 1), date(2026, 9, 1))], NOON)) == []


def test_a_service_is_left_out_by_naming_the_others() -> None:
    """AWS refuses a SERVICE filter inside ``Not`` beside product attributes."""
    _, costs = asked_of(query(without=["service=Amazon Bedrock"]), NOVEMBER)
    names = {"Dimensions": {"Key": "SERVICE", "Values": ["Claude (Amazon Bedrock Edition)"]}}
    assert costs.params["Filter"] == {"And": [ALL_OF_BEDROCK, names, USAGE]}


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("costCenter=sales,support", {"Tags": {"Key": "costCenter", "Values": ["sales", "support"]}}),
        ("costCenter=", {"Tags": {"Key": "costCenter", "MatchOptions": ["ABSENT"]}}),
        ("model=Nova Lite", {"ProductAttributes": {"Key": "model", "Values": ["Nova Lite"]}}),
        ("token-type=Input tokens", {"ProductAttributes": {"Key": "inferenceType", "Values": ["Input tokens"]}}),
        ("account=1", {"Dimensions": {"Key": "LINKED_ACCOUNT", "Values": ["1"]}}),
        ("profile=ns/a", {"Tags": {"Key": "costsentry:key", "Values": ["ns/a"]}}),
        ("tag:model=x", {"Tags": {"Key": "model", "Values": ["x"]}}),
    ],
)
def test_a_filter_is_what_cost_explorer_calls_it(text: str, part: dict[str, Any]) -> None:
    assert asked_of(query([text]), NOVEMBER)[0].params["Filter"]["And"][1] == part
    assert asked_of(query(without=[text]), NOVEMBER)[0].params["Filter"]["And"][1] == {"Not": part}


def test_a_value_or_none_is_either() -> None:
    part = asked_of(query(["costCenter=sales", "costCenter="]), NOVEMBER)[0].params["Filter"]["And"][1]
    absent = {"Tags": {"Key": "costCenter", "MatchOptions": ["ABSENT"]}}
    assert part == {"Or": [{"Tags": {"Key": "costCenter", "Values": ["sales"]}}, absent]}


@pytest.mark.parametrize("words", [["a,b,c"], ["a", "a"], ["model", "model"], [""], ["tag:"]])
def test_what_cannot_be_grouped_by_is_refused(words: list[str]) -> None:
    with pytest.raises(SentryError) as refused:
        groups_of(words)
    assert refused.value.code == "CS0101"


@pytest.mark.parametrize("text", ["costCenter", "=x", "service=", "region=us-east-1,"])
def test_what_cannot_be_filtered_by_is_refused(text: str) -> None:
    with pytest.raises(SentryError) as refused:
        conditions_of([text], "--filter")
    assert refused.value.code == "CS0101"


def test_every_metric_has_awss_name() -> None:
    names = "UnblendedCost AmortizedCost NetUnblendedCost NetAmortizedCost BlendedCost"
    assert [metric.aws for metric in Metric] == names.split()


AMOUNTS = st.decimals(-100, 10**9, places=12, allow_nan=False)
VALUES = st.sampled_from(["", "a", "b", "c", "d", "=1+1"])
CELLS = st.dictionaries(
    st.tuples(VALUES, VALUES),
    st.dictionaries(st.sampled_from(Window(date(2026, 10, 1), date(2026, 11, 24)).dates()), AMOUNTS),
)
TWO = (CENTRE, WORDS["model"])


@given(CELLS, st.sampled_from(Granularity), st.sampled_from(Sort), st.one_of(st.none(), st.integers(1, 4)))
def test_the_rows_add_up_to_the_total_and_the_nameless_are_never_merged(
    cells: Any, granularity: Granularity, sort: Sort, top: int | None
) -> None:
    asked_for = Question(TWO, NOVEMBER, granularity, top=top, sort=sort)
    parts = rows.compared(asked_for, date(2026, 11, 22), date(2025, 10, 1))
    found = rows.lines(asked_for, Folded(cells), parts)
    shown = rows.Shown(
        asked_for, found, rows.summed(("Total",), found), complete_before=date(2026, 11, 22), parts=parts
    )
    table = rows.table(shown)
    place = [column.key for column in table.columns].index("cost_usd")
    wanted = sum((Fraction(v) for days in cells.values() for d, v in days.items() if NOVEMBER.has(d)), Fraction(0))
    assert sum((Fraction(row[place]) for row in table.rows), Fraction(0)) == wanted
    assert all(len(row) == len(table.columns) for row in (*table.rows, table.total))
    nameless = {one.values for one in found if one.nameless}
    assert nameless == {keys for keys, days in cells.items() if "" in keys and any(map(NOVEMBER.has, days))}
    if top is not None:
        assert sum(not one.nameless for one in found) <= top + 1


def lines(*costs: tuple[str, str, str], **more: Any) -> list[rows.Line]:
    """Lines of (value, cost on 1 November, cost on 1 October)."""
    cells = {(v,): {date(2026, 11, 1): D(now), date(2026, 10, 1): D(before)} for v, now, before in costs}
    asked_for = Question((CENTRE,), NOVEMBER, **more)
    return rows.lines(asked_for, Folded(cells), rows.compared(asked_for, date(2026, 11, 22), date(2025, 10, 1)))


def test_only_as_many_days_are_compared_as_are_complete() -> None:
    parts = rows.compared(Question((CENTRE,), NOVEMBER), complete_before(NOON), date(2025, 10, 1))
    assert parts == rows.Compared(
        Window(date(2026, 11, 1), date(2026, 11, 22)), Window(date(2026, 10, 1), date(2026, 10, 22))
    )


def test_nothing_is_compared_with_what_aws_does_not_have_any_more() -> None:
    assert rows.compared(Question((CENTRE,), NOVEMBER), complete_before(NOON), date(2026, 10, 2)) is None


def test_change_is_against_before_and_unknown_for_what_is_new() -> None:
    found = lines(("a", "15", "10"), ("b", "5", "0"))
    assert [(one.values[0], one.change) for one in found] == [("a", D("0.5")), ("b", None)]


def test_rows_are_ordered_as_asked_with_the_untagged_last() -> None:
    costs = (("a", "1", "1"), ("b", "3", "2"), ("", "9", "1"), ("c", "2", "0"))
    assert [one.values[0] for one in lines(*costs)] == ["b", "c", "a", ""]
    assert [one.values[0] for one in lines(*costs, sort=Sort.NAME)] == ["a", "b", "c", ""]
    assert [one.values[0] for one in lines(*costs, sort=Sort.CHANGE)] == ["c", "b", "a", ""]


def test_all_but_the_dearest_are_one_row_with_their_sum() -> None:
    found = lines(("a", "1", "4"), ("b", "3", "2"), ("", "9", "1"), ("c", "2", "0"), top=1)
    assert [(one.values[0], one.cost) for one in found] == [("b", D(3)), ("(other)", D(3)), ("", D(9))]
    assert found[1].change == D("-0.25")


@pytest.mark.parametrize(("days", "points"), [(31, 31), (32, 5), (217, 31), (218, 8), (396, 13)])
def test_a_trend_of_a_long_period_is_by_week_or_month(days: int, points: int) -> None:
    window = Window(date(2025, 10, 1), date(2025, 10, 1) + timedelta(days=days))
    assert len(rows.trend({}, window)) == points


def test_a_trend_adds_up_to_the_cost() -> None:
    window = Window(date(2026, 1, 1), date(2026, 11, 1))
    by_day = {day: D(number) for number, day in enumerate(window.dates())}
    assert sum(rows.trend(by_day, window)) == sum(by_day.values())


def test_a_day_is_final_an_estimate_or_incomplete() -> None:
    days = [date(2026, 10, 31), date(2026, 11, 20), date(2026, 11, 22)]
    asked_for = Question((CENTRE,), Window(date(2026, 10, 30), date(2026, 11, 24)), Granularity.DAILY)
    found = rows.lines(asked_for, Folded({("a",): dict.fromkeys(days, D(1))}), None)
    total = rows.summed(("Total",), found)
    shown = rows.Shown(asked_for, found, total, frozenset(days[1:]), date(2026, 11, 22))
    state = [column.key for column in rows.table(shown).columns].index("state")
    assert [row[state] for row in rows.table(shown).rows] == ["final", "estimated", "incomplete"]


def test_hours_are_rows_of_their_own() -> None:
    hour = datetime(2026, 11, 20, 13, tzinfo=UTC)
    asked_for = Question((CENTRE,), NOVEMBER, Granularity.HOURLY)
    found = rows.lines(asked_for, Folded({("a",): {hour: D(1)}}), None)
    table = rows.table(rows.Shown(asked_for, found, rows.summed(("Total",), found)))
    assert (table.rows[0][0], table.columns[0].type) == (hour, Type.DATE)


def test_an_empty_answer_has_no_rows_and_no_total() -> None:
    asked_for = Question((CENTRE, Group("x", "TAG", "x")), NOVEMBER)
    table = rows.table(rows.Shown(asked_for, [], rows.summed(("Total",), [])))
    assert (table.rows, table.total is not None and table.total[2]) == ((), None)
