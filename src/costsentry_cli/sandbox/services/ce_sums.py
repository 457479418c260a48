"""What lines of the bill add up to, and how Cost Explorer's metrics show it."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from costsentry_cli.sandbox.services.ce_filter import refuse
from costsentry_cli.sandbox.services.ce_lines import LineItem

COSTS = ("AmortizedCost", "BlendedCost", "NetAmortizedCost", "NetUnblendedCost", "UnblendedCost")
"""The metrics that are money. Without commitments and discounts they are the same figure."""

METRICS = (*COSTS, "NormalizedUsageAmount", "UsageQuantity")
"""Every metric of Cost Explorer."""

# AWS takes both spellings and documents the first.
_METRIC_NAMES = {name: name for name in METRICS} | {
    "".join(f"_{letter}" if letter.isupper() else letter for letter in name).strip("_").upper(): name
    for name in METRICS
}


@dataclass
class Sums:
    """What the lines of one cell add up to: exact US dollars, usage in the meters' units."""

    cost: Decimal = Decimal(0)
    quantity: Decimal = Decimal(0)
    units: set[str] = field(default_factory=set)

    def add(self, item: LineItem) -> None:
        """Add a line item; one without a quantity (a credit, a tax) has no unit either."""
        self.cost += item.cost
        if item.quantity:
            self.quantity += item.quantity
            self.units.add(item.meter.unit)

    def amount(self, metric: str) -> Decimal:
        """The figure a metric shows."""
        if metric in COSTS:
            return self.cost
        return self.quantity if metric == "UsageQuantity" else Decimal(0)

    def unit(self, metric: str) -> str:
        """The unit of a metric. Unlike units are added up, as AWS does; then the unit is not available."""
        if metric in COSTS:
            return "USD"
        if metric == "UsageQuantity" and len(self.units) == 1:
            return next(iter(self.units))
        return "N/A"


def metrics_of(names: list[str]) -> list[str]:
    """The metrics asked for, in their documented spelling; ValidationException for none and for an unknown one."""
    if not names:
        refuse("Metrics can not be empty")
    for name in names:
        if name not in _METRIC_NAMES:
            valid = ", ".join(sorted(set(_METRIC_NAMES) - set(METRICS)))
            refuse(f"Metric {name} is invalid. Valid values are {valid}")
    return [_METRIC_NAMES[name] for name in names]


def measured(sums: Sums, metrics: list[str]) -> dict[str, dict[str, str]]:
    """AWS's MetricValue by metric."""
    return {name: {"Amount": plain(sums.amount(name)), "Unit": sums.unit(name)} for name in metrics}


def plain(value: Decimal) -> str:
    """A number as AWS writes it: never in scientific notation, without trailing zeros."""
    return format(value.normalize(), "f") if value else "0"
