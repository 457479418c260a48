"""What the end of a namespace takes with it."""

from __future__ import annotations

from costsentry_cli.domain.plan import Change, Plan
from costsentry_cli.render.plan import used
from costsentry_cli.render.safe import safe_line

INDENT = " " * 15
NAME_WIDTH = 44


def as_text(plan: Plan, namespace: str) -> str:
    """Every resource with its ARN and use, then the count."""
    if not plan.changes:
        return f"Nothing carries the namespace {namespace}.\n"
    lines = [f"namespace {namespace}: what carries it would be deleted", ""]
    for change in plan.changes:
        lines += _told(change)
    return "\n".join([*lines, "", sentence(plan)]) + "\n"


def sentence(plan: Plan) -> str:
    """``Destroy: 3 profiles in 1 account, 2 regions.``"""
    deleted = plan.writing()
    accounts = len({change.scope.account for change in deleted})
    regions = len({change.scope.region for change in deleted})
    held = len(plan.changes) - len(deleted)
    also = f"  {held} held back." if held else ""
    places = f"{_counted(accounts, 'account')}, {_counted(regions, 'region')}"
    return f"Destroy: {_counted(len(deleted), 'profile')} in {places}.{also}"


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' if number != 1 else ''}"


def _told(change: Change) -> list[str]:
    state = "  retired" if change.retired else ""
    where = f"{change.scope.account} {change.scope.region}"
    lines = [
        f"  - delete   {safe_line(change.name):<{NAME_WIDTH}} {where}{state}",
        f"{INDENT}arn       {safe_line(change.arn or '')}",
        f"{INDENT}in use    {used(change.seen, retired=change.retired)}",
    ]
    return [*lines, f"{INDENT}held      {safe_line(change.held)}"] if change.held else lines
