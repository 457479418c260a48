"""What a log event holds: system fields, and fields discovered in a JSON message; how values are shown as text."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Context, Decimal
from typing import Any

MOST_FIELDS = 200
"""Fields of one JSON message that are discovered (AWS: "Supported logs and discovered fields")."""

_LIKE_A_DOUBLE = Context(prec=15)
_DEEPEST = 50


class Moment(int):
    """Milliseconds since the epoch, shown as a date and time."""


def document(message: str) -> dict[str, Any] | None:
    """The message as a JSON object, numbers exact; None for any other text."""
    if message.lstrip()[:1] != "{":
        return None
    try:
        found = json.loads(message, parse_float=_decimal, parse_constant=str)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _decimal(text: str) -> Decimal | str:
    """A number; one whose exponent would make it endless to write out stays text."""
    found = Decimal(text)
    return found if abs(found.adjusted()) < 400 else text


def shown(value: Any) -> str:
    """A scalar as Insights shows it: numbers plain, true and false as 1 and 0."""
    if isinstance(value, Moment):
        return shown_time(value)
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, Decimal):
        return format(value.normalize(_EXACT), "f") if value else "0"
    return str(value)


_EXACT = Context(prec=1000)


def rounded(value: Decimal) -> Decimal:
    """A quotient to the fifteen digits a double shows."""
    return _LIKE_A_DOUBLE.plus(value)


def shown_time(at: int) -> str:
    """``2026-11-23 12:00:00.000``; a time beyond the calendar as its number."""
    try:
        moment = datetime.fromtimestamp(at / 1000, UTC).replace(tzinfo=None)
    except (ValueError, OverflowError, OSError):
        return str(int(at))
    return moment.isoformat(" ", "milliseconds")


def pointer(number: int) -> str:
    """The ``@ptr`` of an event."""
    return base64.b64encode(f"event/{number}".encode()).decode()


def pointed(text: str) -> int | None:
    """The event a ``@ptr`` points to, None for one that is not ours."""
    try:
        kind, _, number = base64.b64decode(text, validate=True).decode().partition("/")
    except ValueError:
        return None
    return int(number) if kind == "event" and number.isdecimal() and len(number) < 18 else None


def flattened(message: str) -> dict[str, str]:
    """The discovered fields of a JSON message by their dotted names, the first ``MOST_FIELDS`` of them."""
    found = document(message)
    fields: dict[str, str] = {}
    for name, value in _leaves("", found or {}, 0):
        if len(fields) == MOST_FIELDS:
            break
        fields[name] = shown(value)
    return fields


def _leaves(name: str, value: Any, depth: int) -> Iterator[tuple[str, Any]]:
    if depth > _DEEPEST or value is None:
        return
    if not isinstance(value, dict | list):
        yield name, value
        return
    parts = value.items() if isinstance(value, dict) else enumerate(value)
    for part, each in parts:
        yield from _leaves(f"{name}.{part}" if name else str(part), each, depth + 1)


def led_to(value: Any, path: tuple[str, ...]) -> Any:
    """What a path of keys (and list indexes) leads to; None for nothing, for null, for an object and for a list."""
    for part in path:
        if isinstance(value, dict):
            value = value.get(part)
        elif isinstance(value, list) and part.isdecimal() and len(part) < 6 and int(part) < len(value):
            value = value[int(part)]
        else:
            return None
    return None if isinstance(value, dict | list) else value
