"""``--wait``: until AWS knows what it does not know yet."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated

import typer

from costsentry_cli.cli.context import Context
from costsentry_cli.cli.options import Common
from costsentry_cli.cli.output import say
from costsentry_cli.domain.errors import SentryError

DEADLINE = "26h"
"""A day, which is what AWS may take, and two hours."""

Wait = Annotated[bool, typer.Option("--wait", help="Wait for what billing has not seen yet.")]
Deadline = Annotated[str, typer.Option("--deadline", help="With --wait: at most so long (90m, 26h, 2d).")]

_DURATION = re.compile(r"([0-9]{1,6})([mhd])\Z")
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


def duration(text: str) -> timedelta:
    """``90m``, ``25h`` or ``7d``. Raises ``SentryError`` CS0101."""
    match = _DURATION.match(text)
    if match is None:
        raise SentryError("CS0101", f"{text!r} is not a duration", help="for example 90m, 25h or 7d")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


def say_how_time_passes(shared: Common, context: Context) -> None:
    """In the sandbox nobody has to wait for AWS: its clock can be moved."""
    if context.target.kind == "sandbox":
        say(shared.pasteable("in the sandbox a day passes with: sentry sandbox advance 25h"))
