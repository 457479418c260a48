"""The library's face: an application's own boto3 client, metered, in front of the sandbox."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, EventStreamError, ParamValidationError, ReadTimeoutError

from application import ASK, BOTH, IMAGE, SALES, Application, application
from costsentry_cli.domain.errors import SentryError
from costsentry_cli.library import invoke
from costsentry_cli.sandbox import FaultRule
from fakes import HAIKU, LITE, FrozenClock


def test_converse_goes_through_the_payers_profile_and_is_settled_to_the_token(tmp_path: Path) -> None:
    app = application(tmp_path)
    client = app.metered()
    answer = client.converse(**ASK)
    assert answer["stopReason"] == "end_turn"
    usage = answer["usage"]["totalTokens"]
    assert app.spent() == [("Converse", HAIKU, usage)]
    assert (app.count().settled.tokens, dict(app.count().holds)) == (usage, {})
    assert client.last is not None
    assert client.last.charged.tokens == usage
    assert [event["costsentry.ending"] for event in app.events] == ["succeeded"]


def test_without_max_tokens_a_modest_number_is_sent_and_reserved(tmp_path: Path) -> None:
    app = application(tmp_path)
    client = app.metered()
    sent: list[Any] = []
    app.client.meta.events.register("before-parameter-build.*", lambda params, **_: sent.append(dict(params)))
    client.converse(**ASK)
    assert sent[0]["inferenceConfig"] == {"maxTokens": 1024}
    client.converse(**ASK, inferenceConfig={"maxTokens": 7, "temperature": 0.5})
    assert sent[1]["inferenceConfig"] == {"maxTokens": 7, "temperature": 0.5}
    reserved = [event["costsentry.reservation.output_tokens"] for event in app.events]
    assert reserved == [1024, 7]


def test_a_denied_call_raises_and_calls_nothing(tmp_path: Path) -> None:
    app = application(tmp_path)
    client = app.metered()
    with pytest.raises(SentryError) as denied:
        client.converse(**ASK, inferenceConfig={"maxTokens": 2999})
    assert denied.value.code == "CS0206"
    assert app.spent() == []
    assert app.count().committed.tokens == 0
    assert client.last is not None
    assert client.last.ending.value == "denied"
    client.converse(**ASK)
    assert len(app.spent()) == 1


def test_a_stream_read_to_its_end_is_settled_to_the_token(tmp_path: Path) -> None:
    app = application(tmp_path)
    client = app.metered()
    events = list(client.converse_stream(**ASK)["stream"])
    assert "messageStart" in events[0]
    usage = events[-1]["metadata"]["usage"]["totalTokens"]
    assert app.spent() == [("ConverseStream", HAIKU, usage)]
    assert (app.count().settled.tokens, dict(app.count().holds)) == (usage, {})


def reserved(app: Application) -> int:
    (event,) = app.events
    assert event["costsentry.ending"] == "unknown"
    return int(event["costsentry.reservation.tokens"])


def test_a_stream_that_is_let_go_after_some_events_is_charged_in_full(tmp_path: Path) -> None:
    app = application(tmp_path)
    stream = app.metered().converse_stream(**ASK)["stream"]
    next(stream)
    assert len(app.count().holds) == 1
    stream.close()
    assert (app.count().settled.tokens, dict(app.count().holds)) == (reserved(app), {})


def test_a_stream_nobody_ever_read_is_charged_in_full_once_nobody_has_it(tmp_path: Path) -> None:
    app = application(tmp_path)
    app.metered().converse_stream(**ASK)
    assert (app.count().settled.tokens, dict(app.count().holds)) == (reserved(app), {})


def test_an_application_that_fails_while_it_reads_is_charged_in_full(tmp_path: Path) -> None:
    app = application(tmp_path)

    def reading() -> None:
        for _ in app.metered().converse_stream(**ASK)["stream"]:
            raise RuntimeError("the application's own")

    with suppress(RuntimeError):
        reading()
    assert (app.count().settled.tokens, dict(app.count().holds)) == (reserved(app), {})


def test_a_stream_that_breaks_off_raises_the_librarys_own_and_is_charged_in_full(tmp_path: Path) -> None:
    app = application(tmp_path)
    app.sandbox.add_fault(FaultRule("bedrock-runtime", "ConverseStream", "truncate-stream"))
    client = app.metered()
    seen = []
    with suppress(EventStreamError, OSError):
        seen.extend(client.converse_stream(**ASK)["stream"])
    assert not any("metadata" in event for event in seen)
    assert (app.count().settled.tokens, dict(app.count().holds)) == (reserved(app), {})


@pytest.mark.parametrize(
    ("retries", "effect", "raised", "charged"),
    [
        ("legacy", "throttle", ClientError, False),
        ("standard", "throttle", ClientError, False),
        ("adaptive", "throttle", ClientError, False),
        ("standard", "error:AccessDeniedException:403", ClientError, False),
        ("legacy", "http500", ClientError, True),
        ("standard", "error:ModelTimeoutException:408", ClientError, True),
        ("adaptive", "timeout", ReadTimeoutError, True),
    ],
)
def test_a_failure_is_the_librarys_own_after_one_attempt_and_charged_unless_nothing_was_done(
    tmp_path: Path, retries: str, effect: str, raised: type[Exception], charged: bool
) -> None:
    app = application(tmp_path, retries=retries)
    app.sandbox.add_fault(FaultRule("bedrock-runtime", "Converse", effect, times=None))
    client = app.metered()
    with pytest.raises(raised) as failed:
        client.converse(**ASK)
    assert type(failed.value).__module__.startswith("botocore")
    assert app.seen() == 1
    assert dict(app.count().holds) == {}
    assert app.count().settled.requests == 1
    assert (app.count().settled.tokens > 0) is charged
    assert client.last is not None
    assert client.last.unknown is charged


def test_a_modeled_exception_is_the_clients_class(tmp_path: Path) -> None:
    app = application(tmp_path)
    app.sandbox.add_fault(FaultRule("bedrock-runtime", "Converse", "throttle"))
    client = app.metered()
    with pytest.raises(client.exceptions.ThrottlingException):
        client.converse(**ASK)


@pytest.mark.parametrize(
    "wrong",
    [
        {"messages": [{"role": "user", "content": "What is S3?"}]},
        {"messages": "What is S3?"},
        {"messages": [{"role": "user"}]},
        ASK | {"inferenceConfig": {"maxTokens": "many"}},
        ASK | {"no_such_parameter": 1},
    ],
)
def test_parameters_of_a_wrong_form_are_the_librarys_own_error_and_reserve_nothing(
    tmp_path: Path, wrong: dict[str, Any]
) -> None:
    app = application(tmp_path)
    with pytest.raises(ParamValidationError):
        app.metered().converse(**wrong)
    assert app.events == []
    with pytest.raises(ValueError, match="not enough values"):
        app.count()


def test_other_operations_go_to_the_client_and_those_that_pay_past_the_gate_do_not(tmp_path: Path) -> None:
    app = application(tmp_path)
    client = app.metered()
    counted = client.count_tokens(modelId=HAIKU.removeprefix("us."), input={"converse": ASK})
    assert counted["inputTokens"] > 0
    assert client.meta.region_name == "us-east-1"
    for name in ("invoke_model", "invoke_model_with_response_stream", "start_async_invoke"):
        assert hasattr(app.client, name)
        with pytest.raises(AttributeError, match="is not metered"):
            getattr(client, name)
    assert app.spent() == []


def test_an_image_passes_a_limit_where_aws_counts_it(tmp_path: Path) -> None:
    app = application(tmp_path)
    app.metered().converse(**IMAGE)
    (event,) = app.events
    assert event["costsentry.reservation.input_tokens"] > 1000
    assert event["costsentry.settlement.tokens"] <= event["costsentry.reservation.tokens"]


TOOL_TALK = {
    "messages": [
        {"role": "user", "content": [{"text": "What is the weather?"}]},
        {"role": "assistant", "content": [{"toolUse": {"toolUseId": "t1", "name": "weather", "input": {}}}]},
        {"role": "user", "content": [{"toolResult": {"toolUseId": "t1", "content": [{"text": "rain"}]}}]},
    ],
    "toolConfig": {"tools": [{"toolSpec": {"name": "weather", "inputSchema": {"json": {"type": "object"}}}}]},
}


@pytest.mark.parametrize("asked", [IMAGE, TOOL_TALK])
def test_what_nobody_counts_is_refused_where_a_limit_stands_and_passes_where_none_does(
    tmp_path: Path, asked: dict[str, Any]
) -> None:
    (tmp_path / "limited").mkdir()
    limited = application(tmp_path / "limited", BOTH)
    with pytest.raises(SentryError) as refused:
        limited.metered("lite").converse(**asked)
    assert (refused.value.code, "not bounded" in refused.value.message) == ("CS0206", True)
    assert limited.spent() == []
    app = application(tmp_path)
    app.metered("lite").converse(**asked)
    assert [model for _, model, _ in app.spent()] == [LITE]


def test_the_tier_that_is_asked_for_is_the_one_that_is_reserved(tmp_path: Path) -> None:
    app = application(tmp_path, SALES.replace("sales", "pro"))
    client = app.metered("pro")
    for tier in ("default", "priority"):
        client.converse(**ASK, serviceTier={"type": tier})
    plain, dear = (event["costsentry.reservation.nano_usd"] for event in app.events)
    assert dear > plain
    for event in app.events:
        assert event["costsentry.settlement.nano_usd"] <= event["costsentry.reservation.nano_usd"]


def test_an_interruption_while_the_call_is_under_way_is_charged_in_full_and_goes_on(tmp_path: Path) -> None:
    app = application(tmp_path)
    client = app.metered()

    def stop(**_: Any) -> None:
        raise KeyboardInterrupt

    app.client.meta.events.register_first("before-send.bedrock-runtime.Converse", stop)
    with pytest.raises(KeyboardInterrupt):
        client.converse(**ASK)
    assert (app.count().settled.tokens, dict(app.count().holds)) == (reserved(app), {})


def test_nobody_pays_is_said_before_there_is_a_client(tmp_path: Path) -> None:
    with pytest.raises(SentryError) as nobody:
        application(tmp_path).metered("salse")
    assert nobody.value.code == "CS0105"


def test_invoke_is_one_metered_call_of_the_librarys_own(tmp_path: Path) -> None:
    app = application(tmp_path)

    def asked(most: int) -> Any:
        return invoke(
            app.books,
            app.manifest,
            "Hi",
            cost_center="sales",
            region="us-east-1",
            max_tokens=most,
            clock=FrozenClock(),
        )

    reply = asked(100)
    assert reply.error is None
    assert reply.called is not None
    assert app.count().settled.tokens == reply.charged.tokens
    denied = asked(3000)
    assert denied.error is not None
    assert denied.error.code == "CS0206"
    assert len(app.spent()) == 1


def events_of(stream: Iterator[Any]) -> list[str]:
    return [next(iter(event)) for event in stream]


def test_the_stream_is_the_clients_own_event_by_event(tmp_path: Path) -> None:
    app = application(tmp_path)
    profile = app.metered()
    through = events_of(profile.converse_stream(**ASK)["stream"])
    plain = events_of(app.client.converse_stream(modelId=HAIKU, **ASK, inferenceConfig={"maxTokens": 1024})["stream"])
    assert through == plain
