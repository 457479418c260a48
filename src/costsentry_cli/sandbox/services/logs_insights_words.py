"""The words of CloudWatch Logs Insights QL: names, numbers, texts, signs, and the place of a mistake."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NoReturn

from costsentry_cli.sandbox.contract import ServiceError

DEEPEST = 50

_WORD = re.compile(
    r"""(?P<name>@?`[^`\n]+`(?:\.(?:`[^`\n]+`|\w+))*|@?[A-Za-z_]\w*(?:\.(?:`[^`\n]+`|\w+))*)"""
    r"""|(?P<period>[0-9]+(?:ms|s|m|h|d|w|mo|q|y)\b)|(?P<number>[0-9]+(?:\.[0-9]+)?(?![\w.]))"""
    r"""|(?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(?P<sign>!=|<=|>=|=~|[=<>()\[\],|+*/%^-])""",
    re.ASCII,
)
_SPACE = re.compile(r"(?:\s|#[^\n]*)*")
_PART = re.compile(r"`([^`]+)`|([^.`]+)")
_REGULAR = re.compile(r"/((?:[^/\\\n]|\\.)*)/")


@dataclass(frozen=True)
class Word:
    """One token and where it lies; ``kind`` is name, period, number, text, sign or end."""

    kind: str
    text: str
    start: int
    end: int


class Words:
    """A reading position in a query, one word ahead."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.depth = 0
        self.next = self._read(0)
        self.read_to = 0

    def _read(self, at: int) -> Word:
        space = _SPACE.match(self.text, at)
        start = space.end() if space is not None else at
        if start >= len(self.text):
            return Word("end", "the end", len(self.text), len(self.text))
        match = _WORD.match(self.text, start)
        if match is None:
            # Not an error yet: a regular expression is read as one, where one may stand.
            return Word("other", self.text[start], start, start + 1)
        return Word(str(match.lastgroup), match[0], start, match.end())

    def take(self) -> Word:
        """Read a word."""
        word = self.next
        self.read_to = word.end
        self.next = self._read(word.end)
        return word

    def take_sign(self, *signs: str) -> str | None:
        """Read one of the signs, if it comes next."""
        if self.next.kind == "sign" and self.next.text in signs:
            return self.take().text
        return None

    def take_keyword(self, *keywords: str) -> str | None:
        """Read one of the keywords (in any case), if it comes next."""
        if self.next.kind == "name" and self.next.text.lower() in keywords:
            return self.take().text.lower()
        return None

    def take_regular(self) -> tuple[Word, str] | None:
        """Read ``/expression/``, if it comes next: its place and its inner text."""
        match = _REGULAR.match(self.text, self.next.start)
        if match is None:
            return None
        word = Word("regular", match[0], match.start(), match.end())
        self.read_to = match.end()
        self.next = self._read(match.end())
        return word, match[1]

    def expect(self, sign: str) -> None:
        """Read this sign. Raises ``ServiceError`` when another word comes."""
        if self.take_sign(sign) is None:
            self.wrong(f"{sign!r} is missing before {self.next.text!r}")

    def whole(self) -> int:
        """Read a number without a fraction."""
        word = self.take()
        if word.kind != "number" or not word.text.isdigit():
            self.wrong(f"a whole number instead of {word.text!r}", word)
        return int(word.text)

    def deeper(self) -> None:
        """One level of nesting more. Raises ``ServiceError`` when that is too deep."""
        self.depth += 1
        if self.depth > DEEPEST:
            self.wrong(f"the query is nested deeper than {DEEPEST} levels")

    def wrong(self, why: str, at: Word | None = None) -> NoReturn:
        """Raise MalformedQueryException with the place of a word, by default the next one."""
        malformed(why, at or self.next)


def malformed(why: str, at: Word) -> NoReturn:
    """Raise MalformedQueryException: the message names the characters, the error carries them."""
    location = {"startCharOffset": at.start, "endCharOffset": at.end}
    raise ServiceError(
        "MalformedQueryException",
        f"{why} (characters {at.start} to {at.end})",
        queryCompileError={"location": location, "message": why},
    )


def parts(name: str) -> tuple[str, ...]:
    """The parts of a name between its dots; a part in backticks keeps its own."""
    return tuple(quoted or plain for quoted, plain in _PART.findall(name))


def plain(name: str) -> str:
    """A name without its backticks."""
    return name.replace("`", "")


def unquoted(text: str) -> str:
    """The content of a text in quotes."""
    return re.sub(r"\\(.)", r"\1", text[1:-1])
