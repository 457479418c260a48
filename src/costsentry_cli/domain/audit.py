"""What is recorded of one metered call: a flat JSON object with the names of OpenTelemetry's GenAI conventions.

Ours begin with ``costsentry.``. No prompt and no answer is in it unless that is asked for, and never a secret. A field
that is not known is left out; a count of zero is there.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Literal

from costsentry_cli.domain.calls import ApiCall
from costsentry_cli.domain.ledger.counters import Amounts, nano_usd
from costsentry_cli.domain.money import plain
from costsentry_cli.domain.pricing import Tokens

Decision = Literal["approved", "denied", "observed"]
"""``observed``: a limit that only observes would have denied it."""
Ending = Literal["succeeded", "failed", "denied", "unknown"]
"""``unknown``: the call was sent and how it ended is not known; it may have been billed."""

EVENT_BYTES = 1024 * 1024 - 26
"""The largest event: CloudWatch Logs takes 1 MiB with 26 bytes of its own (``PutLogEvents``)."""
LIMITS_MAX = 20
"""Limits told of in one event: CloudWatch Logs Insights finds the first 200 fields of an event and no more."""
WORDS_MAX = 20
WORD_LENGTH = 200
TAGS = ("applicationId", "costCenter", "environment")
OPERATION = "gen_ai.operation.name"
MODEL = "gen_ai.request.model"
INPUT = "gen_ai.usage.input_tokens"
OUTPUT = "gen_ai.usage.output_tokens"
INPUT_MESSAGES = "gen_ai.input.messages"
OUTPUT_MESSAGES = "gen_ai.output.messages"
SYSTEM = "gen_ai.system_instructions"
OWN = "costsentry."
REQUEST_ID = OWN + "request_id"
AWS_REQUEST_ID = "aws.request_id"
TIMESTAMP = OWN + "timestamp"
DECISION = OWN + "decision"
ENDING = OWN + "ending"
COST = OWN + "cost_usd"
COST_NANO = OWN + "cost_nano_usd"
LIMITS = OWN + "limits"


@dataclass(frozen=True)
class LimitState:
    """One unit of one limit as the call left it; ``remaining`` below zero is overdrawn. Money is in nano-USD."""

    id: str
    window: str
    unit: str
    limit: int
    remaining: int
    reserved: int = 0
    settled: int = 0


@dataclass(frozen=True)
class Content:
    """What was said: recorded only where a person asked for it."""

    prompt: str
    answer: str = ""
    system: str = ""


@dataclass(frozen=True)
class Metered:
    """One metered call, as far as it is known (None and empty: not).

    ``model`` is what was asked of AWS (the profile's source), ``model_metric`` what CloudWatch counts it under.
    ``tags`` are the profile's; of them the three of the metrics are recorded. ``inference`` has AWS's ``maxTokens``,
    ``temperature``, ``topP``, ``topK``. ``cost`` is in USD, an estimate from ``price_source`` as of ``price_date``.
    ``estimated``: the settlement rests on an estimate, not on AWS's count. ``adjustments`` are what was changed in the
    request before it was sent; ``fallback_from`` is the alias whose limit denied first.
    """

    request_id: str
    at: datetime
    decision: Decision
    ending: Ending
    model: str
    model_metric: str = ""
    profile_name: str = ""
    profile_arn: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    inference: Mapping[str, int | float | Decimal] = field(default_factory=dict)
    response_model: str = ""
    finish_reasons: Sequence[str] = ()
    aws_request_id: str = ""
    tokens: Tokens | None = None
    cost: Decimal | None = None
    price_source: str = ""
    price_date: date | None = None
    reservation_id: str = ""
    reserved: Amounts | None = None
    settled: Amounts | None = None
    estimated: bool = False
    limits: Sequence[LimitState] = ()
    attempt: int = 1
    latency_ms: int | None = None
    error: str = ""
    adjustments: Sequence[str] = ()
    fallback_from: str = ""


def event(call: Metered, content: Content | None = None) -> dict[str, Any]:
    """The event, at most ``EVENT_BYTES`` as a line; ``content`` is cut where it would be more, which is said."""
    told = {**_standard(call), **_ours(call)}
    found = {name: value for name, value in told.items() if value not in ("", None, [])}
    return found if content is None else _with_content(found, content)


def as_line(event: Mapping[str, Any]) -> str:
    """One line of JSON, keys sorted, ASCII only, no line end."""
    return json.dumps(event, sort_keys=True, separators=(",", ":"))


def put_call(event: Mapping[str, Any], group: str, stream: str, region: str | None) -> ApiCall:
    """PutLogEvents of one event, under the event's own time. Sent again after a lost answer it stands there twice."""
    moment = int(datetime.fromisoformat(event[TIMESTAMP]).timestamp() * 1000)
    entry = {"timestamp": moment, "message": as_line(event)}
    return ApiCall("logs", "PutLogEvents", _stream(group, stream) | {"logEvents": [entry]}, region)


def stream_call(group: str, stream: str, region: str | None) -> ApiCall:
    """CreateLogStream."""
    return ApiCall("logs", "CreateLogStream", _stream(group, stream), region)


def stream_name(at: datetime, token: str) -> str:
    """``2026/11/23/5f2a90c1``: the day (UTC) and a few random characters that say nothing of the machine."""
    return f"{at.astimezone(UTC):%Y/%m/%d}/{token}"


def moment(at: datetime) -> str:
    """RFC 3339, UTC, milliseconds."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _stream(group: str, stream: str) -> dict[str, Any]:
    return {"logGroupName": group, "logStreamName": stream}


def _standard(call: Metered) -> dict[str, Any]:
    """What OpenTelemetry has a name for; its ``input_tokens`` include the cached ones."""
    asked = call.inference
    return {
        OPERATION: "chat",
        "gen_ai.provider.name": "aws.bedrock",
        MODEL: call.model,
        "gen_ai.response.model": call.response_model,
        "gen_ai.request.max_tokens": _number(asked.get("maxTokens")),
        "gen_ai.request.temperature": _number(asked.get("temperature")),
        "gen_ai.request.top_p": _number(asked.get("topP")),
        "gen_ai.request.top_k": _number(asked.get("topK")),
        "gen_ai.response.finish_reasons": list(call.finish_reasons),
        AWS_REQUEST_ID: call.aws_request_id,
        "error.type": call.error,
        **_usage(call.tokens),
    }


def _usage(tokens: Tokens | None) -> dict[str, int]:
    if tokens is None:
        return {}
    return {
        INPUT: tokens.context,
        OUTPUT: tokens.output,
        "gen_ai.usage.cache_read.input_tokens": tokens.cache_read,
        "gen_ai.usage.cache_creation.input_tokens": tokens.cache_write_5m + tokens.cache_write_1h,
    }


def _ours(call: Metered) -> dict[str, Any]:
    told: dict[str, Any] = {
        "request_id": call.request_id,
        "timestamp": moment(call.at),
        "decision": call.decision,
        "ending": call.ending,
        "profile.name": call.profile_name,
        "profile.arn": call.profile_arn,
        "model_metric": call.model_metric,
        "attempt": call.attempt,
        "latency_ms": call.latency_ms,
        "price.source": call.price_source,
        "price.date": call.price_date.isoformat() if call.price_date else "",
        "reservation.id": call.reservation_id,
        "adjustments": [word[:WORD_LENGTH] for word in call.adjustments[:WORDS_MAX]],
        "fallback_from": call.fallback_from,
        "limits": [dict(vars(limit)) for limit in call.limits[:LIMITS_MAX]],
        "limits_left_out": len(call.limits[LIMITS_MAX:]) or None,
        **{key: call.tags.get(key, "") for key in TAGS},
        **_amounts("reservation", call.reserved),
        **_amounts("settlement", call.settled),
    }
    if call.settled is not None:
        told["settlement.estimated"] = call.estimated
    if call.cost is not None:
        told |= {"cost_usd": plain(call.cost), "cost_nano_usd": nano_usd(call.cost)}
    return {OWN + name: value for name, value in told.items()}


def _amounts(name: str, amounts: Amounts | None) -> dict[str, int]:
    return {} if amounts is None else {f"{name}.{unit}": value for unit, value in amounts.items()}


def _number(value: float | Decimal | None) -> int | float | None:
    """JSON has no decimals; what was asked of a model is no money."""
    return float(value) if isinstance(value, Decimal) else value


def _with_content(event: dict[str, Any], content: Content) -> dict[str, Any]:
    """The event with what was said, the longest text cut until it fits."""
    texts = {INPUT_MESSAGES: content.prompt, OUTPUT_MESSAGES: content.answer, SYSTEM: content.system}
    texts = {name: text for name, text in texts.items() if text}
    whole = event | _messages(texts)
    while (size := len(as_line(whole))) > EVENT_BYTES and any(texts.values()):
        longest = max(texts, key=lambda name: len(texts[name]))
        # An escape is up to twelve characters of a line: the share that is over, and a little more, always gets there.
        texts[longest] = texts[longest][: int(len(texts[longest]) * EVENT_BYTES / size * 0.95)]
        whole = event | _messages(texts) | {OWN + "content_cut": True}
    return whole


def _messages(texts: Mapping[str, str]) -> dict[str, str]:
    """OpenTelemetry's messages, as text: an object in the event would be hundreds of fields."""
    roles = {INPUT_MESSAGES: "user", OUTPUT_MESSAGES: "assistant"}
    parts = {name: [{"type": "text", "content": text}] for name, text in texts.items()}
    return {
        name: as_compact([{"role": roles[name], "parts": part}] if name in roles else part)
        for name, part in parts.items()
    }


def as_compact(value: Any) -> str:
    """JSON in its shortest form; letters beyond ASCII as they are."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
