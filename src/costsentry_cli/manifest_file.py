"""YAML text to a document with places: one pass over the parser's events, every scalar stays text.

Anchors, aliases, merge keys, tags, duplicate keys and further documents are refused where they stand, all of them in
one run; only what cannot be parsed at all ends the reading.
"""

from __future__ import annotations

import gc
import itertools
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import yaml
from yaml import events as ev

from costsentry_cli import files
from costsentry_cli.domain.document import Entries, InvalidDocument, Items, Mark, Node, Problem, Scalar, Source
from costsentry_cli.domain.errors import SentryError
from costsentry_cli.domain.manifest.findings import MAX_PROBLEMS, shown, too_many
from costsentry_cli.domain.manifest.reader import read as meaning
from costsentry_cli.domain.manifest.types import Manifest
from costsentry_cli.domain.text import decoded, empty

# A manifest of 10,000 profiles has about 1.5 MB and 150,000 nodes; these leave room for twice that, with comments, and
# still end a hostile file in about a second and within 200 MB. No sensible manifest nests deeper than 8.
MAX_BYTES = 8 * 1024 * 1024
MAX_NODES = 250_000
MAX_LINES = 400_000
MAX_DEPTH = 20

_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
# Compiled only for a file that is refused: it takes longer than a small manifest takes to read.
_NOT_YAML = "[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufeff\uff00-\ufffd\U00010000-\U0010ffff]"
_NULLS = frozenset(("", "~", "null", "Null", "NULL"))


class Parser(Protocol):
    """The part of a PyYAML parser that is used."""

    def get_event(self) -> Any:
        """The next event, or None."""
        ...


@dataclass(frozen=True)
class Document:
    """What was read of a file; where ``problems`` tells of an alias or the like, an empty scalar stands for it."""

    root: Node
    source: Source
    problems: tuple[Problem, ...]


def read(path: Path) -> Manifest:
    """The manifest in a file; raises ``SentryError`` (CS0001, 2, 4, 7) or ``InvalidDocument`` with every problem."""
    # Everything built here lives on: the collector would walk hundreds of thousands of nodes again and again for
    # nothing, which doubles the time of a large manifest.
    with _collector_paused():
        document = load(path)
        return meaning(document.root, document.source, document.problems)


def load(path: Path) -> Document:
    """The document in a file; raises ``SentryError`` for the file, ``InvalidDocument`` when it is not YAML at all."""
    return parse(_text(path), str(path))


def parse(text: str, name: str, parser: Callable[[str], Parser] | None = None) -> Document:
    """The document in a text; ``parser`` makes the event source (default: libyaml's when it is there)."""
    source = Source(name, _lines(text, name))
    try:
        reader = _Reader((parser or _fastest())(text))
    except Exception as error:
        raise InvalidDocument(source, _from_error(error, text, source, Mark(1, 1))) from error
    try:
        root = reader.document()
    except _Stop as stop:
        raise InvalidDocument(source, (*reader.problems, stop.problem)) from stop
    except Exception as error:
        # A parser's own failures (ValueError, RecursionError …) are the file's fault as much as its YAMLError.
        problems = _from_error(error, text, source, reader.last)
        raise InvalidDocument(source, (*reader.problems, *problems)) from error
    if root is None:
        raise empty(name)
    return Document(root, source, tuple(reader.problems))


@contextmanager
def _collector_paused() -> Iterator[None]:
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _fastest() -> Callable[[str], Parser]:
    """libyaml's parser, or PyYAML's own where that was built without it (about ten times slower)."""
    if not yaml.__with_libyaml__:
        return _PureParser
    from yaml._yaml import CParser

    return CParser


class _PureParser(yaml.reader.Reader, yaml.scanner.Scanner, yaml.parser.Parser):
    """PyYAML's own parser, for a Python without libyaml."""

    def __init__(self, text: str) -> None:
        yaml.reader.Reader.__init__(self, text)
        yaml.scanner.Scanner.__init__(self)
        yaml.parser.Parser.__init__(self)


def _lines(text: str, name: str) -> tuple[str, ...]:
    """The lines as YAML 1.1 counts them: carriage return, NEL, LS and PS break a line too."""
    oddly = "\r" in text or (not text.isascii() and any(mark in text for mark in "\x85\u2028\u2029"))
    breaks = sum(text.count(mark) for mark in ("\n\r\x85\u2028\u2029" if oddly else "\n"))
    lines = None if breaks > 2 * MAX_LINES else tuple(_BREAK.split(text) if oddly else text.split("\n"))
    if lines is None or len(lines) > MAX_LINES:
        raise SentryError("CS0004", f"{name} has more than {MAX_LINES:,} lines", where=f"{name}:{MAX_LINES + 1}:1")
    return lines


def _text(path: Path) -> str:
    try:
        data = files.read_bytes(path, MAX_BYTES)
    except OSError as error:
        raise SentryError("CS0001", f"cannot read {path}: {error.strerror}", where=str(path)) from error
    return decoded(data, str(path), MAX_BYTES)


class _Stop(Exception):
    """Reading cannot go on."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


def _place(mark: Any) -> Mark:
    return Mark(mark.line + 1, mark.column + 1)


class _Reader:
    """Builds the nodes of the first document from events."""

    def __init__(self, parser: Parser) -> None:
        self.problems: list[Problem] = []
        self.last = Mark(1, 1)
        self._next = parser.get_event
        self._nodes = 0

    def document(self) -> Node | None:
        """The root node, or None when there is none."""
        self._next()  # the stream starts
        if not isinstance(self._next(), ev.DocumentStartEvent):
            return None
        root = self._node(self._next(), 0)
        self._next()  # the document ends
        after = self._next()
        if isinstance(after, ev.DocumentStartEvent):
            message = "a second document starts here; a manifest is one document"
            self._refuse(after, "CS0005", message, "make two files of it")
        return None if isinstance(root, Scalar) and root.plain and not root.text else root

    def _node(self, event: Any, depth: int) -> Node:
        kind = type(event)
        self._nodes += 1
        if kind is ev.ScalarEvent:
            return self._scalar(event)
        at = self.last = _place(event.start_mark)
        if kind is ev.AliasEvent:
            message = f"the alias *{event.anchor} is not accepted here"
            self._refuse(event, "CS0005", message, "write the value out in full", length=len(event.anchor) + 1)
            return Scalar("", at)
        if depth >= MAX_DEPTH:
            raise _Stop(Problem(at, "CS0004", f"nested deeper than {MAX_DEPTH} levels"))
        if event.anchor is not None or event.tag is not None:
            self._decorated(event)
        return self._entries(at, depth + 1) if kind is ev.MappingStartEvent else self._items(at, depth + 1)

    def _scalar(self, event: Any) -> Scalar:
        mark = event.start_mark
        at = Mark(mark.line + 1, mark.column + 1)
        if self._nodes > MAX_NODES:
            raise _Stop(Problem(at, "CS0004", f"more than {MAX_NODES:,} values"))
        if event.anchor is not None or event.tag is not None:
            self._decorated(event)
        if event.style:
            return Scalar(event.value, at, plain=False)
        text = event.value
        return Scalar("" if text in _NULLS else text, at)

    def _items(self, at: Mark, depth: int) -> Items:
        nodes = []
        while type(event := self._next()) is not ev.SequenceEndEvent:
            nodes.append(self._node(event, depth))
        return Items(tuple(nodes), at)

    def _entries(self, at: Mark, depth: int) -> Entries:
        pairs = []
        first: dict[str, Mark] = {}
        while type(event := self._next()) is not ev.MappingEndEvent:
            key = self._key(event, depth)
            value = self._node(self._next(), depth)
            known = first.setdefault(key.text, key.at)
            if known == key.at:
                pairs.append((key, value))
            elif key.text:
                message = f"the key {shown(key.text)} stands twice in one mapping; the first is on line {known.line}"
                self._refuse(event, "CS0006", message, "keep one of the two", length=len(key.text))
        return Entries(tuple(pairs), at)

    def _key(self, event: Any, depth: int) -> Scalar:
        self._nodes += 1
        if type(event) is not ev.ScalarEvent:
            if type(event) is not ev.AliasEvent:
                self._refuse(event, "CS0005", "a key is one word, not a list or mapping", "write text before the ':'")
            return Scalar("", self._node(event, depth).at)
        key = self._scalar(event)
        if key.plain and key.text == "<<":
            self._refuse(event, "CS0005", "the merge key << is not accepted here", "write the keys out", length=2)
            return Scalar("", key.at)
        return key

    def _decorated(self, event: Any) -> None:
        if event.anchor is not None:
            message = f"the anchor &{event.anchor} is not accepted here"
            self._refuse(event, "CS0005", message, "leave it out", length=len(event.anchor) + 1)
        if event.tag is not None:
            self._refuse(event, "CS0005", f"the tag {shown(event.tag)} is not accepted here", "leave it out")

    def _refuse(self, event: Any, code: str, message: str, help: str, *, length: int = 1) -> None:
        self.problems.append(Problem(_place(event.start_mark), code, message, help, length))
        if len(self.problems) >= MAX_PROBLEMS:
            raise _Stop(too_many(self.problems[-1].at))


def _from_error(error: Exception, text: str, source: Source, last: Mark) -> tuple[Problem, ...]:
    """What a parser's exception says, with a place; control characters are all shown."""
    bad = [_unprintable(found, text) for found in itertools.islice(re.finditer(_NOT_YAML, text), 100)]
    if bad:
        return tuple(bad)
    mark, begun = getattr(error, "problem_mark", None), getattr(error, "context_mark", None)
    if mark is None or (begun is not None and "end of stream" in str(error)):
        mark = begun  # what was never closed is mended where it was opened
    if mark is None:
        return (Problem(last, "CS0003", f"not valid YAML after this: {shown(str(error) or type(error).__name__)}"),)
    at = _within(_place(mark), source)
    said = [part for part in (getattr(error, "context", None), getattr(error, "problem", None)) if part]
    return (Problem(at, "CS0003", f"not valid YAML: {', '.join(said)}", _hint(at, source)),)


def _within(at: Mark, source: Source) -> Mark:
    """The place, or the end of the last line that says something when the parser points behind the text."""
    line = min(at.line, len(source.lines))
    while line > 1 and line != at.line and not source.lines[line - 1].strip():
        line -= 1
    return at if line == at.line else Mark(line, len(source.lines[line - 1]) + 1)


def _hint(at: Mark, source: Source) -> str:
    line = source.lines[at.line - 1]
    here = line[at.column - 1 : at.column]
    if here == "\t":
        return "indent with spaces; YAML allows no tab here"
    if here and here in "@`%":
        return f"text that starts with {here} needs quotes"
    if re.search(r"\}[^\s,\]}]|[^\s,:\[{]\{", line):
        return 'text with braces needs quotes here: "docs-{costCenter}"'
    if here == ":":
        return "text that holds ': ' needs quotes"
    return "look at the indentation and the quotes here and in the line above"


def _unprintable(found: re.Match[str], text: str) -> Problem:
    line, start = 1, 0
    for each in _BREAK.finditer(text, 0, found.start()):
        line, start = line + 1, each.end()
    at = Mark(line, found.start() - start + 1)
    return Problem(at, "CS0003", f"the character U+{ord(found[0]):04X} is not allowed in YAML", "delete it")
