"""What is wrong with a document, gathered while it is read, so that one run shows everything."""

from __future__ import annotations

from collections.abc import Iterable

from costsentry_cli.domain.document import InvalidDocument, Mark, Node, Problem, Scalar, Source

MAX_PROBLEMS = 1_000
"""Reading ends at this many problems: a hostile file must not take the time and memory of a hundred thousand."""
MAX_SUGGESTIONS = 50
"""Looking for a similar word is slow; after this many different words nothing is suggested any more."""
SHOWN = 60
"""Longer texts are cut in messages; the excerpt shows the place."""


def shown(text: str) -> str:
    """The text in quotes, cut when it is long."""
    return f"'{text}'" if len(text) <= SHOWN else f"'{text[:SHOWN]}…'"


def width(node: Node) -> int:
    """How wide to underline a node: its text, with the quotes, or 1 for a list or mapping."""
    if not isinstance(node, Scalar):
        return 1
    return max(1, len(node.text) + (0 if node.plain else 2))


def too_many(at: Mark) -> Problem:
    """The problem that ends the reading."""
    return Problem(at, "CS0004", f"{MAX_PROBLEMS:,} problems are enough; the rest was not checked", "mend these first")


class Findings:
    """The problems found so far.

    ``attempts`` also counts what was not taken down because something else says it already: a part of the document is
    sound when reading it leaves the number as it was.
    """

    def __init__(self, source: Source, found: Iterable[Problem] = ()) -> None:
        self.attempts = 0
        self._source = source
        self._found = list(found)
        self._reported = {problem.at for problem in self._found}
        self._suggestions: dict[tuple[str, tuple[str, ...]], str] = {}

    def add(self, at: Mark, code: str, message: str, *, help: str = "", length: int = 1) -> None:
        """Take down one problem; raises ``InvalidDocument`` when there are too many to go on."""
        self.attempts += 1
        self._found.append(Problem(at, code, message, help, length))
        if len(self._found) >= MAX_PROBLEMS:
            self._found.append(too_many(at))
            self.raise_if_any()

    def about(self, node: Node, code: str, message: str, help: str = "") -> None:
        """Take down a problem of a node, underlined as a whole."""
        self.add(node.at, code, message, help=help, length=width(node))

    def stands_in(self, node: Node) -> bool:
        """True for the empty scalar the reader put where something could not be read: that was reported already."""
        if isinstance(node, Scalar) and not node.text and node.at in self._reported:
            self.attempts += 1
            return True
        return False

    def similar(self, word: str, known: tuple[str, ...]) -> str:
        """A help text that offers the known word most similar to ``word``, or ``""``."""
        if (word, known) not in self._suggestions:
            if len(self._suggestions) >= MAX_SUGGESTIONS or len(word) > SHOWN:
                return ""
            found = most_similar(word, known)
            self._suggestions[word, known] = f"did you mean '{found}'?" if found else ""
        return self._suggestions[word, known]

    def raise_if_any(self) -> None:
        """Raise ``InvalidDocument`` when there is a problem."""
        if self._found:
            raise InvalidDocument(self._source, tuple(self._found))


def most_similar(word: str, known: tuple[str, ...], alike: float = 0.6) -> str | None:
    """The known word that ``word`` is most likely a misspelling of; ``alike`` is from 0 (any) to 1 (but for case)."""
    import difflib  # only a document with problems pays for it

    folded = {candidate.casefold(): candidate for candidate in reversed(known)}
    close = difflib.get_close_matches(word.casefold(), folded, n=1, cutoff=alike)
    return folded[close[0]] if close else None
