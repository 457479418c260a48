"""How an error looks: what, where, next step; the most important line last."""

from __future__ import annotations

import json
from typing import Any

from costsentry_cli.domain.errors import SentryError
from costsentry_cli.render.formats import headed
from costsentry_cli.render.safe import safe, safe_line


def as_text(error: SentryError) -> str:
    """A few lines for stderr, the next step last."""
    lines = [f"error[{error.code}]: {safe(error.message)}"]
    if error.where:
        lines.append(f"  --> {safe_line(error.where)}")
    lines += [f"      {safe_line(detail)}" for detail in error.details]
    lines.append(f"  help: {safe(error.help)}")
    return "\n".join(lines) + "\n"


def as_document(error: SentryError) -> dict[str, Any]:
    """The error as JSON data: code, message, where, help, details, exit status."""
    return {
        "code": error.code,
        "message": error.message,
        "where": error.where,
        "help": error.help,
        "details": list(error.details),
        "exit": int(error.exit),
    }


def as_json(error: dict[str, Any]) -> str:
    """The one JSON document of a failed command."""
    return json.dumps(headed({}) | {"error": error}, indent=2) + "\n"
