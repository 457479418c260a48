"""What ``sentry budgets lint`` found, as people read it, and on the lines of the manifest."""

from __future__ import annotations

import hashlib
from typing import Any

from costsentry_cli.domain.table import Table
from costsentry_cli.render.annotations import NO_FILE, Annotation
from costsentry_cli.render.fold import folded
from costsentry_cli.render.safe import safe_line


def as_text(table: Table, width: int) -> str:
    """One paragraph for each finding with what helps, and how many there are."""
    found = _rows(table)
    parts = [_paragraph(one, width) for one in found]
    notes = [f"{note}\n" for note in table.notes]
    looked = int((table.facts or {}).get("budgets", 0))
    return "".join([*parts, *notes, _sentence(found, looked)])


def as_annotations(table: Table, file: str) -> list[Annotation]:
    """An annotation for each finding; ``file`` is named where a budget stands in no manifest."""
    return [_annotation(one, file or NO_FILE) for one in _rows(table)]


def _rows(table: Table) -> list[dict[str, Any]]:
    keys = [column.key for column in table.columns]
    return [dict(zip(keys, row, strict=True)) for row in table.rows]


def _paragraph(one: dict[str, Any], width: int) -> str:
    head = f"{one['level']}[{one['rule']}]: {one['budget']}: {one['message']}"
    where = f"  --> {one['manifest'] or one['owner']}"
    lines = (head, where, f"  = help: {one['help']}", "")
    return "".join(f"{folded(safe_line(line), width)}\n" for line in lines)


def _sentence(found: list[dict[str, Any]], looked: int) -> str:
    errors = sum(one["level"] == "error" for one in found)
    counts = [_counted(errors, "error"), _counted(len(found) - errors, "warning")]
    told = ", ".join(count for count in counts if not count.startswith("0 ")) or "Nothing to mend"
    return f"{told} in {_counted(looked, 'budget')}.\n"


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _annotation(one: dict[str, Any], file: str) -> Annotation:
    name, _, line = str(one["manifest"] or "").rpartition(":")
    parts = (str(one["rule"]), str(one["budget"]), str(one["message"]))
    return Annotation(
        file=name or file,
        line=int(line) if name else None,
        column=None,
        level=str(one["level"]),
        check=f"budget-{one['rule']}",
        title=f"budget {one['budget']}",
        message=f"{one['message']} ({one['help']})",
        fingerprint=hashlib.sha256("\0".join(parts).encode(errors="surrogatepass")).hexdigest(),
    )
