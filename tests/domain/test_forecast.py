"""The month at its end: the same weekdays of four weeks, the interval by their spread, AWS's answer added up."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from costsentry_cli.domain.reports.forecast import Ahead, can_ask, forecast_call, forecast_in, outlook, own, summed
from costsentry_cli.domain.reports.question import group_of
from costsentry_cli.domain.window import Window
from fakes import model_problems

TODAY = date(2026, 11, 23)
FOUR_WEEKS = [TODAY - timedelta(days=n) for n in range(1, 29)]


def weekly(office: str, weekend: str) -> dict[date, Decimal]:
    return {day: Decimal(weekend if day.weekday() > 4 else office) for day in FOUR_WEEKS}


def test_days_to_come_cost_what_their_weekday_did() -> None:
    week = Window(TODAY, TODAY + timedelta(days=7)).dates()
    assert own(weekly("10", "2"), TODAY, week) == Ahead(Decimal(54), Decimal(54), Decimal(54))


def test_the_interval_is_as_wide_as_the_days_differed_and_never_below_zero() -> None:
    days = {day: Decimal(8 if number % 2 else 12) for number, day in enumerate(FOUR_WEEKS)}
    found = own(days, TODAY, [TODAY])
    assert found is not None
    assert found.low < found.mean < found.high
    assert found.high - found.mean == found.mean - found.low
    rare = {FOUR_WEEKS[0]: Decimal(100)} | {FOUR_WEEKS[-1]: Decimal(1)}
    assert (own(rare, TODAY, [TODAY]) or Ahead(*[Decimal(-1)] * 3)).low >= 0


def test_a_young_group_is_measured_from_its_first_day_on() -> None:
    young = {TODAY - timedelta(days=2): Decimal(4), TODAY - timedelta(days=1): Decimal(6)}
    found = own(young, TODAY, [TODAY, TODAY + timedelta(days=1)])
    assert found is not None
    assert found.mean == 10


def test_what_is_not_complete_is_no_history() -> None:
    assert own({TODAY: Decimal(5)}, TODAY, [TODAY]) is None
    assert own({}, TODAY, [TODAY]) is None


@given(st.lists(st.decimals(0, 1000, places=4), min_size=1, max_size=28), st.integers(0, 31))
def test_the_mean_lies_within_its_interval(amounts: list[Decimal], days: int) -> None:
    by_day = dict(zip(FOUR_WEEKS, amounts, strict=False))
    found = own(by_day, TODAY, [TODAY + timedelta(days=n) for n in range(days)])
    assert found is not None
    assert 0 <= found.low <= found.mean <= found.high


def test_an_answer_of_several_periods_is_added_up_and_one_without_bounds_is_its_mean() -> None:
    periods = [
        {"MeanValue": "1.5", "PredictionIntervalLowerBound": "1", "PredictionIntervalUpperBound": "2"},
        {"MeanValue": "2.5"},
    ]
    assert forecast_in({"ForecastResultsByTime": periods}) == Ahead(Decimal("4.0"), Decimal("3.5"), Decimal("4.5"))


def test_a_total_is_the_sum_of_its_groups_and_says_whose_they_are() -> None:
    one = outlook(Decimal(1), [Ahead(Decimal(2), Decimal(1), Decimal(3))], "AWS")
    two = outlook(Decimal(10), [Ahead(Decimal(5), Decimal(4), Decimal(6))], "own estimate")
    total = summed([one, two])
    assert total is not None
    assert (total.so_far, total.expected, total.low, total.high) == (11, 18, 16, 20)
    assert total.source == "AWS and own estimate"
    assert summed([]) is None


def test_aws_is_asked_for_one_value_or_for_having_none_and_never_by_product_attribute() -> None:
    scope = [{"Dimensions": {"Key": "SERVICE", "Values": ["Amazon Bedrock"]}}]
    window = Window(TODAY, date(2026, 12, 1))
    for value in ("sales", ""):
        call = forecast_call(group_of("costCenter"), value, scope, window)
        assert model_problems(call) == []
        assert "ProductAttributes" not in str(call.params)
    assert can_ask(group_of("costCenter"))
    assert not can_ask(group_of("model"))
