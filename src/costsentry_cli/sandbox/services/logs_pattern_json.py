"""JSON filter patterns: ``{ $.a = "x" && ($.n >= 5 || $.list[0].b IS TRUE) }`` as a test of a JSON object.

AWS documents ``NOT EXISTS`` and no ``EXISTS``: that a field is there is asked by ``= "*"``. A comparison with a field
that is missing, null, an object or an array is false, ``!=`` too.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any, NoReturn

from costsentry_cli.sandbox.services.logs_rows import refuse

_Document = dict[str, Any]
_Condition = Callable[[_Document], bool]
_Path = tuple[str | int, ...]

DEEPEST = 50

_SIGN = re.compile(r"!=|<=|>=|[=<>]")
_STEP = re.compile(r"""\.([\w-]+)|\.?\[\s*(?:'([^']*)'|"([^"]*)"|([0-9]{1,6}))\s*\]""")
_STATE = re.compile(r"(IS)\s+(TRUE|FALSE|NULL)\b|(NOT)\s+(EXISTS)\b", re.IGNORECASE)
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
_BARE = re.compile(r"[\w*.:/@#+-]+")
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "<": lambda a, b: bool(a < b),
    "<=": lambda a, b: bool(a <= b),
    ">": lambda a, b: bool(a > b),
    ">=": lambda a, b: bool(a >= b),
    "=": lambda a, b: bool(a == b),
    "!=": lambda a, b: bool(a != b),
}


class _Reader:
    """A position in a pattern."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.depth = 0

    def space(self) -> None:
        while self.at < len(self.text) and self.text[self.at].isspace():
            self.at += 1

    def take(self, expression: re.Pattern[str]) -> re.Match[str] | None:
        """What the expression matches here, read."""
        self.space()
        match = expression.match(self.text, self.at)
        if match is not None:
            self.at = match.end()
        return match

    def take_text(self, text: str) -> bool:
        """Whether this comes next; it is read."""
        self.space()
        if not self.text.startswith(text, self.at):
            return False
        self.at += len(text)
        return True

    def expect(self, text: str) -> None:
        if not self.take_text(text):
            self.wrong(f"{text!r} is missing")

    def wrong(self, why: str) -> NoReturn:
        rest = self.text[self.at : self.at + 20]
        refuse(f"Invalid filter pattern at character {self.at + 1} ({rest!r}): {why}")


def expression(text: str) -> _Condition:
    """The test a pattern in braces says. Raises ``ServiceError`` InvalidParameterException."""
    reader = _Reader(text)
    reader.expect("{")
    condition = _either(reader)
    reader.expect("}")
    reader.space()
    if reader.at < len(text):
        reader.wrong("the pattern ends at the brace")
    return condition


def _either(reader: _Reader) -> _Condition:
    reader.depth += 1
    if reader.depth > DEEPEST:
        reader.wrong(f"parentheses are {DEEPEST} deep at most")
    conditions = [_both(reader)]
    while reader.take_text("||"):
        conditions.append(_both(reader))
    reader.depth -= 1
    return conditions[0] if len(conditions) == 1 else lambda found: any(each(found) for each in conditions)


def _both(reader: _Reader) -> _Condition:
    conditions = [_single(reader)]
    while reader.take_text("&&"):
        conditions.append(_single(reader))
    return conditions[0] if len(conditions) == 1 else lambda found: all(each(found) for each in conditions)


def _single(reader: _Reader) -> _Condition:
    if reader.take_text("("):
        grouped = _either(reader)
        reader.expect(")")
        return grouped
    path = _path(reader)
    state = reader.take(_STATE)
    if state is not None:
        return _state(path, (state[2] or state[4]).upper())
    sign = reader.take(_SIGN)
    if sign is None:
        reader.wrong('an operator (= != < <= > >=), IS TRUE, IS FALSE, IS NULL or NOT EXISTS; for EXISTS write = "*"')
    return _comparison(reader, path, sign[0])


def _path(reader: _Reader) -> _Path:
    reader.expect("$")
    steps: list[str | int] = []
    while step := _STEP.match(reader.text, reader.at):
        reader.at = step.end()
        name, quoted, doubly_quoted, index = step.groups()
        steps.append(int(index) if index else next(each for each in (name, quoted, doubly_quoted) if each is not None))
    if not steps:
        reader.wrong("a selector is like $.name, $.a.b, $.list[0] or $.['a.b']")
    return tuple(steps)


_MISSING = object()


def _led_to(found: Any, path: _Path) -> Any:
    for step in path:
        if isinstance(step, int):
            found = found[step] if isinstance(found, list) and step < len(found) else _MISSING
        else:
            found = found.get(step, _MISSING) if isinstance(found, dict) else _MISSING
    return found


def _state(path: _Path, state: str) -> _Condition:
    if state == "EXISTS":
        return lambda found: _led_to(found, path) is _MISSING
    wanted = {"TRUE": True, "FALSE": False, "NULL": None}[state]
    return lambda found: _led_to(found, path) is wanted


def _comparison(reader: _Reader, path: _Path, sign: str) -> _Condition:
    quoted = reader.take(_QUOTED)
    if quoted is not None:
        return _text(reader, path, sign, re.sub(r"\\(.)", r"\1", quoted[1]))
    bare = reader.take(_BARE)
    if bare is None:
        reader.wrong("the sandbox compares with a number, a word or a quoted text")
    if _NUMBER.fullmatch(bare[0]):
        return _number(path, sign, Decimal(bare[0]))
    return _text(reader, path, sign, bare[0])


def _number(path: _Path, sign: str, wanted: Decimal) -> _Condition:
    compare = _COMPARE[sign]

    def holds(found: _Document) -> bool:
        value = _led_to(found, path)
        return isinstance(value, int | Decimal) and not isinstance(value, bool) and compare(value, wanted)

    return holds


def _text(reader: _Reader, path: _Path, sign: str, wanted: str) -> _Condition:
    if sign not in ("=", "!="):
        reader.wrong(f"{sign} compares with a number")
    pieces = wanted.split("*")
    if wanted == "*" and sign == "=":  # what asks whether a field is there at all
        return lambda found: _led_to(found, path) not in (_MISSING, None)

    def holds(found: _Document) -> bool:
        value = _led_to(found, path)
        return isinstance(value, str) and wildcard(pieces, value) == (sign == "=")

    return holds


def wildcard(pieces: list[str], value: str) -> bool:
    """Whether the pieces, with anything between them, are the whole value; each is looked for once."""
    first, *middle = pieces
    if not middle:
        return value == first
    last = middle.pop()
    at, end = len(first), len(value) - len(last)
    if not value.startswith(first) or not value.endswith(last) or end < at:
        return False
    for piece in middle:
        at = value.find(piece, at, end)
        if at < 0:
            return False
        at += len(piece)
    return True
