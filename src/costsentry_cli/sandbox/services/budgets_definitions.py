"""Budgets themselves: made, changed, shown and deleted."""

from __future__ import annotations

from typing import Any

from costsentry_cli.domain.aws_limits import BUDGETS_MAX
from costsentry_cli.sandbox.contract import Handler, Request
from costsentry_cli.sandbox.services import budgets_rows as rows
from costsentry_cli.sandbox.services import budgets_tags
from costsentry_cli.sandbox.services.budgets_figures import Reading, calculated_spend
from costsentry_cli.sandbox.services.budgets_filters import COST_TYPES
from costsentry_cli.sandbox.services.budgets_notifications import add_notification
from costsentry_cli.sandbox.services.budgets_pages import page
from costsentry_cli.sandbox.services.budgets_refusals import DUPLICATE, NOT_FOUND, TOO_MANY, refuse
from costsentry_cli.sandbox.services.budgets_rows import Budget
from costsentry_cli.sandbox.services.budgets_rules import checked, view_arn
from costsentry_cli.sandbox.services.budgets_settling import settle


def create_budget(request: Request) -> dict[str, Any]:
    """CreateBudget, with its notifications, subscribers and tags, or nothing of it."""
    params = request.params
    rows.check_account(request)
    content, covered = checked(request, params["Budget"])
    name = content["BudgetName"]
    if rows.find(request, name) is not None:
        refuse(f"Error creating budget: {name} - the budget already exists.", DUPLICATE)
    quota = int(request.store.setting("budget_quota", str(BUDGETS_MAX)))
    if rows.count(request) >= quota:
        refuse(f"An account may have {quota} budgets.", TOO_MANY)
    rows.keep(request, content, covered)
    for each in params.get("NotificationsWithSubscribers", []):
        add_notification(request, name, each["Notification"], each["Subscribers"])
    budgets_tags.add(request, rows.budget_arn(request.account, name), params.get("ResourceTags", []))
    return {}


def update_budget(request: Request) -> dict[str, Any]:
    """UpdateBudget: the whole new budget under the old name; its figures drop to zero until the next refresh."""
    rows.check_account(request)
    name = request.params["NewBudget"]["BudgetName"]
    if rows.find(request, name) is None:
        refuse(f"Unable to update budget: {name} - the budget doesn't exist.", NOT_FOUND)
    content, covered = checked(request, request.params["NewBudget"])
    settle(request)
    rows.keep(request, content, covered)
    return {}


def delete_budget(request: Request) -> dict[str, Any]:
    """DeleteBudget, with everything of it."""
    rows.check_account(request)
    rows.forget(request, rows.named(request).name)
    return {}


def describe_budget(request: Request) -> dict[str, Any]:
    """DescribeBudget; the filter expression only when asked for."""
    rows.check_account(request)
    budget = rows.named(request)
    return {"Budget": _shown(request, budget, Reading(request, [budget]))}


def describe_budgets(request: Request) -> dict[str, Any]:
    """DescribeBudgets, by name, 100 a page by default; the filter expressions only when asked for."""
    rows.check_account(request)
    budgets, more = page(request, rows.all_budgets(request), lambda budget: budget.name)
    reading = Reading(request, budgets)
    return {"Budgets": [_shown(request, budget, reading) for budget in budgets]} | more


def _shown(request: Request, budget: Budget, reading: Reading) -> dict[str, Any]:
    limit = budget.limit(request.now)
    shown = budget.content | {
        "BudgetLimit": limit,
        "TimePeriod": {"Start": budget.covered.start, "End": budget.covered.end},
        "CalculatedSpend": calculated_spend(reading.figures(budget), limit["Unit"]),
        "LastUpdatedTime": budget.updated,
        "BillingViewArn": view_arn(request.account),
        "HealthStatus": {"Status": "HEALTHY"},
    }
    if not request.params.get("ShowFilterExpression", False):
        shown.pop("FilterExpression", None)
    return shown | _older_form(budget)


def _older_form(budget: Budget) -> dict[str, Any]:
    """Filters and types of a budget in the older form, defaults filled in; none of one in the newer."""
    content = budget.content
    if "FilterExpression" in content or "Metrics" in content:
        return {}
    filters = {"CostFilters": content.get("CostFilters", {})}
    types = {"CostTypes": COST_TYPES | content.get("CostTypes", {})}
    return filters | types if content["BudgetType"] == "COST" else filters


OPERATIONS: dict[str, Handler] = {
    "CreateBudget": create_budget,
    "UpdateBudget": update_budget,
    "DeleteBudget": delete_budget,
    "DescribeBudget": describe_budget,
    "DescribeBudgets": describe_budgets,
}
"""The operations on budgets; ``budgets`` joins them with the others."""
