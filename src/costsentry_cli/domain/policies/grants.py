"""What each IAM action is allowed on, and under which condition.

Source of resource types and condition keys: AWS's Service Authorization Reference. Where it has none, the resource
is ``*``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from costsentry_cli.domain.calls import Operation
from costsentry_cli.domain.lint import QUOTA_CODE
from costsentry_cli.domain.meter import NAMESPACE
from costsentry_cli.domain.policies.place import ANY, Place
from costsentry_cli.domain.resource import NAMESPACE_TAG

Condition = Mapping[str, Mapping[str, str | list[str]]]
NONE: Condition = {}
RESOURCE_TAG, REQUEST_TAG = f"aws:ResourceTag/{NAMESPACE_TAG}", f"aws:RequestTag/{NAMESPACE_TAG}"
THROUGH = "bedrock:InferenceProfileArn"


def _unconditional(place: Place) -> Condition:
    del place
    return NONE


@dataclass(frozen=True)
class Grant:
    """One statement's resources and condition. No resources at a place: the manifest has nothing that needs it.

    ``pruning``: only of use to a run that looks for what to delete by its tags.
    """

    sid: str
    resources: Callable[[Place], Sequence[str]]
    condition: Callable[[Place], Condition] = _unconditional
    pruning: bool = False


def _everything(place: Place) -> list[str]:
    del place
    return [ANY]


def _like(place: Place) -> str:
    return "StringLike" if place.namespace == ANY else "StringEquals"


def _is_ours(place: Place) -> Condition:
    return {_like(place): {RESOURCE_TAG: place.namespace}}


def _becomes_ours(place: Place) -> Condition:
    """Marked ours as it is made; what another namespace has is not taken from it."""
    like = _like(place)
    return {like: {REQUEST_TAG: place.namespace}, f"{like}IfExists": {RESOURCE_TAG: place.namespace}}


def _through_profiles(place: Place) -> Condition:
    return {"StringLike": {THROUGH: place.profiles()}}


def _groups(place: Place) -> list[str]:
    """A group's ARN with and without the colon and star behind it, by operation; the latter holds its streams, too."""
    return [form for arn in place.log_group() for form in (arn, f"{arn}:*")]


def _monitors(place: Place) -> list[str]:
    return [arn for kind in ("monitor", "subscription") for arn in place.arns("ce", f"anomaly{kind}/*", "")]


def _actions(place: Place) -> list[str]:
    return [f"{arn}/action/*" for arn in place.budgets()]


ANYWHERE = Grant("Anywhere", _everything)
PROFILES = Grant("ReadProfiles", lambda place: place.profiles())
SOURCES = Grant("CopyFrom", lambda place: [*place.models(), *place.system_profiles()])
SYSTEM_PROFILES = Grant("ReadSystemProfiles", lambda place: place.arns("bedrock", "inference-profile/*"))
NEW_PROFILES = Grant("MarkProfilesOurs", lambda place: place.profiles(), _becomes_ours)
OUR_PROFILES = Grant("ChangeOurProfiles", lambda place: place.profiles(), _is_ours)
CALLED_PROFILES = Grant("CallOurProfiles", lambda place: place.profiles(), _is_ours)
CALLED_MODELS = Grant("CallModelsThroughProfiles", lambda place: place.models(), _through_profiles)
COUNTED_MODELS = Grant("CountTokens", lambda place: place.asked_models())
QUOTA = Grant("ReadTheQuota", lambda place: place.arns("servicequotas", f"bedrock/{QUOTA_CODE}"))
METRICS = Grant("WriteOurMetrics", _everything, lambda _: {"StringEquals": {"cloudwatch:namespace": NAMESPACE}})
TABLE = Grant("TheLedger", lambda place: place.table())
OUR_TABLES = Grant("FindOldLedgers", lambda place: place.any_table(), _is_ours, pruning=True)
LOG_GROUP = Grant("TheAuditLog", _groups)
OUR_GROUPS = Grant("FindOldAuditLogs", lambda place: place.any_log_group(), _is_ours, pruning=True)
BUDGETS = Grant("TheBudgets", lambda place: place.arns("budgets", "budget/*", ""))
CHANGED_BUDGETS = Grant("ChangeTheBudgets", lambda place: place.budgets())
DELETED_BUDGETS = Grant("DeleteOurBudgets", lambda place: place.arns("budgets", "budget/*", ""), _is_ours)
BUDGET_ACTIONS = Grant("ActionsOfTheBudgets", lambda place: _actions(place) if place.roles_passed() else [])
OLD_BUDGET_ACTIONS = Grant("TakeActionsBack", _actions)
PASSED = Grant(
    "HandRolesToBudgets",
    lambda place: place.roles_passed(),
    lambda _: {"StringEquals": {"iam:PassedToService": "budgets.amazonaws.com"}},
)
NEW_MONITORS = Grant("MakeMonitors", _everything, lambda place: {_like(place): {REQUEST_TAG: place.namespace}})
MARKED_MONITORS = Grant("MarkMonitorsOurs", _monitors, _becomes_ours)
OUR_MONITORS = Grant("ChangeOurMonitors", _monitors, _is_ours)
PARAMETERS = Grant("PublishProfiles", lambda place: place.arns("ssm", "parameter/*"))
ENTERED = Grant("EnterAccounts", lambda place: place.roles_entered())
SIMULATED = Grant(
    "AskAboutOneself", lambda place: [f"arn:{place.partition}:iam::{place.home}:{kind}/*" for kind in ("role", "user")]
)

GRANTS: dict[str, tuple[Grant, ...]] = {
    "bedrock:ListInferenceProfiles": (ANYWHERE,),
    "bedrock:ListTagsForResource": (PROFILES,),
    "bedrock:GetInferenceProfile": (PROFILES, SYSTEM_PROFILES),
    "bedrock:GetFoundationModelAvailability": (ANYWHERE,),
    "bedrock:GetModelInvocationLoggingConfiguration": (ANYWHERE,),
    "bedrock:CreateInferenceProfile": (NEW_PROFILES, SOURCES),
    "bedrock:TagResource": (NEW_PROFILES, OUR_PROFILES),
    "bedrock:UntagResource": (OUR_PROFILES,),
    "bedrock:DeleteInferenceProfile": (OUR_PROFILES,),
    "bedrock:InvokeModel": (CALLED_PROFILES, CALLED_MODELS),
    "bedrock:InvokeModelWithResponseStream": (CALLED_PROFILES, CALLED_MODELS),
    "bedrock:CountTokens": (COUNTED_MODELS,),
    "servicequotas:GetServiceQuota": (QUOTA,),
    "budgets:ViewBudget": (BUDGETS,),
    "budgets:ListTagsForResource": (BUDGETS,),
    "budgets:DescribeBudgetActionsForBudget": (BUDGETS,),
    "budgets:ModifyBudget": (CHANGED_BUDGETS,),
    "budgets:TagResource": (CHANGED_BUDGETS,),
    "budgets:CreateBudgetAction": (BUDGET_ACTIONS,),
    "budgets:UpdateBudgetAction": (BUDGET_ACTIONS,),
    "budgets:DeleteBudgetAction": (OLD_BUDGET_ACTIONS,),
    "iam:PassRole": (PASSED,),
    "iam:GetRole": (SIMULATED,),
    "iam:SimulatePrincipalPolicy": (SIMULATED,),
    "ce:GetAnomalies": (ANYWHERE,),
    "ce:GetAnomalyMonitors": (ANYWHERE,),
    "ce:GetAnomalySubscriptions": (ANYWHERE,),
    "ce:ListTagsForResource": (ANYWHERE,),
    "ce:CreateAnomalyMonitor": (NEW_MONITORS,),
    "ce:CreateAnomalySubscription": (NEW_MONITORS,),
    "ce:TagResource": (MARKED_MONITORS, OUR_MONITORS),
    "ce:UpdateAnomalyMonitor": (OUR_MONITORS,),
    "ce:UpdateAnomalySubscription": (OUR_MONITORS,),
    "ce:DeleteAnomalyMonitor": (OUR_MONITORS,),
    "ce:DeleteAnomalySubscription": (OUR_MONITORS,),
    "ce:GetCostAndUsage": (ANYWHERE,),
    "ce:GetCostForecast": (ANYWHERE,),
    "ce:GetDimensionValues": (ANYWHERE,),
    "ce:ListCostAllocationTags": (ANYWHERE,),
    "ce:UpdateCostAllocationTagsStatus": (ANYWHERE,),
    "ce:StartCostAllocationTagBackfill": (ANYWHERE,),
    "ce:ListCostAllocationTagBackfillHistory": (ANYWHERE,),
    "organizations:DescribeOrganization": (ANYWHERE,),
    "cloudwatch:GetMetricData": (ANYWHERE,),
    "cloudwatch:ListMetrics": (ANYWHERE,),
    "cloudwatch:PutMetricData": (METRICS,),
    "dynamodb:CreateTable": (TABLE,),
    "dynamodb:DeleteTable": (OUR_TABLES,),
    "dynamodb:DescribeContinuousBackups": (TABLE, OUR_TABLES),
    "dynamodb:DescribeTable": (TABLE, OUR_TABLES),
    "dynamodb:DescribeTimeToLive": (TABLE, OUR_TABLES),
    "dynamodb:GetItem": (TABLE,),
    "dynamodb:ListTagsOfResource": (TABLE, OUR_TABLES),
    "dynamodb:PutItem": (TABLE,),
    "dynamodb:Scan": (TABLE,),
    "dynamodb:TagResource": (TABLE,),
    "dynamodb:UpdateContinuousBackups": (TABLE,),
    "dynamodb:UpdateItem": (TABLE,),
    "dynamodb:UpdateTable": (TABLE, OUR_TABLES),
    "dynamodb:UpdateTimeToLive": (TABLE,),
    "logs:CreateLogGroup": (LOG_GROUP,),
    "logs:DeleteLogGroup": (OUR_GROUPS,),
    "logs:ListTagsForResource": (LOG_GROUP, OUR_GROUPS),
    "logs:PutRetentionPolicy": (LOG_GROUP,),
    "logs:StartQuery": (LOG_GROUP,),
    "logs:TagResource": (LOG_GROUP,),
    "logs:CreateLogStream": (LOG_GROUP,),
    "logs:PutLogEvents": (LOG_GROUP,),
    "logs:DescribeLogGroups": (ANYWHERE,),
    "logs:GetQueryResults": (ANYWHERE,),
    "logs:StopQuery": (ANYWHERE,),
    "ssm:PutParameter": (PARAMETERS,),
    "tag:GetResources": (ANYWHERE,),
    "sts:AssumeRole": (ENTERED,),
}
"""An action that is missing here fails a test: nobody is given a permission unthought."""

OF_OPERATION: dict[tuple[Operation, str], tuple[Grant, ...]] = {
    (("budgets", "DeleteBudget"), "budgets:ModifyBudget"): (DELETED_BUDGETS,),
}
"""Where an operation needs an action on something else than the others that need it."""


def grants_of(operation: Operation, action: str) -> tuple[Grant, ...]:
    """What the action is allowed on for this operation."""
    return OF_OPERATION.get((operation, action)) or GRANTS[action]
