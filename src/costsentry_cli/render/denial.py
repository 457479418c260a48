"""Why a call did not succeed, as people and programs read it: what is short, how much, until when, declared where."""

from __future__ import annotations

import math
import shlex
from datetime import datetime, timedelta
from typing import Any

from costsentry_cli.domain.errors import NOT_THERE, SentryError
from costsentry_cli.domain.ledger.outcomes import Refusal, Standing
from costsentry_cli.domain.limit_standing import amounts_document, place_of, quantities, quantity
from costsentry_cli.domain.manifest.types import Manifest
from costsentry_cli.domain.metering.reply import Reply
from costsentry_cli.render.limits import until

THROTTLED = "CS0801"
LEAST_ANSWER = 32
"""Tokens below which asking for less is no advice."""


def error_of(reply: Reply, manifest: Manifest, now: datetime) -> SentryError | None:
    """What the call ended with, None for a success: a denial says what is short, an answer cut off is a failure."""
    refusal = reply.decision if isinstance(reply.decision, Refusal) else None
    if refusal is not None:
        return _denied(refusal, reply, manifest, now)
    if reply.error is not None and reply.error.code == THROTTLED:
        reply.error.help = "run it again in a while, or let it try: --attempts 3"
    if reply.error is None and reply.unknown and reply.called is not None and not reply.called.stop_reason:
        advice = "what came was printed; run it again only if you need the rest: that is paid for again"
        return SentryError("CS0809", "the answer broke off before its end", help=advice)
    return reply.error


def document(reply: Reply, manifest: Manifest, now: datetime) -> dict[str, Any] | None:
    """A denial for programs: what is short, and after how many seconds there is more; None where nothing denied."""
    refusal = reply.decision
    if not isinstance(refusal, Refusal):
        return None
    standing, declared_at = refusal.standing, place_of(manifest, refusal.rule.id) or None
    head = {"limit": refusal.rule.id, "reason": refusal.reason, "declared_at": declared_at}
    if standing is None:
        return head
    wait = math.ceil((standing.resets - now) / timedelta(seconds=1))
    return head | {
        "retry_after_seconds": None if _never(refusal) else max(1, wait),
        "fits_a_new_window": not _never(refusal),
        "short": [_short(unit, refusal, standing) for unit in refusal.short],
    }


def _short(unit: str, refusal: Refusal, standing: Standing) -> dict[str, Any]:
    """One unit that is short; dollars as decimal strings."""
    figures = {
        "bound": _bound(unit, refusal),
        "left": max(0, standing.remaining[unit]),
        "needed": getattr(refusal.amounts, unit),
    }
    named = {name: amounts_document({unit: number}) for name, number in figures.items()}
    return {"unit": next(iter(named["bound"]))} | {name: next(iter(one.values())) for name, one in named.items()}


def _denied(refusal: Refusal, reply: Reply, manifest: Manifest, now: datetime) -> SentryError | None:
    """The refusal in full; what the table of errors says where there is nothing to add."""
    standing, place = refusal.standing, place_of(manifest, refusal.rule.id)
    if refusal.error is not None and reply.error is not None:
        return _unchecked(refusal, refusal.error, reply.error.message, manifest, place)
    if reply.error is None or standing is None or not refusal.short:
        return _placed(reply.error, place)
    message = f"denied by the limit {refusal.rule.id}: {'; '.join(_left(u, refusal, standing) for u in refusal.short)}"
    return SentryError("CS0206", message, where=place, details=_beside(standing), help=_advice(refusal, standing, now))


def _left(unit: str, refusal: Refusal, standing: Standing) -> str:
    left, need = max(0, standing.remaining[unit]), getattr(refusal.amounts, unit)
    word = "needs" if unit == "requests" else "may need"
    number = quantity(unit, left).split(" ")[0]
    return f"{number} of {quantity(unit, _bound(unit, refusal))} left, this call {word} {quantity(unit, need)}"


def _beside(standing: Standing) -> tuple[str, ...]:
    """What gets free by itself, and that nothing was paid."""
    count = len(standing.count.holds)
    calls = f"{count} call{'s' if count > 1 else ''} under way hold{'s' if count == 1 else ''}"
    held = (f"{calls} {quantities(standing.count.held)}: what they do not use comes back",) if count else ()
    return (*held, "no call was made: nothing is charged")


def _advice(refusal: Refusal, standing: Standing, now: datetime) -> str:
    """When it may pass, or what would let it pass; the limit's place stands above."""
    fits = _most_output(refusal, standing)
    less = f"ask for less (--max-tokens {fits})" if fits >= LEAST_ANSWER else ""
    if _never(refusal):
        ways = [less or "ask for less", "raise the limit"]
        return f"a whole {refusal.rule.per} has less room than this call needs: {' or '.join(ways)}"
    ways = [f"try again in {until(standing.resets, now)}", less, "raise the limit"]
    return f"{' or '.join(filter(None, ways))}; see: sentry limits show {shlex.quote(refusal.rule.id)}"


def _most_output(refusal: Refusal, standing: Standing) -> int:
    """The most output tokens that would have fit; 0 when something else than tokens is short."""
    read = refusal.amounts.input_tokens
    room = {"tokens": -read, "output_tokens": 0}
    if not set(refusal.short) <= set(room):
        return 0
    return min(standing.remaining[unit] + room[unit] for unit in refusal.short)


def _never(refusal: Refusal) -> bool:
    """The call needs more than a whole window allows."""
    return any(getattr(refusal.amounts, unit) > _bound(unit, refusal) for unit in refusal.short)


def _bound(unit: str, refusal: Refusal) -> int:
    return dict(refusal.rule.ceiling.bounds())[unit]


def _unchecked(refusal: Refusal, cause: SentryError, said: str, manifest: Manifest, place: str) -> SentryError:
    """The ledger failed and the limit says: deny then. ``said`` quotes AWS without what the call holds."""
    limit = f"the limit {refusal.rule.id} cannot be checked"
    details = (f"{place} has on_ledger_error: deny", "no call was made: nothing is charged")
    clock = refusal.reason == "clock"
    if cause.code == NOT_THERE and manifest.ledger is not None and manifest.ledger.table:
        message = f"{limit}: the ledger table {manifest.ledger.table} is not there yet"
        return SentryError("CS0209", message, where=cause.where, details=details, help="make it: sentry sync")
    return SentryError("CS0209", said, where=cause.where, details=details, help=cause.help if clock else "")


def _placed(error: SentryError | None, place: str) -> SentryError | None:
    if error is not None:
        error.where = error.where or place
    return error
