"""Tags of anomaly monitors and subscriptions, and how their ARNs are made."""

from __future__ import annotations

import uuid
from typing import Any

from costsentry_cli.sandbox.contract import Handler, Request, ServiceError
from costsentry_cli.sandbox.services.ce_filter import refuse

_MOST_TAGS = 50
_TABLES = ("anomaly_monitors", "anomaly_subscriptions")


def new_arn(request: Request, kind: str) -> str:
    """An ARN never given before in this file; the same in every equal run. ``kind`` as ``anomalymonitor``."""
    number = int(request.store.setting("anomaly_arns", "0")) + 1
    request.store.set_setting("anomaly_arns", str(number))
    return f"arn:aws:ce::{request.account}:{kind}/{uuid.uuid5(uuid.NAMESPACE_OID, f'{kind} {number}')}"


def write_tags(request: Request, arn: str, tags: list[dict[str, str]]) -> None:
    """Add or overwrite tags. Raises ``ServiceError``: ValidationException, TooManyTagsException over 50 tags.

    AWS trims keys and values, keeps ``aws:`` for itself and refuses one key twice.
    """
    trimmed = [(tag["Key"].strip(), tag["Value"].strip()) for tag in tags]
    keys = [key for key, _ in trimmed]
    for key in keys:
        if not key or key.lower().startswith("aws:"):
            refuse(f"Tag key {key!r} is invalid. Keys must not be empty or begin with aws:.")
    if len(set(keys)) < len(keys):
        refuse("Duplicate tag keys found. Each tag key must be unique.")
    db = request.store.db
    db.executemany("INSERT OR REPLACE INTO tags VALUES (?, ?, ?)", [(arn, key, value) for key, value in trimmed])
    count = db.execute("SELECT count(*) FROM tags WHERE arn = ?", (arn,)).fetchone()[0]
    if count > _MOST_TAGS:
        problem = f"A resource can have at most {_MOST_TAGS} tags."
        raise ServiceError("TooManyTagsException", problem, ResourceName=arn)


def forget_tags(request: Request, arn: str) -> None:
    """Delete every tag of a resource that is deleted."""
    request.store.db.execute("DELETE FROM tags WHERE arn = ?", (arn,))


def tag_resource(request: Request) -> dict[str, Any]:
    """TagResource. Raises ``ServiceError``: ResourceNotFoundException and what ``write_tags`` does."""
    write_tags(request, _existing(request), request.params["ResourceTags"])
    return {}


def untag_resource(request: Request) -> dict[str, Any]:
    """UntagResource; a key that is not there is no error. Raises ``ServiceError`` ResourceNotFoundException."""
    arn = _existing(request)
    gone = [(arn, key.strip()) for key in request.params["ResourceTagKeys"]]
    request.store.db.executemany("DELETE FROM tags WHERE arn = ? AND key = ?", gone)
    return {}


def list_tags_for_resource(request: Request) -> dict[str, Any]:
    """ListTagsForResource, in the order of the keys. Raises ``ServiceError`` ResourceNotFoundException."""
    rows = request.store.db.execute("SELECT key, value FROM tags WHERE arn = ? ORDER BY key", (_existing(request),))
    return {"ResourceTags": [{"Key": row["key"], "Value": row["value"]} for row in rows]}


def _existing(request: Request) -> str:
    """The ARN asked about, which must be the caller's monitor or subscription."""
    arn: str = request.params["ResourceArn"]
    for table in _TABLES:
        query = f"SELECT 1 FROM {table} WHERE arn = ? AND account = ?"  # noqa: S608 - the names are constants
        if request.store.db.execute(query, (arn, request.account)).fetchone():
            return arn
    raise ServiceError("ResourceNotFoundException", f"The resource {arn} does not exist.", ResourceName=arn)


OPERATIONS: dict[str, Handler] = {
    "TagResource": tag_resource,
    "UntagResource": untag_resource,
    "ListTagsForResource": list_tags_for_resource,
}
"""The tag operations of Cost Explorer's own resources; ``ce`` joins them with the others."""
