"""What the end of a namespace takes with it."""

from __future__ import annotations

from costsentry_cli.domain.kind import GLOBAL
from costsentry_cli.domain.plan import Plan
from costsentry_cli.render.plan import counted, listed, region_of, warned


def as_text(plan: Plan, namespace: str) -> str:
    """Every resource with its ARN and use, then what was not looked for, and the count."""
    if not plan.changes:
        return "\n".join([*warned(plan), f"Nothing carries the namespace {namespace}."]) + "\n"
    lines = [f"namespace {namespace}: what carries it would be deleted", ""]
    lines += listed(plan, "", many=True)
    return "\n".join([*lines, "", *warned(plan), f"\t{sentence(plan)}"]) + "\n"


def sentence(plan: Plan) -> str:
    """``Destroy: 3 profiles, 1 budget in 1 account, 2 regions.``"""
    deleted = plan.writing()
    accounts = len({change.scope.account for change in deleted})
    regions = len({region_of(change) for change in deleted} - {GLOBAL})
    held = len(plan.changes) - len(deleted)
    also = f"  {held} held back." if held else ""
    places = ", ".join(_counted(n, noun) for n, noun in ((accounts, "account"), (regions, "region")) if n)
    return f"Destroy: {counted(deleted) or 'nothing'}{f' in {places}' if places else ''}.{also}"


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' if number != 1 else ''}"
