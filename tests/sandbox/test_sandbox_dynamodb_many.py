"""DynamoDB in the sandbox: queries, scans, batches and transactions, as AWS documents them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sandbox_core_world import client, sandbox_at_noon
from sandbox_dynamodb_world import TABLE, item, key, put, refusal


@pytest.fixture
def sandbox(tmp_path):
    return sandbox_at_noon(tmp_path)


@pytest.fixture
def db(sandbox):
    made = client(sandbox, "dynamodb")
    made.create_table(**TABLE)
    return made


def test_a_query_walks_a_partition_in_order_page_by_page(db):
    for number in range(7):
        put(db, sk=f"w{number}", n={"N": str(number)})
    put(db, pk="L#other")
    asked = {
        "TableName": "ledger",
        "KeyConditionExpression": "pk = :p AND sk BETWEEN :a AND :z",
        "ExpressionAttributeValues": {":p": {"S": "L#sales"}, ":a": {"S": "w1"}, ":z": {"S": "w5"}},
    }
    pages = list(db.get_paginator("query").paginate(**asked, PaginationConfig={"PageSize": 2}))
    assert [[item["sk"]["S"] for item in page["Items"]] for page in pages] == [["w1", "w2"], ["w3", "w4"], ["w5"]]
    back = db.query(**asked, ScanIndexForward=False, Limit=2)
    assert [item["sk"]["S"] for item in back["Items"]] == ["w5", "w4"]
    assert back["LastEvaluatedKey"] == key(sk="w4")


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ("pk = :p", 4), ("pk = :p AND sk > :s", 2), ("pk = :p AND sk <= :s", 2), ("sk = :s AND pk = :p", 1),
        ("pk = :p AND begins_with(sk, :s)", 1),
    ],
)  # fmt: skip
def test_a_query_takes_one_condition_on_the_sort_key(db, condition, found):
    for sk in "abcd":
        put(db, sk=sk)
    values = {":p": {"S": "L#sales"}} | ({":s": {"S": "b"}} if ":s" in condition else {})
    asked = {"KeyConditionExpression": condition, "ExpressionAttributeValues": values, "Select": "COUNT"}
    assert db.query(TableName="ledger", **asked)["Count"] == found


@pytest.mark.parametrize(
    "condition",
    [
        "pk > :p", "sk = :p", "pk = :p OR sk = :p", "pk = :p AND sk <> :p", "pk = :p AND size(sk) > :p",
        "pk = :p AND x = :p",
    ],
)  # fmt: skip
def test_a_query_needs_its_partition_key(db, condition):
    values = {":p": {"S": "a"}}
    asked = {"KeyConditionExpression": condition, "ExpressionAttributeValues": values}
    assert refusal(lambda: db.query(TableName="ledger", **asked))["Code"] == "ValidationException"


def test_a_filter_comes_after_reading_and_a_projection_after_that(db):
    for number in range(5):
        put(db, sk=f"w{number}", n={"N": str(number)}, m={"M": {"a": {"S": "x"}, "b": {"S": "y"}}})
    names, values = {"#n": "n"}, {":two": {"N": "2"}}
    asked = {"FilterExpression": "#n >= :two", "ProjectionExpression": "sk, m.a", "Limit": 4}
    page = db.scan(TableName="ledger", **asked, ExpressionAttributeNames=names, ExpressionAttributeValues=values)
    assert (page["Count"], page["ScannedCount"]) == (2, 4)
    assert page["Items"][0] == {"sk": {"S": "w2"}, "m": {"M": {"a": {"S": "x"}}}}


def test_the_segments_of_a_scan_are_all_of_it(db):
    for number in range(20):
        put(db, pk=f"L#{number}")
    parts = [db.scan(TableName="ledger", Segment=n, TotalSegments=3)["Items"] for n in range(3)]
    assert sorted(item["pk"]["S"] for part in parts for item in part) == sorted(f"L#{n}" for n in range(20))
    assert all(parts)


def test_numbers_sort_as_numbers(sandbox):
    db = client(sandbox, "dynamodb")
    types = [{"AttributeName": "pk", "AttributeType": "S"}, {"AttributeName": "sk", "AttributeType": "N"}]
    db.create_table(**TABLE | {"AttributeDefinitions": types})
    numbers = ["-100", "-20.5", "-20", "-0.001", "0", "0.5", "1", "3", "20", "100.25", "1000"]
    for each in reversed(numbers):
        db.put_item(TableName="ledger", Item={"pk": {"S": "a"}, "sk": {"N": each}})
    assert [item["sk"]["N"] for item in db.scan(TableName="ledger")["Items"]] == numbers
    assert "Item" in db.get_item(TableName="ledger", Key={"pk": {"S": "a"}, "sk": {"N": "1.0"}})


def test_batches_write_and_read_many(db):
    puts = [{"PutRequest": {"Item": key(sk=f"w{n}")}} for n in range(25)]
    assert "UnprocessedItems" not in db.batch_write_item(RequestItems={"ledger": puts})
    db.batch_write_item(RequestItems={"ledger": [{"DeleteRequest": {"Key": key(sk="w0")}}]})
    keys = [key(sk=f"w{n}") for n in range(25)]
    found = db.batch_get_item(RequestItems={"ledger": {"Keys": keys}})["Responses"]["ledger"]
    assert len(found) == 24
    twice = {"ledger": [puts[1], puts[1]]}
    assert "duplicates" in refusal(lambda: db.batch_write_item(RequestItems=twice))["Message"]


def _add(sk, limit, **more):
    return {
        "Update": {
            "TableName": "ledger",
            "Key": key(sk=sk),
            "UpdateExpression": "ADD used :one",
            "ConditionExpression": "attribute_not_exists(used) OR used < :limit",
            "ExpressionAttributeValues": {":one": {"N": "1"}, ":limit": {"N": str(limit)}},
            **more,
        }
    }


def test_a_transaction_is_all_or_nothing_and_says_why(db):
    db.transact_write_items(TransactItems=[_add("minute", 1), _add("day", 5)])
    failing = [_add("day", 5), _add("minute", 1, ReturnValuesOnConditionCheckFailure="ALL_OLD")]
    with pytest.raises(db.exceptions.TransactionCanceledException) as caught:
        db.transact_write_items(TransactItems=failing)
    first, second = caught.value.response["CancellationReasons"]
    assert (first["Code"], second["Code"]) == ("None", "ConditionalCheckFailed")
    assert second["Item"]["used"] == {"N": "1"}
    assert "[None, ConditionalCheckFailed]" in caught.value.response["Error"]["Message"]
    assert item(db, sk="day")["used"] == {"N": "1"}
    read = db.transact_get_items(TransactItems=[{"Get": {"TableName": "ledger", "Key": key(sk="day")}}])
    assert read["Responses"][0]["Item"]["used"] == {"N": "1"}


def test_a_transactions_token_makes_a_repeat_do_nothing_for_ten_minutes(db, sandbox):
    asked = {"TransactItems": [_add("day", 9)], "ClientRequestToken": "once"}
    for _ in range(3):
        db.transact_write_items(**asked)
    assert item(db, sk="day")["used"] == {"N": "1"}
    error = refusal(lambda: db.transact_write_items(**asked | {"TransactItems": [_add("day", 8)]}))
    assert error["Code"] == "IdempotentParameterMismatchException"
    sandbox.advance(timedelta(minutes=11))
    db.transact_write_items(**asked)
    assert item(db, sk="day")["used"] == {"N": "2"}


def test_a_transaction_checks_puts_and_deletes(db):
    put(db, sk="gone")
    check = {"TableName": "ledger", "Key": key(sk="never"), "ConditionExpression": "attribute_not_exists(pk)"}
    entries = [
        {"ConditionCheck": check},
        {"Put": {"TableName": "ledger", "Item": key(sk="new")}},
        {"Delete": {"TableName": "ledger", "Key": key(sk="gone")}},
    ]
    db.transact_write_items(TransactItems=entries)
    assert (item(db, sk="new"), item(db, sk="gone"), item(db, sk="never")) == (key(sk="new"), None, None)
    twice = [_add("a", 1), _add("a", 1)]
    assert "multiple operations" in refusal(lambda: db.transact_write_items(TransactItems=twice))["Message"]
