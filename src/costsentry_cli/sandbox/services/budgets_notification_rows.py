"""Notifications and subscribers as they are kept. A notification is what its four terms are: they find it again."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any

from costsentry_cli.sandbox.contract import Request
from costsentry_cli.sandbox.services.budgets_refusals import NOT_FOUND, refuse

Terms = tuple[str, str, float, str]
"""Type, comparison operator, threshold, threshold type: what tells two notifications of a budget apart."""


def terms_of(notification: Mapping[str, Any]) -> Terms:
    """The terms of AWS's ``Notification``; a threshold is a percentage unless it says otherwise."""
    return (
        notification["NotificationType"],
        notification["ComparisonOperator"],
        float(notification["Threshold"]),
        notification.get("ThresholdType", "PERCENTAGE"),
    )


def notification_rows(request: Request, budget: str) -> list[sqlite3.Row]:
    """A budget's notifications in the order of their making."""
    query = "SELECT * FROM budget_notifications WHERE account = ? AND budget = ? ORDER BY id"
    return request.store.db.execute(query, (request.account, budget)).fetchall()


def find_notification(request: Request, budget: str, notification: Mapping[str, Any]) -> sqlite3.Row | None:
    """A budget's notification of these terms."""
    found: sqlite3.Row | None = request.store.db.execute(
        "SELECT * FROM budget_notifications WHERE account = ? AND budget = ?"
        " AND type = ? AND operator = ? AND threshold = ? AND threshold_type = ?",
        (request.account, budget, *terms_of(notification)),
    ).fetchone()
    return found


def notification_named(request: Request, budget: str, notification: Mapping[str, Any]) -> sqlite3.Row:
    """The notification of these terms. Raises ``ServiceError`` NotFoundException."""
    row = find_notification(request, budget, notification)
    return row or refuse(f"Unable to get notification of budget {budget} - it doesn't exist.", NOT_FOUND)


def delete_notification(request: Request, number: int) -> None:
    """Delete a notification and its subscribers."""
    request.store.db.execute("DELETE FROM budget_subscribers WHERE notification = ?", (number,))
    request.store.db.execute("DELETE FROM budget_notifications WHERE id = ?", (number,))


def subscriber_rows(request: Request, number: int) -> list[sqlite3.Row]:
    """A notification's subscribers in the order of their making."""
    query = "SELECT * FROM budget_subscribers WHERE notification = ? ORDER BY id"
    return request.store.db.execute(query, (number,)).fetchall()


def described(rows: Iterable[sqlite3.Row]) -> list[dict[str, str]]:
    """AWS's ``Subscribers``."""
    return [{"SubscriptionType": row["type"], "Address": row["address"]} for row in rows]
