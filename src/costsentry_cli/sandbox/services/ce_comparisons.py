"""Two months held against each other: GetCostAndUsageComparisons, and GetCostComparisonDrivers with the reasons.

Both put first what differs most. The drivers are by service and usage type (and the groups asked for); what the
sandbox bills can differ by use, credits, refunds and tax. Neither has anything that is zero in both months.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from costsentry_cli.domain.assumptions import COST_DATA_LAG
from costsentry_cli.sandbox.contract import Handler, Request
from costsentry_cli.sandbox.services.ce_attributes import refuse_attributes
from costsentry_cli.sandbox.services.ce_filter import refuse
from costsentry_cli.sandbox.services.ce_pages import Page, next_page, page_of
from costsentry_cli.sandbox.services.ce_periods import month_of
from costsentry_cli.sandbox.services.ce_sums import METRICS, Sums, plain
from costsentry_cli.sandbox.services.ce_tags import visible_tags
from costsentry_cli.sandbox.services.ce_usage import key_functions
from costsentry_cli.sandbox.services.ce_view import check_view, seen_lines

_MOST_COMPARISONS = 2000
_MOST_DRIVERS = 10
_BY_SERVICE = ({"Type": "DIMENSION", "Key": "SERVICE"}, {"Type": "DIMENSION", "Key": "USAGE_TYPE"})
_BY_RECORD = {"Type": "DIMENSION", "Key": "RECORD_TYPE"}
_TYPES = {"Usage": "USAGE_CHANGE", "Credit": "CREDIT", "Refund": "REFUND", "Tax": "TAX"}

Groups = Sequence[Mapping[str, str]]
Keys = tuple[str, ...]


class Pair(NamedTuple):
    """The same part of the bill in both months."""

    baseline: Sums
    comparison: Sums

    def shown(self, metric: str) -> dict[str, dict[str, str]]:
        """AWS's ComparisonMetricValue of a metric, by its name."""
        before, after = self.baseline.amount(metric), self.comparison.amount(metric)
        known = self.comparison if self.comparison.units else self.baseline
        return {
            metric: {
                "BaselineTimePeriodAmount": plain(before),
                "ComparisonTimePeriodAmount": plain(after),
                "Difference": plain(after - before),
                "Unit": known.unit(metric),
            }
        }


def get_comparisons(request: Request) -> dict[str, Any]:
    """GetCostAndUsageComparisons: a metric of two months in total, and by up to two groups where they are asked for.

    Raises ``ServiceError``: ValidationException, ResourceNotFoundException, InvalidNextTokenException.
    """
    metric, page = _checked(request)
    groups: Groups = request.params.get("GroupBy", ())
    pairs = _pairs(request, groups, page)
    total = _total(pairs)
    rows = [
        {"CostAndUsageSelector": _selector(groups, keys), "Metrics": pairs[keys].shown(metric)}
        for keys in _ordered(pairs, metric)
        if keys
    ]
    return _paged(request, page, "CostAndUsageComparisons", rows, _MOST_COMPARISONS) | {
        "TotalCostAndUsage": total.shown(metric)
    }


def get_drivers(request: Request) -> dict[str, Any]:
    """GetCostComparisonDrivers: per service and usage type, how much of the difference is use, credit, refund, tax.

    Raises ``ServiceError`` as GetCostAndUsageComparisons does.
    """
    metric, page = _checked(request)
    groups: Groups = (*_BY_SERVICE, *request.params.get("GroupBy", ()))
    by_record = _pairs(request, (*groups, _BY_RECORD), page)
    together: dict[Keys, dict[str, Pair]] = {}
    for (*keys, record), pair in by_record.items():
        together.setdefault(tuple(keys), {})[record] = pair
    totals = {keys: _total(records) for keys, records in together.items()}
    rows = [
        {
            "CostSelector": _selector(groups, keys),
            "Metrics": totals[keys].shown(metric),
            "CostDrivers": [_driver(record, pair, metric) for record, pair in sorted(together[keys].items())],
        }
        for keys in _ordered(totals, metric)
    ]
    return _paged(request, page, "CostComparisonDrivers", rows, _MOST_DRIVERS)


def _checked(request: Request) -> tuple[str, Page]:
    """The metric, and where the answer begins."""
    params = request.params
    check_view(request)
    refuse_attributes(params, request.operation)
    metric = params["MetricForComparison"]
    if metric not in METRICS:
        refuse(f"Metric {metric} is invalid. Valid values are {', '.join(METRICS)}")
    return metric, page_of(request, request.now - COST_DATA_LAG)


def _pairs(request: Request, groups: Groups, page: Page) -> dict[Keys, Pair]:
    visible = visible_tags(request.store, request.now)
    asked = [dict(group) for group in request.params.get("GroupBy", ())]
    key_functions(asked, visible)
    key_of = [function for group in groups for function in key_functions([dict(group)], visible)]
    pairs: dict[Keys, Pair] = {}
    for place, name in enumerate(("BaselineTimePeriod", "ComparisonTimePeriod")):
        month = month_of(request.params[name], request.now)
        for item in seen_lines(request, [month], page.shown_until):
            keys = tuple(function(item) for function in key_of)
            pairs.setdefault(keys, Pair(Sums(), Sums()))[place].add(item)
    return pairs


def _total(pairs: Mapping[Any, Pair]) -> Pair:
    return Pair(_sum([pair.baseline for pair in pairs.values()]), _sum([pair.comparison for pair in pairs.values()]))


def _sum(parts: Sequence[Sums]) -> Sums:
    whole = Sums()
    for part in parts:
        whole.cost += part.cost
        whole.quantity += part.quantity
        whole.units |= part.units
    return whole


def _ordered(pairs: Mapping[Keys, Pair], metric: str) -> list[Keys]:
    amounts = {keys: (pair.baseline.amount(metric), pair.comparison.amount(metric)) for keys, pair in pairs.items()}
    present = [keys for keys, each in amounts.items() if any(each)]
    return sorted(present, key=lambda keys: (-abs(amounts[keys][1] - amounts[keys][0]), keys))


def _selector(groups: Groups, keys: Keys) -> dict[str, Any]:
    """The expression that finds a group's costs."""
    parts = [_leaf(group["Type"], group["Key"], key) for group, key in zip(groups, keys, strict=True)]
    return parts[0] if len(parts) == 1 else {"And": parts}


def _leaf(kind: str, name: str, key: str) -> dict[str, Any]:
    if kind == "DIMENSION":
        return {"Dimensions": {"Key": name, "Values": [key], "MatchOptions": ["EQUALS"]}}
    value = key.removeprefix(f"{name}$")
    found = {"Values": [value], "MatchOptions": ["EQUALS"]} if value else {"MatchOptions": ["ABSENT"]}
    return {"Tags" if kind == "TAG" else "CostCategories": {"Key": name, **found}}


def _driver(record: str, pair: Pair, metric: str) -> dict[str, Any]:
    """The type is AWS's; the name is the record type's, and for use the quantity stands beside the metric."""
    metrics = pair.shown(metric)
    if record == "Usage":
        metrics |= pair.shown("UsageQuantity")
    return {"Type": _TYPES[record], "Name": record, "Metrics": metrics}


def _paged(request: Request, page: Page, member: str, rows: Sequence[dict[str, Any]], most: int) -> dict[str, Any]:
    size = min(request.params.get("MaxResults", most), int(request.store.setting("ce_page_size", str(most))), most)
    answer: dict[str, Any] = {member: rows[page.offset : page.offset + size]}
    if page.offset + size < len(rows):
        answer["NextPageToken"] = next_page(request, page, size)
    return answer


OPERATIONS: dict[str, Handler] = {
    "GetCostAndUsageComparisons": get_comparisons,
    "GetCostComparisonDrivers": get_drivers,
}
"""The comparisons; ``ce`` joins them with the others."""
