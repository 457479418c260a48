"""The in-process seam: botocore's ``before-send`` event. No socket is opened."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.exceptions import ConnectionClosedError, ConnectTimeoutError, ReadTimeoutError
from botocore.session import Session

from costsentry_cli.sandbox.contract import HttpRequest, HttpResponse

Answerer = Callable[[HttpRequest], HttpResponse]


def plug(session: Session, answerer: Answerer) -> None:
    """Answer every request of the clients the session makes from now on; nothing of theirs reaches the network."""
    moto = sys.modules.get("moto.core.models")
    if moto is not None:  # importing moto adds its own handler to every later session; both would run
        session.unregister("before-send", moto.botocore_stubber)
    session.register("before-send", _BeforeSend(answerer))


class _BeforeSend:
    """The event handler; its answer is taken instead of sending."""

    def __init__(self, answerer: Answerer) -> None:
        self._answerer = answerer

    def __call__(self, request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        response = self._answerer(http_request(request))
        _break(response.broken, str(request.url))
        return AWSResponse(request.url, response.status, dict(response.headers), _Raw(response.body))


def http_request(request: AWSPreparedRequest) -> HttpRequest:
    """A botocore request in our form."""
    headers = {str(name).lower(): _text(item) for name, item in request.headers.items()}
    return HttpRequest(str(request.method), str(request.url), headers, _bytes(request.body))


def _break(kind: str, url: str) -> None:
    """Fail as the network would, in botocore's own terms: its retries and everyone's error handling see the same."""
    if kind == "read-timeout":
        raise ReadTimeoutError(endpoint_url=url)
    if kind == "connect-timeout":
        raise ConnectTimeoutError(endpoint_url=url)
    if kind == "closed":
        raise ConnectionClosedError(endpoint_url=url)


def _text(item: Any) -> str:
    return item.decode() if isinstance(item, bytes) else str(item)


def _bytes(body: Any) -> bytes:
    if body is None:
        return b""
    if isinstance(body, str):
        return body.encode()
    return bytes(body) if isinstance(body, (bytes, bytearray)) else bytes(body.read())


class _Raw(BytesIO):
    """What botocore expects of urllib3's response."""

    def stream(self, amt: int = 1024, decode_content: bool | None = None) -> Iterator[bytes]:  # noqa: ARG002, FBT001
        """The rest of the body in chunks, as urllib3 gives it."""
        while chunk := self.read(amt):
            yield chunk
