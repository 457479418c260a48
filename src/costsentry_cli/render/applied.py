"""What a sync did, as people and machines read it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from costsentry_cli.domain.alike import some
from costsentry_cli.domain.errors import SentryError
from costsentry_cli.domain.kind import Action, Change
from costsentry_cli.domain.plan import Plan
from costsentry_cli.domain.table import Column, Row, Table
from costsentry_cli.render.plan import MARKS, place
from costsentry_cli.render.safe import safe_line

DONE = {
    Action.CREATE: "created",
    Action.UPDATE: "updated",
    Action.REPLACE: "replaced",
    Action.RETIRE: "retired",
    Action.DELETE: "deleted",
}
COLUMNS = (
    Column("result", "Result"),
    Column("kind", "Kind", drop=3),
    Column("name", "Name"),
    Column("account", "Account", drop=5),
    Column("region", "Region", drop=3),
    Column("arn", "ARN", drop=2),
    Column("manifest", "Manifest", drop=4),
    Column("error", "Error", drop=1),
)


class Ended(Protocol):
    """One change that was to be carried out."""

    @property
    def change(self) -> Change:
        """The change."""
        ...

    @property
    def arn(self) -> str | None:
        """The ARN it left."""
        ...

    @property
    def error(self) -> SentryError | None:
        """What stopped it."""
        ...

    @property
    def tried(self) -> bool:
        """False when it was not begun."""
        ...

    @property
    def waits(self) -> str:
        """Why AWS did not do it yet, though nothing is wrong."""
        ...

    @property
    def seen(self) -> bool:
        """False when it is answered and still has to be looked for."""
        ...

    @property
    def done(self) -> int:
        """How many of its calls succeeded before one failed."""
        ...


def line(one: Ended) -> str:
    """``created   aws-docs-sales-prod   arn:…`` or what failed and what helps."""
    name = safe_line(one.change.name)
    if not one.tried:
        return f"  . left      {name}  not tried"
    if one.error is not None:
        error = one.error
        details = "".join(f"\n              {safe_line(detail)}" for detail in error.details)
        fix = f"\n              fix: {safe_line(error.steps[0].command if error.steps else error.help)}"
        before = f"\n              {_parts(one)}" if one.done else ""
        at = f"\n              {safe_line(error.where)}" if error.where else ""
        return f"  x failed    {name}  {error.code} {safe_line(error.message)}{at}{details}{before}{fix}"
    if one.waits:
        return f"  > pending   {name}  {safe_line(one.waits)}"
    arn = safe_line(one.arn or "") if one.arn != one.change.name else ""
    told = f"  {MARKS[one.change.action]} {DONE[one.change.action]:<9} {name}  {arn}".rstrip()
    if one.change.action is Action.REPLACE:
        return f"{told}\n              was {safe_line(one.change.arn or '')}"
    return told


def failed_alike(code: str, first: str, others: Sequence[str]) -> str:
    """Those that failed as the one that was told."""
    return f"  x failed    {len(others):,} more as {safe_line(first)} ({code}): {safe_line(some(others))}"


def _parts(one: Ended) -> str:
    """How far it came: what was done of it stays done."""
    calls = len(one.change.calls) + len(one.change.after)
    return f"{one.done} of its {calls} calls were done before"


def pending(plan: Plan, ended: Sequence[Ended]) -> tuple[str, ...]:
    """A line for each reason to wait, with the names of what waits for it."""
    names: dict[str, list[str]] = {}
    for change in plan.of(Action.WAIT):
        names.setdefault(change.kind.waiting, []).append(safe_line(change.name))
    for one in ended:
        if one.waits:
            names.setdefault(one.waits, []).append(safe_line(one.change.name))
    return tuple(f"pending: {', '.join(mine)}: {safe_line(why)}" for why, mine in names.items())


def counts(plan: Plan, ended: Sequence[Ended]) -> dict[str, int]:
    """How many were applied, failed, not tried, are waited for, held back, and needed nothing."""
    failed = sum(one.tried and one.error is not None for one in ended)
    left = sum(not one.tried for one in ended)
    waiting = sum(bool(one.waits) for one in ended)
    return {
        "applied": len(ended) - failed - left - waiting,
        "failed": failed,
        "not_tried": left,
        "pending": waiting + plan.count(Action.WAIT),
        "held": sum(bool(change.held) for change in plan.changes),
        "unchanged": plan.count(Action.SAME),
    }


def sentence(plan: Plan, ended: Sequence[Ended]) -> str:
    """``3 applied, 0 failed, 2 unchanged.``"""
    numbers = counts(plan, ended)
    shown = [f"{numbers['applied']} applied", f"{numbers['failed']} failed"]
    shown += [
        f"{numbers[name]} {words}"
        for name, words in (("not_tried", "not tried"), ("pending", "pending"), ("held", "held"))
        if numbers[name]
    ]
    again = "  Safe to run again: done work is not repeated." if numbers["failed"] or numbers["not_tried"] else ""
    return f"{', '.join(shown)}, {numbers['unchanged']} unchanged.{again}"


def as_table(plan: Plan, ended: Sequence[Ended], manifest_name: str) -> Table:
    """One row per resource of the plan: what was done with it, or why not."""
    by_change = {id(one.change): one for one in ended}
    rows = tuple(_row(change, by_change.get(id(change)), manifest_name) for change in plan.changes)
    facts = {"summary": counts(plan, ended), "troubles": [trouble.error.message for trouble in plan.troubles]}
    return Table("results", COLUMNS, rows, facts=facts)


def _row(change: Change, one: Ended | None, manifest_name: str) -> Row:
    where = (change.scope.account, change.scope.region)
    at = place(change, manifest_name) or None
    named = (change.kind.noun, change.name)
    if one is None:
        pending = change.action is Action.WAIT
        result = "held" if change.held else "pending" if pending else change.action.value
        return (result, *named, *where, change.arn, at, change.held or (change.kind.waiting if pending else None))
    if one.waits:
        return ("pending", *named, *where, one.arn, at, one.waits)
    if one.error is None:
        return (DONE[change.action], *named, *where, one.arn, at, None)
    result = "failed" if one.tried else "not tried"
    return (result, *named, *where, one.arn or change.arn, at, f"{one.error.code} {one.error.message}")
