"""SEARCH: which metrics match ``{Namespace,Dimension,...} MetricName="X" Dimension="v" token``.

AWS: "CloudWatch search expression syntax". A quoted term is the exact text; any other is cut into tokens at changes of
letter case, at numbers and at signs, and found as tokens in a row: of one token the case does not matter.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from costsentry_cli.sandbox.services.cloudwatch_math_syntax import DEEPEST, SyntaxMistake
from costsentry_cli.sandbox.services.cloudwatch_series import Series

LONGEST = 1024
"""Characters of one search."""

Matches = Callable[[Series], bool]

_WORD = re.compile(r'\s*(?:(?P<exact>"(?:[^"\\]|\\.)*")|(?P<sign>[(){},=])|(?P<bare>[^\s(){},="]+))')
_ESCAPED = re.compile(r"\\(.)")
_PART = re.compile(r"[A-Za-z0-9]+")
_TOKEN = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|[0-9]+")


@dataclass(frozen=True)
class _Word:
    kind: str
    text: str


def search(text: str) -> Matches:
    """What a search finds. Raises ``SyntaxMistake``."""
    if len(text) > LONGEST:
        raise SyntaxMistake(f"the search is longer than {LONGEST} characters")
    return _Reading(_words(text)).whole()


def tokens(text: str) -> list[list[str]]:
    """The tokens of a text, those between two signs together: ``[["Project", "2"], ["trial", "333"]]``."""
    return [_TOKEN.findall(part) for part in _PART.findall(text)]


def partly(term: str, text: str) -> bool:
    """Whether the tokens of a term stand in a row in a text; the case counts between signs with several tokens."""
    wanted = [(token, len(part) > 1) for part in tokens(term) for token in part]
    there = [token for part in tokens(text) for token in part]
    if not wanted:
        return False
    if _lowered(token for token, _ in wanted) == _lowered(there):
        return True
    size = len(wanted)
    return any(
        all(
            token == found if exact else token.lower() == found.lower()
            for (token, exact), found in zip(wanted, there[start : start + size], strict=True)
        )
        for start in range(len(there) - size + 1)
    )


def _lowered(found: object) -> str:
    return "".join(str(token) for token in found).lower()  # type: ignore[attr-defined]


def _words(text: str) -> list[_Word]:
    words, at = [], 0
    text = text.rstrip()
    while at < len(text):
        found = _WORD.match(text, at)
        if found is None:
            raise SyntaxMistake("Invalid syntax in SEARCH")
        kind = str(found.lastgroup)
        part = found[kind]
        words.append(_Word(kind, _ESCAPED.sub(r"\1", part[1:-1]) if kind == "exact" else part))
        at = found.end()
    return words


class _Reading:
    """A position in the words of a search; one method per level of precedence."""

    def __init__(self, words: Sequence[_Word]) -> None:
        self.words = words
        self.at = 0
        self.depth = 0

    def _next(self, *signs: str) -> bool:
        """Read one of these signs or operators, if it comes next."""
        word = self.words[self.at] if self.at < len(self.words) else None
        if word is None or word.kind == "exact" or word.text not in signs:
            return False
        self.at += 1
        return True

    def _text(self) -> _Word:
        if self.at == len(self.words) or self.words[self.at].kind == "sign":
            raise SyntaxMistake("Invalid syntax in SEARCH")
        self.at += 1
        return self.words[self.at - 1]

    def whole(self) -> Matches:
        schema = self._schema()
        self._next(",")
        if self.at == len(self.words):
            if schema is None:
                raise SyntaxMistake("SEARCH needs a metric schema or a search term")
            return schema
        term = self._either()
        if self.at < len(self.words):
            raise SyntaxMistake("Invalid syntax in SEARCH")
        return term if schema is None else lambda series: schema(series) and term(series)

    def _schema(self) -> Matches | None:
        if not self._next("{"):
            return None
        namespace, *names = [self._text().text]
        while self._next(","):
            names.append(self._text().text)
        if not self._next("}"):
            raise SyntaxMistake("Invalid syntax in SEARCH")
        exact = sorted(names)

        def matches(series: Series) -> bool:
            return series.namespace == namespace and (not exact or sorted(dimensions(series)) == exact)

        return matches

    def _either(self) -> Matches:
        self.depth += 1
        if self.depth > DEEPEST:
            raise SyntaxMistake("Invalid syntax in SEARCH: it is nested too deeply")
        found = [self._all()]
        while self._next("OR"):
            found.append(self._all())
        self.depth -= 1
        return lambda series: any(each(series) for each in found)

    def _all(self) -> Matches:
        found = [self._single()]
        while self.at < len(self.words):
            word = self.words[self.at]
            if word.kind != "exact" and word.text in (")", "OR"):
                break
            self._next("AND", ",")
            found.append(self._single())
        return lambda series: all(each(series) for each in found)

    def _single(self) -> Matches:
        if self._next("NOT"):
            inner = self._single()
            return lambda series: not inner(series)
        if self._next("("):
            group = self._either()
            if not self._next(")"):
                raise SyntaxMistake("Invalid syntax in SEARCH")
            return group
        return self._term()

    def _term(self) -> Matches:
        word = self._text()
        if self._next("="):
            value = self._text()
            return lambda series: any(_fits(value, text) for text in _property(series, word.text))
        return lambda series: any(_fits(word, text) for text in _texts(series))


def dimensions(series: Series) -> dict[str, str]:
    """The dimensions of a series by name."""
    return {str(name): str(value) for name, value in json.loads(series.dimensions)}


def _fits(word: _Word, text: str) -> bool:
    return word.text == text if word.kind == "exact" else partly(word.text, text)


def _property(series: Series, name: str) -> list[str]:
    known = {"MetricName": series.name, "Namespace": series.namespace} | dimensions(series)
    return [known[name]] if name in known else []


def _texts(series: Series) -> list[str]:
    named = dimensions(series)
    return [series.namespace, series.name, *named, *named.values()]
