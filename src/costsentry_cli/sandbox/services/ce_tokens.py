"""Pages of the lists of Cost Explorer's tags, backfills and anomalies: a token names the last row that was shown."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from costsentry_cli.sandbox.contract import Request
from costsentry_cli.sandbox.services.ce_filter import refuse

Key = str | int


class Row(NamedTuple):
    """One entry of a list: its place (keys of a list are of one type and strictly in order) and what is shown."""

    key: Key
    shown: dict[str, Any]


def page(
    request: Request,
    member: str,
    rows: Sequence[Row],
    most: int,
    *,
    continued: str = "NextToken",
    falling: bool = False,
) -> dict[str, Any]:
    """The answer: the rows after the request's token, ``MaxResults`` and ``most`` at most, under ``member``.

    ``continued`` names the token's member, ``falling`` says that the keys run downwards. A row that is made or deleted
    meanwhile shifts no other between two pages.
    Raises ``ServiceError``: InvalidNextTokenException, ValidationException for MaxResults below 1.
    """
    wanted = request.params.get("MaxResults", most)
    if wanted < 1:
        refuse("MaxResults must be at least 1.")
    if continued in request.params:
        last = _opened(request, request.params[continued])
        rows = [row for row in rows if _is_beyond(row.key, last) is not falling and row.key != last]
    size = min(wanted, most)
    answer: dict[str, Any] = {member: [row.shown for row in rows[:size]]}
    if len(rows) > size:
        content = [request.account, request.operation, rows[size - 1].key]
        answer[continued] = base64.urlsafe_b64encode(json.dumps(content).encode()).decode()
    return answer


def _is_beyond(one: Key, other: Key) -> bool:
    if isinstance(one, int) and isinstance(other, int):
        return one > other
    return str(one) > str(other)


def _opened(request: Request, token: str) -> Key:
    try:
        account, operation, key = json.loads(base64.b64decode(token.encode("ascii"), altchars="-_", validate=True))
    except (binascii.Error, ValueError, TypeError):
        account = operation = key = None
    if (account, operation) != (request.account, request.operation) or not isinstance(key, (str, int)):
        refuse("The next token is invalid.", "InvalidNextTokenException")
    return key
