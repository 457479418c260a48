"""Each rule finds what it is for, and is silent one step beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from budget_answers import HAIKU_SERVICE
from costsentry_cli.domain.budget_filter import Slice, slice_of_tags
from costsentry_cli.domain.budget_lint import Known, asked_window, lint
from costsentry_cli.domain.budget_spend import Spend, questions_for
from costsentry_cli.domain.budgets_seen import Notice, SeenBudget
from costsentry_cli.domain.window import Window
from fakes import NOON

SALES = slice_of_tags({"costCenter": "sales"})
EVER = Window(date(2026, 1, 1), date(2087, 6, 15))
LONG_AGO = NOON - timedelta(days=60)
TOLD = ("finops@example.com",)
FORECAST = Notice("forecast", "forecast > 100%", told=TOLD)
GOOD = SeenBudget(
    name="b",
    arn="arn:aws:budgets::123456789012:budget/b",
    per="month",
    limit=Decimal(500),
    planned={},
    automatic=False,
    actual=Decimal(9),
    forecast=None,
    updated=LONG_AGO,
    slice=SALES,
    health="",
    covered=EVER,
    namespace="docs-helper",
    notices=(Notice("actual", "actual > 80%", told=TOLD),),
)
FOREIGN = replace(GOOD, namespace=None)
WINDOW = asked_window(NOON.date())
EVERY_DAY = {day: Decimal(1) for day in WINDOW.dates()}
CARRIED = {"costCenter": frozenset({"sales", "support"})}


def known(*budgets: SeenBudget, days: Mapping[date, Decimal] = EVERY_DAY, **more: Any) -> Known:
    """What is known of budgets whose slices all cost the same, under the value sales."""
    questions = questions_for([one.slice for one in budgets])
    spend = {name: Spend(question, {("sales", HAIKU_SERVICE): dict(days)}) for name, question in questions.items()}
    return Known(
        **(
            {
                "now": NOON,
                "budgets": budgets,
                "namespace": "docs-helper",
                "spend": spend,
                "active": {"costCenter": True, "environment": False},
                "carried": CARRIED,
            }
            | more
        )
    )


def rules(*budgets: SeenBudget, **more: Any) -> list[str]:
    return [one.rule for one in lint(known(*budgets, **more))]


def test_a_good_budget_has_no_finding() -> None:
    assert rules(GOOD) == []


def test_the_window_reaches_a_month_and_a_forecast_back() -> None:
    assert asked_window(date(2026, 11, 23)) == Window(date(2026, 10, 1), date(2026, 11, 24))
    assert asked_window(date(2027, 3, 1)).start == date(2027, 1, 24)


def test_a_zero_where_billing_has_cost_is_found() -> None:
    nothing = replace(GOOD, actual=Decimal(0))
    (found,) = lint(known(nothing))
    assert (found.rule, found.broken) == ("counts-nothing", True)
    assert found.message == "counts $0.00, but Cost Explorer has $21.00 for costCenter=sales since 2026-11-01"


@pytest.mark.parametrize(
    ("change", "days"),
    [
        ({"updated": NOON - timedelta(hours=5)}, EVERY_DAY),  # not reckoned again yet
        ({}, {NOON.date(): Decimal(5), NOON.date() - timedelta(days=1): Decimal(5)}),  # too new for both
        ({}, {date(2026, 10, 31): Decimal(5)}),  # another month
        ({"per": "day"}, EVERY_DAY),  # a day's figure is of the newest day with data
    ],
)
def test_a_zero_that_may_be_right_is_not(change: Mapping[str, Any], days: Mapping[date, Decimal]) -> None:
    assert "counts-nothing" not in rules(replace(GOOD, actual=Decimal(0), **change), days=days)


def test_an_older_filter_without_user_is_found() -> None:
    (found,) = lint(known(replace(GOOD, slice=Slice(unprefixed=("costCenter$sales",), legacy=True))))
    assert (found.rule, found.help) == ("legacy-prefix", "write user:costCenter$sales")


@pytest.mark.parametrize(
    ("key", "rule", "words"),
    [
        ("environment", "inactive-tag-key", "sentry tags activate environment"),
        ("CostCenter", "unknown-tag-key", "did you mean costCenter?"),
    ],
)
def test_a_key_costs_do_not_carry_is_found(key: str, rule: str, words: str) -> None:
    (found,) = lint(known(replace(GOOD, slice=slice_of_tags({key: "sales"}))))
    assert found.rule == rule
    assert words in found.message + found.help


def test_where_billing_may_not_be_asked_keys_are_not_judged() -> None:
    assert rules(replace(GOOD, slice=slice_of_tags({"environment": "sales"})), active=None) == []


def test_a_value_that_nothing_carries_is_found_with_what_was_meant() -> None:
    (found,) = lint(known(replace(GOOD, slice=slice_of_tags({"costCenter": "suport"}))))
    assert (found.rule, found.message) == (
        "unused-tag-value",
        "no profile carries costCenter=suport; did you mean support?",
    )
    assert rules(replace(GOOD, slice=SALES), carried={"costCenter": frozenset({"x"})}) == []  # a cost carries it


def test_an_alert_that_reaches_nobody_is_found_and_one_not_asked_about_is_not() -> None:
    silent = replace(GOOD, notices=(Notice("actual", "actual > 80%", told=()),))
    assert rules(silent) == ["nobody-told"]
    assert rules(replace(GOOD, notices=(Notice("actual", "actual > 80%"),))) == []


def test_two_budgets_on_one_slice_and_period_are_found_once_and_of_ours() -> None:
    twin = replace(FOREIGN, name="a")
    found = lint(known(twin, GOOD))
    assert [(one.rule, one.budget, one.message) for one in found] == [
        ("same-slice", "b", "counts the same costs per month as a")
    ]
    assert rules(GOOD, replace(GOOD, name="q", per="quarter", limit=Decimal(1500))) == []


@pytest.mark.parametrize(
    ("per", "limit", "found"),
    [
        ("month", "30.99", True),
        ("month", "31", False),
        ("day", "0.99", True),
        ("day", "1", False),
        ("quarter", "92.99", True),
        ("quarter", "93", False),
        ("year", "371", True),
        ("year", "372", False),
    ],
)
def test_a_limit_under_last_months_pace_is_found(per: str, limit: str, found: bool) -> None:
    assert (rules(replace(GOOD, per=per, limit=Decimal(limit))) == ["limit-under-last-month"]) is found


def test_a_limit_is_told_beside_last_months_cost_in_its_own_period() -> None:
    (month,) = lint(known(replace(GOOD, limit=Decimal(30))))
    assert month.message == "the limit of $30.00 is under last month's $31.00"
    (quarter,) = lint(known(replace(GOOD, per="quarter", limit=Decimal(90))))
    assert quarter.message == (
        "the limit of $90.00 per quarter is under last month's pace, $93.00 ($31.00 in the month)"
    )


def test_a_limit_that_adjusts_itself_is_never_too_low() -> None:
    assert rules(replace(GOOD, limit=Decimal(1), automatic=True)) == []


def test_a_tag_without_bedrock_scope_counts_other_services() -> None:
    wide = Slice({"costCenter": ("sales",)})
    assert rules(replace(FOREIGN, slice=wide)) == ["not-bedrock-only"]
    assert rules(replace(FOREIGN, slice=Slice({"team": ("sales",)}))) == []


def test_fixed_service_names_that_miss_some_are_found() -> None:
    fixed = Slice({"costCenter": ("sales",)}, ("Amazon Bedrock",), bedrock=True)
    (found,) = lint(known(replace(FOREIGN, slice=fixed)))
    assert (found.rule, found.message) == ("fixed-services", f"names its services and misses {HAIKU_SERVICE}")
    assert rules(replace(FOREIGN, slice=replace(fixed, services=(HAIKU_SERVICE,)))) == []


def test_a_forecast_alert_without_five_weeks_of_cost_is_found() -> None:
    def since(day: date) -> dict[date, Decimal]:
        return {one: amount for one, amount in EVERY_DAY.items() if one >= day}

    hopeful = replace(GOOD, notices=(FORECAST,))
    assert rules(hopeful, days=since(date(2026, 10, 20))) == ["thin-history"]  # 34 days
    assert rules(hopeful, days=since(date(2026, 10, 19))) == []  # 35 days
    assert rules(hopeful, days={}) == ["thin-history"]
    assert rules(replace(hopeful, forecast=Decimal(9)), days={}) == []


def test_planned_amounts_that_end_soon_are_found() -> None:
    def planned(months: int) -> SeenBudget:
        starts = [date(2026 + (10 + n) // 12, (10 + n) % 12 + 1, 1) for n in range(months)]
        return replace(GOOD, planned={start: Decimal(500) for start in starts})

    assert rules(planned(3)) == ["plan-ends"]  # November, and two more
    assert rules(planned(4)) == []


def test_what_is_not_our_business_is_left_alone() -> None:
    theirs = replace(FOREIGN, slice=Slice({"team": ("x",)}), notices=(Notice("actual", "actual > 1%", told=()),))
    assert rules(theirs) == []


def test_without_costs_only_what_they_tell_is_left_out() -> None:
    bad = replace(GOOD, actual=Decimal(0), limit=Decimal(1), notices=(Notice("actual", "actual > 80%", told=()),))
    assert rules(bad, spend={}) == ["nobody-told"]
