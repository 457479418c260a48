"""Pages of a Cost Explorer answer: opaque tokens bound to their request and to what its first page showed."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from dataclasses import dataclass
from datetime import datetime

from costsentry_cli.sandbox.contract import Request
from costsentry_cli.sandbox.services.ce_filter import refuse


@dataclass(frozen=True)
class Page:
    """Where a page begins, counted in groups, and up to when (seconds since the epoch) usage is shown."""

    offset: int
    shown_until: float


def page_of(request: Request, shown_until: datetime) -> Page:
    """The page a request asks for; InvalidNextTokenException, RequestChangedException for another request's token."""
    if "NextPageToken" not in request.params:
        return Page(0, shown_until.timestamp())
    fingerprint, page = _opened(request.params["NextPageToken"])
    if fingerprint != _fingerprint(request):
        refuse("Your request parameters changed between pages.", "RequestChangedException")
    return page


def next_page(request: Request, page: Page, size: int) -> str:
    """The token of the page that begins ``size`` groups later."""
    content = [_fingerprint(request), page.offset + size, page.shown_until]
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode()


def _opened(token: str) -> tuple[str, Page]:
    try:
        fingerprint, offset, shown_until = json.loads(base64.urlsafe_b64decode(token.encode("ascii")))
        return str(fingerprint), Page(int(offset), float(shown_until))
    except (binascii.Error, ValueError, TypeError):
        refuse("The next token is invalid.", "InvalidNextTokenException")


def _fingerprint(request: Request) -> str:
    asked = {name: value for name, value in request.params.items() if name != "NextPageToken"}
    text = json.dumps([request.account, request.operation, asked], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
