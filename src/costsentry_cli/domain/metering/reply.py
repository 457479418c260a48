"""What is known of a metered call: before it is made, what it gave, and how it ended."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from costsentry_cli.domain import audit, meter
from costsentry_cli.domain.calls import Answer
from costsentry_cli.domain.catalog import ModelRef, Tokens
from costsentry_cli.domain.errors import INTERRUPTED, SentryError
from costsentry_cli.domain.ledger.counters import NANOS, NOTHING, Amounts
from costsentry_cli.domain.ledger.outcomes import Admission, Refusal, Settlement, Standing
from costsentry_cli.domain.ledger.rules import Rule
from costsentry_cli.domain.meter import Ending
from costsentry_cli.domain.metering.attribution import Chosen
from costsentry_cli.domain.metering.fitting import Fitted
from costsentry_cli.domain.metering.request import Request
from costsentry_cli.domain.metering.worst_case import Worst

UNCHARGED = "it counts as 1 request: CloudWatch's metrics have the tokens of successful calls alone"
"""What becomes of a call whose outcome nobody knows where CloudWatch is the ledger."""


@dataclass(frozen=True)
class Prepared:
    """A call that can be made: who pays, the parameters, the most it can take, and the limits that count it."""

    request: Request
    chosen: Chosen
    ref: ModelRef | None
    fitted: Fitted
    worst: Worst
    rules: tuple[Rule, ...]
    fallback_from: str = ""

    @property
    def amounts(self) -> Amounts:
        """What is reserved; without a price no money (a limit in dollars refuses then)."""
        worst = self.worst
        return Amounts(worst.tokens, worst.input_tokens, worst.output_tokens, worst.requests, worst.nano_usd or 0)


@dataclass(frozen=True)
class Called:
    """What the paid call gave. ``tokens`` None: it did not say what it took."""

    text: str
    stop_reason: str
    tokens: Tokens | None
    request_id: str = ""
    tier: str = "default"


@dataclass(frozen=True)
class Reply:
    """How one metered call ended, and all that is known of it.

    ``cost`` is in USD, None when it is unknown. ``unknown``: the call may have been billed though nobody said what it
    took; it is charged in full. ``uncounted`` and ``unrecorded`` are what kept metrics or audit from being written.
    """

    id: str
    at: datetime
    ending: Ending
    prepared: Prepared
    decision: Admission | Refusal
    called: Called | None = None
    cost: Decimal | None = None
    charged: Amounts = NOTHING
    unknown: bool = False
    error: SentryError | None = None
    settlement: Settlement | None = None
    latency_ms: int | None = None
    attempt: int = 1
    uncounted: SentryError | None = None
    unrecorded: SentryError | None = None

    @property
    def advisory(self) -> bool:
        """Let in by CloudWatch's metrics, which have the tokens of successful calls alone."""
        return isinstance(self.decision, Admission) and self.decision.advisory

    def standings(self) -> tuple[Standing, ...]:
        """Where every limit that counted the call stands after it, as far as the ledger said."""
        if isinstance(self.decision, Refusal):
            return () if self.decision.standing is None else (self.decision.standing,)
        after = {} if self.settlement is None else {rule.id: one.count for rule, one in self.settlement.settled}
        return tuple(
            Standing(one.standing.rule, one.standing.window, after.get(one.standing.rule.id) or one.standing.count)
            for one in self.decision.held
        )


def answered(answer: Answer) -> Called:
    """What a Converse answer gives."""
    blocks = answer["output"]["message"]["content"]
    text = "".join(block["text"] for block in blocks if "text" in block)
    tokens = meter.tokens_of(answer["usage"]) if answer.get("usage") else None
    return Called(text, str(answer.get("stopReason", "")), tokens, request_id_of(answer), tier_of(answer))


def streamed(answer: Answer, events: Iterable[Mapping[str, Any]], on_text: Callable[[str], None]) -> Called:
    """What a ConverseStream answer gives, told piece by piece; a stream cut before its usage leaves that unknown."""
    texts: list[str] = []
    stop_reason, usage, tier = "", None, "default"
    for event in events:
        piece = event.get("contentBlockDelta", {}).get("delta", {}).get("text", "")
        if piece:
            texts.append(piece)
            on_text(piece)
        stop_reason = event.get("messageStop", {}).get("stopReason", stop_reason)
        if "metadata" in event:
            usage, tier = event["metadata"].get("usage"), tier_of(event["metadata"])
    tokens = meter.tokens_of(usage) if usage else None
    return Called("".join(texts), stop_reason, tokens, request_id_of(answer), tier)


def interrupted(reply: Reply) -> SentryError:
    """An interruption in the middle of a call, saying what it leaves behind."""
    full = reply.charged
    taken = f"{said('tokens', full.tokens)} and {said('nano_usd', full.nano_usd)}"
    what = UNCHARGED if reply.advisory else f"its limits are charged in full ({taken})"
    message = f"interrupted: what the call took is not known; {what}"
    return SentryError(INTERRUPTED, message, help="the call may have been billed; run it again only if you need it")


def request_id_of(answer: Mapping[str, Any]) -> str:
    """AWS's id of the request."""
    return str(answer.get("ResponseMetadata", {}).get("RequestId", ""))


def tier_of(answer: Mapping[str, Any]) -> str:
    """The service tier that served the call."""
    return str(answer.get("serviceTier", {}).get("type", "default"))


def refusal_error(refusal: Refusal) -> SentryError:
    """Why a call was refused, in the words of the table: CS0206 with what is left and when there is more."""
    rule, standing = refusal.rule, refusal.standing
    if refusal.reason == "price":
        message = f"the limit {rule.id} is in dollars and the price of this model is unknown"
        return SentryError("CS0206", message, help="use a model with a known price, or limit tokens instead of usd")
    if refusal.reason == "clock" and refusal.error is not None:
        message = f"the limit {rule.id} cannot be checked: {refusal.error.message}"
        return SentryError("CS0209", message, help=refusal.error.help)
    if standing is None:
        cause = refusal.error
        why = f": {cause.code} {cause.message}" if cause is not None else ""
        where = cause.where if cause is not None else ""
        return SentryError("CS0209", f"the limit {rule.id} cannot be checked{why}", where=where)
    left = standing.remaining
    needs = [
        f"{said(unit, getattr(refusal.amounts, unit))}, {said(unit, max(0, left[unit]))} left" for unit in refusal.short
    ]
    message = f"the limit {rule.id} has no room: this call may need {'; '.join(needs)}"
    return SentryError(
        "CS0206", message, help=f"a new window begins at {standing.resets:%Y-%m-%dT%H:%M:%SZ}; or raise the limit"
    )


def said(unit: str, amount: int) -> str:
    """``1,234 tokens``, ``$0.012345``, ``3 requests``."""
    if unit == "nano_usd":
        return f"${Decimal(amount) / NANOS:.6f}"
    words = unit.replace("_", " ")
    return f"{amount:,} {words.removesuffix('s') if amount == 1 else words}"


def recorded(reply: Reply) -> audit.Metered:
    """The call as the audit trail keeps it."""
    prepared, called = reply.prepared, reply.called
    caller, denied = prepared.chosen.caller(), isinstance(reply.decision, Refusal)
    decision: audit.Decision = "denied" if denied else "approved"
    if isinstance(reply.decision, Admission) and reply.decision.observed_over:
        decision = "observed"
    ending: audit.Ending = "unknown" if reply.unknown else reply.ending.value
    return audit.Metered(
        reply.id,
        reply.at,
        decision,
        ending,
        prepared.chosen.model,
        caller.model_metric,
        prepared.chosen.name,
        prepared.chosen.arn,
        prepared.chosen.tags,
        _inference(prepared.fitted.params),
        finish_reasons=(called.stop_reason,) if called is not None and called.stop_reason else (),
        aws_request_id=called.request_id if called is not None else "",
        tokens=called.tokens if called is not None else None,
        cost=reply.cost,
        price_source=prepared.worst.source,
        price_date=prepared.worst.as_of,
        reservation_id=reply.decision.rid,
        reserved=reply.decision.amounts,
        settled=None if denied else reply.charged,
        estimated=reply.unknown,
        limits=tuple(state for standing in reply.standings() for state in _states(standing, reply)),
        attempt=reply.attempt,
        latency_ms=reply.latency_ms,
        error=f"{reply.error.code} {reply.error.message}" if reply.error is not None else "",
        adjustments=prepared.fitted.adjustments,
        fallback_from=prepared.fallback_from,
    )


def _inference(params: Mapping[str, Any]) -> dict[str, Any]:
    config = dict(params["inferenceConfig"])
    extra = params.get("additionalModelRequestFields", {})
    top_k = extra.get("top_k", extra.get("inferenceConfig", {}).get("topK"))
    return config if top_k is None else config | {"topK": top_k}


def _states(standing: Standing, reply: Reply) -> Iterable[audit.LimitState]:
    rule, reserved = standing.rule, reply.decision.amounts
    denied = isinstance(reply.decision, Refusal)
    for unit, bound in rule.ceiling.bounds():
        held, taken = (0, 0) if denied else (getattr(reserved, unit), getattr(reply.charged, unit))
        yield audit.LimitState(rule.id, standing.window.id, unit, bound, standing.remaining[unit], held, taken)
