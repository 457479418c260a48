"""Every AWS operation this program calls, and the IAM actions that allow it.

A test reads the calls out of the source: one that has no line here, or a line that nobody calls, fails.
Source: AWS's Service Authorization Reference; what it leaves open is in ``assumptions.py``.
"""

from __future__ import annotations

OPERATIONS: dict[str, tuple[str, ...]] = {
    "bedrock": (
        "CreateInferenceProfile",
        "DeleteInferenceProfile",
        "GetFoundationModelAvailability",
        "GetInferenceProfile",
        "GetModelInvocationLoggingConfiguration",
        "ListInferenceProfiles",
        "ListTagsForResource",
        "TagResource",
        "UntagResource",
    ),
    "bedrock-runtime": ("Converse", "ConverseStream", "CountTokens"),
    "budgets": (
        "CreateBudget",
        "CreateBudgetAction",
        "CreateNotification",
        "CreateSubscriber",
        "DeleteBudget",
        "DeleteBudgetAction",
        "DeleteNotification",
        "DeleteSubscriber",
        "DescribeBudgetActionsForBudget",
        "DescribeBudgetNotificationsForAccount",
        "DescribeBudgets",
        "DescribeNotificationsForBudget",
        "DescribeSubscribersForNotification",
        "ListTagsForResource",
        "UpdateBudget",
        "UpdateBudgetAction",
        "UpdateNotification",
        "UpdateSubscriber",
    ),
    "ce": (
        "CreateAnomalyMonitor",
        "CreateAnomalySubscription",
        "DeleteAnomalyMonitor",
        "DeleteAnomalySubscription",
        "GetAnomalies",
        "GetAnomalyMonitors",
        "GetAnomalySubscriptions",
        "GetCostAndUsage",
        "GetCostForecast",
        "GetDimensionValues",
        "ListCostAllocationTagBackfillHistory",
        "ListCostAllocationTags",
        "ListTagsForResource",
        "StartCostAllocationTagBackfill",
        "TagResource",
        "UpdateAnomalyMonitor",
        "UpdateAnomalySubscription",
        "UpdateCostAllocationTagsStatus",
    ),
    "cloudwatch": ("GetMetricData", "ListMetrics", "PutMetricData"),
    "dynamodb": (
        "CreateTable",
        "DeleteTable",
        "DescribeContinuousBackups",
        "DescribeTable",
        "DescribeTimeToLive",
        "GetItem",
        "ListTagsOfResource",
        "PutItem",
        "Scan",
        "UpdateContinuousBackups",
        "UpdateItem",
        "UpdateTable",
        "UpdateTimeToLive",
    ),
    "iam": ("GetRole", "SimulatePrincipalPolicy"),
    "logs": (
        "CreateLogGroup",
        "CreateLogStream",
        "DeleteLogGroup",
        "DescribeLogGroups",
        "GetQueryResults",
        "ListTagsForResource",
        "PutLogEvents",
        "PutRetentionPolicy",
        "StartQuery",
        "StopQuery",
    ),
    "organizations": ("DescribeOrganization",),
    "resourcegroupstaggingapi": ("GetResources",),
    "service-quotas": ("GetServiceQuota",),
    "ssm": ("PutParameter",),
    "sts": ("AssumeRole", "GetCallerIdentity"),
}
"""botocore's service name -> the operations of it that this program calls."""

_PREFIX = {"bedrock-runtime": "bedrock", "resourcegroupstaggingapi": "tag", "service-quotas": "servicequotas"}
"""IAM's word for a service, where it is another than botocore's."""

_VIEW, _MODIFY = ("budgets:ViewBudget",), ("budgets:ModifyBudget",)

_OTHER: dict[tuple[str, str], tuple[str, ...]] = {
    ("bedrock", "CreateInferenceProfile"): ("bedrock:CreateInferenceProfile", "bedrock:TagResource"),
    # a model, or a profile in front of it
    ("bedrock-runtime", "Converse"): ("bedrock:InvokeModel", "bedrock:GetInferenceProfile"),
    ("bedrock-runtime", "ConverseStream"): (
        "bedrock:InvokeModelWithResponseStream",
        "bedrock:GetInferenceProfile",
    ),
    ("bedrock-runtime", "CountTokens"): ("bedrock:CountTokens", "bedrock:InvokeModel"),
    # budgets have two permissions for nearly everything; their actions have their own and hand a role on
    ("budgets", "CreateBudget"): (*_MODIFY, "budgets:TagResource"),
    ("budgets", "CreateNotification"): _MODIFY,
    ("budgets", "CreateSubscriber"): _MODIFY,
    ("budgets", "DeleteBudget"): _MODIFY,
    ("budgets", "DeleteNotification"): _MODIFY,
    ("budgets", "DeleteSubscriber"): _MODIFY,
    ("budgets", "DescribeBudgetNotificationsForAccount"): _VIEW,
    ("budgets", "DescribeBudgets"): _VIEW,
    ("budgets", "DescribeNotificationsForBudget"): _VIEW,
    ("budgets", "DescribeSubscribersForNotification"): _VIEW,
    ("budgets", "UpdateBudget"): _MODIFY,
    ("budgets", "UpdateNotification"): _MODIFY,
    ("budgets", "UpdateSubscriber"): _MODIFY,
    ("budgets", "CreateBudgetAction"): ("budgets:CreateBudgetAction", "iam:PassRole"),
    ("budgets", "UpdateBudgetAction"): ("budgets:UpdateBudgetAction", "iam:PassRole"),
    # made with tags
    ("ce", "CreateAnomalyMonitor"): ("ce:CreateAnomalyMonitor", "ce:TagResource"),
    ("ce", "CreateAnomalySubscription"): ("ce:CreateAnomalySubscription", "ce:TagResource"),
    ("dynamodb", "CreateTable"): ("dynamodb:CreateTable", "dynamodb:TagResource"),
    ("logs", "CreateLogGroup"): ("logs:CreateLogGroup", "logs:TagResource"),
    ("sts", "GetCallerIdentity"): (),  # always allowed
}
"""The operations that are not allowed by one action of their own name."""


def actions(service: str, operation: str) -> tuple[str, ...]:
    """The IAM actions that allow an operation as this program calls it, the operation's own first.

    ``service`` is botocore's name, ``operation`` the model's. Empty where none is needed. An operation that is not
    among ``OPERATIONS`` is taken to need the action of its own name.
    """
    own = (f"{_PREFIX.get(service, service)}:{operation}",)
    return _OTHER.get((service, operation), own)


def every_operation() -> tuple[tuple[str, str], ...]:
    """Every (service, operation) of ``OPERATIONS``."""
    return tuple((service, operation) for service, operations in OPERATIONS.items() for operation in operations)
