"""What can be said without any target: this program, its prices, its name on the PATH."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from costsentry_cli.domain import catalog
from costsentry_cli.domain.doctor.findings import Area, Finding, fail, ok, warn
from costsentry_cli.domain.errors import Exit

PRICES_OLD_AFTER = timedelta(days=90)
SKEW_WARNS = timedelta(seconds=60)
SKEW_FAILS = timedelta(minutes=5)
"""AWS refuses a request that was signed so long before or after its own time (AWS: Signature Version 4)."""


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


def skew(ours: datetime, theirs: datetime | None) -> Finding | None:
    """How far this machine's clock is from AWS's (to a second); None where AWS did not say."""
    if theirs is None:
        return None
    apart = abs(ours - theirs)
    says = f"{apart.total_seconds():.0f} s from AWS's clock"
    if apart >= SKEW_FAILS:
        return fail(
            Area.WHO,
            "clock",
            f"{says}: AWS refuses such requests",
            "set the clock: timedatectl set-ntp true",
            Exit.ACCESS,
        )
    if apart >= SKEW_WARNS:
        return warn(Area.WHO, "clock", f"{says}; AWS refuses requests from 5 minutes on", "timedatectl set-ntp true")
    return ok(Area.WHO, "clock", says)
