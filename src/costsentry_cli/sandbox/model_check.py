"""A strict check of a message against AWS's own model: what botocore's client leaves unchecked is checked here.

Unknown members, required members, types, enums, lengths, ranges, patterns and unions (exactly one member), on inputs
and outputs alike, event streams included. Problems are worded and located as AWS's front ends do
(``Value 'x' at 'tags.1.member.key' failed to satisfy constraint: Member must ...``).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any

from botocore.model import Shape

_INT32 = 2**31
_INT64 = 2**63

# Java's Unicode categories inside character classes; \w is a little wider than L + N, which errs to the lenient side.
_CATEGORIES = {r"\p{L}": r"\w", r"\p{M}": r"\u0300-\u036f", r"\p{N}": r"\d", r"\p{Z}": r"\s", r"\p{Zs}": r"\s"}

_BY_HAND = {
    r"[\w-_]*": r"[\w\-]*",
    r"^(?! )[\p{L}\p{N}\p{Z}-_]*(?<! )$": r"(?! )[\w\s\-]*(?<! )",
    r"\p{Print}+": r"[ -~]+",
    r"^(?![^:\\]*/action/|(?i).*<script>.*</script>.*)[^:\\]+$": (
        r"(?![^:\\]*/action/|(?i:.*<script>.*</script>.*))[^:\\]+"
    ),
}

# AWS answers what its own model forbids: the models of a global profile have ARNs without a region.
_WIDENED = {":bedrock:[a-z0-9-]{1,20}::foundation-model/": ":bedrock:[a-z0-9-]{0,20}::foundation-model/"}

UNCHECKED_PATTERNS = frozenset(
    {
        r"[\p{L}\p{M}\p{N}\p{P}\p{S}\p{Zs}]+",
        r"[\u0020-\uD7FF\uE000-\uFFFD\uD800\uDC00-\uDBFF\uDFFF\r\n\t]*",
    }
)
"""Patterns of services the sandbox has that Python's ``re`` cannot express; strings are not held against them."""


@dataclass(frozen=True)
class Problem:
    """One thing the model forbids. ``kind``: type, unknown, required, union, length, range, enum or pattern."""

    path: str
    kind: str
    message: str


def problems(shape: Shape | None, value: Any) -> list[Problem]:
    """Everything in ``value`` that ``shape`` forbids, in document order; no shape allows only nothing."""
    found: list[Problem] = []
    if shape is None:
        found += [_unknown(None, name) for name in value]
    else:
        _check(shape, value, None, found)
    return found


@cache
def compiled(pattern: str) -> re.Pattern[str] | None:
    """The pattern for a full match, or None when Python cannot express it."""
    text = _BY_HAND.get(pattern, pattern)
    for theirs, ours in (_CATEGORIES | _WIDENED).items():
        text = text.replace(theirs, ours)
    try:
        return re.compile(text)
    except re.error:
        return None


_Path = tuple[Any, str | int] | None
"""A place as a linked list, spelled out only when there is a problem: parent, then member name or list index."""

_Found = list[Problem]


def _check(shape: Shape, value: Any, path: _Path, found: _Found) -> None:
    check = _CHECKS.get(shape.type_name)
    if check is None or shape.metadata.get("document") or shape.serialization.get("jsonvalue"):
        return
    check(shape, value, path, found)


def _structure(shape: Any, value: Any, path: _Path, found: _Found) -> None:
    if shape.serialization.get("eventstream") and isinstance(value, (list, tuple)):
        for number, event in enumerate(value, 1):
            _members(shape, event, (path, number), found)
    else:
        _members(shape, value, path, found)


def _members(shape: Any, value: Any, path: _Path, found: _Found) -> None:
    if not isinstance(value, dict):
        found.append(_mistyped(path, value, "Structure"))
        return
    rules, members = shape.metadata, shape.members
    found += [_missing((path, name)) for name in rules.get("required", ()) if name not in value]
    if rules.get("union") and len(value) != 1:
        where = _spelled(path)
        message = f"Value at '{where}' must have exactly one member set, it has {len(value)}"
        found.append(Problem(where, "union", message))
    for name, item in value.items():
        member = members.get(name)
        if member is None:
            found.append(_unknown(path, name))
        else:
            _check(member, item, (path, name), found)


def _list(shape: Any, value: Any, path: _Path, found: _Found) -> None:
    if not isinstance(value, (list, tuple)):
        found.append(_mistyped(path, value, "List"))
        return
    _length(shape, value, path, found)
    member = shape.member
    for number, item in enumerate(value, 1):
        _check(member, item, (path, number), found)


def _map(shape: Any, value: Any, path: _Path, found: _Found) -> None:
    if not isinstance(value, dict):
        found.append(_mistyped(path, value, "Map"))
        return
    _length(shape, value, path, found)
    for key, item in value.items():
        _check(shape.key, key, (path, "key"), found)
        _check(shape.value, item, ((path, f"={key}"), "value"), found)


def _string(shape: Any, value: Any, path: _Path, found: _Found) -> None:
    if not isinstance(value, str):
        found.append(_mistyped(path, value, "String"))
        return
    rules = shape.metadata
    _length(shape, value, path, found)
    if (enum := rules.get("enum")) and value not in enum:
        found.append(_refused("enum", path, value, f"Member must satisfy enum value set: [{', '.join(enum)}]"))
    pattern = rules.get("pattern")
    if pattern and (expression := compiled(pattern)) and not expression.fullmatch(value):
        found.append(_refused("pattern", path, value, f"Member must satisfy regular expression pattern: {pattern}"))


def _blob(shape: Any, value: Any, path: _Path, found: _Found) -> None:
    if isinstance(value, (bytes, bytearray)):
        _length(shape, value, path, found)
    else:
        found.append(_mistyped(path, value, "Blob"))


def _integer(shape: Any, value: Any, path: _Path, found: _Found) -> None:
    limit = _INT32 if shape.type_name == "integer" else _INT64
    if isinstance(value, int) and not isinstance(value, bool) and -limit <= value < limit:
        _range(shape, value, path, found)
    else:
        found.append(_mistyped(path, value, shape.type_name.capitalize()))


def _number(shape: Any, value: Any, path: _Path, found: _Found) -> None:
    if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
        _range(shape, value, path, found)
    else:
        found.append(_mistyped(path, value, "Double"))


def _boolean(_shape: Any, value: Any, path: _Path, found: _Found) -> None:
    if not isinstance(value, bool):
        found.append(_mistyped(path, value, "Boolean"))


def _timestamp(_shape: Any, value: Any, path: _Path, found: _Found) -> None:
    if not isinstance(value, datetime) or value.tzinfo is None:
        found.append(_mistyped(path, value, "Timestamp"))


def _length(shape: Any, value: Any, path: _Path, found: _Found) -> None:
    rules, size = shape.metadata, len(value)
    if size < rules.get("min", 0):
        must = f"Member must have length greater than or equal to {rules['min']}"
        found.append(_refused("length", path, value, must))
    if "max" in rules and size > rules["max"]:
        must = f"Member must have length less than or equal to {rules['max']}"
        found.append(_refused("length", path, value, must))


def _range(shape: Any, value: Any, path: _Path, found: _Found) -> None:
    rules = shape.metadata
    if "min" in rules and value < rules["min"]:
        must = f"Member must have value greater than or equal to {rules['min']}"
        found.append(_refused("range", path, value, must))
    if "max" in rules and value > rules["max"]:
        must = f"Member must have value less than or equal to {rules['max']}"
        found.append(_refused("range", path, value, must))


_CHECKS: dict[str, Callable[[Any, Any, _Path, _Found], None]] = {
    "structure": _structure,
    "list": _list,
    "map": _map,
    "string": _string,
    "character": _string,
    "blob": _blob,
    "integer": _integer,
    "long": _integer,
    "float": _number,
    "double": _number,
    "boolean": _boolean,
    "timestamp": _timestamp,
}


def _spelled(path: _Path) -> str:
    """The place as AWS's front ends write it: ``tags.1.member.key``, each name with a small first letter."""
    parts: list[str] = []
    while path is not None:
        path, step = path
        if isinstance(step, int):
            parts.append(f"{step}.member")
        else:
            parts.append(step[1:] if step.startswith("=") else step[:1].lower() + step[1:])
    return ".".join(reversed(parts))


def _missing(path: _Path) -> Problem:
    where = _spelled(path)
    return Problem(where, "required", f"Value at '{where}' failed to satisfy constraint: Member must not be null")


def _refused(kind: str, path: _Path, value: Any, must: str) -> Problem:
    where = _spelled(path)
    return Problem(where, kind, f"Value {_shown(value)} at '{where}' failed to satisfy constraint: {must}")


def _mistyped(path: _Path, value: Any, wanted: str) -> Problem:
    where = _spelled(path)
    kind = type(value).__name__  # not the value itself: it may be a whole prompt
    return Problem(where, "type", f"Value of type {kind} at '{where}' cannot be converted to {wanted}")


def _unknown(path: _Path, name: str) -> Problem:
    where = ".".join(part for part in (_spelled(path), name) if part)
    return Problem(where, "unknown", f"Value at '{where}' is not a member that AWS's model has")


def _shown(value: Any) -> str:
    text = str(value)
    return f"'{text if len(text) <= 200 else text[:200] + '...'}'"
