"""Fold profiles that differ only by a tag's value into one entry with a list and a ``{tagKey}`` in its name.

The reverse of what ``manifest.profiles`` expands: expanding an entry gives back exactly what went into it.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from costsentry_cli.domain.manifest.templates import filled

_SPLIT = re.compile(r"(\{[^{}]*\})")
MANY = 16
"""Placings of one value in one text that are tried; a name in which it stands more often is not a person's."""


@dataclass(frozen=True)
class Entry:
    """An entry of ``profiles:``; texts are templates, each tag has one value or more.

    ``key`` None means that it is the name, ``model`` is what the source is written as, ``regions`` where it exists.
    """

    name: str
    model: str
    tags: Mapping[str, tuple[str, ...]]
    key: str | None = None
    description: str | None = None
    regions: tuple[str, ...] = ()

    def names(self) -> tuple[str, ...]:
        """The names it expands to, in order."""
        combinations = itertools.product(*self.tags.values())
        return tuple(filled(self.name, dict(zip(self.tags, values, strict=True))) for values in combinations)


@dataclass(frozen=True)
class _Form:
    """An entry with one tag's value taken out: entries of one form fold into ``entry``."""

    tag: str
    entry: Entry


def collapse(entries: Sequence[Entry]) -> tuple[Entry, ...]:
    """The entries, folded as far as it goes, by name; the largest group first. No two may have one name in a region."""
    left = sorted(entries, key=_order)
    while (folded := _one_round(left)) is not None:
        left = sorted(folded, key=_order)
    return tuple(left)


def _one_round(entries: Sequence[Entry]) -> list[Entry] | None:
    """Fold every group of one tag that can be folded now; None when there is none."""
    groups: dict[tuple[object, ...], list[int]] = {}
    forms: dict[tuple[object, ...], _Form] = {}
    for number, entry in enumerate(entries):
        for form in _forms(entry):
            mark = _mark(form)
            groups.setdefault(mark, []).append(number)
            forms[mark] = form
    ranked = sorted((mark for mark in groups if len(groups[mark]) > 1), key=lambda m: (-len(groups[m]), repr(m)))
    if not ranked:
        return None
    tag = forms[ranked[0]].tag
    used: set[int] = set()
    made = []
    for mark in ranked:
        mine = [number for number in groups[mark] if number not in used]
        form = forms[mark]
        values = tuple(entries[number].tags[tag][0] for number in mine) if form.tag == tag else ()
        if len(values) > 1:
            used |= set(mine)
            tags = {name: tuple(sorted(values)) if name == tag else kept for name, kept in form.entry.tags.items()}
            made.append(replace(form.entry, tags=tags))
    return [*made, *(entry for number, entry in enumerate(entries) if number not in used)] if made else None


def _forms(entry: Entry) -> Iterable[_Form]:
    for tag, values in entry.tags.items():
        if len(values) != 1 or not values[0] or not _speakable(tag):
            continue
        keys: Iterable[str | None] = [None] if entry.key is None else _placed(entry.key, values[0], tag)
        described: list[str | None] = [entry.description]
        if entry.description is not None:
            described += _placed(entry.description, values[0], tag)
        rest = dict(entry.tags) | {tag: ("",)}
        for name, key, text in itertools.product(_placed(entry.name, values[0], tag), keys, described):
            yield _Form(tag, replace(entry, name=name, key=key, description=text, tags=rest))


def _speakable(tag: str) -> bool:
    """False for a tag called ``model``: in a name ``{model}`` is read by people as the model."""
    return tag != "model"


def _placed(text: str, value: str, tag: str) -> list[str]:
    """The text with the placeholder for the value: at one of its places each, and at all of them."""
    pieces = _SPLIT.split(text)
    places = [
        (number, start) for number, piece in enumerate(pieces) if number % 2 == 0 for start in _starts(piece, value)
    ]
    mark = f"{{{tag}}}"
    single = []
    for number, start in places[:MANY]:
        piece = pieces[number]
        new = piece[:start] + mark + piece[start + len(value) :]
        single.append("".join((*pieces[:number], new, *pieces[number + 1 :])))
    if len(places) > 1:
        every = "".join(piece.replace(value, mark) if n % 2 == 0 else piece for n, piece in enumerate(pieces))
        return list(dict.fromkeys((*single, every)))
    return single


def _starts(piece: str, value: str) -> Iterable[int]:
    at = piece.find(value)
    while at >= 0:
        yield at
        at = piece.find(value, at + 1)


def _mark(form: _Form) -> tuple[object, ...]:
    entry = form.entry
    tags = tuple(sorted(entry.tags.items()))
    return (form.tag, entry.name, entry.model, entry.key or "", entry.description or "", entry.regions, tags)


def _order(entry: Entry) -> tuple[str, ...]:
    return (entry.name, entry.model, *entry.regions)
