"""AWS's own patterns and maxima, checked before anything is sent: botocore checks neither.

The ``*_PATTERN`` strings and the figures stand as in botocore's service models (bedrock, budgets, ce); a test compares
them. The compiled expressions are what this program accepts: never more than the pattern.
"""

from __future__ import annotations

import re

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
BUDGETS_MAX = 20_000
"""Budgets of a management account (AWS Budgets quotas)."""
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
