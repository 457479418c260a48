"""Problems of a document for people and programs: the line, a caret under the place, and what helps."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from costsentry_cli.domain.document import Problem, Source
from costsentry_cli.render.safe import safe_line

TAB = 4
WIDTH = 100
_CUT = "…"


def text(problems: Sequence[Problem], source: Source, *, width: int = WIDTH, limit: int | None = None) -> str:
    """Every problem with an excerpt, then the count; ``limit`` shows only so many, excerpts fit ``width`` columns."""
    shown = problems if limit is None else problems[:limit]
    blocks = [_block(problem, source, width) for problem in shown]
    return "\n".join([*blocks, _count(len(problems), len(shown), safe_line(source.name))])


def as_json(problems: Sequence[Problem], source: Source) -> list[dict[str, str | int]]:
    """Every problem as plain values: file, line, column and length from 1, code, message, help."""
    return [
        {
            "file": source.name,
            "line": problem.at.line,
            "column": problem.at.column,
            "length": problem.length,
            "code": problem.code,
            "message": problem.message,
            "help": problem.help,
        }
        for problem in problems
    ]


def _count(all_of_them: int, shown: int, name: str) -> str:
    noun = "error" if all_of_them == 1 else "errors"
    rest = "" if shown == all_of_them else f" (the first {shown} are shown)"
    return f"{all_of_them} {noun} in {name}{rest}\n"


def _block(problem: Problem, source: Source, width: int) -> str:
    at = problem.at
    gutter = " " * len(str(at.line))
    lines = [
        f"error[{problem.code}]: {safe_line(problem.message)}",
        f" {gutter}--> {safe_line(source.name)}:{at.line}:{at.column}",
    ]
    if at.line <= len(source.lines) and not source.private:
        lines.append(f" {gutter} |")
        lines.extend(_excerpt(problem, source, width - len(gutter) - 5))  # a caret may stand behind the line
    if problem.help:
        lines.append(f" {gutter} = help: {safe_line(problem.help)}")
    return "\n".join(lines) + "\n"


def _excerpt(problem: Problem, source: Source, room: int) -> list[str]:
    """The line before, the line, and the carets, cut to ``room`` columns around the place."""
    at, digits = problem.at, len(str(problem.at.line))
    line = source.lines[at.line - 1]
    start = min(at.column - 1, len(line))
    end = min(start + problem.length, max(len(line), start + 1))
    first, last = _window(line, start, end, room)
    left, right = _CUT if first else "", _CUT if last < len(line) else ""
    body = left + _visible(line[first:last]) + right
    indent = _columns(left) + _columns(_visible(line[first:start]))
    carets = "^" * max(1, _columns(_visible(line[start : min(end, last)])))
    rows = [f" {at.line} | {body}".rstrip(), f" {' ' * digits} | {' ' * indent}{carets}"]
    before = source.lines[at.line - 2] if at.line > 1 else ""
    if before.strip() and not first:
        _, stop = _window(before, 0, 1, room)
        cut = _CUT if stop < len(before) else ""
        rows.insert(0, f" {at.line - 1:>{digits}} | {_visible(before[:stop])}{cut}".rstrip())
    return rows


def _window(line: str, start: int, end: int, room: int) -> tuple[int, int]:
    """Which characters of the line to show: all when they fit, else about ``room`` columns around the place."""
    if len(line) <= 4 * room and _columns(_visible(line)) <= room:
        return 0, len(line)
    room = max(8, room - 2)  # the two marks of a cut
    first = last = start
    used = 0
    while last < len(line) and (cost := _columns(_visible(line[last]))) + used <= (
        room if last < end else room * 3 // 4
    ):
        used += cost
        last += 1
    while first > 0 and (cost := _columns(_visible(line[first - 1]))) + used <= room:
        used += cost
        first -= 1
    while last < len(line) and (cost := _columns(_visible(line[last]))) + used <= room:
        used += cost
        last += 1
    return first, max(last, min(start + 1, len(line)))


def _visible(piece: str) -> str:
    """The text with tabs as spaces and control characters as escapes."""
    return safe_line(piece.replace("\t", " " * TAB))


def _columns(piece: str) -> int:
    """How many terminal columns a text takes: wide characters take two, combining ones none."""
    return len(piece) if piece.isascii() else sum(map(_column, piece))


def _column(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in {"Mn", "Me"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
