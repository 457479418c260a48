"""GetCostForecast: weekdays and a trend, and what it refuses."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sandbox_ce_world import DAY, HAIKU, NOVA, NOW, World, day

from costsentry_cli.sandbox.contract import ServiceError
from costsentry_cli.sandbox.services.ce_forecast import fitted

ASKED = {
    "TimePeriod": {"Start": "2026-11-23", "End": "2026-12-21"},
    "Metric": "UNBLENDED_COST",
    "Granularity": "DAILY",
}
TOKENS = 1_000_000


@pytest.fixture
def world(tmp_path):
    return World(tmp_path)


def steady(world, days=40, weekend=1, model=NOVA):
    """A call on each of the last full days: 10 million tokens on workdays, fewer at weekends."""
    for number in range(1, days + 1):
        at = NOW - DAY - number * DAY
        world.call(at, model, input=(weekend if at.weekday() >= 5 else 10) * TOKENS)


def forecast(world, **asked):
    return world.ask("GetCostForecast", **ASKED | asked)


def means(answer):
    return [Decimal(each["MeanValue"]) for each in answer["ForecastResultsByTime"]]


def refusal(world, **asked):
    with pytest.raises(ServiceError) as caught:
        forecast(world, **asked)
    return caught.value


def test_a_steady_week_goes_on_as_it_was(world):
    steady(world)
    answer = forecast(world)
    workday, weekend = Decimal("0.6"), Decimal("0.06")
    assert means(answer) == [workday, workday, workday, workday, workday, weekend, weekend] * 4
    assert answer["Total"] == {"Amount": str(20 * workday + 8 * weekend), "Unit": "USD"}
    assert answer["ForecastResultsByTime"][0]["TimePeriod"] == {"Start": "2026-11-23", "End": "2026-11-24"}


def test_a_month_is_the_sum_of_its_days_cut_to_the_range(world):
    steady(world)
    asked = {"Start": "2026-11-23", "End": "2027-01-10"}
    months = forecast(world, TimePeriod=asked, Granularity="MONTHLY")
    days = forecast(world, TimePeriod=asked)
    assert [each["TimePeriod"] for each in months["ForecastResultsByTime"]] == [
        {"Start": "2026-11-23", "End": "2026-12-01"},
        {"Start": "2026-12-01", "End": "2027-01-01"},
        {"Start": "2027-01-01", "End": "2027-01-10"},
    ]
    assert means(months)[1] == sum(means(days)[8:39])
    assert months["Total"] == days["Total"]


@settings(max_examples=50, deadline=None)
@given(
    level=st.integers(0, 1000),
    slope=st.integers(0, 20),
    by_weekday=st.lists(st.integers(0, 50), min_size=7, max_size=7),
    weeks=st.integers(5, 12),
)
def test_a_line_with_weekdays_is_continued_as_a_line_with_weekdays(level, slope, by_weekday, weeks):
    start = day("2026-08-03", 0)
    days = [Decimal(level + slope * number + by_weekday[number % 7]) for number in range(7 * weeks + 7)]
    model = fitted(start, days[: 7 * weeks])
    for number in range(7 * weeks, 7 * weeks + 7):
        assert abs(model.day(start + number * DAY) - days[number]) < Decimal("1e-20")


def test_a_forecast_is_never_below_zero():
    costs = [Decimal(max(100 - 3 * number, 0)) for number in range(35)]
    assert fitted(day("2026-08-03", 0), costs).day(day("2026-11-20", 0)) == 0


def test_a_higher_level_is_a_wider_interval_round_the_same_mean(world):
    steady(world)
    world.call(NOW - 10 * DAY, NOVA, input=50 * TOKENS)
    bounds = []
    for level in (51, 80, 99):
        first = forecast(world, PredictionIntervalLevel=level)["ForecastResultsByTime"][0]
        low, mean, high = (
            Decimal(first[name])
            for name in ("PredictionIntervalLowerBound", "MeanValue", "PredictionIntervalUpperBound")
        )
        assert 0 <= low < mean < high
        bounds.append((high, mean))
    assert bounds[0][0] < bounds[1][0] < bounds[2][0]
    assert len({mean for _, mean in bounds}) == 1
    assert "PredictionIntervalLowerBound" not in forecast(world)["ForecastResultsByTime"][0]


def test_a_months_interval_is_that_of_independent_days(world):
    steady(world)
    world.call(NOW - 10 * DAY, NOVA, input=5 * TOKENS)
    asked = {"TimePeriod": {"Start": "2026-12-01", "End": "2026-12-17"}, "PredictionIntervalLevel": 51}
    day_one, sixteen_days = (
        forecast(world, **asked, Granularity=granularity)["ForecastResultsByTime"][0]
        for granularity in ("DAILY", "MONTHLY")
    )
    one, sixteen = (
        Decimal(each["PredictionIntervalUpperBound"]) - Decimal(each["MeanValue"]) for each in (day_one, sixteen_days)
    )
    assert abs(sixteen - 4 * one) < Decimal("1e-8")


def test_the_interval_holds_as_much_as_it_says_of_a_normal_scatter():
    # Residuals of +1 and -1 in turn, week by week: the deviation is known.
    costs = [Decimal(10 + (-1) ** (number // 7)) for number in range(84)]
    model = fitted(day("2026-08-03", 0), costs)
    assert Decimal("1.0") < model.deviation < Decimal("1.1")
    assert fitted(day("2026-08-03", 0), costs[:1] * 84).deviation == 0


def test_a_filter_forecasts_its_part_and_the_parts_add_up(world):
    steady(world)
    steady(world, model=HAIKU, weekend=10)
    parts = [
        forecast(world, Filter={"Dimensions": {"Key": "BILLING_ENTITY", "Values": [entity]}})["Total"]["Amount"]
        for entity in ("AWS", "AWS Marketplace")
    ]
    assert abs(sum(map(Decimal, parts)) - Decimal(forecast(world)["Total"]["Amount"])) < Decimal("1e-8")


def test_too_little_history_has_no_forecast(world):
    steady(world, days=34)
    error = refusal(world)
    assert (error.code, error.message) == ("DataUnavailableException", "Insufficient amount of historical data.")
    steady(world, days=35)
    assert forecast(world)
    nobody = {"Tags": {"Key": "costCenter", "Values": ["nobody"]}}
    assert refusal(world, Filter=nobody).code == "DataUnavailableException"


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"TimePeriod": {"Start": "2026-11-22", "End": "2026-11-30"}}, "Start date must be today or in the future."),
        ({"TimePeriod": {"Start": "2026-11-24", "End": "2026-11-24"}}, "Start date (and hour) should be before"),
        ({"TimePeriod": {"Start": "2026-11-23", "End": "2027-02-25"}}, "End date is too far in the future"),
        ({"TimePeriod": {"Start": "2026-11-23", "End": "2028-07-01"}, "Granularity": "MONTHLY"}, "End date is too far"),
        ({"Granularity": "HOURLY"}, "GetCostForecast supports only DAILY and MONTHLY"),
        ({"Metric": "USAGE_QUANTITY"}, "Metric USAGE_QUANTITY is invalid."),
        (
            {"Filter": {"ProductAttributes": {"Key": "model", "Values": ["Nova Lite"]}}},
            "Product attributes are not supported by GetCostForecast.",
        ),
        ({"Filter": {"Dimensions": {"Key": "Service", "Values": ["x"]}}}, "Dimension Service is invalid."),
    ],
)
def test_what_aws_refuses_is_refused(world, asked, words):
    steady(world)
    error = refusal(world, **asked)
    assert (error.code, error.message[: len(words)]) == ("ValidationException", words)


def test_another_billing_view_is_not_found(world):
    steady(world)
    view = "arn:aws:billing::123456789012:billingview/"
    assert forecast(world, BillingViewArn=f"{view}primary") == forecast(world)
    assert refusal(world, BillingViewArn=f"{view}custom").code == "ResourceNotFoundException"


def test_only_whole_days_that_are_shown_are_learnt_from(world):
    steady(world)
    before = forecast(world)
    world.call(NOW - timedelta(hours=20), NOVA, input=900 * TOKENS)
    world.call(NOW - timedelta(hours=26), NOVA, input=900 * TOKENS)
    assert forecast(world) == before
