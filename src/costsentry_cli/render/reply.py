"""A metered call as people and programs read it: before it is made, and after it has ended."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from costsentry_cli.domain.errors import SentryError
from costsentry_cli.domain.ledger.counters import NANOS, Amounts
from costsentry_cli.domain.ledger.outcomes import Refusal, Standing
from costsentry_cli.domain.limit_standing import amounts_document as limit_amounts
from costsentry_cli.domain.limit_standing import figure, quantities, quantity
from costsentry_cli.domain.metering.converse import converse_call
from costsentry_cli.domain.metering.reply import UNCHARGED, Prepared, Reply
from costsentry_cli.domain.money import plain
from costsentry_cli.domain.plan_file import call_document
from costsentry_cli.render.cells import usd_estimate
from costsentry_cli.render.safe import safe_line


def talk(reply: Reply) -> Iterator[str]:
    """Who paid, what it took and cost, what is left of its limits, and what went wrong beside it."""
    caller, called = reply.prepared.chosen.caller(), reply.called
    who = " / ".join(part for part in (caller.cost_center, caller.application, caller.environment) if part)
    if called is not None and called.tokens is not None:
        tokens = called.tokens
        cached = tokens.cache_read + tokens.cache_write_5m + tokens.cache_write_1h
        also = f", cached {cached:,}" if cached else ""
        yield who
        yield f"{caller.model}  in {tokens.input:,}, out {tokens.output:,}{also} tokens"
        yield (
            "cost unknown: no price for this model in the catalogue" if reply.cost is None else usd_estimate(reply.cost)
        )
    elif reply.unknown:
        yield who
        yield f"{caller.model}  what it took is not known"
        yield UNCHARGED if reply.advisory else f"charged in full: {quantities(reply.charged)}"
    for standing in reply.standings():
        yield limit_line(standing)
    yield from _beside(reply)


def _beside(reply: Reply) -> Iterator[str]:
    if reply.called is not None and reply.called.stop_reason == "max_tokens":
        yield "the answer was cut at --max-tokens"
    passed = () if isinstance(reply.decision, Refusal) else reply.decision.unmetered
    for one in passed:
        yield f"warning: the limit {one.rule.id} was not checked: {_why(one.error)}"
    unmetered = {one.rule.id for one in passed}
    settlement = reply.settlement
    for unsettled in () if settlement is None else settlement.unsettled:
        what = "has not counted the call" if unsettled.rule.id in unmetered else "is charged in full"
        yield f"warning: the limit {unsettled.rule.id} {what}: {_why(unsettled.error)}"
    if settlement is not None and any(settlement.excess.values()):
        yield f"warning: the call took more than was reserved: {_amounts(settlement.excess)}"
    if reply.uncounted is not None:
        yield f"warning: the call is not in the metrics: {_why(reply.uncounted)}"
    if reply.unrecorded is not None:
        yield f"warning: the call is not in the audit trail: {_why(reply.unrecorded)}"


def _why(error: SentryError) -> str:
    return f"{error.code} {error.message}"


def limit_line(standing: Standing) -> str:
    """``limit costCenter=sales/day: 1,234 of 100,000 tokens, $0.012 of $25.00``; holds are counted."""
    rule, committed = standing.rule, standing.count.committed
    parts = [
        f"{figure(unit, getattr(committed, unit))} of {quantity(unit, bound)}" for unit, bound in rule.ceiling.bounds()
    ]
    mode = "" if rule.enforced else " (observed only, over)" if standing.over else " (observed only)"
    return f"limit {safe_line(rule.id)}{mode}: {', '.join(parts)}"


def dry_run(prepared: Prepared, region: str) -> str:
    """The call that would be made, what would be reserved, and the most it can cost."""
    call = converse_call(prepared.fitted.params, prepared.chosen.arn, region)
    worst = prepared.worst
    how = "counted by AWS" if worst.how == "counted" else "bounded by its bytes"
    most = (
        "unknown: no price for this model"
        if worst.nano_usd is None
        else f"at most {quantity('nano_usd', worst.nano_usd)}"
    )
    parts = f"{worst.input_tokens:,} in ({how}), {worst.output_tokens:,} out"
    rules = [f"  {safe_line(rule.id)}" for rule in prepared.rules]
    lines = [
        f"{call.service} {call.operation} in {call.region}",
        json.dumps(call_document(call)["params"], indent=2, ensure_ascii=False),
        f"reserves  \t{quantity('tokens', worst.tokens)}: {parts}",
        f"costs     {most}",
        f"limits that count it:{'' if prepared.rules else ' none'}",
        *rules,
        "Nothing was called.",
    ]
    return "\n".join(lines) + "\n"


def prepared_document(prepared: Prepared, region: str) -> dict[str, Any]:
    """The dry run for programs."""
    call = converse_call(prepared.fitted.params, prepared.chosen.arn, region)
    return {
        "call": call_document(call),
        "profile": _profile(prepared),
        "adjustments": list(prepared.fitted.adjustments),
        "reservation": amounts_document(prepared.amounts, priced=prepared.worst.nano_usd is not None)
        | {"input_is": prepared.worst.how},
        "limits": [rule.id for rule in prepared.rules],
    }


def document(reply: Reply) -> dict[str, Any]:
    """A call that has ended, for programs."""
    called = reply.called
    tokens = called.tokens if called is not None else None
    return {
        "id": reply.id,
        "ending": "unknown" if reply.unknown else reply.ending.value,
        "text": called.text if called is not None else None,
        "stop_reason": called.stop_reason if called is not None else None,
        "request_id": called.request_id if called is not None else None,
        "profile": _profile(reply.prepared),
        "cost_center": reply.prepared.chosen.tags.get("costCenter"),
        "usage": None
        if tokens is None
        else {
            "input_tokens": tokens.input,
            "output_tokens": tokens.output,
            "cache_read_tokens": tokens.cache_read,
            "cache_write_5m_tokens": tokens.cache_write_5m,
            "cache_write_1h_tokens": tokens.cache_write_1h,
        },
        "estimated_cost_usd": None if reply.cost is None else plain(reply.cost),
        "reserved": amounts_document(reply.decision.amounts, priced=reply.prepared.worst.nano_usd is not None),
        "charged": amounts_document(reply.charged, priced=True),
        "limits": [_limit(standing) for standing in reply.standings()],
        "adjustments": list(reply.prepared.fitted.adjustments),
        "fallback_from": reply.prepared.fallback_from or None,
        "attempt": reply.attempt,
        "latency_ms": reply.latency_ms,
        "warnings": list(_beside(reply)),
    }


def amounts_document(amounts: Amounts, *, priced: bool) -> dict[str, Any]:
    """Amounts for programs; money as a decimal string, None when the price is unknown."""
    counts = {unit: value for unit, value in amounts.items() if unit != "nano_usd"}
    return counts | {"usd": plain(Decimal(amounts.nano_usd) / NANOS) if priced else None}


def _profile(prepared: Prepared) -> dict[str, str]:
    return {"name": prepared.chosen.name, "arn": prepared.chosen.arn, "model": prepared.chosen.model}


def _limit(standing: Standing) -> dict[str, Any]:
    return {
        "id": standing.rule.id,
        "window": standing.window.id,
        "enforced": standing.rule.enforced,
        "bounds": limit_amounts(dict(standing.rule.ceiling.bounds())),
        "remaining": limit_amounts(standing.remaining),
        "resets": f"{standing.resets:%Y-%m-%dT%H:%M:%SZ}",
    }


def _amounts(amounts: Amounts) -> str:
    return ", ".join(quantity(unit, value) for unit, value in amounts.items() if value)
