"""Conditional writes to DynamoDB in the sandbox are atomic across threads and processes; without the lock they are not.

Run as a program it is one side of the race between processes.
"""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from sandbox_core_world import NOON, client, sandbox_at_noon

from costsentry_cli.sandbox import Sandbox
from costsentry_cli.sandbox.contract import Request, ServiceError
from costsentry_cli.sandbox.services.dynamodb import OPERATIONS
from costsentry_cli.sandbox.store import Store

TABLE = {
    "TableName": "ledger",
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
    "BillingMode": "PAY_PER_REQUEST",
}
KEY = {"pk": {"S": "sales"}}
ADD = {"TableName": "ledger", "Key": KEY, "UpdateExpression": "ADD used :one"}
CONDITION = "attribute_not_exists(used) OR used < :limit"


@pytest.fixture
def fast_switching() -> Iterator[None]:
    """Threads change places as often as Python allows."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.fixture
def sandbox(tmp_path):
    made = sandbox_at_noon(tmp_path)
    client(made, "dynamodb").create_table(**TABLE)
    return made


def _bounded(limit: int) -> dict[str, Any]:
    values = {":one": {"N": "1"}, ":limit": {"N": str(limit)}}
    return {**ADD, "ConditionExpression": CONDITION, "ExpressionAttributeValues": values}


def _approved(dynamodb: Any, limit: int) -> bool:
    try:
        dynamodb.update_item(**_bounded(limit))
    except ClientError as error:  # botocore makes its classes of errors anew in threads that race
        if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
            raise
        return False
    return True


def _used(dynamodb: Any) -> int:
    return int(dynamodb.get_item(TableName="ledger", Key=KEY)["Item"]["used"]["N"])


def _race(try_once: Callable[[], Any], attempts: int) -> list[Any]:
    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(lambda _: try_once(), range(attempts)))


def test_threads_share_a_limit_exactly(sandbox, fast_switching):
    dynamodb = client(sandbox, "dynamodb")
    assert sum(_race(lambda: _approved(dynamodb, 50), 120)) == 50
    assert _used(dynamodb) == 50


def test_no_update_of_two_thousand_is_lost(sandbox, fast_switching):
    dynamodb = client(sandbox, "dynamodb")
    values = {":one": {"N": "1"}}

    def add() -> int:
        answer = dynamodb.update_item(**ADD, ExpressionAttributeValues=values, ReturnValues="UPDATED_NEW")
        return int(answer["Attributes"]["used"]["N"])

    assert sorted(_race(add, 2000)) == list(range(1, 2001))  # each saw a value of its own


def test_without_the_transaction_the_same_race_goes_wrong(sandbox, fast_switching):
    """The negative control: the handler alone reads, checks and writes, and others come between."""
    store = Store(sandbox.path)

    def approved() -> bool:
        account = {"region": "us-east-1", "now": NOON, "request_id": "1", "store": store}
        try:
            OPERATIONS["UpdateItem"](Request("dynamodb", "UpdateItem", _bounded(50), **account))
        except (ServiceError, sqlite3.InterfaceError):  # from Python 3.13 on SQLite sometimes notices the race
            return False
        return True

    for _ in range(20):
        if sum(_race(approved, 120)) != 50 or _used(client(sandbox, "dynamodb")) != 50:
            return
        client(sandbox, "dynamodb").delete_item(TableName="ledger", Key=KEY)
    pytest.fail("the handler has become atomic by itself")


def test_sixty_four_processes_share_a_limit_exactly(sandbox):
    arguments = [sys.executable, __file__, str(sandbox.path), "64", "4", "150"]
    ended = subprocess.run(arguments, capture_output=True, text=True, timeout=120, check=True)
    counts = [int(line) for line in ended.stdout.split()]
    assert len(counts) == 64
    assert sum(counts) == 150
    assert _used(client(sandbox, "dynamodb")) == 150


def main(path: Path, processes: int, attempts: int, limit: int) -> None:
    """Fork the processes of the race and let them go at once; each says how many of its attempts were approved."""
    client(Sandbox(path), "dynamodb").list_tables()  # everything is imported before the start
    start, go = os.pipe()
    children = []
    for _ in range(processes):
        child = os.fork()
        if child == 0:
            os.close(go)
            dynamodb = client(Sandbox(path), "dynamodb")
            os.read(start, 1)  # the end of the pipe, when the parent closes it
            count = sum(_approved(dynamodb, limit) for _ in range(attempts))
            os.write(1, f"{count}\n".encode())
            os._exit(0)
        children.append(child)
    os.close(go)
    for child in children:
        if os.waitpid(child, 0)[1] != 0:
            raise SystemExit(f"process {child} failed")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
