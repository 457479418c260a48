"""DynamoDB's Query and Scan: by key and in order, filtered after reading, in pages of 1 MB or ``Limit`` items read."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from costsentry_cli.sandbox.contract import Request
from costsentry_cli.sandbox.services import dynamodb_conditions as conditions
from costsentry_cli.sandbox.services import dynamodb_items as items
from costsentry_cli.sandbox.services import dynamodb_rows as rows
from costsentry_cli.sandbox.services import dynamodb_values as values
from costsentry_cli.sandbox.services.dynamodb_conditions import All, Between, Comparison, Condition, Literal, Test
from costsentry_cli.sandbox.services.dynamodb_rows import Table
from costsentry_cli.sandbox.services.dynamodb_syntax import Path, Placeholders, Words
from costsentry_cli.sandbox.services.dynamodb_values import Item, refuse

PAGE_BYTES = 1024 * 1024

_Found = Iterator[tuple[Item, int]]


@dataclass(frozen=True)
class _Wanted:
    """What is kept of the items read, and what is shown of those."""

    keep: Callable[[Item], bool]
    show: tuple[Path, ...] | None


def query(request: Request) -> dict[str, Any]:
    """Query: one partition, in the order of its sort key."""
    params = request.params
    items.check_forms(request, "IndexName", "KeyConditions", "QueryFilter")
    kept = rows.active(request)
    placeholders = Placeholders(params)
    if "KeyConditionExpression" not in params:
        refuse("Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.")
    text = params["KeyConditionExpression"]
    partition, of_sort_key = _key_condition(kept, conditions.condition(text, "KeyConditionExpression", placeholders))
    wanted = _wanted(request, kept, placeholders)
    start = _start(params, kept)
    if start is not None and start[0] != partition:
        refuse("The provided starting key is outside query boundaries based on provided conditions")
    found = rows.walk(request, kept, start, partition=partition, forward=params.get("ScanIndexForward", True))
    return _page(request, kept, ((item, size) for item, size in found if of_sort_key(item)), wanted)


def scan(request: Request) -> dict[str, Any]:
    """Scan: everything, or one of ``TotalSegments`` parts of it."""
    params = request.params
    items.check_forms(request, "IndexName", "ScanFilter")
    kept = rows.active(request)
    placeholders = Placeholders(params)
    wanted = _wanted(request, kept, placeholders)
    found = rows.walk(request, kept, _start(params, kept), partition=None, forward=True)
    return _page(request, kept, _segment(params, kept, found), wanted)


def _segment(params: Mapping[str, Any], kept: Table, found: _Found) -> _Found:
    if ("Segment" in params) != ("TotalSegments" in params):
        refuse("The Segment and TotalSegments parameters are required together")
    total, mine = params.get("TotalSegments", 1), params.get("Segment", 0)
    if mine >= total:
        refuse(
            f"The Segment parameter is zero-based and must be less than parameter TotalSegments: Segment: {mine} "
            f"is not less than TotalSegments: {total}"
        )
    if total == 1:
        return found
    return ((item, size) for item, size in found if zlib.crc32(rows.position(kept, item)[0]) % total == mine)


def _wanted(request: Request, kept: Table, placeholders: Placeholders) -> _Wanted:
    params = request.params
    keep: Callable[[Item], bool] = _everything
    if "FilterExpression" in params:
        words = Words(params["FilterExpression"], "FilterExpression", placeholders)
        keep = conditions.read_condition(words).holds
        of_key = sorted(words.roots & {name for name, _ in kept.keys})
        if of_key and request.operation == "Query":
            said = "Filter Expression can only contain non-primary key attributes: Primary key attribute: "
            refuse(said + of_key[0])
    show = items.projection(params, placeholders)
    placeholders.finish()
    select = params.get("Select", "ALL_ATTRIBUTES" if show is None else "SPECIFIC_ATTRIBUTES")
    if (show is not None) != (select == "SPECIFIC_ATTRIBUTES"):
        refuse(f"Cannot specify the ProjectionExpression when choosing to get {select}")
    return _Wanted(keep, show)


def _everything(_item: Item) -> bool:
    return True


def _start(params: Mapping[str, Any], kept: Table) -> tuple[bytes, bytes] | None:
    given = params.get("ExclusiveStartKey")
    if given is None:
        return None
    if given.keys() != {name for name, _ in kept.keys}:
        refuse("The provided starting key is invalid: The provided key element does not match the schema")
    return rows.position(kept, rows.key(kept, given))


def _page(request: Request, kept: Table, found: _Found, wanted: _Wanted) -> dict[str, Any]:
    params = request.params
    limit, read, size = params.get("Limit"), 0, 0
    shown: list[Item] = []
    count = 0
    last: Item | None = None
    for item, bytes_ in found:
        read, size = read + 1, size + bytes_
        if wanted.keep(item):
            count += 1
            if params.get("Select") != "COUNT":
                shown.append(items.shown(item, wanted.show))
        if read == limit or size >= PAGE_BYTES:
            last = item
            break
    page: dict[str, Any] = {"Count": count, "ScannedCount": read}
    if params.get("Select") != "COUNT":
        page["Items"] = shown
    if last is not None:
        page["LastEvaluatedKey"] = kept.key_of(last)
    return page | rows.capacity(params, kept, size, 4096, 1.0 if params.get("ConsistentRead") else 0.5)


def _key_condition(kept: Table, asked: Condition) -> tuple[bytes, Callable[[Item], bool]]:
    """The partition and the condition on the sort key. Raises ``ServiceError`` when it is anything else."""
    parts = list(asked.conditions) if isinstance(asked, All) else [asked]
    if len(parts) > 2 or not all(isinstance(part, Comparison | Between | Test) for part in parts):
        refuse("Query key condition not supported")
    (name, kind), *sort_keys = kept.keys
    partition = next((part for part in parts if _is_equality(part, name)), None)
    if not isinstance(partition, Comparison) or not isinstance(partition.right, Literal):
        refuse(f"Query condition missed key schema element: {name}")
    _check_types(partition, kind)
    rest = [part for part in parts if part is not partition]
    if not rest:
        return values.key_bytes(partition.right.value), _everything
    if not sort_keys or _attribute(rest[0]) != sort_keys[0][0]:
        refuse(f"Query condition missed key schema element: {sort_keys[0][0] if sort_keys else name}")
    _check_types(rest[0], sort_keys[0][1])
    return values.key_bytes(partition.right.value), rest[0].holds


def _is_equality(part: Condition, name: str) -> bool:
    return isinstance(part, Comparison) and part.sign == "=" and part.left == Path((name,))


def _attribute(part: Condition) -> str | None:
    """The key attribute a condition is about; None for a form key conditions do not have."""
    path: Any = None
    if isinstance(part, Comparison) and part.sign != "<>":
        path = part.left
    elif isinstance(part, Between):
        path = part.operand
    elif isinstance(part, Test) and part.function == "begins_with":
        path = part.path
    return str(path.parts[0]) if isinstance(path, Path) and len(path.parts) == 1 else None


def _check_types(part: Condition, kind: str) -> None:
    given: tuple[Any, ...] = ()
    if isinstance(part, Comparison):
        given = (part.right,)
    elif isinstance(part, Between):
        given = (part.low, part.high)
    elif isinstance(part, Test):
        given = (part.argument,)
    if not all(isinstance(each, Literal) for each in given):
        refuse("Query key condition not supported")
    if any(values.kind_of(each.value) != kind for each in given):
        refuse("One or more parameter values were invalid: Condition parameter type does not match schema type")
