"""Budget actions: made, changed, executed, shown and deleted.

An executed action is a status and an event, nothing more: an APPLY_IAM_POLICY action here attaches no policy and
stops no call.
"""

from __future__ import annotations

import json
import sqlite3
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from costsentry_cli.sandbox.contract import Handler, Request
from costsentry_cli.sandbox.services import budgets_action_rows as rows
from costsentry_cli.sandbox.services import budgets_tags
from costsentry_cli.sandbox.services.budgets_action_rows import Action
from costsentry_cli.sandbox.services.budgets_notifications import check_threshold
from costsentry_cli.sandbox.services.budgets_pages import page
from costsentry_cli.sandbox.services.budgets_periods import latest_refresh, span_of
from costsentry_cli.sandbox.services.budgets_refusals import DUPLICATE, LOCKED, TOO_MANY, refuse
from costsentry_cli.sandbox.services.budgets_rows import Budget, check_account, named
from costsentry_cli.sandbox.services.budgets_settling import DONE, PENDING, REVERSED, STANDBY, settle
from costsentry_cli.sandbox.services.budgets_subscribers import check_subscribers

_MOST_PER_BUDGET, _MOST = 10, 100
_CONTENT = (
    "NotificationType",
    "ActionType",
    "ActionThreshold",
    "Definition",
    "ExecutionRoleArn",
    "ApprovalModel",
    "Subscribers",
)
_DEFINITIONS = {
    "APPLY_IAM_POLICY": "IamActionDefinition",
    "APPLY_SCP_POLICY": "ScpActionDefinition",
    "RUN_SSM_DOCUMENTS": "SsmActionDefinition",
}
_TARGETS = ("Roles", "Groups", "Users")

# What a person may do in which state. Nothing here fails, so there is never anything to retry.
_MOVES = {
    ("APPROVE_BUDGET_ACTION", PENDING): DONE,
    ("REVERSE_BUDGET_ACTION", DONE): REVERSED,
    ("RESET_BUDGET_ACTION", REVERSED): STANDBY,
}


def create_action(request: Request) -> dict[str, Any]:
    """CreateBudgetAction: it is judged from the next refresh on."""
    budget = _budget(request)
    content = {name: request.params[name] for name in _CONTENT}
    _check(request, budget, content)
    beside = rows.actions_of(request, budget.name)
    if any(action.content == content for action in beside):
        refuse(f"The action of budget {budget.name} already exists.", DUPLICATE)
    if len(beside) >= _MOST_PER_BUDGET or len(rows.actions_of(request)) >= _MOST:
        refuse(f"A budget has at most {_MOST_PER_BUDGET} actions, an account {_MOST}.", TOO_MANY)
    made = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{budget.arn}/action/{request.request_id}"))
    action = Action(0, made, budget.name, content, STANDBY, latest_refresh(request.now), 0)
    rows.keep_action(request, action)
    rows.record(request, action, "CREATE_ACTION", "The action was created.", request.now)
    budgets_tags.add(request, _arn(budget, action), request.params.get("ResourceTags", []))
    return _named(request, ActionId=made)


def update_action(request: Request) -> dict[str, Any]:
    """UpdateBudgetAction: what is given changes. One that waits or was executed is locked until it is reversed."""
    budget, action = _action(request)
    if action.status in (PENDING, DONE):
        refuse(f"An action in the status {action.status} cannot be updated.", LOCKED)
    changes = {name: request.params[name] for name in _CONTENT if name in request.params}
    content = action.content | changes
    _check(request, budget, content)
    new = replace(action, content=content)
    rows.keep_action(request, new)
    rows.record(request, new, "UPDATE_ACTION", "The action was updated.", request.now)
    return _named(request, OldAction=action.shown, NewAction=new.shown)


def delete_action(request: Request) -> dict[str, Any]:
    """DeleteBudgetAction, in any status, with its history."""
    budget, action = _action(request)
    rows.forget_action(request, action, _arn(budget, action))
    return _named(request, Action=action.shown)


def execute_action(request: Request) -> dict[str, Any]:
    """ExecuteBudgetAction: approve what waits, reverse what was executed, reset what was reversed.

    ResourceLockedException for everything else. What is reset is judged again from the next refresh on.
    """
    budget, action = _action(request)
    kind = request.params["ExecutionType"]
    status = _MOVES.get((kind, action.status))
    if status is None:
        refuse(f"{kind} is not possible for an action in the status {action.status}.", LOCKED)
    held_until = span_of(budget.unit, request.now, budget.covered).end if status == REVERSED else request.now
    new = replace(action, status=status, settled=latest_refresh(request.now), held_until=held_until.timestamp())
    rows.keep_action(request, new)
    rows.record(request, new, "EXECUTE_ACTION", f"{kind} was requested by {request.principal}.", request.now)
    return _named(request, ActionId=action.id, ExecutionType=kind)


def describe_action(request: Request) -> dict[str, Any]:
    """DescribeBudgetAction."""
    return _named(request, Action=_action(request)[1].shown)


def describe_actions_of_budget(request: Request) -> dict[str, Any]:
    """DescribeBudgetActionsForBudget, in the order of their making."""
    budget = _budget(request)
    settle(request)
    return _listed(request, rows.actions_of(request, budget.name))


def describe_actions_of_account(request: Request) -> dict[str, Any]:
    """DescribeBudgetActionsForAccount, in the order of their making."""
    check_account(request)
    settle(request)
    return _listed(request, rows.actions_of(request))


def describe_histories(request: Request) -> dict[str, Any]:
    """DescribeBudgetActionHistories, oldest first."""
    _, action = _action(request)
    period = request.params.get("TimePeriod", {})
    events = [row for row in rows.event_rows(request, action) if _is_within(row["at"], period)]
    shown, more = page(request, events, lambda row: int(row["number"]))
    return {"ActionHistories": [_event(row) for row in shown]} | more


def _budget(request: Request) -> Budget:
    check_account(request)
    return named(request)


def _action(request: Request) -> tuple[Budget, Action]:
    """The budget and the action a request names, after everything due is done."""
    budget = _budget(request)
    settle(request)
    return budget, rows.action_named(request, budget.name)


def _arn(budget: Budget, action: Action) -> str:
    return f"{budget.arn}/action/{action.id}"


def _named(request: Request, **members: Any) -> dict[str, Any]:
    return {"AccountId": request.account, "BudgetName": request.params["BudgetName"], **members}


def _listed(request: Request, actions: Sequence[Action]) -> dict[str, Any]:
    shown, more = page(request, actions, lambda action: action.number)
    return {"Actions": [action.shown for action in shown]} | more


def _check(request: Request, budget: Budget, content: Mapping[str, Any]) -> None:
    """Refuse an action whose parts do not fit together or to its budget."""
    threshold = content["ActionThreshold"]
    kind, value = content["NotificationType"], threshold["ActionThresholdValue"]
    check_threshold(request, budget.name, kind, value, threshold["ActionThresholdType"])
    check_subscribers(request, content["Subscribers"])
    if content["ExecutionRoleArn"].split(":")[4] != request.account:
        refuse("The execution role and the action must be in the same account.")
    wanted = _DEFINITIONS[content["ActionType"]]
    if set(content["Definition"]) != {wanted}:
        refuse(f"An action of type {content['ActionType']} is defined by {wanted} alone.")
    if wanted == "IamActionDefinition" and not any(content["Definition"][wanted].get(name) for name in _TARGETS):
        refuse("An IAM action needs at least one role, group or user.")


def _is_within(at: float, period: Mapping[str, datetime]) -> bool:
    moment = datetime.fromtimestamp(at, UTC)
    return period.get("Start", moment) <= moment <= period.get("End", moment)


def _event(row: sqlite3.Row) -> dict[str, Any]:
    shown = json.loads(row["shown"])
    return {
        "Timestamp": datetime.fromtimestamp(row["at"], UTC),
        "Status": shown["Status"],
        "EventType": row["event"],
        "ActionHistoryDetails": {"Message": row["message"], "Action": shown},
    }


OPERATIONS: dict[str, Handler] = {
    "CreateBudgetAction": create_action,
    "UpdateBudgetAction": update_action,
    "DeleteBudgetAction": delete_action,
    "ExecuteBudgetAction": execute_action,
    "DescribeBudgetAction": describe_action,
    "DescribeBudgetActionsForBudget": describe_actions_of_budget,
    "DescribeBudgetActionsForAccount": describe_actions_of_account,
    "DescribeBudgetActionHistories": describe_histories,
}
"""The operations on actions; ``budgets`` joins them with the others."""
