"""DynamoDB's tables and items in the store: found, read, written, measured, gone when their time to live is over."""

from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from costsentry_cli.sandbox.contract import Request, ServiceError
from costsentry_cli.sandbox.services import dynamodb_values as values
from costsentry_cli.sandbox.services.dynamodb_values import Item, refuse

LONGEST_KEYS = (2048, 1024)
"""Bytes of a partition key and of a sort key."""

_FIVE_YEARS = 5 * 365 * 86400
_INVALID = "One or more parameter values were invalid: "


@dataclass(frozen=True)
class Table:
    """One table: ``keys`` are (attribute, type), the partition key first; ``content`` is what else is described."""

    number: int
    name: str
    arn: str
    created: float
    keys: tuple[tuple[str, str], ...]
    content: dict[str, Any]

    @property
    def ttl(self) -> str | None:
        """The attribute items expire by."""
        found: str | None = self.content.get("ttl")
        return found

    def key_of(self, item: Mapping[str, Any]) -> Item:
        """The item's key attributes."""
        return {name: item[name] for name, _ in self.keys}


def table_arn(request: Request, name: str) -> str:
    """The ARN of the caller's table."""
    return f"arn:aws:dynamodb:{request.region}:{request.account}:table/{name}"


def table(request: Request, named: str) -> Table | None:
    """The caller's table of that name or ARN."""
    name = named.removeprefix(table_arn(request, ""))
    query = "SELECT * FROM dynamodb_tables WHERE account = ? AND region = ? AND name = ?"
    row = request.store.db.execute(query, (request.account, request.region, name)).fetchone()
    return None if row is None else _table(request, row)


def tables(request: Request) -> list[str]:
    """The names of the caller's tables, in order."""
    query = "SELECT name FROM dynamodb_tables WHERE account = ? AND region = ? ORDER BY name"
    return [row["name"] for row in request.store.db.execute(query, (request.account, request.region))]


def _table(request: Request, row: sqlite3.Row) -> Table:
    content = json.loads(row["content"])
    keys = tuple((name, kind) for name, kind in content["keys"])
    return Table(row["id"], row["name"], table_arn(request, row["name"]), row["created"], keys, content)


def active(request: Request, named: str | None = None) -> Table:
    """The table items are asked of, without expired ones. Raises ``ServiceError`` when it is not there (yet)."""
    found = table(request, request.params["TableName"] if named is None else named)
    if found is None or found.content["looks"]:
        raise ServiceError("ResourceNotFoundException", "Requested resource not found")
    if found.ttl is not None:
        _expire(request, found)
    return found


def described(request: Request, named: str) -> Table:
    """A table, active or not. Raises ``ServiceError`` ResourceNotFoundException."""
    found = table(request, named)
    if found is None:
        name = named.removeprefix(table_arn(request, ""))
        raise ServiceError("ResourceNotFoundException", f"Requested resource not found: Table: {name} not found")
    return found


def change(request: Request, kept: Table, **content: Any) -> None:
    """Write what a table's description changed to."""
    text = json.dumps(kept.content | content)
    request.store.db.execute("UPDATE dynamodb_tables SET content = ? WHERE id = ?", (text, kept.number))


def _expire(request: Request, kept: Table) -> None:
    """AWS deletes within days of the time; here it is ``dynamodb_ttl_lag_seconds`` after it."""
    now = request.now.timestamp() - float(request.store.setting("dynamodb_ttl_lag_seconds", "0"))
    query = "DELETE FROM dynamodb_items WHERE table_id = ? AND expires < ?"
    request.store.db.execute(query, (kept.number, now))


def expiry(kept_by: str | None, item: Item, now: float) -> float | None:
    """When the item expires; an attribute that is no number, or five years past, never does (AWS: "TTL")."""
    value = item.get(kept_by or "", {})
    if "N" not in value:
        return None
    at = float(value["N"])
    return at if math.isfinite(at) and at > now - _FIVE_YEARS else None


def key(kept: Table, given: Mapping[str, Any]) -> Item:
    """A request's key, checked. Raises ``ServiceError`` ValidationException."""
    if given.keys() != {name for name, _ in kept.keys}:
        refuse("The provided key element does not match the schema")
    found = values.canonical_item(given)
    for (name, kind), longest in zip(kept.keys, LONGEST_KEYS, strict=False):
        if values.kind_of(found[name]) != kind:
            refuse("The provided key element does not match the schema")
        _check_key(name, found[name], longest)
    return found


def whole(kept: Table, given: Mapping[str, Any]) -> Item:
    """A request's item, checked. Raises ``ServiceError`` ValidationException."""
    found = values.canonical_item(given)
    for (name, kind), longest in zip(kept.keys, LONGEST_KEYS, strict=False):
        if name not in found:
            refuse(_INVALID + f"Missing the key {name} in the item")
        actual = values.kind_of(found[name])
        if actual != kind:
            refuse(_INVALID + f"Type mismatch for key {name} expected: {kind} actual: {actual}")
        _check_key(name, found[name], longest)
    check_size(found)
    return found


def _check_key(name: str, value: values.Value, longest: int) -> None:
    size = values.length(value)
    if size == 0:
        kind = "string" if "S" in value else "binary"
        refuse(
            f"{_INVALID[:-2]}. The AttributeValue for a key attribute cannot contain an empty {kind} value. Key: {name}"
        )
    if size is not None and size > longest:
        said = "hashkey" if longest == LONGEST_KEYS[0] else "rangekey"
        refuse(f"{_INVALID}Size of {said} has exceeded the maximum size limit of {longest} bytes")


def check_size(item: Item) -> None:
    """Raise ``ServiceError`` for an item over 400 KB."""
    if values.item_size(item) > values.ITEM_LIMIT:
        refuse("Item size has exceeded the maximum allowed size")


def position(kept: Table, item: Mapping[str, Any]) -> tuple[bytes, bytes]:
    """The item's place: its key attributes as bytes, empty for no sort key."""
    found = [values.key_bytes(item[name]) for name, _ in kept.keys]
    return found[0], found[1] if len(found) > 1 else b""


def read(request: Request, kept: Table, place: tuple[bytes, bytes]) -> Item | None:
    """The item at a place."""
    query = "SELECT item FROM dynamodb_items WHERE table_id = ? AND pk = ? AND sk = ?"
    row = request.store.db.execute(query, (kept.number, *place)).fetchone()
    return None if row is None else values.from_text(row["item"])


def write(request: Request, kept: Table, item: Item) -> None:
    """Put an item in its place."""
    at = expiry(kept.ttl, item, request.now.timestamp())
    row = (kept.number, *position(kept, item), values.as_text(item), values.item_size(item), at)
    request.store.db.execute("INSERT OR REPLACE INTO dynamodb_items VALUES (?, ?, ?, ?, ?, ?)", row)


def remove(request: Request, kept: Table, place: tuple[bytes, bytes]) -> None:
    """Take the item at a place away."""
    query = "DELETE FROM dynamodb_items WHERE table_id = ? AND pk = ? AND sk = ?"
    request.store.db.execute(query, (kept.number, *place))


def walk(
    request: Request, kept: Table, place: tuple[bytes, bytes] | None, *, partition: bytes | None, forward: bool
) -> Iterator[tuple[Item, int]]:
    """Items and their sizes in the order of their keys, after ``place``; of one partition or of all."""
    sign, way = (">", "ASC") if forward else ("<", "DESC")
    wheres, holes = ["table_id = ?"], [kept.number]
    arguments: list[Any] = [*holes]
    if partition is not None:
        wheres.append("pk = ?")
        arguments.append(partition)
    if place is not None:
        wheres.append(f"(pk, sk) {sign} (?, ?)")
        arguments += place
    where = " AND ".join(wheres)
    query = f"SELECT item, size FROM dynamodb_items WHERE {where} ORDER BY pk {way}, sk {way}"  # noqa: S608 - constants
    for row in request.store.db.execute(query, arguments):
        yield values.from_text(row["item"]), row["size"]


def capacity(params: Mapping[str, Any], kept: Table, size: float, block: int, each: float) -> dict[str, Any]:
    """``ConsumedCapacity`` where it was asked for: ``each`` per started block of bytes, at least one."""
    if params.get("ReturnConsumedCapacity", "NONE") == "NONE":
        return {}
    return {"ConsumedCapacity": consumed(params, kept, max(math.ceil(size / block), 1) * each)}


def consumed(params: Mapping[str, Any], kept: Table, units: float) -> dict[str, Any]:
    """A ``ConsumedCapacity``."""
    found: dict[str, Any] = {"TableName": kept.name, "CapacityUnits": units}
    return found | ({"Table": {"CapacityUnits": units}} if params["ReturnConsumedCapacity"] == "INDEXES" else {})
