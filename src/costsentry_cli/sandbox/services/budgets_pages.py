"""Pages of AWS Budgets: opaque tokens that name the last row shown, bound to the list they belong to."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Callable, Sequence
from typing import Any, NoReturn, TypeVar

from costsentry_cli.sandbox.contract import Request
from costsentry_cli.sandbox.services.budgets_refusals import refuse

Row = TypeVar("Row")
Position = str | int
"""What a list is sorted by; it tells its rows apart."""


def page(
    request: Request, rows: Sequence[Row], position: Callable[[Row], Position], size: int = 100
) -> tuple[Sequence[Row], dict[str, str]]:
    """The rows of the page asked for (``MaxResults``, else ``size``) and ``NextToken`` when there are more.

    ``rows`` are in the order of ``position``. InvalidNextTokenException for a token that is none of this list's.
    """
    left = rows if "NextToken" not in request.params else _after(request, rows, position)
    shown = left[: request.params.get("MaxResults", size)]
    return shown, {"NextToken": _token(request, position(shown[-1]))} if len(left) > len(shown) else {}


def _after(request: Request, rows: Sequence[Row], position: Callable[[Row], Position]) -> list[Row]:
    last = _opened(request)
    try:
        return [row for row in rows if position(row) > last]  # type: ignore[operator]
    except TypeError:
        _refuse_token()


def _opened(request: Request) -> Position:
    try:
        list_, last = json.loads(base64.urlsafe_b64decode(request.params["NextToken"].encode("ascii")))
    except (binascii.Error, ValueError, TypeError):
        _refuse_token()
    if list_ != _list(request) or not isinstance(last, (str, int)):
        _refuse_token()
    return last


def _token(request: Request, last: Position) -> str:
    return base64.urlsafe_b64encode(json.dumps([_list(request), last]).encode()).decode()


def _list(request: Request) -> str:
    """Which list a request pages through: the same but for the page and how much is shown of a row."""
    paging = ("NextToken", "MaxResults", "ShowFilterExpression")
    asked: dict[str, Any] = {name: value for name, value in request.params.items() if name not in paging}
    text = json.dumps([request.account, request.operation, asked], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _refuse_token() -> NoReturn:
    refuse("The pagination token is invalid.", "InvalidNextTokenException")
