"""The limits as a person meets them: by id, with their place in the manifest, and how each stands in one word."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from costsentry_cli.domain.errors import SentryError
from costsentry_cli.domain.ledger.counters import NANOS, Amounts, Count
from costsentry_cli.domain.ledger.outcomes import Standing
from costsentry_cli.domain.ledger.rules import Rule, rule_id, rules_of
from costsentry_cli.domain.ledger.windows import Window
from costsentry_cli.domain.manifest.findings import most_similar
from costsentry_cli.domain.manifest.types import Limit, Manifest
from costsentry_cli.domain.money import CENTS, FINEST, plain, rounded, usd

LEAST = Decimal(1).scaleb(-FINEST)


class State(StrEnum):
    """How a limit stands; one that only observes denies nothing, whatever is used."""

    OPEN = "open"
    EXHAUSTED = "exhausted"
    OBSERVED = "observed"
    OVER = "observed, over"


GATES = {"exhausted": frozenset({State.EXHAUSTED})}
"""What ``--fail-on`` takes, and the states that trip it."""


@dataclass(frozen=True)
class Declared:
    """A limit of the manifest with its rule, and where it is declared (``profiles.yaml:15``)."""

    limit: Limit
    rule: Rule
    place: str


@dataclass(frozen=True)
class Known:
    """A limit's standing now, the windows before it (the latest first), and its denied calls (None: not known)."""

    declared: Declared
    standing: Standing
    denied: int | None = None
    before: tuple[tuple[Window, Count], ...] = ()

    @property
    def state(self) -> State:
        """Whether the next call has any room."""
        used_up = any(left <= 0 for left in self.standing.remaining.values())
        if self.declared.rule.enforced:
            return State.EXHAUSTED if used_up else State.OPEN
        return State.OVER if self.standing.over else State.OBSERVED


def declared(manifest: Manifest) -> tuple[Declared, ...]:
    """The manifest's limits, in its order."""
    rules = rules_of(manifest.limits, manifest.models).rules
    name = manifest.source.name
    pairs = zip(manifest.limits, rules, strict=True)
    return tuple(Declared(limit, rule, f"{name}:{limit.at.line}") for limit, rule in pairs)


def place_of(manifest: Manifest, id: str) -> str:
    """``profiles.yaml:15``, where the limit with this id is declared; empty when it is not there."""
    found = (limit for limit in manifest.limits if rule_id(limit.match, limit.per) == id)
    return next((f"{manifest.source.name}:{limit.at.line}" for limit in found), "")


def named(manifest: Manifest, id: str) -> Declared:
    """The limit with this id. Raises ``SentryError`` CS0101 with the nearest one."""
    limits = declared(manifest)
    ids = tuple(one.rule.id for one in limits)
    if id in ids:
        return limits[ids.index(id)]
    near = most_similar(id, ids)
    advice = f"did you mean {shlex.quote(near)}?" if near is not None else "list them: sentry limits status"
    raise SentryError(
        "CS0101", f"{manifest.source.name} has no limit {id!r}", help=advice, details=() if near is not None else ids
    )


def failing(known: Iterable[Known], gates: Iterable[str]) -> tuple[str, ...]:
    """The limits in a state that one of the gates trips on, with it."""
    tripped = {state for gate in gates for state in GATES[gate]}
    return tuple(f"{one.declared.rule.id}: {one.state}" for one in known if one.state in tripped)


def amount(unit: str, value: int) -> tuple[str, int | Decimal]:
    """A unit of the ledger as programs name it: money is ``usd``, in dollars."""
    return ("usd", Decimal(value) / NANOS) if unit == "nano_usd" else (unit, value)


def amounts_document(amounts: Mapping[str, int]) -> dict[str, int | str]:
    """Amounts by unit for programs; money is a decimal string."""
    named = (amount(unit, value) for unit, value in amounts.items())
    return {unit: plain(value) if isinstance(value, Decimal) else value for unit, value in named}


def figure(unit: str, value: int) -> str:
    """The number alone: ``1,234``, ``$0.0109``; under a dollar with more digits."""
    if unit not in ("usd", "nano_usd"):
        return f"{value:,}"
    money = Decimal(value) / NANOS
    if 0 < money < LEAST:
        return f"<${LEAST}"
    small = 0 < abs(money) < 1
    decimals = min(FINEST, max(CENTS, 2 - money.adjusted())) if small else CENTS
    return usd(rounded(money, decimals), decimals)


def quantity(unit: str, value: int) -> str:
    """The number with its unit: ``1,234 tokens``, ``1 request``, ``$0.0109``."""
    if unit in ("usd", "nano_usd"):
        return figure(unit, value)
    words = unit.replace("_", " ")
    return f"{value:,} {words.removesuffix('s') if value == 1 else words}"


def quantities(amounts: Amounts) -> str:
    """``1,028 tokens, 1 request, $0.0056``: what is not zero, parts of the tokens left out."""
    whole = (pair for pair in amounts.items() if pair[0] not in ("input_tokens", "output_tokens"))
    return ", ".join(quantity(unit, value) for unit, value in whole if value) or "nothing"


def share(used: int, bound: int) -> Decimal:
    """The part of a bound that is used; of a bound of zero all."""
    return Decimal(used) / bound if bound else Decimal(1)
