"""Anomaly monitors: what Cost Anomaly Detection watches. Each is its account's; other accounts do not see it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from costsentry_cli.domain.assumptions import ANOMALY_MONITORS_PER_DIMENSION, ANOMALY_RUNS_EVERY
from costsentry_cli.sandbox.contract import ACCOUNT, Handler, Request, ServiceError
from costsentry_cli.sandbox.services.ce_anomalies_tags import forget_tags, new_arn, write_tags
from costsentry_cli.sandbox.services.ce_filter import refuse

_MOST_MONITORS = 500
_MOST_VALUES = {"Dimensions": 10, "Tags": 10, "CostCategories": 1}
_KEYED = {"TAG": "Tags", "COST_CATEGORY": "CostCategories"}


@dataclass(frozen=True)
class Monitor:
    """A monitor. ``dimension`` is of an AWS managed (DIMENSIONAL) one only, ``specification`` an Expression or empty.

    Times are seconds since the epoch.
    """

    id: int
    arn: str
    account: str
    name: str
    type: str
    dimension: str | None
    specification: Mapping[str, Any]
    created: float
    updated: float

    def evaluated(self, now: datetime) -> float | None:
        """The last run of the detection, by the clock; None before the first."""
        every = ANOMALY_RUNS_EVERY.total_seconds()
        run = now.timestamp() // every * every
        return run if run > self.created else None


def create(request: Request) -> dict[str, Any]:
    """CreateAnomalyMonitor. Names need not be unique (``ANOMALY_NAMES_UNIQUE``).

    Raises ``ServiceError``: ValidationException, also over the quotas (so AWS answers a second SERVICE monitor);
    AccessDeniedException for a member account that wants more than the SERVICE dimension; TooManyTagsException.
    """
    asked = request.params["AnomalyMonitor"]
    name, kind, dimension = asked["MonitorName"], asked["MonitorType"], asked.get("MonitorDimension")
    specification = asked.get("MonitorSpecification")
    _check_name(name)
    _check_specification(kind, dimension, specification)
    if request.account != ACCOUNT and dimension != "SERVICE":
        problem = "Monitors of linked accounts, cost allocation tags and cost categories are the management account's."
        raise ServiceError("AccessDeniedException", problem)
    _check_quota(request, dimension)
    arn = new_arn(request, "anomalymonitor")
    at = request.now.timestamp()
    request.store.db.execute(
        "INSERT INTO anomaly_monitors (arn, account, name, type, dimension, specification, created, updated) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (arn, request.account, name, kind, dimension, json.dumps(specification or {}), at, at),
    )
    write_tags(request, arn, request.params.get("ResourceTags", []))
    return {"MonitorArn": arn}


def update(request: Request) -> dict[str, Any]:
    """UpdateAnomalyMonitor: the name, all that can change. Raises ``ServiceError`` UnknownMonitorException."""
    monitor = monitor_of(request, request.params["MonitorArn"])
    name = request.params.get("MonitorName", monitor.name)
    _check_name(name)
    request.store.db.execute(
        "UPDATE anomaly_monitors SET name = ?, updated = ? WHERE arn = ?", (name, request.now.timestamp(), monitor.arn)
    )
    return {"MonitorArn": monitor.arn}


def delete(request: Request) -> dict[str, Any]:
    """DeleteAnomalyMonitor. Raises ``ServiceError`` UnknownMonitorException.

    Its subscriptions stay without it, even without any (``ANOMALY_SUBSCRIPTION_WITHOUT_MONITORS``).
    """
    arn = monitor_of(request, request.params["MonitorArn"]).arn
    db = request.store.db
    for row in db.execute("SELECT id, monitors FROM anomaly_subscriptions").fetchall():
        left = [each for each in json.loads(row["monitors"]) if each != arn]
        db.execute("UPDATE anomaly_subscriptions SET monitors = ? WHERE id = ?", (json.dumps(left), row["id"]))
    db.execute("DELETE FROM anomaly_monitors WHERE arn = ?", (arn,))
    forget_tags(request, arn)
    return {}


def monitors_of(request: Request) -> list[Monitor]:
    """The caller's monitors, in the order they were made."""
    query = "SELECT * FROM anomaly_monitors WHERE account = ? ORDER BY id"
    return [_monitor(row) for row in request.store.db.execute(query, (request.account,))]


def monitor_of(request: Request, arn: str) -> Monitor:
    """The caller's monitor of an ARN. Raises ``ServiceError`` UnknownMonitorException."""
    query = "SELECT * FROM anomaly_monitors WHERE account = ? AND arn = ?"
    row = request.store.db.execute(query, (request.account, arn)).fetchone()
    if row is None:
        raise ServiceError("UnknownMonitorException", f"The cost anomaly monitor {arn} does not exist for the account.")
    return _monitor(row)


def shown(monitor: Monitor, now: datetime, values: int | None) -> dict[str, Any]:
    """A monitor as GetAnomalyMonitors answers it; ``values`` is how many values of its dimension have cost."""
    answer: dict[str, Any] = {
        "MonitorArn": monitor.arn,
        "MonitorName": monitor.name,
        "CreationDate": _spelled(monitor.created),
        "LastUpdatedDate": _spelled(monitor.updated),
        "MonitorType": monitor.type,
    }
    evaluated = monitor.evaluated(now)
    if evaluated is not None:
        answer["LastEvaluatedDate"] = _spelled(evaluated)
    if monitor.dimension is not None:
        answer["MonitorDimension"] = monitor.dimension
    if monitor.specification:
        answer["MonitorSpecification"] = monitor.specification
    return answer if values is None else answer | {"DimensionalValueCount": values}


def _monitor(row: sqlite3.Row) -> Monitor:
    fields = dict(row)
    return Monitor(**(fields | {"specification": json.loads(fields["specification"])}))


def _spelled(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%SZ}"


def _check_name(name: str) -> None:
    if not name.strip():
        refuse("MonitorName must not be empty.")


def _check_specification(kind: str, dimension: str | None, specification: Mapping[str, Any] | None) -> None:
    """The rules of AnomalyMonitor in the Cost Explorer API reference."""
    if kind == "CUSTOM":
        if dimension is not None:
            refuse("MonitorDimension must not be specified for a CUSTOM monitor.")
        if not specification:
            refuse("MonitorSpecification is required for a CUSTOM monitor.")
        _check_values(specification)
    elif dimension is None:
        refuse("MonitorDimension is required for a DIMENSIONAL monitor.")
    elif dimension in _KEYED:
        _check_key(dimension, specification or {})
    elif specification is not None:
        refuse(f"MonitorSpecification must not be specified for the dimension {dimension}.")


def _check_key(dimension: str, specification: Mapping[str, Any]) -> None:
    """Of a managed monitor: the key whose every value is watched, and no values."""
    root = _KEYED[dimension]
    leaf = specification.get(root, {})
    if list(specification) != [root] or not leaf.get("Key"):
        refuse(f'MonitorSpecification must be {{"{root}": {{"Key": ...}}}} for the dimension {dimension}.')
    if leaf.get("Values"):
        refuse(f"MonitorSpecification must not have Values for the dimension {dimension}.")


def _check_values(specification: Mapping[str, Any]) -> None:
    """Of a customer managed monitor: one leaf with the values that are watched together."""
    if len(specification) != 1 or (root := next(iter(specification))) not in _MOST_VALUES:
        refuse("MonitorSpecification of a CUSTOM monitor must be one of Dimensions, Tags and CostCategories.")
    leaf = specification[root]
    if not leaf.get("Key") or (root == "Dimensions" and leaf["Key"] != "LINKED_ACCOUNT"):
        refuse(f"MonitorSpecification has an invalid key in {root}: a CUSTOM monitor's dimension is LINKED_ACCOUNT.")
    most = _MOST_VALUES[root]
    if not 1 <= len(leaf.get("Values", ())) <= most:
        refuse(f"MonitorSpecification must have 1 to {most} Values in {root}.")
    if leaf.get("MatchOptions", ["EQUALS"]) != ["EQUALS"]:
        refuse("MonitorSpecification supports the match option EQUALS only.")


def _check_quota(request: Request, dimension: str | None) -> None:
    """AWS answers ValidationException in these words; LimitExceededException means too many calls."""
    dimensions = [monitor.dimension for monitor in monitors_of(request)]
    limited = ANOMALY_MONITORS_PER_DIMENSION
    if dimension in limited:
        if dimensions.count(dimension) >= limited[dimension]:
            refuse("Limit exceeded on dimensional spend monitor creation")
    elif sum(each not in limited for each in dimensions) >= _MOST_MONITORS:
        refuse("Limit exceeded on custom spend monitor creation")


OPERATIONS: dict[str, Handler] = {
    "CreateAnomalyMonitor": create,
    "UpdateAnomalyMonitor": update,
    "DeleteAnomalyMonitor": delete,
}
"""What changes monitors; ``ce`` joins them with the others, ``ce_anomalies`` lists them."""
