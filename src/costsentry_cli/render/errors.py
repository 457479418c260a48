"""How an error looks: what, where, why, and the next step last."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from costsentry_cli.domain.errors import SentryError, Step
from costsentry_cli.render.formats import headed
from costsentry_cli.render.safe import safe, safe_line

NARROW = 60
"""A command and what is said of it share a line of so many columns at most."""


def as_text(error: SentryError) -> str:
    """A few lines for stderr, the next step last."""
    lines = [f"error[{error.code}]: {safe(error.message)}"]
    if error.where:
        lines.append(f"  --> {safe_line(error.where)}")
    lines += [f"      {safe_line(detail)}" for detail in error.details]
    if error.cause:
        lines.append(f"      cause: {safe(error.cause)}")
    lines += _steps(error.steps) if error.steps else [f"  help: {safe(error.help)}"]
    return "\n".join(lines) + "\n"


def _steps(steps: tuple[Step, ...]) -> Iterator[str]:
    """The commands below each other, each as it is to be pasted."""
    yield "  help: one of" if len(steps) > 1 else "  help:"
    wide = max(len(safe_line(step.command)) for step in steps)
    for step in steps:
        command, note = safe_line(step.command), safe_line(step.note)
        if not note:
            yield f"    {command}"
        elif max(wide, len(command)) + len(note) + 6 <= NARROW:
            yield f"    {command:<{wide}}  {note}"
        else:
            yield f"    {command}"
            yield f"      {note}"


def as_document(error: SentryError) -> dict[str, Any]:
    """The error as JSON data: ours first, then what AWS said of it; ``next`` are commands of which one helps."""
    return {
        "code": error.code,
        "message": error.message,
        "where": error.where,
        "cause": error.cause or error.entry.meaning,
        "help": error.help,
        "next": [{"command": step.command, "note": step.note} for step in error.steps],
        "details": list(error.details),
        "exit": int(error.exit),
        "service": error.origin.service or None,
        "operation": error.origin.operation or None,
        "region": error.origin.region or None,
        "request_id": error.origin.request_id or None,
        "aws_error": error.origin.name or None,
    }


def as_json(error: dict[str, Any]) -> str:
    """The one JSON document of a failed command."""
    return json.dumps(headed({}) | {"error": error}, indent=2) + "\n"
