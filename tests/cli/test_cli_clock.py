"""A machine whose clock is wrong: said by every command, and no limit per minute is checked by it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from commands import Sentry
from costsentry_cli.cli.context import Context
from costsentry_cli.cli.metering import bookkeeping
from costsentry_cli.sandbox import Sandbox
from costsentry_cli.sandbox.core import environment
from costsentry_cli.sandbox.server import start
from fakes import PROFILES_ALONE, write_manifest

HELLO = ("invoke", "--cost-center", "sales", "Hello")
LIMITS = "limits: [{match: {costCenter: sales}, per: minute, requests: 9}, {match: {}, per: day, requests: 9}]\n"
BEHIND = "warning: this machine's clock is 42 s behind AWS's: calls may count in a neighbouring window\n"


@pytest.fixture
def served(sentry: Sentry, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """A sandbox behind an endpoint, synced: its clock is AWS's, the machine's is the machine's."""
    write_manifest(folder, PROFILES_ALONE + LIMITS)
    sandbox = Sandbox(folder / "sandbox.db")
    with start(sandbox) as url:
        for name, value in environment(url).items():
            monkeypatch.setenv(name, value)
        assert sentry("sync", "--yes").status == 0
        yield sandbox


def test_a_clock_that_is_wrong_by_seconds_is_said_and_lets_calls_in(served: Sandbox, sentry: Sentry) -> None:
    assert "clock" not in sentry(*HELLO).err
    served.advance(timedelta(seconds=12))
    ran = sentry(*HELLO)
    assert (ran.status, "s behind AWS's: calls may count in a neighbouring window\n" in ran.err) == (0, True)


def test_by_a_clock_that_is_wrong_by_half_a_minute_no_minute_is_counted_but_a_day_is(
    served: Sandbox, sentry: Sentry, folder: Path
) -> None:
    served.advance(timedelta(seconds=42))
    ran = sentry(*HELLO)
    assert (ran.status, ran.out) == (5, "")
    warning, *error = re.sub("is 4[0-3] s", "is 42 s", ran.err).splitlines(keepends=True)[1:]
    assert warning == BEHIND
    assert "".join(error) == (
        "error[CS0209]: the limit costCenter=sales/minute cannot be checked: "
        "this machine's clock is 42 s behind AWS's\n"
        "      profiles.yaml:12 has on_ledger_error: deny\n"
        "      no call was made: nothing is charged\n"
        "  help: set the clock (NTP), or limit an hour or a day instead\n"
    )
    write_manifest(folder, PROFILES_ALONE + LIMITS.replace("per: minute", "per: hour"))
    assert sentry(*HELLO).status == 0


def test_a_call_does_not_wait_long_for_its_own_bookkeeping(context: Context) -> None:
    assert bookkeeping(context).patience.deadline == 10
    assert context.cloud.patience.deadline == 60
