"""Anomaly subscriptions: who is told of which monitors' anomalies. The sandbox keeps them and sends nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from costsentry_cli.sandbox.contract import Handler, Request, ServiceError
from costsentry_cli.sandbox.services.ce_anomalies_monitors import monitor_of
from costsentry_cli.sandbox.services.ce_anomalies_tags import forget_tags, new_arn, write_tags
from costsentry_cli.sandbox.services.ce_filter import refuse
from costsentry_cli.sandbox.services.ce_tokens import Row, page

_MOST_SUBSCRIPTIONS = 100
_MOST_LISTED = 100
_IMPACTS = ("ANOMALY_TOTAL_IMPACT_ABSOLUTE", "ANOMALY_TOTAL_IMPACT_PERCENTAGE")
_MATCH = ["GREATER_THAN_OR_EQUAL"]
_LARGEST = Decimal(10_000_000_000)
_PLAIN = re.compile(r"\d+(?:\.\d*)?")
_TOPIC = "arn:"
_CHANGEABLE = ("MonitorArnList", "Subscribers", "Frequency", "SubscriptionName")


def create(request: Request) -> dict[str, Any]:
    """CreateAnomalySubscription. Names need not be unique (``ANOMALY_NAMES_UNIQUE``).

    Raises ``ServiceError``: ValidationException, also over the quota of 100; UnknownMonitorException;
    TooManyTagsException.
    """
    asked = request.params["AnomalySubscription"]
    settings = {name: asked[name] for name in _CHANGEABLE} | {"Threshold": _threshold(asked)}
    if settings["Threshold"] is None:
        refuse("Threshold and ThresholdExpression cannot both be null")
    _check(request, settings)
    count = request.store.db.execute(
        "SELECT count(*) FROM anomaly_subscriptions WHERE account = ?", (request.account,)
    ).fetchone()[0]
    if count >= _MOST_SUBSCRIPTIONS:
        refuse("Limit exceeded on anomaly subscription creation")
    arn = new_arn(request, "anomalysubscription")
    request.store.db.execute(
        "INSERT INTO anomaly_subscriptions (arn, account, name, monitors, subscribers, frequency, threshold) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        (arn, request.account, *_columns(settings)),
    )
    write_tags(request, arn, request.params.get("ResourceTags", []))
    return {"SubscriptionArn": arn}


def update(request: Request) -> dict[str, Any]:
    """UpdateAnomalySubscription: what is not named stays; the whole is checked like a new one.

    Raises ``ServiceError``: UnknownSubscriptionException and what ``create`` does.
    """
    arn: str = request.params["SubscriptionArn"]
    kept = _settings(_subscription_of(request, arn))
    settings = {name: request.params.get(name, kept[name]) for name in _CHANGEABLE}
    settings["Threshold"] = _threshold(request.params) or kept["Threshold"]
    _check(request, settings, may_be_alone="MonitorArnList" not in request.params)
    request.store.db.execute(
        "UPDATE anomaly_subscriptions SET name = ?, monitors = ?, subscribers = ?, frequency = ?, threshold = ? "
        "WHERE arn = ?",
        (*_columns(settings), arn),
    )
    return {"SubscriptionArn": arn}


def delete(request: Request) -> dict[str, Any]:
    """DeleteAnomalySubscription. Raises ``ServiceError`` UnknownSubscriptionException."""
    arn: str = request.params["SubscriptionArn"]
    _subscription_of(request, arn)
    request.store.db.execute("DELETE FROM anomaly_subscriptions WHERE arn = ?", (arn,))
    forget_tags(request, arn)
    return {}


def listed(request: Request) -> dict[str, Any]:
    """GetAnomalySubscriptions: all, those of a list, those of a monitor; in the order they were made.

    Raises ``ServiceError``: UnknownSubscriptionException, InvalidNextTokenException.
    """
    params = request.params
    wanted = [_subscription_of(request, arn)["arn"] for arn in params.get("SubscriptionArnList", ())]
    query = "SELECT * FROM anomaly_subscriptions WHERE account = ? ORDER BY id"
    rows = [
        Row(row["id"], _shown(row))
        for row in request.store.db.execute(query, (request.account,))
        if (not wanted or row["arn"] in wanted) and params.get("MonitorArn") in (None, *json.loads(row["monitors"]))
    ]
    return page(request, "AnomalySubscriptions", rows, _MOST_LISTED, continued="NextPageToken")


def _subscription_of(request: Request, arn: str) -> Mapping[str, Any]:
    query = "SELECT * FROM anomaly_subscriptions WHERE account = ? AND arn = ?"
    row = request.store.db.execute(query, (request.account, arn)).fetchone()
    if row is None:
        problem = f"The cost anomaly subscription {arn} does not exist for the account."
        raise ServiceError("UnknownSubscriptionException", problem)
    return dict(row)


def _settings(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "SubscriptionName": row["name"],
        "MonitorArnList": json.loads(row["monitors"]),
        "Subscribers": json.loads(row["subscribers"]),
        "Frequency": row["frequency"],
        "Threshold": json.loads(row["threshold"]),
    }


def _columns(settings: Mapping[str, Any]) -> tuple[str, ...]:
    subscribers = [{"Address": each["Address"], "Type": each["Type"]} for each in settings["Subscribers"]]
    return (
        settings["SubscriptionName"],
        json.dumps(list(dict.fromkeys(settings["MonitorArnList"]))),
        json.dumps(subscribers),
        settings["Frequency"],
        json.dumps(settings["Threshold"]),
    )


def _shown(row: Mapping[str, Any]) -> dict[str, Any]:
    settings = _settings(row)
    confirmed = [each | {"Status": "CONFIRMED"} for each in settings["Subscribers"]]
    threshold: dict[str, Any] = settings.pop("Threshold")
    whose = {"SubscriptionArn": row["arn"], "AccountId": row["account"]}
    return whose | settings | {"Subscribers": confirmed} | threshold


def _threshold(asked: Mapping[str, Any]) -> dict[str, Any] | None:
    """The threshold's members as they are shown, None when none was given; an amount is shorthand for an expression.

    Raises ``ServiceError`` ValidationException for both at once and for an expression AWS does not take.
    """
    amount, expression = asked.get("Threshold"), asked.get("ThresholdExpression")
    if amount is not None and expression is not None:
        refuse("Threshold and ThresholdExpression cannot both be specified")
    if expression is not None:
        _check_expression(expression)
        return {"ThresholdExpression": expression}
    if amount is None:
        return None
    impact = {"Key": _IMPACTS[0], "Values": [format(Decimal(str(amount)).normalize(), "f")], "MatchOptions": _MATCH}
    return {"Threshold": float(amount), "ThresholdExpression": {"Dimensions": impact}}


def _check_expression(expression: Mapping[str, Any]) -> None:
    root = next(iter(expression), "")
    if len(expression) != 1 or root not in ("Dimensions", "And", "Or"):
        refuse("ThresholdExpression must have one root of Dimensions, And, Or.")
    if root == "Dimensions":
        _check_impact(expression[root])
        return
    if len(expression[root]) < 2:
        refuse(f"{root} expression must have at least 2 operands.")
    for part in expression[root]:
        _check_expression(part)


def _check_impact(leaf: Mapping[str, Any]) -> None:
    if leaf.get("Key") not in _IMPACTS:
        refuse(f"ThresholdExpression supports the dimensions {' and '.join(_IMPACTS)} only.")
    if leaf.get("MatchOptions") != _MATCH:
        refuse("ThresholdExpression requires the match option GREATER_THAN_OR_EQUAL.")
    values = leaf.get("Values", [])
    if len(values) != 1 or not _is_amount(values[0]):
        refuse("ThresholdExpression takes one value, a number between 0 and 10,000,000,000.")


def _is_amount(text: str) -> bool:
    try:
        return bool(_PLAIN.fullmatch(text)) and Decimal(text) <= _LARGEST
    except InvalidOperation:
        return False


def _check(request: Request, settings: Mapping[str, Any], *, may_be_alone: bool = False) -> None:
    if not settings["SubscriptionName"].strip():
        refuse("SubscriptionName must not be empty.")
    if not settings["MonitorArnList"] and not may_be_alone:
        refuse("MonitorArnList must not be empty.")
    for arn in settings["MonitorArnList"]:
        monitor_of(request, arn)
    _check_subscribers(settings["Frequency"], settings["Subscribers"])


def _check_subscribers(frequency: str, subscribers: list[dict[str, str]]) -> None:
    """E-mail goes with DAILY and WEEKLY, one SNS topic with IMMEDIATE; AWS answers the mistakes in these words."""
    if not subscribers:
        refuse("Subscribers must not be empty.")
    for each in subscribers:
        if "Address" not in each or "Type" not in each:
            refuse("A subscriber needs an Address and a Type.")
        if (each["Type"] == "SNS") != each["Address"].startswith(_TOPIC):
            refuse(f"Subscriber address {each['Address']} is invalid for the type {each['Type']}.")
    kinds = {each["Type"] for each in subscribers}
    if frequency != "IMMEDIATE" and kinds != {"EMAIL"}:
        refuse("Daily or weekly frequencies only support Email subscriptions")
    if frequency == "IMMEDIATE" and kinds != {"SNS"}:
        refuse("Immediate frequencies only support SNSTopic subscriptions")
    if frequency == "IMMEDIATE" and len(subscribers) > 1:
        refuse("Immediate frequencies support a max of one subscriber")


OPERATIONS: dict[str, Handler] = {
    "CreateAnomalySubscription": create,
    "UpdateAnomalySubscription": update,
    "DeleteAnomalySubscription": delete,
    "GetAnomalySubscriptions": listed,
}
"""The subscription operations; ``ce`` joins them with the others."""
