"""From which impact on an anomaly is told, as text: ``>= 50 USD and >= 40%``. Both directions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from costsentry_cli.domain.budgets.amount_text import UNIT, bare
from costsentry_cli.domain.manifest.types import AnomalyAlert

ABSOLUTE = "ANOMALY_TOTAL_IMPACT_ABSOLUTE"
PERCENTAGE = "ANOMALY_TOTAL_IMPACT_PERCENTAGE"
AT_LEAST = ["GREATER_THAN_OR_EQUAL"]
_JOINED = {"And": " and ", "Or": " or "}

Expression = Mapping[str, Any]


def wanted_text(alert: AnomalyAlert) -> str:
    """The threshold of an alert of the manifest: both, where both are given."""
    amounts = [] if alert.above is None else [_part(ABSOLUTE, alert.above)]
    shares = [] if alert.above_percent is None else [_part(PERCENTAGE, alert.above_percent)]
    return " and ".join([*amounts, *shares])


def threshold_text(subscription: Mapping[str, Any]) -> str:
    """The threshold of AWS's ``AnomalySubscription``, also in its deprecated form; JSON where it is none of ours."""
    expression = subscription.get("ThresholdExpression")
    if not expression:
        return _part(ABSOLUTE, Decimal(repr(float(subscription.get("Threshold", 0)))))
    told = _told(expression)
    return told or json.dumps(expression, sort_keys=True, separators=(",", ":"))


def expression_of(text: str) -> dict[str, Any]:
    """AWS's ``ThresholdExpression`` of ``threshold_text``."""
    if text.startswith("{"):
        read: dict[str, Any] = json.loads(text)
        return read
    for root, word in _JOINED.items():
        if word in text:
            return {root: [_leaf(part) for part in text.split(word)]}
    return _leaf(text)


def _told(expression: Expression) -> str:
    """Leaves, or one row of leaves, in words; nothing for anything else."""
    if len(expression) != 1:
        return ""
    ((root, content),) = expression.items()
    if root not in _JOINED:
        return _leaf_text(expression)
    parts = sorted((_leaf_text(part) for part in content), key=lambda part: (part.endswith("%"), part))
    return _JOINED[root].join(parts) if len(parts) > 1 and all(parts) else ""


def _leaf_text(expression: Expression) -> str:
    leaf = expression.get("Dimensions", {})
    values = leaf.get("Values", [])
    if len(expression) != 1 or leaf.get("MatchOptions") != AT_LEAST or len(values) != 1:
        return ""
    if leaf.get("Key") not in (ABSOLUTE, PERCENTAGE):
        return ""
    try:
        return _part(leaf["Key"], Decimal(values[0]))
    except InvalidOperation:
        return ""


def _leaf(text: str) -> dict[str, Any]:
    amount = text.removeprefix(">= ")
    share = amount.endswith("%")
    key, value = (PERCENTAGE, amount[:-1]) if share else (ABSOLUTE, amount.removesuffix(f" {UNIT}"))
    return {"Dimensions": {"Key": key, "Values": [value], "MatchOptions": AT_LEAST}}


def _part(key: str, amount: Decimal) -> str:
    return f">= {bare(amount)}{'%' if key == PERCENTAGE else f' {UNIT}'}"
