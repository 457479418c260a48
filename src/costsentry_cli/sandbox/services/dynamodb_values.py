"""DynamoDB's attribute values: checked, made canonical, measured, compared; keys as bytes that sort as AWS sorts."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from decimal import Context, Decimal, InvalidOperation
from typing import Any, NoReturn

from costsentry_cli.sandbox.contract import ServiceError

Value = dict[str, Any]
"""``{"S": "x"}``: one type and its content, numbers as canonical text, binaries as bytes."""

Item = dict[str, Value]

MOST_DIGITS = 38
DEEPEST = 32
ITEM_LIMIT = 400 * 1024

_EXACT = Context(prec=400, Emax=10_000, Emin=-10_000)
_SETS = {"SS": "S", "NS": "N", "BS": "B"}
_SET_NAMES = {"SS": "string", "NS": "number", "BS": "binary"}
_INVALID = "One or more parameter values were invalid: "


def refuse(message: str) -> NoReturn:
    """Raise DynamoDB's ValidationException."""
    raise ServiceError("ValidationException", message)


def canonical(value: Mapping[str, Any], depth: int = 1) -> Value:
    """The value as DynamoDB keeps it. Raises ``ServiceError`` for one it does not take."""
    if depth > DEEPEST:
        refuse(f"Nesting Levels have exceeded supported limits: Attributes nested deeper than {DEEPEST}")
    if len(value) != 1:
        what = "is empty, must contain exactly one of the supported datatypes"
        refuse(f"Supplied AttributeValue {what if not value else 'has more than one datatypes set, must contain one'}")
    ((kind, content),) = value.items()
    if kind == "N":
        return {"N": plain(number(content))}
    if kind in _SETS:
        return {kind: _members(kind, content)}
    if kind == "M":
        return {"M": {name: canonical(each, depth + 1) for name, each in content.items()}}
    if kind == "L":
        return {"L": [canonical(each, depth + 1) for each in content]}
    if kind == "S":
        _check_text(content)
    if kind == "NULL" and content is not True:
        refuse(_INVALID + "Null attribute value types must have the value of true")
    return {kind: content}


def canonical_item(item: Mapping[str, Any]) -> Item:
    """All attributes canonical; the item's size is not checked here."""
    return {name: canonical(value) for name, value in item.items()}


def _check_text(content: str) -> None:
    try:
        content.encode()
    except UnicodeEncodeError:
        refuse(_INVALID + "A string must be UTF-8")


def _members(kind: str, content: list[Any]) -> list[Any]:
    if not content:
        refuse(_INVALID + f"An {_SET_NAMES[kind]} set  may not be empty")  # two spaces: AWS's own
    members = [plain(number(each)) for each in content] if kind == "NS" else list(content)
    if len(set(members)) != len(members):
        refuse(_INVALID + f"Input collection {list(content)} contains duplicates.")
    return members


def number(text: str) -> Decimal:
    """A number in DynamoDB's range: 38 digits, 1E-130 to 9.99...E+125."""
    try:
        found = _EXACT.create_decimal(text.strip())
    except InvalidOperation:
        found = Decimal("NaN")
    if not found.is_finite() or not text.isascii() or "_" in text:
        refuse(f"The parameter cannot be converted to a numeric value: {text}")
    return in_range(found)


def in_range(found: Decimal) -> Decimal:
    """The same number. Raises ``ServiceError`` when DynamoDB cannot hold it."""
    if not found:
        return Decimal(0)
    if len(found.normalize(_EXACT).as_tuple().digits) > MOST_DIGITS:
        refuse(f"Attempting to store more than {MOST_DIGITS} significant digits in a Number")
    if found.adjusted() > 125:
        refuse("Number overflow. Attempting to store a number with magnitude larger than supported range")
    if found.adjusted() < -130:
        refuse("Number underflow. Attempting to store a number with magnitude smaller than supported range")
    return found


def plain(found: Decimal) -> str:
    """``1``, ``0.5``, ``-20``: never an exponent, never a trailing zero."""
    return format(found.normalize(_EXACT), "f") if found else "0"


def total(left: Decimal, right: Decimal) -> Decimal:
    """Their exact sum, in DynamoDB's range."""
    return in_range(_EXACT.add(left, right))


def kind_of(value: Value) -> str:
    """``S`` of ``{"S": "x"}``."""
    return next(iter(value))


def content_of(value: Value) -> Any:
    """``x`` of ``{"S": "x"}``."""
    return next(iter(value.values()))


def equal(left: Value, right: Value) -> bool:
    """Equal types and contents; sets have no order."""
    kind = kind_of(left)
    if kind != kind_of(right):
        return False
    mine, other = left[kind], right[kind]
    if kind in _SETS:
        return set(mine) == set(other)
    if kind == "M":
        return mine.keys() == other.keys() and all(equal(mine[name], other[name]) for name in mine)
    if kind == "L":
        return len(mine) == len(other) and all(equal(*pair) for pair in zip(mine, other, strict=True))
    return bool(mine == other)


def order(value: Value) -> Any:
    """What a string (by its UTF-8), a number or a binary is compared by; None for the other types."""
    kind, content = kind_of(value), content_of(value)
    if kind == "S":
        return content.encode()
    if kind == "N":
        return Decimal(content)
    return content if kind == "B" else None


def contains(container: Value, wanted: Value) -> bool:
    """The function ``contains``: a substring, a set's member, a list's element."""
    kind, content = kind_of(container), content_of(container)
    if kind in ("S", "B"):
        return kind_of(wanted) == kind and content_of(wanted) in content
    if kind in _SETS:
        return kind_of(wanted) == _SETS[kind] and content_of(wanted) in content
    return kind == "L" and any(equal(each, wanted) for each in content)


def length(value: Value) -> int | None:
    """The function ``size``: bytes of a string or binary, members of the rest; None where it has none."""
    kind, content = kind_of(value), content_of(value)
    if kind in ("N", "BOOL", "NULL"):
        return None
    return len(content.encode()) if kind == "S" else len(content)


def item_size(item: Item) -> int:
    """Bytes the item counts for (AWS: "DynamoDB item sizes and formats"); a number's are an estimate there too."""
    return sum(len(name.encode()) + _size(value) for name, value in item.items())


def _size(value: Value) -> int:
    kind, content = kind_of(value), content_of(value)
    if kind == "M":
        return 3 + len(content) + item_size(content)
    if kind == "L":
        return 3 + len(content) + sum(_size(each) for each in content)
    if kind in _SETS:
        return sum(_size({_SETS[kind]: each}) for each in content)
    if kind == "N":
        digits = Decimal(content).as_tuple()
        return (len(digits.digits) + 1) // 2 + 1 + digits.sign
    return length(value) or 1


def key_bytes(value: Value) -> bytes:
    """A key attribute as bytes that sort as DynamoDB sorts its type."""
    kind, content = kind_of(value), content_of(value)
    return _number_bytes(Decimal(content)) if kind == "N" else bytes(order({kind: content}))


def _number_bytes(found: Decimal) -> bytes:
    """Sign, exponent, digits; of a negative number the complement of the latter two."""
    if not found:
        return b"1"
    digits = "".join(map(str, found.normalize(_EXACT).as_tuple().digits))
    text = f"{found.adjusted() + 200:03d}{digits}"
    if found > 0:
        return f"2{text}".encode()
    return ("0" + "".join(str(9 - int(digit)) for digit in text) + "~").encode()


def as_text(item: Item) -> str:
    """The item as JSON, binaries in base64."""
    return json.dumps(item, separators=(",", ":"), default=_base64)


def from_text(text: str) -> Item:
    """The item of ``as_text``."""
    item: Item = json.loads(text)
    if '{"B":"' in text or '{"BS":[' in text:
        return {name: _with_bytes(value) for name, value in item.items()}
    return item


def _base64(content: Any) -> str:
    return base64.b64encode(content).decode()


def _with_bytes(value: Value) -> Value:
    kind, content = kind_of(value), content_of(value)
    if kind == "B":
        return {"B": base64.b64decode(content)}
    if kind == "BS":
        return {"BS": [base64.b64decode(each) for each in content]}
    if kind == "M":
        return {"M": {name: _with_bytes(each) for name, each in content.items()}}
    return {"L": [_with_bytes(each) for each in content]} if kind == "L" else value
