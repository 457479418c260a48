"""The doctor's screen: a line for each check, the fix below it, the most important thing last."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from costsentry_cli.domain.doctor.findings import Area, Finding, Level, ordered, summary, worst
from costsentry_cli.render.fold import folded
from costsentry_cli.render.safe import safe_line

MARKS = {Level.OK: "ok  ", Level.WARN: "warn", Level.FAIL: "FAIL"}
NAME = 13
"""Columns of a check's name."""
WIDE = 100_000
"""As wide as a line needs to be, as for a pipe."""


def as_text(found: Sequence[Finding], width: int, *, verbose: bool = False) -> str:
    """All findings by area, folded to ``width``; what is well shows its details only when ``verbose``."""
    lines = [line for area in Area for line in _area(area, found, width, verbose=verbose)]
    ending = folded("\n".join(_ending(found)), width)
    return "\n".join([*lines, "", ending]) + "\n"


def _area(area: Area, found: Sequence[Finding], width: int, *, verbose: bool) -> Iterator[str]:
    here = [one for one in ordered(found) if one.area is area]
    if here:
        yield area.value.capitalize()
    named = max([NAME, *(len(one.check) for one in here)])
    for one in here:
        yield from _said(f"  {MARKS[one.level]}  {safe_line(one.check):{named}}  ", safe_line(one.says), width)
        more = [f"- {detail}" for detail in one.details] if verbose or one.level is not Level.OK else []
        more += [f"fix: {one.fix}"] if one.fix else []
        yield from (folded(f"        {safe_line(line)}", width) for line in more)


def _said(before: str, text: str, width: int) -> Iterator[str]:
    """The text behind its mark and name, folded in its own column."""
    first, *rest = folded(text, width - len(before)).splitlines() or [""]
    yield f"{before}{first}"
    yield from (f"{' ' * len(before)}{line}" for line in rest)


def _ending(found: Sequence[Finding]) -> Iterator[str]:
    yield f"{summary(found)}."
    first = worst(found)
    if first is None:
        yield "All is well."
    else:
        yield f"First: {safe_line(first.check)}: {safe_line(first.says)}"
        if first.fix:
            yield f"  {safe_line(first.fix)}"
