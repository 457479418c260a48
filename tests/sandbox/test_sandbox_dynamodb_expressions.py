"""DynamoDB's expressions in the sandbox: updates, conditions, and what is no expression, as AWS documents them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st
from sandbox_core_world import client, sandbox_at_noon

from costsentry_cli.sandbox.contract import ServiceError
from costsentry_cli.sandbox.services.dynamodb_conditions import condition
from costsentry_cli.sandbox.services.dynamodb_syntax import Placeholders
from costsentry_cli.sandbox.services.dynamodb_updates import update
from costsentry_cli.sandbox.services.dynamodb_values import key_bytes, plain

KEY = {"pk": {"S": "L#sales"}}
ITEM = {
    "n": {"N": "5"}, "s": {"S": "abc"}, "ss": {"SS": ["a", "b"]}, "l": {"L": [{"N": "0"}, {"N": "1"}, {"N": "2"}]},
    "r": {"M": {"rid": {"M": {"a": {"N": "7"}}}}}, "t": {"BOOL": True},
}  # fmt: skip
VALUES = {
    ":one": {"N": "1"}, ":five": {"N": "5"}, ":nine": {"N": "9"}, ":a": {"S": "a"}, ":abc": {"S": "abc"},
    ":set": {"SS": ["b", "c"]}, ":list": {"L": [{"N": "9"}]}, ":map": {"M": {}}, ":type": {"S": "N"},
    ":true": {"BOOL": True}, ":b": {"S": "b"},
}  # fmt: skip
NAMES = {"#n": "n", "#dots": "a.b", "#status": "status", "#rid": "rid"}


def _placeholders():
    return Placeholders({"ExpressionAttributeNames": NAMES, "ExpressionAttributeValues": VALUES})


def _updated(text, item=ITEM):
    return update(text, _placeholders()).done_to(item)


def _holds(text, item=ITEM):
    return condition(text, "ConditionExpression", _placeholders()).holds(item)


def _refused(act):
    with pytest.raises(ServiceError) as caught:
        act()
    assert caught.value.code == "ValidationException"
    return caught.value.message


@pytest.mark.parametrize(
    ("text", "changed"),
    [
        ("SET n = n + :one", {"n": {"N": "6"}}),
        ("SET #n = :nine - n", {"n": {"N": "4"}}),
        ("SET n = if_not_exists(n, :one), m = if_not_exists(m, :one) + :one", {"n": {"N": "5"}, "m": {"N": "2"}}),
        ("SET l = list_append(l, :list)", {"l": {"L": [*ITEM["l"]["L"], {"N": "9"}]}}),
        ("SET l[1] = :nine", {"l": {"L": [{"N": "0"}, {"N": "9"}, {"N": "2"}]}}),
        ("SET l[77] = :nine", {"l": {"L": [*ITEM["l"]["L"], {"N": "9"}]}}),
        ("REMOVE l[0], l[2]", {"l": {"L": [{"N": "1"}]}}),
        ("ADD n :five, m :one, ss :set", {"n": {"N": "10"}, "m": {"N": "1"}, "ss": {"SS": ["a", "b", "c"]}}),
        ("DELETE ss :set", {"ss": {"SS": ["a"]}}),
        ("set r.rid2 = :map remove r.#rid", {"r": {"M": {"rid2": {"M": {}}}}}),
        ("SET n = s, s = n", {"n": {"S": "abc"}, "s": {"N": "5"}}),
        ("SET #dots = :one", {"a.b": {"N": "1"}}),
        ("REMOVE r.never, never", {}),
        ("SET r.#rid.a = r.#rid.a + :one", {"r": {"M": {"rid": {"M": {"a": {"N": "8"}}}}}}),
    ],
)
def test_an_update_changes_this(text, changed):
    before = repr(ITEM)
    assert _updated(text) == ITEM | changed
    assert repr(ITEM) == before


def test_a_set_that_loses_all_its_members_is_gone():
    assert "ss" not in _updated("DELETE ss :set", {"ss": {"SS": ["b"]}})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "can not be empty"),
        ("SET n = :none", "attribute value: :none"),
        ("SET #none = :one", "attribute name: #none"),
        ("SET status = :one", "reserved keyword: status"),
        ("SET n = :one SET s = :one", "can only be used once"),
        ("SET n = :one, n = :five", "Two document paths overlap"),
        ("SET r = :map, r.x = :one", "Two document paths overlap"),
        ("SET n = :one +", "Syntax error"),
        ("SET n = :one * :five", "Syntax error"),
        ("ADD n :abc", "Incorrect operand type"),
        ("DELETE n :one", "Incorrect operand type"),
        ("SET n = size(s)", "Invalid function name"),
        ("SET n", "Syntax error"),
        ("INCREMENT n :one", "Syntax error"),
        ("SET n = " + "if_not_exists(x, " * 100 + ":one" + ")" * 100, "nested deeper"),
        ("SET n = :one" + " " * 5000 + "REMOVE s", "maximum allowed size"),
    ],
)
def test_an_update_that_cannot_be_read_is_refused_with_its_place(text, said):
    assert said in _refused(lambda: _updated(text))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("SET n = s + :one", "incorrect data type"),
        ("SET x = never", "does not exist in the item"),
        ("SET never.x = :one", "document path provided in the update expression is invalid"),
        ("REMOVE never.x", "document path provided in the update expression is invalid"),
        ("SET s.x = :one", "document path provided in the update expression is invalid"),
        ("ADD s :one", "incorrect data type"),
        ("SET l = list_append(l, :one)", "incorrect data type"),
    ],
)
def test_an_update_that_does_not_fit_the_item_is_refused(text, said):
    assert said in _refused(lambda: _updated(text))


@pytest.mark.parametrize(
    "text",
    [
        "n = :five", "n <> :one", "never <> :one", "n > :one AND n <= :five", "n BETWEEN :one AND :nine",
        "n IN (:one, :five)", "attribute_exists(r.#rid)", "attribute_not_exists(r.never)", "attribute_type(n, :type)",
        "begins_with(s, :a)", "contains(s, :b)", "contains(ss, :a)", "contains(l, :one)", "size(l) > :one",
        "NOT n = :one", "NOT (n = :one OR s = :a)", "n = :one AND n = :five OR s = :abc", "t = :true",
        "r.#rid.a > n", "l[1] = :one", "(n = :five)", "not attribute_exists(never) and s > :a",
    ],
)  # fmt: skip
def test_a_condition_holds(text):
    assert _holds(text)


@pytest.mark.parametrize(
    "text",
    [
        "n = :one", "never = :one", "never < :one", "n < :abc", "n = :one AND (n = :five OR s = :abc)",
        "n BETWEEN :nine AND :nine", "never IN (:one)", "begins_with(n, :a)", "contains(n, :one)", "size(n) > :one",
        "NOT never <> :one", "l[9] = :one", "s = :a",
    ],
)  # fmt: skip
def test_a_condition_does_not_hold(text):
    assert not _holds(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("n = :one + :five", 'token: "+"'),
        ("n = ", 'token: "<EOF>"'),
        ("n == :one", "Syntax error"),
        ("n < :true", "operand type: BOOL"),
        ("n BETWEEN :nine AND :one", "upper bound"),
        ("exists(n)", "Invalid function name; function: exists"),
        ("attribute_exists(:one)", "requires a document path"),
        ("attribute_type(n, :abc)", "Invalid attribute type name"),
        ("begins_with(s, :one)", "operand type: N"),
        ("n = n", "first operand must be distinct"),
        ("n = :one OR", "Syntax error"),
        ("(" * 80 + "n = :one" + ")" * 80, "nested deeper"),
        ("NOT " * 80 + "n = :one", "nested deeper"),
        ("n = 5", "Syntax error"),
        ("n = 'x'", "Syntax error"),
    ],
)
def test_a_condition_that_cannot_be_read_is_refused_with_its_place(text, said):
    assert said in _refused(lambda: _holds(text))


@given(st.text(alphabet="ns#: =<>()ANDORTadd,.[]1-+", max_size=60))
def test_any_text_is_an_expression_or_a_refusal(text):
    for act in (lambda: _holds(text), lambda: _updated(text)):
        try:
            act()
        except ServiceError as error:
            if error.code != "ValidationException":
                raise


@given(st.lists(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**30), max_value=10**30, places=6)))
def test_keys_sort_as_the_numbers_they_hold(numbers):
    assert sorted(numbers) == sorted(numbers, key=lambda each: key_bytes({"N": plain(Decimal(each))}))


@pytest.fixture
def db(tmp_path):
    made = client(sandbox_at_noon(tmp_path), "dynamodb")
    made.create_table(
        TableName="ledger",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    return made


def _update(db, text, values, **more):
    asked = {"UpdateExpression": text, "ExpressionAttributeValues": values, **more}
    return db.update_item(TableName="ledger", Key=KEY, **asked)


def test_an_update_makes_the_item_and_answers_what_was_asked_for(db):
    made = _update(db, "SET a = :x, m = :m", {":x": {"N": "1"}, ":m": {"M": {"k": {"S": "v"}}}}, ReturnValues="ALL_NEW")
    assert made["Attributes"] == KEY | {"a": {"N": "1"}, "m": {"M": {"k": {"S": "v"}}}}
    assert "Attributes" not in _update(db, "SET a = :x", {":x": {"N": "2"}})
    for wanted, shown in (("UPDATED_OLD", "2"), ("UPDATED_NEW", "4"), ("ALL_OLD", "4")):
        got = _update(db, "SET a = a + :x", {":x": {"N": "1"}}, ReturnValues=wanted)["Attributes"]
        assert got["a"] == {"N": shown}
        assert ("pk" in got) == (wanted == "ALL_OLD")


def test_a_failed_condition_hands_over_the_old_item_and_changes_nothing(db):
    _update(db, "ADD used :x", {":x": {"N": "49"}})
    values = {":x": {"N": "2"}, ":room": {"N": "48"}}
    failing = {"ConditionExpression": "used <= :room", "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
    with pytest.raises(db.exceptions.ConditionalCheckFailedException) as caught:
        _update(db, "ADD used :x", values, **failing)
    assert caught.value.response["Item"] == KEY | {"used": {"N": "49"}}
    assert caught.value.response["Error"]["Message"] == "The conditional request failed"
    with pytest.raises(db.exceptions.ConditionalCheckFailedException) as caught:
        _update(db, "ADD used :x", values, ConditionExpression="used <= :room")
    assert "Item" not in caught.value.response
    with pytest.raises(db.exceptions.ConditionalCheckFailedException):
        db.put_item(TableName="ledger", Item=KEY, ConditionExpression="attribute_not_exists(pk)")
    with pytest.raises(db.exceptions.ConditionalCheckFailedException):
        db.delete_item(TableName="ledger", Key={"pk": {"S": "none"}}, ConditionExpression="attribute_exists(pk)")
    assert db.get_item(TableName="ledger", Key=KEY)["Item"]["used"] == {"N": "49"}


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"ExpressionAttributeNames": {"#u": "unused"}}, "unused in expressions: keys: {#u}"),
        ({"ExpressionAttributeValues": {":x": {"N": "1"}, ":y": {"N": "1"}}}, "unused in expressions: keys: {:y}"),
        ({"UpdateExpression": "SET pk = :x"}, "This attribute is part of the key"),
        ({"Key": {"pk": {"S": "a"}, "sk": {"S": "b"}}}, "does not match the schema"),
        ({"ExpressionAttributeValues": {":x": {"N": "1" * 39}}}, "38 significant digits"),
    ],
)
def test_a_request_that_does_not_add_up_is_refused(db, more, said):
    asked = {"UpdateExpression": "SET a = :x", "ExpressionAttributeValues": {":x": {"N": "1"}}, "Key": KEY}
    with pytest.raises(ClientError) as caught:
        db.update_item(TableName="ledger", **asked | more)
    assert caught.value.response["Error"]["Code"] == "ValidationException"
    assert said in caught.value.response["Error"]["Message"]


def test_sums_are_exact(db):
    for _ in range(10):
        _update(db, "ADD usd :x", {":x": {"N": "0.1"}})
    assert db.get_item(TableName="ledger", Key=KEY)["Item"]["usd"] == {"N": "1"}
    _update(db, "SET usd = :x", {":x": {"N": "9" * 38}})
    with pytest.raises(ClientError, match="38 significant digits"):
        _update(db, "ADD usd :x", {":x": {"N": "0.5"}})
