"""``sentry invoke --repeat``: many of the same call, what they came to, and how they are stopped."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from commands import Sentry
from costsentry_cli.domain.errors import SentryError
from costsentry_cli.usecases.load import Load, many
from fakes import BASIC, write_manifest

LIMITS = "limits: [{match: {costCenter: sales}, per: month, requests: 5}]\n"
HELLO = ("invoke", "--cost-center", "sales", "Hello")


@pytest.fixture
def ready(in_sandbox: Sentry, folder: Path) -> Sentry:
    write_manifest(folder, BASIC + LIMITS)
    assert in_sandbox("sync", "--yes").status == 0
    return in_sandbox


def test_many_calls_at_once_pass_no_limit_and_come_to_one_sum(ready: Sentry) -> None:
    ran = ready(*HELLO, "--repeat", "8", "--concurrency", "4", "-o", "json")
    assert ran.status == 5
    load = ran.json()["load"]
    assert (load["wanted"], load["endings"], load["not_begun"]) == (8, {"denied": 3, "succeeded": 5}, 0)
    assert (load["errors"], load["first_error"]["code"]) == ({"CS0206": 3}, "CS0206")
    assert "denied by the limit costCenter=sales/month: 0 of 5 requests left" in ran.err
    assert ready("sandbox", "status", "-o", "json").json()["sandbox"]["calls"] == 5


def test_a_failure_is_worse_than_a_denial(ready: Sentry) -> None:
    ready("sandbox", "fault", "bedrock-runtime.Converse", "http500", "--skip", "3")
    ran = ready(*HELLO, "--repeat", "7")
    assert ran.status == 8
    assert ran.out.splitlines()[0] == "calls     2 denied, 4 succeeded, 1 unknown"
    assert "errors    2 x CS0206, 1 x CS0806" in ran.out
    load = Load(2)
    load.lost(SentryError("CS0206", "denied"))
    load.lost(SentryError("CS0806", "sorry"))
    assert load.first is not None
    assert load.first.code == "CS0806"


def test_throttled_calls_are_tried_again_as_often_as_asked(ready: Sentry) -> None:
    ready("sandbox", "fault", "bedrock-runtime.Converse", "throttle")
    ran = ready(*HELLO, "--repeat", "2", "--attempts", "2")
    assert (ran.status, ran.out.splitlines()[0]) == (0, "calls     2 succeeded")


def test_a_call_without_a_reply_is_counted_and_the_others_go_on() -> None:
    ends = iter([SentryError("CS0105", "no profile"), SentryError("CS0806", "sorry")])

    def call() -> None:
        raise next(ends)

    told: list[int] = []
    load = many(call, 2, 1, lambda: False, lambda one: told.append(one.ended))  # type: ignore[arg-type]
    assert (load.endings, load.errors, told) == ({"failed": 2}, {"CS0105": 1, "CS0806": 1}, [1, 2])
    assert load.first is not None
    assert load.first.code == "CS0105"


def test_after_being_stopped_no_other_call_is_begun_and_those_under_way_end() -> None:
    begun: list[int] = []
    stopped = threading.Event()

    def call() -> None:
        begun.append(1)
        stopped.set()
        raise SentryError("CS0806", "sorry")

    load: Load = many(call, 10, 2, stopped.is_set, lambda _: None)  # type: ignore[arg-type]
    assert load.ended == len(begun) <= 3
    assert load.unbegun == 10 - len(begun)


Begin = Callable[..., "subprocess.Popen[str]"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_load_after_the_calls_under_way_and_everything_is_settled(
    number: signal.Signals, ready: Sentry, folder: Path
) -> None:
    write_manifest(folder, BASIC + LIMITS.replace("5", "100000"))
    words = [sys.executable, "-m", "costsentry_cli", *HELLO, "--repeat", "5000", "--audit-file", "calls.jsonl"]
    process = subprocess.Popen(
        [*words, "--concurrency", "2"], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    log = folder / "calls.jsonl"
    while process.poll() is None and not (log.exists() and log.stat().st_size):
        threading.Event().wait(0.02)
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert " of 5000 calls were not made" in err
    succeeded = int(out.split()[1])
    row = ready("limits", "status", "-o", "json").json()["limits"][0]
    assert (row["settled"], row["held"]) == (succeeded, 0)
