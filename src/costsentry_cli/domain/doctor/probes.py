"""Reading calls that need a permission each: what they come to tells whether it is there."""

from __future__ import annotations

from datetime import date, timedelta

from costsentry_cli.domain.calls import ApiCall
from costsentry_cli.domain.kinds.cost_allocation_tag import ORGANIZATION
from costsentry_cli.domain.lint import quota_call
from costsentry_cli.domain.reports.usage import listing_call

SAMPLE = "costsentry-doctor"
"""The name of a resource that is never made."""


def probes(account: str, region: str, partition: str = "aws") -> tuple[ApiCall, ...]:
    """Calls that cost nothing and list next to nothing; where a thing must be named, one that is not there."""
    profile = f"arn:{partition}:bedrock:{region}:{account}:application-inference-profile/{SAMPLE}"
    group = f"arn:{partition}:logs:{region}:{account}:log-group:{SAMPLE}"
    budget, table, one = {"AccountId": account, "BudgetName": SAMPLE}, {"TableName": SAMPLE}, {"MaxResults": 1}
    return (
        ApiCall("bedrock", "ListInferenceProfiles", {"maxResults": 1}, region),
        ApiCall("bedrock", "ListTagsForResource", {"resourceARN": profile}, region),
        ApiCall("bedrock", "GetInferenceProfile", {"inferenceProfileIdentifier": profile}, region),
        ApiCall("bedrock", "GetModelInvocationLoggingConfiguration", {}, region),
        ApiCall("budgets", "DescribeBudgets", {"AccountId": account, **one}),
        ApiCall("budgets", "DescribeBudgetActionsForBudget", budget),
        ApiCall("ce", "ListCostAllocationTags", one),
        ApiCall("ce", "ListCostAllocationTagBackfillHistory", one),
        ApiCall("ce", "GetAnomalyMonitors", one),
        ApiCall("ce", "GetAnomalySubscriptions", one),
        ApiCall("dynamodb", "DescribeTable", table, region),
        ApiCall("dynamodb", "DescribeTimeToLive", table, region),
        ApiCall("dynamodb", "DescribeContinuousBackups", table, region),
        ApiCall("logs", "DescribeLogGroups", {"limit": 1}, region),
        ApiCall("logs", "ListTagsForResource", {"resourceArn": group}, region),
        listing_call("AWS/Bedrock", region, "Invocations"),
        quota_call(region),
        ORGANIZATION,
    )


def paid_probe(today: date) -> ApiCall:
    """The one that costs something: a request to Cost Explorer about yesterday."""
    yesterday = {"Start": f"{today - timedelta(days=1)}", "End": f"{today}"}
    params = {"TimePeriod": yesterday, "Granularity": "DAILY", "Metrics": ["UnblendedCost"]}
    return ApiCall("ce", "GetCostAndUsage", params)
