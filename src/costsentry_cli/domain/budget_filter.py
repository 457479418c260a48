"""What a budget counts, read out of any of the forms AWS has: an expression, the older cost filters, or nothing.

Sources: AWS Budgets API reference, ``Expression`` and ``Budget.CostFilters``; user guide, "Creating budget filters".
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from costsentry_cli.domain.assumptions import BEDROCK_SERVICE_NAME_MARK, EVERY_BEDROCK_COST_HAS_A_PROVIDER
from costsentry_cli.domain.aws_limits import AWS_TAG_PREFIX

USER_PREFIX = "user:"
"""What a user-defined tag key must begin with in the older form; without it a budget counts nothing."""


@dataclass(frozen=True)
class Slice:
    """Which costs a budget counts, as far as that is understood.

    ``tags``: key -> values, a cost must carry one value of each. ``services``: the only service names counted, empty
    for any. ``bedrock``: it counts Bedrock costs alone. ``rest``: the conditions that are something else, as compact
    JSON. ``unprefixed``: older tag filters without ``user:``. ``either``: any one of ``tags`` is enough, not all.
    """

    tags: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    services: tuple[str, ...] = ()
    bedrock: bool = False
    rest: tuple[str, ...] = ()
    unprefixed: tuple[str, ...] = ()
    either: bool = False
    legacy: bool = False

    @property
    def plain(self) -> bool:
        """Nothing in it but tags, services and "all Bedrock": its costs can be asked for."""
        return not self.rest and not self.unprefixed and not self.either

    def identity(self) -> str:
        """Equal for filters that count the same costs, whatever form they have."""
        parts: list[object] = [sorted((key, sorted(values)) for key, values in self.tags.items())]
        parts += [sorted(self.services), self.bedrock, sorted(self.rest), sorted(self.unprefixed), self.either]
        return json.dumps(parts)

    def text(self) -> str:
        """``costCenter=sales``, for people; Bedrock is meant unless it says ``every service``."""
        parts = [f"{key}={'|'.join(values)}" for key, values in self.tags.items()]
        parts += [f"{one} (no {USER_PREFIX})" for one in self.unprefixed]
        parts += [" | ".join(self.services)] if self.services else []
        parts += self.rest
        text = (" or " if self.either else ", ").join(parts)
        if self.bedrock or self.services:
            return text or "all Bedrock"
        return f"{text}, every service" if text else "every service"


def slice_of_tags(tags: Mapping[str, str]) -> Slice:
    """All Bedrock costs that carry these tags: what a budget of the manifest counts."""
    return Slice({key: (value,) for key, value in tags.items()}, bedrock=True)


def read_filter(budget: Mapping[str, Any]) -> Slice:
    """The slice of a budget as ``DescribeBudgets`` shows it; ask with ``ShowFilterExpression``."""
    if budget.get("FilterExpression"):
        return _of_expression(budget["FilterExpression"])
    if budget.get("CostFilters"):
        return _of_cost_filters(budget["CostFilters"])
    return Slice()


def _of_expression(expression: Mapping[str, Any]) -> Slice:
    tags: dict[str, tuple[str, ...]] = {}
    services: tuple[str, ...] = ()
    bedrock, rest = False, []
    for part in _conditions(expression):
        named = _equal(part, "Tags")
        served = _equal(part, "Dimensions") if part.get("Dimensions", {}).get("Key") == "SERVICE" else None
        if named is not None and named[0] not in tags:
            tags[named[0]] = named[1]
        elif served is not None and not services:
            services = served[1]
        elif _provided(part):
            bedrock = True
        elif not _bookkeeping(part):
            bedrock = bedrock or _equal(part, "ProductAttributes") is not None
            rest.append(_compact(part))
    return Slice(tags, services, bedrock or _all_bedrock(services), tuple(rest))


def _conditions(expression: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """What must all hold: the operands of nested ``And``."""
    if "And" not in expression:
        yield expression
        return
    for part in expression["And"]:
        yield from _conditions(part)


def _equal(part: Mapping[str, Any], root: str) -> tuple[str, tuple[str, ...]] | None:
    """Key and values of a leaf that asks for one of some values."""
    leaf = part.get(root)
    if leaf is None or set(leaf.get("MatchOptions", ())) - {"EQUALS", "CASE_SENSITIVE"} or not leaf.get("Values"):
        return None
    return leaf["Key"], tuple(leaf["Values"])


def _provided(part: Mapping[str, Any]) -> bool:
    """``Not provider ABSENT``: all of Bedrock, whatever service name it is billed under."""
    leaf = part.get("Not", {}).get("ProductAttributes", {})
    return (leaf.get("Key"), leaf.get("MatchOptions")) == (EVERY_BEDROCK_COST_HAS_A_PROVIDER, ["ABSENT"])


def _bookkeeping(part: Mapping[str, Any]) -> bool:
    """Credits, refunds and taxes left out: usage is counted either way."""
    return bool(part.get("Not", {}).get("Dimensions", {}).get("Key") == "RECORD_TYPE")


def _of_cost_filters(filters: Mapping[str, Any]) -> Slice:
    texts = filters.get("TagKeyValue", ())
    tags: dict[str, tuple[str, ...]] = {}
    unprefixed = []
    for text in texts:
        key, _, value = text.partition("$")
        if key.startswith((USER_PREFIX, AWS_TAG_PREFIX)):
            key = key.removeprefix(USER_PREFIX)
            tags[key] = (*tags.get(key, ()), value)
        else:
            unprefixed.append(text)
    services = tuple(filters.get("Service", ()))
    rest = [_compact({name: values}) for name, values in filters.items() if name not in ("TagKeyValue", "Service")]
    either = len(tags) > 1
    return Slice(tags, services, _all_bedrock(services), tuple(rest), tuple(unprefixed), either, legacy=True)


def _all_bedrock(services: tuple[str, ...]) -> bool:
    return bool(services) and all(BEDROCK_SERVICE_NAME_MARK in name.lower() for name in services)


def _compact(part: object) -> str:
    return json.dumps(part, sort_keys=True, separators=(",", ":"))
