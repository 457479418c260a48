"""Failures that are one failure: the same for many things, told once with how many."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from costsentry_cli.domain.errors import SentryError

T = TypeVar("T")
_VARIES = re.compile(r"arn:[^\s\"',]+|\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
NAMED = 3
"""So many of those that failed alike are named."""


def likeness(error: SentryError, name: str = "") -> tuple[str, str]:
    """What an error has in common with others: its code and its sentence, without ARNs, ids and the thing's name."""
    said = error.message.replace(name, "NAME") if name else error.message
    return error.code, _VARIES.sub("ID", said)


def grouped(things: Iterable[T], error_of: Callable[[T], SentryError]) -> tuple[tuple[T, ...], ...]:
    """Those whose errors are alike together, in the order of their firsts."""
    groups: dict[tuple[str, str], list[T]] = {}
    for thing in things:
        groups.setdefault(likeness(error_of(thing)), []).append(thing)
    return tuple(map(tuple, groups.values()))


def some(names: Sequence[str], most: int = NAMED) -> str:
    """``a, b, c and 197 more``."""
    rest = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(names[:most]) + rest
