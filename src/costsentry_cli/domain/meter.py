"""What one model call leaves behind: tokens, an estimated cost, and the article's six metrics in five dimensions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from costsentry_cli.domain.calls import ApiCall
from costsentry_cli.domain.catalog import Tokens

NAMESPACE = "GenAIRateLimiting"
FIVE_MINUTES = "5m"


class Ending(StrEnum):
    """The three ways a metered call ends."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    DENIED = "denied"


@dataclass(frozen=True)
class Caller:
    """Who pays and for which model: the values of the five metric dimensions.

    ``model_metric`` is the value CloudWatch stores usage under: the model id, or for an application inference profile
    the last segment of its ARN.
    """

    model: str
    model_metric: str
    cost_center: str = ""
    application: str = ""
    environment: str = ""

    def dimensions(self) -> list[dict[str, str]]:
        """The dimensions in a fixed order; CloudWatch refuses empty values, so those are left out."""
        named = {
            "Model": self.model,
            "ModelId": self.model_metric,
            "CostCenter": self.cost_center,
            "Application": self.application,
            "Environment": self.environment,
        }
        return [{"Name": name, "Value": value} for name, value in named.items() if value]


def tokens_of(usage: Mapping[str, Any]) -> Tokens:
    """The four billable kinds of a Converse ``usage``; ``inputTokens`` there excludes the cached ones."""
    details = usage.get("cacheDetails") or []
    hour = sum(d["inputTokens"] for d in details if d["ttl"] != FIVE_MINUTES)
    return Tokens(
        input=usage.get("inputTokens", 0),
        output=usage.get("outputTokens", 0),
        cache_read=usage.get("cacheReadInputTokens", 0),
        cache_write_5m=usage.get("cacheWriteInputTokens", 0) - hour,
        cache_write_1h=hour,
    )


def metrics_call(caller: Caller, ending: Ending, tokens: Tokens, at: datetime, region: str) -> ApiCall:
    """One PutMetricData with the counts of this call; token metrics only for a success (aware ``at``, UTC)."""
    counts = {
        "TotalRequests": 1,
        "RateLimitApproved": int(ending is not Ending.DENIED),
        "RateLimitDenied": int(ending is Ending.DENIED),
        "InvocationFailed": int(ending is Ending.FAILED),
    }
    if ending is Ending.SUCCEEDED:
        written = tokens.cache_write_5m + tokens.cache_write_1h
        counts["InputTokens"] = tokens.input + tokens.cache_read + written
        counts["OutputTokens"] = tokens.output
    dimensions = caller.dimensions()
    data = [
        {"MetricName": name, "Dimensions": dimensions, "Timestamp": at, "Value": float(value), "Unit": "Count"}
        for name, value in counts.items()
    ]
    return ApiCall("cloudwatch", "PutMetricData", {"Namespace": NAMESPACE, "MetricData": data}, region)
