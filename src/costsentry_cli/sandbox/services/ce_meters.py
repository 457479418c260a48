"""What AWS meters for a token kind of a model: usage type, unit, and the dimensions Cost Explorer files it under.

Names follow AWS's documented and published forms (``USE1-NovaLite-input-tokens``,
``USE1-MP:USE1_InputTokenCount_Global-Units``). No table of AWS maps every model to its short name, so the short
names of models are made by rule and may differ from AWS's in spelling.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from costsentry_cli.domain.catalog import ModelRef, load
from costsentry_cli.sandbox.contract import ACCOUNT

ATTRIBUTES = ("feature", "inferenceType", "model", "provider")
"""Keys of Cost Explorer's product attributes of Bedrock usage."""

REGION_CODES = {
    "us-east-1": "USE1",
    "us-east-2": "USE2",
    "us-west-1": "USW1",
    "us-west-2": "USW2",
    "ca-central-1": "CAN1",
    "sa-east-1": "SAE1",
    "eu-west-1": "EUW1",
    "eu-west-2": "EUW2",
    "eu-west-3": "EUW3",
    "eu-central-1": "EUC1",
    "eu-central-2": "EUC2",
    "eu-north-1": "EUN1",
    "eu-south-1": "EUS1",
    "eu-south-2": "EUS2",
    "ap-south-1": "APS3",
    "ap-south-2": "APS5",
    "ap-southeast-1": "APS1",
    "ap-southeast-2": "APS2",
    "ap-southeast-3": "APS4",
    "ap-southeast-4": "APS6",
    "ap-northeast-1": "APN1",
    "ap-northeast-2": "APN2",
    "ap-northeast-3": "APN3",
    "me-central-1": "MEC1",
    "me-south-1": "MES1",
    "af-south-1": "AFS1",
    "il-central-1": "ILC1",
    "us-gov-west-1": "UGW1",
    "us-gov-east-1": "UGE1",
}
"""Region prefixes of usage types."""

_INFERENCE_TYPES = {
    "input": "Input tokens",
    "output": "Output tokens",
    "cache_read": "Prompt cache read input tokens",
    "cache_write_5m": "Prompt cache write input tokens",
    "cache_write_1h": "Prompt cache write 1h input tokens",
}
_FIRST_PARTY = {
    "input": "input-tokens",
    "output": "output-tokens",
    "cache_read": "cache-read-input-token-count",
    "cache_write_5m": "cache-write-input-token-count",
    "cache_write_1h": "cache-write-1h-input-token-count",
}
_MARKETPLACE = {
    "input": "InputTokenCount",
    "output": "OutputTokenCount",
    "cache_read": "CacheReadInputTokenCount",
    "cache_write_5m": "CacheWriteInputTokenCount",
    "cache_write_1h": "CacheWrite1hInputTokenCount",
}
_MARKETPLACE_NEW = {
    "input": "input_tokens",
    "output": "output_tokens",
    "cache_read": "cache_read_tokens",
    "cache_write_5m": "cache_write_tokens",
    "cache_write_1h": "cache_write_tokens_1h",
}
_SELLERS = {
    "Anthropic": "Anthropic, PBC",
    "Cohere": "Cohere Inc.",
    "AI21 Labs": "AI21 Labs Ltd.",
    "OpenAI": "OpenAI OpCo, LLC",
    "Writer": "Writer, Inc.",
    "xAI": "X.AI LLC",
}
_AWS = "Amazon Web Services, Inc."
_OPERATIONS = {"ConverseStream": "InvokeModelStreamingInference"}
# Claude from 4.7 on is metered under the new names.
_RENAMED_SINCE = (4, 7)


@dataclass(frozen=True, eq=False)
class Meter:
    """A usage type in a region: Cost Explorer's dimensions and product attributes of it, and its unit."""

    dimensions: Mapping[str, str]
    attributes: Mapping[str, str]
    unit: str
    tokens_per_unit: int


@dataclass(frozen=True)
class _Product:
    """A model as billing sees it."""

    name: str
    provider: str
    service: str
    marketplace: bool
    worldwide: bool


@lru_cache(maxsize=4096)
def meter_of(served: str, region: str, operation: str, tier: str, kind: str, account: str = ACCOUNT) -> Meter:
    """The meter of a token kind in an account; ``served`` is a model or geo id, ``operation`` the API's."""
    product = _product(served)
    spell = _marketplace_usage if product.marketplace else _first_party_usage
    usage_type = spell(product, region, tier, kind)
    return Meter(
        dimensions=_dimensions(product, region, usage_type, operation) | _accounts(account),
        attributes={
            "provider": product.provider,
            "model": product.name,
            "inferenceType": _INFERENCE_TYPES[kind],
            "feature": "On-demand Inference",
        },
        unit="Units" if product.marketplace else "1K tokens",
        tokens_per_unit=1_000_000 if product.marketplace else 1_000,
    )


def _product(served: str) -> _Product:
    ref = load().resolve(served)
    if ref is None:
        # Not in the catalogue: billed like an open-weight model, under its own id.
        return _Product(
            served, served.partition(".")[0].capitalize(), "Amazon Bedrock", marketplace=False, worldwide=False
        )
    return _known_product(ref)


def _known_product(ref: ModelRef) -> _Product:
    model = ref.model
    return _Product(model.name, model.provider, model.service_name, model.marketplace, ref.geo == "global")


def _dimensions(product: _Product, region: str, usage_type: str, operation: str) -> dict[str, str]:
    seller = _SELLERS.get(product.provider, product.provider) if product.marketplace else _AWS
    return {
        "SERVICE": product.service,
        "SERVICE_CODE": "AmazonBedrockFoundationModels" if product.marketplace else "AmazonBedrock",
        "USAGE_TYPE": usage_type,
        "OPERATION": _OPERATIONS.get(operation, "InvokeModelInference"),
        "REGION": region,
        "RECORD_TYPE": "Usage",
        "LEGAL_ENTITY_NAME": seller,
        "INVOICING_ENTITY": _AWS,
        "BILLING_ENTITY": "AWS Marketplace" if product.marketplace else "AWS",
        "PURCHASE_TYPE": "On Demand Instances",
    }


def account_name(account: str) -> str:
    """The name Cost Explorer describes an account with."""
    return "sandbox" if account == ACCOUNT else f"sandbox-{account}"


def _accounts(account: str) -> dict[str, str]:
    return {
        "LINKED_ACCOUNT": account,
        "LINKED_ACCOUNT_NAME": account_name(account),
        "PAYER_ACCOUNT": ACCOUNT,
    }


def _first_party_usage(product: _Product, region: str, tier: str, kind: str) -> str:
    suffix = "" if tier == "default" else f"-{tier}"
    worldwide = "-cross-region-global" if product.worldwide else ""
    return f"{_code(region)}-{_short_name(product.name)}-{_FIRST_PARTY[kind]}{suffix}{worldwide}"


def _marketplace_usage(product: _Product, region: str, tier: str, kind: str) -> str:
    code = _code(region)
    if _renamed(product):
        grade = "standard" if tier == "default" else tier
        return f"{code}-MP:{code}_{_MARKETPLACE_NEW[kind]}{'_global' if product.worldwide else ''}_{grade}-Units"
    grade = "" if tier == "default" else f"_{tier.capitalize()}"
    return f"{code}-MP:{code}_{_MARKETPLACE[kind]}{'_Global' if product.worldwide else ''}{grade}-Units"


def _renamed(product: _Product) -> bool:
    version = re.search(r"\d+(?:\.\d+)?", product.name)
    if product.provider != "Anthropic" or version is None:
        return product.provider == "OpenAI"
    major, _, minor = version[0].partition(".")
    return (int(major), int(minor or 0)) >= _RENAMED_SINCE


def _code(region: str) -> str:
    return REGION_CODES.get(region, region.replace("-", "").upper())


def _short_name(name: str) -> str:
    """``Nova Lite`` is ``NovaLite``, ``Nova 2 Lite`` is ``Nova2.0Lite``; else letters, digits and dots stay."""
    name = re.sub(r"^Nova (\d) ", r"Nova\1.0", name)
    return re.sub(r"[^A-Za-z0-9.]+", "", name)
