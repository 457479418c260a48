"""What there is to filter by: GetDimensionValues, GetTags and GetCostCategories.

Values are those of the lines of the bill in the time asked for, in the order of the alphabet (so "" comes first), or
with SortBy in the order of a metric, where at most 1,000 are answered and pages and searches are refused. A search
finds text anywhere in a value, in upper or lower case. The sandbox has no reservations, savings plans and cost
categories: their contexts are empty.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any

from costsentry_cli.domain.assumptions import COST_DATA_LAG
from costsentry_cli.sandbox.contract import Handler, Request
from costsentry_cli.sandbox.services.ce_attributes import check_attributes
from costsentry_cli.sandbox.services.ce_filter import attribute_of, compile_filter, dimension_of, refuse
from costsentry_cli.sandbox.services.ce_lines import LineItem
from costsentry_cli.sandbox.services.ce_meters import account_name
from costsentry_cli.sandbox.services.ce_pages import Page, next_page, page_of
from costsentry_cli.sandbox.services.ce_periods import range_of
from costsentry_cli.sandbox.services.ce_sums import METRICS, Sums
from costsentry_cli.sandbox.services.ce_tags import visible_tags
from costsentry_cli.sandbox.services.ce_view import check_view, seen_lines

VALUE_DIMENSIONS = frozenset(
    (
        "AZ",
        "BILLING_ENTITY",
        "CACHE_ENGINE",
        "DATABASE_ENGINE",
        "DEPLOYMENT_OPTION",
        "INSTANCE_TYPE",
        "INSTANCE_TYPE_FAMILY",
        "INVOICING_ENTITY",
        "LEGAL_ENTITY_NAME",
        "LINKED_ACCOUNT",
        "OPERATING_SYSTEM",
        "OPERATION",
        "PLATFORM",
        "PRODUCT_ATTRIBUTE",
        "PURCHASE_TYPE",
        "RECORD_TYPE",
        "REGION",
        "RESERVATION_ID",
        "SAVINGS_PLANS_TYPE",
        "SAVINGS_PLAN_ARN",
        "SERVICE",
        "TENANCY",
        "USAGE_TYPE",
        "USAGE_TYPE_GROUP",
    )
)
"""Dimensions whose values GetDimensionValues gives in the context COST_AND_USAGE."""

_MOST_SORTED = 1000
_OTHER_CONTEXTS = ("RESERVATIONS", "SAVINGS_PLANS")

_Found = dict[str, Sums]
_ValuesOf = Callable[[LineItem], Iterable[str]]


def get_dimension_values(request: Request) -> dict[str, Any]:
    """GetDimensionValues: values of a dimension; of PRODUCT_ATTRIBUTE the keys, or the values of a DimensionKey.

    An account comes with its name, a usage type with its unit. Raises ``ServiceError``: ValidationException,
    DataUnavailableException, ResourceNotFoundException, InvalidNextTokenException, RequestChangedException.
    """
    params = request.params
    _check_dimension(params)
    page = _checked(request)
    if params.get("Context") in _OTHER_CONTEXTS:
        found: _Found = {}
    else:
        found = _found(request, page, _values_of(params))
    return _answer(request, page, found, "DimensionValues", lambda value: _described(params["Dimension"], value, found))


def get_tags(request: Request) -> dict[str, Any]:
    """GetTags: the tag keys that billing shows on usage, or the values of a TagKey, "" for usage without one.

    Raises ``ServiceError`` as GetDimensionValues does.
    """
    page = _checked(request)
    visible = cache(visible_tags(request.store, request.now))
    if key := request.params.get("TagKey"):
        value_of = visible(key)
        found = _found(request, page, lambda item: (value_of(item) or "",))
    else:
        found = _found(request, page, lambda item: [key for key in item.tags if visible(key)(item) is not None])
    return _answer(request, page, found, "Tags", lambda value: value)


def get_cost_categories(request: Request) -> dict[str, Any]:
    """GetCostCategories: none, in the form AWS has for an account without any; errors as of GetTags."""
    page = _checked(request)
    answer = _answer(request, page, {}, "CostCategoryNames", lambda value: value)
    return answer | ({"CostCategoryValues": []} if "CostCategoryName" in request.params else {})


def _checked(request: Request) -> Page:
    """Where the answer begins; everything that is refused whatever the bill has is refused."""
    params = request.params
    check_view(request)
    whole = range_of(params, request.now)
    check_attributes(params, whole.start, needs_service=True)
    if "Filter" in params:
        compile_filter(params["Filter"], visible_tags(request.store, request.now))
    _check_sort(params)
    return page_of(request, request.now - COST_DATA_LAG)


def _check_dimension(params: Mapping[str, Any]) -> None:
    dimension, key = params["Dimension"], params.get("DimensionKey", "")
    if dimension not in VALUE_DIMENSIONS:
        refuse(f"Dimension {dimension} is invalid. Valid values are {', '.join(sorted(VALUE_DIMENSIONS))}")
    if dimension != "PRODUCT_ATTRIBUTE":
        if key:
            refuse("DimensionKey is only supported for the dimension PRODUCT_ATTRIBUTE.")
        return
    if params.get("Context") in _OTHER_CONTEXTS:
        refuse("The dimension PRODUCT_ATTRIBUTE is only supported in the context COST_AND_USAGE.")
    if params.get("SortBy") and not key:
        refuse("DimensionKey is required when SortBy is used with the dimension PRODUCT_ATTRIBUTE.")


def _check_sort(params: Mapping[str, Any]) -> None:
    sorts = params.get("SortBy", ())
    if not sorts:
        if "MaxResults" in params:
            refuse("MaxResults is only supported with SortBy.")
        return
    for name in ("NextPageToken", "SearchString"):
        if params.get(name):
            refuse(f"{name} is not supported with SortBy.")
    if len(sorts) > 1:
        refuse("Only one SortBy is allowed.")
    if sorts[0]["Key"] not in METRICS:
        refuse(f"SortBy key {sorts[0]['Key']} is invalid. Valid values are {', '.join(METRICS)}")
    if params.get("Context") in _OTHER_CONTEXTS:
        refuse("SortBy is only supported in the context COST_AND_USAGE.")
    if params.get("MaxResults", 1) > _MOST_SORTED:
        refuse(f"MaxResults must be at most {_MOST_SORTED}.")


def _values_of(params: Mapping[str, Any]) -> _ValuesOf:
    if params["Dimension"] != "PRODUCT_ATTRIBUTE":
        value_of = dimension_of(params["Dimension"])
    elif key := params.get("DimensionKey"):
        value_of = attribute_of(key)
    else:
        return lambda item: item.meter.attributes
    return lambda item: (value_of(item) or "",)


def _found(request: Request, page: Page, values_of: _ValuesOf) -> _Found:
    found: _Found = {}
    for item in seen_lines(request, [range_of(request.params, request.now)], page.shown_until):
        for value in values_of(item):
            found.setdefault(value, Sums()).add(item)
    return found


def _answer(request: Request, page: Page, found: _Found, member: str, shown: Callable[[str], Any]) -> dict[str, Any]:
    values = _ordered(request.params, found)
    size = request.params.get("MaxResults", _MOST_SORTED)
    if not request.params.get("SortBy"):
        size = int(request.store.setting("ce_page_size", "5000"))
    part = values[page.offset : page.offset + size]
    answer = {member: [shown(value) for value in part], "ReturnSize": len(part), "TotalSize": len(values)}
    if page.offset + size < len(values) and not request.params.get("SortBy"):
        answer["NextPageToken"] = next_page(request, page, size)
    return answer


def _ordered(params: Mapping[str, Any], found: _Found) -> list[str]:
    values = sorted(value for value in found if params.get("SearchString", "").lower() in value.lower())
    for sort in params.get("SortBy", ()):
        falling = sort.get("SortOrder", "DESCENDING") == "DESCENDING"
        values.sort(key=lambda value: found[value].amount(sort["Key"]), reverse=falling)
    return values


def _described(dimension: str, value: str, found: _Found) -> dict[str, Any]:
    if dimension == "LINKED_ACCOUNT":
        return {"Value": value, "Attributes": {"description": account_name(value)}}
    if dimension == "USAGE_TYPE":
        return {"Value": value, "Attributes": {"unit": found[value].unit("UsageQuantity")}}
    return {"Value": value, "Attributes": {}}


OPERATIONS: dict[str, Handler] = {
    "GetDimensionValues": get_dimension_values,
    "GetTags": get_tags,
    "GetCostCategories": get_cost_categories,
}
"""The operations that list values; ``ce`` joins them with the others."""
