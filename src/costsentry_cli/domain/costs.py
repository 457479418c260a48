"""Cost Explorer answers, folded: amounts per group and day, exact."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from costsentry_cli.domain.assumptions import BEDROCK_SERVICE_NAME_MARK
from costsentry_cli.domain.calls import ApiCall
from costsentry_cli.domain.window import Window

METRIC = "UnblendedCost"
NOT_USAGE = ("Credit", "Refund", "Tax")
SERVICE = {"Type": "DIMENSION", "Key": "SERVICE"}


@dataclass(frozen=True)
class Costs:
    """USD per group value and day. The value ``""`` is what carries no value; ``estimated`` if any day still is."""

    by_group: Mapping[str, Mapping[date, Decimal]]
    estimated: bool
    requests: int

    def total(self, value: str) -> Decimal:
        """The sum of one group."""
        return sum(self.by_group[value].values(), Decimal(0))


def grouping(name: str) -> dict[str, str]:
    """What Cost Explorer groups by for our word: ``service``, ``model``, or a tag key."""
    if name == "service":
        return SERVICE
    return {"Type": "PRODUCT_ATTRIBUTE" if name == "model" else "TAG", "Key": name}


def costs_call(group_by: str, window: Window) -> ApiCall:
    """Daily cost by the group and the service name; the service tells Bedrock's spend from everything else's.

    A tag filter alone would count every AWS service that carries the tag, and a fixed list of service names would miss
    the models that are billed through the marketplace.
    """
    group = grouping(group_by)
    params = {
        "TimePeriod": {"Start": window.start.isoformat(), "End": window.end.isoformat()},
        "Granularity": "DAILY",
        "Metrics": [METRIC],
        "Filter": {"Not": {"Dimensions": {"Key": "RECORD_TYPE", "Values": list(NOT_USAGE)}}},
        "GroupBy": [group] if group == SERVICE else [group, SERVICE],
    }
    return ApiCall("ce", "GetCostAndUsage", params)


def fold(pages: Iterable[Mapping[str, Any]], group_by: str) -> Costs:
    """Add up every Bedrock group of every page; one day may stand on several pages."""
    sums: dict[str, dict[date, Decimal]] = {}
    estimated, requests = False, 0
    for page in pages:
        requests += 1
        for period in page["ResultsByTime"]:
            day = date.fromisoformat(period["TimePeriod"]["Start"][:10])
            used = _add(sums, day, period.get("Groups", []), group_by)
            estimated = estimated or (used and bool(period.get("Estimated")))
    return Costs(sums, estimated, requests)


def _add(sums: dict[str, dict[date, Decimal]], day: date, groups: list[dict[str, Any]], group_by: str) -> bool:
    used = False
    for group in groups:
        keys = group["Keys"]
        if BEDROCK_SERVICE_NAME_MARK not in keys[-1].lower():
            continue
        value = keys[0] if group_by == "service" else keys[0].removeprefix(f"{group_by}$")
        days = sums.setdefault(value, {})
        days[day] = days.get(day, Decimal(0)) + Decimal(group["Metrics"][METRIC]["Amount"])
        used = True
    return used
