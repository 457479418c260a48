"""Tags of budgets and of budget actions. They do not allocate costs."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from costsentry_cli.sandbox.contract import Handler, Request
from costsentry_cli.sandbox.services.budgets_refusals import DENIED, NOT_FOUND, refuse
from costsentry_cli.sandbox.services.budgets_rows import check_account, find

_ARN = re.compile(r"arn:aws:budgets::(\d{12}):budget/([^:\\]+?)(?:/action/([0-9a-fA-F-]{36}))?")
_MOST = 200


def add(request: Request, arn: str, tags: Sequence[Mapping[str, str]]) -> None:
    """Tag a resource that is there; a key that is there gets the new value.

    Raises ``ServiceError`` InvalidParameterException, ServiceQuotaExceededException.
    """
    keys = [tag["Key"] for tag in tags]
    if len(set(keys)) < len(keys):
        refuse("A tag key is given twice.")
    if any(key.lower().startswith("aws:") for key in keys):
        refuse("Tag keys that begin with aws: are reserved for AWS.")
    rows = [(arn, tag["Key"], tag["Value"]) for tag in tags]
    request.store.db.executemany("INSERT OR REPLACE INTO tags VALUES (?, ?, ?)", rows)
    if len(_tags(request, arn)) > _MOST:
        refuse(f"A resource has at most {_MOST} tags.", "ServiceQuotaExceededException")


def list_tags(request: Request) -> dict[str, Any]:
    """ListTagsForResource, by key."""
    return {"ResourceTags": _tags(request, _resource(request))}


def tag_resource(request: Request) -> dict[str, Any]:
    """TagResource."""
    add(request, _resource(request), request.params["ResourceTags"])
    return {}


def untag_resource(request: Request) -> dict[str, Any]:
    """UntagResource; keys that are not there are no error."""
    arn = _resource(request)
    gone = [(arn, key) for key in request.params["ResourceTagKeys"]]
    request.store.db.executemany("DELETE FROM tags WHERE arn = ? AND key = ?", gone)
    return {}


def _resource(request: Request) -> str:
    """The ARN of a budget or action of the caller's that is there."""
    check_account(request)
    arn: str = request.params["ResourceARN"]
    parts = _ARN.fullmatch(arn)
    if parts is None:
        refuse(f"{arn} is not the ARN of a budget or of a budget action.")
    account, name, action = parts.groups()
    if account != request.account:
        refuse(f"{request.principal} is not authorized to access the budgets of this account.", DENIED)
    if find(request, name) is None or (action is not None and not _has_action(request, name, action)):
        refuse(f"{arn} doesn't exist.", NOT_FOUND)
    return arn


def _has_action(request: Request, budget: str, action: str) -> bool:
    query = "SELECT 1 FROM budget_actions WHERE account = ? AND budget = ? AND id = ?"
    return request.store.db.execute(query, (request.account, budget, action)).fetchone() is not None


def _tags(request: Request, arn: str) -> list[dict[str, str]]:
    rows = request.store.db.execute("SELECT key, value FROM tags WHERE arn = ? ORDER BY key", (arn,))
    return [{"Key": row["key"], "Value": row["value"]} for row in rows]


OPERATIONS: dict[str, Handler] = {
    "ListTagsForResource": list_tags,
    "TagResource": tag_resource,
    "UntagResource": untag_resource,
}
"""The operations on tags; ``budgets`` joins them with the others."""
