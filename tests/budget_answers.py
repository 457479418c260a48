"""AWS's answers about budgets and costs, in a few words, for a ``FakeCloud``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from costsentry_cli.domain.calls import Answer, ApiCall
from costsentry_cli.domain.resource import KEY_TAG, NAMESPACE_TAG
from fakes import Scripted

LONG_AGO = datetime(2026, 9, 1, tzinfo=UTC)
BEDROCK = {"Not": {"ProductAttributes": {"Key": "provider", "MatchOptions": ["ABSENT"]}}}
USAGE = {"Not": {"Dimensions": {"Key": "RECORD_TYPE", "Values": ["Credit", "Refund", "Tax"]}}}
HAIKU_SERVICE = "Claude Haiku 4.5 (Amazon Bedrock Edition)"


def of_tags(tags: Mapping[str, str]) -> dict[str, Any]:
    """The expression a budget of the manifest has."""
    slices = [{"Tags": {"Key": key, "Values": [value], "MatchOptions": ["EQUALS"]}} for key, value in tags.items()]
    return {"And": [*slices, BEDROCK, USAGE]}


def budget(name: str, limit: str, actual: str = "0.0", forecast: str | None = None, **more: Any) -> dict[str, Any]:
    """One entry of DescribeBudgets; a slice of costCenter by the last word of the name unless a filter is given."""
    spend = {"ActualSpend": {"Amount": actual, "Unit": "USD"}}
    if forecast is not None:
        spend["ForecastedSpend"] = {"Amount": forecast, "Unit": "USD"}
    answer: dict[str, Any] = {
        "BudgetName": name,
        "BudgetType": "COST",
        "TimeUnit": "MONTHLY",
        "BudgetLimit": {"Amount": limit, "Unit": "USD"},
        "CalculatedSpend": spend,
        "LastUpdatedTime": LONG_AGO,
        "TimePeriod": {"Start": LONG_AGO, "End": datetime(2087, 6, 15, tzinfo=UTC)},
        "HealthStatus": {"Status": "HEALTHY"},
    } | more
    if not {"FilterExpression", "CostFilters"} & set(more):
        answer["FilterExpression"] = of_tags({"costCenter": name.rpartition("-")[2]})
    return answer


def notification(of: str, percent: float, *, raised: bool = False, **more: Any) -> dict[str, Any]:
    """One notification, ``of`` ACTUAL or FORECASTED."""
    return {
        "NotificationType": of,
        "ComparisonOperator": "GREATER_THAN",
        "Threshold": percent,
        "ThresholdType": "PERCENTAGE",
        "NotificationState": "ALARM" if raised else "OK",
    } | more


def budgets_script(
    budgets: Sequence[Mapping[str, Any]],
    notifications: Mapping[str, Sequence[Mapping[str, Any]]] = {},
    ours: Sequence[str] | None = None,
    told: Sequence[str] = ("finops@example.com",),
) -> dict[str, Scripted | list[Scripted]]:
    """A script that answers every reading call about budgets; ``ours`` are the names with our marks, None for all."""

    def tags(call: ApiCall) -> Answer:
        name = call.params["ResourceARN"].rpartition("budget/")[2]
        marks = {NAMESPACE_TAG: "docs-helper", KEY_TAG: name} if ours is None or name in ours else {}
        return {"ResourceTags": [{"Key": key, "Value": value} for key, value in marks.items()]}

    subscribers = [{"SubscriptionType": "EMAIL", "Address": address} for address in told]
    return {
        "DescribeBudgets": {"Budgets": [dict(one) for one in budgets]},
        "DescribeBudgetNotificationsForAccount": {
            "BudgetNotificationsForAccount": [
                {"BudgetName": name, "Notifications": [dict(one) for one in found]}
                for name, found in notifications.items()
            ]
        },
        "ListTagsForResource": tags,
        "DescribeSubscribersForNotification": {"Subscribers": subscribers},
    }


def costs(rows: Sequence[tuple[str, str, str, str]]) -> Callable[[ApiCall], Answer]:
    """Answers GetCostAndUsage with these rows: day, tag value, service, amount; by service alone when asked so."""

    def answer(call: ApiCall) -> Answer:
        groups = call.params["GroupBy"]
        key = groups[0]["Key"] if len(groups) > 1 else None
        start, end = call.params["TimePeriod"]["Start"], call.params["TimePeriod"]["End"]
        found = [
            {
                "TimePeriod": {"Start": day, "End": day},
                "Estimated": False,
                "Groups": [
                    {
                        "Keys": [service] if key is None else [f"{key}${value}", service],
                        "Metrics": {"UnblendedCost": {"Amount": amount, "Unit": "USD"}},
                    }
                ],
            }
            for day, value, service, amount in rows
            if start <= day < end
        ]
        return {"ResultsByTime": found}

    return answer
