"""The audit event: one flat object per call, the field's own names, no content unasked, never too large."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from costsentry_cli.domain.audit import (
    EVENT_BYTES,
    INPUT_MESSAGES,
    LIMITS,
    OUTPUT_MESSAGES,
    Content,
    LimitState,
    Metered,
    as_line,
    event,
    put_call,
    stream_call,
    stream_name,
)
from costsentry_cli.domain.ledger.counters import Amounts
from costsentry_cli.domain.pricing import Tokens
from fakes import NOON, model_problems

PLAIN = Metered("r-1", NOON, "approved", "succeeded", "amazon.nova-lite-v1:0")
FULL = replace(
    PLAIN,
    model_metric="id0000000001",
    profile_name="docs-sales",
    profile_arn="arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/id0000000001",
    tags={"costCenter": "sales", "applicationId": "docs", "environment": "prod", "team": "x"},
    inference={"maxTokens": 100, "temperature": Decimal("0.5"), "topP": 1, "topK": 5},
    finish_reasons=["end_turn"],
    aws_request_id="0a1b",
    tokens=Tokens(input=10, output=20, cache_read=3, cache_write_5m=4, cache_write_1h=5),
    cost=Decimal("0.0000031"),
    price_source="catalogue",
    price_date=date(2026, 11, 1),
    reservation_id="rid",
    reserved=Amounts(130, 30, 100, 1, 5000),
    settled=Amounts(42, 22, 20, 1, 3100),
    limits=[LimitState("*/day", "2026-11-23", "tokens", 1000, 958, 130, 42)],
    latency_ms=812,
    adjustments=["maxTokens 1000 -> 100"],
    fallback_from="haiku",
)
LINE = (
    '{"aws.request_id":"0a1b","costsentry.adjustments":["maxTokens 1000 -> 100"],"costsentry.applicationId":"docs",'
    '"costsentry.attempt":1,"costsentry.costCenter":"sales","costsentry.cost_nano_usd":3100,'
    '"costsentry.cost_usd":"0.0000031","costsentry.decision":"approved","costsentry.ending":"succeeded",'
    '"costsentry.environment":"prod","costsentry.fallback_from":"haiku","costsentry.latency_ms":812,'
    '"costsentry.limits":[{"id":"*/day","limit":1000,"remaining":958,"reserved":130,"settled":42,"unit":"tokens",'
    '"window":"2026-11-23"}],"costsentry.model_metric":"id0000000001","costsentry.price.date":"2026-11-01",'
    '"costsentry.price.source":"catalogue",'
    '"costsentry.profile.arn":"arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/id0000000001",'
    '"costsentry.profile.name":"docs-sales","costsentry.request_id":"r-1","costsentry.reservation.id":"rid",'
    '"costsentry.reservation.input_tokens":30,"costsentry.reservation.nano_usd":5000,'
    '"costsentry.reservation.output_tokens":100,"costsentry.reservation.requests":1,'
    '"costsentry.reservation.tokens":130,"costsentry.settlement.estimated":false,'
    '"costsentry.settlement.input_tokens":22,"costsentry.settlement.nano_usd":3100,'
    '"costsentry.settlement.output_tokens":20,"costsentry.settlement.requests":1,"costsentry.settlement.tokens":42,'
    '"costsentry.timestamp":"2026-11-23T12:00:00.000Z","gen_ai.operation.name":"chat",'
    '"gen_ai.provider.name":"aws.bedrock","gen_ai.request.max_tokens":100,'
    '"gen_ai.request.model":"amazon.nova-lite-v1:0","gen_ai.request.temperature":0.5,"gen_ai.request.top_k":5,'
    '"gen_ai.request.top_p":1,"gen_ai.response.finish_reasons":["end_turn"],'
    '"gen_ai.usage.cache_creation.input_tokens":9,"gen_ai.usage.cache_read.input_tokens":3,'
    '"gen_ai.usage.input_tokens":22,"gen_ai.usage.output_tokens":20}'
)


def test_a_call_with_all_there_is_to_know_is_one_sorted_line() -> None:
    assert as_line(event(FULL)) == LINE


def test_what_is_not_known_is_left_out_and_a_zero_is_not() -> None:
    denied = replace(PLAIN, decision="denied", ending="denied", error="CS0206", tokens=Tokens(), cost=Decimal(0))
    found = event(denied)
    assert found["error.type"] == "CS0206"
    assert (found["gen_ai.usage.input_tokens"], found["costsentry.cost_usd"]) == (0, "0.00")
    assert not {LIMITS, "costsentry.costCenter", "costsentry.settlement.estimated", "aws.request_id"} & set(found)
    assert "costsentry.cost_nano_usd" not in event(PLAIN)


def test_a_time_is_written_in_utc_with_milliseconds() -> None:
    local = datetime(2026, 11, 23, 1, 2, 3, 999_999, tzinfo=timezone(timedelta(hours=2)))
    assert event(replace(PLAIN, at=local))["costsentry.timestamp"] == "2026-11-22T23:02:03.999Z"


def test_only_the_first_twenty_limits_are_told_so_that_no_field_is_hidden_from_a_query() -> None:
    many = [LimitState(f"l{n}", "w", "tokens", 1, 0) for n in range(25)]
    found = event(replace(FULL, limits=many))
    assert [limit["id"] for limit in found[LIMITS]] == [f"l{n}" for n in range(20)]
    assert found["costsentry.limits_left_out"] == 5
    fields = sum(len(v) * 7 if name == LIMITS else len(v) if isinstance(v, list) else 1 for name, v in found.items())
    assert fields <= 200


def test_no_word_of_prompt_and_answer_is_in_it_unless_asked_for() -> None:
    assert not any("messages" in name for name in event(FULL))
    told = event(FULL, Content("the prompt", "the answer", "the rules"))
    assert json.loads(told[INPUT_MESSAGES]) == [{"role": "user", "parts": [{"type": "text", "content": "the prompt"}]}]
    assert json.loads(told[OUTPUT_MESSAGES])[0]["role"] == "assistant"
    assert json.loads(told["gen_ai.system_instructions"]) == [{"type": "text", "content": "the rules"}]
    assert "costsentry.content_cut" not in told


@pytest.mark.parametrize("letter", ["a", "ü", "\x00", '"', "😀", "\\"])
def test_content_is_cut_to_the_largest_event_and_that_is_said(letter: str) -> None:
    told = event(FULL, Content(letter * 1_200_000, letter * 100))
    size = len(as_line(told))
    assert EVENT_BYTES * 0.8 < size <= EVENT_BYTES
    assert told["costsentry.content_cut"] is True
    assert json.loads(told[OUTPUT_MESSAGES])[0]["parts"][0]["content"] == letter * 100
    assert letter * 100 in json.loads(told[INPUT_MESSAGES])[0]["parts"][0]["content"]


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=200), st.text(max_size=200))
def test_whatever_was_said_is_one_line_of_ascii_that_reads_back(prompt: str, word: str) -> None:
    told = event(replace(FULL, profile_name=word), Content(prompt, word))
    line = as_line(told)
    assert line.isascii()
    assert "\n" not in line
    assert json.loads(line) == told


def test_it_is_written_under_its_own_time_and_aws_takes_the_calls() -> None:
    stream = stream_name(NOON, "5f2a90c1")
    assert stream == "2026/11/23/5f2a90c1"
    call = put_call(event(FULL), "/costsentry/docs", stream, "us-east-1")
    (entry,) = call.params["logEvents"]
    assert entry == {"timestamp": int(NOON.timestamp() * 1000), "message": LINE}
    assert (call.service, call.operation, call.region) == ("logs", "PutLogEvents", "us-east-1")
    assert model_problems(call) == model_problems(stream_call("/costsentry/docs", stream, None)) == []
