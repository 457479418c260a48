"""``sentry tags activate --wait``: on an injected clock, to its end, its deadline, Ctrl-C and an error."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from commands import Sentry
from costsentry_cli.cli.context import Context, sandbox_context
from costsentry_cli.cli.options import Common
from costsentry_cli.cli.payer import payer_of
from costsentry_cli.cli.tag_life import carry_on
from costsentry_cli.domain.errors import SentryError
from costsentry_cli.domain.tag_life import Switched
from costsentry_cli.sandbox import FaultRule, Sandbox
from costsentry_cli.usecases.tags import Activating
from fakes import NOON, FrozenClock

HOUR = timedelta(hours=1)
Happening = Callable[[int], None]
"""Called with the number of each pause, from 1."""


class Nap:
    """A wait that moves the clock, and in which something may happen."""

    def __init__(self, clock: FrozenClock, happening: Happening) -> None:
        self.clock, self.happening, self.number = clock, happening, 0

    def __call__(self, seconds: float) -> None:
        self.number += 1
        self.clock.move(timedelta(seconds=seconds))
        self.happening(self.number)


def waiting(sandbox: Sandbox, clock: FrozenClock, happening: Happening) -> Context:
    return replace(sandbox_context(sandbox, "us-east-1"), wait=Nap(clock, happening))


def work(context: Context, *keys: str) -> Activating:
    return Activating(payer_of(context, ["activate", *keys]), Switched(pending=keys))


def learned(sandbox: Sandbox, at: int) -> Happening:
    """Billing comes to know the key ``team`` in this pause."""

    def happening(number: int) -> None:
        if number == at:
            sandbox.configure("known_tag_key:team", "Inactive")

    return happening


def test_it_waits_until_billing_knows_the_key_and_activates_it(
    sandbox: Sandbox, clock: FrozenClock, capsys: pytest.CaptureFixture[str]
) -> None:
    context = waiting(sandbox, clock, learned(sandbox, 6))
    assert carry_on(Common(), context, work(context, "team"), 2 * HOUR) == 0
    assert clock.now - NOON == timedelta(seconds=30 + 60 + 120 + 240 + 300 + 300)
    out, err = capsys.readouterr()
    assert out == "Tag key  Result     Reason\nteam     activated\n"
    assert err == (
        "waiting for billing to see team; until 2026-11-23 14:00 UTC, Ctrl-C ends it\n"
        "costs carry the keys from about a day after now; earlier costs stay without them\n"
    )


def test_at_the_deadline_what_is_pending_is_told_and_is_a_part(
    sandbox: Sandbox, clock: FrozenClock, capsys: pytest.CaptureFixture[str]
) -> None:
    sandbox.configure("known_tag_key:other", "Inactive")
    context = waiting(sandbox, clock, learned(sandbox, 0))
    assert carry_on(Common(), context, work(context, "other", "team"), HOUR) == 6
    assert clock.now - NOON == HOUR
    out, err = capsys.readouterr()
    assert out.splitlines()[1:] == ["other    activated", "team     pending    not yet seen by billing"]
    assert err.endswith("the deadline is over; run it again to go on waiting\n")


def test_ctrl_c_tells_what_was_done(sandbox: Sandbox, clock: FrozenClock, capsys: pytest.CaptureFixture[str]) -> None:
    def happening(number: int) -> None:
        if number == 2:
            raise KeyboardInterrupt

    sandbox.configure("known_tag_key:other", "Inactive")
    context = waiting(sandbox, clock, happening)
    assert carry_on(Common(), context, work(context, "other", "team"), HOUR) == 130
    out, err = capsys.readouterr()
    assert "other    activated" in out
    assert err.endswith("interrupted: run it again to go on\n")


def test_an_error_in_a_later_round_is_raised_after_what_was_done_is_told(
    sandbox: Sandbox, clock: FrozenClock, capsys: pytest.CaptureFixture[str]
) -> None:
    def happening(number: int) -> None:
        sandbox.add_fault(FaultRule("ce", "ListCostAllocationTags", "error:ExpiredTokenException:400"))

    sandbox.configure("known_tag_key:other", "Inactive")
    context = waiting(sandbox, clock, happening)
    with pytest.raises(SentryError, match="ExpiredToken") as ended:
        carry_on(Common(), context, work(context, "other", "team"), HOUR)
    assert ended.value.code == "CS0402"
    assert "other    activated" in capsys.readouterr().out


def test_the_flag_waits_and_the_deadline_bounds_it(in_sandbox: Sentry) -> None:
    ran = in_sandbox("tags", "activate", "team", "--wait", "--deadline", "0m")
    assert (ran.status, "the deadline is over" in ran.err) == (6, True)


def test_a_deadline_that_cannot_be_read_is_a_usage_error(in_sandbox: Sentry) -> None:
    ran = in_sandbox("tags", "activate", "team", "--wait", "--deadline", "tomorrow")
    assert (ran.status, "is not a duration" in ran.err) == (2, True)
