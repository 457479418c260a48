"""The served seam: a loopback HTTP server for the AWS CLI and other SDKs. Standard library only.

It listens on 127.0.0.1 and refuses what a web page can send: a foreign ``Host`` (DNS rebinding) and anything with an
``Origin``. There is no CORS.
"""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import FrameType
from typing import Protocol

from costsentry_cli.sandbox.contract import HttpRequest, HttpResponse
from costsentry_cli.sandbox.wire_in import BODY_LIMIT

_LINE_LIMIT = 65536


class Answerer(Protocol):
    """What answers requests: a ``Sandbox``."""

    def handle(self, request: HttpRequest) -> HttpResponse:
        """One request in, one answer out; never raises."""
        ...


def serve(sandbox: Answerer, port: int, ready: Callable[[str], None]) -> None:
    """Serve until Ctrl-C or SIGTERM, then return. ``ready`` is told the URL; port 0 takes a free one."""
    with _Server(sandbox, port) as server, _stopped_by_sigterm(), suppress(KeyboardInterrupt):
        ready(server.url)
        server.serve_forever(poll_interval=0.2)


@contextmanager
def start(sandbox: Answerer, port: int = 0) -> Iterator[str]:
    """Serve in a thread for the length of the context; yields the URL."""
    with _Server(sandbox, port) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield server.url
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def _stopped_by_sigterm() -> Iterator[None]:
    """SIGTERM ends the server as Ctrl-C does. Only the main thread may set signal handlers."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, sandbox: Answerer, port: int) -> None:
        super().__init__(("127.0.0.1", port), _Connection)
        self.sandbox = sandbox
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.hosts = frozenset((f"127.0.0.1:{self.server_port}", f"localhost:{self.server_port}"))

    def handle_error(self, request: object, client_address: object) -> None:  # noqa: ARG002 - the library's
        """A client that went away is no event, and a trace could hold a prompt: one line for anything else."""
        error = sys.exception()
        if error is not None and not isinstance(error, ConnectionError | TimeoutError):
            sys.stderr.write(f"the sandbox lost a connection: {type(error).__name__}\n")


class _Refused(Exception):
    """A request that is answered before it is read: HTTP status and why."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


class _Connection(BaseHTTPRequestHandler):
    """One client connection, kept alive."""

    server: _Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 300
    wbufsize = -1  # head and body leave in one packet

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: requests hold prompts."""

    def handle_expect_100(self) -> bool:
        """Ask for the body only when it will be read."""
        try:
            self._check()
        except _Refused as refused:
            self._refuse(refused)
            return False
        done = super().handle_expect_100()
        self.wfile.flush()
        return done

    def _serve(self) -> None:
        try:
            self._check()
            body = self._body()
        except _Refused as refused:
            self._refuse(refused)
            return
        headers = {name.lower(): item for name, item in self.headers.items()}
        self._send(self.server.sandbox.handle(HttpRequest(self.command, self.path, headers, body)))

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _serve  # noqa: N815 - the standard library's names

    def _check(self) -> None:
        """Raises ``_Refused`` for what no SDK sends to this server."""
        if self.headers.get("Host", "").lower() not in self.server.hosts:
            raise _Refused(403, "this server answers only to its own address")
        if "Origin" in self.headers or "Sec-Fetch-Site" in self.headers:
            raise _Refused(403, "this server does not answer web pages")
        if self._length() > BODY_LIMIT:
            raise _Refused(413, f"the body exceeds {BODY_LIMIT} bytes")

    def _length(self) -> int:
        text = self.headers.get("Content-Length", "0")
        if not text.isascii() or not text.isdigit():
            raise _Refused(400, "Content-Length is no number")
        return int(text)

    def _body(self) -> bytes:
        coding = self.headers.get("Transfer-Encoding")
        if coding is None:
            return self.rfile.read(self._length())
        if coding.lower() != "chunked" or "Content-Length" in self.headers:
            raise _Refused(400, "only one of Content-Length and chunked is understood")
        return b"".join(self._chunks())

    def _chunks(self) -> Iterator[bytes]:
        total = 0
        while size := self._chunk_size():
            total += size
            if total > BODY_LIMIT:
                raise _Refused(413, f"the body exceeds {BODY_LIMIT} bytes")
            yield self.rfile.read(size)
            self.rfile.readline(_LINE_LIMIT)
        while self.rfile.readline(_LINE_LIMIT).strip():
            pass  # trailers mean nothing here

    def _chunk_size(self) -> int:
        line = self.rfile.readline(_LINE_LIMIT).partition(b";")[0].strip()
        try:
            return int(line, 16)
        except ValueError:
            raise _Refused(400, "a chunk's size is no number") from None

    def _refuse(self, refused: _Refused) -> None:
        self.close_connection = True  # the body was not read: what follows is no request
        headers = {"Content-Type": "text/plain; charset=utf-8", "Connection": "close"}
        self._send(HttpResponse(refused.status, headers, f"{refused}\n".encode()))

    def _send(self, response: HttpResponse) -> None:
        if response.broken:
            self.close_connection = True
            return
        self.send_response_only(response.status)
        for name, item in response.headers.items():
            self.send_header(name, item)
        if response.status != 204:
            self.send_header("Content-Length", str(len(response.body)))
        self.end_headers()
        if self.command != "HEAD" and response.status != 204:
            self.wfile.write(response.body)
        self.wfile.flush()
