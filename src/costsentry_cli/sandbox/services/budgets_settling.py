"""What budget actions do by themselves. Nothing runs in the background: whoever looks settles what is due first.

An action in STANDBY is judged by every refresh since it was last looked at, in order, so that it is carried out (or
waits for approval) as of the refresh that passed its threshold, whenever that is noticed. A reversed action is not
judged for the rest of its period. Source: AWS Budgets user guide, "Reversing a previous action".
"""

from __future__ import annotations

from dataclasses import replace

from costsentry_cli.sandbox.contract import Request
from costsentry_cli.sandbox.services.budgets_action_rows import Action, actions_of, keep_action, record
from costsentry_cli.sandbox.services.budgets_figures import Reading, needed_since, passes
from costsentry_cli.sandbox.services.budgets_periods import latest_refresh, refresh_time
from costsentry_cli.sandbox.services.budgets_rows import Budget, all_budgets

STANDBY, PENDING, DONE, REVERSED = "STANDBY", "PENDING", "EXECUTION_SUCCESS", "REVERSE_SUCCESS"


def settle(request: Request) -> None:
    """Bring the caller's actions up to the latest refresh."""
    latest = latest_refresh(request.now)
    waiting = [each for each in actions_of(request) if each.settled < latest and each.status in (STANDBY, REVERSED)]
    if not waiting:
        return
    budgets = {budget.name: budget for budget in all_budgets(request)}
    judged = [(action, budgets[action.budget]) for action in waiting]
    since = min(needed_since(budget, action.settled + 1) for action, budget in judged)
    reading = Reading(request, {budget.name: budget for _, budget in judged}.values(), since)
    for action, budget in judged:
        keep_action(request, replace(_settled(request, action, budget, reading), settled=latest))


def _settled(request: Request, action: Action, budget: Budget, reading: Reading) -> Action:
    for refresh in range(action.settled + 1, reading.latest + 1):
        at = refresh_time(refresh)
        if action.status == REVERSED and at.timestamp() >= action.held_until:
            action = replace(action, status=STANDBY)
            record(request, action, "SYSTEM", "A new budgeted period: the action is evaluated again.", at)
        if action.status == STANDBY and _is_due(action, budget, reading, refresh):
            manual = action.content["ApprovalModel"] == "MANUAL"
            action = replace(action, status=PENDING if manual else DONE)
            message = "The action is waiting for approval." if manual else "The action was executed."
            record(request, action, "SYSTEM", f"The threshold was exceeded. {message}", at)
            return action
    return action


def _is_due(action: Action, budget: Budget, reading: Reading, refresh: int) -> bool:
    threshold = action.content["ActionThreshold"]
    return passes(
        reading.figures(budget, refresh),
        kind=action.content["NotificationType"],
        operator="GREATER_THAN",
        threshold=threshold["ActionThresholdValue"],
        threshold_type=threshold["ActionThresholdType"],
        limit=budget.limit_amount(refresh_time(refresh)),
    )
