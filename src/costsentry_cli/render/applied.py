"""What a sync did, as people and machines read it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from costsentry_cli.domain.errors import SentryError
from costsentry_cli.domain.plan import Action, Change, Plan
from costsentry_cli.domain.table import Column, Row, Table
from costsentry_cli.render.safe import safe_line

DONE = {Action.CREATE: "created", Action.UPDATE: "updated"}
COLUMNS = (
    Column("result", "Result"),
    Column("name", "Name"),
    Column("region", "Region", drop=3),
    Column("arn", "ARN", drop=2),
    Column("manifest", "Manifest", drop=4),
    Column("error", "Error", drop=1),
)


class Ended(Protocol):
    """One change that was tried."""

    @property
    def change(self) -> Change:
        """The change."""
        ...

    @property
    def answer(self) -> Mapping[str, Any] | None:
        """AWS's last answer."""
        ...

    @property
    def error(self) -> SentryError | None:
        """What stopped it."""
        ...


def line(one: Ended) -> str:
    """``created   aws-docs-sales-prod   arn:…`` or what failed and what helps."""
    if one.error is not None:
        error = one.error
        fix = f"\n              fix: {safe_line(error.help)}"
        place = f"\n              {safe_line(error.where)}" if error.where else ""
        return f"  x failed    {safe_line(one.change.name)}  {error.code} {safe_line(error.message)}{place}{fix}"
    return f"  - {DONE[one.change.action]:<9} {safe_line(one.change.name)}  {safe_line(_arn(one) or '')}".rstrip()


def sentence(plan: Plan, ended: Sequence[Ended]) -> str:
    """``3 applied, 0 failed, 2 unchanged.``"""
    failed = sum(one.error is not None for one in ended)
    again = "  Safe to run again: done work is not repeated." if failed else ""
    return f"{len(ended) - failed} applied, {failed} failed, {plan.count(Action.SAME)} unchanged.{again}"


def as_table(plan: Plan, ended: Sequence[Ended], manifest_name: str) -> Table:
    """One row per resource of the plan: what was done with it, or why not."""
    by_change = {id(one.change): one for one in ended}
    rows = tuple(_row(change, by_change.get(id(change)), manifest_name) for change in plan.changes)
    failed = sum(one.error is not None for one in ended)
    summary = {"applied": len(ended) - failed, "failed": failed, "unchanged": plan.count(Action.SAME)}
    return Table("results", COLUMNS, rows, facts={"summary": summary})


def _row(change: Change, one: Ended | None, manifest_name: str) -> Row:
    place = f"{manifest_name}:{change.at.line}" if change.at is not None else None
    if one is None:
        return (change.action.value, change.name, change.region, change.arn, place, None)
    result = "failed" if one.error is not None else DONE[change.action]
    error = None if one.error is None else f"{one.error.code} {one.error.message}"
    return (result, change.name, change.region, _arn(one), place, error)


def _arn(one: Ended) -> str | None:
    made = (one.answer or {}).get("inferenceProfileArn")
    return str(made) if made else one.change.arn
