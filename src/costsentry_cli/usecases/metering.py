"""One metered call: reserve its worst case, make it once, settle what it took, count it, record it."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol

from costsentry_cli.domain import audit, catalog, meter
from costsentry_cli.domain.calls import Answer, ApiCall, Cloud
from costsentry_cli.domain.catalog import ModelRef, Tokens
from costsentry_cli.domain.errors import INTERRUPTED, SentryError
from costsentry_cli.domain.ledger.counters import NANOS, Amounts
from costsentry_cli.domain.ledger.outcomes import Admission, Refusal, Settlement
from costsentry_cli.domain.ledger.rules import Rule, Rules, rules_of
from costsentry_cli.domain.manifest.types import Manifest
from costsentry_cli.domain.meter import Ending
from costsentry_cli.domain.metering.attribution import Chosen, Wanted, resolve, wanted_by
from costsentry_cli.domain.metering.converse import converse_call, count_tokens_call
from costsentry_cli.domain.metering.fitting import Fitted, fitted
from costsentry_cli.domain.metering.reply import (
    Called,
    Prepared,
    Reply,
    answered,
    interrupted,
    recorded,
    refusal_error,
    streamed,
)
from costsentry_cli.domain.metering.request import Request
from costsentry_cli.domain.metering.unquoted import unquoted
from costsentry_cli.domain.metering.worst_case import Worst, actual, worst_case

ONE_REQUEST = Amounts(requests=1)
THROTTLED = "CS0801"
CAN_FALL_BACK = ("room", "price")
"""Why another model may be let in; a ledger that fails fails for every model."""


class Paying(Protocol):
    """Whoever makes the paid call: the target, or a client that an application lends."""

    def call(self, call: ApiCall) -> Answer:
        """Make one call, once; raise ``SentryError`` when it fails."""
        ...


class Admitting(Protocol):
    """What lets calls in: the gate over a ledger, or advice from CloudWatch."""

    def admit(
        self, rules: Sequence[Rule], amounts: Amounts, *, priced: bool = True, note: str = "", rid: str = ""
    ) -> Admission | Refusal:
        """Reserve the worst case in every rule, or in none."""
        ...

    def settle(self, admission: Admission, actual: Amounts) -> Settlement:
        """Put what was used in the place of what was held."""
        ...


@dataclass(frozen=True)
class Opened:
    """A call that was let in: it must be closed, whatever becomes of it."""

    id: str
    at: datetime
    prepared: Prepared
    admission: Admission
    attempt: int = 1


Record = Callable[[Mapping[str, Any]], None]
"""Takes one audit event; raises ``SentryError`` when it cannot be kept."""


@dataclass
class Metering:
    """Makes metered calls. ``cloud`` makes the paid one, ``books`` everything else: it works on after an interruption.

    ``record`` keeps an audit event, None keeps none; ``content`` puts prompts and answers into it. ``strict`` and
    ``assistant_as_system`` are ``fitting``'s.
    """

    cloud: Paying
    books: Cloud
    manifest: Manifest
    region: str
    clock: Callable[[], datetime]
    gate: Admitting
    record: Record | None = None
    content: bool = False
    strict: bool = False
    assistant_as_system: bool | None = None
    wait: Callable[[float], None] = time.sleep
    new_id: Callable[[], str] = field(default=lambda: secrets.token_hex(12))

    @property
    def rules(self) -> Rules:
        """The manifest's limits."""
        return rules_of(self.manifest.limits, self.manifest.models)

    def prepare(self, request: Request) -> Prepared:
        """Everything before the money: who pays, what fits the model, what it can take at most; no paid call.

        Raises ``SentryError`` when nobody pays or nothing fits.
        """
        return self._prepared(
            request, resolve(self.books, self.manifest, wanted_by(request, self.manifest), self.region)
        )

    def run(
        self,
        prepared: Prepared,
        *,
        attempts: int = 1,
        stream: bool = False,
        on_text: Callable[[str], None] = lambda _: None,
        told: Callable[[str], None] = lambda _: None,
    ) -> Reply:
        """Call; where a limit denies and names a fallback, call that model; where AWS throttles, try again.

        Every attempt is a reservation of its own, counted and recorded. ``told`` hears of each before it is made.
        """
        attempt, denied = 1, {prepared.chosen.model}
        while True:
            reply = self.call(prepared, attempt=attempt, stream=stream, on_text=on_text)
            other = self._fallen_back(prepared, reply.decision)
            if other is not None and other.chosen.model not in denied:
                told(f"{reply.error.message if reply.error else ''}: falling back to {_alias(reply.decision)}")
                prepared = other
                denied.add(prepared.chosen.model)
            elif reply.error is not None and reply.error.code == THROTTLED and attempt < attempts:
                pause = 2.0 ** (attempt - 1)
                told(f"{reply.error.message}: trying again in {pause:.0f} s ({attempt + 1} of {attempts})")
                self.wait(pause)
                attempt += 1
            else:
                return reply

    def _fallen_back(self, prepared: Prepared, decision: Admission | Refusal) -> Prepared | None:
        """The same request by the same payer, through the model the denying limit names; None when there is none."""
        alias = _alias(decision)
        if not alias:
            return None
        who = prepared.chosen.caller()
        wanted = Wanted(who.cost_center, who.application, who.environment, alias)
        try:
            chosen = resolve(self.books, self.manifest, wanted, self.region)
        except SentryError:  # the payer has no profile of that model: the denial is the news
            return None
        return self._prepared(prepared.request, chosen, prepared.fallback_from or prepared.chosen.model)

    def _prepared(self, request: Request, chosen: Chosen, fallback_from: str = "") -> Prepared:
        ref = catalog.load().resolve(chosen.model)
        model, as_system = None if ref is None else ref.model, self.assistant_as_system
        fit = fitted(request, model, strict=self.strict, assistant_as_system=as_system, metadata=chosen.who())
        return self.bounded(request, chosen, fit, fallback_from)

    def bounded(self, request: Request, chosen: Chosen, fit: Fitted, fallback_from: str = "") -> Prepared:
        """A fitted call, its worst case and its limits. Raises ``ValueError`` when a limit needs a bound it has not."""
        ref = catalog.load().resolve(chosen.model)
        rules = self.rules.matching({**chosen.who(), "model": chosen.model})
        return Prepared(request, chosen, ref, fit, self._worst(fit, ref, rules), rules, fallback_from)

    def _worst(self, fit: Fitted, ref: ModelRef | None, rules: Sequence[Rule]) -> Worst:
        try:
            return worst_case(fit.params, ref, self.region, self._counted(fit, ref, rules))
        except ValueError:
            if any(rule.enforced for rule in rules):
                raise
            return Worst(0, fit.params["inferenceConfig"]["maxTokens"], None, "bounded")

    def call(
        self,
        prepared: Prepared,
        *,
        attempt: int = 1,
        stream: bool = False,
        on_text: Callable[[str], None] = lambda _: None,
    ) -> Reply:
        """One reservation and at most one paid call; every ending is counted and recorded.

        An interruption in the middle charges the call in full and raises ``SentryError`` CS0902 saying so.
        """
        opened = self.open(prepared, attempt)
        if isinstance(opened, Reply):
            return opened
        try:
            called, error = self._send(prepared, on_text, stream=stream), None
        except SentryError as failure:
            called, error = None, failure
        except BaseException as stop:
            cut_off = SentryError(INTERRUPTED, "interrupted while the call was under way")
            raise interrupted(self.close(opened, None, cut_off)) from stop
        return self.close(opened, called, error)

    def open(self, prepared: Prepared, attempt: int = 1) -> Opened | Reply:
        """Reserve the worst case: a reservation that must be closed, or the reply of a call that is denied."""
        own_id, at = self.new_id(), self.clock()
        priced, note = prepared.worst.nano_usd is not None, prepared.chosen.tags.get("costCenter", "")
        decision = self.gate.admit(prepared.rules, prepared.amounts, priced=priced, note=note)
        if isinstance(decision, Admission):
            return Opened(own_id, at, prepared, decision, attempt)
        error = unquoted(refusal_error(decision), prepared.fitted.params)
        return self._kept(Reply(own_id, at, Ending.DENIED, prepared, decision, error=error, attempt=attempt))

    def close(self, opened: Opened, called: Called | None, error: SentryError | None) -> Reply:
        """Settle what the call took, count it, record it. Without ``called`` and unless it was ``undone``: in full."""
        error = error and unquoted(error, opened.prepared.fitted.params)  # AWS may repeat the prompt
        charged, cost, unknown = self._taken(opened, called, error)
        settlement = self.gate.settle(opened.admission, charged)
        if settlement.unsettled:  # once more: settling is safe to repeat
            settlement = self.gate.settle(opened.admission, charged)
        ending = Ending.FAILED if unknown or error is not None else Ending.SUCCEEDED
        took = round((self.clock() - opened.at).total_seconds() * 1000)
        reply = Reply(
            opened.id, opened.at, ending, opened.prepared, opened.admission, called, cost, charged, unknown, error,
            settlement, took, opened.attempt,
        )  # fmt: skip
        return self._kept(reply)

    def _counted(self, fit: Fitted, ref: ModelRef | None, rules: Sequence[Rule]) -> int | None:
        """AWS's own count of the input, which is free, where a limit rests on it; None where AWS cannot say."""
        if not any(rule.enforced for rule in rules):
            return None
        call = count_tokens_call(fit.params, ref, self.region)
        try:
            return None if call is None else int(self.books.call(call)["inputTokens"])
        except SentryError:
            return None

    def _send(self, prepared: Prepared, on_text: Callable[[str], None], *, stream: bool) -> Called:
        call = converse_call(prepared.fitted.params, prepared.chosen.arn, self.region)
        if not stream:
            return answered(self.cloud.call(call))
        call = ApiCall(call.service, "ConverseStream", call.params, call.region, paid=True)
        answer = self.cloud.call(call)
        return streamed(answer, answer["stream"], on_text)

    def _taken(
        self, opened: Opened, called: Called | None, error: SentryError | None
    ) -> tuple[Amounts, Decimal | None, bool]:
        """What is charged, what it cost in USD, and whether the outcome is unknown: then it is the worst case, or one
        request where CloudWatch is the ledger."""
        prepared = opened.prepared
        if error is not None and error.undone:
            return ONE_REQUEST, Decimal(0), False
        tokens = None if called is None else called.tokens
        if called is None or tokens is None:
            return ONE_REQUEST if opened.admission.advisory else prepared.amounts, None, True
        took = actual(tokens, prepared.ref, self.region, called.tier)
        cost = None if took.nano_usd is None else Decimal(took.nano_usd) / NANOS
        money = prepared.amounts.nano_usd if took.nano_usd is None else took.nano_usd
        return Amounts(took.tokens, took.input_tokens, took.output_tokens, 1, money), cost, False

    def _kept(self, reply: Reply) -> Reply:
        """The reply, counted in the metrics and recorded; what cannot be written is told and takes nothing away."""
        tokens = reply.called.tokens if reply.called is not None else None
        caller = reply.prepared.chosen.caller()
        metrics = meter.metrics_call(caller, reply.ending, tokens or Tokens(), self.clock(), self.region)
        params, record = reply.prepared.fitted.params, self.record
        uncounted = _tried(lambda: self.books.call(metrics), params)
        unrecorded = None if record is None else _tried(lambda: record(self._event(reply)), params)
        return Reply(**{**vars(reply), "uncounted": uncounted, "unrecorded": unrecorded})

    def _event(self, reply: Reply) -> dict[str, Any]:
        content = None
        if self.content:
            said = [f"{message.role}: {message.text}" for message in reply.prepared.request.messages]
            content = audit.Content("\n".join(said), reply.called.text if reply.called is not None else "")
        return audit.event(recorded(reply), content)


def _alias(decision: Admission | Refusal) -> str:
    """The fallback of the limit that denied; empty when there is none."""
    if isinstance(decision, Refusal) and decision.reason in CAN_FALL_BACK:
        return decision.rule.fallback or ""
    return ""


def _tried(action: Callable[[], object], params: Mapping[str, Any]) -> SentryError | None:
    """What kept it from being done. The model call is paid for by now: that takes the answer away from nobody."""
    try:
        action()
    except SentryError as error:
        return unquoted(error, params)
    return None
