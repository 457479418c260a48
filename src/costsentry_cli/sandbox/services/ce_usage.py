"""GetCostAndUsage: the bill, folded by period and up to two keys."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from math import inf, nextafter
from typing import Any

from costsentry_cli.domain.assumptions import COST_DATA_LAG
from costsentry_cli.sandbox.contract import ACCOUNT, Handler, Request
from costsentry_cli.sandbox.services.ce_filter import TagLookup, attribute_of, compile_filter, dimension_of, refuse
from costsentry_cli.sandbox.services.ce_lines import LineItem, lines_between
from costsentry_cli.sandbox.services.ce_meters import account_name
from costsentry_cli.sandbox.services.ce_pages import Page, next_page, page_of
from costsentry_cli.sandbox.services.ce_periods import Period, is_estimate, periods_of, spelled
from costsentry_cli.sandbox.services.ce_tags import visible_tags

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

_COSTS = ("AmortizedCost", "BlendedCost", "NetAmortizedCost", "NetUnblendedCost", "UnblendedCost")
_METRICS = (*_COSTS, "NormalizedUsageAmount", "UsageQuantity")
# AWS takes both spellings and documents the first.
_METRIC_NAMES = {name: name for name in _METRICS} | {
    "".join(f"_{letter}" if letter.isupper() else letter for letter in name).strip("_").upper(): name
    for name in _METRICS
}
_MOST_GROUPS = 2


@dataclass
class Sums:
    """What the lines of one cell add up to: exact US dollars, usage in the meters' units."""

    cost: Decimal = Decimal(0)
    quantity: Decimal = Decimal(0)
    units: set[str] = field(default_factory=set)

    def add(self, item: LineItem) -> None:
        """Add a line item."""
        self.cost += item.cost
        self.quantity += item.quantity
        self.units.add(item.meter.unit)


Cell = tuple[int, Keys, Sums]
"""A period's place, the group's keys (none: ungrouped, or a period without groups), the sums."""


def get_cost_and_usage(request: Request) -> dict[str, Any]:
    """GetCostAndUsage; every period of the range is present, groups in the order of their keys.

    Amounts are exact: AWS prints ten decimals, here there are as many as the sum has, so that the groups of a period
    add up to its total to the last digit. Usage younger than ``COST_DATA_LAG`` is not shown. The payer sees every
    account, another account itself.
    """
    params = request.params
    periods = periods_of(params, request.now)
    metrics = _metrics(params["Metrics"])
    visible = visible_tags(request.store, request.now)
    key_functions = _key_functions(params.get("GroupBy", []), visible)
    page = page_of(request, request.now - COST_DATA_LAG)
    cells = _fold(_lines(request, periods, page, visible), periods, key_functions)
    rows = _rows(cells, len(periods))
    size = int(request.store.setting("ce_page_size", "5000"))
    shown = rows[page.offset : page.offset + size]
    answer = _answer(request, periods, shown, metrics)
    if page.offset + size < len(rows):
        answer["NextPageToken"] = next_page(request, page, size)
    return answer


def _lines(request: Request, periods: list[Period], page: Page, visible: TagLookup) -> Iterable[LineItem]:
    # The lag's edge (shown itself) is fixed by the first page, so that all pages of an answer show the same bill.
    end = min(periods[-1].end.timestamp(), nextafter(page.shown_until, inf))
    seen = None if request.account == ACCOUNT else request.account
    lines = lines_between(request.store, periods[0].start.timestamp(), end, seen)
    if "Filter" not in request.params:
        return lines
    return filter(compile_filter(request.params["Filter"], visible), lines)


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
                "Total": {} if grouping else _measured(sums, metrics),
                "Groups": [],
                "Estimated": is_estimate(period, request.now),
            },
        )
        if keys:
            result["Groups"].append({"Keys": list(keys), "Metrics": _measured(sums, metrics)})
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


def _measured(sums: Sums, metrics: list[str]) -> dict[str, dict[str, str]]:
    return {name: _measure(name, sums) for name in metrics}


def _measure(name: str, sums: Sums) -> dict[str, str]:
    if name in _COSTS:
        return {"Amount": _plain(sums.cost), "Unit": "USD"}
    if name == "UsageQuantity":
        # Unlike units are added up, as AWS does; then the unit is not available.
        return {"Amount": _plain(sums.quantity), "Unit": sums.units.copy().pop() if len(sums.units) == 1 else "N/A"}
    return {"Amount": "0", "Unit": "N/A"}


def _plain(value: Decimal) -> str:
    return format(value.normalize(), "f") if value else "0"


def _metrics(names: list[str]) -> list[str]:
    if not names:
        refuse("Metrics can not be empty")
    for name in names:
        if name not in _METRIC_NAMES:
            valid = ", ".join(sorted(set(_METRIC_NAMES) - set(_METRICS)))
            refuse(f"Metric {name} is invalid. Valid values are {valid}")
    return [_METRIC_NAMES[name] for name in names]


def _key_functions(groups: list[dict[str, str]], visible: TagLookup) -> list[KeyOf]:
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
