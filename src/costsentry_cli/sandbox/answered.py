"""Which AWS services the sandbox has, by botocore's names."""

from __future__ import annotations

OWN = {
    "bedrock": "bedrock",
    "bedrock-runtime": "runtime",
    "budgets": "budgets",
    "ce": "ce",
    "cloudwatch": "cloudwatch",
    "dynamodb": "dynamodb",
    "logs": "logs",
    "organizations": "organizations",
    "resourcegroupstaggingapi": "resourcegroupstaggingapi",
    "service-quotas": "service_quotas",
    "ssm": "ssm",
    "sts": "sts",
}
"""Service -> our module in ``sandbox.services``, imported at a service's first call."""

BY_MOTO = ("sns", "iam")
"""Services that moto answers. Its SQS and SSM are not here: they cannot be pickled."""

SERVICES = (*OWN, *BY_MOTO)
"""All of them; every other is refused."""
