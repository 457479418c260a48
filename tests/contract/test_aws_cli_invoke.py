"""The three endings of ``sentry invoke``, read back by the real ``aws`` CLI; and a call that a signal ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from costsentry_cli.sandbox import FaultRule, Sandbox
from costsentry_cli.sandbox.core import environment
from costsentry_cli.sandbox.server import start
from fakes import BASIC, HAIKU, write_manifest

AWS = Path(sys.executable).parent / "aws"
LIMITS = "limits: [{match: {costCenter: sales}, per: month, requests: 3}]\n"
HELLO = ("invoke", "--cost-center", "sales", "Hello")
COUNTS = ("TotalRequests", "RateLimitApproved", "RateLimitDenied", "InvocationFailed", "InputTokens", "OutputTokens")


class World:
    """A served sandbox with both commands pointed at it."""

    def __init__(self, folder: Path, sandbox: Sandbox, url: str) -> None:
        clean = {key: item for key, item in os.environ.items() if not key.startswith(("AWS_", "COSTSENTRY_"))}
        self.folder, self.sandbox = folder, sandbox
        self.variables = clean | environment(url) | {"HOME": str(folder), "AWS_PAGER": ""}

    def sentry(self, *words: str) -> tuple[int, Any]:
        ended = self._run(sys.executable, "-m", "costsentry_cli", *words, "-o", "json")
        return ended.returncode, json.loads(ended.stdout)

    def aws(self, *words: str) -> Any:
        ended = self._run(str(AWS), *words, "--output", "json")
        assert ended.returncode == 0, ended.stderr
        return json.loads(ended.stdout)

    def begin(self, *words: str, **more: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "costsentry_cli", *words]
        pipe = subprocess.PIPE
        return subprocess.Popen(
            command, cwd=self.folder, env=self.variables | more, stdout=pipe, stderr=pipe, text=True
        )

    def _run(self, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, capture_output=True, text=True, timeout=120, cwd=self.folder, env=self.variables, check=False
        )


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    write_manifest(tmp_path, BASIC + LIMITS)
    sandbox = Sandbox(tmp_path / "sandbox.db")
    with start(sandbox) as url:
        made = World(tmp_path, sandbox, url)
        assert made.sentry("sync", "--yes")[0] == 0
        yield made


def test_the_three_endings_are_the_six_metrics_in_five_dimensions(world: World) -> None:
    status, done = world.sentry(*HELLO)
    assert (status, done["invocation"]["ending"]) == (0, "succeeded")
    for effect, expected in (("http500", 8), ("error:AccessDeniedException:403", 4)):
        world.sandbox.add_fault(FaultRule("bedrock-runtime", "Converse", effect))
        status, failed = world.sentry(*HELLO)
        assert (status, failed["error"]["exit"], failed["invocation"]["text"]) == (expected, expected, None)
    status, denied = world.sentry(*HELLO)
    assert (status, denied["invocation"]["ending"]) == (5, "denied")
    dimensions = {
        "Model": HAIKU,
        "ModelId": done["invocation"]["profile"]["arn"].rpartition("/")[2],
        "CostCenter": "sales",
        "Application": "aws-documentation-helper",
        "Environment": "production",
    }
    usage = done["invocation"]["usage"]
    assert figures(world, dimensions) == {
        "TotalRequests": 4,
        "RateLimitApproved": 3,
        "RateLimitDenied": 1,
        "InvocationFailed": 2,
        "InputTokens": usage["input_tokens"],
        "OutputTokens": usage["output_tokens"],
    }


def figures(world: World, dimensions: dict[str, str]) -> dict[str, float]:
    """The sums of the six metrics by ``aws cloudwatch get-metric-data``."""
    named = [{"Name": name, "Value": value} for name, value in dimensions.items()]
    queries = [
        {
            "Id": name.lower(),
            "Label": name,
            "MetricStat": {
                "Metric": {"Namespace": "GenAIRateLimiting", "MetricName": name, "Dimensions": named},
                "Period": 3600,
                "Stat": "Sum",
            },
        }
        for name in COUNTS
    ]
    now = datetime.now(UTC)
    answer = world.aws(
        "cloudwatch", "get-metric-data", "--metric-data-queries", json.dumps(queries),
        "--start-time", (now - timedelta(days=1)).isoformat(), "--end-time", (now + timedelta(days=1)).isoformat(),
    )  # fmt: skip
    return {result["Label"]: sum(result["Values"]) for result in answer["MetricDataResults"]}


@contextmanager
def silent() -> Iterator[tuple[str, threading.Event]]:
    """A Bedrock runtime that counts tokens and never answers a Converse; the event tells that one came."""
    came, over = threading.Event(), threading.Event()

    class Silent(BaseHTTPRequestHandler):
        """Holds the line."""

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if "count-tokens" in self.path:
                body = b'{"inputTokens": 4}'
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
                return
            came.set()
            over.wait(60)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Silent)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", came
    finally:
        over.set()
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_in_the_middle_of_a_call_charges_it_in_full_and_says_so(number: signal.Signals, world: World) -> None:
    with silent() as (url, came):
        process = world.begin(*HELLO, AWS_ENDPOINT_URL_BEDROCK_RUNTIME=url)
        assert came.wait(60), process.communicate(timeout=10)
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, "")
    assert "error[CS0902]: interrupted: what the call took is not known; its limits are charged in full" in err
    status, table = world.sentry("limits", "show", "costCenter=sales/month")
    assert status == 0
    settled = table["limit"]["settled"]
    assert (settled["requests"], settled["output_tokens"], table["limit"]["holds"]) == (1, 1024, [])
