"""Insights QL: a query read into commands and run over events.

Commands: fields, display, filter, stats, sort, limit (head), dedup. Every other one is refused by its name and place.
Without ``fields``, ``display`` and ``stats`` a row is ``@timestamp`` and ``@message``; without ``sort`` the newest
events come first; a row of an event ends with its ``@ptr``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from costsentry_cli.sandbox.services.logs_fields import pointer, shown
from costsentry_cli.sandbox.services.logs_insights_parser import Expressions
from costsentry_cli.sandbox.services.logs_insights_stats import Aggregate
from costsentry_cli.sandbox.services.logs_insights_values import Event, Field, Row, Worth, number
from costsentry_cli.sandbox.services.logs_insights_words import Word, Words, plain

DEFAULT_LIMIT = 10_000
MOST_ROWS = 100_000
MOST_GROUPS = 100_000

_Command = Callable[[list[Row]], list[Row]]
_Column = tuple[str, Worth]


@dataclass
class Query:
    """Commands in their order; ``columns`` are what rows show, None for the default ones.

    The first ``matching`` commands are those after which an event counts as matched: up to the last filter of events.
    """

    commands: list[_Command] = field(default_factory=list)
    columns: list[str] | None = None
    displayed: bool = False
    grouped: int = 0
    limited: bool = False
    matching: int = 0
    last: str = ""

    def run(self, events: Iterable[Event], limit: int) -> tuple[list[list[dict[str, str]]], int]:
        """The result's rows as GetQueryResults shows them, and how many events were matched."""
        rows = [Row(event) for event in events]
        matched = len(rows)
        for number_of, command in enumerate(self.commands):
            rows = command(rows)
            if number_of < self.matching:
                matched = len(rows)
        rows = rows[: MOST_ROWS if self.limited else limit]
        names = ["@timestamp", "@message"] if self.columns is None else self.columns
        columns = [Field(name, (name,), (name,)) for name in names]
        return [_result(row, columns) for row in rows], matched


def _result(row: Row, columns: list[Field]) -> list[dict[str, str]]:
    found = [{"field": column.name, "value": shown(value)} for column in columns if (value := column(row)) is not None]
    if row.event is None or any(column.name == "@ptr" for column in columns):
        return found
    return [*found, {"field": "@ptr", "value": pointer(row.event.number)}]


def parse(text: str) -> Query:
    """Read a query. Raises ``ServiceError`` MalformedQueryException with the place of a mistake."""
    words, query = Words(text), Query()
    while True:
        _command(words, query)
        if words.next.kind == "end":
            return query
        words.expect("|")


def _command(words: Words, query: Query) -> None:
    name = words.take()
    read = _COMMANDS.get(name.text.lower())
    if read is None:
        words.wrong(f"the sandbox does not have the command {name.text!r}", name)
    if query.last == "dedup" and name.text.lower() not in ("limit", "head"):
        words.wrong("only limit may follow dedup", name)
    query.last = name.text.lower()
    read(words, query, name)


def _columns(words: Words, aggregates: list[Aggregate] | None = None) -> list[_Column]:
    """``a, b as c, d + 1``: names and what they are worth; a name that is not given is the text as written."""
    found: list[_Column] = []
    while True:
        start = words.next.start
        worth = Expressions(words, aggregates).read()
        name = plain(words.text[start : words.read_to])
        if words.take_keyword("as"):
            alias = words.take()
            if alias.kind != "name":
                words.wrong(f"a name instead of {alias.text!r}", alias)
            name = plain(alias.text)
        found.append((re.sub(r"\s+", " ", name), worth))
        if words.take_sign(",") is None:
            return found


def _fields(words: Words, query: Query, _name: Word) -> None:
    columns = _columns(words)
    query.commands.append(_computing(columns))
    if not query.displayed:
        known = query.columns or []
        query.columns = [*known, *(name for name, _ in columns if name not in known)]


def _computing(columns: list[_Column]) -> _Command:
    def computed(rows: list[Row]) -> list[Row]:
        for row in rows:
            row.made.update([(name, worth(row)) for name, worth in columns])
        return rows

    return computed


def _display(words: Words, query: Query, _name: Word) -> None:
    columns = _columns(words)
    query.commands.append(_computing(columns))
    query.columns, query.displayed = [name for name, _ in columns], True


def _filter(words: Words, query: Query, _name: Word) -> None:
    condition = Expressions(words).read()

    def filtered(rows: list[Row]) -> list[Row]:
        return [row for row in rows if condition(row)]

    query.commands.append(filtered)
    if not query.grouped:
        query.matching = len(query.commands)


def _stats(words: Words, query: Query, name: Word) -> None:
    query.grouped += 1
    if query.grouped > 2:
        words.wrong("a query has two stats at most", name)
    aggregates: list[Aggregate] = []
    columns = _columns(words, aggregates)
    if not aggregates:
        words.wrong("stats needs an aggregate", name)
    groups = _columns(words) if words.take_keyword("by") else []
    query.columns, query.displayed = [name for name, _ in (*groups, *columns)], False

    def grouped(rows: list[Row]) -> list[Row]:
        return _grouped(rows, groups, columns, aggregates)

    query.commands.append(grouped)


def _grouped(rows: list[Row], groups: list[_Column], columns: list[_Column], aggregates: list[Aggregate]) -> list[Row]:
    """A row a group, in the order the groups were met; without ``by`` there is one, of nothing too."""
    totals: dict[tuple[str | None, ...], tuple[list[Any], list[Any]]] = {}
    if not groups:
        totals[()] = ([], [each.make() for each in aggregates])
    for row in rows:
        found = [worth(row) for _, worth in groups]
        key = tuple([None if value is None else shown(value) for value in found])
        held = totals.get(key)
        if held is None:
            if len(totals) == MOST_GROUPS:
                continue
            held = totals[key] = (found, [each.make() for each in aggregates])
        at = row.event.at if row.event is not None else 0
        for total, each in zip(held[1], aggregates, strict=True):
            total.add(each.argument(row), at)
    made = []
    for found, held_totals in totals.values():
        names = dict(zip([name for name, _ in groups], found, strict=True))
        row = Row(None, names, [total.result() for total in held_totals])
        row.made |= {name: worth(row) for name, worth in columns}
        made.append(row)
    return made


def _sort(words: Words, query: Query, _name: Word) -> None:
    keys: list[tuple[Worth, bool]] = []
    while True:
        start = words.next.start
        worth: Worth = Expressions(words).read() if not _written(query, words) else _by_text(words, query)
        if words.read_to == start:
            words.wrong("a field to sort by is missing")
        keys.append((worth, words.take_keyword("asc", "desc") == "desc"))
        if words.take_sign(",") is None:
            break

    def ordered(rows: list[Row]) -> list[Row]:
        for worth, down in reversed(keys):
            present = [row for row in rows if worth(row) is not None]
            missing = [row for row in rows if worth(row) is None]
            present.sort(key=lambda row, worth=worth: _order(worth(row)), reverse=down)  # type: ignore[misc]
            rows = present + missing
        return rows

    query.commands.append(ordered)


def _written(query: Query, words: Words) -> str | None:
    """The column whose text, like ``count(*)``, comes next; ``stats`` makes such names."""
    rest = words.text[words.next.start :]
    named = [name for name in query.columns or () if "(" in name and rest.startswith(name)]
    return max(named, key=len, default=None)


def _by_text(words: Words, query: Query) -> Worth:
    name = _written(query, words) or ""
    end = words.next.start + len(name)
    while words.next.start < end:
        words.take()
    return lambda row: row.made.get(name)


def _order(value: Any) -> tuple[int, Any]:
    """Texts before numbers; the digits inside a text count as numbers."""
    found = number(value)
    if found is not None:
        return (1, found)
    pieces = re.split(r"([0-9]+)", shown(value))
    return (0, [(int(each[:40]) if at % 2 else 0, each) for at, each in enumerate(pieces)])


def _limit(words: Words, query: Query, _name: Word) -> None:
    at = words.next
    most = words.whole()
    if not 1 <= most <= MOST_ROWS:
        words.wrong(f"a limit from 1 to {MOST_ROWS}", at)
    query.limited = True
    query.commands.append(lambda rows: rows[:most])


def _dedup(words: Words, query: Query, _name: Word) -> None:
    """The first row of equal fields; a row that lacks one of them is never a duplicate."""
    columns = _columns(words)

    def unique(rows: list[Row]) -> list[Row]:
        seen, kept = set(), []
        for row in rows:
            key = tuple([None if (value := worth(row)) is None else shown(value) for _, worth in columns])
            if None in key or key not in seen:
                seen.add(key)
                kept.append(row)
        return kept

    query.commands.append(unique)


_COMMANDS: dict[str, Callable[[Words, Query, Word], None]] = {
    "fields": _fields,
    "display": _display,
    "filter": _filter,
    "stats": _stats,
    "sort": _sort,
    "order": _sort,
    "limit": _limit,
    "head": _limit,
    "dedup": _dedup,
}
