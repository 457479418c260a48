"""Costs in the columns of FOCUS 1.2, as far as Cost Explorer knows them: FOCUS-aligned, not conformant.

Cost Explorer's unblended cost is what is billed, its net amortised cost what is effective. It has no list prices, and
no quantity unless costs are split by usage type: unlike units would be added up.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from costsentry_cli.domain.reports.costs import Keys, folded_by
from costsentry_cli.domain.reports.question import TAG, WORDS, Group, Question
from costsentry_cli.domain.table import Cell, Column, Row, Table, Type
from costsentry_cli.domain.window import month_after, month_of

BILLED, EFFECTIVE, QUANTITY = "UnblendedCost", "NetAmortizedCost", "UsageQuantity"
METRICS = (BILLED, EFFECTIVE, QUANTITY)
CATEGORY = "AI and Machine Learning"
PROVIDER = "AWS"
_OF_GROUP = {
    "service": "ServiceName",
    "region": "RegionId",
    "account": "SubAccountId",
    "usage-type": "SkuMeter",
    "model": "x_Model",
    "provider": "x_ModelProvider",
    "token-type": "x_TokenType",
    "profile": "x_Profile",
}
"""FOCUS's column for a group of ours; tags are members of ``Tags``."""


def table(question: Question, pages: Sequence[Mapping[str, Any]], account: str) -> Table:
    """One row per day (a charge period) and group, in the order of both."""
    billed, effective, quantity = (folded_by(pages, question.groups, metric) for metric in METRICS)
    own = [group for group in question.groups if group.word in _OF_GROUP]
    metered = WORDS["usage-type"] in question.groups
    kinds = units(pages, question.groups) if metered else {}
    rows: list[Row] = []
    for keys in sorted(billed.cells):
        for day in sorted(filter(question.window.has, billed.cells[keys])):
            amounts = (billed.cells[keys][day], effective.cells[keys][day])
            named = dict(zip(question.groups, keys, strict=True))
            used = (quantity.cells[keys][day], kinds.get(keys)) if metered else ()
            rows.append((*_when(day), account, *amounts, *(named[one] or None for one in own), *used, _tags(named)))
    return Table("focus", _columns(own, metered=metered), tuple(_constant(row) for row in sorted(rows, key=_order)))


def _columns(own: Sequence[Group], *, metered: bool) -> tuple[Column, ...]:
    names = [(_OF_GROUP[group.word], Type.TEXT) for group in own]
    names += [("ConsumedQuantity", Type.MONEY), ("ConsumedUnit", Type.TEXT)] if metered else []
    kinds = [
        ("BillingPeriodStart", Type.DATE),
        ("BillingPeriodEnd", Type.DATE),
        ("ChargePeriodStart", Type.DATE),
        ("ChargePeriodEnd", Type.DATE),
        ("BillingAccountId", Type.TEXT),
        ("BilledCost", Type.MONEY),
        ("EffectiveCost", Type.MONEY),
        *names,
        ("Tags", Type.TEXT),
        ("BillingCurrency", Type.TEXT),
        ("ChargeCategory", Type.TEXT),
        ("ServiceCategory", Type.TEXT),
        ("ProviderName", Type.TEXT),
    ]
    return tuple(Column(name, name, kind, unknown="") for name, kind in kinds)


def _when(day: date) -> tuple[Cell, ...]:
    return (month_of(day), month_after(day), day, day + timedelta(days=1))


def _tags(named: Mapping[Group, str]) -> str:
    return json.dumps({group.key: value for group, value in named.items() if group.kind == TAG and value})


def _constant(row: Row) -> Row:
    return (*row, "USD", "Usage", CATEGORY, PROVIDER)


def _order(row: Row) -> tuple[str, ...]:
    return tuple("" if isinstance(cell, Decimal) else str(cell) for cell in row)


def units(pages: Sequence[Mapping[str, Any]], groups: Sequence[Group]) -> dict[Keys, str | None]:
    """The unit of each group's quantity, None where it is mixed."""
    units: dict[Keys, str | None] = {}
    for page in pages:
        for period in page["ResultsByTime"]:
            for one in period.get("Groups", ()):
                keys = tuple(group.value(text) for group, text in zip(groups, one["Keys"], strict=True))
                unit = one["Metrics"][QUANTITY].get("Unit")
                units[keys] = unit if units.get(keys, unit) == unit and unit != "N/A" else None
    return units
