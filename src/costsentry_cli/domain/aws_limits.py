"""AWS's own patterns and maxima, checked before anything is sent: botocore checks neither.

The ``*_PATTERN`` strings and the figures stand as in botocore's service models (bedrock, budgets, ce); a test compares
them. The compiled expressions are what this program accepts: never more than the pattern.
"""

from __future__ import annotations

import re
from datetime import date

PROFILE_NAME_PATTERN = r"([0-9a-zA-Z][ _-]?)+"
PROFILE_NAME_MAX = 64
DESCRIPTION_PATTERN = r"([0-9a-zA-Z:.][ _-]?)+"
DESCRIPTION_MAX = 200
TAG_KEY_PATTERN = r"[a-zA-Z0-9\s._:/=+@-]*"
TAG_KEY_MAX = 128
TAG_VALUE_PATTERN = TAG_KEY_PATTERN
TAG_VALUE_MAX = 256
SOURCE_ARN_PATTERN = (
    r"arn:aws(|-us-gov|-cn|-iso|-iso-b):bedrock:(|[0-9a-z-]{0,20}):(|[0-9]{12}):"
    r"(inference-profile|foundation-model)/[a-zA-Z0-9-:.]+"
)
SOURCE_ARN_MAX = 2048
BUDGET_NAME_PATTERN = r"^(?![^:\\]*/action/|(?i).*<script>.*</script>.*)[^:\\]+$"
BUDGET_NAME_MAX = 100
BUDGET_ALERTS_MAX = 10
BUDGET_SUBSCRIBERS_MAX = 11
ALERT_EMAILS_MAX = 10
"""Of the 11 subscribers of an alert at most 10 are e-mail addresses (AWS Budgets documentation)."""
ALERT_TOPICS_MAX = 1
"""Of the 11 subscribers of an alert at most one is an SNS topic (AWS Budgets documentation)."""
ACTIVE_COST_ALLOCATION_TAGS_MAX = 500
"""Active cost allocation tag keys of a payer account (AWS Billing quotas, adjustable)."""
BUDGET_ROLE_PATTERN = r"^([\u0021-\u007F]+\u002F)?[\w+=,.@-]+$"
BUDGET_ROLE_MAX = 576
BUDGET_ROLES_MAX = 100
POLICY_ARN_PATTERN = (
    r"^arn:aws(-eusc|-cn|-us-gov|-iso|-iso-[a-z]{1})?:iam::(\d{12}|aws):policy"
    r"(\u002F[\u0021-\u007F]+\u002F|\u002F)[\w+=,.@-]+$"
)
POLICY_ARN_MAX = 684
EXECUTION_ROLE_PATTERN = (
    r"^arn:aws(-eusc|-cn|-us-gov|-iso|-iso-[a-z]{1})?:iam::\d{12}:role"
    r"(\u002F[\u0021-\u007F]+\u002F|\u002F)[\w+=,.@-]+$"
)
EXECUTION_ROLE_MAX = 618
BUDGETS_END = date(2087, 6, 15)
"""The last day of a budget's time period (AWS Budgets API reference, ``TimePeriod``)."""
BUDGETS_MAX = 20_000
"""Budgets of a management account (AWS Budgets quotas)."""
ANOMALY_MONITORS_MAX = 500
"""Monitors of an account besides the one over services (AWS Cost Management quotas)."""
ANOMALY_SUBSCRIPTIONS_MAX = 100
"""Alert subscriptions of an account (AWS Cost Management quotas)."""
ANOMALY_EMAILS_MAX = 10
"""Addresses of one subscription (AWS Cost Anomaly Detection FAQ: 10 e-mail recipients or 1 SNS topic)."""
ANOMALY_ADDRESS_MAX = 302
MONITOR_NAME_MAX = 50
"""The console's maximum; the service model has 1024, of any character."""
TABLE_NAME_PATTERN = r"[a-zA-Z0-9_.-]+"
TABLE_NAME_MAX = 255
LOG_GROUP_PATTERN = r"[\.\-_/#A-Za-z0-9]+"
LOG_GROUP_MAX = 512
LOG_RETENTION_DAYS = (
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
)  # fmt: skip
"""The only retentions a log group can have (CloudWatch Logs API reference, ``PutRetentionPolicy``)."""
TAGS_PER_RESOURCE = 50
"""Tags of one profile: the list's maximum is 200, the service refuses more than 50 (``TooManyTagsException``)."""

AWS_TAG_PREFIX = "aws:"
"""Keys with this prefix, in any case, belong to AWS."""

PROFILE_NAME = re.compile(PROFILE_NAME_PATTERN, re.ASCII)
DESCRIPTION = re.compile(DESCRIPTION_PATTERN, re.ASCII)
TAG_TEXT = re.compile(TAG_KEY_PATTERN.replace(r"\s", " "), re.ASCII)
r"""Of the white space ``\s`` stands for only the space is accepted: the rest breaks reports and shells."""
SOURCE_ARN = re.compile(SOURCE_ARN_PATTERN, re.ASCII)
BUDGET_NAME = re.compile(r"(?!.*/action/)[0-9A-Za-z _./=+%@-]+", re.ASCII)
"""The characters of the documentation without ``:``, which the service model refuses."""
BUDGET_ROLE = re.compile(r"(?!arn:)" + BUDGET_ROLE_PATTERN.strip("^$").replace("007F", "007E"), re.ASCII)
"""Names, with their path at most: an ARN also fits the pattern, but is no name."""
POLICY_ARN = re.compile(POLICY_ARN_PATTERN.strip("^$").replace("007F", "007E"), re.ASCII)
EXECUTION_ROLE = re.compile(EXECUTION_ROLE_PATTERN.strip("^$").replace("007F", "007E"), re.ASCII)
MONITOR_NAME = re.compile(r"[a-zA-Z0-9._:/=+@-]+(?: +[a-zA-Z0-9._:/=+@-]+)*", re.ASCII)
"""The characters of a tag value without space at the ends, so that the name can also stand in a tag of ours."""
TABLE_NAME = re.compile(TABLE_NAME_PATTERN.replace("+", "{3,}"), re.ASCII)
LOG_GROUP = re.compile(r"(?!aws/)" + LOG_GROUP_PATTERN.replace("#", ""), re.ASCII)
"""Without ``#``: the ARN of a group that has one is not one whose tags could be asked for."""
