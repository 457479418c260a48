"""CloudWatch Logs' groups, streams and events in the store: found, counted, and gone when their retention is over."""

from __future__ import annotations

import base64
import hashlib
import json
import sqlite3
from dataclasses import dataclass
from typing import Any, NoReturn

from costsentry_cli.sandbox.contract import Request, ServiceError

EVENT_OVERHEAD = 26
"""Bytes AWS counts for an event besides its message."""

PAGE_BYTES = 1024 * 1024

_DAY = 86_400_000


@dataclass(frozen=True)
class Group:
    """A log group; ``created`` in milliseconds, ``retention`` in days or None for ever."""

    number: int
    name: str
    account: str
    region: str
    created: int
    kind: str
    retention: int | None
    protected: bool
    tags: dict[str, str]

    @property
    def arn(self) -> str:
        """The ARN that names the group (the older form has ``:*`` behind it)."""
        return f"arn:aws:logs:{self.region}:{self.account}:log-group:{self.name}"


def refuse(message: str) -> NoReturn:
    """Raise InvalidParameterException."""
    raise ServiceError("InvalidParameterException", message)


def lacking(request: Request, what: str) -> NoReturn:
    """Raise the 501 that names what the sandbox does not have."""
    said = f"the sandbox does not have {what} of logs.{request.operation}"
    raise ServiceError("UnknownOperationException", said, 501)


def millis(request: Request) -> int:
    """The sandbox's time in milliseconds."""
    return round(request.now.timestamp() * 1000)


def groups(request: Request) -> list[Group]:
    """The caller's groups, by name."""
    query = "SELECT * FROM log_groups WHERE account = ? AND region = ? ORDER BY name"
    return [_group(row) for row in request.store.db.execute(query, (request.account, request.region))]


def find(request: Request, named: str) -> Group | None:
    """The caller's group of that name or ARN."""
    prefix = f"arn:aws:logs:{request.region}:{request.account}:log-group:"
    name = named.removeprefix(prefix)
    query = "SELECT * FROM log_groups WHERE account = ? AND region = ? AND name = ?"
    row = request.store.db.execute(query, (request.account, request.region, name)).fetchone()
    return None if row is None else _group(row)


def group(request: Request, named: str) -> Group:
    """The group of that name or ARN, without expired events. Raises ``ServiceError`` ResourceNotFoundException."""
    found = find(request, named)
    if found is None:
        raise ServiceError("ResourceNotFoundException", "The specified log group does not exist.")
    if found.retention is not None:
        cutoff = millis(request) - found.retention * _DAY
        request.store.db.execute("DELETE FROM log_events WHERE group_id = ? AND at < ?", (found.number, cutoff))
    return found


def asked_group(request: Request) -> Group:
    """The group of ``logGroupName`` or ``logGroupIdentifier``, exactly one of which is given."""
    params = request.params
    given = [params[name] for name in ("logGroupName", "logGroupIdentifier") if name in params]
    if len(given) != 1:
        refuse("Exactly one of logGroupName and logGroupIdentifier is required.")
    return group(request, given[0])


def _group(row: sqlite3.Row) -> Group:
    fixed = (row["id"], row["name"], row["account"], row["region"], row["created"], row["class"], row["retention"])
    return Group(*fixed, bool(row["protected"]), json.loads(row["tags"]))


def stream(request: Request, of: Group, name: str) -> sqlite3.Row:
    """A stream's row. Raises ``ServiceError`` ResourceNotFoundException."""
    query = "SELECT * FROM log_streams WHERE group_id = ? AND name = ?"
    row: sqlite3.Row | None = request.store.db.execute(query, (of.number, name)).fetchone()
    if row is None:
        raise ServiceError("ResourceNotFoundException", "The specified log stream does not exist.")
    return row


def token(request: Request, place: Any) -> str:
    """A page's token: good for the same question only."""
    text = json.dumps([_question(request), place])
    return base64.urlsafe_b64encode(text.encode()).decode()


def place(request: Request, kind: type) -> Any:
    """Where the token says the page begins, None for the first. Raises ``ServiceError`` for a token not of ours."""
    given = request.params.get("nextToken")
    if given is None:
        return None
    try:
        question, found = json.loads(base64.b64decode(given.encode(), altchars=b"-_", validate=True))
    except (ValueError, TypeError):
        question, found = None, None
    if question != _question(request) or not isinstance(found, kind):
        refuse("The specified nextToken is invalid.")
    return found


def _question(request: Request) -> str:
    free = ("nextToken", "limit", "maxItems", "maxResults")
    asked = {name: item for name, item in request.params.items() if name not in free}
    text = json.dumps([request.operation, request.account, request.region, asked], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
