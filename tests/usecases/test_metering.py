"""Invoke: one profile, one paid call, one PutMetricData."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from costsentry_cli.domain.calls import ApiCall
from costsentry_cli.domain.catalog import Tokens
from costsentry_cli.domain.errors import SentryError
from costsentry_cli.domain.meter import Caller, Ending, metrics_call, tokens_of
from costsentry_cli.usecases.invoke import Chosen, Wanted, estimate, invoke, resolve
from fakes import BASIC, HAIKU, LITE, NOON, FakeCloud, FrozenClock, arn, manifest, summary, tag_list

SALES = {
    "costsentry:namespace": "docs-helper",
    "costsentry:key": "aws-docs-sales-prod",
    "costsentry:spec": f"v1:{HAIKU}",
    "costCenter": "sales",
    "applicationId": "aws-documentation-helper",
    "environment": "production",
}
CHOSEN = Chosen(arn(1), "aws-docs-sales-prod", HAIKU, SALES)
USAGE = {"inputTokens": 10, "outputTokens": 4, "totalTokens": 14}
ANSWER = {
    "output": {"message": {"role": "assistant", "content": [{"text": "Hello "}, {"text": "you"}]}},
    "stopReason": "end_turn",
    "usage": USAGE,
    "metrics": {"latencyMs": 5},
    "ResponseMetadata": {"RequestId": "req-9"},
}


def account(*profiles: tuple[str, dict[str, str]]) -> FakeCloud:
    tags = {arn(n): tags for n, (_, tags) in enumerate(profiles)}
    return FakeCloud(
        {
            "ListInferenceProfiles": {
                "inferenceProfileSummaries": [summary(name, n) for n, (name, _) in enumerate(profiles)]
            },
            "ListTagsForResource": lambda call: tag_list(tags[call.params["resourceARN"]]),
        }
    )


def counted(call: ApiCall) -> dict[str, Any]:
    return {one["MetricName"]: one["Value"] for one in call.params["MetricData"]}


def called(cloud: FakeCloud) -> Any:
    return invoke(cloud, CHOSEN, "Hi", region="us-east-1", clock=FrozenClock(), max_tokens=50)


def test_the_profile_is_found_by_its_tags_and_only_candidates_are_asked_for_theirs(tmp_path: Path) -> None:
    cloud = account(("aws-docs-sales-prod", SALES), ("unrelated", {}))
    chosen = resolve(cloud, manifest(tmp_path), Wanted("sales"), "us-east-1")
    assert chosen == Chosen(arn(0), "aws-docs-sales-prod", HAIKU, SALES)
    assert cloud.operations() == ["ListInferenceProfiles", "ListTagsForResource"]


def test_a_profile_with_the_right_name_but_another_owner_is_not_used(tmp_path: Path) -> None:
    cloud = account(("aws-docs-sales-prod", SALES | {"costsentry:namespace": "theirs"}))
    with pytest.raises(SentryError) as refused:
        resolve(cloud, manifest(tmp_path), Wanted("sales"), "us-east-1")
    assert (refused.value.code, "sentry profiles sync" in refused.value.help) == ("CS0105", True)


def test_a_cost_centre_that_is_not_in_the_manifest_is_answered_with_those_that_are(tmp_path: Path) -> None:
    cloud = account()
    with pytest.raises(SentryError) as refused:
        resolve(cloud, manifest(tmp_path), Wanted("salse"), "us-east-1")
    assert "sales, services, support" in refused.value.help
    assert cloud.calls == []


def test_two_profiles_that_fit_are_told_apart_by_the_model(tmp_path: Path) -> None:
    text = BASIC.replace(
        "cost_allocation_tags", "  - {name: lite, model: nova-lite, tags: {costCenter: sales}}\ncost_allocation_tags"
    )
    lite = SALES | {"costsentry:key": "lite", "costsentry:spec": f"v1:{LITE}"}
    both = (("aws-docs-sales-prod", SALES), ("lite", lite))
    with pytest.raises(SentryError) as refused:
        resolve(account(*both), manifest(tmp_path, text), Wanted("sales"), "us-east-1")
    assert refused.value.code == "CS0106"
    chosen = resolve(account(*both), manifest(tmp_path, text), Wanted("sales", model="nova-lite"), "us-east-1")
    assert chosen.model == LITE


def test_a_success_counts_requests_and_tokens_once() -> None:
    cloud = FakeCloud({"Converse": ANSWER, "PutMetricData": {}})
    reply = called(cloud)
    assert (reply.text, reply.stop_reason, reply.request_id) == ("Hello you", "end_turn", "req-9")
    assert cloud.operations() == ["Converse", "PutMetricData"]
    assert counted(cloud.calls[1]) == {
        "TotalRequests": 1,
        "RateLimitApproved": 1,
        "RateLimitDenied": 0,
        "InvocationFailed": 0,
        "InputTokens": 10,
        "OutputTokens": 4,
    }


def test_the_paid_call_names_the_profile_by_arn_and_always_its_most_tokens() -> None:
    cloud = FakeCloud({"Converse": ANSWER, "PutMetricData": {}})
    called(cloud)
    assert cloud.calls[0].paid
    assert cloud.calls[0].params["modelId"] == arn(1)
    assert cloud.calls[0].params["inferenceConfig"] == {"maxTokens": 50}


def test_a_failed_call_is_counted_without_tokens_and_its_error_reaches_the_caller() -> None:
    cloud = FakeCloud({"Converse": SentryError("CS0810", "model broke"), "PutMetricData": {}})
    with pytest.raises(SentryError, match="model broke"):
        called(cloud)
    assert counted(cloud.calls[1]) == {
        "TotalRequests": 1,
        "RateLimitApproved": 1,
        "RateLimitDenied": 0,
        "InvocationFailed": 1,
    }


def test_an_answer_that_is_paid_for_is_given_even_when_it_cannot_be_counted() -> None:
    cloud = FakeCloud({"Converse": ANSWER, "PutMetricData": SentryError("CS0403", "no metrics")})
    reply = called(cloud)
    assert reply.text == "Hello you"
    assert reply.uncounted is not None


def test_the_cost_is_price_times_tokens_and_unknown_without_a_price() -> None:
    assert estimate(LITE, Tokens(input=1000, output=1000), "us-east-1") == Decimal("0.0003")
    assert estimate("made.up-model-v1:0", Tokens(input=1), "us-east-1") is None


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
