"""Which AWS services the sandbox has, by botocore's names."""

from __future__ import annotations

OWN = {
    "bedrock": "bedrock",
    "bedrock-runtime": "runtime",
    "budgets": "budgets",
    "ce": "ce",
    "cloudwatch": "cloudwatch",
    "dynamodb": "dynamodb",
    "iam": "iam",
    "logs": "logs",
    "organizations": "organizations",
    "resourcegroupstaggingapi": "resourcegroupstaggingapi",
    "service-quotas": "service_quotas",
    "ssm": "ssm",
    "sts": "sts",
}
"""Service -> our module in ``sandbox.services``, imported at a service's first call."""

BY_MOTO = ("sns", "iam")
"""Services that moto answers where it is installed, but for what is ours of them. Its SQS and SSM cannot be kept."""

SERVICES = tuple(dict.fromkeys((*OWN, *BY_MOTO)))
"""All of them; every other is refused."""


def without_moto(service: str) -> str:
    """The refusal where moto is not installed: what lacks, and the command that brings it."""
    return f"the sandbox has {service} from moto, which is not installed here: pip install 'costsentry-cli[moto]'"
