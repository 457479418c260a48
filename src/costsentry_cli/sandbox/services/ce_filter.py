"""Cost Explorer's filter expressions, compiled to a predicate over line items."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NoReturn

from costsentry_cli.sandbox.contract import ServiceError
from costsentry_cli.sandbox.services.ce_lines import LineItem

Predicate = Callable[[LineItem], bool]
ValueOf = Callable[[LineItem], str | None]
TagLookup = Callable[[str], ValueOf]
"""From a tag key to a function giving a line item's value of it; None where billing knows no value."""

_LEAVES = ("Dimensions", "Tags", "CostCategories", "ProductAttributes")
_ROOTS = ("And", "Or", "Not", *_LEAVES)
_MATCHES = {"Dimensions": {"EQUALS", "CASE_SENSITIVE"}}
_MATCHES_ABSENT = {"EQUALS", "ABSENT", "CASE_SENSITIVE"}
_MOST_FILTERS = 100

FILTER_DIMENSIONS = frozenset(
    (
        "AZ",
        "INSTANCE_TYPE",
        "LINKED_ACCOUNT",
        "LINKED_ACCOUNT_NAME",
        "PAYER_ACCOUNT",
        "OPERATION",
        "PURCHASE_TYPE",
        "REGION",
        "SERVICE",
        "SERVICE_CODE",
        "USAGE_TYPE",
        "USAGE_TYPE_GROUP",
        "RECORD_TYPE",
        "OPERATING_SYSTEM",
        "TENANCY",
        "PLATFORM",
        "LEGAL_ENTITY_NAME",
        "DEPLOYMENT_OPTION",
        "DATABASE_ENGINE",
        "CACHE_ENGINE",
        "INSTANCE_TYPE_FAMILY",
        "BILLING_ENTITY",
        "INVOICING_ENTITY",
        "RESERVATION_ID",
        "SAVINGS_PLANS_TYPE",
        "SAVINGS_PLAN_ARN",
        "SCOPE",
        "SUBSCRIPTION_ID",
    )
)
"""Dimensions a filter of GetCostAndUsage may name."""


def refuse(message: str, code: str = "ValidationException") -> NoReturn:
    """Answer the caller's mistake as Cost Explorer does: HTTP 400."""
    raise ServiceError(code, message)


def dimension_of(key: str) -> ValueOf:
    """A line item's value of a dimension; Bedrock usage has no instance, zone, platform…: AWS says ``NoPlatform``."""
    nothing = "No" + key.title().replace("_", "")
    return lambda item: item.meter.dimensions.get(key, nothing)


def attribute_of(key: str) -> ValueOf:
    """A line item's value of a product attribute; None for a key that billing does not have."""
    return lambda item: item.meter.attributes.get(key)


def names_product_attributes(expression: Mapping[str, Any]) -> bool:
    """Whether any part of an expression looks at product attributes."""
    nested = [*expression.get("And", ()), *expression.get("Or", ())]
    nested += [expression["Not"]] if "Not" in expression else []
    return "ProductAttributes" in expression or any(names_product_attributes(part) for part in nested)


def compile_filter(expression: Mapping[str, Any], tag_of: TagLookup) -> Predicate:
    """A predicate for an Expression; ValidationException for one that AWS does not accept.

    Source: Expression in the Cost Explorer API reference. One root in every node, And/Or with two or more operands,
    at most 100 leaves (quota), ABSENT only where AWS has it and without values.
    """
    if _leaves(expression) > _MOST_FILTERS:
        refuse(f"The filter has more than {_MOST_FILTERS} values sets. Reduce the number of filters.")
    return _compile(expression, tag_of)


def _leaves(expression: Mapping[str, Any]) -> int:
    nested = [*expression.get("And", ()), *expression.get("Or", ())]
    nested += [expression["Not"]] if "Not" in expression else []
    return sum(key in _LEAVES for key in expression) + sum(map(_leaves, nested))


def _compile(expression: Mapping[str, Any], tag_of: TagLookup) -> Predicate:
    root = _root(expression)
    if root == "Not":
        inner = _compile(expression["Not"], tag_of)
        return lambda item: not inner(item)
    if root in ("And", "Or"):
        return _joined(root, [_compile(part, tag_of) for part in expression[root]])
    return _leaf(root, expression[root], tag_of)


def _root(expression: Mapping[str, Any]) -> str:
    roots = [name for name in _ROOTS if name in expression]
    allowed = "Only one root operator is allowed for each expression: " + ", ".join(_ROOTS)
    if len(roots) > 1:
        refuse(f"Expression has more than one roots. {allowed}")
    if not roots:
        refuse(f"Expression has no root. {allowed}")
    return roots[0]


def _joined(root: str, parts: list[Predicate]) -> Predicate:
    if len(parts) < 2:
        refuse(f"{root} expression must have at least 2 operands.")
    if root == "And":
        return lambda item: all(part(item) for part in parts)
    return lambda item: any(part(item) for part in parts)


def _leaf(root: str, leaf: Mapping[str, Any], tag_of: TagLookup) -> Predicate:
    key = leaf.get("Key", "")
    options = _options(root, key, leaf)
    value_of = _value_of(root, key, tag_of)
    if "ABSENT" in options:
        return lambda item: not value_of(item)
    wanted = frozenset(leaf["Values"])
    # An empty value means "without the tag": AWS files untagged usage under the empty value.
    return lambda item: (value_of(item) or "") in wanted


def _options(root: str, key: str, leaf: Mapping[str, Any]) -> list[str]:
    options: list[str] = leaf.get("MatchOptions", [])
    allowed = _MATCHES.get(root, _MATCHES_ABSENT)
    for option in options:
        if option not in allowed:
            refuse(f"Match option {option} is not supported for {root}. Valid values are {', '.join(sorted(allowed))}")
    if not key:
        refuse(f"{root} filter has no key.")
    if "ABSENT" in options and leaf.get("Values"):
        refuse(f"{root} filter {key}: Values must be empty with the match option ABSENT.")
    if "ABSENT" not in options and not leaf.get("Values"):
        refuse(f"{root} filter {key}: Values must not be empty.")
    return options


def _value_of(root: str, key: str, tag_of: TagLookup) -> ValueOf:
    if root == "Dimensions":
        if key not in FILTER_DIMENSIONS:
            refuse(f"Dimension {key} is invalid. Valid values are {', '.join(sorted(FILTER_DIMENSIONS))}")
        return dimension_of(key)
    if root == "Tags":
        return tag_of(key)
    # The sandbox has no cost categories: every line is outside of each.
    return attribute_of(key) if root == "ProductAttributes" else lambda _: None
