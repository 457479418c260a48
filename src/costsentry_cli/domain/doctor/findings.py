"""One line of the doctor: what was looked at, how it stands, and what to paste."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from costsentry_cli.domain.errors import Exit, SentryError
from costsentry_cli.domain.table import Column, Table, Type


class Level(StrEnum):
    """How a check came out; in the order of what matters more."""

    FAIL = "fail"
    WARN = "warn"
    OK = "ok"


class Area(StrEnum):
    """What a check is about, in the order they are shown."""

    HERE = "this machine"
    WHO = "who and where"
    MANIFEST = "manifest"
    ACCOUNT = "account"
    PERMISSIONS = "permissions"


@dataclass(frozen=True)
class Finding:
    """What one check found. ``fix`` is a command or words to act on, ``details`` what else there is to know.

    ``exit`` is the status of the commands that would meet a failure; of what is no failure it is 0.
    """

    area: Area
    check: str
    level: Level
    says: str
    fix: str = ""
    details: tuple[str, ...] = ()
    exit: Exit = Exit.OK


COLUMNS = (
    Column("area", "Area"),
    Column("check", "Check"),
    Column("level", "Level"),
    Column("says", "Says"),
    Column("fix", "Fix", unknown=""),
    Column("details", "Details", unknown=""),
    Column("exit", "Exit", Type.COUNT),
)


def ok(area: Area, check: str, says: str, *details: str) -> Finding:
    """Nothing to do."""
    return Finding(area, check, Level.OK, says, details=details)


def warn(area: Area, check: str, says: str, fix: str, *details: str) -> Finding:
    """Works, but something is to be done."""
    return Finding(area, check, Level.WARN, says, fix, details)


def fail(area: Area, check: str, says: str, fix: str, exit: Exit, *details: str) -> Finding:
    """A command will end with ``exit`` because of it."""
    return Finding(area, check, Level.FAIL, says, fix, details, exit)


def failed(area: Area, check: str, error: SentryError) -> Finding:
    """The look itself failed."""
    told = f"{error.message} ({error.code})"
    fix = "; or ".join(f"{step.command} ({step.note})" if step.note else step.command for step in error.steps)
    return fail(area, check, told, fix or error.help, error.exit, *filter(None, (error.where, *error.details)))


def ordered(found: Iterable[Finding]) -> list[Finding]:
    """By area, else as they were found."""
    areas = list(Area)
    return sorted(found, key=lambda one: areas.index(one.area))


def worst(found: Sequence[Finding]) -> Finding | None:
    """The finding to act on first: a failure before a warning, what others rest on first; None when all is well."""
    levels = list(Level)
    bad = [one for one in ordered(found) if one.level is not Level.OK]
    return min(bad, key=lambda one: levels.index(one.level)) if bad else None


def status(found: Sequence[Finding], *, warnings_fail: bool) -> Exit:
    """The exit status: that of the most important failure; 3 for a warning where the caller asked for that."""
    first = worst(found)
    if first is None:
        return Exit.OK
    if first.level is Level.FAIL:
        return first.exit
    return Exit.GATE if warnings_fail else Exit.OK


def summary(found: Sequence[Finding]) -> str:
    """``12 ok, 2 warnings, 1 failed``."""
    count = {level: sum(one.level is level for one in found) for level in Level}
    warnings = f"{count[Level.WARN]} warning{'' if count[Level.WARN] == 1 else 's'}"
    return f"{count[Level.OK]} ok, {warnings}, {count[Level.FAIL]} failed"


def as_table(found: Sequence[Finding]) -> Table:
    """Every finding as a row; beside the rows the counts, and what to do first."""
    rows = tuple(
        (one.area, one.check, one.level, one.says, one.fix or None, "; ".join(one.details) or None, int(one.exit))
        for one in ordered(found)
    )
    first = worst(found)
    facts = {
        **{level.value: sum(one.level is level for one in found) for level in Level},
        "first": None if first is None else {"check": first.check, "says": first.says, "fix": first.fix},
    }
    return Table("checks", COLUMNS, rows, notes=(summary(found),), facts=facts)
