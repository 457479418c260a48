"""The manifest's limits as rules: which calls each one counts, under which id, and in what order they are asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from fractions import Fraction

from costsentry_cli.domain.ledger.counters import Amounts, Ceiling
from costsentry_cli.domain.ledger.port import Key
from costsentry_cli.domain.ledger.windows import PERS, Window
from costsentry_cli.domain.manifest.types import Limit, OnLedgerError, Per
from costsentry_cli.domain.skew import REFUSED

_ESCAPES = {"%": "%25", ",": "%2C", "#": "%23", "/": "%2F"}
_ENDLESS = Fraction(10**30)


@dataclass(frozen=True)
class Rule:
    """One limit. ``id`` names its counters; ``match`` has the model id or ARN that the manifest's alias stands for.

    ``enforced`` False records and never denies. ``fallback`` is the alias to try when this rule denies.
    """

    id: str
    match: Mapping[str, str] = field(hash=False)
    per: Per
    ceiling: Ceiling
    enforced: bool = True
    on_ledger_error: OnLedgerError = "deny"
    fallback: str | None = None

    def key(self, window: Window) -> Key:
        """Its counter in a window."""
        return Key(self.id, window.id)

    def share(self, amounts: Amounts) -> Fraction:
        """The largest part of a ceiling that ``amounts`` would take; endless for a ceiling of zero."""
        parts = [
            Fraction(getattr(amounts, unit), bound) if bound else _ENDLESS for unit, bound in self.ceiling.bounds()
        ]
        return max(parts, default=Fraction(0))


@dataclass(frozen=True)
class Rules:
    """Every limit of a manifest; ``models`` maps its aliases to what they stand for."""

    rules: tuple[Rule, ...]
    models: Mapping[str, str]

    def matching(self, call: Mapping[str, str]) -> tuple[Rule, ...]:
        """The rules that count a call with this ``model`` (alias, id or ARN), ``costCenter``, ``applicationId`` and
        ``environment``.

        Two aliases of one model are one model: another name does not lead past a limit.
        """
        model = call.get("model", "")
        facts = {**call, "model": self.models.get(model, model)}
        return tuple(rule for rule in self.rules if all(facts.get(key) == value for key, value in rule.match.items()))


def rules_of(limits: Iterable[Limit], models: Mapping[str, str]) -> Rules:
    """The rules of the manifest's limits; ``models`` are its aliases."""
    return Rules(tuple(_rule(limit, models) for limit in limits), models)


def rule_id(match: Mapping[str, str], per: Per) -> str:
    """``costCenter=sales,model=haiku/day``, or ``*/day`` for every call.

    Only the match and the window count: a limit whose amounts change keeps its counters. Two that differ never share.
    """
    named = ",".join(f"{key}={_escaped(value)}" for key, value in sorted(match.items()))
    return f"{named or '*'}/{per}"


def in_order(rules: Iterable[Rule], amounts: Amounts) -> tuple[Rule, ...]:
    """The order of admission: those that can deny first; smallest window, then the largest share of its ceiling.

    The likeliest to deny is asked first, so that a denial has the least to undo.
    """

    def place(rule: Rule) -> tuple[bool, int, Fraction, str]:
        return (not rule.enforced, PERS.index(rule.per), -rule.share(amounts), rule.id)

    return tuple(sorted(rules, key=place))


def unplaced(rules: Iterable[Rule], skew: timedelta) -> Rule | None:
    """The first rule whose window a clock that is so wrong cannot tell, where it denies what cannot be checked."""
    if abs(skew) <= REFUSED:
        return None
    return next((r for r in rules if r.per == "minute" and r.enforced and r.on_ledger_error == "deny"), None)


def _rule(limit: Limit, models: Mapping[str, str]) -> Rule:
    named = limit.match.get("model")
    match = dict(limit.match) if named is None else {**limit.match, "model": models.get(named, named)}
    bounds = Ceiling.of(limit.tokens, limit.input_tokens, limit.output_tokens, limit.requests, limit.usd)
    enforced = limit.mode == "enforce"
    return Rule(
        rule_id(limit.match, limit.per), match, limit.per, bounds, enforced, limit.on_ledger_error, limit.fallback
    )


def _escaped(value: str) -> str:
    return "".join(_ESCAPES.get(letter, letter) for letter in value)
