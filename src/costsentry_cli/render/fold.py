"""The one place where sentences, and the lines of a screen, are folded to a terminal's width.

Folded is at spaces only, so an ARN or a file's name stays whole; a command to paste stays whole to its line's end, and
a line of JSON is left alone. What does not fit even so is longer than the line.
"""

from __future__ import annotations

import re
import unicodedata

INDENT = "  "
_BETWEEN = re.compile(r"(?<!->) ")
_COMMAND = re.compile(r"(?:\beval\s+\S*)?\bsentry (?=[a-z-])|\beval |\bexport [A-Z]|\bpip install |\baws (?=[a-z])")


def folded(text: str, width: int) -> str:
    """The text with each line within ``width`` columns, the rest of a line two further in; line ends as they were."""
    return "".join(_line(line, width) for line in text.splitlines(keepends=True))


def laid_out(screen: str, width: int | None) -> str:
    """A screen whose long lines go on below the place that a tab marks in them; None: as long as they are.

    What does not fit there begins a line of its own, where that is enough; an arrow stays with what it points to.
    """
    return "".join(_hung(line, width) if "\t" in line else line for line in screen.splitlines(keepends=True))


def _hung(line: str, width: int | None) -> str:
    head, _, rest = line.rstrip("\n").partition("\t")
    if width is None or columns(head + rest) <= width:
        return line.replace("\t", "", 1)
    words = _words(rest)
    indent = " " * columns(head)
    start = head[: len(head) - len(head.lstrip())]
    longest = max(map(columns, words))
    if columns(indent) + longest > width >= columns(start) + longest:
        indent = start
    lines = [head] if indent == start and head.strip() else []
    lines.append(indent if lines else head)
    for number, word in enumerate(words):
        if number and columns(lines[-1]) + 1 + columns(word) > width:
            lines.append(indent + word)
        else:
            lines[-1] += f" {word}" if number else word
    return "\n".join(each.rstrip() for each in lines) + "\n"


def _line(line: str, width: int) -> str:
    body = line.rstrip("\r\n")
    if columns(body) <= width or body.lstrip().startswith(("{", "[")):
        return line
    indent = body[: len(body) - len(body.lstrip())]
    lines, rest = [], indent
    for number, word in enumerate(_words(body.lstrip())):
        if number and columns(rest) + 1 + columns(word) > width:
            lines.append(rest.rstrip())
            rest = indent + INDENT + word
        else:
            rest += f" {word}" if number else word
    return "\n".join([*lines, rest]) + line[len(body) :]


def _words(body: str) -> list[str]:
    """Split at spaces up to a command, which is one word with all that follows."""
    found = _COMMAND.search(body)
    if found is None:
        return _BETWEEN.split(body)
    before = body[: found.start()]
    return [*_BETWEEN.split(before.removesuffix(" ")), body[found.start() :]] if before else [body]


def columns(text: str) -> int:
    """How wide a terminal draws it."""
    if text.isascii():
        return len(text)
    return sum(_width(character) for character in text)


def _width(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1
