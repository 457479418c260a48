"""A map of labels to ARNs as a shell, a dotenv reader or a program reads it."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Mapping

from costsentry_cli.domain.errors import SentryError

_PREFIX = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_NOT_IN_NAMES = re.compile(r"[^A-Z0-9]")
_BARE = re.compile(r"[A-Za-z0-9_./:@%+=-]+")


def variables(arns: Mapping[str, str], prefix: str) -> dict[str, str]:
    """Variable name -> ARN: the prefix and the label in capitals, other characters as ``_``.

    Raises ``SentryError`` CS0101 for a prefix no variable starts with and for two labels that make one name.
    """
    if not _PREFIX.fullmatch(prefix):
        raise SentryError(
            "CS0101", f"--prefix {prefix!r} starts no variable name", help="a letter or _, then letters, digits and _"
        )
    labels: dict[str, str] = {}
    for label in arns:
        name = prefix + _NOT_IN_NAMES.sub("_", label.upper())
        other = labels.setdefault(name, label)
        if other != label:
            message = f"{other!r} and {label!r} both make the variable {name}"
            raise SentryError("CS0101", message, help="--format json keeps them apart, or use another --by")
    return {name: arns[label] for name, label in labels.items()}


def as_shell(arns: Mapping[str, str], prefix: str) -> str:
    """``export NAME=ARN`` lines for ``eval``."""
    return "".join(f"export {name}={shlex.quote(arn)}\n" for name, arn in variables(arns, prefix).items())


def as_dotenv(arns: Mapping[str, str], prefix: str) -> str:
    """``NAME=ARN`` lines for a ``.env`` file."""
    return "".join(f"{name}={_quoted(arn)}\n" for name, arn in variables(arns, prefix).items())


def as_json(arns: Mapping[str, str], prefix: str) -> str:
    """One JSON object, the labels as they are; the prefix has no place in it."""
    del prefix
    return json.dumps(dict(arns), indent=2) + "\n"


def _quoted(text: str) -> str:
    if _BARE.fullmatch(text):
        return text
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


ENVIRONMENTS: dict[str, Callable[[Mapping[str, str], str], str]] = {
    "shell": as_shell,
    "dotenv": as_dotenv,
    "json": as_json,
}
