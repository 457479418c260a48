"""An AWS account on this machine: Bedrock's profiles and STS over HTTP, each answer after a latency.

Run as a program (``loopback.py SECONDS``) it prints its address and serves until it is ended: a process of its own, so
that what it takes is not counted as a caller's.
"""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from botocore.awsrequest import AWSRequest

from account_http import answered
from accounts import Account
from fakes import ACCOUNT

IDENTITY = f"""<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>
<Arn>arn:aws:iam::{ACCOUNT}:user/bench</Arn><UserId>AIDABENCH</UserId><Account>{ACCOUNT}</Account>
</GetCallerIdentityResult><ResponseMetadata><RequestId>req-1</RequestId></ResponseMetadata></GetCallerIdentityResponse>
"""


@contextmanager
def served(latency: float = 0) -> Iterator[dict[str, str]]:
    """A new, empty account; the environment variables with which AWS's clients reach it."""
    with subprocess.Popen(
        (sys.executable, __file__, str(latency)), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        try:
            yield variables(address)
        finally:
            process.terminate()


def variables(address: str) -> dict[str, str]:
    """The environment variables with which AWS's clients reach an account at this address."""
    return {
        "AWS_ENDPOINT_URL": address,
        "AWS_ACCESS_KEY_ID": "AKIABENCH",
        "AWS_SECRET_ACCESS_KEY": "bench",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
    }


def handler(latency: float) -> type[BaseHTTPRequestHandler]:
    """What answers the requests of a new, empty account, each after so many seconds."""
    account, wait = Account(), threading.Event()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            self._answer(self.rfile.read(int(self.headers.get("content-length", 0))))

        def do_GET(self) -> None:
            self._answer(b"")

        do_DELETE = do_GET  # noqa: N815 the server's own way to name them

        def _answer(self, sent: bytes) -> None:
            wait.wait(latency)
            if b"Action=GetCallerIdentity" in sent:
                status, kind, body = 200, "text/xml", IDENTITY.encode()
            else:
                asked = AWSRequest(self.command, f"http://here{self.path}", dict(self.headers.items()), sent)
                said = answered(account, asked.prepare())
                status, kind, body = said.status_code, "application/json", said.content
            self.send_response(status)
            for name, value in (("content-type", kind), ("content-length", str(len(body))), ("x-amzn-requestid", "r")):
                self.send_header(name, value)
            if status >= 400:
                self.send_header("x-amzn-errortype", said.headers["x-amzn-errortype"])
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler


class Server(ThreadingHTTPServer):
    """Takes as many connections at once as a sync opens."""

    request_queue_size = 128
    daemon_threads = True


if __name__ == "__main__":
    server = Server(("127.0.0.1", 0), handler(float(sys.argv[1])))
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()
