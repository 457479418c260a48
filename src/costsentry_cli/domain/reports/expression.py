"""Cost Explorer's ``Expression`` for a question: all Bedrock spend, whatever it is billed under, and the filters.

Two scopes find all of it: since ``PRODUCT_ATTRIBUTES_SINCE`` the product attribute every Bedrock cost has, before that
the service names AWS itself lists for the period. A fixed list of names misses marketplace-billed models.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from costsentry_cli.domain.assumptions import (
    BEDROCK_SERVICE_NAME_MARK,
    EVERY_BEDROCK_COST_HAS_A_PROVIDER,
    PRODUCT_ATTRIBUTES_SINCE,
)
from costsentry_cli.domain.calls import ApiCall
from costsentry_cli.domain.reports.question import ATTRIBUTE, DIMENSION, TAG, Condition, Group
from costsentry_cli.domain.window import Window

NOT_USAGE = ("Credit", "Refund", "Tax")
"""Record types that are no usage: shown apart."""
SEARCH = "Bedrock"
Expression = dict[str, Any]
_ABSENT = ["ABSENT"]
_LEAVES = {TAG: "Tags", DIMENSION: "Dimensions", ATTRIBUTE: "ProductAttributes"}

BY_ATTRIBUTE: Expression = {
    "Not": {"ProductAttributes": {"Key": EVERY_BEDROCK_COST_HAS_A_PROVIDER, "MatchOptions": _ABSENT}}
}
"""All Bedrock spend; results are Bedrock's alone as soon as a filter names a product attribute (AWS: Filter)."""
USAGE: Expression = {"Not": {"Dimensions": {"Key": "RECORD_TYPE", "Values": list(NOT_USAGE)}}}
NO_USAGE: Expression = {"Dimensions": {"Key": "RECORD_TYPE", "Values": list(NOT_USAGE)}}


def by_attributes(window: Window) -> bool:
    """Whether the period allows product attributes."""
    return window.start >= PRODUCT_ATTRIBUTES_SINCE


def services_call(window: Window, view: str = "") -> ApiCall:
    """Which service names Bedrock spend was billed under in a period: one paid request."""
    params: dict[str, Any] = {"TimePeriod": period_of(window), "Dimension": "SERVICE", "SearchString": SEARCH}
    return ApiCall("ce", "GetDimensionValues", params | ({"BillingViewArn": view} if view else {}))


def services_in(pages: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """The names of an answer that are Bedrock's."""
    names = {value["Value"] for page in pages for value in page.get("DimensionValues", ())}
    return tuple(sorted(name for name in names if BEDROCK_SERVICE_NAME_MARK in name.lower()))


def by_services(names: Sequence[str]) -> Expression:
    """All Bedrock spend under these service names."""
    return {"Dimensions": {"Key": "SERVICE", "Values": list(names)}}


def period_of(window: Window, *, hours: bool = False) -> dict[str, str]:
    """AWS's ``DateInterval``."""
    clock = "T00:00:00Z" if hours else ""
    return {"Start": f"{window.start}{clock}", "End": f"{window.end}{clock}"}


def group_by(group: Group) -> dict[str, str]:
    """AWS's ``GroupDefinition``."""
    return {"Type": group.kind, "Key": group.key}


def joined(parts: Sequence[Expression]) -> Expression:
    """All of these at once; AWS wants two parts or more in an ``And``."""
    return parts[0] if len(parts) == 1 else {"And": list(parts)}


def conditions(only: Sequence[Condition], without: Sequence[Condition]) -> list[Expression]:
    """The filters, each an expression of its own."""
    return [_any_of(one) for one in only] + [{"Not": _any_of(one)} for one in without]


def _any_of(one: Condition) -> Expression:
    leaf = _LEAVES[one.group.kind]
    values = [value for value in one.values if value]
    absent: Expression = {leaf: {"Key": one.group.key, "MatchOptions": _ABSENT}}
    if not values:
        return absent
    present: Expression = {leaf: {"Key": one.group.key, "Values": values}}
    return present if len(values) == len(one.values) else {"Or": [present, absent]}
