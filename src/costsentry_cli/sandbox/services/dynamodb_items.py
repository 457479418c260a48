"""DynamoDB's single items: PutItem, UpdateItem, DeleteItem and GetItem, with conditions and what they answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from costsentry_cli.sandbox.contract import Request, ServiceError
from costsentry_cli.sandbox.services import dynamodb_rows as rows
from costsentry_cli.sandbox.services import dynamodb_values as values
from costsentry_cli.sandbox.services.dynamodb_conditions import Condition, condition
from costsentry_cli.sandbox.services.dynamodb_rows import Table
from costsentry_cli.sandbox.services.dynamodb_syntax import Path, Placeholders, paths, projected
from costsentry_cli.sandbox.services.dynamodb_updates import Update, update
from costsentry_cli.sandbox.services.dynamodb_values import Item, refuse

_OLD_FORMS = ("Expected", "AttributeUpdates", "ConditionalOperator", "AttributesToGet", "ReturnItemCollectionMetrics")
_WRITE_BLOCK, _READ_BLOCK = 1024, 4096


@dataclass(frozen=True)
class Writing:
    """One write, read and checked as far as that goes without the item: ``make`` is old item -> new one.

    None is no item; a ``make`` of None only checks.
    """

    params: Mapping[str, Any]
    table: Table
    place: tuple[bytes, bytes]
    condition: Condition | None
    make: Callable[[Item | None], Item | None] | None
    changed: tuple[Path, ...] = ()


def put_item(request: Request) -> dict[str, Any]:
    """PutItem: the whole item, in place of what was there."""
    _check_returns(request, "NONE", "ALL_OLD")
    return _written(request, putting(request, request.params))


def delete_item(request: Request) -> dict[str, Any]:
    """DeleteItem; of one that is not there it is no error."""
    _check_returns(request, "NONE", "ALL_OLD")
    return _written(request, deleting(request, request.params))


def update_item(request: Request) -> dict[str, Any]:
    """UpdateItem: makes the item when there is none."""
    return _written(request, updating(request, request.params))


def get_item(request: Request) -> dict[str, Any]:
    """GetItem; nothing found is an answer without ``Item``. Reads are consistent, asked for or not."""
    params = request.params
    check_forms(request)
    kept = rows.active(request)
    placeholders = Placeholders(params)
    wanted = projection(params, placeholders)
    placeholders.finish()
    found = rows.read(request, kept, rows.position(kept, rows.key(kept, params["Key"])))
    size = values.item_size(found) if found is not None else 0
    each = 1.0 if params.get("ConsistentRead") else 0.5
    answer = rows.capacity(params, kept, size, _READ_BLOCK, each)
    return answer if found is None else {"Item": shown(found, wanted), **answer}


def projection(params: Mapping[str, Any], placeholders: Placeholders) -> tuple[Path, ...] | None:
    """The paths of a ``ProjectionExpression``, None for all attributes."""
    text = params.get("ProjectionExpression")
    return None if text is None else paths(text, "ProjectionExpression", placeholders)


def shown(item: Item, wanted: tuple[Path, ...] | None) -> Item:
    """The item, or the wanted parts of it."""
    return item if wanted is None else projected(item, wanted)


def check_forms(request: Request, *more: str) -> None:
    """Raise ``ServiceError`` 501 for members the sandbox lacks: what expressions have replaced, and ``more``."""
    for name in (*_OLD_FORMS, *more):
        if request.params.get(name, "NONE") != "NONE":
            said = f"the sandbox does not have {name} of dynamodb.{request.operation}"
            raise ServiceError("UnknownOperationException", said, 501)


def putting(request: Request, params: Mapping[str, Any]) -> Writing:
    """A put as a ``Writing``. Raises ``ServiceError``."""
    kept = rows.active(request, params["TableName"])
    item = rows.whole(kept, params["Item"])
    return _writing(params, kept, item, lambda _old: item)


def deleting(request: Request, params: Mapping[str, Any]) -> Writing:
    """A delete as a ``Writing``. Raises ``ServiceError``."""
    kept = rows.active(request, params["TableName"])
    return _writing(params, kept, rows.key(kept, params["Key"]), lambda _old: None)


def checking(request: Request, params: Mapping[str, Any]) -> Writing:
    """A transaction's ConditionCheck as a ``Writing``. Raises ``ServiceError``."""
    kept = rows.active(request, params["TableName"])
    return _writing(params, kept, rows.key(kept, params["Key"]), None)


def updating(request: Request, params: Mapping[str, Any]) -> Writing:
    """An update as a ``Writing``. Raises ``ServiceError``."""
    kept = rows.active(request, params["TableName"])
    key = rows.key(kept, params["Key"])
    placeholders = Placeholders(params)
    text = params.get("UpdateExpression")
    asked = Update() if text is None else update(text, placeholders)
    for name, _ in kept.keys:
        if any(path.parts[0] == name for path in asked.paths):
            refuse(
                f"One or more parameter values were invalid: Cannot update attribute {name}. "
                "This attribute is part of the key"
            )
    wanted = _condition(params, placeholders)

    def make(old: Item | None) -> Item:
        made = values.canonical_item(asked.done_to(key if old is None else old))
        if values.item_size(made) > values.ITEM_LIMIT:
            refuse("Item size to update has exceeded the maximum allowed size")
        return made

    return Writing(params, kept, rows.position(kept, key), wanted, make, tuple(asked.paths))


def _writing(params: Mapping[str, Any], kept: Table, key: Item, make: Any) -> Writing:
    return Writing(params, kept, rows.position(kept, key), _condition(params, Placeholders(params)), make)


def _condition(params: Mapping[str, Any], placeholders: Placeholders) -> Condition | None:
    text = params.get("ConditionExpression")
    found = None if text is None else condition(text, "ConditionExpression", placeholders)
    placeholders.finish()
    return found


def outcome(request: Request, writing: Writing) -> tuple[Item | None, Item | None]:
    """The item before and after; nothing is written. Raises ``ServiceError``, ConditionalCheckFailedException too."""
    old = rows.read(request, writing.table, writing.place)
    if writing.condition is not None and not writing.condition.holds(old or {}):
        wanted = writing.params.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD"
        members: dict[str, Any] = {"Item": old} if wanted and old is not None else {}
        raise ServiceError("ConditionalCheckFailedException", "The conditional request failed", **members)
    return old, old if writing.make is None else writing.make(old)


def store(request: Request, writing: Writing, new: Item | None) -> None:
    """Write what came out."""
    if writing.make is None:
        return
    if new is None:
        rows.remove(request, writing.table, writing.place)
    else:
        rows.write(request, writing.table, new)


def write_size(old: Item | None, new: Item | None) -> int:
    """The bytes a write counts for: the larger of the item before and after."""
    return max(values.item_size(each) if each is not None else 0 for each in (old, new))


def _written(request: Request, writing: Writing) -> dict[str, Any]:
    check_forms(request)
    old, new = outcome(request, writing)
    store(request, writing, new)
    answer = rows.capacity(request.params, writing.table, write_size(old, new), _WRITE_BLOCK, 1.0)
    wanted = request.params.get("ReturnValues", "NONE")
    chosen = {"ALL_OLD": old, "UPDATED_OLD": old, "ALL_NEW": new, "UPDATED_NEW": new}.get(wanted)
    if chosen is not None and wanted.startswith("UPDATED"):
        chosen = projected(chosen, writing.changed)
    return {"Attributes": chosen, **answer} if chosen else answer


def _check_returns(request: Request, *allowed: str) -> None:
    if request.params.get("ReturnValues", "NONE") not in allowed:
        refuse("Return values set to invalid value")
