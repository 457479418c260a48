"""`bedrock-runtime`: Converse, ConverseStream and CountTokens, with books that metrics and bills are made from."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, replace
from typing import Any

from costsentry_cli.domain.catalog import ModelRef, Tokens, kind_of_reference, load
from costsentry_cli.sandbox.contract import Handler, Request, ServiceError
from costsentry_cli.sandbox.services import (
    bedrock_logging,
    bedrock_models,
    runtime_cache,
    runtime_calls,
    runtime_prompt,
    runtime_rules,
)
from costsentry_cli.sandbox.services.runtime_answers import DEFAULT_LENGTH, Answer, answer
from costsentry_cli.sandbox.services.runtime_calls import Served, Target
from costsentry_cli.sandbox.services.runtime_prompt import Block

WORDS_PER_EVENT = 8
"""How much text one contentBlockDelta carries."""


@dataclass(frozen=True)
class _Done:
    """A served call: what the model said and what it is booked as."""

    answer: Answer
    served: Served


def converse(request: Request) -> dict[str, Any]:
    """Converse: one row in ``calls`` whatever comes of it, once the model id is understood."""
    done = _serve(request)
    closing = {"usage": _usage(done.served.tokens), "metrics": {"latencyMs": done.served.latency_ms}}
    return {"output": _said(done), "stopReason": done.answer.stop} | closing | _echo(request, done.served)


def converse_stream(request: Request) -> dict[str, Any]:
    """ConverseStream: the same words in pieces; the usage comes last, so a broken stream never tells it."""
    done = _serve(request)
    closing = {"usage": _usage(done.served.tokens), "metrics": {"latencyMs": done.served.latency_ms}}
    return {
        "stream": [
            {"messageStart": {"role": "assistant"}},
            *_content_events(done.answer.content[0]),
            {"contentBlockStop": {"contentBlockIndex": 0}},
            {"messageStop": {"stopReason": done.answer.stop}},
            {"metadata": closing | _echo(request, done.served)},
        ]
    }


def count_tokens(request: Request) -> dict[str, Any]:
    """CountTokens: free of charge, for the bare ids of models that can count."""
    wanted = request.params["modelId"]
    ref = load().resolve(wanted)
    if ref is None:
        raise ServiceError("ValidationException", bedrock_models.INVALID_MODEL)
    if bedrock_models.is_over(ref.model, request):
        raise ServiceError("ResourceNotFoundException", bedrock_models.END_OF_LIFE, 404)
    if bedrock_models.is_denied(request, ref.model):
        raise ServiceError("AccessDeniedException", bedrock_models.DENIED, 403)
    if kind_of_reference(wanted) != "model-id" or not ref.model.capabilities.count_tokens:
        raise ServiceError("ValidationException", "The provided model doesn't support counting tokens.")
    given = request.params["input"]
    params = given["converse"] if "converse" in given else runtime_prompt.from_body(given["invokeModel"]["body"])
    runtime_rules.check_conversation(params, ref.model)
    return {"inputTokens": runtime_prompt.count(params)}


def _serve(request: Request) -> _Done:
    what = runtime_calls.target(request)
    try:
        done = _run(request, what)
    except ServiceError as refusal:
        runtime_calls.record_refusal(request, what, refusal)
        bedrock_logging.log(request, {}, None, refusal.code)
        # The refused call stays in the books: the core commits before it answers the error.
        raise ServiceError(refusal.code, refusal.message, refusal.status, commit=True) from refusal
    runtime_calls.record(request, what, done.served)
    bedrock_logging.log(request, _usage(done.served.tokens), _said(done))
    return done


def _said(done: _Done) -> dict[str, Any]:
    return {"message": {"role": "assistant", "content": done.answer.content}}


def _run(request: Request, what: Target) -> _Done:
    params, model = request.params, what.ref.model
    runtime_calls.check_callable(request, what.ref)
    runtime_rules.check(params, model)
    tier = _tier(request, what.ref)
    blocks = runtime_prompt.blocks(params)
    tokens = sum(block.tokens for block in blocks)
    runtime_rules.check_length(tokens, model)
    runtime_rules.check_cache_points(blocks, model, one_hour=_has_one_hour(request, what.ref, blocks))
    limit = params.get("inferenceConfig", {}).get("maxTokens", model.max_output or DEFAULT_LENGTH)
    runtime_calls.check_quota(request, what.ref, tokens + limit)
    minimum = model.capabilities.cache_min_tokens or runtime_cache.DEFAULT_MINIMUM
    used = runtime_cache.use(request, what.ref.id, blocks, minimum)
    said = answer(params, _seed(params, model.id, blocks))
    return _Done(said, _timed(request, replace(used, output=said.tokens), tier))


def _tier(request: Request, ref: ModelRef) -> str:
    """The tier that serves: AWS runs what a reservation cannot hold at the default tier."""
    wanted = str(request.params.get("serviceTier", {}).get("type", "default"))
    if wanted in {"default", "reserved"}:
        return "default"
    if load().price(ref, request.region, wanted) is None:
        raise ServiceError("ValidationException", f"The {wanted} service tier is not supported for this model.")
    return wanted


def _has_one_hour(request: Request, ref: ModelRef, blocks: list[Block]) -> bool:
    """Whether the model is sold with the one-hour cache; looked up only when a block asks for it."""
    if all(block.ttl != "1h" for block in blocks):
        return False
    price = load().price(ref, request.region)
    return price is not None and price.cache_write_1h is not None


def _seed(params: dict[str, Any], model_id: str, blocks: list[Block]) -> bytes:
    """The digest of everything the model saw, cache points aside: the same question gets the same answer."""
    seen = hashlib.sha256(model_id.encode())
    for block in blocks:
        seen.update(block.digest)
    given = {name: params[name] for name in ("inferenceConfig", "additionalModelRequestFields") if name in params}
    seen.update(json.dumps(given, sort_keys=True, default=str).encode())
    return seen.digest()


def _timed(request: Request, tokens: Tokens, tier: str) -> Served:
    """A plausible latency from the tokens alone; cached ones are read faster."""
    first = 150 + tokens.context // 20 - tokens.cache_read // 25
    streamed = first if request.operation == "ConverseStream" else None
    return Served(tokens, first + 12 * tokens.output, tier, streamed)


def _usage(tokens: Tokens) -> dict[str, Any]:
    written = tokens.cache_write_5m + tokens.cache_write_1h
    usage: dict[str, Any] = {
        "inputTokens": tokens.input,
        "outputTokens": tokens.output,
        "totalTokens": tokens.context + tokens.output,
        "cacheReadInputTokens": tokens.cache_read,
        "cacheWriteInputTokens": written,
    }
    by_ttl = [("1h", tokens.cache_write_1h), ("5m", tokens.cache_write_5m)]
    if written:
        usage["cacheDetails"] = [{"ttl": ttl, "inputTokens": count} for ttl, count in by_ttl if count]
    return usage


def _echo(request: Request, served: Served) -> dict[str, Any]:
    asked = request.params.get("performanceConfig")
    return {"serviceTier": {"type": served.tier}} | ({"performanceConfig": asked} if asked else {})


def _content_events(block: dict[str, Any]) -> list[dict[str, Any]]:
    if "toolUse" in block:
        use = block["toolUse"]
        start = {"toolUse": {"toolUseId": use["toolUseId"], "name": use["name"]}}
        delta = {"toolUse": {"input": json.dumps(use["input"])}}
        return [
            {"contentBlockStart": {"start": start, "contentBlockIndex": 0}},
            {"contentBlockDelta": {"delta": delta, "contentBlockIndex": 0}},
        ]
    return [
        {"contentBlockDelta": {"delta": {"text": piece}, "contentBlockIndex": 0}} for piece in _pieces(block["text"])
    ]


def _pieces(text: str) -> list[str]:
    """The text in order and whole, some words at a time."""
    words = re.findall(r"\S+\s*|\s+", text)
    return ["".join(words[i : i + WORDS_PER_EVENT]) for i in range(0, len(words), WORDS_PER_EVENT)]


OPERATIONS: dict[str, Handler] = {
    "Converse": converse,
    "ConverseStream": converse_stream,
    "CountTokens": count_tokens,
}
