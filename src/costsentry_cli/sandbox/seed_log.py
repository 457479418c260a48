"""Who made the seeded calls: records of model invocation logging, where it is on, as if it had been on all along.

Applications call as roles, the script behind a leaking model as one session a night, people as themselves.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from costsentry_cli.sandbox.contract import Request
from costsentry_cli.sandbox.seed_traffic import Caller, CallMade
from costsentry_cli.sandbox.services import bedrock_logging, logs_groups
from costsentry_cli.sandbox.services.logs_rows import find
from costsentry_cli.sandbox.store import Store

GROUP = "/aws/bedrock/invocations"
"""The log group that is made where logging is turned on."""
PEOPLE = ("alice@example.com", "bob@example.com", "carol@example.com")
_ERRORS = {"throttled": "ThrottlingException", "client-error": "ValidationException"}


def turn_on(store: Store, callers: Iterable[Caller], at: datetime) -> None:
    """Log invocations, without what is said, from ``at`` on, in every account and region that calls; a configuration
    that is there stays."""
    for account, region in dict.fromkeys((one.account, one.region) for one in callers):
        asked = Request("bedrock", "PutModelInvocationLoggingConfiguration", {}, region, at, "seed", store, account)
        if bedrock_logging.get_configuration(asked):
            continue
        if find(asked, GROUP) is None:
            asked.params["logGroupName"] = GROUP
            logs_groups.create_log_group(asked)
        to = {"logGroupName": GROUP, "roleArn": f"arn:aws:iam::{account}:role/bedrock-invocation-logging"}
        asked.params["loggingConfig"] = {"cloudWatchConfig": to, "textDataDeliveryEnabled": False}
        bedrock_logging.put_configuration(asked)


def record(store: Store, calls: Sequence[CallMade]) -> None:
    """A record of every call whose account and region log invocations."""
    for call in calls:
        made = Request(
            "bedrock-runtime",
            call.operation,
            {"modelId": call.requested},
            call.region,
            datetime.fromtimestamp(call.at, UTC),
            call.request_id,
            store,
            call.account,
            _principal(call),
        )
        failed = "" if call.outcome == "ok" else _ERRORS.get(call.outcome, "InternalServerException")
        bedrock_logging.log(made, _usage(call), None, failed)


def _usage(call: CallMade) -> dict[str, Any]:
    return {
        "inputTokens": call.input_tokens,
        "outputTokens": call.output_tokens,
        "cacheReadInputTokens": call.cache_read_tokens,
        "cacheWriteInputTokens": call.cache_write_5m_tokens + call.cache_write_1h_tokens,
    }


def _principal(call: CallMade) -> str:
    """The ARN of a session: of the application's role, of the script's, or of a person's."""
    roles = f"arn:aws:sts::{call.account}:assumed-role"
    if call.profile_arn is not None:
        return f"{roles}/{json.loads(call.tags).get('applicationId', 'application')}/service"
    if call.requested.startswith("us."):
        person = PEOPLE[int(call.request_id[:8], 16) % len(PEOPLE)]
        return f"{roles}/AWSReservedSSO_Developer_5f1c0a9d3e7b2468/{person}"
    return f"{roles}/nightly-batch/{datetime.fromtimestamp(call.at, UTC):run-%Y%m%d}"
