"""Budget actions as they are kept, and the events of their histories."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from costsentry_cli.sandbox.contract import Request
from costsentry_cli.sandbox.services.budgets_refusals import NOT_FOUND, refuse


@dataclass(frozen=True)
class Action:
    """An action: ``content`` is AWS's structure without status and names.

    ``settled`` is the last refresh it was judged by; ``held_until`` (seconds since the epoch) is the end of the period
    it was reversed in: until then it is not judged.
    """

    number: int
    id: str
    budget: str
    content: dict[str, Any]
    status: str
    settled: int
    held_until: float

    @property
    def shown(self) -> dict[str, Any]:
        """AWS's ``Action``."""
        names = {"ActionId": self.id, "BudgetName": self.budget, "Status": self.status}
        return self.content | names


def actions_of(request: Request, budget: str | None = None) -> list[Action]:
    """The actions of a budget, or of all the caller's, in the order of their making."""
    rows = request.store.db.execute(
        "SELECT * FROM budget_actions WHERE account = ? AND budget = coalesce(?, budget) ORDER BY number",
        (request.account, budget),
    )
    return [_action(row) for row in rows]


def action_named(request: Request, budget: str) -> Action:
    """The action a request names by ``ActionId``. Raises ``ServiceError`` NotFoundException."""
    row = request.store.db.execute(
        "SELECT * FROM budget_actions WHERE account = ? AND budget = ? AND id = ?",
        (request.account, budget, request.params["ActionId"]),
    ).fetchone()
    if row is None:
        refuse(f"Unable to get action {request.params['ActionId']} - it doesn't exist.", NOT_FOUND)
    return _action(row)


def keep_action(request: Request, action: Action) -> None:
    """Write an action; a new one has the number 0."""
    request.store.db.execute(
        "INSERT OR REPLACE INTO budget_actions VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            action.number or None,
            action.id,
            request.account,
            action.budget,
            json.dumps(action.content),
            action.status,
            action.settled,
            action.held_until,
        ),
    )


def forget_action(request: Request, action: Action, arn: str) -> None:
    """Delete an action with its history and tags."""
    request.store.db.execute("DELETE FROM budget_action_events WHERE action = ?", (action.id,))
    request.store.db.execute("DELETE FROM tags WHERE arn = ?", (arn,))
    request.store.db.execute("DELETE FROM budget_actions WHERE id = ?", (action.id,))


def record(request: Request, action: Action, event: str, message: str, at: datetime) -> None:
    """Add to an action's history; the action is as it is after the event."""
    request.store.db.execute(
        "INSERT INTO budget_action_events (action, at, event, message, shown) VALUES (?, ?, ?, ?, ?)",
        (action.id, at.timestamp(), event, message, json.dumps(action.shown)),
    )


def event_rows(request: Request, action: Action) -> list[sqlite3.Row]:
    """An action's history, oldest first."""
    query = "SELECT * FROM budget_action_events WHERE action = ? ORDER BY number"
    return request.store.db.execute(query, (action.id,)).fetchall()


def _action(row: sqlite3.Row) -> Action:
    return Action(
        number=row["number"],
        id=row["id"],
        budget=row["budget"],
        content=json.loads(row["content"]),
        status=row["status"],
        settled=row["settled"],
        held_until=row["held_until"],
    )
