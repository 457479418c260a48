"""The time a usage report looks at, what it asks CloudWatch for, and how answers are folded and priced."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costsentry_cli.domain.errors import SentryError
from costsentry_cli.domain.meter import NAMESPACE
from costsentry_cli.domain.reports import usage
from costsentry_cli.domain.reports.callers import GroupBy, Known, of_events, of_metered, of_strangers
from costsentry_cli.domain.reports.moments import KEPT, Cut, Moments, last
from costsentry_cli.domain.reports.usage import Dimensions, Subject
from fakes import ACCOUNT, HAIKU, LITE, NOON, arn, model_problems

NOW = NOON + timedelta(minutes=7, seconds=30)
DAY = last("7d", Cut.TOTAL, NOW)

SPANS = {
    ("15m", Cut.TOTAL): ("11-23 11:53", "11-23 12:08", 60),
    ("3h", Cut.TOTAL): ("11-23 09:08", "11-23 12:08", 60),
    ("24h", Cut.TOTAL): ("11-22 12:05", "11-23 12:08", 300),
    ("24h", Cut.HOURLY): ("11-22 12:00", "11-23 12:08", 3600),
    ("30h", Cut.TOTAL): ("11-22 06:00", "11-23 12:08", 3600),
    ("1d", Cut.TOTAL): ("11-23 00:00", "11-24 00:00", 86400),
    ("30d", Cut.DAILY): ("10-25 00:00", "11-24 00:00", 86400),
    ("2d", Cut.HOURLY): ("11-22 00:00", "11-24 00:00", 3600),
}


@pytest.mark.parametrize(("text", "cut"), SPANS)
def test_a_span_of_time_lies_on_the_edges_of_its_points(text: str, cut: Cut) -> None:
    found = last(text, cut, NOW)
    start, end, period = SPANS[text, cut]
    assert (f"{found.start:%m-%d %H:%M}", f"{found.end:%m-%d %H:%M}", found.period) == (start, end, period)
    assert found.start.timestamp() % period == 0


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("", Cut.TOTAL),
        ("0d", Cut.TOTAL),
        ("5w", Cut.TOTAL),
        ("456d", Cut.TOTAL),
        ("3h", Cut.DAILY),
        ("90m", Cut.HOURLY),
    ],
)
def test_what_is_no_span_or_beyond_what_cloudwatch_keeps_is_refused(text: str, cut: Cut) -> None:
    with pytest.raises(SentryError) as error:
        last(text, cut, NOW)
    assert error.value.code == "CS0107"


@given(count=st.integers(1, 20_000), unit=st.sampled_from("mhd"))
def test_cloudwatch_still_has_points_of_the_chosen_period(count: int, unit: str) -> None:
    try:
        found = last(f"{count}{unit}", Cut.TOTAL, NOW)
    except SentryError:
        assert timedelta(**{{"m": "minutes", "h": "hours", "d": "days"}[unit]: count}) > KEPT
        return
    age = NOW - found.start
    assert found.period >= (3600 if age > timedelta(days=63) else 300 if age > timedelta(days=15) else 60)
    assert (found.end - found.start) / timedelta(seconds=found.period) <= 455 * 24 + 1


def test_two_weeks_of_days_are_recent_and_a_day_more_is_not() -> None:
    assert last("14d", Cut.TOTAL, NOW).recent(NOW)
    assert not last("15d", Cut.TOTAL, NOW).recent(NOW)


def metric(**dimensions: str) -> Dimensions:
    return tuple(sorted(dimensions.items()))


SALES = Subject("us-east-1", (metric(CostCenter="sales", Model="nova"),), ("sales",), model=LITE)


def test_the_articles_expression_names_what_the_metrics_have_in_common() -> None:
    both = (
        metric(CostCenter="sales", Model="nova", ModelId="a"),
        metric(CostCenter="sales", Model="nova", ModelId="b"),
    )
    text = usage.expression(Subject("us-east-1", both, ("sales",)), usage.OF_METERED[4], DAY)
    assert text == (
        'SUM(SEARCH(\'{GenAIRateLimiting,CostCenter,Model,ModelId} MetricName="InputTokens" CostCenter="sales"'
        " Model=\"nova\"', 'Sum', 86400))"
    )


def test_sets_of_other_dimensions_are_searched_on_their_own() -> None:
    subject = Subject("us-east-1", (*SALES.metrics, metric(CostCenter="sales", Model="nova", ModelId="a")), ("sales",))
    text = usage.expression(subject, usage.OF_METERED[0], DAY)
    assert text.startswith("SUM([SEARCH('{GenAIRateLimiting,CostCenter,Model} ")
    assert text.count("SEARCH(") == 2


@pytest.mark.parametrize("value", ["o'neil", "x" * 1000])
def test_what_no_search_can_name_is_asked_for_by_name(value: str) -> None:
    assert usage.searchable(SALES)
    assert not usage.searchable(Subject("us-east-1", (metric(CostCenter=value),), (value,)))


def test_quotes_and_brackets_are_escaped() -> None:
    subject = Subject("us-east-1", (metric(CostCenter='a "b" (c)\\'),), ("x",))
    assert r'CostCenter="a \"b\" \(c\)\\"' in usage.expression(subject, usage.OF_METERED[0], DAY)


def many(count: int) -> list[Subject]:
    return [Subject("us-east-1", (metric(CostCenter=f"c{n}", Model="nova"),), (f"c{n}",)) for n in range(count)]


@given(count=st.integers(0, 120))
def test_no_request_has_more_than_aws_takes_and_none_is_forgotten(count: int) -> None:
    for asked in (
        list(usage.searched(many(count), usage.OF_METERED, DAY)),
        list(usage.explicit(NAMESPACE, many(count), usage.OF_METERED, DAY)),
    ):
        wanted = [pair for one in asked for pair in one.wanted.values()]
        assert wanted == [(one, measure) for one in many(count) for measure in usage.OF_METERED]
        for one in asked:
            queries = one.call.params["MetricDataQueries"]
            assert len(queries) <= 500
            assert sum(query.get("Expression", "").count("SEARCH(") for query in queries) <= 100
        assert sum(one.metrics for one in asked) == 6 * count


def test_every_request_is_one_that_aws_takes() -> None:
    subjects = [SALES, Subject("eu-west-1", (metric(ModelId="x"),), (None,))]
    asked = [
        *usage.explicit(usage.BEDROCK, subjects, usage.OF_BEDROCK, DAY),
        *usage.searched([SALES], usage.OF_METERED, DAY),
    ]
    assert [model_problems(one.call) for one in asked] == [[], [], []]
    assert [one.call.region for one in asked] == ["eu-west-1", "us-east-1", "us-east-1"]
    assert not any("Unit" in str(one.call.params) for one in asked)


def page(**values: list[float]) -> dict[str, Any]:
    results = [
        {"Id": name, "Timestamps": [DAY.start + timedelta(days=n) for n in range(len(found))], "Values": found}
        for name, found in values.items()
    ]
    return {"MetricDataResults": results}


def test_points_are_added_over_pages_and_the_worst_of_percentiles_is_kept() -> None:
    (asked,) = usage.explicit(usage.BEDROCK, [SALES], usage.OF_BEDROCK, DAY)
    read: usage.Read = {}
    usage.fold(read, asked, [page(m0=[1, 2], m10=[50.5, 70.25]), page(m0=[4], m1=[])], DAY)
    assert read == {SALES: {None: {"requests": Decimal(7), "latency_p95_ms": Decimal("70.25")}}}


def test_without_a_single_point_nothing_was_read() -> None:
    (asked,) = usage.explicit(usage.BEDROCK, [SALES], usage.OF_BEDROCK, DAY)
    read: usage.Read = {}
    usage.fold(read, asked, [page(m0=[], m1=[])], DAY)
    assert read == {}


def test_rows_are_cut_at_utc_days() -> None:
    days = last("7d", Cut.DAILY, NOW)
    (asked,) = usage.explicit(usage.BEDROCK, [SALES], usage.OF_BEDROCK, days)
    read: usage.Read = {}
    usage.fold(read, asked, [page(m0=[1, 2])], days)
    assert list(read[SALES]) == [datetime(2026, 11, 17, tzinfo=UTC), datetime(2026, 11, 18, tzinfo=UTC)]


def test_the_cost_is_the_catalogues_for_each_kind_of_token() -> None:
    values = {"input_tokens": Decimal(1_000_000), "output_tokens": Decimal(1_000_000), "cache_read_tokens": Decimal(10)}
    haiku = usage.priced(values, Subject("us-east-1", (), ("sales",), model=HAIKU))
    assert haiku.cost == Decimal("6.6000011")
    assert usage.priced({"requests": Decimal(3)}, SALES).cost is None
    unknown = usage.priced(values, Subject("us-east-1", (), ("sales",), "id1"))
    assert (unknown.cost, unknown.unpriced) == (None, frozenset({"id1"}))
    assert (haiku + unknown).cost == haiku.cost


def test_a_former_profile_is_named_by_what_is_known_of_it() -> None:
    told = of_metered([metric(CostCenter="sales", Model=HAIKU, ModelId="abc"), metric(Model=LITE, ModelId=LITE)])
    assert told == {"abc": Known("(deleted) sales haiku", HAIKU, {"costCenter": "sales"})}
    event = {
        "costsentry.model_metric": "abc", "costsentry.profile.name": "aws-docs", "gen_ai.request.model": HAIKU,
        "costsentry.costCenter": "sales",
    }  # fmt: skip
    recorded = of_events([event, {"gen_ai.request.model": HAIKU}], ACCOUNT, "us-east-1")
    elsewhere = event | {"costsentry.profile.arn": arn(1)}
    assert of_events([elsewhere], ACCOUNT, "us-east-1") == recorded
    assert of_events([elsewhere], ACCOUNT, "eu-west-1") == of_events([elsewhere], "210987654321", "us-east-1") == {}
    book = of_strangers(["abc", "xyz", LITE], [recorded, told])
    assert [book[one].name for one in ("abc", "xyz", LITE)] == ["(deleted) aws-docs", "xyz", ""]
    assert book["abc"].value(GroupBy.COST_CENTER) == "sales"
    assert book[LITE].value(GroupBy.MODEL) == LITE
    assert book[LITE].value(GroupBy.PROFILE) is None
    assert Moments(NOON, NOON, 60).label() == "2026-11-23 12:00 .. 2026-11-23 12:00 UTC"
