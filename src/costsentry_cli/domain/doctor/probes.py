"""Reading calls that need a permission each: what they come to tells whether it is there."""

from __future__ import annotations

from datetime import date, timedelta

from costsentry_cli.domain.calls import ApiCall
from costsentry_cli.domain.kinds.cost_allocation_tag import ORGANIZATION
from costsentry_cli.domain.lint import quota_call
from costsentry_cli.domain.policies.place import ANY, Place
from costsentry_cli.domain.reports.usage import listing_call

SAMPLE = "costsentry-doctor"
"""The name of a resource that is never made."""


def probes(place: Place, region: str) -> tuple[ApiCall, ...]:
    """Calls that cost nothing and list next to nothing.

    Where a thing must be named, one that is not there; but the ledger and the audit trail by their own names, since the
    least policy reaches no other. ``place`` is of the caller's account.
    """
    account = place.home
    profile = f"arn:{place.partition}:bedrock:{region}:{account}:application-inference-profile/{SAMPLE}"
    ledger, group = (_sampled(arns[0], region) for arns in (place.table(), place.log_group()))
    budget, one = {"AccountId": account, "BudgetName": SAMPLE}, {"MaxResults": 1}
    table, at = {"TableName": ledger.rpartition("/")[2]}, ledger.split(":")[3]
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
        ApiCall("dynamodb", "DescribeTable", table, at),
        ApiCall("dynamodb", "DescribeTimeToLive", table, at),
        ApiCall("dynamodb", "DescribeContinuousBackups", table, at),
        ApiCall("logs", "DescribeLogGroups", {"limit": 1}, region),
        ApiCall("logs", "ListTagsForResource", {"resourceArn": group}, group.split(":")[3]),
        listing_call("AWS/Bedrock", region, "Invocations"),
        quota_call(region),
        ORGANIZATION,
    )


def _sampled(arn: str, region: str) -> str:
    """An ARN without wildcards: this region where it may be any, the sample's name where that is open."""
    head, partition, service, where, rest = arn.split(":", 4)
    return ":".join((head, partition, service, region if where == ANY else where, rest)).replace(ANY, SAMPLE)


def paid_probe(today: date) -> ApiCall:
    """The one that costs something: a request to Cost Explorer about yesterday."""
    yesterday = {"Start": f"{today - timedelta(days=1)}", "End": f"{today}"}
    params = {"TimePeriod": yesterday, "Granularity": "DAILY", "Metrics": ["UnblendedCost"]}
    return ApiCall("ce", "GetCostAndUsage", params)
