"""DynamoDB's calls for several items: TransactWriteItems, TransactGetItems, BatchWriteItem and BatchGetItem."""

from __future__ import annotations

import base64
import hashlib
import json
import math
from collections.abc import Mapping
from typing import Any

from costsentry_cli.sandbox.contract import Request, ServiceError
from costsentry_cli.sandbox.services import dynamodb_items as items
from costsentry_cli.sandbox.services import dynamodb_rows as rows
from costsentry_cli.sandbox.services import dynamodb_values as values
from costsentry_cli.sandbox.services.dynamodb_items import Writing
from costsentry_cli.sandbox.services.dynamodb_syntax import Placeholders
from costsentry_cli.sandbox.services.dynamodb_values import Item, refuse

_TOKEN_LIFE = 600
_FORMS = {
    "Put": items.putting,
    "Update": items.updating,
    "Delete": items.deleting,
    "ConditionCheck": items.checking,
}
_CODES = {"ConditionalCheckFailedException": "ConditionalCheckFailed", "ValidationException": "ValidationError"}


def transact_write_items(request: Request) -> dict[str, Any]:
    """TransactWriteItems: all or nothing; a ``ClientRequestToken`` makes a repeat within ten minutes do nothing."""
    items.check_forms(request)
    writings = [_writing(request, entry) for entry in request.params["TransactItems"]]
    places = {(writing.table.number, writing.place) for writing in writings}
    if len(places) < len(writings):
        refuse("Transaction request cannot include multiple operations on one item")
    if _seen(request):
        return {}
    reasons: list[dict[str, Any]] = []
    outcomes: list[tuple[Item | None, Item | None]] = []
    for writing in writings:
        try:
            outcomes.append(items.outcome(request, writing))
            reasons.append({"Code": "None"})
        except ServiceError as error:
            reasons.append({"Code": _CODES[error.code], "Message": error.message, **error.members})
    if len(outcomes) < len(writings):
        codes = ", ".join(reason["Code"] for reason in reasons)
        said = f"Transaction cancelled, please refer cancellation reasons for specific reasons [{codes}]"
        raise ServiceError("TransactionCanceledException", said, CancellationReasons=reasons)
    for writing, (_, new) in zip(writings, outcomes, strict=True):
        items.store(request, writing, new)
    return _capacities(request, writings, [items.write_size(*each) for each in outcomes], 1024)


def transact_get_items(request: Request) -> dict[str, Any]:
    """TransactGetItems: the items as they were at one moment; one that is not there is an empty response."""
    responses, readings, sizes = [], [], []
    for entry in request.params["TransactItems"]:
        kept, found, response = _read(request, entry["Get"]["TableName"], entry["Get"], entry["Get"]["Key"])
        responses.append({"Item": response} if response is not None else {})
        readings.append(Writing(entry["Get"], kept, (b"", b""), None, None))
        sizes.append(values.item_size(found) if found is not None else 0)
    return {"Responses": responses, **_capacities(request, readings, sizes, 4096)}


def batch_write_item(request: Request) -> dict[str, Any]:
    """BatchWriteItem: 25 puts and deletes at most, without conditions; all are done.

    AWS answers an empty ``UnprocessedItems`` then, which its model does not allow; here it is left out.
    """
    items.check_forms(request)
    entries = [(name, entry) for name, found in request.params["RequestItems"].items() for entry in found]
    if not 1 <= len(entries) <= 25:
        refuse("1 validation error detected: Member must have length less than or equal to 25 at 'requestItems'")
    writings = [_batched(request, name, entry) for name, entry in entries]
    if len({(writing.table.number, writing.place) for writing in writings}) < len(writings):
        refuse("Provided list of item keys contains duplicates")
    sizes = []
    for writing in writings:
        old, new = items.outcome(request, writing)
        items.store(request, writing, new)
        sizes.append(items.write_size(old, new))
    return _capacities(request, writings, sizes, 1024, factor=1)


def batch_get_item(request: Request) -> dict[str, Any]:
    """BatchGetItem: 100 keys at most, all answered, in no order to rely on; ``UnprocessedKeys`` is left out, too."""
    asked = request.params["RequestItems"]
    if sum(len(entry["Keys"]) for entry in asked.values()) > 100:
        refuse("Too many items requested for the BatchGetItem call")
    responses: dict[str, list[Item]] = {}
    for name, entry in asked.items():
        keys = [json.dumps(key, sort_keys=True, default=_text) for key in entry["Keys"]]
        if len(set(keys)) < len(keys):
            refuse("Provided list of item keys contains duplicates")
        found = [_read(request, name, entry, key)[2] for key in entry["Keys"]]
        responses[name] = [item for item in found if item is not None]
    return {"Responses": responses}


def _writing(request: Request, entry: Mapping[str, Any]) -> Writing:
    if len(entry) != 1:
        refuse("TransactItems can only contain one of Check, Put, Update or Delete")
    ((form, params),) = entry.items()
    return _FORMS[form](request, params)


def _batched(request: Request, name: str, entry: Mapping[str, Any]) -> Writing:
    if len(entry) != 1:
        refuse("Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported")
    if "PutRequest" in entry:
        return items.putting(request, {**entry["PutRequest"], "TableName": name})
    return items.deleting(request, {**entry["DeleteRequest"], "TableName": name})


def _read(
    request: Request, name: str, params: Mapping[str, Any], key: Mapping[str, Any]
) -> tuple[rows.Table, Item | None, Item | None]:
    """The table, the item and what is shown of it."""
    kept = rows.active(request, name)
    placeholders = Placeholders(params)
    wanted = items.projection(params, placeholders)
    placeholders.finish()
    found = rows.read(request, kept, rows.position(kept, rows.key(kept, key)))
    return kept, found, None if found is None else items.shown(found, wanted)


def _capacities(request: Request, done: list[Writing], sizes: list[int], block: int, factor: int = 2) -> dict[str, Any]:
    """``ConsumedCapacity`` by table; a transaction's reads and writes count twice."""
    if request.params.get("ReturnConsumedCapacity", "NONE") == "NONE":
        return {}
    units: dict[str, float] = {}
    tables = {}
    for each, size in zip(done, sizes, strict=True):
        tables[each.table.name] = each.table
        units[each.table.name] = units.get(each.table.name, 0.0) + max(math.ceil(size / block), 1) * factor
    return {"ConsumedCapacity": [rows.consumed(request.params, tables[name], each) for name, each in units.items()]}


def _seen(request: Request) -> bool:
    """Whether this token has done this already; notes it. Raises ``ServiceError`` when it did something else."""
    token = request.params.get("ClientRequestToken")
    if token is None:
        return False
    asked = json.dumps(request.params["TransactItems"], sort_keys=True, default=_text)
    fingerprint, now = hashlib.sha256(asked.encode()).hexdigest(), request.now.timestamp()
    db = request.store.db
    db.execute("DELETE FROM dynamodb_tokens WHERE at < ?", (now - _TOKEN_LIFE,))
    query = "SELECT fingerprint FROM dynamodb_tokens WHERE account = ? AND region = ? AND token = ?"
    row = db.execute(query, (request.account, request.region, token)).fetchone()
    if row is None:
        noted = (request.account, request.region, token, fingerprint, now)
        db.execute("INSERT INTO dynamodb_tokens VALUES (?, ?, ?, ?, ?)", noted)
        return False
    if row["fingerprint"] != fingerprint:
        said = "The idempotent token was used with different parameters than in the first request"
        raise ServiceError("IdempotentParameterMismatchException", said)
    return True


def _text(content: Any) -> str:
    return base64.b64encode(content).decode()
