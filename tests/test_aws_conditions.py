"""The door and DynamoDB's conditional writes: a condition that fails has its own code and brings the old item."""

from __future__ import annotations

import json

import pytest

from costsentry_cli.domain.calls import ApiCall
from costsentry_cli.domain.errors import CONDITION_NOT_MET, SentryError
from costsentry_cli.domain.ledger.port import Key
from costsentry_cli.domain.ledger.writes import open_call, read_call
from stand_in import LISTING, answer, door, refusal

OPEN = open_call("ledger", Key("*/day", "2026-11-23"))
FAILED = "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException"


def condition_failed(**more: object) -> object:
    return answer({"__type": FAILED, "message": "The conditional request failed", **more}, 400)


def test_a_failed_condition_hands_over_the_item_it_failed_on() -> None:
    made, behind = door(condition_failed(Item={"pk": {"S": "L#*/day#2026-11-23"}, "c_tokens": {"N": "7"}}))
    with pytest.raises(SentryError) as failed:
        made.call(OPEN)
    assert failed.value.code == CONDITION_NOT_MET
    assert failed.value.answer["Item"] == {"pk": {"S": "L#*/day#2026-11-23"}, "c_tokens": {"N": "7"}}
    assert len(behind.requests) == 1


def test_a_failed_condition_without_an_item_says_so() -> None:
    made, _ = door(condition_failed())
    with pytest.raises(SentryError) as failed:
        made.call(OPEN)
    assert (failed.value.code, failed.value.answer.get("Item")) == (CONDITION_NOT_MET, None)


def test_other_errors_bring_nothing_but_their_words() -> None:
    made, _ = door(refusal("AccessDeniedException", 403))
    with pytest.raises(SentryError) as failed:
        made.call(LISTING)
    assert "Item" not in failed.value.answer
    assert SentryError("CS0404", "no region").answer == {}


def test_a_write_that_met_another_is_sent_again() -> None:
    item = {"Item": {"pk": {"S": "x"}}}
    made, behind = door(answer({"__type": "TransactionConflictException"}, 400), answer(item))
    assert made.call(read_call("ledger", Key("x", "2026")))["Item"] == item["Item"]
    assert [json.loads(request.body)["ConsistentRead"] for request in behind.requests] == [True, True]


def test_the_door_reaches_the_tables_own_region() -> None:
    made, behind = door(answer({}))
    made.call(ApiCall(OPEN.service, OPEN.operation, OPEN.params, "eu-west-1"))
    assert ".dynamodb.eu-west-1." in f".{str(behind.requests[0].url).removeprefix('https://')}"
