"""The syntax of metric math: a text becomes a tree of a few small nodes; nothing is evaluated here.

AWS: "Using metric math". Functions and the words some of them take are in upper case, ids begin in lower case.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

DEEPEST = 50

_TOKEN = re.compile(
    r"""(?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?(?![\w.]))|(?P<name>[A-Za-z]\w*)"""
    r"""|(?P<text>"(?:[^"\\]|\\.)*"|'[^']*')|(?P<sign>==|!=|<=|>=|&&|\|\||[<>()\[\],+*/^-])""",
    re.ASCII,
)
_SPACE = re.compile(r"\s*")
_COMPARISONS = ("==", "!=", "<=", ">=", "<", ">")


class SyntaxMistake(ValueError):
    """The text is no expression; the message says why, as AWS would word it."""


@dataclass(frozen=True)
class Number:
    """A number as it stands."""

    value: float


@dataclass(frozen=True)
class Text:
    """A text in quotes, without them; its escapes are left as they are."""

    text: str


@dataclass(frozen=True)
class Name:
    """The id of another query, or a word like ``DESC``."""

    name: str


@dataclass(frozen=True)
class Call:
    """A function with its arguments."""

    function: str
    arguments: tuple[Node, ...]


@dataclass(frozen=True)
class Operation:
    """Two operands and the sign between them; ``AND`` and ``OR`` in their words."""

    sign: str
    left: Node
    right: Node


@dataclass(frozen=True)
class Negative:
    """A minus in front."""

    inner: Node


@dataclass(frozen=True)
class Array:
    """``[m1, m2]``."""

    items: tuple[Node, ...]


Node = Number | Text | Name | Call | Operation | Negative | Array


def parsed(text: str) -> Node:
    """The tree of an expression. Raises ``SyntaxMistake``."""
    reading = _Reading(text)
    tree = reading.either()
    if reading.kind != "end":
        raise SyntaxMistake("Invalid syntax")
    return tree


class _Reading:
    """A position in the text, one token ahead; one method per level of precedence."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.depth = 0
        self.kind, self.word = "", ""
        self._next()

    def _next(self) -> str:
        word = self.word
        space = _SPACE.match(self.text, self.at)
        self.at = space.end() if space else self.at
        if self.at == len(self.text):
            self.kind, self.word = "end", ""
            return word
        found = _TOKEN.match(self.text, self.at)
        if found is None:
            raise SyntaxMistake("Invalid syntax")
        self.at, self.kind, self.word = found.end(), str(found.lastgroup), found[0]
        return word

    def _take(self, *words: str) -> str | None:
        """Read one of these signs or words, if it comes next."""
        return self._next() if self.word in words and self.kind in ("sign", "name") else None

    def _expect(self, sign: str) -> None:
        if self._take(sign) is None:
            raise SyntaxMistake("Invalid syntax")

    def either(self) -> Node:
        self.depth += 1
        if self.depth > DEEPEST:
            raise SyntaxMistake("Invalid syntax: it is nested too deeply")
        tree = self._both()
        while self._take("OR", "||"):
            tree = Operation("OR", tree, self._both())
        self.depth -= 1
        return tree

    def _both(self) -> Node:
        tree = self._comparison()
        while self._take("AND", "&&"):
            tree = Operation("AND", tree, self._comparison())
        return tree

    def _comparison(self) -> Node:
        tree = self._sum()
        while sign := self._take(*_COMPARISONS):
            tree = Operation(sign, tree, self._sum())
        return tree

    def _sum(self) -> Node:
        tree = self._product()
        while sign := self._take("+", "-"):
            tree = Operation(sign, tree, self._product())
        return tree

    def _product(self) -> Node:
        tree = self._signed()
        while sign := self._take("*", "/"):
            tree = Operation(sign, tree, self._signed())
        return tree

    def _signed(self) -> Node:
        minus = 0
        while self._take("-"):
            minus += 1
        power = self._power()
        return Negative(power) if minus % 2 else power

    def _power(self) -> Node:
        tree = self._single()
        while self._take("^"):
            minus = self._take("-") is not None
            right = self._single()
            tree = Operation("^", tree, Negative(right) if minus else right)
        return tree

    def _single(self) -> Node:
        kind = self.kind
        if kind == "number":
            return Number(float(self._next()))
        if kind == "text":
            return Text(self._next()[1:-1])
        if kind == "name":
            name = self._next()
            return Call(name, self._list(")")) if self._take("(") else Name(name)
        if self._take("("):
            tree = self.either()
            self._expect(")")
            return tree
        if self._take("["):
            return Array(self._list("]"))
        raise SyntaxMistake("Invalid syntax")

    def _list(self, end: str) -> tuple[Node, ...]:
        if self._take(end):
            return ()
        items = [self.either()]
        while self._take(","):
            items.append(self.either())
        self._expect(end)
        return tuple(items)
