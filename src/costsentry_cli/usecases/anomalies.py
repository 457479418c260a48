"""The account's anomaly monitors, what they found, and how much of the Bedrock cost they cannot see."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from costsentry_cli.domain import catalog
from costsentry_cli.domain.anomalies_seen import DAYS, Anomaly, SeenMonitor, anomalies, seen_monitors
from costsentry_cli.domain.budget_periods import previous_month
from costsentry_cli.domain.budget_spend import Question, Spend, asked, paid_facts
from costsentry_cli.domain.calls import Cloud
from costsentry_cli.domain.kind import Scope
from costsentry_cli.domain.money import plain
from costsentry_cli.domain.table import Column, Row, Table, Type

MONITORS = (
    Column("name", "Monitor"),
    Column("watches", "Watches"),
    Column("last_evaluated", "Evaluated", Type.DATE, drop=2),
    Column("alerts", "Alerts", drop=3),
    Column("found", f"Anomalies, {DAYS} days", Type.COUNT, drop=1),
    Column("owner", "Owner"),
    Column("arn", "ARN", drop=4),
)
FOUND = (
    Column("start", "From", Type.DATE),
    Column("end", "To", Type.DATE, drop=2),
    Column("value", "In", unknown="(no value)"),
    Column("impact_usd", "Impact", Type.MONEY),
    Column("actual_usd", "Actual", Type.MONEY, drop=3),
    Column("expected_usd", "Expected", Type.MONEY, drop=3),
    Column("monitor", "Monitor", drop=1),
    Column("cause", "Most of it", drop=4),
)
EDITION = "(amazon bedrock edition)"
"""What the name of a service ends with that a model of AWS Marketplace is billed under, in lower case."""


def listing(cloud: Cloud, scope: Scope, now: datetime, *, with_cost: bool) -> tuple[Table, Table]:
    """The monitors, and the anomalies of the last 90 days, newest first.

    ``with_cost`` makes one paid Cost Explorer request, for the share that is billed through AWS Marketplace. The first
    table's ``facts`` have the anomalies too, and what was paid.
    """
    monitors = seen_monitors(cloud)
    found = anomalies(cloud, now.date()) if monitors else ()
    month = previous_month(now.date())
    costs = asked(cloud, [Question("")] if with_cost else [], month, "MONTHLY")
    unseen = next((marketplace_share(spend) for spend in costs.answers.values()), None)
    names = {one.arn: one.name for one in monitors}
    below = Table("anomalies", FOUND, tuple(_found(one, names) for one in found))
    facts = {
        "source": "Cost Anomaly Detection",
        "currency": "USD",
        "anomalies": [_as_member(row) for row in below.rows],
        "unseen_share": None if unseen is None else plain(round(unseen, 4)),
        **paid_facts(costs.paid, costs.error),
    }
    rows = tuple(_monitor(one, found, scope) for one in monitors)
    return Table("anomaly_monitors", MONITORS, rows, notes=(truth(unseen),), facts=facts), below


def marketplace_share(spend: Spend) -> Decimal | None:
    """The share of the Bedrock cost that is billed through AWS Marketplace; None without any cost."""
    known = {model.service_name for model in catalog.load().models if model.marketplace}
    costs = spend.by_service()
    whole = sum(costs.values(), Decimal(0))
    sold = (cost for name, cost in costs.items() if name in known or name.lower().endswith(EDITION))
    return sum(sold, Decimal(0)) / whole if whole else None


def truth(unseen: Decimal | None) -> str:
    """What the detector cannot see, and how much that is."""
    blind = "AWS's detector does not see models billed through AWS Marketplace (Claude, Cohere, ...)"
    return blind if unseen is None else f"{blind}: {unseen * 100:.0f}% of last month's Bedrock cost"


def _monitor(one: SeenMonitor, found: tuple[Anomaly, ...], scope: Scope) -> Row:
    count = sum(each.monitor == one.arn for each in found)
    return (one.name, one.watches, one.evaluated, "; ".join(one.alerts) or None, count, _owner(one, scope), one.arn)


def _owner(one: SeenMonitor, scope: Scope) -> str:
    if one.namespace is None:
        return "foreign"
    ours = scope.namespace in ("", one.namespace)
    return ("ours" if ours else f"namespace {one.namespace}") + (", replaced" if one.replaced else "")


def _found(one: Anomaly, names: dict[str, str]) -> Row:
    monitor = names.get(one.monitor, one.monitor)
    return (one.start, one.end, one.value, one.impact, one.actual, one.expected, monitor, one.cause)


def _as_member(row: Row) -> dict[str, object]:
    """A row for the JSON document, as every table writes its cells."""
    cells = zip(FOUND, row, strict=True)
    return {column.key: plain(cell) if isinstance(cell, Decimal) else cell and str(cell) for column, cell in cells}
