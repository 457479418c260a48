"""AWS Budgets (``budgets``) of the sandbox, whole: budgets, notifications, subscribers, actions, tags.

Every figure comes from the bill that Cost Explorer shows, as of the latest refresh (``budgets_periods``). An account
sees its own budgets; nobody is ever notified.
"""

from __future__ import annotations

from costsentry_cli.sandbox.contract import Handler
from costsentry_cli.sandbox.services import (
    budgets_actions,
    budgets_definitions,
    budgets_history,
    budgets_notifications,
    budgets_subscribers,
    budgets_tags,
)

OPERATIONS: dict[str, Handler] = {
    **budgets_definitions.OPERATIONS,
    **budgets_history.OPERATIONS,
    **budgets_notifications.OPERATIONS,
    **budgets_subscribers.OPERATIONS,
    **budgets_actions.OPERATIONS,
    **budgets_tags.OPERATIONS,
}
"""Operation name to handler."""
