"""DynamoDB's update expressions: read, checked and done to an item. AWS: "Using update expressions in DynamoDB".

All values are worked out on the item as it was; then SET, ADD and DELETE are done, REMOVE last.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal

from costsentry_cli.sandbox.services import dynamodb_values as values
from costsentry_cli.sandbox.services.dynamodb_syntax import Path, Placeholders, Words, apart
from costsentry_cli.sandbox.services.dynamodb_values import Item, Value, refuse

_Worth = Callable[[Item], Value]

_WRONG_TYPE = "An operand in the update expression has an incorrect data type"
_NO_PATH = "The document path provided in the update expression is invalid for update"
_NO_ATTRIBUTE = "The provided expression refers to an attribute that does not exist in the item"
_SETS = ("SS", "NS", "BS")


@dataclass
class Update:
    """What an expression asks for: paths and values to set, to remove, to add, to delete from sets."""

    sets: list[tuple[Path, _Worth]] = field(default_factory=list)
    removes: list[Path] = field(default_factory=list)
    adds: list[tuple[Path, Value]] = field(default_factory=list)
    deletes: list[tuple[Path, Value]] = field(default_factory=list)

    @property
    def paths(self) -> list[Path]:
        """Every path it changes."""
        changed = [path for path, _ in (*self.sets, *self.adds, *self.deletes)]
        return changed + self.removes

    def done_to(self, item: Item) -> Item:
        """A changed copy. Raises ``ServiceError`` ValidationException when the item does not fit."""
        made = copy.deepcopy(item)
        settled = [(path, worth(item)) for path, worth in self.sets]
        for path, value in sorted(settled, key=lambda each: _last_index(each[0])):
            _put(made, path, copy.deepcopy(value))
        for path, value in self.adds:
            _put(made, path, _added(path.of(made), value))
        for path, value in self.deletes:
            _delete(made, path, value)
        for path in sorted(self.removes, key=_last_index, reverse=True):  # the later elements of a list first
            _remove(made, path)
        return made


def update(text: str, placeholders: Placeholders) -> Update:
    """The update a text says. Raises ``ServiceError`` ValidationException where it cannot be read."""
    words = Words(text, "UpdateExpression", placeholders)
    found, seen = Update(), set()
    while words.next.kind != "end":
        section = words.take_keyword("SET", "REMOVE", "ADD", "DELETE")
        if section is None:
            words.unexpected()
        if section in seen:
            words.wrong(f'The "{section}" section can only be used once in an update expression;')
        seen.add(section)
        _clause(words, section, found)
        while words.take_sign(","):
            _clause(words, section, found)
    apart(found.paths, words)
    return found


def _clause(words: Words, section: str, found: Update) -> None:
    path = words.path()
    if section == "SET":
        words.expect("=")
        found.sets.append((path, _worth(words)))
    elif section == "REMOVE":
        found.removes.append(path)
    else:
        value = words.literal()
        kind = values.kind_of(value)
        if kind not in (*_SETS, *(("N",) if section == "ADD" else ())):
            said = "Incorrect operand type for operator or function;"
            words.wrong(f"{said} operator: {section}, operand type: {kind}")
        (found.adds if section == "ADD" else found.deletes).append((path, value))


def _worth(words: Words) -> _Worth:
    left = _operand(words)
    sign = words.take_sign("+", "-")
    if sign is None:
        return left
    right = _operand(words)
    return lambda item: _sum(left(item), right(item), sign)


def _operand(words: Words) -> _Worth:
    words.nested()
    try:
        return _operand_at_depth(words)
    finally:
        words.depth -= 1


def _operand_at_depth(words: Words) -> _Worth:
    if words.next.kind == "value":
        value = words.literal()
        return lambda _item: value
    if words.take_sign("("):
        grouped = _worth(words)
        words.expect(")")
        return grouped
    function = words.function("if_not_exists", "list_append")
    if function is None:
        path = words.path()
        return lambda item: _existing(path, item)
    if function == "if_not_exists":
        return _if_not_exists(words)
    first = _operand(words)
    words.expect(",")
    second = _operand(words)
    words.expect(")")
    return lambda item: _joined(first(item), second(item))


def _if_not_exists(words: Words) -> _Worth:
    path = words.path()
    words.expect(",")
    otherwise = _operand(words)
    words.expect(")")

    def worth(item: Item) -> Value:
        found = path.of(item)
        return otherwise(item) if found is None else found

    return worth


def _existing(path: Path, item: Item) -> Value:
    found = path.of(item)
    if found is None:
        refuse(_NO_ATTRIBUTE)
    return found


def _sum(left: Value, right: Value, sign: str) -> Value:
    if values.kind_of(left) != "N" or values.kind_of(right) != "N":
        refuse(_WRONG_TYPE)
    other = Decimal(right["N"])
    return {"N": values.plain(values.total(Decimal(left["N"]), other if sign == "+" else other.copy_negate()))}


def _joined(first: Value, second: Value) -> Value:
    if values.kind_of(first) != "L" or values.kind_of(second) != "L":
        refuse(_WRONG_TYPE)
    return {"L": [*first["L"], *second["L"]]}


def _added(found: Value | None, value: Value) -> Value:
    if found is None:
        return value
    kind = values.kind_of(value)
    if values.kind_of(found) != kind:
        refuse(_WRONG_TYPE)
    if kind == "N":
        return _sum(found, value, "+")
    return {kind: [*found[kind], *(each for each in value[kind] if each not in found[kind])]}


def _delete(item: Item, path: Path, value: Value) -> None:
    found = path.of(item)
    if found is None:
        return
    kind = values.kind_of(value)
    if values.kind_of(found) != kind:
        refuse(_WRONG_TYPE)
    left = [each for each in found[kind] if each not in value[kind]]
    if left:
        _put(item, path, {kind: left})
    else:
        _remove(item, path)


def _last_index(path: Path) -> tuple[int, ...]:
    return tuple(part for part in path.parts if isinstance(part, int))


def _holder(item: Item, path: Path) -> Value:
    """The map or list the path's last part lies in. Raises ``ServiceError`` when there is none."""
    if len(path.parts) == 1:
        return {"M": item}
    holder = Path(path.parts[:-1]).of(item)
    if holder is None or ("L" if isinstance(path.parts[-1], int) else "M") not in holder:
        refuse(_NO_PATH)
    return holder


def _put(item: Item, path: Path, value: Value) -> None:
    last, holder = path.parts[-1], _holder(item, path)
    if not isinstance(last, int):
        holder["M"][last] = value
    elif last < len(holder["L"]):
        holder["L"][last] = value
    else:
        holder["L"].append(value)


def _remove(item: Item, path: Path) -> None:
    last, holder = path.parts[-1], _holder(item, path)
    if not isinstance(last, int):
        holder["M"].pop(last, None)
    elif last < len(holder["L"]):
        del holder["L"][last]
