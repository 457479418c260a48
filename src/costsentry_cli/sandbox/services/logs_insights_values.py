"""Rows of an Insights query, and its expressions as functions of a row: fields, comparisons, arithmetic, functions.

AWS: "CloudWatch Logs Insights language query syntax: supported operations and functions". A missing field is None:
every comparison with it is false, ``!=`` too, and arithmetic on it has no result.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Context, Decimal, DecimalException
from typing import Any

from costsentry_cli.sandbox.services.logs_fields import Moment, document, led_to, pointer, rounded, shown
from costsentry_cli.sandbox.services.logs_insights_words import Words, parts, plain, unquoted

Worth = Callable[["Row"], Any]

_NUMBER = re.compile(r"[+-]?[0-9]{1,40}(?:\.[0-9]{1,40})?", re.ASCII)
_WIDE = Context(prec=60)
_UNITS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_MISSING = object()
_LONGEST = 1024 * 1024
_LARGEST = 400
"""Digits before or after the point of a result; beyond there is none."""


@dataclass(frozen=True)
class Event:
    """A log event as a query reads it; times in milliseconds."""

    number: int
    at: int
    ingested: int
    message: str
    stream: str
    log: str


_SYSTEM: dict[str, Callable[[Event], Any]] = {
    "@timestamp": lambda event: Moment(event.at),
    "@ingestionTime": lambda event: Moment(event.ingested),
    "@message": lambda event: event.message,
    "@logStream": lambda event: event.stream,
    "@log": lambda event: event.log,
    "@ptr": lambda event: pointer(event.number),
}


@dataclass
class Row:
    """A row on its way through the commands: an event, or after ``stats`` none; ``made`` are its computed fields."""

    event: Event | None
    made: dict[str, Any] = field(default_factory=dict)
    aggregates: list[Any] = field(default_factory=list)
    _document: Any = _MISSING

    @property
    def document(self) -> Any:
        """The message's JSON object, None where there is none; read once."""
        if self._document is _MISSING:
            self._document = None if self.event is None else document(self.event.message)
        return self._document


@dataclass(frozen=True)
class Field:
    """A field by name; a part in backticks is one key, dots and all, and only then a path."""

    name: str
    path: tuple[str, ...]
    other: tuple[str, ...]

    def __call__(self, row: Row) -> Any:
        """The field's value in a row, None where it is missing; true and false are 1 and 0."""
        if self.name in row.made:
            return row.made[self.name]
        if row.event is None:
            return None
        if self.name in _SYSTEM:
            return _SYSTEM[self.name](row.event)
        found = led_to(row.document, self.path)
        if found is None and self.other != self.path:
            found = led_to(row.document, self.other)
        return int(found) if isinstance(found, bool) else found


def field_named(text: str) -> Field:
    """The field a query's name means."""
    path = parts(text)
    return Field(plain(text), path, tuple(".".join(path).split(".")))


def number(value: Any) -> int | Decimal | None:
    """A number, or the number a text is; None for everything else."""
    if isinstance(value, int | Decimal):
        return value
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        return Decimal(value)
    return None


def compared(sign: str, left: Any, right: Any) -> bool:
    """As numbers where both are, else as texts."""
    if left is None or right is None:
        return False
    one, other = number(left), number(right)
    if one is None or other is None:
        return _SIGNS[sign](shown(left), shown(right))
    return _SIGNS[sign](one, other)


_SIGNS: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda a, b: bool(a == b),
    "!=": lambda a, b: bool(a != b),
    "<": lambda a, b: bool(a < b),
    "<=": lambda a, b: bool(a <= b),
    ">": lambda a, b: bool(a > b),
    ">=": lambda a, b: bool(a >= b),
}


def calculated(sign: str, left: Any, right: Any) -> Any:
    """A sum, difference, product, quotient, remainder or power; None where there is none."""
    one, other = number(left), number(right)
    if one is None or other is None:
        return None
    a, b = Decimal(one), Decimal(other)
    try:
        if sign == "^" and abs(b) > _LARGEST:
            return None
        found = _CALCULATE[sign](a, b)
    except DecimalException:
        return None
    found = rounded(found) if sign in "/^" else found
    return found if abs(found.adjusted()) <= _LARGEST else None


_CALCULATE: dict[str, Callable[[Decimal, Decimal], Decimal]] = {
    "+": _WIDE.add,
    "-": _WIDE.subtract,
    "*": _WIDE.multiply,
    "/": _WIDE.divide,
    "%": _WIDE.remainder,
    "^": _WIDE.power,
}


def _text(value: Any) -> str | None:
    return None if value is None else shown(value)


def _of_text(function: Callable[[str], Any]) -> Callable[..., Any]:
    return lambda value: None if value is None else function(shown(value))


def _of_number(function: Callable[[Decimal], Any]) -> Callable[..., Any]:
    def called(value: Any) -> Any:
        found = number(value)
        return None if found is None else function(Decimal(found))

    return called


def _joined(values: tuple[Any, ...]) -> str:
    """One text, cut at the size of the longest message."""
    return "".join(shown(value) for value in values if value is not None)[:_LONGEST]


def _least(*values: Any) -> Any:
    found = [each for value in values if (each := number(value)) is not None]
    return min(found) if found else None


def _greatest(*values: Any) -> Any:
    found = [each for value in values if (each := number(value)) is not None]
    return max(found) if found else None


FUNCTIONS: dict[str, tuple[int, int, Callable[..., Any]]] = {
    "ispresent": (1, 1, lambda value: value is not None),
    "isempty": (1, 1, lambda value: value is None or shown(value) == ""),
    "isblank": (1, 1, lambda value: value is None or not shown(value).strip()),
    "coalesce": (1, 99, lambda *values: next((value for value in values if value is not None), None)),
    "concat": (1, 99, lambda *values: _joined(values)),
    "strlen": (1, 1, _of_text(len)),
    "toupper": (1, 1, _of_text(str.upper)),
    "tolower": (1, 1, _of_text(str.lower)),
    "trim": (1, 1, _of_text(str.strip)),
    "strcontains": (2, 2, lambda text, part: int((_text(part) or "") in (_text(text) or ""))),
    "abs": (1, 1, _of_number(abs)),
    "ceil": (1, 1, _of_number(lambda value: value.to_integral_value("ROUND_CEILING"))),
    "floor": (1, 1, _of_number(lambda value: value.to_integral_value("ROUND_FLOOR"))),
    "least": (1, 99, _least),
    "greatest": (1, 99, _greatest),
    "tomillis": (1, 1, lambda value: int(value) if isinstance(value, Moment) else None),
    "frommillis": (1, 1, _of_number(lambda value: Moment(int(value)))),
}
"""Fewest arguments, most, and what it does; names in lower case."""


def period(words: Words) -> int:
    """Read a period like ``5m``, in milliseconds."""
    word = words.take()
    amount = re.match(r"[0-9]+", word.text)
    unit = word.text[amount.end() :] if amount is not None else ""
    if word.kind != "period" or amount is None or unit not in _UNITS or not 0 < int(amount[0][:9]) < 10**6:
        words.wrong(f"a period in ms, s, m, h or d instead of {word.text!r}", word)
    return int(amount[0]) * _UNITS[unit]


def floored(value: Any, size: int) -> Any:
    """A time rounded down to a multiple of ``size`` milliseconds."""
    return Moment(value - value % size) if isinstance(value, Moment) else None


def constant(words: Words) -> Any:
    """Read a text or a number."""
    negative = words.take_sign("-") is not None
    word = words.take()
    if word.kind == "number":
        return -Decimal(word.text) if negative else Decimal(word.text)
    if word.kind != "text" or negative:
        words.wrong(f"a text or a number instead of {word.text!r}", word)
    return unquoted(word.text)
