"""The doctor's screen: a line for each check, the fix below it, the most important thing last."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from costsentry_cli.domain.doctor.findings import Area, Finding, Level, ordered, summary, worst
from costsentry_cli.render.fold import folded
from costsentry_cli.render.safe import safe_line

MARKS = {Level.OK: "ok  ", Level.WARN: "warn", Level.FAIL: "FAIL"}
NAME = 12
"""Columns of a check's name."""
WIDE = 100_000
"""As wide as a line needs to be, as for a pipe."""


def as_text(found: Sequence[Finding], width: int, *, verbose: bool = False) -> str:
    """All findings by area, folded to ``width``; what is well shows its details only when ``verbose``."""
    lines = [
        line
        for area in Area
        for line in _area(area, [one for one in ordered(found) if one.area is area], verbose=verbose)
    ]
    return folded("\n".join([*lines, "", *_ending(found)]) + "\n", width)


def _area(area: Area, found: Sequence[Finding], *, verbose: bool) -> Iterator[str]:
    if not found:
        return
    yield f"{area.value.capitalize()}"
    width = max(NAME, *(len(one.check) for one in found))
    for one in found:
        yield f"  {MARKS[one.level]}  {safe_line(one.check):{width}}  {safe_line(one.says)}"
        if one.level is not Level.OK or verbose:
            yield from (f"        - {safe_line(detail)}" for detail in one.details)
        if one.fix:
            yield f"        fix: {safe_line(one.fix)}"


def _ending(found: Sequence[Finding]) -> Iterator[str]:
    yield f"{summary(found)}."
    first = worst(found)
    if first is None:
        yield "All is well."
    else:
        yield f"First: {safe_line(first.check)}: {safe_line(first.says)}"
        if first.fix:
            yield f"  {safe_line(first.fix)}"
