"""What can be said without any target: this program, its prices, its name on the PATH."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from costsentry_cli.domain import catalog
from costsentry_cli.domain.doctor.findings import Area, Finding, fail, ok, warn
from costsentry_cli.domain.errors import ERRORS, Exit
from costsentry_cli.domain.skew import REFUSED, TOLD, words

PRICES_OLD_AFTER = timedelta(days=90)
AWS_REFUSES = timedelta(minutes=5)
"""AWS refuses a request that was signed so long before or after its own time (AWS: Signature Version 4)."""
SET = ERRORS["CS0408"].help


@dataclass(frozen=True)
class Program:
    """An executable called ``sentry`` on the PATH, in the order of the PATH; ``ours``: it starts this program."""

    path: str
    ours: bool


def programs(found: Sequence[Program]) -> Finding:
    """Which program the word ``sentry`` starts: getsentry's command has the same name."""
    others = [one.path for one in found if not one.ours]
    if found and not found[0].ours:
        says = f"another program has the name: {found[0].path}"
        return warn(Area.HERE, "command", says, "costsentry is this program's other name: costsentry doctor")
    here = f"this program ({found[0].path})" if found else "this program (not on the PATH)"
    return ok(Area.HERE, "command", here, *(f"another program, later on the PATH: {one}" for one in others))


def version(own: str, python: str) -> Finding:
    """The versions to report with a problem."""
    return ok(Area.HERE, "version", f"costsentry-cli {own}, Python {python}")


def prices(today: date) -> Finding:
    """How old the catalogue of models and prices is."""
    known = catalog.load()
    age = today - known.as_of
    says = f"models and prices of {known.as_of} ({known.source}), {max(age.days, 0)} days old"
    if age > PRICES_OLD_AFTER:
        return warn(Area.HERE, "prices", says, "pip install --upgrade costsentry-cli")
    return ok(Area.HERE, "prices", says)


def clock(apart: timedelta | None) -> Finding | None:
    """How far this machine's clock is from AWS's; None where AWS did not say."""
    if apart is None:
        return None
    if abs(apart) <= TOLD:
        return ok(Area.WHO, "clock", f"within {TOLD.seconds} s of AWS's")
    if abs(apart) >= AWS_REFUSES:
        return fail(Area.WHO, "clock", f"{words(apart)}: AWS refuses such requests", SET, Exit.ACCESS)
    missed = (
        "limits per minute cannot be checked" if abs(apart) > REFUSED else "calls may count in a neighbouring window"
    )
    return warn(Area.WHO, "clock", f"{words(apart)}: {missed}", SET)
