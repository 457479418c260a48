"""The DynamoDB ledger's requests: their exact forms, how many there are, and what they make of every answer."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from costsentry_cli.domain.calls import Answer, ApiCall
from costsentry_cli.domain.errors import SentryError
from costsentry_cli.domain.ledger import items, writes
from costsentry_cli.domain.ledger.counters import NOTHING, Amounts, Ceiling, Count, Hold
from costsentry_cli.domain.ledger.dynamodb import DynamoLedger
from costsentry_cli.domain.ledger.port import DONE_KEPT, Admitted, Claim, Denied, Key
from dynamo_table import DynamoTable
from fakes import model_problems

KEY = Key("costCenter=sales/day", "2026-11-23")
PK = {"pk": {"S": "L#costCenter=sales/day#2026-11-23"}}
CLAIM = Claim(KEY, "rid", Amounts(100, 60, 40, 1, 300), 1795435260, Ceiling(tokens=500, nano_usd=250), "sales")
TAKEN = Amounts(40, 30, 10, 1, 120)


def filled(table: DynamoTable | None = None) -> tuple[DynamoLedger, DynamoTable]:
    """A ledger whose window is open and has a roomy claim in it."""
    table = table or DynamoTable()
    ledger = DynamoLedger(table, "ledger")
    assert isinstance(ledger.reserve(roomy("rid")), Admitted)
    table.calls.clear()
    return ledger, table


def roomy(rid: str, expires: int = CLAIM.expires) -> Claim:
    return Claim(KEY, rid, CLAIM.amounts, expires, Ceiling(tokens=100_000), "sales")


def readable(call: ApiCall) -> dict[str, Any]:
    """A request with names and values in the places of their placeholders."""
    params = dict(call.params)
    names, values = params.pop("ExpressionAttributeNames"), params.pop("ExpressionAttributeValues", {})
    shown = names | {name: next(iter(value.values())) for name, value in values.items()}
    for kind in ("UpdateExpression", "ConditionExpression", "FilterExpression"):
        for placeholder in sorted(shown, key=len, reverse=True):
            if kind in params:
                params[kind] = params[kind].replace(placeholder, str(shown[placeholder]))
    return params


def test_a_reserve_is_one_conditional_update_that_shows_the_item_either_way() -> None:
    call = writes.reserve_call("ledger", CLAIM)
    hold = {"t": {"N": "100"}, "i": {"N": "60"}, "o": {"N": "40"}, "q": {"N": "1"}, "u": {"N": "300"}}
    hold |= {"e": {"N": "1795435260"}, "n": {"S": "sales"}}
    assert readable(call) == {
        "TableName": "ledger",
        "Key": PK,
        "UpdateExpression": "SET c_tokens = c_tokens + 100, c_input_tokens = c_input_tokens + 60, "
        "c_output_tokens = c_output_tokens + 40, c_requests = c_requests + 1, c_nano_usd = c_nano_usd + 300, "
        f"r.rid = {hold}",
        "ConditionExpression": "attribute_exists(pk) AND attribute_not_exists(r.rid) AND attribute_not_exists(d.rid) "
        "AND c_tokens <= 400 AND c_nano_usd <= -50",
        "ReturnValues": "ALL_NEW",
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }


def test_a_settle_puts_the_difference_and_forgets_what_is_old() -> None:
    reservation = CLAIM.reservation()
    call = writes.settle_call("ledger", type(reservation)(KEY, "rid", CLAIM.amounts, 1795435260, ("old",)), TAKEN)
    shown = readable(call)
    assert shown["UpdateExpression"] == (
        "SET c_tokens = c_tokens + -60, c_input_tokens = c_input_tokens + -30, "
        "c_output_tokens = c_output_tokens + -30, c_nano_usd = c_nano_usd + -180, "
        "s_tokens = s_tokens + 40, s_input_tokens = s_input_tokens + 30, "
        "s_output_tokens = s_output_tokens + 10, s_requests = s_requests + 1, s_nano_usd = s_nano_usd + 120, "
        "d.rid = settled 1795435260 REMOVE r.rid, d.old"
    )
    assert shown["ConditionExpression"] == "attribute_exists(r.rid)"


@pytest.mark.parametrize(
    ("policy", "update"),
    [
        ("charge", "SET s_tokens = s_tokens + 7, d.rid = charged 5 REMOVE r.rid"),
        ("release", "SET c_tokens = c_tokens + -7, d.rid = released 5 REMOVE r.rid"),
    ],
)
def test_an_expiry_asks_for_the_time_of_the_hold(policy, update) -> None:
    shown = readable(writes.expire_call("ledger", KEY, Hold("rid", Amounts(7), 5), 99, policy))
    assert (shown["UpdateExpression"], shown["ConditionExpression"]) == (update, "r.rid.e < 99")


def test_a_window_is_opened_with_zeros_and_deleted_long_after_its_end() -> None:
    call = writes.open_call("ledger", KEY)
    item = call.params["Item"]
    assert readable(call)["ConditionExpression"] == "attribute_not_exists(pk)"
    assert {name: value for name, value in item.items() if name[1:2] != "_"} == PK | {
        "r": {"M": {}},
        "d": {"M": {}},
        "ttl": {"N": str(int(datetime(2026, 12, 29, tzinfo=UTC).timestamp()))},
        "v": {"N": "1"},
    }
    assert items.count_of(item) == Count()
    assert items.key_of(item) == KEY


def test_every_request_fits_the_services_model_and_uses_placeholders_only() -> None:
    calls = [
        writes.open_call("ledger", KEY),
        writes.reserve_call("ledger", CLAIM),
        writes.settle_call("ledger", CLAIM.reservation(), TAKEN),
        writes.expire_call("ledger", KEY, Hold("rid", Amounts(7), 5), 99, "charge"),
        writes.reset_call("ledger", KEY),
        writes.read_call("ledger", KEY),
        writes.scan_call("ledger", PK),
    ]
    for call in calls:
        assert model_problems(call) == []
        text = " ".join(str(value) for name, value in call.params.items() if name.endswith("Expression"))
        words = text.replace("attribute_not_exists", "").replace("attribute_exists", "").replace("begins_with", "")
        assert set(words.upper().split()) & {"SET", "REMOVE", "AND"} or "(" in words or not text
        assert not any(name in words for name in ("tokens", "rid", "pk", "nano"))


def test_reserving_and_settling_is_one_write_each_and_no_read() -> None:
    ledger, table = filled()
    answer = ledger.reserve(roomy("two"))
    assert isinstance(answer, Admitted)
    ledger.settle(answer.reservation, TAKEN)
    assert table.calls == ["UpdateItem", "UpdateItem"]


def test_the_first_reserve_of_a_window_opens_it() -> None:
    table = DynamoTable()
    answer = DynamoLedger(table, "ledger").reserve(roomy("rid"))
    assert isinstance(answer, Admitted)
    assert (answer.count.committed, table.calls) == (CLAIM.amounts, ["UpdateItem", "PutItem", "UpdateItem"])


def test_a_denial_is_one_write_and_shows_the_counter() -> None:
    ledger, table = filled()
    answer = ledger.reserve(Claim(KEY, "two", CLAIM.amounts, 0, Ceiling(tokens=199)))
    assert isinstance(answer, Denied)
    assert (answer.count.committed, answer.reason, table.calls) == (CLAIM.amounts, "room", ["UpdateItem"])


def test_a_reserve_whose_answer_was_lost_finds_its_hold() -> None:
    ledger, _ = filled()
    answer = ledger.reserve(roomy("rid", expires=1))
    assert isinstance(answer, Admitted)
    assert (answer.replayed, answer.reservation.expires, answer.count.committed) == (True, CLAIM.expires, CLAIM.amounts)


def test_a_duplicate_of_a_reserve_that_comes_after_its_settle_holds_nothing() -> None:
    ledger, _ = filled()
    ledger.settle(roomy("rid").reservation(), TAKEN)
    answer = ledger.reserve(roomy("rid"))
    assert isinstance(answer, Denied)
    assert (answer.reason, ledger.read()[KEY].committed) == ("done", TAKEN)


def test_only_the_latest_endings_are_kept() -> None:
    ledger, _ = filled()
    for number in range(3 * DONE_KEPT):
        answer = ledger.reserve(roomy(f"r{number:02}", expires=number))
        assert isinstance(answer, Admitted)
        ledger.settle(answer.reservation, NOTHING)
    assert sorted(ledger.read()[KEY].done) == [f"r{n:02}" for n in range(2 * DONE_KEPT, 3 * DONE_KEPT)]


def test_a_settle_forgets_no_more_than_an_expression_can_hold() -> None:
    ledger, table = filled()
    answers = [ledger.reserve(roomy(f"r{number:03}", expires=number)) for number in range(90)]
    for answer in answers:
        assert isinstance(answer, Admitted)
        ledger.settle(answer.reservation, NOTHING)
    last = ledger.reserve(roomy("last"))
    assert isinstance(last, Admitted)
    assert last.reservation.forget == tuple(f"r{number:03}" for number in range(25))
    call = writes.settle_call("ledger", last.reservation, TAKEN)
    assert len(call.params["UpdateExpression"]) < 4096
    table.call(call)
    assert len(ledger.read()[KEY].done) == 90 - 25 + 1


def test_all_windows_are_read_over_all_pages_and_named_ones_by_their_key() -> None:
    ledger, table = filled()
    keys = [Key("*/minute", f"2026-11-23T12:0{n}") for n in range(5)]
    for key in keys:
        ledger.reserve(Claim(key, "r", TAKEN, 0))
    table.items["other"] = {"pk": {"S": "other"}}
    assert set(ledger.read()) == {KEY, *keys}
    assert ledger.read([keys[0], keys[0], Key("*/day", "2026-11-24")]) == {
        keys[0]: Count(TAKEN, NOTHING, {"r": Hold("r", TAKEN, 0)}),
        Key("*/day", "2026-11-24"): Count(),
    }


def test_an_item_that_is_none_of_ours_is_named() -> None:
    ledger, table = filled()
    del table.items[PK["pk"]["S"]]["s_tokens"]
    with pytest.raises(SentryError, match=r"'L#costCenter=sales/day#2026-11-23' cannot be read") as failed:
        ledger.read([KEY])
    assert failed.value.code == "CS0809"


def test_an_error_that_is_no_failed_condition_is_the_callers() -> None:
    class Down(DynamoTable):
        def call(self, call: ApiCall) -> Answer:
            raise SentryError("CS0806", "DynamoDB is unavailable")

    with pytest.raises(SentryError, match="unavailable"):
        DynamoLedger(Down(), "ledger").reserve(CLAIM)


def test_a_counter_that_vanishes_again_and_again_is_given_up() -> None:
    class Vanishing(DynamoTable):
        def PutItem(self, params: Any) -> Answer:  # noqa: N802 AWS's name
            return {}

    with pytest.raises(SentryError, match="vanishes"):
        DynamoLedger(Vanishing(), "ledger").reserve(CLAIM)


def test_an_item_with_ten_calls_in_flight_costs_few_write_units() -> None:
    ledger, table = filled()
    for number in range(DONE_KEPT):
        answer = ledger.reserve(roomy(f"{number:020x}"))
        assert isinstance(answer, Admitted)
        ledger.settle(answer.reservation, TAKEN)
    for number in range(100, 109):
        ledger.reserve(roomy(f"{number:020x}"))
    assert size(table.items[PK["pk"]["S"]]) <= 2 * 1024


def size(value: Any) -> int:
    """Bytes as DynamoDB counts them: names, texts, two digits a byte, one byte and three a map."""
    if "M" in value and isinstance(value["M"], dict):
        return 3 + sum(1 + len(name) + size(one) for name, one in value["M"].items())
    if set(value) == {"N"}:
        return len(value["N"]) // 2 + 2
    if set(value) == {"S"}:
        return len(value["S"].encode())
    return sum(len(name) + size(one) for name, one in value.items())


def test_a_request_is_plain_data() -> None:
    assert json.loads(json.dumps(writes.reserve_call("ledger", CLAIM).params))["TableName"] == "ledger"
