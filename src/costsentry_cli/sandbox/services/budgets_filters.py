"""What a budget counts: its filter, in the newer form (expression and metric) or the older (cost filters and types)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from costsentry_cli.sandbox.contract import ServiceError
from costsentry_cli.sandbox.services.budgets_refusals import refuse
from costsentry_cli.sandbox.services.ce_filter import Predicate, ValueOf, compile_filter, dimension_of
from costsentry_cli.sandbox.services.ce_meters import ATTRIBUTES

COST_TYPES = {
    "IncludeTax": True,
    "IncludeSubscription": True,
    "UseBlended": False,
    "IncludeRefund": True,
    "IncludeCredit": True,
    "IncludeUpfront": True,
    "IncludeRecurring": True,
    "IncludeOtherSubscription": True,
    "IncludeSupport": True,
    "IncludeDiscount": True,
    "UseAmortized": False,
}
"""Defaults of ``CostTypes``. None of them changes a figure here: the sandbox bills usage and nothing else."""

_LEGACY_DIMENSIONS = {
    "AZ": "AZ",
    "BillingEntity": "BILLING_ENTITY",
    "DatabaseEngine": "DATABASE_ENGINE",
    "InstanceType": "INSTANCE_TYPE",
    "InvoicingEntity": "INVOICING_ENTITY",
    "LegalEntityName": "LEGAL_ENTITY_NAME",
    "LinkedAccount": "LINKED_ACCOUNT",
    "Operation": "OPERATION",
    "PurchaseType": "PURCHASE_TYPE",
    "RecordType": "RECORD_TYPE",
    "Region": "REGION",
    "Service": "SERVICE",
    "Tenancy": "TENANCY",
    "UsageType": "USAGE_TYPE",
    "UsageTypeGroup": "USAGE_TYPE_GROUP",
}
_LEGACY = ("CostCategory", "TagKeyValue", *_LEGACY_DIMENSIONS)
_QUANTITIES = ("UsageQuantity", "NormalizedUsageAmount", "Hours")


@dataclass
class TagKeys:
    """The tag keys that filters look at, noted while they are compiled; a filter then reads a line's own tags."""

    seen: set[str] = field(default_factory=set)

    def __call__(self, key: str) -> ValueOf:
        """A line item's value of a key."""
        self.seen.add(key)
        return lambda item: item.tags.get(key)


@dataclass(frozen=True)
class Scope:
    """Which line items a budget counts, and by what: ``cost``, ``quantity`` or ``nothing``."""

    matches: Predicate
    measure: str


def scope_of(budget: Mapping[str, Any], keys: TagKeys) -> Scope:
    """The scope of a budget. Raises ``ServiceError`` InvalidParameterException for a filter that cannot be.

    A COST budget counts the same for every cost metric; usage has no normalized amount and no hours.
    """
    default = "UsageQuantity" if budget["BudgetType"] == "USAGE" else "UnblendedCost"
    metric = [*budget.get("Metrics", []), default][0]
    measure = {"UsageQuantity": "quantity"}.get(metric, "nothing" if metric in _QUANTITIES else "cost")
    if "FilterExpression" in budget:
        return Scope(_of_expression(budget["FilterExpression"], keys), measure)
    return Scope(_of_cost_filters(budget.get("CostFilters", {}), keys), measure)


def check_forms(budget: Mapping[str, Any]) -> None:
    """Refuse a mixture of the two forms, and a metric that does not fit the budget's type.

    AWS takes an expression without a metric and makes a budget that cannot be reckoned
    (hashicorp/terraform-provider-aws#46866); here that is an error.
    """
    newer = [name for name in ("FilterExpression", "Metrics") if budget.get(name)]
    older = [name for name in ("CostFilters", "CostTypes") if budget.get(name)]
    if newer and older:
        refuse(f"Use either FilterExpression and Metrics or CostFilters and CostTypes: got {newer[0]} and {older[0]}.")
    if newer == ["FilterExpression"]:
        refuse("FilterExpression needs Metrics: selected metrics cannot be null.")
    usage = budget["BudgetType"] == "USAGE"
    for metric in budget.get("Metrics", []):
        if usage != (metric in _QUANTITIES):
            refuse(f"The metric {metric} does not fit the budget type {budget['BudgetType']}.")
    if usage and budget.get("CostTypes"):
        refuse("CostTypes are only for budgets of type COST.")


def _of_expression(expression: Mapping[str, Any], keys: TagKeys) -> Predicate:
    _check_leaves(expression)
    try:
        return compile_filter(expression, keys)
    except ServiceError as error:
        refuse(f"Invalid FilterExpression: {error.message}")


def _check_leaves(expression: Mapping[str, Any]) -> None:
    """What Budgets asks beyond Cost Explorer (its API reference, ``ProductAttributeValues``)."""
    inner = [expression["Not"]] if "Not" in expression else []
    for part in (*expression.get("And", ()), *expression.get("Or", ()), *inner):
        _check_leaves(part)
    if len(expression.get("Dimensions", {}).get("MatchOptions", [])) > 1:
        refuse("Dimensions take one match option.")
    if "ProductAttributes" in expression:
        _check_attribute(expression["ProductAttributes"])


def _check_attribute(leaf: Mapping[str, Any]) -> None:
    options = leaf.get("MatchOptions", [])
    if leaf["Key"] not in ATTRIBUTES:
        refuse(f"The product attribute {leaf['Key']} is invalid. Valid values are {', '.join(ATTRIBUTES)}")
    if ("EQUALS" in options) == ("ABSENT" in options):
        refuse("ProductAttributes need the match option EQUALS or ABSENT, one of them.")
    if "CASE_SENSITIVE" in options and "ABSENT" in options:
        refuse("The match option CASE_SENSITIVE cannot be used with ABSENT.")


def _of_cost_filters(filters: Mapping[str, list[str]], keys: TagKeys) -> Predicate:
    """All names must match, one value of each."""
    parts = [_of_cost_filter(name, values, keys) for name, values in filters.items()]
    return lambda item: all(part(item) for part in parts)


def _of_cost_filter(name: str, values: list[str], keys: TagKeys) -> Predicate:
    if name not in _LEGACY:
        refuse(f"The cost filter {name} is invalid. Valid names are {', '.join(_LEGACY)}")
    if not values:
        refuse(f"The cost filter {name} has no values.")
    if name == "TagKeyValue":
        tags = [_of_tag(value, keys) for value in values]
        return lambda item: any(tag(item) for tag in tags)
    if name == "CostCategory":
        return lambda _: False  # the sandbox has no cost categories
    value_of, wanted = dimension_of(_LEGACY_DIMENSIONS[name]), frozenset(values)
    return lambda item: value_of(item) in wanted


def _of_tag(text: str, keys: TagKeys) -> Predicate:
    """``user:costCenter$sales``; without the prefix the budget is taken and counts nothing, as AWS does."""
    key, dollar, wanted = text.partition("$")
    if not key or not dollar:
        refuse(f"The tag filter {text!r} is not of the form user:key$value.")
    if not key.startswith(("user:", "aws:")):
        return lambda _: False
    value_of = keys(key.removeprefix("user:"))
    return lambda item: (value_of(item) or "") == wanted
