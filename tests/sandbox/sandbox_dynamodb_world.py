"""What the tests of the sandbox's DynamoDB share: a table, its keys, and how a refusal is read."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

ARN = "arn:aws:dynamodb:us-east-1:123456789012:table/ledger"
KEYS = [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}]
TABLE: dict[str, Any] = {
    "TableName": "ledger",
    "KeySchema": KEYS,
    "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
    "BillingMode": "PAY_PER_REQUEST",
}


def key(pk: str = "L#sales", sk: str = "2026-11") -> dict[str, Any]:
    """A key of the table."""
    return {"pk": {"S": pk}, "sk": {"S": sk}}


def put(db: Any, pk: str = "L#sales", sk: str = "2026-11", **attributes: Any) -> None:
    """Put an item of the table."""
    db.put_item(TableName="ledger", Item=key(pk, sk) | attributes)


def item(db: Any, **of: str) -> Any:
    """The item at a key, None where there is none."""
    return db.get_item(TableName="ledger", Key=key(**of), ConsistentRead=True).get("Item")


def refusal(act: Any) -> dict[str, str]:
    """The error of a call that must fail."""
    with pytest.raises(ClientError) as caught:
        act()
    error: dict[str, str] = caught.value.response["Error"]
    return error
