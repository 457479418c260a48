"""What a long seed has beyond plain traffic: more teams, a model that was replaced, more leaks, metered figures.

A company with two more applications; the busiest profile's predecessor on another model, deleted in the middle of the
range; people who call a system profile directly; and the metrics that metered calls publish, for the profiles' calls
since the model changed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from costsentry_cli.domain.catalog import ModelRef, load
from costsentry_cli.domain.meter import NAMESPACE
from costsentry_cli.domain.meter import Caller as MeteredCaller
from costsentry_cli.sandbox.contract import Request
from costsentry_cli.sandbox.seed_traffic import Caller, CallMade
from costsentry_cli.sandbox.services import bedrock
from costsentry_cli.sandbox.services.cloudwatch_series import canonical
from costsentry_cli.sandbox.store import Store

CHANGE = 0.5
"""The part of the range after which the busiest profile's model is another, and calls are metered."""

COMPANY = (
    ("aws-documentation-helper", "sales", "us.anthropic.claude-haiku-4-5-20251001-v1:0"),
    ("aws-documentation-helper", "services", "amazon.nova-lite-v1:0"),
    ("contract-search", "legal", "us.anthropic.claude-sonnet-4-5-20250929-v1:0"),
    ("aws-documentation-helper", "support", "amazon.nova-lite-v1:0"),
    ("ticket-triage", "support", "us.amazon.nova-2-lite-v1:0"),
    ("ticket-triage", "services", "amazon.nova-micro-v1:0"),
)
"""Application, cost center and model of the profiles of an empty sandbox, the busiest first."""

_EARLIER = ("anthropic.claude-sonnet-4-5-20250929-v1:0", "anthropic.claude-haiku-4-5-20251001-v1:0")
_BYPASSED = "anthropic.claude-haiku-4-5-20251001-v1:0"
_BYPASS_SHARE, _BYPASS_SINCE = 0.04, 0.3
_HOURLY = timedelta(days=15)
_HOUR = 3_600
_DAY = 86_400


@dataclass(frozen=True)
class Point:
    """One row of table ``datapoints``: a statistic set of a metric."""

    region: str
    namespace: str
    name: str
    dimensions: str
    at: float
    total: float
    count: float
    low: float
    high: float
    unit: str
    account: str


def predecessor(store: Store, first: Caller, start: datetime, changed: datetime) -> Caller | None:
    """A deleted profile with the name and tags of a caller's, on another model; None where the region has none."""
    current = first.ref.model.id if first.ref else first.model_id
    source = _system(first.region, [model for model in _EARLIER if model != current])
    row = store.db.execute("SELECT name FROM profiles WHERE arn = ?", (first.profile_arn,)).fetchone()
    if source is None or row is None:
        return None
    params = {
        "inferenceProfileName": row["name"],
        "modelSource": {"copyFrom": f"arn:aws:bedrock:{first.region}:{first.account}:inference-profile/{source.id}"},
        "tags": [{"key": key, "value": value} for key, value in first.tags.items()],
    }
    arn = make_profile(store, params, first.region, first.account, start)
    store.db.execute("UPDATE profiles SET deleted = ? WHERE arn = ?", (changed.timestamp(), arn))
    return replace(
        first, requested=arn, profile_arn=arn, metric_id=arn.rpartition("/")[2], ref=source, model_id=source.id,
        until=CHANGE, spikes=False,
    )  # fmt: skip


def bypass(account: str, region: str) -> Caller | None:
    """People at their desks who call a geography's profile directly: no tags. None where the region has none."""
    ref = _system(region, (_BYPASSED,))
    if ref is None:
        return None
    return Caller(ref.id, ref.id, None, region, ref, ref.id, {}, _BYPASS_SHARE, account, since=_BYPASS_SINCE)


def metered(calls: Iterable[CallMade], changed: datetime, now: datetime) -> list[Point]:
    """The metrics of metered calls through profiles since ``changed``, as statistic sets.

    One set an hour in the last two weeks, one a day (at noon) before. Every figure is that of the calls; a throttled
    one was denied by the meter, too.
    """
    hourly = (now - _HOURLY).timestamp() // _DAY * _DAY
    figures: dict[tuple[str, str, str, float], dict[str, list[float]]] = {}
    for call in calls:
        if call.profile_arn is None or call.at < changed.timestamp():
            continue
        at = call.at // _HOUR * _HOUR if call.at >= hourly else call.at // _DAY * _DAY + _DAY / 2
        sets = figures.setdefault((call.account, call.region, _dimensions(call), at), {})
        for name, value in _counts(call).items():
            sets.setdefault(name, []).append(value)
    return [
        Point(region, NAMESPACE, name, dimensions, at, sum(seen), len(seen), min(seen), max(seen), "Count", account)
        for (account, region, dimensions, at), sets in figures.items()
        for name, seen in sets.items()
    ]


def make_profile(store: Store, params: dict[str, Any], region: str, account: str, at: datetime) -> str:
    """Make a profile as the service does; answers its ARN. Raises ``ServiceError`` as the service does."""
    asked = Request("bedrock", "CreateInferenceProfile", params, region, at, "seed", store, account)
    return str(bedrock.OPERATIONS["CreateInferenceProfile"](asked)["inferenceProfileArn"])


def _counts(call: CallMade) -> dict[str, int]:
    denied = call.outcome == "throttled"
    counts = {
        "TotalRequests": 1,
        "RateLimitApproved": int(not denied),
        "RateLimitDenied": int(denied),
        "InvocationFailed": int(call.outcome not in ("ok", "throttled")),
    }
    if call.outcome == "ok":
        written = call.cache_write_5m_tokens + call.cache_write_1h_tokens
        counts["InputTokens"] = call.input_tokens + call.cache_read_tokens + written
        counts["OutputTokens"] = call.output_tokens
    return counts


@lru_cache(maxsize=256)
def _dimensions_of(model: str, metric_id: str, tags: str) -> str:
    known = json.loads(tags).get
    named = (known("costCenter", ""), known("applicationId", ""), known("environment", ""))
    return canonical(MeteredCaller(model, metric_id, *named).dimensions())


def _dimensions(call: CallMade) -> str:
    return _dimensions_of(call.model_id, call.metric_id, call.tags)


def _system(region: str, models: Sequence[str]) -> ModelRef | None:
    """The first of these models that a region has a system profile of; a geography's rather than the global one."""
    refs = [ref for model in models for ref in load().system_profiles(region) if ref.model.id == model]
    return next((ref for ref in refs if ref.geo != "global"), refs[0] if refs else None)
