"""What AWS's cost anomaly detection has: monitors, who is told of what, and what was found. Service ``ce``.

Reading calls only.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from costsentry_cli.domain.anomaly_text import threshold_text
from costsentry_cli.domain.budgets.alert_text import subscribers_text
from costsentry_cli.domain.calls import ApiCall, Cloud
from costsentry_cli.domain.errors import NOT_THERE
from costsentry_cli.domain.marks import tags_of
from costsentry_cli.domain.resource import NAMESPACE_TAG, RETIRED_TAG

DAYS = 90
"""How far back anomalies can be asked for (``GetAnomalies``)."""
MONITORS_A_PAGE = 100


@dataclass(frozen=True)
class SeenMonitor:
    """One monitor: ``watches`` is the tag key or what else it is over, ``alerts`` who is told of what, in words.

    ``namespace`` is our ownership mark; ``replaced``: another took its place.
    """

    arn: str
    name: str
    watches: str
    evaluated: date | None
    alerts: tuple[str, ...]
    namespace: str | None
    replaced: bool


@dataclass(frozen=True)
class Anomaly:
    """One anomaly: first and last day, the value it is in, amounts in USD."""

    monitor: str
    start: date | None
    end: date | None
    value: str | None
    impact: Decimal | None
    actual: Decimal | None
    expected: Decimal | None
    cause: str | None


def seen_monitors(cloud: Cloud) -> tuple[SeenMonitor, ...]:
    """Every monitor of the account, by name. One call for 100 monitors, one for the tags of each, one for the alerts.

    Raises ``SentryError`` as every call does.
    """
    pages = cloud.pages(ApiCall("ce", "GetAnomalyMonitors", {"MaxResults": MONITORS_A_PAGE}))
    monitors = [one for page in pages for one in page["AnomalyMonitors"]]
    alerts = _alerts(cloud) if monitors else {}
    calls = [ApiCall("ce", "ListTagsForResource", {"ResourceArn": one["MonitorArn"]}) for one in monitors]
    found = []
    for one, outcome in zip(monitors, cloud.each(calls), strict=True):
        if outcome.error is not None and outcome.error.code != NOT_THERE:
            raise outcome.error
        if outcome.error is None:  # else it was deleted meanwhile
            found.append(_monitor(one, tags_of(outcome.answer or {}), alerts.get(one["MonitorArn"], ())))
    return tuple(sorted(found, key=lambda one: (one.name, one.arn)))


def anomalies(cloud: Cloud, today: date) -> tuple[Anomaly, ...]:
    """What was found in the last 90 days, newest first."""
    interval = {"StartDate": (today - timedelta(days=DAYS)).isoformat(), "EndDate": today.isoformat()}
    pages = cloud.pages(ApiCall("ce", "GetAnomalies", {"DateInterval": interval}))
    found = [_anomaly(one) for page in pages for one in page["Anomalies"]]
    return tuple(sorted(found, key=lambda one: (one.end or date.min, one.impact or Decimal(0)), reverse=True))


def _alerts(cloud: Cloud) -> dict[str, tuple[str, ...]]:
    """Monitor's ARN -> ``daily >= 50 USD -> a@example.com`` for each subscription over it."""
    found: dict[str, tuple[str, ...]] = {}
    for page in cloud.pages(ApiCall("ce", "GetAnomalySubscriptions", {"MaxResults": MONITORS_A_PAGE})):
        for one in page["AnomalySubscriptions"]:
            text = f"{one['Frequency'].lower()} {threshold_text(one)} -> {subscribers_text(one['Subscribers'])}"
            for arn in one["MonitorArnList"]:
                found[arn] = (*found.get(arn, ()), text)
    return found


def _monitor(answer: Mapping[str, Any], tags: Mapping[str, str], alerts: tuple[str, ...]) -> SeenMonitor:
    return SeenMonitor(
        arn=answer["MonitorArn"],
        name=answer["MonitorName"],
        watches=_watches(answer),
        evaluated=_day(answer.get("LastEvaluatedDate")),
        alerts=alerts,
        namespace=tags.get(NAMESPACE_TAG),
        replaced=RETIRED_TAG in tags,
    )


def _watches(answer: Mapping[str, Any]) -> str:
    """``tag costCenter``, ``service``; the specification as JSON for chosen values."""
    specification = answer.get("MonitorSpecification", {})
    if answer["MonitorType"] != "DIMENSIONAL":
        return json.dumps(specification, sort_keys=True, separators=(",", ":"))
    what = answer.get("MonitorDimension", "").lower().replace("_", " ")
    named = specification.get("Tags", specification.get("CostCategories", {})).get("Key", "")
    return f"{what} {named}".strip()


def _anomaly(answer: Mapping[str, Any]) -> Anomaly:
    impact, causes = answer["Impact"], answer.get("RootCauses", ())
    return Anomaly(
        monitor=answer["MonitorArn"],
        start=_day(answer.get("AnomalyStartDate")),
        end=_day(answer.get("AnomalyEndDate")),
        value=answer.get("DimensionValue"),
        impact=_amount(impact.get("TotalImpact", impact["MaxImpact"])),
        actual=_amount(impact.get("TotalActualSpend")),
        expected=_amount(impact.get("TotalExpectedSpend")),
        cause=", ".join(str(causes[0][key]) for key in ("Service", "Region", "UsageType") if causes[0].get(key))
        if causes
        else None,
    )


def _amount(number: float | None) -> Decimal | None:
    """The service model has numbers here; their shortest form is what AWS wrote."""
    return None if number is None else Decimal(str(number))


def _day(text: str | None) -> date | None:
    return datetime.fromisoformat(text).date() if text else None
