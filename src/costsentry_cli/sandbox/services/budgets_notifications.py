"""Notifications of a budget: at most 10, no two with the same terms."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

from costsentry_cli.domain.aws_limits import BUDGET_ALERTS_MAX
from costsentry_cli.sandbox.contract import Handler, Request
from costsentry_cli.sandbox.services import budgets_notification_rows as rows
from costsentry_cli.sandbox.services.budgets_figures import Reading, passes
from costsentry_cli.sandbox.services.budgets_pages import page
from costsentry_cli.sandbox.services.budgets_refusals import DUPLICATE, TOO_MANY, refuse
from costsentry_cli.sandbox.services.budgets_rows import Budget, all_budgets, check_account, find, named
from costsentry_cli.sandbox.services.budgets_subscribers import Subscriber, check_subscribers

_HIGHEST_PERCENTAGE = 1_000_000
_BUDGETS_A_PAGE = 50


def add_notification(
    request: Request, budget: str, notification: Mapping[str, Any], subscribers: Sequence[Subscriber]
) -> None:
    """Make a notification of a budget that is there. Raises ``ServiceError`` as CreateNotification does."""
    _check_terms(request, budget, notification)
    check_subscribers(request, subscribers)
    if len(rows.notification_rows(request, budget)) >= BUDGET_ALERTS_MAX:
        refuse(f"A budget has at most {BUDGET_ALERTS_MAX} notifications.", TOO_MANY)
    if rows.find_notification(request, budget, notification) is not None:
        refuse(f"The notification of budget {budget} already exists.", DUPLICATE)
    made = request.store.db.execute(
        "INSERT INTO budget_notifications (account, budget, type, operator, threshold, threshold_type)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (request.account, budget, *rows.terms_of(notification)),
    )
    request.store.db.executemany(
        "INSERT INTO budget_subscribers (notification, type, address) VALUES (?, ?, ?)",
        [(made.lastrowid, each["SubscriptionType"], each["Address"]) for each in subscribers],
    )


def check_threshold(request: Request, budget: str, kind: str, threshold: float, threshold_type: str) -> None:
    """Refuse a threshold beyond AWS's, and one on a forecast that a DAILY budget does not have."""
    if threshold_type == "PERCENTAGE" and threshold > _HIGHEST_PERCENTAGE:
        refuse(f"A threshold is at most {_HIGHEST_PERCENTAGE} percent.")
    found = find(request, budget)
    if kind == "FORECASTED" and found is not None and found.unit == "DAILY":
        refuse("DAILY budgets have no forecast: FORECASTED is not supported.")


def create_notification(request: Request) -> dict[str, Any]:
    """CreateNotification."""
    check_account(request)
    add_notification(request, named(request).name, request.params["Notification"], request.params["Subscribers"])
    return {}


def update_notification(request: Request) -> dict[str, Any]:
    """UpdateNotification: new terms, the same subscribers."""
    check_account(request)
    name, new = named(request).name, request.params["NewNotification"]
    old = rows.notification_named(request, name, request.params["OldNotification"])
    _check_terms(request, name, new)
    check_subscribers(request, rows.described(rows.subscriber_rows(request, old["id"])))
    other = rows.find_notification(request, name, new)
    if other is not None and other["id"] != old["id"]:
        refuse(f"The notification of budget {name} already exists.", DUPLICATE)
    request.store.db.execute(
        "UPDATE budget_notifications SET type = ?, operator = ?, threshold = ?, threshold_type = ? WHERE id = ?",
        (*rows.terms_of(new), old["id"]),
    )
    return {}


def delete_notification(request: Request) -> dict[str, Any]:
    """DeleteNotification, with its subscribers."""
    check_account(request)
    row = rows.notification_named(request, named(request).name, request.params["Notification"])
    rows.delete_notification(request, row["id"])
    return {}


def describe_notifications(request: Request) -> dict[str, Any]:
    """DescribeNotificationsForBudget, in the order of their making."""
    check_account(request)
    budget = named(request)
    shown, more = page(request, rows.notification_rows(request, budget.name), lambda row: int(row["id"]))
    reading = Reading(request, [budget])
    return {"Notifications": [_described(request, budget, row, reading) for row in shown]} | more


def describe_all_notifications(request: Request) -> dict[str, Any]:
    """DescribeBudgetNotificationsForAccount: the budgets that have some, by name, 50 a page by default."""
    check_account(request)
    found = [(budget, rows.notification_rows(request, budget.name)) for budget in all_budgets(request)]
    with_some = [each for each in found if each[1]]
    shown, more = page(request, with_some, lambda each: each[0].name, _BUDGETS_A_PAGE)
    reading = Reading(request, [budget for budget, _ in shown])
    listed = [
        {"BudgetName": budget.name, "Notifications": [_described(request, budget, row, reading) for row in each]}
        for budget, each in shown
    ]
    return {"BudgetNotificationsForAccount": listed} | more


def _check_terms(request: Request, budget: str, notification: Mapping[str, Any]) -> None:
    kind, _, threshold, threshold_type = rows.terms_of(notification)
    check_threshold(request, budget, kind, threshold, threshold_type)


def _described(request: Request, budget: Budget, row: sqlite3.Row, reading: Reading) -> dict[str, Any]:
    terms = {"kind": row["type"], "operator": row["operator"], "threshold": row["threshold"]}
    limit = budget.limit_amount(request.now)
    # Until the first refresh after a change there is nothing to judge.
    is_alarm = reading.has_figures(budget) and passes(
        reading.figures(budget), **terms, threshold_type=row["threshold_type"], limit=limit
    )
    return {
        "NotificationType": row["type"],
        "ComparisonOperator": row["operator"],
        "Threshold": row["threshold"],
        "ThresholdType": row["threshold_type"],
        "NotificationState": "ALARM" if is_alarm else "OK",
    }


OPERATIONS: dict[str, Handler] = {
    "CreateNotification": create_notification,
    "UpdateNotification": update_notification,
    "DeleteNotification": delete_notification,
    "DescribeNotificationsForBudget": describe_notifications,
    "DescribeBudgetNotificationsForAccount": describe_all_notifications,
}
"""The operations on notifications; ``budgets`` joins them with the others."""
