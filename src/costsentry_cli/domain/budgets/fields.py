"""The two sides of a budget as flat fields: what the manifest wants, and what AWS answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from costsentry_cli.domain.aws_limits import BUDGETS_END
from costsentry_cli.domain.budgets.action_text import ATTACH, action_text
from costsentry_cli.domain.budgets.alert_text import OF, subscribers_text, trigger_text, type_of
from costsentry_cli.domain.budgets.amount_text import (
    UNIT,
    bare,
    limit_of,
    limit_text,
    planned_from,
    planned_limits,
    planned_of,
    planned_text,
    upcoming,
)
from costsentry_cli.domain.budgets.filter_text import filter_of, filter_text, legacy_text, tags_text
from costsentry_cli.domain.manifest.types import Alert, Budget, BudgetAction
from costsentry_cli.domain.reports.costs import METRIC

ALERT = "alerts."
ACTION = "action"
PLANNED = "planned"
UNITS = {"day": "DAILY", "month": "MONTHLY", "quarter": "QUARTERLY", "year": "ANNUALLY", "custom": "CUSTOM"}
_PER = {theirs: ours for ours, theirs in UNITS.items()}
_KEPT = ("BillingViewArn",)
"""What somebody may have set that we say nothing of: a whole update keeps it."""

Answer = Mapping[str, Any]


def of_manifest(budget: Budget, now: datetime) -> dict[str, str]:
    """What the manifest wants of a budget at this time (planned amounts begin with the current period)."""
    fields: dict[str, str] = {}
    if budget.amount is not None:
        fields["limit"] = f"{bare(budget.amount)} {UNIT}"
    else:
        fields[PLANNED] = planned_text(upcoming(budget.planned, budget.per, now), budget.per)
    fields |= {"per": budget.per, "filter": tags_text(budget.tags), "metric": METRIC}
    for alert in budget.alerts:
        fields[ALERT + trigger_text(_notification(alert))] = subscribers_text(_subscribers(alert))
    if budget.action is not None:
        fields[ACTION] = action_text(_action(budget.action))
    return fields


def of_answer(
    budget: Answer, alerts: Sequence[tuple[Answer, Sequence[Answer]]], actions: Sequence[Answer]
) -> dict[str, str]:
    """AWS's budget, its notifications with their subscribers, and its actions, the one that matters first."""
    fields = {"per": _PER[budget["TimeUnit"]]}
    limits = budget.get("PlannedBudgetLimits")
    if limits:
        fields[PLANNED] = planned_text(planned_from(limits), fields["per"])
    elif "BudgetLimit" in budget:
        fields["limit"] = limit_text(budget["BudgetLimit"])
    if "AutoAdjustData" in budget:
        fields["limit"] = f"{fields.get('limit', 'none')}, adjusted by AWS ({_adjusted(budget['AutoAdjustData'])})"
    end = budget.get("TimePeriod", {}).get("End")
    if end is not None and end.astimezone(UTC).date() < BUDGETS_END:
        fields["ends"] = f"{end.astimezone(UTC):%Y-%m-%d}"
    fields |= _counted(budget)
    fields |= {ALERT + trigger_text(alert): subscribers_text(told) for alert, told in alerts}
    fields |= {f"{ACTION} {n}" if n > 1 else ACTION: action_text(each) for n, each in enumerate(actions, 1)}
    return fields


def body(name: str, fields: Mapping[str, str]) -> dict[str, Any]:
    """AWS's ``Budget`` of what is wanted, without what belongs to it and without a time period."""
    if PLANNED in fields:
        amount: dict[str, Any] = {"PlannedBudgetLimits": planned_limits(planned_of(fields[PLANNED]))}
    else:
        amount = {"BudgetLimit": limit_of(fields["limit"])}
    return {
        "BudgetName": name,
        "BudgetType": "COST",
        "TimeUnit": UNITS[fields["per"]],
        **amount,
        "FilterExpression": filter_of(fields["filter"]),
        "Metrics": [fields["metric"]],
    }


def whole(name: str, fields: Mapping[str, str], budget: Answer) -> dict[str, Any]:
    """The ``NewBudget`` of an update: what is wanted over what AWS answered, its time period kept but for an end."""
    period = {edge: at.astimezone(UTC) for edge, at in budget.get("TimePeriod", {}).items()}
    if "End" in period and period["End"].date() < BUDGETS_END:
        period["End"] = datetime(BUDGETS_END.year, BUDGETS_END.month, BUDGETS_END.day, tzinfo=UTC)
    kept = {name: budget[name] for name in _KEPT if name in budget}
    return body(name, fields) | kept | ({"TimePeriod": period} if period else {})


def _counted(budget: Answer) -> dict[str, str]:
    """Filter and metric; the older form stands in ``CostFilters`` and ``CostTypes``."""
    if budget.get("FilterExpression"):
        counted = {"filter": filter_text(budget["FilterExpression"])}
    else:
        counted = {"filter": legacy_text(budget.get("CostFilters") or {})}
    metrics = budget.get("Metrics")
    return counted | ({"metric": metrics[0]} if metrics else {})


def _adjusted(data: Answer) -> str:
    options = data.get("HistoricalOptions", {})
    periods = options.get("BudgetAdjustmentPeriod")
    return str(data["AutoAdjustType"]).lower() + (f", {periods} periods" if periods else "")


def _notification(alert: Alert) -> dict[str, Any]:
    return {
        "NotificationType": OF[alert.of],
        "ComparisonOperator": "GREATER_THAN",
        "Threshold": float(alert.at_percent),
        "ThresholdType": "PERCENTAGE",
    }


def _subscribers(told: Alert | BudgetAction) -> list[dict[str, str]]:
    return [{"SubscriptionType": type_of(address), "Address": address} for address in (*told.email, *told.sns)]


def _action(action: BudgetAction) -> dict[str, Any]:
    return {
        "NotificationType": OF[action.of],
        "ActionType": ATTACH,
        "ActionThreshold": {
            "ActionThresholdValue": float(action.at_percent),
            "ActionThresholdType": "PERCENTAGE",
        },
        "Definition": {"IamActionDefinition": {"PolicyArn": action.policy, "Roles": list(action.roles)}},
        "ExecutionRoleArn": action.execution_role,
        "ApprovalModel": action.approval.upper(),
        "Subscribers": _subscribers(action),
    }
