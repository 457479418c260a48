"""Bedrock's model invocation logging: one configuration for an account and region, and a record of every call in it.

Records go to the log group of the configuration; S3 is accepted and, as the sandbox has none, gets nothing. What was
said stands in a record only with ``textDataDeliveryEnabled``. A record that cannot be delivered is lost, as at AWS.
"""

from __future__ import annotations

import json
from typing import Any

from costsentry_cli.domain.assumptions import INVOCATION_LOG_STREAM, INVOCATION_LOG_TEXT_DEFAULT
from costsentry_cli.sandbox.contract import Handler, Request, ServiceError
from costsentry_cli.sandbox.services import logs_events, logs_rows
from costsentry_cli.sandbox.services.logs_fields import shown_time

PERMITTED = "Permissions are correct for Amazon Bedrock logs."
"""What AWS writes to a log group when it has found that it may."""
LARGEST_BODY = 100_000
"""Bytes of a body that still stands in the record; a larger one goes to S3 (AWS: model invocation logging)."""


def put_configuration(request: Request) -> dict[str, Any]:
    """PutModelInvocationLoggingConfiguration: replaces what there is; the log group must be there."""
    config = request.params["loggingConfig"]
    if "cloudWatchConfig" not in config and "s3Config" not in config:
        raise ServiceError("ValidationException", "At least one of cloudWatchConfig and s3Config must be specified.")
    to = config.get("cloudWatchConfig")
    if to is not None:
        if logs_rows.find(request, to["logGroupName"]) is None:
            raise ServiceError(
                "ValidationException",
                f"Failed to validate permissions for log group: {to['logGroupName']}, with role: {to['roleArn']}. "
                "Verify the IAM role permissions are correct.",
            )
        logs_events.deliver(request, to["logGroupName"], INVOCATION_LOG_STREAM, PERMITTED)
    request.store.set_setting(_name(request), json.dumps(config))
    return {}


def get_configuration(request: Request) -> dict[str, Any]:
    """GetModelInvocationLoggingConfiguration: nothing where logging is off."""
    config = _config(request)
    return {} if config is None else {"loggingConfig": config}


def delete_configuration(request: Request) -> dict[str, Any]:
    """DeleteModelInvocationLoggingConfiguration: off; what was logged stays."""
    request.store.db.execute("DELETE FROM settings WHERE name = ?", (_name(request),))
    return {}


def log(request: Request, usage: dict[str, Any], said: dict[str, Any] | None, error_code: str = "") -> None:
    """Record a call of the runtime, where logging is on: ``usage`` and ``said`` as Converse answers them."""
    config = _config(request)
    if config is None or "cloudWatchConfig" not in config:
        return
    text = config.get("textDataDeliveryEnabled", INVOCATION_LOG_TEXT_DEFAULT)
    message = json.dumps(_record(request, usage, said if text else None, error_code, text=text))
    logs_events.deliver(request, config["cloudWatchConfig"]["logGroupName"], INVOCATION_LOG_STREAM, message)


def _record(
    request: Request, usage: dict[str, Any], said: dict[str, Any] | None, error_code: str, *, text: bool
) -> dict[str, Any]:
    params = request.params
    record: dict[str, Any] = {
        "timestamp": shown_time(logs_rows.millis(request)).replace(" ", "T")[:-4] + "Z",
        "accountId": request.account,
        "identity": {"arn": request.principal},
        "region": request.region,
        "requestId": request.request_id,
        "operation": request.operation,
        "modelId": params["modelId"],
        "input": _body("input", {name: params[name] for name in ("messages", "system") if name in params}, on=text),
        "schemaType": "ModelInvocationLog",
        "schemaVersion": "1.0",
    }
    if "requestMetadata" in params:
        record["requestMetadata"] = params["requestMetadata"]
    if error_code:
        return record | {"errorCode": error_code}
    record["input"] |= {
        "inputTokenCount": usage["inputTokens"],
        "cacheReadInputTokenCount": usage["cacheReadInputTokens"],
        "cacheWriteInputTokenCount": usage["cacheWriteInputTokens"],
    }
    answered = {"output": said, "usage": usage} if said is not None else {}
    return record | {"output": _body("output", answered, on=text) | {"outputTokenCount": usage["outputTokens"]}}


def _body(side: str, body: dict[str, Any], *, on: bool) -> dict[str, Any]:
    """Content type and body of one side; a body that would not fit is left out, as it is then in S3."""
    named: dict[str, Any] = {f"{side}ContentType": "application/json"}
    fits = on and len(json.dumps(body, default=_bytes)) <= LARGEST_BODY
    return named | ({f"{side}BodyJson": json.loads(json.dumps(body, default=_bytes))} if fits else {})


def _bytes(_: object) -> str:
    """An image or document stands in no text record."""
    return "<binary>"


def _config(request: Request) -> dict[str, Any] | None:
    kept = request.store.setting(_name(request), "")
    config: dict[str, Any] | None = json.loads(kept) if kept else None
    return config


def _name(request: Request) -> str:
    return f"invocation_logging:{request.account}:{request.region}"


OPERATIONS: dict[str, Handler] = {
    "PutModelInvocationLoggingConfiguration": put_configuration,
    "GetModelInvocationLoggingConfiguration": get_configuration,
    "DeleteModelInvocationLoggingConfiguration": delete_configuration,
}
