"""Who called, as Bedrock's own invocation log tells it: the one place where AWS keeps a caller's identity.

The log is off until somebody turns it on, for each account and region, and may go to S3 alone, where it cannot be asked
from here. Only counts and identities are asked for, never what was said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any

from costsentry_cli.domain.assumptions import INVOCATION_LOG_CACHE_FIELDS
from costsentry_cli.domain.calls import ApiCall, Cloud
from costsentry_cli.domain.errors import INTERRUPTED, SentryError
from costsentry_cli.domain.insights import MOST, Insights, whole
from costsentry_cli.domain.references import read_reference
from costsentry_cli.domain.reports.moments import Moments

TOKENS = ("input.inputTokenCount", "output.outputTokenCount", *(f"input.{one}" for one in INVOCATION_LOG_CACHE_FIELDS))
QUERY = "\n| ".join(
    (
        "fields identity.arn as caller, modelId as model",
        'filter schemaType = "ModelInvocationLog" and not ispresent(errorCode)',
        f"stats count(*) as calls, {', '.join(f'sum({one}) as t{n}' for n, one in enumerate(TOKENS))} by caller, model",
        "sort calls desc",
        f"limit {MOST}",
    )
)
"""Successful calls and their tokens by caller and model; a sum has no value where no record has the field."""


class State(StrEnum):
    """Whether callers can be told."""

    ON = "on"
    S3_ONLY = "S3 only"
    OFF = "off"
    UNKNOWN = "not known"


@dataclass(frozen=True)
class Call:
    """Successful calls of one caller by one ModelId (as CloudWatch counts it), and all their tokens."""

    caller: str
    model_id: str
    calls: int
    tokens: int


@dataclass(frozen=True)
class Log:
    """What the log of one account and region says; ``place`` is its group or bucket, ``why`` what stopped the asking.

    ``scanned`` are the bytes AWS read, which it charges for; ``config`` is AWS's ``LoggingConfig``.
    """

    region: str
    state: State
    place: str = ""
    why: str = ""
    calls: tuple[Call, ...] = ()
    scanned: int = 0
    config: Mapping[str, Any] = field(default_factory=dict)


def read(cloud: Cloud, region: str, moments: Moments, wait: Callable[[float], None]) -> Log:
    """The callers in a time, where the log has a log group. Refusals are told in ``why``, none is raised.

    Raises ``SentryError`` only when interrupted.
    """
    try:
        answer = cloud.call(ApiCall("bedrock", "GetModelInvocationLoggingConfiguration", {}, region))
    except SentryError as error:
        return _refused(error, region)
    config = answer.get("loggingConfig") or {}
    group = config.get("cloudWatchConfig", {}).get("logGroupName")
    if group is None:
        bucket = config.get("s3Config")
        if bucket is None:
            return Log(region, State.OFF)
        place = "/".join(filter(None, ("s3:/", bucket["bucketName"], bucket.get("keyPrefix"))))
        return Log(region, State.S3_ONLY, place, config=config)
    log = Insights(cloud, group, region, wait)
    try:
        rows = log.rows(QUERY, moments.start, moments.end - timedelta(seconds=1))
    except SentryError as error:
        return _refused(error, region, group)
    return Log(region, State.ON, group, calls=tuple(_calls(rows)), scanned=log.scanned)


def _refused(error: SentryError, region: str, place: str = "") -> Log:
    if error.code == INTERRUPTED:
        raise error
    return Log(region, State.UNKNOWN, place, f"{error.code} {error.message}")


def _calls(rows: Iterable[Mapping[str, str]]) -> Iterable[Call]:
    for row in rows:
        tokens = sum(whole(row.get(f"t{n}")) for n in range(len(TOKENS)))
        yield Call(row.get("caller", ""), model_id(row.get("model", "")), whole(row.get("calls")), tokens)


def model_id(reference: str) -> str:
    """The ModelId CloudWatch counts a call under that named its model so: an id, or the id at the end of an ARN."""
    return reference.rpartition("/")[2] if read_reference(reference).kind.endswith("-arn") else reference


def principal(arn: str) -> str:
    """A caller as people read it: ``user/alice``, ``assumed-role/etl/nightly``, ``root``."""
    return arn.split(":", 5)[-1]


def role_of(arn: str) -> str:
    """The role behind a session, without the session's name; any other caller as it is."""
    head, slash, session = arn.rpartition("/")
    return head if slash and session and ":assumed-role/" in head and head.count("/") == 1 else arn
