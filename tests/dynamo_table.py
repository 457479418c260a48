"""A DynamoDB table as a fake: the part of the expression language the ledger writes, with DynamoDB's own refusals.

An item is never changed in place, so a copy of ``items`` is a snapshot.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any

from costsentry_cli.domain.calls import Answer, ApiCall, Outcome
from costsentry_cli.domain.errors import SentryError
from fakes import model_problems

Item = dict[str, Any]
Path = tuple[str, ...]
_TOKEN = re.compile(r"\s*(#\w+|:\w+|<=|>=|<>|[a-zA-Z_]\w*|[<>=+\-.,()])")
_COMPARE: dict[str, Callable[[int, int], bool]] = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "=": lambda a, b: a == b,
    "<>": lambda a, b: a != b,
}
_checked: set[tuple[str, str, str]] = set()


def invalid(message: str) -> SentryError:
    return SentryError("CS0802", f"ValidationException: {message}")


class DynamoTable:
    """A ``Cloud`` with one table in it; ``calls`` counts every request by operation."""

    interrupted = False

    def __init__(self, items: dict[str, Item] | None = None) -> None:
        self.items: dict[str, Item] = dict(items or {})
        self.calls: list[str] = []

    def call(self, call: ApiCall) -> Answer:
        form = (call.operation, str(call.params.get("UpdateExpression")), str(call.params.get("ConditionExpression")))
        if form not in _checked:  # AWS's own model, once for each form: it takes longer than the call
            assert model_problems(call) == []
            _checked.add(form)
        self.calls.append(call.operation)
        operation: Callable[[Any], Answer] = getattr(self, call.operation)
        return operation(call.params)

    def pages(self, call: ApiCall) -> Iterator[Answer]:
        yield self.call(call)

    def each(self, calls: Sequence[ApiCall]) -> Iterator[Outcome]:
        for index, call in enumerate(calls):
            yield Outcome(call, answer=self.call(call), index=index)

    as_ended = each

    def PutItem(self, params: Any) -> Answer:  # noqa: N802 AWS's name
        key = params["Item"]["pk"]["S"]
        _meets(params, self.items.get(key))
        self.items[key] = params["Item"]
        return {}

    def GetItem(self, params: Any) -> Answer:  # noqa: N802
        item = self.items.get(params["Key"]["pk"]["S"])
        return {} if item is None else {"Item": item}

    def Scan(self, params: Any) -> Answer:  # noqa: N802
        """Two items a page; the filter is the ledger's prefix."""
        start = params["ExclusiveStartKey"]["pk"]["S"] if "ExclusiveStartKey" in params else ""
        keys = sorted(key for key in self.items if key > start)
        page, rest = keys[:2], keys[2:]
        answer: Answer = {"Items": [self.items[key] for key in page if key.startswith("L#")]}
        return answer | ({"LastEvaluatedKey": {"pk": {"S": page[-1]}}} if rest else {})

    def UpdateItem(self, params: Any) -> Answer:  # noqa: N802
        key = params["Key"]["pk"]["S"]
        old = self.items.get(key)
        _meets(params, old)
        new = _updated(params, old if old is not None else dict(params["Key"]))
        self.items[key] = new
        return {"Attributes": new}


def _meets(params: Any, item: Item | None) -> None:
    _all_used(params)
    names, values = params["ExpressionAttributeNames"], params.get("ExpressionAttributeValues", {})
    for check in _condition(params["ConditionExpression"]):
        if not check(item or {}, names, values):
            answer = {"Item": item} if item and params.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD" else {}
            raise SentryError(
                "CS0814", "ConditionalCheckFailedException: The conditional request failed", answer=answer
            )


def _all_used(params: Any) -> None:
    text = params.get("UpdateExpression", "") + " " + params["ConditionExpression"]
    used = set(_placeholders(text))
    given = {*params["ExpressionAttributeNames"], *params.get("ExpressionAttributeValues", {})}
    if used != given:
        raise invalid(f"placeholders unused or not defined: {sorted(used ^ given)}")


@cache
def _placeholders(text: str) -> tuple[str, ...]:
    return tuple(re.findall(r"[#:]\w+", text))


def _tokens(text: str) -> list[str]:
    found, at = [], 0
    while at < len(text.rstrip()):
        match = _TOKEN.match(text, at)
        assert match, f"cannot be read: {text[at:]!r}"
        found.append(match[1])
        at = match.end()
    return found


Check = Callable[[Item, Any, Any], bool]


@cache
def _condition(text: str) -> tuple[Check, ...]:
    return tuple(_check(_tokens(part)) for part in text.split(" AND "))


def _check(tokens: list[str]) -> Check:
    if tokens[0] in ("attribute_exists", "attribute_not_exists"):
        wanted, path = tokens[0] == "attribute_exists", tokens[2:-1:2]
        return lambda item, names, values: (_at(item, path, names) is not None) is wanted
    sign = next(token for token in tokens if token in _COMPARE)
    left, right = tokens[: tokens.index(sign) : 2], tokens[tokens.index(sign) + 1]

    def compare(item: Item, names: Any, values: Any) -> bool:
        value = _at(item, left, names)
        return value is not None and _COMPARE[sign](int(value["N"]), int(values[right]["N"]))

    return compare


def _at(item: Item, path: Sequence[str], names: Any) -> Any:
    value: Any = item.get(names[path[0]])
    for step in path[1:]:
        value = value["M"].get(names[step]) if value is not None and "M" in value else None
    return value


Clause = tuple[str, list[str], list[str]]


@cache
def _clauses(text: str) -> tuple[Clause, ...]:
    """(SET or REMOVE, path, operands with their sign between)."""
    found: list[Clause] = []
    for part in re.split(r"\s+(?=REMOVE )", text):
        verb, _, rest = part.partition(" ")
        for one in rest.split(","):
            tokens = _tokens(one)
            left = tokens[: tokens.index("=")] if "=" in tokens else tokens
            found.append((verb, left[::2], tokens[len(left) + 1 :]))
    return tuple(found)


def _updated(params: Any, old: Item) -> Item:
    names, values = params["ExpressionAttributeNames"], params["ExpressionAttributeValues"]
    new, own = dict(old), set()
    paths = [tuple(names[step] for step in left) for _, left, _ in _clauses(params["UpdateExpression"])]
    for one in paths:
        if sum(other[: len(one)] == one for other in paths) > 1:
            raise invalid(f"two document paths overlap: {one}")
    for verb, left, operands in _clauses(params["UpdateExpression"]):
        *parents, leaf = (names[step] for step in left)
        holder = new
        for parent in parents:
            if parent not in holder or "M" not in holder[parent]:
                raise invalid("the document path provided in the update expression is invalid for update")
            if parent not in own:  # copied once, then changed
                holder[parent] = {"M": dict(holder[parent]["M"])}
                own.add(parent)
            holder = holder[parent]["M"]
        if verb == "REMOVE":
            holder.pop(leaf, None)
        else:
            holder[leaf] = _value(operands, old, names, values)
    return new


def _value(operands: list[str], old: Item, names: Any, values: Any) -> Any:
    signs = [token for token in operands if token in "+-"]
    if not signs:
        return _operand(operands, old, names, values)
    middle = operands.index(signs[0])
    one, two = (_operand(part, old, names, values) for part in (operands[:middle], operands[middle + 1 :]))
    return {"N": str(int(one["N"]) + int(two["N"]) if signs[0] == "+" else int(one["N"]) - int(two["N"]))}


def _operand(tokens: list[str], old: Item, names: Any, values: Any) -> Any:
    value = values[tokens[0]] if tokens[0].startswith(":") else _at(old, tokens[::2], names)
    if value is None:
        raise invalid("the provided expression refers to an attribute that does not exist in the item")
    return value
