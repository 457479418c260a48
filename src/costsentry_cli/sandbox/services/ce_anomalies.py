"""Cost Anomaly Detection: the anomalies found, what was said of them, and the monitors with how far they are."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from costsentry_cli.sandbox.contract import Handler, Request
from costsentry_cli.sandbox.services import ce_anomalies_monitors, ce_anomalies_subscriptions, ce_anomalies_tags
from costsentry_cli.sandbox.services.ce_anomalies_detector import Anomaly, anomalies, values_seen
from costsentry_cli.sandbox.services.ce_anomalies_monitors import monitor_of, monitors_of
from costsentry_cli.sandbox.services.ce_filter import refuse
from costsentry_cli.sandbox.services.ce_tokens import Row, page

_MOST_LISTED = 100
_MOST_CAUSES = 10
_LONGEST = timedelta(days=90)
_DIGITS = Decimal("0.000001")
_COMPARE: dict[str, Callable[[Decimal, Decimal], bool]] = {
    "EQUAL": operator.eq,
    "GREATER_THAN_OR_EQUAL": operator.ge,
    "LESS_THAN_OR_EQUAL": operator.le,
    "GREATER_THAN": operator.gt,
    "LESS_THAN": operator.lt,
}


def get_monitors(request: Request) -> dict[str, Any]:
    """GetAnomalyMonitors: the caller's, all or those of a list, in the order they were made.

    Raises ``ServiceError``: UnknownMonitorException, InvalidNextTokenException.
    """
    wanted = [monitor_of(request, arn).arn for arn in request.params.get("MonitorArnList", ())]
    found = [each for each in monitors_of(request) if not wanted or each.arn in wanted]
    values = values_seen(request.store, found, request.now)
    rows = [Row(each.id, ce_anomalies_monitors.shown(each, request.now, values.get(each.id))) for each in found]
    return page(request, "AnomalyMonitors", rows, _MOST_LISTED, continued="NextPageToken")


def get_anomalies(request: Request) -> dict[str, Any]:
    """GetAnomalies whose last day lies in the interval (both ends inclusive, 90 days at most), the newest first.

    Raises ``ServiceError``: ValidationException, InvalidNextTokenException; for a MonitorArn that is not the caller's
    UnknownMonitorException, which AWS's model does not name here.
    """
    params = request.params
    start, end = _interval(params["DateInterval"], request.now)
    matches = _impact_filter(params.get("TotalImpact"))
    said = _said(request)
    rows = [
        Row(f"{anomaly.last:%Y-%m-%d} {anomaly.id}", _shown(anomaly, said.get(anomaly.id)))
        for anomaly in _found(request, params.get("MonitorArn"))
        if start <= anomaly.last <= end
        and matches(_impact(anomaly))
        and params.get("Feedback", said.get(anomaly.id)) == said.get(anomaly.id)
    ]
    rows.sort(key=lambda row: row.key, reverse=True)
    return page(request, "Anomalies", rows, _MOST_LISTED, continued="NextPageToken", falling=True)


def provide_feedback(request: Request) -> dict[str, Any]:
    """ProvideAnomalyFeedback; the last word counts. Raises ``ServiceError`` ValidationException for an unknown id."""
    wanted: str = request.params["AnomalyId"]
    if all(anomaly.id != wanted for anomaly in _found(request, None)):
        refuse(f"The anomaly {wanted} does not exist for the account.")
    row = (request.account, wanted, request.params["Feedback"])
    request.store.db.execute("INSERT OR REPLACE INTO anomaly_feedback VALUES (?, ?, ?)", row)
    return {"AnomalyId": wanted}


def _found(request: Request, arn: str | None) -> list[Anomaly]:
    monitors = monitors_of(request) if arn is None else [monitor_of(request, arn)]
    return anomalies(request.store, monitors, request.now)


def _said(request: Request) -> dict[str, str]:
    query = "SELECT anomaly, feedback FROM anomaly_feedback WHERE account = ?"
    return {row["anomaly"]: row["feedback"] for row in request.store.db.execute(query, (request.account,))}


def _interval(asked: Mapping[str, str], now: datetime) -> tuple[datetime, datetime]:
    start = _moment("StartDate", asked["StartDate"])
    end = _moment("EndDate", asked["EndDate"]) if "EndDate" in asked else now
    if start > end:
        refuse("StartDate should be before EndDate.")
    if end.date() - start.date() > _LONGEST:
        refuse(f"The date interval must not be longer than {_LONGEST.days} days.")
    return start, end


def _moment(name: str, text: str) -> datetime:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError:
        refuse(f"{name} {text} is invalid. Valid format is: yyyy-MM-dd.")


def _impact_filter(asked: Mapping[str, Any] | None) -> Callable[[Decimal], bool]:
    if asked is None:
        return lambda _: True
    low = Decimal(str(asked["StartValue"]))
    if asked["NumericOperator"] != "BETWEEN":
        compare = _COMPARE[asked["NumericOperator"]]
        return lambda impact: compare(impact, low)
    if "EndValue" not in asked:
        refuse("EndValue is required for the operator BETWEEN.")
    high = Decimal(str(asked["EndValue"]))
    return lambda impact: low <= impact <= high


def _impact(anomaly: Anomaly) -> Decimal:
    return sum((day.impact for day in anomaly.days), Decimal(0)).quantize(_DIGITS)


def _shown(anomaly: Anomaly, feedback: str | None) -> dict[str, Any]:
    scores = [(day.impact / day.actual).quantize(_DIGITS) for day in anomaly.days]
    shown = {
        "AnomalyId": anomaly.id,
        "AnomalyStartDate": f"{anomaly.first:%Y-%m-%dT%H:%M:%SZ}",
        "AnomalyEndDate": f"{anomaly.last:%Y-%m-%dT%H:%M:%SZ}",
        "RootCauses": [
            {
                "Service": cause.service,
                "Region": cause.region,
                "LinkedAccount": cause.account,
                "LinkedAccountName": cause.account_name,
                "UsageType": cause.usage_type,
                "Impact": {"Contribution": cost.quantize(_DIGITS)},
            }
            for cause, cost in anomaly.causes[:_MOST_CAUSES]
        ],
        # From 0 to 1: the share of the day's cost that was not expected.
        "AnomalyScore": {"MaxScore": max(scores), "CurrentScore": scores[-1]},
        "Impact": _figures(anomaly),
        "MonitorArn": anomaly.monitor.arn,
    }
    if anomaly.monitor.dimension is not None:
        shown["DimensionValue"] = anomaly.value
    return shown if feedback is None else shown | {"Feedback": feedback}


def _figures(anomaly: Anomaly) -> dict[str, Decimal]:
    """US dollars; the percentage is left out when nothing was expected, as AWS documents."""
    actual = sum((day.actual for day in anomaly.days), Decimal(0))
    expected = sum((day.expected for day in anomaly.days), Decimal(0))
    figures = {
        "MaxImpact": max(day.impact for day in anomaly.days),
        "TotalImpact": actual - expected,
        "TotalActualSpend": actual,
        "TotalExpectedSpend": expected,
    }
    if expected:
        figures["TotalImpactPercentage"] = (actual - expected) / expected * 100
    return {name: amount.quantize(_DIGITS) for name, amount in figures.items()}


OPERATIONS: dict[str, Handler] = {
    "GetAnomalyMonitors": get_monitors,
    "GetAnomalies": get_anomalies,
    "ProvideAnomalyFeedback": provide_feedback,
    **ce_anomalies_monitors.OPERATIONS,
    **ce_anomalies_subscriptions.OPERATIONS,
    **ce_anomalies_tags.OPERATIONS,
}
"""The operations of anomaly detection; ``ce`` joins them with the others."""
