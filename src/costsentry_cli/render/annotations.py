"""Findings on lines of the manifest, where a reviewer sees them: GitHub workflow commands, GitLab Code Quality.

GitHub shows ten annotations of a level in a step and ends a step's summary at 1 MiB; GitLab asks for fingerprints that
are unique and stay the same between runs.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from costsentry_cli.domain.document import Problem, Source
from costsentry_cli.domain.errors import SentryError
from costsentry_cli.domain.table import Table
from costsentry_cli.render.cells import field_diff
from costsentry_cli.render.formats import md_row, md_text
from costsentry_cli.render.safe import safe, safe_line

LEVELS = ("error", "warning", "notice")
SEVERITIES = {"error": "major", "warning": "minor", "notice": "info"}
SHOWN_PER_LEVEL = 10
NO_FILE = "profiles.yaml"
"""GitLab wants a path; this stands for a finding about no file when no other names one."""
ACTION_LEVELS = {
    "create": "notice",
    "update": "notice",
    "retire": "notice",
    "replace": "warning",
    "delete": "warning",
    "unlisted": "warning",
}
"""What a plan says of a resource; what is not here needs nobody's eye."""
MEANINGS = {"unlisted": "not in the manifest any more; --prune deletes it"}


@dataclass(frozen=True)
class Annotation:
    """One finding. ``line`` and ``column`` from 1, None where it has none; ``check`` names its sort (``CS0012``).

    ``fingerprint`` is the same for the same finding on another line or in another run.
    """

    file: str
    line: int | None
    column: int | None
    level: str
    check: str
    title: str
    message: str
    fingerprint: str


def of_problems(problems: Sequence[Problem], source: Source) -> list[Annotation]:
    """An error for each problem of the manifest."""
    found = []
    for one in problems:
        message = f"{one.message} ({one.help})" if one.help else one.message
        mark = _digest(source.name, one.code, one.message)
        at = one.at
        found.append(Annotation(source.name, at.line, at.column, "error", one.code, one.code, message, mark))
    return _apart(found)


def of_table(table: Table) -> list[Annotation]:
    """The annotations of a result; raises ``SentryError`` CS0101 for one that has none."""
    if table.name not in ANNOTATED:
        raise SentryError("CS0101", "only plan and validate have annotations", help="-o json")
    return _apart(ANNOTATED[table.name](table))


def of_plan(table: Table) -> list[Annotation]:
    """A notice for what is made or updated, a warning for what is replaced, deleted, held or not in the manifest."""
    keys = [column.key for column in table.columns]
    rows = [dict(zip(keys, row, strict=True)) for row in table.rows]
    places = [_place(row["manifest"]) for row in rows]
    name = next((file for file, _ in places if file), NO_FILE)
    found = [
        _of_change(row, file or name, line)
        for row, (file, line) in zip(rows, places, strict=True)
        if row["action"] in ACTION_LEVELS or row["held"]
    ]
    facts = table.facts or {}
    said = [("error", "plan-refused", "refused", why) for why in facts.get("refused", ())]
    said += [
        ("error", "plan-unread", f"unread {t['account']} {t['region']}".strip(), t["error"])
        for t in facts.get("troubles", ())
    ]
    said += [("warning", "plan-warning", "warning", text) for text in facts.get("warnings", ())]
    found += [
        Annotation(name, None, None, level, check, title, text, _digest(name, check, title, text))
        for level, check, title, text in said
    ]
    return found


ANNOTATED: dict[str, Callable[[Table], list[Annotation]]] = {"changes": of_plan}
"""The tables that have annotations, by name."""


def as_github(found: Sequence[Annotation]) -> str:
    """Workflow commands, at most ten of a level, and a line that counts the rest."""
    lines: list[str] = []
    more: list[str] = []
    for level in LEVELS:
        mine = [one for one in found if one.level == level]
        lines += [_command(one) for one in mine[:SHOWN_PER_LEVEL]]
        if len(mine) > SHOWN_PER_LEVEL:
            more.append(f"{len(mine) - SHOWN_PER_LEVEL} more of level {level}")
    if more:
        lines.append(f"{', '.join(more)}: GitHub shows {SHOWN_PER_LEVEL} of each; all are in the step summary")
    return "".join(f"{line}\n" for line in lines)


def as_summary(found: Sequence[Annotation], room: int) -> str:
    """Every annotation as a Markdown table of at most ``room`` bytes; what does not fit is counted."""
    head = ["### sentry", "", md_row(["Level", "Where", "What"]), md_row(["---"] * 3)]
    rows = [md_row([one.level, md_text(_where(one)), md_text(_words(one))]) for one in found]
    text = "\n".join(head) + "\n"
    ending = f"\n{len(found)} more did not fit.\n"
    left = room - len(text.encode()) - len(ending)
    for number, row in enumerate(rows):
        left -= len(row.encode()) + 1
        if left < 0:
            return f"{text}\n{len(rows) - number} more did not fit.\n" if room >= len(text) + len(ending) else ""
        text += f"{row}\n"
    return text


def as_gitlab(found: Sequence[Annotation]) -> str:
    """A Code Quality report: one JSON array."""
    return json.dumps([_finding(one) for one in found], indent=2) + "\n"


def _of_change(row: dict[str, Any], file: str, line: int | None) -> Annotation:
    action, name, held = str(row["action"]), str(row["name"]), row["held"]
    level = "warning" if held else ACTION_LEVELS[action]
    changes = "; ".join(field_diff(*change) for change in row["changes"] or ())
    parts = [changes or MEANINGS.get(action, ""), str(row["arn"] or ""), f"held: {held}" if held else ""]
    where = f"{row['account']} {row['region']}"
    message = f"{where}: {'; '.join(part for part in parts if part)}"
    mark = _digest(file, action, name, where, str(row["arn"]))
    return Annotation(file, line, None, level, f"plan-{action}", f"{action} {name}", message, mark)


def _place(place: object) -> tuple[str, int | None]:
    """``profiles.yaml:9`` in two."""
    file, _, line = str(place or "").rpartition(":")
    return (file, int(line)) if file and line.isdecimal() else ("", None)


def _command(one: Annotation) -> str:
    places = {"file": one.file, "line": one.line, "col": one.column, "title": one.title}
    properties = ",".join(f"{name}={_property(str(value))}" for name, value in places.items() if value is not None)
    return f"::{one.level} {properties}::{_message(safe(one.message))}"


def _message(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _message(safe(text)).replace(":", "%3A").replace(",", "%2C")


def _finding(one: Annotation) -> dict[str, Any]:
    return {
        "description": _words(one),
        "check_name": one.check,
        "fingerprint": one.fingerprint,
        "severity": SEVERITIES[one.level],
        "location": {"path": one.file, "lines": {"begin": one.line or 1}},
    }


def _words(one: Annotation) -> str:
    return safe_line(f"{one.title}: {one.message}")


def _where(one: Annotation) -> str:
    return safe_line(one.file if one.line is None else f"{one.file}:{one.line}")


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode(errors="surrogatepass")).hexdigest()


def _apart(found: Iterable[Annotation]) -> list[Annotation]:
    """The same list, where the second of two equal fingerprints is another."""
    seen: Counter[str] = Counter()
    apart = []
    for one in found:
        seen[one.fingerprint] += 1
        again = seen[one.fingerprint]
        apart.append(one if again == 1 else replace(one, fingerprint=_digest(one.fingerprint, str(again))))
    return apart
