"""What a sync did, as people and machines read it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from costsentry_cli.domain.errors import SentryError
from costsentry_cli.domain.plan import Action, Change, Plan
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


def line(one: Ended) -> str:
    """``created   aws-docs-sales-prod   arn:…`` or what failed and what helps."""
    name = safe_line(one.change.name)
    if not one.tried:
        return f"  . left      {name}  not tried"
    if one.error is not None:
        error = one.error
        details = "".join(f"\n              {safe_line(detail)}" for detail in error.details)
        fix = f"\n              fix: {safe_line(error.help)}"
        at = f"\n              {safe_line(error.where)}" if error.where else ""
        return f"  x failed    {name}  {error.code} {safe_line(error.message)}{at}{details}{fix}"
    told = f"  {MARKS[one.change.action]} {DONE[one.change.action]:<9} {name}  {safe_line(one.arn or '')}".rstrip()
    if one.change.action is Action.REPLACE:
        return f"{told}\n              was {safe_line(one.change.arn or '')}"
    return told


def counts(plan: Plan, ended: Sequence[Ended]) -> dict[str, int]:
    """How many were applied, failed, not tried, held back, and needed nothing."""
    failed = sum(one.tried and one.error is not None for one in ended)
    left = sum(not one.tried for one in ended)
    return {
        "applied": len(ended) - failed - left,
        "failed": failed,
        "not_tried": left,
        "held": sum(bool(change.held) for change in plan.changes),
        "unchanged": plan.count(Action.SAME),
    }


def sentence(plan: Plan, ended: Sequence[Ended]) -> str:
    """``3 applied, 0 failed, 2 unchanged.``"""
    numbers = counts(plan, ended)
    shown = [f"{numbers['applied']} applied", f"{numbers['failed']} failed"]
    shown += [
        f"{numbers[name]} {words}" for name, words in (("not_tried", "not tried"), ("held", "held")) if numbers[name]
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
    if one is None:
        result = "held" if change.held else change.action.value
        return (result, change.name, *where, change.arn, at, change.held or None)
    if one.error is None:
        return (DONE[change.action], change.name, *where, one.arn, at, None)
    result = "failed" if one.tried else "not tried"
    return (result, change.name, *where, one.arn or change.arn, at, f"{one.error.code} {one.error.message}")
