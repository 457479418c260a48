"""The two calls of bedrock-runtime that a metered call makes: the paid one, and the count before it, which is free."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from costsentry_cli.domain.calls import ApiCall
from costsentry_cli.domain.catalog import ModelRef

_COUNTED = ("messages", "system", "toolConfig", "additionalModelRequestFields")
"""What CountTokens takes of a Converse request (its ``ConverseTokensRequest``)."""


def converse_call(params: Mapping[str, Any], model_id: str, region: str) -> ApiCall:
    """The paid call; ``model_id`` is an id or ARN, an application profile's ARN in general."""
    return ApiCall("bedrock-runtime", "Converse", {"modelId": model_id, **params}, region, paid=True)


def count_tokens_call(params: Mapping[str, Any], ref: ModelRef | None, region: str) -> ApiCall | None:
    """The call that counts the input of ``params``; None where AWS does not count for the model.

    AWS takes the base id alone: no profile, no ARN.
    """
    if ref is None or not ref.model.capabilities.count_tokens:
        return None
    counted = {name: params[name] for name in _COUNTED if name in params}
    return ApiCall("bedrock-runtime", "CountTokens", {"modelId": ref.model.id, "input": {"converse": counted}}, region)
