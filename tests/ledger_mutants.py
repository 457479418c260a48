"""Ledgers and gates with one mistake each, as they have happened in the field: the checks must find them all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from costsentry_cli.domain.calls import Answer, ApiCall
from costsentry_cli.domain.errors import SentryError
from costsentry_cli.domain.ledger import transitions
from costsentry_cli.domain.ledger.counters import NANOS, NOTHING, UNBOUNDED, Amounts, Ceiling, Count, Hold
from costsentry_cli.domain.ledger.dynamodb import DynamoLedger
from costsentry_cli.domain.ledger.gate import Gate
from costsentry_cli.domain.ledger.memory import MemoryLedger
from costsentry_cli.domain.ledger.outcomes import Admission, Refusal, Settlement
from costsentry_cli.domain.ledger.port import Admitted, Claim, Denied, Key, Policy, Reservation, Settled
from costsentry_cli.domain.ledger.windows import window_at
from dynamo_table import DynamoTable
from ledger_world import Journal, World, cost, memory_world


class DropsTheCondition(MemoryLedger):
    def reserve(self, claim: Claim) -> Admitted | Denied:
        return super().reserve(replace(claim, ceiling=UNBOUNDED))


class ChecksTheFirstUnitOnly(MemoryLedger):
    def reserve(self, claim: Claim) -> Admitted | Denied:
        return super().reserve(replace(claim, ceiling=Ceiling(**dict(claim.ceiling.bounds()[:1]))))


class ComparesWithTheLimitItself(MemoryLedger):
    """``committed <= limit`` in the place of ``committed <= limit - a``."""

    def reserve(self, claim: Claim) -> Admitted | Denied:
        raised = {unit: bound + getattr(claim.amounts, unit) for unit, bound in claim.ceiling.bounds()}
        return super().reserve(replace(claim, ceiling=Ceiling(**raised)))


class SettlesTwice(MemoryLedger):
    def settle(self, reservation: Reservation, actual: Amounts) -> Settled:
        count = self._counts.get(reservation.key, Count())
        self._counts[reservation.key] = transitions.settled(count, reservation, actual)
        return transitions.settlement(reservation, actual, self._counts[reservation.key])


class SettlesTheHoldInFull(MemoryLedger):
    def settle(self, reservation: Reservation, actual: Amounts) -> Settled:
        return super().settle(reservation, reservation.amounts)


class ReleasesOnExpiry(MemoryLedger):
    def expire(self, key: Key, hold: Hold, now: int, policy: Policy) -> bool:
        return super().expire(key, hold, now, "release")


class ExpiresBeforeTime(MemoryLedger):
    def expire(self, key: Key, hold: Hold, now: int, policy: Policy) -> bool:
        return super().expire(key, hold, now + 10**6, policy)


class ForgetsWhatIsDone(MemoryLedger):
    """No marker is left: a delayed duplicate holds again what was settled."""

    def settle(self, reservation: Reservation, actual: Amounts) -> Settled:
        answer = super().settle(reservation, actual)
        if reservation.key in self._counts:
            self._counts[reservation.key] = replace(self._counts[reservation.key], done={})
        return answer


class DoesNotKnowItsOwnHold(MemoryLedger):
    """The repeated reserve whose first answer was lost is denied."""

    def reserve(self, claim: Claim) -> Admitted | Denied:
        answer = super().reserve(claim)
        return Denied(claim.key, answer.count) if isinstance(answer, Admitted) and answer.replayed else answer


class CountsMoneyInFloats(MemoryLedger):
    def settle(self, reservation: Reservation, actual: Amounts) -> Settled:
        answer = super().settle(reservation, actual)
        count = self._counts.get(reservation.key)
        if count is not None:
            money = count.settled.nano_usd / NANOS + 0.1 - 0.1
            self._counts[reservation.key] = replace(count, settled=replace(count.settled, nano_usd=int(money * NANOS)))
        return answer


class LeavesOutATokenKind(MemoryLedger):
    def reserve(self, claim: Claim) -> Admitted | Denied:
        return super().reserve(replace(claim, amounts=replace(claim.amounts, output_tokens=0)))


class ResetsTheHoldsToo(MemoryLedger):
    def reset(self, key: Key) -> bool:
        with self._lock:
            self._counts[key] = replace(self._counts.get(key, Count()), committed=NOTHING, settled=NOTHING)
        return True


class SettlesInTheWindowOfTheClock(Gate):
    def settle(self, admission: Admission, actual: Amounts) -> Settlement:
        now = self.clock()

        def moved(one: Any) -> Any:
            key = one.standing.rule.key(window_at(one.standing.rule.per, now))
            return replace(one, reservation=replace(one.reservation, key=key))

        return super().settle(replace(admission, held=tuple(moved(one) for one in admission.held)), actual)


class RetriesWithANewId(Gate):
    def _reserve(self, attempt: Any, rule: Any, claim: Claim) -> Admitted | Denied:
        try:
            return super()._reserve(attempt, rule, claim)
        except SentryError:
            return super()._reserve(attempt, rule, replace(claim, rid=f"{claim.rid}-again"))


class DoesNotUndo(Gate):
    def _undo(self, attempt: Any) -> tuple[()]:
        return ()


class DoesNotUndoWhatWasLost(Gate):
    """Only what was answered is given back."""

    def _undo(self, attempt: Any) -> Any:
        sure = {held.reservation for held in attempt.held}
        attempt.tried = [pair for pair in attempt.tried if pair[1] in sure]
        return super()._undo(attempt)


class IgnoresInterrupts(Gate):
    """``except Exception``: Ctrl-C leaves the holds where they are."""

    def admit(self, *args: Any, **how: Any) -> Admission | Refusal:
        undo = self._undo
        self.__dict__["_undo"] = lambda attempt: () if len(attempt.tried) > len(attempt.held) else undo(attempt)
        return super().admit(*args, **how)


class ObserversDeny(Gate):
    def _enter(self, attempt: Any, rule: Any) -> Refusal | None:
        answer = super()._enter(attempt, replace(rule, enforced=True))
        return replace(answer, rule=rule) if answer else None


def base_tier(inputs: int, outputs: int) -> Amounts:
    """The long call's price is twice as high, and the base price is reserved."""
    return replace(cost(inputs, outputs), nano_usd=cost(inputs, outputs).nano_usd // 2)


def token_omitted(inputs: int, outputs: int) -> Amounts:
    """The output is not reserved, as if it were known only afterwards."""
    return replace(cost(inputs, outputs), tokens=inputs)


class _Rewriting(DynamoLedger):
    """A DynamoDB ledger whose requests are changed on their way."""

    def _call(self, call: ApiCall) -> Answer:
        return super()._call(ApiCall(call.service, call.operation, self.changed(dict(call.params))))

    def changed(self, params: dict[str, Any]) -> dict[str, Any]:
        raise NotImplementedError


class ComparesNothing(_Rewriting):
    """The comparisons with the ceiling are left out of the condition."""

    def changed(self, params: dict[str, Any]) -> dict[str, Any]:
        if " <= " in params.get("ConditionExpression", ""):
            checks = [check for check in params["ConditionExpression"].split(" AND ") if " <= " not in check]
            params["ConditionExpression"] = " AND ".join(checks)
        return _used_only(params)


class DoesNotAskForTheOldItem(_Rewriting):
    def changed(self, params: dict[str, Any]) -> dict[str, Any]:
        params.pop("ReturnValuesOnConditionCheckFailure", None)
        return params


class OpensOverWhatIsThere(_Rewriting):
    """The window is opened without asking whether it is."""

    def _write(self, call: ApiCall) -> Any:
        if call.operation == "UpdateItem" and " <= " in call.params["ConditionExpression"]:
            key = call.params["Key"]["pk"]["S"].removeprefix("L#").rpartition("#")
            from costsentry_cli.domain.ledger.writes import open_call

            super()._write(open_call(self.table, Key(key[0], key[2])))
        return super()._write(call)

    def changed(self, params: dict[str, Any]) -> dict[str, Any]:
        if "Item" in params:
            params["ConditionExpression"] = "attribute_not_exists(#n9)"
            params["ExpressionAttributeNames"] = {"#n9": "nothing"}
        return params


class SettlesUnasked(_Rewriting):
    """The settle's condition is only that the counter exists."""

    def changed(self, params: dict[str, Any]) -> dict[str, Any]:
        if " REMOVE " in params.get("UpdateExpression", "") and " < " not in params["ConditionExpression"]:
            params["ConditionExpression"] = "attribute_exists(#pk)"
            params["ExpressionAttributeNames"] = {**params["ExpressionAttributeNames"], "#pk": "pk"}
        return params


def _used_only(params: dict[str, Any]) -> dict[str, Any]:
    text = f"{params.get('UpdateExpression')} {params.get('ConditionExpression')} "
    for kind in ("ExpressionAttributeNames", "ExpressionAttributeValues"):
        given = params.get(kind, {})
        kept = {name: value for name, value in given.items() if any(f"{name}{end}" in text for end in " .,)")}
        if given:
            params[kind] = kept
    return params


MUTANTS: dict[str, Callable[[], World]] = {
    **{
        ledger.__name__: lambda ledger=ledger: memory_world(ledger())  # type: ignore[misc]
        for ledger in (
            DropsTheCondition,
            ChecksTheFirstUnitOnly,
            ComparesWithTheLimitItself,
            SettlesTwice,
            SettlesTheHoldInFull,
            ReleasesOnExpiry,
            ExpiresBeforeTime,
            ForgetsWhatIsDone,
            DoesNotKnowItsOwnHold,
            CountsMoneyInFloats,
            LeavesOutATokenKind,
            ResetsTheHoldsToo,
        )
    },
    **{
        gate.__name__: lambda gate=gate: memory_world(gate_type=gate)  # type: ignore[misc]
        for gate in (
            SettlesInTheWindowOfTheClock,
            RetriesWithANewId,
            DoesNotUndo,
            DoesNotUndoWhatWasLost,
            IgnoresInterrupts,
            ObserversDeny,
        )
    },
    **{
        quote.__name__: lambda quote=quote: memory_world(quote=quote)  # type: ignore[misc]
        for quote in (base_tier, token_omitted)
    },
    **{
        ledger.__name__: lambda ledger=ledger: World([Journal(ledger(DynamoTable(), "ledger"))])  # type: ignore[misc]
        for ledger in (ComparesNothing, DoesNotAskForTheOldItem, OpensOverWhatIsThere, SettlesUnasked)
    },
}
"""Name -> a world with that mistake in it."""
