"""DynamoDB's expressions, first half: words, document paths and placeholders.

AWS: "Using expressions in DynamoDB". Every expression is read once, left to right, without regular expressions that
could run away; it is 4 KB long at most and nested ``DEEPEST`` times at most.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NoReturn

from costsentry_cli.sandbox.services.dynamodb_values import Item, Value, canonical, refuse
from costsentry_cli.sandbox.services.dynamodb_words import RESERVED

LONGEST = 4096
DEEPEST = 60

_WORD = re.compile(
    r"\s*(?:(?P<name>[A-Za-z][A-Za-z0-9_]*)|(?P<alias>#[A-Za-z0-9_]+)|(?P<value>:[A-Za-z0-9_]+)|(?P<index>[0-9]+)"
    r"|(?P<sign><>|<=|>=|[=<>()\[\],.+-]))"
)


@dataclass(frozen=True)
class Word:
    """One token: ``kind`` is name, alias, value, index, sign or end."""

    kind: str
    text: str


@dataclass(frozen=True)
class Path:
    """A document path: attribute names and list indexes, the first of them an attribute of the item."""

    parts: tuple[str | int, ...]

    def of(self, item: Item) -> Value | None:
        """What the path leads to, None when nothing is there."""
        found: Value | None = item.get(str(self.parts[0]))
        for part in self.parts[1:]:
            if found is None:
                return None
            found = _step(found, part)
        return found

    def __str__(self) -> str:
        return f"[{', '.join(f'[{part}]' if isinstance(part, int) else part for part in self.parts)}]"


def _step(value: Value, part: str | int) -> Value | None:
    if isinstance(part, int):
        elements = value.get("L", ())
        return elements[part] if part < len(elements) else None
    found: Value | None = value.get("M", {}).get(part)
    return found


class Placeholders:
    """The ``#names`` and ``:values`` of one request; what no expression used is an error in the end."""

    def __init__(self, params: Mapping[str, Any]) -> None:
        self._names = dict(params.get("ExpressionAttributeNames", {}))
        self._values = {key: canonical(item) for key, item in params.get("ExpressionAttributeValues", {}).items()}
        self._unused = {*self._names, *self._values}
        for said, sign, keys in (("Names", "#", self._names), ("Values", ":", self._values)):
            if f"ExpressionAttribute{said}" in params and not keys:
                refuse(f"ExpressionAttribute{said} must not be empty")
            for key in keys:
                if not re.fullmatch(rf"{sign}[A-Za-z0-9_]+", key):
                    refuse(f'ExpressionAttribute{said} contains invalid key: Syntax error; key: "{key}"')

    def name(self, alias: str, kind: str) -> str:
        """The attribute name behind ``#alias``."""
        if alias not in self._names:
            words = "An expression attribute name used in the document path is not defined; attribute name:"
            refuse(f"Invalid {kind}: {words} {alias}")
        self._unused.discard(alias)
        return str(self._names[alias])

    def value(self, key: str, kind: str) -> Value:
        """The value behind ``:key``."""
        if key not in self._values:
            words = "An expression attribute value used in expression is not defined; attribute value:"
            refuse(f"Invalid {kind}: {words} {key}")
        self._unused.discard(key)
        return self._values[key]

    def finish(self) -> None:
        """Raise ``ServiceError`` when some were given for nothing."""
        for said, sign in (("Names", "#"), ("Values", ":")):
            left = sorted(key for key in self._unused if key.startswith(sign))
            if left:
                keys = ", ".join(left)
                refuse(f"Value provided in ExpressionAttribute{said} unused in expressions: keys: {{{keys}}}")


class Words:
    """The tokens of one expression and the reading position in them.

    ``kind`` names the expression in errors; ``roots`` are the attributes its paths begin with.
    """

    def __init__(self, text: str, kind: str, placeholders: Placeholders) -> None:
        self.kind = kind
        self.placeholders = placeholders
        self.depth = 0
        self.roots: set[str] = set()
        if not text.strip():
            self.wrong("The expression can not be empty;")
        if len(text.encode("utf-8", "surrogatepass")) > LONGEST:
            self.wrong(f"Expression size has exceeded the maximum allowed size; expression size: {len(text)}")
        self._words = self._split(text)
        self.position = 0

    def _split(self, text: str) -> list[Word]:
        words, at = [], 0
        end = len(text.rstrip())
        while at < end:
            match = _WORD.match(text, at)
            if match is None:
                rest = text[at:end].lstrip()
                self.wrong(f'Syntax error; token: "{rest[:1]}", near: "{rest[:10]}"')
            kind = str(match.lastgroup)
            words.append(Word(kind, match[kind]))
            at = match.end()
        return [*words, Word("end", "<EOF>")]

    @property
    def next(self) -> Word:
        """The word at the reading position."""
        return self._words[self.position]

    def take(self) -> Word:
        """Read a word."""
        word = self._words[self.position]
        if word.kind != "end":
            self.position += 1
        return word

    def take_sign(self, *signs: str) -> str | None:
        """Read one of the signs, if it comes next."""
        if self.next.kind == "sign" and self.next.text in signs:
            return self.take().text
        return None

    def take_keyword(self, *keywords: str) -> str | None:
        """Read one of the keywords (in any case), if it comes next."""
        if self.next.kind == "name" and self.next.text.upper() in keywords:
            return self.take().text.upper()
        return None

    def expect(self, sign: str) -> None:
        """Read this sign. Raises ``ServiceError`` when another word comes."""
        if self.take_sign(sign) is None:
            self.unexpected()

    def function(self, *names: str) -> str | None:
        """Read ``name(`` of one of the functions, if it comes next."""
        following = self._words[min(self.position + 1, len(self._words) - 1)]
        if self.next.kind != "name" or following != Word("sign", "("):
            return None
        if self.next.text not in names:
            self.wrong(f"Invalid function name; function: {self.next.text}")
        self.position += 2
        return self._words[self.position - 2].text

    def nested(self) -> None:
        """One level deeper. Raises ``ServiceError`` when that is too deep."""
        self.depth += 1
        if self.depth > DEEPEST:
            self.wrong(f"The expression is nested deeper than {DEEPEST} levels")

    def path(self) -> Path:
        """Read a document path."""
        parts: list[str | int] = [self._attribute()]
        while sign := self.take_sign(".", "["):
            if sign == ".":
                parts.append(self._attribute())
                continue
            word = self.take()
            if word.kind != "index" or len(word.text) > 9:
                self.unexpected(word)
            parts.append(int(word.text))
            self.expect("]")
        self.roots.add(str(parts[0]))
        if len(parts) > 32:
            self.wrong("The document path has too many nesting elements")
        return Path(tuple(parts))

    def _attribute(self) -> str:
        word = self.take()
        if word.kind == "alias":
            return self.placeholders.name(word.text, self.kind)
        if word.kind != "name":
            self.unexpected(word)
        if word.text.lower() in RESERVED:
            self.wrong(f"Attribute name is a reserved keyword; reserved keyword: {word.text}")
        return word.text

    def literal(self) -> Value:
        """Read ``:value``."""
        word = self.take()
        if word.kind != "value":
            self.unexpected(word)
        return self.placeholders.value(word.text, self.kind)

    def finish(self) -> None:
        """Raise ``ServiceError`` when words are left."""
        if self.next.kind != "end":
            self.unexpected()

    def unexpected(self, word: Word | None = None) -> NoReturn:
        """Raise the syntax error at ``word``, by default the next one."""
        if word is None:
            word = self.next
        at = next((n for n in range(len(self._words)) if self._words[n] is word), 0)
        near = " ".join(each.text for each in self._words[max(at - 1, 0) : at + 2] if each.kind != "end")
        self.wrong(f'Syntax error; token: "{word.text}", near: "{near}"')

    def wrong(self, problem: str) -> NoReturn:
        """Raise ``Invalid ConditionExpression: ...``."""
        refuse(f"Invalid {self.kind}: {problem}")


def paths(text: str, kind: str, placeholders: Placeholders) -> tuple[Path, ...]:
    """A projection: paths with commas between them, none inside another."""
    words = Words(text, kind, placeholders)
    found = [words.path()]
    while words.take_sign(","):
        found.append(words.path())
    words.finish()
    apart(found, words)
    return tuple(found)


def apart(found: list[Path], words: Words) -> None:
    """Raise ``ServiceError`` when two paths are one, one leads through the other, or they disagree on a type."""
    ordered = sorted(found, key=lambda path: [(isinstance(part, int), str(part)) for part in path.parts])
    for one, other in pairwise(ordered):
        if other.parts[: len(one.parts)] == one.parts:
            said = "Two document paths overlap with each other; must remove or rewrite one of these paths;"
            words.wrong(f"{said} path one: {one}, path two: {other}")


def projected(item: Item, wanted: tuple[Path, ...]) -> Item:
    """The parts of the item the paths lead to; a list keeps the wanted elements only, in their order."""
    found: Item = _projected({"M": item}, [path.parts for path in wanted]).get("M", {})
    return found


def _projected(value: Value, wanted: list[tuple[str | int, ...]]) -> Value:
    if any(not parts for parts in wanted):
        return value
    below: dict[str | int, list[tuple[str | int, ...]]] = {}
    for parts in wanted:
        below.setdefault(parts[0], []).append(parts[1:])
    if "M" in value:
        held: Item = value["M"]
        found = {name: _projected(held[name], below[name]) for name in held if name in below}
        kept = {name: each for name, each in found.items() if each}
        return {"M": kept} if kept else {}
    if "L" in value:
        elements = value["L"]
        indexes = sorted(index for index in below if isinstance(index, int) and index < len(elements))
        chosen = [each for index in indexes if (each := _projected(elements[index], below[index]))]
        return {"L": chosen} if chosen else {}
    return {}
