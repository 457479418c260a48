"""Budgets as they are kept: one row a budget, what belongs to it in rows of its own."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from costsentry_cli.sandbox.contract import Request
from costsentry_cli.sandbox.services.budgets_periods import Span
from costsentry_cli.sandbox.services.budgets_refusals import DENIED, NOT_FOUND, refuse


@dataclass(frozen=True)
class Budget:
    """A budget: ``content`` is AWS's structure without what it reckons itself and without ``TimePeriod``.

    ``covered`` is the time period, ``updated`` when it was made or last changed.
    """

    account: str
    name: str
    content: dict[str, Any]
    covered: Span
    updated: datetime

    @property
    def unit(self) -> str:
        """DAILY, MONTHLY, QUARTERLY, ANNUALLY or CUSTOM."""
        return str(self.content["TimeUnit"])

    @property
    def arn(self) -> str:
        """The name that tags know it by."""
        return budget_arn(self.account, self.name)

    def limit(self, moment: datetime) -> dict[str, str]:
        """The limit (``Amount``, ``Unit``) of the period a moment is in; after the last planned one, that."""
        planned: dict[str, dict[str, str]] = self.content.get("PlannedBudgetLimits", {})
        if not planned:
            fixed: dict[str, str] = self.content["BudgetLimit"]
            return fixed
        starts = sorted(map(int, planned))
        begun = [start for start in starts if start <= moment.timestamp()]
        return planned[str(begun[-1] if begun else starts[0])]

    def limit_amount(self, moment: datetime) -> Decimal:
        """The amount of ``limit``."""
        return Decimal(self.limit(moment)["Amount"])


def budget_arn(account: str, name: str) -> str:
    """A budget's ARN; it has no region."""
    return f"arn:aws:budgets::{account}:budget/{name}"


def check_account(request: Request) -> None:
    """Every operation's first step: the account is the caller's own, and budgets past their end are gone.

    Raises ``ServiceError`` AccessDeniedException for another's account.
    """
    if request.params.get("AccountId", request.account) != request.account:
        refuse(f"{request.principal} is not authorized to access the budgets of this account.", DENIED)
    ended = request.store.db.execute(
        "SELECT name FROM budgets WHERE account = ? AND ends <= ?", (request.account, request.now.timestamp())
    ).fetchall()
    for row in ended:
        forget(request, row["name"])


def find(request: Request, name: str) -> Budget | None:
    """The caller's budget of a name."""
    row = request.store.db.execute(
        "SELECT * FROM budgets WHERE account = ? AND name = ?", (request.account, name)
    ).fetchone()
    return None if row is None else _budget(row)


def named(request: Request) -> Budget:
    """The budget a request names by ``BudgetName``. Raises ``ServiceError`` NotFoundException."""
    name = request.params["BudgetName"]
    return find(request, name) or refuse(f"Unable to get budget: {name} - the budget doesn't exist.", NOT_FOUND)


def all_budgets(request: Request) -> list[Budget]:
    """The caller's budgets, by name."""
    rows = request.store.db.execute("SELECT * FROM budgets WHERE account = ? ORDER BY name", (request.account,))
    return [_budget(row) for row in rows]


def count(request: Request) -> int:
    """How many budgets the caller has."""
    row = request.store.db.execute("SELECT count(*) FROM budgets WHERE account = ?", (request.account,)).fetchone()
    return int(row[0])


def keep(request: Request, content: dict[str, Any], covered: Span) -> None:
    """Write a budget as made or changed now."""
    request.store.db.execute(
        "INSERT OR REPLACE INTO budgets VALUES (?, ?, ?, ?, ?, ?)",
        (
            request.account,
            content["BudgetName"],
            json.dumps(content),
            covered.start.timestamp(),
            covered.end.timestamp(),
            request.now.timestamp(),
        ),
    )


def forget(request: Request, name: str) -> None:
    """Delete a budget with everything of it: notifications, subscribers, actions, histories, tags."""
    db, key, arn = request.store.db, (request.account, name), budget_arn(request.account, name)
    of_notifications = "notification IN (SELECT id FROM budget_notifications WHERE account = ? AND budget = ?)"
    of_actions = "action IN (SELECT id FROM budget_actions WHERE account = ? AND budget = ?)"
    db.execute(f"DELETE FROM budget_subscribers WHERE {of_notifications}", key)  # noqa: S608 - a constant
    db.execute("DELETE FROM budget_notifications WHERE account = ? AND budget = ?", key)
    db.execute(f"DELETE FROM budget_action_events WHERE {of_actions}", key)  # noqa: S608 - a constant
    actions = db.execute("DELETE FROM budget_actions WHERE account = ? AND budget = ? RETURNING id", key).fetchall()
    arns = [arn, *(f"{arn}/action/{row['id']}" for row in actions)]
    db.executemany("DELETE FROM tags WHERE arn = ?", [(each,) for each in arns])
    db.execute("DELETE FROM budgets WHERE account = ? AND name = ?", key)


def _budget(row: sqlite3.Row) -> Budget:
    covered = Span(_moment(row["starts"]), _moment(row["ends"]))
    return Budget(row["account"], row["name"], json.loads(row["content"]), covered, _moment(row["updated"]))


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
