"""GetCostAndUsage: the bill, folded by period and up to two keys."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable
from typing import Any

from costsentry_cli.domain.assumptions import COST_DATA_LAG
from costsentry_cli.sandbox.contract import Handler, Request
from costsentry_cli.sandbox.services.ce_attributes import check_attributes
from costsentry_cli.sandbox.services.ce_filter import TagLookup, attribute_of, dimension_of, refuse
from costsentry_cli.sandbox.services.ce_lines import LineItem
from costsentry_cli.sandbox.services.ce_meters import account_name
from costsentry_cli.sandbox.services.ce_pages import next_page, page_of
from costsentry_cli.sandbox.services.ce_periods import Period, is_estimate, periods_of, spelled
from costsentry_cli.sandbox.services.ce_sums import Sums, measured, metrics_of
from costsentry_cli.sandbox.services.ce_tags import visible_tags
from costsentry_cli.sandbox.services.ce_view import check_view, seen_lines

Keys = tuple[str, ...]
KeyOf = Callable[[LineItem], str]

GROUP_DIMENSIONS = (
    "AZ",
    "INSTANCE_TYPE",
    "LEGAL_ENTITY_NAME",
    "INVOICING_ENTITY",
    "LINKED_ACCOUNT",
    "OPERATION",
    "PLATFORM",
    "PURCHASE_TYPE",
    "SERVICE",
    "TENANCY",
    "RECORD_TYPE",
    "USAGE_TYPE",
    "REGION",
    "BILLING_ENTITY",
)
"""Dimensions GetCostAndUsage may group by."""

_MOST_GROUPS = 2


Cell = tuple[int, Keys, Sums]
"""A period's place, the group's keys (none: ungrouped, or a period without groups), the sums."""


def get_cost_and_usage(request: Request) -> dict[str, Any]:
    """GetCostAndUsage; every period of the range is present, groups in the order of their keys.

    Amounts are exact: AWS prints ten decimals, here there are as many as the sum has, so that the groups of a period
    add up to its total to the last digit. Usage younger than ``COST_DATA_LAG`` is not shown; its edge is fixed by the
    first page, so that all pages of an answer show the same bill.
    """
    params = request.params
    check_view(request)
    periods = periods_of(params, request.now)
    check_attributes(params, periods[0].start)
    metrics = metrics_of(params["Metrics"])
    visible = visible_tags(request.store, request.now)
    keys_of = key_functions(params.get("GroupBy", []), visible)
    page = page_of(request, request.now - COST_DATA_LAG)
    cells = _fold(seen_lines(request, periods, page.shown_until), periods, keys_of)
    rows = _rows(cells, len(periods))
    size = int(request.store.setting("ce_page_size", "5000"))
    shown = rows[page.offset : page.offset + size]
    answer = _answer(request, periods, shown, metrics)
    if page.offset + size < len(rows):
        answer["NextPageToken"] = next_page(request, page, size)
    return answer


def _fold(lines: Iterable[LineItem], periods: list[Period], key_functions: list[KeyOf]) -> dict[int, dict[Keys, Sums]]:
    starts = [period.start.timestamp() for period in periods]
    cells: dict[int, dict[Keys, Sums]] = {}
    for item in lines:
        groups = cells.setdefault(bisect_right(starts, item.at) - 1, {})
        keys = tuple(key_of(item) for key_of in key_functions)
        groups.setdefault(keys, Sums()).add(item)
    return cells


def _rows(cells: dict[int, dict[Keys, Sums]], periods: int) -> list[Cell]:
    """One row per group; a period without any has one row without keys, so that it is on a page, too."""
    rows: list[Cell] = []
    for place in range(periods):
        groups = cells.get(place, {})
        rows += [(place, keys, groups[keys]) for keys in sorted(groups)]
        if not groups:
            rows.append((place, (), Sums()))
    return rows


def _answer(request: Request, periods: list[Period], rows: list[Cell], metrics: list[str]) -> dict[str, Any]:
    grouping = request.params.get("GroupBy", [])
    granularity = request.params["Granularity"]
    results: dict[int, dict[str, Any]] = {}
    for place, keys, sums in rows:
        period = periods[place]
        result = results.setdefault(
            place,
            {
                "TimePeriod": {
                    "Start": spelled(period.start, granularity),
                    "End": spelled(period.end, granularity),
                },
                "Total": {} if grouping else measured(sums, metrics),
                "Groups": [],
                "Estimated": is_estimate(period, request.now),
            },
        )
        if keys:
            result["Groups"].append({"Keys": list(keys), "Metrics": measured(sums, metrics)})
    answer: dict[str, Any] = {
        "ResultsByTime": list(results.values()),
        "DimensionValueAttributes": _account_names(rows, grouping),
    }
    return answer | ({"GroupDefinitions": grouping} if grouping else {})


def _account_names(rows: list[Cell], grouping: list[dict[str, str]]) -> list[dict[str, Any]]:
    """The names of the accounts on a page that is grouped by them."""
    dimensions = [group["Key"] if group["Type"] == "DIMENSION" else "" for group in grouping]
    if "LINKED_ACCOUNT" not in dimensions:
        return []
    found = {keys[dimensions.index("LINKED_ACCOUNT")] for _, keys, _ in rows if keys}
    return [{"Value": account, "Attributes": {"description": account_name(account)}} for account in sorted(found)]


def key_functions(groups: list[dict[str, str]], visible: TagLookup) -> list[KeyOf]:
    """What gives a line's key in each of up to two groups; ValidationException for groups AWS does not accept."""
    if len(groups) > _MOST_GROUPS:
        refuse("Only two values for GroupBy are allowed")
    return [_key_function(group.get("Type", ""), group.get("Key", ""), visible) for group in groups]


def _key_function(kind: str, key: str, visible: TagLookup) -> KeyOf:
    if not kind or not key:
        refuse("Group Definition type and key must not be empty.")
    if kind == "DIMENSION":
        if key not in GROUP_DIMENSIONS:
            refuse(f"Group Definition dimension is invalid. Valid values are {', '.join(GROUP_DIMENSIONS)}")
        named = dimension_of(key)
        return lambda item: named(item) or ""
    if kind == "COST_CATEGORY":
        return lambda _: f"{key}$"
    value_of = visible(key) if kind == "TAG" else attribute_of(key)
    return lambda item: f"{key}${value_of(item) or ''}"


OPERATIONS: dict[str, Handler] = {"GetCostAndUsage": get_cost_and_usage}
"""The cost operations; ``ce`` joins them with the others."""
