"""A metered call: who pays, one reservation, one paid call, one settlement, one PutMetricData, one record."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from costsentry_cli.aws.translation import not_tried
from costsentry_cli.domain.calls import ApiCall
from costsentry_cli.domain.catalog import Tokens
from costsentry_cli.domain.errors import SentryError
from costsentry_cli.domain.ledger.dynamodb import DynamoLedger
from costsentry_cli.domain.ledger.gate import Gate
from costsentry_cli.domain.meter import Caller, Ending, metrics_call, tokens_of
from costsentry_cli.domain.metering.attribution import Chosen
from costsentry_cli.domain.metering.fitting import Fitted
from dynamo_table import DynamoTable
from fakes import BASIC, HAIKU, LITE, NOON, FrozenClock, arn, manifest, summary, tag_list
from metered_desk import ANSWER, CHOSEN, SALES, USAGE, counted, desk, request


def test_a_success_is_reserved_called_once_settled_counted_and_recorded(tmp_path: Path) -> None:
    sales = desk(tmp_path)
    reply = sales.ask()
    assert reply.called is not None
    assert (reply.called.text, reply.called.stop_reason, reply.called.request_id) == ("Hello you", "end_turn", "req-9")
    assert reply.error is None
    assert sales.cloud.operations()[-2:] == ["Converse", "PutMetricData"]
    assert counted(sales.cloud.calls[-1]) == {
        "TotalRequests": 1,
        "RateLimitApproved": 1,
        "RateLimitDenied": 0,
        "InvocationFailed": 0,
        "InputTokens": 10,
        "OutputTokens": 4,
    }
    assert reply.decision.amounts.tokens == 70
    assert sales.settled() == [14]
    (event,) = sales.events
    assert (event["costsentry.decision"], event["costsentry.ending"]) == ("approved", "succeeded")
    assert event["gen_ai.usage.input_tokens"] == 10


def test_the_paid_call_names_the_profile_by_arn_and_always_its_most_tokens(tmp_path: Path) -> None:
    sales = desk(tmp_path)
    sales.ask()
    (call,) = [call for call in sales.cloud.calls if call.operation == "Converse"]
    assert call.paid
    assert call.params["modelId"] == arn(1)
    assert call.params["inferenceConfig"] == {"maxTokens": 50}
    assert call.params["requestMetadata"]["costCenter"] == "sales"


def test_a_call_that_might_pass_a_limit_is_denied_before_it_costs_anything(tmp_path: Path) -> None:
    sales = desk(tmp_path)
    replies = [sales.ask() for _ in range(12)]
    endings = [reply.ending for reply in replies]
    assert endings[:10] == [Ending.SUCCEEDED] * 10
    assert endings[10:] == [Ending.DENIED] * 2
    assert sales.paid() == 10
    denied = replies[-1]
    assert denied.error is not None
    assert denied.error.code == "CS0206"
    assert "costCenter=sales/day has no room: this call may need 70 tokens, 60 tokens left" in denied.error.message
    assert denied.error.help.startswith("a new window begins at 2026-11-24T00:00:00Z")
    assert counted(sales.cloud.calls[-1])["RateLimitDenied"] == 1
    assert sales.events[-1]["costsentry.decision"] == "denied"


def test_a_call_without_limits_asks_no_ledger_and_counts_no_tokens_before(tmp_path: Path) -> None:
    sales = desk(tmp_path, limits="")
    sales.ask()
    assert "CountTokens" not in sales.cloud.operations()
    assert sales.ledger.read() == {}


def test_a_dollar_limit_refuses_a_model_without_a_price_and_calls_nothing(tmp_path: Path) -> None:
    odd = "made.up-model-v1:0"
    script = {"ListTagsForResource": tag_list(SALES | {"costsentry:spec": f"v1:{odd}"})}
    sales = desk(tmp_path, **script)
    reply = sales.calls.run(sales.calls.bounded(request(), Chosen(arn(1), "p", odd, SALES), Fitted(PARAMS)))
    assert reply.error is not None
    assert "the price of this model is unknown" in reply.error.message
    assert sales.paid() == 0


PARAMS: dict[str, Any] = {
    "messages": [{"role": "user", "content": [{"text": "Hi"}]}],
    "inferenceConfig": {"maxTokens": 50},
}


@pytest.mark.parametrize(
    ("error", "tokens", "unknown"),
    [
        (SentryError("CS0801", "ThrottlingException: slow down", undone=True), 0, False),
        (SentryError("CS0802", "ValidationException: no", undone=True), 0, False),
        (SentryError("CS0808", "Read timeout"), 70, True),
        (SentryError("CS0806", "InternalServerException: sorry"), 70, True),
        (SentryError("CS0810", "ModelErrorException: broke"), 70, True),
    ],
)
def test_a_failure_is_charged_in_full_unless_it_was_certainly_not_carried_out(
    tmp_path: Path, error: SentryError, tokens: int, unknown: bool
) -> None:
    sales = desk(tmp_path, Converse=error)
    reply = sales.ask()
    assert (reply.error, reply.ending, reply.unknown) == (error, Ending.FAILED, unknown)
    assert sales.settled() == [tokens]
    assert sales.paid() == 1
    assert counted(sales.cloud.calls[-1]) == {
        "TotalRequests": 1,
        "RateLimitApproved": 1,
        "RateLimitDenied": 0,
        "InvocationFailed": 1,
    }
    assert sales.events[-1]["costsentry.ending"] == ("unknown" if unknown else "failed")


THREE = """
limits:
  - {match: {costCenter: sales}, per: day, tokens: 2000, usd: 1}
  - {match: {model: haiku}, per: minute, requests: 60}
  - {match: {}, per: month, usd: 100, mode: observe}
"""


def test_a_call_costs_two_writes_of_the_ledger_for_each_limit_that_matches_and_no_read(tmp_path: Path) -> None:
    sales, table = desk(tmp_path, THREE), DynamoTable()
    sales.calls.gate = Gate(DynamoLedger(table, "ledger"), FrozenClock(), 60)
    sales.ask()
    assert sorted(table.calls) == ["PutItem"] * 3 + ["UpdateItem"] * 9  # the first of each window opens it
    table.calls.clear()
    sales.ask()
    assert table.calls == ["UpdateItem"] * 6
    assert {item["c_requests"]["N"] for item in table.items.values()} == {"2"}


def interrupted(call: ApiCall) -> Any:
    raise KeyboardInterrupt


def test_an_interruption_in_the_middle_is_charged_in_full_and_says_so(tmp_path: Path) -> None:
    sales = desk(tmp_path, Converse=interrupted)
    with pytest.raises(SentryError) as stopped:
        sales.ask()
    assert stopped.value.code == "CS0902"
    assert "charged in full (70 tokens" in stopped.value.message
    assert sales.settled() == [70]
    assert sales.events[-1]["costsentry.ending"] == "unknown"


def test_a_second_attempt_is_a_reservation_of_its_own(tmp_path: Path) -> None:
    slow = SentryError("CS0801", "ThrottlingException: slow down", undone=True)
    sales = desk(tmp_path, Converse=[slow, slow, ANSWER])
    reply = sales.ask(attempts=3)
    assert (reply.ending, reply.attempt, sales.paid()) == (Ending.SUCCEEDED, 3, 3)
    rids = {event["costsentry.reservation.id"] for event in sales.events}
    assert len(rids) == 3
    (count,) = sales.ledger.read().values()
    assert (count.settled.requests, count.settled.tokens) == (3, 14)


def test_without_being_asked_for_nothing_is_tried_twice(tmp_path: Path) -> None:
    sales = desk(tmp_path, Converse=SentryError("CS0801", "ThrottlingException: slow down", undone=True))
    sales.ask()
    assert sales.paid() == 1


FALLBACK = """
  - {name: lite-sales, model: nova-lite, tags: {costCenter: sales}}
limits:
  - {match: {model: haiku}, per: minute, tokens: 60, fallback: nova-lite}
"""


def test_a_denied_model_falls_back_to_the_cheaper_one_and_both_are_recorded(tmp_path: Path) -> None:
    lite = SALES | {"costsentry:key": "lite-sales", "costsentry:spec": f"v1:{LITE}"}
    tags = {arn(1): SALES, arn(2): lite}
    listing = [summary("aws-docs-sales-prod", 1), summary("lite-sales", 2, LITE)]
    script = {
        "ListInferenceProfiles": {"inferenceProfileSummaries": listing},
        "ListTagsForResource": lambda call: tag_list(tags[call.params["resourceARN"]]),
    }
    sales = desk(tmp_path, limits="", **script)
    text = BASIC.replace("cost_allocation_tags:", FALLBACK.strip("\n").split("limits:")[0] + "cost_allocation_tags:")
    sales.calls.manifest = manifest(tmp_path, text + "limits:" + FALLBACK.split("limits:")[1])
    said: list[str] = []
    chosen = Chosen(arn(1), "aws-docs-sales-prod", HAIKU, SALES)
    reply = sales.calls.run(sales.calls.bounded(request(), chosen, Fitted(PARAMS)), told=said.append)
    assert (reply.ending, reply.prepared.chosen.model, reply.prepared.fallback_from) == (
        Ending.SUCCEEDED,
        LITE,
        HAIKU,
    )
    assert said[0].endswith("falling back to nova-lite")
    assert [event["costsentry.decision"] for event in sales.events] == ["denied", "approved"]
    assert sales.events[-1]["costsentry.fallback_from"] == HAIKU


def pieces(*events: dict[str, Any]) -> dict[str, Any]:
    return {"stream": iter(events), "ResponseMetadata": {"RequestId": "req-10"}}


HELLO = [{"contentBlockDelta": {"contentBlockIndex": 0, "delta": {"text": word}}} for word in ("Hel", "lo")]
STOP = {"messageStop": {"stopReason": "end_turn"}}
METADATA = {"metadata": {"usage": USAGE, "metrics": {"latencyMs": 5}}}


def test_a_stream_is_told_piece_by_piece_and_settled_by_its_usage(tmp_path: Path) -> None:
    sales = desk(tmp_path, ConverseStream=lambda _: pieces(*HELLO, STOP, METADATA))
    heard: list[str] = []
    reply = sales.ask(stream=True, on_text=heard.append)
    assert reply.called is not None
    assert (heard, reply.called.text, sales.settled()) == (["Hel", "lo"], "Hello", [14])


def test_a_stream_without_usage_is_unknown_and_charged_in_full(tmp_path: Path) -> None:
    sales = desk(tmp_path, ConverseStream=lambda _: pieces(*HELLO))
    reply = sales.ask(stream=True)
    assert (reply.unknown, reply.error, sales.settled()) == (True, None, [70])
    assert sales.events[-1]["costsentry.settlement.estimated"] is True


def broken_off(call: ApiCall) -> dict[str, Any]:
    def events() -> Iterator[dict[str, Any]]:
        yield HELLO[0]
        raise SentryError("CS0807", "the stream broke off")

    return {"stream": events(), "ResponseMetadata": {"RequestId": "req-10"}}


def test_a_stream_that_breaks_off_is_charged_in_full(tmp_path: Path) -> None:
    sales = desk(tmp_path, ConverseStream=broken_off)
    reply = sales.ask(stream=True)
    assert (reply.unknown, sales.settled()) == (True, [70])


def test_an_answer_that_is_paid_for_is_given_even_when_it_cannot_be_counted(tmp_path: Path) -> None:
    sales = desk(tmp_path, PutMetricData=SentryError("CS0403", "no metrics"))
    reply = sales.ask()
    assert reply.called is not None
    assert reply.uncounted is not None


def test_no_prompt_and_no_answer_is_recorded_unless_that_is_asked_for(tmp_path: Path) -> None:
    sales = desk(tmp_path)
    sales.ask("the secret plan")
    assert "secret plan" not in str(sales.events)
    assert "Hello you" not in str(sales.events)
    sales.calls.content = True
    sales.ask("the secret plan")
    assert "secret plan" in str(sales.events[-1])
    assert "Hello you" in str(sales.events[-1])


def test_dimensions_are_the_articles_five_and_empty_ones_are_left_out() -> None:
    names = [d["Name"] for d in CHOSEN.caller().dimensions()]
    assert names == ["Model", "ModelId", "CostCenter", "Application", "Environment"]
    assert CHOSEN.caller().model_metric == "id0000000001"
    assert [d["Name"] for d in Caller(HAIKU, "id1").dimensions()] == ["Model", "ModelId"]


def test_a_denied_call_counts_as_denied_and_not_as_approved() -> None:
    call = metrics_call(CHOSEN.caller(), Ending.DENIED, Tokens(), NOON, "us-east-1")
    assert counted(call) == {"TotalRequests": 1, "RateLimitApproved": 0, "RateLimitDenied": 1, "InvocationFailed": 0}


def test_cached_tokens_are_read_by_their_kind_and_lifetime() -> None:
    usage = USAGE | {
        "cacheReadInputTokens": 7,
        "cacheWriteInputTokens": 30,
        "cacheDetails": [{"ttl": "5m", "inputTokens": 10}, {"ttl": "1h", "inputTokens": 20}],
    }
    assert tokens_of(usage) == Tokens(input=10, output=4, cache_read=7, cache_write_5m=10, cache_write_1h=20)


def test_a_fallback_without_a_profile_leaves_the_call_denied(tmp_path: Path) -> None:
    limits = "limits:\n  - {match: {costCenter: sales}, per: minute, tokens: 60, fallback: nova-lite}\n"
    extra = "  - {name: lite-services, model: nova-lite, tags: {costCenter: services}}\ncost_allocation_tags:"
    sales = desk(tmp_path, limits="")
    sales.calls.manifest = manifest(tmp_path, BASIC.replace("cost_allocation_tags:", extra) + limits)
    reply = sales.calls.run(sales.calls.bounded(request(), CHOSEN, Fitted(PARAMS)))
    assert (reply.ending, reply.error and reply.error.code, sales.paid()) == (Ending.DENIED, "CS0206", 0)


def test_a_call_that_was_not_begun_is_not_charged(tmp_path: Path) -> None:
    sales = desk(tmp_path, Converse=not_tried(ApiCall("bedrock-runtime", "Converse")))
    reply = sales.ask()
    assert (reply.unknown, sales.settled()) == (False, [0])
