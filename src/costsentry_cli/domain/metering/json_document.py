"""JSON text to a document with places.

YAML is nearly a superset of JSON, but not where it hurts a prompt: it refuses surrogate pairs (``\\ud83d\\ude00``) and
some characters, and it folds line separators. So JSON is read as JSON, into the nodes of the YAML reader.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from typing import NamedTuple

from costsentry_cli.domain.document import Entries, InvalidDocument, Items, Mark, Node, Problem, Scalar, Source
from costsentry_cli.domain.errors import SentryError
from costsentry_cli.domain.manifest.findings import MAX_PROBLEMS, shown, too_many

MAX_DEPTH = 20
MAX_NODES = 100_000
"""Twice what 10,000 messages make."""
MAX_LINES = 400_000
"""As many as a manifest's: four for each value."""

_TOKEN = re.compile(r'[ \t\n\r]*+("[^"\\]*+(?:\\.[^"\\]*+)*+"|[{}\[\],:]|[^\s{}\[\],:"]++)')
_BREAK = re.compile("\r\n|\n|\r")
_CURLED = "\N{LEFT DOUBLE QUOTATION MARK}\N{RIGHT DOUBLE QUOTATION MARK}"
_BEGINS = re.compile(rf'\s*(?:\{{\s*["}}{_CURLED}]|\[)')
_SURROGATE = re.compile("[\ud800-\udfff]")
_CLOSING = frozenset("]}")


class Parsed(NamedTuple):
    """What was read; where ``problems`` tells of something, an empty scalar may stand for it."""

    root: Node
    source: Source
    problems: tuple[Problem, ...]


def is_json(text: str, name: str) -> bool:
    """Whether JSON is meant: by the file's name, or by how the text begins."""
    return name.lower().endswith(".json") or _BEGINS.match(text) is not None


def parse(text: str, name: str) -> Parsed:
    """The document in a JSON text.

    Raises ``InvalidDocument`` when it is not JSON, too deep or has too many values, ``SentryError`` CS0004 when it has
    too many lines.
    """
    places = _Places(text, name)
    try:
        # Numbers stay text: Python refuses to convert very long ones.
        json.loads(text, parse_int=str, parse_float=str, parse_constant=str)
    except json.JSONDecodeError as error:
        raise InvalidDocument(places.source, (_refusal(error, places.at(error.pos)),)) from error
    except RecursionError as error:
        raise _too_deep(places, places.at(_too_deep_at(text))) from error
    reader = _Reader(text, places)
    return Parsed(reader.root(), places.source, tuple(reader.problems))


def _too_deep(places: _Places, at: Mark) -> InvalidDocument:
    return places.refused(at, "CS0004", f"nested deeper than {MAX_DEPTH} levels")


def _too_deep_at(text: str) -> int:
    """Where the first list or object too deep begins, in a text that Python gave up on."""
    depth = 0
    for piece in _TOKEN.finditer(text):
        if piece[1] in "{[":
            depth += 1
            if depth > MAX_DEPTH:
                return piece.start(1)
        depth -= piece[1] in _CLOSING
    return len(text)


def _refusal(error: json.JSONDecodeError, at: Mark) -> Problem:
    said = error.msg.replace("Illegal trailing comma before end of", "Expecting no comma before the end of")
    return Problem(at, "CS0003", f"not valid JSON: {said[:1].lower()}{said[1:].removesuffix(' at')}", _hint(error))


def _hint(error: json.JSONDecodeError) -> str:
    here, before = error.doc[error.pos : error.pos + 1], error.doc[: error.pos].rstrip()[-1:]
    if here and here in f"{_CURLED}'":
        return 'write straight double quotes: "'
    if "control character" in error.msg:
        return "in a text, write a line break as \\n and a tab as \\t"
    if before == "," or (here == "," and error.doc[error.pos + 1 :].lstrip()[:1] in _CLOSING):
        return "there is a comma too many"
    return "look at the commas and quotes here and just before"


def _too_many_lines(name: str) -> SentryError:
    return SentryError("CS0004", f"{name} has more than {MAX_LINES:,} lines", where=f"{name}:{MAX_LINES + 1}:1")


class _Places:
    """Lines and columns of a text; only JSON's own line breaks count."""

    def __init__(self, text: str, name: str) -> None:
        if text.count("\n") + text.count("\r") > 2 * MAX_LINES:
            raise _too_many_lines(name)
        self._starts = [0, *(each.end() for each in _BREAK.finditer(text))]
        if len(self._starts) > MAX_LINES:
            raise _too_many_lines(name)
        self.source = Source(name, tuple(_BREAK.split(text)))

    def refused(self, at: Mark, code: str, message: str) -> InvalidDocument:
        return InvalidDocument(self.source, (Problem(at, code, message, "shorten it"),))

    def at(self, position: int) -> Mark:
        line = bisect_right(self._starts, position)
        return Mark(line, position - self._starts[line - 1] + 1)


class _Reader:
    """Builds the nodes of a text that is known to be JSON."""

    def __init__(self, text: str, places: _Places) -> None:
        self.problems: list[Problem] = []
        self._text = text
        self._places = places
        self._position = 0
        self._nodes = 0

    def root(self) -> Node:
        return self._node(*self._token(), 0)

    def _token(self) -> tuple[str, int]:
        found = _TOKEN.match(self._text, self._position)
        if found is None:
            raise AssertionError("valid JSON goes on with a piece")
        self._position = found.end()
        return found[1], found.start(1)

    def _node(self, piece: str, start: int, depth: int) -> Node:
        self._nodes += 1
        at = self._places.at(start)
        if self._nodes > MAX_NODES:
            raise self._places.refused(at, "CS0004", f"more than {MAX_NODES:,} values")
        if depth >= MAX_DEPTH and piece in "{[":
            raise _too_deep(self._places, at)
        if piece == "{":
            return self._entries(at, depth + 1)
        if piece == "[":
            return self._items(at, depth + 1)
        if piece[0] == '"':
            return self._string(piece, at)
        return Scalar("" if piece == "null" else piece, at)

    def _string(self, piece: str, at: Mark) -> Scalar:
        text = piece[1:-1] if "\\" not in piece else json.loads(piece)
        half = _SURROGATE.search(text)
        if half is not None:
            message = f"the text has \\u{ord(half[0]):04x}, which is half a character"
            self._refuse(Problem(at, "CS0003", message, "write both halves, or the character itself", len(piece)))
            return Scalar("", at)
        return Scalar(text, at, plain=False)

    def _items(self, at: Mark, depth: int) -> Items:
        nodes: list[Node] = []
        while (piece := self._token())[0] != "]":
            if piece[0] != ",":
                nodes.append(self._node(*piece, depth))
        return Items(tuple(nodes), at)

    def _entries(self, at: Mark, depth: int) -> Entries:
        pairs: list[tuple[Scalar, Node]] = []
        first: dict[str, Mark] = {}
        while (piece := self._token())[0] != "}":
            if piece[0] == ",":
                continue
            key = self._string(piece[0], self._places.at(piece[1]))
            self._token()  # the colon
            value = self._node(*self._token(), depth)
            known = first.setdefault(key.text, key.at)
            if known == key.at:
                pairs.append((key, value))
            else:
                message = f"the key {shown(key.text)} stands twice in one object; the first is on line {known.line}"
                self._refuse(Problem(key.at, "CS0006", message, "keep one of the two", len(piece[0])))
        return Entries(tuple(pairs), at)

    def _refuse(self, problem: Problem) -> None:
        self.problems.append(problem)
        if len(self.problems) >= MAX_PROBLEMS:
            raise InvalidDocument(self._places.source, (*self.problems, too_many(problem.at)))
