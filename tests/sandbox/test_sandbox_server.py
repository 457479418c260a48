"""The HTTP server: loopback only, deaf to web pages, keep-alive, chunked and packed bodies, a clean end."""

from __future__ import annotations

import gzip
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from sandbox_core_world import sandbox_at_noon, signed

from costsentry_cli.sandbox import environment
from costsentry_cli.sandbox.server import start
from costsentry_cli.sandbox.wire_in import BODY_LIMIT

IDENTITY = b"Action=GetCallerIdentity&Version=2011-06-15"
HEADERS = {**signed("sts"), "content-type": "application/x-www-form-urlencoded; charset=utf-8"}


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    with start(sandbox_at_noon(tmp_path)) as address:
        yield address


@pytest.fixture
def connection(url: str) -> Iterator[http.client.HTTPConnection]:
    made = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
    yield made
    made.close()


def _identity(connection: http.client.HTTPConnection, **headers: str) -> tuple[int, bytes]:
    connection.request("POST", "/", IDENTITY, {**HEADERS, **headers})
    response = connection.getresponse()
    return response.status, response.read()


def test_it_listens_on_loopback_only(url):
    assert urlsplit(url).hostname == "127.0.0.1"


def test_one_connection_serves_many_requests(connection):
    assert [_identity(connection)[0] for _ in range(3)] == [200, 200, 200]
    assert connection.sock is not None


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "http://127.0.0.1"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}, {"Host": "evil.example"}],
)
def test_what_a_web_page_can_send_is_refused(connection, headers):
    status, body = _identity(connection, **headers)
    assert status == 403
    assert b"sandbox" not in body


def test_localhost_is_a_name_for_it(connection, url):
    assert _identity(connection, Host=f"localhost:{urlsplit(url).port}")[0] == 200


def test_no_answer_invites_other_origins(connection):
    connection.request("POST", "/", IDENTITY, HEADERS)
    response = connection.getresponse()
    assert not [name for name, _ in response.getheaders() if name.lower().startswith("access-control")]


def test_a_packed_body_is_unpacked(connection):
    connection.request("POST", "/", gzip.compress(IDENTITY), {**HEADERS, "Content-Encoding": "gzip"})
    # A form names its operation in the body: routing has to see it unpacked.
    assert connection.getresponse().status == 200


def test_a_packed_body_that_unfolds_too_far_is_refused(connection):
    bomb = gzip.compress(bytes(BODY_LIMIT + 1))
    headers = {**signed("ce"), "x-amz-target": "AWSInsightsIndexService.GetTags", "Content-Encoding": "gzip"}
    connection.request("POST", "/", bomb, headers)
    assert connection.getresponse().status in (413, 501)


def test_a_chunked_body_is_put_together(connection):
    connection.request("POST", "/", iter([IDENTITY[:9], IDENTITY[9:]]), HEADERS, encode_chunked=True)
    assert connection.getresponse().status == 200


def test_a_body_over_the_limit_is_refused_unread(url):
    with socket.create_connection((urlsplit(url).hostname, urlsplit(url).port), timeout=30) as raw:
        head = f"POST / HTTP/1.1\r\nHost: {urlsplit(url).netloc}\r\nContent-Length: {BODY_LIMIT + 1}\r\n\r\n"
        raw.sendall(head.encode())
        assert raw.recv(100).startswith(b"HTTP/1.1 413")


@pytest.mark.parametrize(
    "head", ["Content-Length: -1", "Content-Length: 1\r\nTransfer-Encoding: chunked", "Transfer-Encoding: gzip"]
)
def test_a_body_of_unclear_length_is_refused(url, head):
    with socket.create_connection((urlsplit(url).hostname, urlsplit(url).port), timeout=30) as raw:
        raw.sendall(f"POST / HTTP/1.1\r\nHost: {urlsplit(url).netloc}\r\n{head}\r\n\r\nx".encode())
        assert raw.recv(100).startswith(b"HTTP/1.1 400")


def test_a_client_that_asks_first_is_told_to_go_on(url):
    with socket.create_connection((urlsplit(url).hostname, urlsplit(url).port), timeout=30) as raw:
        lines = [f"{name}: {value}" for name, value in HEADERS.items()]
        lines += [f"Host: {urlsplit(url).netloc}", f"Content-Length: {len(IDENTITY)}", "Expect: 100-continue"]
        raw.sendall(("POST / HTTP/1.1\r\n" + "\r\n".join(lines) + "\r\n\r\n").encode())
        assert raw.recv(100).startswith(b"HTTP/1.1 100")
        raw.sendall(IDENTITY)
        assert raw.recv(100).startswith(b"HTTP/1.1 200")


def test_the_aws_cli_finds_the_sandbox_by_its_environment(url):
    aws = Path(sys.executable).with_name("aws")
    variables = {**environment(url), "PATH": os.environ["PATH"], "HOME": "/nonexistent", "AWS_PAGER": ""}
    done = subprocess.run(
        [aws, "sts", "get-caller-identity"], env=variables, capture_output=True, check=True, timeout=120
    )
    assert json.loads(done.stdout)["Arn"] == "arn:aws:iam::123456789012:user/sandbox"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_server_cleanly(tmp_path, number):
    code = (
        "import sys, pathlib\n"
        "from costsentry_cli.sandbox import Sandbox\nfrom costsentry_cli.sandbox.server import serve\n"
        "serve(Sandbox(pathlib.Path(sys.argv[1])), 0, lambda url: print(url, flush=True)); print('ended')"
    )
    arguments = [sys.executable, "-c", code, str(tmp_path / "s.db")]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        address = urlsplit(process.stdout.readline().strip())
        connection = http.client.HTTPConnection(address.netloc, timeout=30)
        assert _identity(connection)[0] == 200
        process.send_signal(number)
        out, errors = process.communicate(timeout=30)
        connection.close()
    assert (process.returncode, out, errors) == (0, "ended\n", "")
