"""DynamoDB's conditions: read into a tree, asked of an item. Also what a Query's key condition may be.

AWS: "Comparison operator and function reference". Precedence: comparisons and functions, NOT, AND, OR.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from costsentry_cli.sandbox.services import dynamodb_values as values
from costsentry_cli.sandbox.services.dynamodb_syntax import Path, Placeholders, Words
from costsentry_cli.sandbox.services.dynamodb_values import Item, Value

_SIGNS: dict[str, Callable[[Any, Any], bool]] = {
    "<": lambda a, b: bool(a < b),
    "<=": lambda a, b: bool(a <= b),
    ">": lambda a, b: bool(a > b),
    ">=": lambda a, b: bool(a >= b),
}
_ORDERED = ("S", "N", "B")
_TYPES = ("S", "N", "B", "SS", "NS", "BS", "M", "L", "NULL", "BOOL")
_FUNCTIONS = ("attribute_exists", "attribute_not_exists", "attribute_type", "begins_with", "contains")


@dataclass(frozen=True)
class Literal:
    """A ``:value``."""

    value: Value

    def of(self, _item: Item) -> Value | None:
        """The value."""
        return self.value


@dataclass(frozen=True)
class Size:
    """``size(path)``."""

    path: Path

    def of(self, item: Item) -> Value | None:
        """The size as a number, None where there is none."""
        found = self.path.of(item)
        length = values.length(found) if found is not None else None
        return None if length is None else {"N": str(length)}


Operand = Path | Literal | Size


@dataclass(frozen=True)
class Comparison:
    """``left sign right``; what is missing or of another type is only unequal."""

    sign: str
    left: Operand
    right: Operand

    def holds(self, item: Item) -> bool:
        """Whether it does for this item."""
        left, right = self.left.of(item), self.right.of(item)
        if self.sign in ("=", "<>"):
            same = left is not None and right is not None and values.equal(left, right)
            return same == (self.sign == "=")
        return _ordered(self.sign, left, right)


@dataclass(frozen=True)
class Between:
    """``operand BETWEEN low AND high``, both included."""

    operand: Operand
    low: Operand
    high: Operand

    def holds(self, item: Item) -> bool:
        """Whether it does for this item."""
        found = self.operand.of(item)
        return _ordered(">=", found, self.low.of(item)) and _ordered("<=", found, self.high.of(item))


@dataclass(frozen=True)
class Among:
    """``operand IN (a, b)``."""

    operand: Operand
    options: tuple[Operand, ...]

    def holds(self, item: Item) -> bool:
        """Whether it does for this item."""
        found = self.operand.of(item)
        others = [option.of(item) for option in self.options]
        return found is not None and any(other is not None and values.equal(found, other) for other in others)


@dataclass(frozen=True)
class Test:
    """A function of a path that answers yes or no."""

    function: str
    path: Path
    argument: Operand | None = None

    def holds(self, item: Item) -> bool:
        """Whether it does for this item."""
        found = self.path.of(item)
        if self.function == "attribute_exists":
            return found is not None
        if self.function == "attribute_not_exists":
            return found is None
        wanted = self.argument.of(item) if self.argument is not None else None
        if found is None or wanted is None:
            return False
        if self.function == "attribute_type":
            return values.kind_of(found) == str(values.content_of(wanted))
        if self.function == "contains":
            return values.contains(found, wanted)
        same = values.kind_of(found) == values.kind_of(wanted) and values.kind_of(found) in ("S", "B")
        return bool(same and values.content_of(found).startswith(values.content_of(wanted)))


@dataclass(frozen=True)
class Not:
    """``NOT condition``."""

    condition: Condition

    def holds(self, item: Item) -> bool:
        """Whether it does for this item."""
        return not self.condition.holds(item)


@dataclass(frozen=True)
class All:
    """``a AND b AND c``."""

    conditions: tuple[Condition, ...]

    def holds(self, item: Item) -> bool:
        """Whether they all do for this item."""
        return all(condition.holds(item) for condition in self.conditions)


@dataclass(frozen=True)
class Any_:  # noqa: N801 - ``Any`` is taken
    """``a OR b OR c``."""

    conditions: tuple[Condition, ...]

    def holds(self, item: Item) -> bool:
        """Whether one does for this item."""
        return any(condition.holds(item) for condition in self.conditions)


Condition = Comparison | Between | Among | Test | Not | All | Any_


def _ordered(sign: str, left: Value | None, right: Value | None) -> bool:
    if left is None or right is None or values.kind_of(left) != values.kind_of(right):
        return False
    return values.kind_of(left) in _ORDERED and _SIGNS[sign](values.order(left), values.order(right))


def condition(text: str, kind: str, placeholders: Placeholders) -> Condition:
    """The condition a text says. Raises ``ServiceError`` ValidationException where it cannot be read."""
    return read_condition(Words(text, kind, placeholders))


def read_condition(words: Words) -> Condition:
    """The condition that is all these words."""
    found = _either(words)
    words.finish()
    return found


def _either(words: Words) -> Condition:
    words.nested()
    found = [_both(words)]
    while words.take_keyword("OR"):
        found.append(_both(words))
    words.depth -= 1
    return found[0] if len(found) == 1 else Any_(tuple(found))


def _both(words: Words) -> Condition:
    found = [_single(words)]
    while words.take_keyword("AND"):
        found.append(_single(words))
    return found[0] if len(found) == 1 else All(tuple(found))


def _single(words: Words) -> Condition:
    if words.take_keyword("NOT"):
        words.nested()
        inverted = Not(_single(words))
        words.depth -= 1
        return inverted
    if words.take_sign("("):
        grouped = _either(words)
        words.expect(")")
        return grouped
    function = words.function(*_FUNCTIONS, "size")
    if function is not None and function != "size":
        return _test(words, function)
    left: Operand = _operand(words) if function is None else _size(words)
    return _comparison(words, left)


def _comparison(words: Words, left: Operand) -> Condition:
    if words.take_keyword("BETWEEN"):
        low = _operand(words)
        if words.take_keyword("AND") is None:
            words.unexpected()
        return _checked_between(words, Between(left, low, _operand(words)))
    if words.take_keyword("IN"):
        words.expect("(")
        options = [_operand(words)]
        while words.take_sign(","):
            options.append(_operand(words))
        words.expect(")")
        if len(options) > 100:
            words.wrong("The IN operator is provided with too many operands; number of operands: " + str(len(options)))
        return Among(left, tuple(options))
    sign = words.take_sign("=", "<>", "<", "<=", ">", ">=")
    if sign is None:
        words.unexpected()
    right = _operand(words)
    if sign in _SIGNS:
        _check_ordered(words, sign, left, right)
    if isinstance(left, Path) and left == right:
        said = "The first operand must be distinct from the remaining operands for this operator or function;"
        words.wrong(f"{said} operator: {sign}, first operand: {left}")
    return Comparison(sign, left, right)


def _check_ordered(words: Words, sign: str, *operands: Operand) -> None:
    for operand in operands:
        if isinstance(operand, Literal) and values.kind_of(operand.value) not in _ORDERED:
            kind = values.kind_of(operand.value)
            said = "Incorrect operand type for operator or function;"
            words.wrong(f"{said} operator or function: {sign}, operand type: {kind}")


def _checked_between(words: Words, found: Between) -> Between:
    _check_ordered(words, "BETWEEN", found.low, found.high)
    if isinstance(found.low, Literal) and isinstance(found.high, Literal):
        low, high = found.low.value, found.high.value
        if values.kind_of(low) != values.kind_of(high):
            words.wrong("The BETWEEN operator requires same data type for lower and upper bounds;")
        if _ordered(">", low, high):
            said = "The BETWEEN operator requires upper bound to be greater than or equal to lower bound;"
            words.wrong(f"{said} lower bound operand: {low}, upper bound operand: {high}")
    return found


def _operand(words: Words) -> Operand:
    if words.next.kind == "value":
        return Literal(words.literal())
    if words.function("size"):
        return _size(words)
    return words.path()


def _size(words: Words) -> Size:
    path = words.path()
    words.expect(")")
    return Size(path)


def _test(words: Words, function: str) -> Condition:
    if words.next.kind == "value" and function in _FUNCTIONS[:2]:
        said = "Operator or function requires a document path;"
        words.wrong(f"{said} operator or function: {function}")
    path = words.path()
    argument: Operand | None = None
    if function not in _FUNCTIONS[:2]:
        words.expect(",")
        argument = _operand(words)
    words.expect(")")
    if isinstance(argument, Literal):
        _check_argument(words, function, argument.value)
    elif function == "attribute_type":
        words.wrong("Operator or function requires a literal; operator or function: attribute_type")
    return Test(function, path, argument)


def _check_argument(words: Words, function: str, value: Value) -> None:
    kind = values.kind_of(value)
    if kind not in {"attribute_type": ("S",), "begins_with": ("S", "B")}.get(function, (kind,)):
        said = "Incorrect operand type for operator or function;"
        words.wrong(f"{said} operator or function: {function}, operand type: {kind}")
    if function == "attribute_type" and value["S"] not in _TYPES:
        types = ",".join(sorted(_TYPES))
        words.wrong(f"Invalid attribute type name found; type: {value['S']}, valid types: {{{types}}}")
