"""Model invocation logging in the sandbox: one configuration a region, a record a call, prompts only when asked for."""

from __future__ import annotations

import json

import pytest
from sandbox_runtime_world import MODULES, NOVA, World

GROUP, ROLE = "/bedrock/invocations", "arn:aws:iam::123456789012:role/bedrock-logs"
TO_LOGS = {"cloudWatchConfig": {"logGroupName": GROUP, "roleArn": ROLE}}
SECRET = "the merger is called Project Heron"


@pytest.fixture
def world(tmp_path, monkeypatch):
    monkeypatch.setitem(MODULES, "logs", "logs")
    made = World(tmp_path / "sandbox.db")
    made.call("logs", "CreateLogGroup", logGroupName=GROUP)
    return made


def put(world, **config):
    world.bedrock("PutModelInvocationLoggingConfiguration", loggingConfig=config)


def records(world):
    told = world.call("logs", "FilterLogEvents", logGroupName=GROUP)["events"]
    assert {event["logStreamName"] for event in told} <= {"aws/bedrock/modelinvocations"}
    return [json.loads(event["message"]) for event in told if event["message"].startswith("{")]


def test_a_configuration_is_of_one_region_and_gone_when_deleted(world):
    put(world, **TO_LOGS, textDataDeliveryEnabled=False)
    answer = world.bedrock("GetModelInvocationLoggingConfiguration")
    assert answer == {"loggingConfig": TO_LOGS | {"textDataDeliveryEnabled": False}}
    assert world.bedrock("GetModelInvocationLoggingConfiguration", region="us-west-2") == {}
    world.bedrock("DeleteModelInvocationLoggingConfiguration")
    assert world.bedrock("GetModelInvocationLoggingConfiguration") == {}
    world.converse()
    assert records(world) == []


def test_a_record_says_who_called_what_with_how_many_tokens(world):
    put(world, **TO_LOGS)
    usage = world.converse(requestMetadata={"costCenter": "sales"})["usage"]
    (record,) = records(world)
    assert record["identity"] == {"arn": "arn:aws:iam::123456789012:user/sandbox"}
    assert (record["modelId"], record["operation"], record["schemaType"]) == (NOVA, "Converse", "ModelInvocationLog")
    assert record["timestamp"] == "2026-11-23T12:00:00Z"
    assert record["input"]["inputTokenCount"] == usage["inputTokens"]
    assert record["output"]["outputTokenCount"] == usage["outputTokens"]
    assert record["requestMetadata"] == {"costCenter": "sales"}
    assert "errorCode" not in record


@pytest.mark.parametrize("config", [{}, {"textDataDeliveryEnabled": False}, {"imageDataDeliveryEnabled": True}])
def test_what_was_said_is_in_no_record_unless_text_is_delivered(world, config):
    put(world, **TO_LOGS, **config)
    answered = world.converse(text=SECRET)["output"]["message"]["content"][0]["text"]
    kept = json.dumps(records(world))
    assert SECRET not in kept
    assert answered not in kept


def test_with_text_delivered_the_record_has_both_sides(world):
    put(world, **TO_LOGS, textDataDeliveryEnabled=True)
    answered = world.converse(text=SECRET)["output"]
    (record,) = records(world)
    assert record["input"]["inputBodyJson"]["messages"][0]["content"] == [{"text": SECRET}]
    assert record["output"]["outputBodyJson"]["output"] == answered


def test_a_body_that_is_too_large_is_left_out_and_its_tokens_are_not(world):
    put(world, **TO_LOGS, textDataDeliveryEnabled=True)
    world.converse(text="word " * 25_000)
    (record,) = records(world)
    assert "inputBodyJson" not in record["input"]
    assert record["input"]["inputTokenCount"] > 20_000


def test_a_refused_call_has_its_error_and_no_tokens(world):
    put(world, **TO_LOGS)
    world.setting(f"model_denied:{NOVA}", "1")
    world.refusal("bedrock-runtime", "Converse", modelId=NOVA, messages=[])
    (record,) = records(world)
    assert record["errorCode"] == "AccessDeniedException"
    assert "output" not in record
    assert "inputTokenCount" not in record["input"]


def test_a_log_group_that_is_not_there_is_refused_in_aws_words(world):
    config = {"cloudWatchConfig": {"logGroupName": "/nowhere", "roleArn": ROLE}}
    error = world.refusal("bedrock", "PutModelInvocationLoggingConfiguration", loggingConfig=config)
    assert error.code == "ValidationException"
    assert error.message.startswith(f"Failed to validate permissions for log group: /nowhere, with role: {ROLE}.")
    assert world.refusal("bedrock", "PutModelInvocationLoggingConfiguration", loggingConfig={}).code == error.code


def test_a_group_deleted_since_loses_records_and_no_call(world):
    put(world, **TO_LOGS)
    world.call("logs", "DeleteLogGroup", logGroupName=GROUP)
    assert world.converse()["stopReason"] == "end_turn"


def test_with_s3_alone_nothing_is_written_to_logs(world):
    put(world, s3Config={"bucketName": "our-logs", "keyPrefix": "bedrock"})
    world.converse()
    assert records(world) == []
