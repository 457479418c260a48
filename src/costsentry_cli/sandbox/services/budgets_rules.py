"""What AWS accepts as a budget. Source: AWS Budgets API reference, ``Budget``, and its quotas and naming rules."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import islice
from typing import Any

from costsentry_cli.domain.aws_limits import BUDGET_NAME
from costsentry_cli.sandbox.contract import Request
from costsentry_cli.sandbox.services.budgets_filters import TagKeys, check_forms, scope_of
from costsentry_cli.sandbox.services.budgets_periods import LAST_END, Span, span_of, spans_of
from costsentry_cli.sandbox.services.budgets_refusals import refuse

_TYPES = ("COST", "USAGE")
_KEPT = (
    "BudgetName",
    "BudgetType",
    "TimeUnit",
    "BudgetLimit",
    "PlannedBudgetLimits",
    "CostFilters",
    "CostTypes",
    "FilterExpression",
    "Metrics",
)
_PLANNED = {"MONTHLY": 12, "QUARTERLY": 4}
_LONGEST_CUSTOM = timedelta(days=3 * 366)
_PERSONAL = {
    "an e-mail address": re.compile(r"[^\s@/]+@[^\s@/]+\.[A-Za-z]{2,}"),
    "a URL": re.compile(r"(?i)\bwww\.|\bhttps?\b.?//"),
    "a phone number": re.compile(r"\+\d[\d -]{7,}\d|\b\d{3}-\d{3}-\d{4}\b"),
}


def checked(request: Request, budget: Mapping[str, Any]) -> tuple[dict[str, Any], Span]:
    """What is kept of a budget as given, and the time it covers. Raises ``ServiceError`` InvalidParameterException.

    What AWS reckons itself (spend, health, times) is taken and ignored, so that an answer can be sent back.
    """
    _check_name(budget["BudgetName"])
    _check_type(request, budget)
    covered = _covered(budget, request.now)
    _check_limits(budget, covered, request.now)
    check_forms(budget)
    scope_of(budget, TagKeys())
    return {name: budget[name] for name in _KEPT if budget.get(name)}, covered


def view_arn(account: str) -> str:
    """The billing view of all an account sees, the only one there is."""
    return f"arn:aws:billing::{account}:billingview/primary"


def _check_name(name: str) -> None:
    if not BUDGET_NAME.fullmatch(name) or name != name.strip():
        refuse(f"The budget name {name!r} has characters other than A-Z a-z 0-9 space _ . / = + - % @")
    for what, pattern in _PERSONAL.items():
        if pattern.search(name):
            refuse(f"The budget name {name!r} looks like {what}.")


def _check_type(request: Request, budget: Mapping[str, Any]) -> None:
    if budget["BudgetType"] not in _TYPES:
        refuse(f"The sandbox has no reservations and no Savings Plans: {budget['BudgetType']} budgets are refused.")
    if "AutoAdjustData" in budget:
        refuse("The sandbox has no auto-adjusting budgets: give BudgetLimit or PlannedBudgetLimits.")
    view = view_arn(request.account)
    if budget.get("BillingViewArn", view) != view:
        refuse(f"The sandbox has one billing view, {view}.")


def _covered(budget: Mapping[str, Any], now: datetime) -> Span:
    unit, given = budget["TimeUnit"], budget.get("TimePeriod", {})
    if unit == "CUSTOM" and "End" not in given:
        refuse("A budget with a CUSTOM time unit needs the end of its time period.")
    start = given["Start"].astimezone(UTC) if "Start" in given else _default_start(unit, now)
    end = given["End"].astimezone(UTC) if "End" in given else LAST_END
    if start >= end:
        refuse("The start date of the time period must be before its end date.")
    if end > LAST_END:
        refuse("The end date must be before 06/15/87 00:00 UTC.")
    if end <= now:
        refuse("The end date of the time period is in the past.")
    if unit == "CUSTOM" and end - start > _LONGEST_CUSTOM:
        refuse("A CUSTOM time period is at most three years long.")
    return Span(start, end)


def _default_start(unit: str, now: datetime) -> datetime:
    return span_of("DAILY" if unit == "CUSTOM" else unit, now, Span(now, now)).start


def _check_limits(budget: Mapping[str, Any], covered: Span, now: datetime) -> None:
    fixed, planned = budget.get("BudgetLimit"), budget.get("PlannedBudgetLimits") or {}
    if fixed and planned:
        refuse("Only one of BudgetLimit or PlannedBudgetLimits can be present.")
    if not fixed and not planned:
        refuse(f"BudgetLimit is required for {budget['BudgetType']} budgets.")
    for spend in [fixed] if fixed else planned.values():
        _check_spend(budget["BudgetType"], spend)
    if planned:
        _check_planned(budget["TimeUnit"], planned, covered, now)


def _check_spend(budget_type: str, spend: Mapping[str, str]) -> None:
    if Decimal(spend["Amount"]) <= 0:
        refuse(f"The budget amount must be greater than 0, not {spend['Amount']}.")
    if budget_type == "COST" and spend["Unit"] != "USD":
        refuse(f"The unit of a COST budget must be USD, not {spend['Unit']}.")


def _check_planned(unit: str, planned: Mapping[str, Any], covered: Span, now: datetime) -> None:
    """One limit for each of the next periods, from the current one (or the budget's first) on, up to its end."""
    if unit not in _PLANNED:
        refuse(f"PlannedBudgetLimits are for MONTHLY and QUARTERLY budgets, not {unit}.")
    spans = islice(spans_of(unit, max(now, covered.start), covered), _PLANNED[unit])
    wanted = {str(int(span.start.timestamp())) for span in spans if span.start < covered.end}
    if set(planned) != wanted:
        refuse(
            f"PlannedBudgetLimits of a {unit} budget need {len(wanted)} limits, at the starts (epoch seconds) of its "
            f"current period and the next: {', '.join(sorted(wanted))}."
        )
