"""Product attributes in a request: since when there are any, and which SERVICE filters may stand beside them.

Source: ProductAttributeValues in the Cost Explorer API reference.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from costsentry_cli.domain.assumptions import BEDROCK_SERVICE_NAME_MARK, PRODUCT_ATTRIBUTES_SINCE
from costsentry_cli.sandbox.services.ce_filter import names_product_attributes, refuse

_KIND = "PRODUCT_ATTRIBUTE"


def check_attributes(params: Mapping[str, Any], start: datetime, *, needs_service: bool = False) -> None:
    """Refuse a request that uses product attributes in a way AWS does not; nothing for one that does not use them.

    ``needs_service``: the operation wants a SERVICE filter beside a filter on attributes, in every branch of an Or and
    not inside a Not. Raises ``ServiceError``: DataUnavailableException for a time before they were there,
    ValidationException.
    """
    if not uses_attributes(params):
        return
    if start.date() < PRODUCT_ATTRIBUTES_SINCE:
        refuse(f"Product attributes are only available from {PRODUCT_ATTRIBUTES_SINCE} on.", "DataUnavailableException")
    expression = params.get("Filter", {})
    for name in _services(expression):
        if BEDROCK_SERVICE_NAME_MARK not in name.lower():
            refuse(f"Product attributes are not supported for the service {name}.")
    if needs_service and names_product_attributes(expression) and not _is_of_services(expression):
        refuse("A filter with ProductAttributes requires a SERVICE filter.")


def refuse_attributes(params: Mapping[str, Any], operation: str) -> None:
    """Raises ``ServiceError`` ValidationException when an operation without product attributes is asked for them."""
    if uses_attributes(params):
        refuse(f"Product attributes are not supported by {operation}.")


def uses_attributes(params: Mapping[str, Any]) -> bool:
    """Whether a request looks at product attributes: by its filter, its groups or the dimension asked for."""
    grouped = any(group.get("Type") == _KIND for group in params.get("GroupBy", ()))
    return grouped or params.get("Dimension") == _KIND or names_product_attributes(params.get("Filter", {}))


def _services(expression: Mapping[str, Any]) -> Iterator[str]:
    """Every service that any part of an expression names."""
    leaf = expression.get("Dimensions", {})
    if leaf.get("Key") == "SERVICE":
        yield from leaf.get("Values", ())
    nested = [*expression.get("And", ()), *expression.get("Or", ())]
    nested += [expression["Not"]] if "Not" in expression else []
    for part in nested:
        yield from _services(part)


def _is_of_services(expression: Mapping[str, Any]) -> bool:
    """Whether all that an expression matches is of services that it names."""
    if "And" in expression:
        return any(map(_is_of_services, expression["And"]))
    if "Or" in expression:
        return all(map(_is_of_services, expression["Or"]))
    return bool(expression.get("Dimensions", {}).get("Key") == "SERVICE")
