"""Subscribers of a notification: at most 10 e-mail addresses and one SNS topic, at least one of all."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Sequence
from typing import Any

from costsentry_cli.domain.aws_limits import ALERT_EMAILS_MAX, ALERT_TOPICS_MAX
from costsentry_cli.sandbox.contract import Handler, Request
from costsentry_cli.sandbox.services.budgets_notification_rows import (
    delete_notification,
    described,
    notification_named,
    subscriber_rows,
)
from costsentry_cli.sandbox.services.budgets_pages import page
from costsentry_cli.sandbox.services.budgets_refusals import DENIED, DUPLICATE, NOT_FOUND, TOO_MANY, refuse
from costsentry_cli.sandbox.services.budgets_rows import check_account, named

Subscriber = dict[str, str]
"""AWS's structure: ``SubscriptionType`` (EMAIL or SNS) and ``Address``."""

_EMAIL = re.compile(r"[^\s@<>,;]+@[^\s@<>,;.]+(\.[^\s@<>,;.]+)+")
_TOPIC = re.compile(r"arn:aws(-[a-z]+)*:sns:[a-z]{2,4}(-[a-z]+)+-\d:\d{12}:[\w-]{1,256}", re.ASCII)
_MOST = {"EMAIL": ALERT_EMAILS_MAX, "SNS": ALERT_TOPICS_MAX}


def check_subscribers(request: Request, subscribers: Sequence[Subscriber]) -> None:
    """Refuse subscribers that together cannot be those of one notification, or that a setting denies.

    Raises ``ServiceError`` InvalidParameterException, DuplicateRecordException, CreationLimitExceededException, and
    AccessDeniedException for an address with the setting ``budget_email_denied:<address>``.
    """
    for each in subscribers:
        _check_address(request, each["SubscriptionType"], each["Address"])
    if len({(each["SubscriptionType"], each["Address"]) for each in subscribers}) < len(subscribers):
        refuse("The notification has a subscriber twice.", DUPLICATE)
    for kind, most in _MOST.items():
        if sum(each["SubscriptionType"] == kind for each in subscribers) > most:
            refuse(f"A notification has at most {most} subscribers of type {kind}.", TOO_MANY)


def create_subscriber(request: Request) -> dict[str, Any]:
    """CreateSubscriber."""
    notification, added = _notification(request), request.params["Subscriber"]
    _check_address(request, added["SubscriptionType"], added["Address"])
    check_subscribers(request, [*described(subscriber_rows(request, notification["id"])), added])
    request.store.db.execute(
        "INSERT INTO budget_subscribers (notification, type, address) VALUES (?, ?, ?)",
        (notification["id"], added["SubscriptionType"], added["Address"]),
    )
    return {}


def update_subscriber(request: Request) -> dict[str, Any]:
    """UpdateSubscriber: another address in the old one's place."""
    row, new = _subscriber(request, request.params["OldSubscriber"]), request.params["NewSubscriber"]
    others = [other for other in subscriber_rows(request, row["notification"]) if other["id"] != row["id"]]
    check_subscribers(request, [*described(others), new])
    request.store.db.execute(
        "UPDATE budget_subscribers SET type = ?, address = ? WHERE id = ?",
        (new["SubscriptionType"], new["Address"], row["id"]),
    )
    return {}


def delete_subscriber(request: Request) -> dict[str, Any]:
    """DeleteSubscriber; with the last one goes the notification."""
    row = _subscriber(request, request.params["Subscriber"])
    request.store.db.execute("DELETE FROM budget_subscribers WHERE id = ?", (row["id"],))
    if not subscriber_rows(request, row["notification"]):
        delete_notification(request, row["notification"])
    return {}


def describe_subscribers(request: Request) -> dict[str, Any]:
    """DescribeSubscribersForNotification, in the order of their making."""
    rows, more = page(request, subscriber_rows(request, _notification(request)["id"]), lambda row: int(row["id"]))
    return {"Subscribers": described(rows)} | more


def _check_address(request: Request, kind: str, address: str) -> None:
    form = _EMAIL if kind == "EMAIL" else _TOPIC
    if not form.fullmatch(address):
        refuse(
            f"The address {address!r} is not {'an e-mail address' if kind == 'EMAIL' else 'the ARN of an SNS topic'}."
        )
    if request.store.setting(f"budget_email_denied:{address}", "0") == "1":
        refuse(f"{request.principal} is not authorized to notify {address}.", DENIED)


def _notification(request: Request) -> sqlite3.Row:
    check_account(request)
    return notification_named(request, named(request).name, request.params["Notification"])


def _subscriber(request: Request, wanted: Subscriber) -> sqlite3.Row:
    terms = (wanted["SubscriptionType"], wanted["Address"])
    rows = subscriber_rows(request, _notification(request)["id"])
    found = next((row for row in rows if (row["type"], row["address"]) == terms), None)
    return found or refuse("The subscriber does not exist.", NOT_FOUND)


OPERATIONS: dict[str, Handler] = {
    "CreateSubscriber": create_subscriber,
    "UpdateSubscriber": update_subscriber,
    "DeleteSubscriber": delete_subscriber,
    "DescribeSubscribersForNotification": describe_subscribers,
}
"""The operations on subscribers; ``budgets`` joins them with the others."""
