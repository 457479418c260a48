"""A configuration document as text with places: what the manifest file yields before any meaning is given to it.

Every scalar is the text that stands in the file (``0123`` stays ``0123``); lines and columns count from 1.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, order=True, slots=True)
class Mark:
    """A place in the file: line and column, both from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Scalar:
    """A leaf: its text as written, without quotes; ``plain`` is True when it was not quoted."""

    text: str
    at: Mark
    plain: bool = True


@dataclass(frozen=True, slots=True)
class Items:
    """A list."""

    nodes: tuple[Node, ...]
    at: Mark


@dataclass(frozen=True, slots=True)
class Entries:
    """A mapping, in file order; keys are unique."""

    pairs: tuple[tuple[Scalar, Node], ...]
    at: Mark


Node = Scalar | Items | Entries


@dataclass(frozen=True, order=True, slots=True)
class Problem:
    """One thing wrong with the document: where, its stable code, what, how wide to underline, and what helps."""

    at: Mark
    code: str
    message: str
    help: str = ""
    length: int = 1


@dataclass(frozen=True)
class Source:
    """The file a document came from: the name to print, and its lines for excerpts.

    ``private``: it may hold a prompt, and no line of it is shown.
    """

    name: str
    lines: tuple[str, ...]
    private: bool = False


class InvalidDocument(Exception):
    """The document has problems; all of them, sorted by place."""

    def __init__(self, source: Source, problems: tuple[Problem, ...]) -> None:
        super().__init__(f"{len(problems)} problems in {source.name}")
        self.source = source
        self.problems = tuple(sorted(problems))
