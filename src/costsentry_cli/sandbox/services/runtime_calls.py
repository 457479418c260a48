"""The books of the runtime: who is meant by a model id, what a call is recorded as, and the per-model quotas.

Settings ``rpm:<model id>`` and ``tpm:<model id>`` (geo id, or base id for all of a model's ids together) throttle;
each account has its own.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from costsentry_cli.domain.catalog import Model, ModelRef, Tokens, kind_of_reference, load, profile_id
from costsentry_cli.sandbox.contract import Request, ServiceError
from costsentry_cli.sandbox.services import bedrock, bedrock_models
from costsentry_cli.sandbox.services.billing import costs

_COLUMNS = (
    "at, region, operation, request_id, requested, metric_id, profile_arn, model_id, outcome, input_tokens, "
    "output_tokens, cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens, latency_ms, first_token_ms, tier, "
    "tags, costs, account"
)
_BURN_ONE = ("claude-v2", "claude-instant", "claude-3-haiku", "claude-3-sonnet", "claude-3-opus", "claude-3-5")


@dataclass(frozen=True)
class Target:
    """What a ``modelId`` means: the model that serves, the id metrics are stored under, the profile and its tags."""

    requested: str
    ref: ModelRef
    metric_id: str
    profile_arn: str | None = None
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Served:
    """Figures of a served call; ``first_token_ms`` only for streams, ``tier`` is the one that served."""

    tokens: Tokens
    latency_ms: int
    tier: str
    first_token_ms: int | None = None


def target(request: Request) -> Target:
    """Resolve ``modelId``: base or geo id, foundation-model or profile ARN; an application profile by ARN alone."""
    wanted = request.params["modelId"]
    if kind_of_reference(wanted) == "application-profile-arn":
        return _through_profile(request, wanted)
    ref = load().resolve(wanted)
    if ref is None or not bedrock_models.is_reachable(ref, request.region) or not _is_own(request, wanted):
        raise ServiceError("ValidationException", bedrock_models.INVALID_MODEL)
    return Target(wanted, ref, profile_id(wanted))


def check_callable(request: Request, ref: ModelRef) -> None:
    """Refuse a dead model, one without an agreement, and the bare id of a model that only profiles reach."""
    if bedrock_models.is_over(ref.model, request):
        raise ServiceError("ResourceNotFoundException", bedrock_models.END_OF_LIFE, 404)
    if bedrock_models.is_denied(request, ref.model):
        raise ServiceError("AccessDeniedException", bedrock_models.DENIED, 403)
    if ref.geo == "" and not ref.model.in_region:
        problem = (
            f"Invocation of model ID {ref.id} with on-demand throughput isn\N{RIGHT SINGLE QUOTATION MARK}t supported."
        )
        remedy = "Retry your request with the ID or ARN of an inference profile that contains this model."
        raise ServiceError("ValidationException", f"{problem} {remedy}")


def check_quota(request: Request, ref: ModelRef, reserved: int) -> None:
    """Throttle when the last minute's requests or tokens, with ``reserved`` for this call, exceed a quota set."""
    names = [f"{unit}:{model_id}" for unit in ("rpm", "tpm") for model_id in {ref.id, ref.model.id}]
    marks = ",".join("?" * len(names))
    query = f"SELECT name, value FROM settings WHERE name IN ({marks})"  # noqa: S608 - only marks
    for name, value in request.store.db.execute(query, names).fetchall():
        unit, _, model_id = name.partition(":")
        requests, tokens = _last_minute(request, ref.model, model_id)
        if unit == "rpm" and requests + 1 > int(value):
            raise _throttled("Too many requests, please wait before trying again.")
        if unit == "tpm" and tokens + reserved > int(value):
            raise _throttled("Too many tokens, please wait before trying again.")


def record(request: Request, what: Target, served: Served) -> None:
    """Write a served call and its price; note that its tag keys have been used."""
    price = costs(what.ref, request.region, served.tokens, served.tier)
    _insert(request, what, "ok", served, json.dumps(price))
    now = request.now.timestamp()
    request.store.db.executemany(
        "INSERT INTO cost_tags (key, first_used, last_used) VALUES (?, ?, ?) "
        "ON CONFLICT (key) DO UPDATE SET last_used = max(last_used, excluded.last_used)",
        [(key, now, now) for key in what.tags],
    )


def record_refusal(request: Request, what: Target, refusal: ServiceError) -> None:
    """Write a call that failed: it costs nothing but shows in the metrics."""
    outcome = "client-error" if refusal.status < 500 else "server-error"
    if refusal.code == "ThrottlingException":
        outcome = "throttled"
    _insert(request, what, outcome, Served(Tokens(), 0, "default"), "{}")


def _through_profile(request: Request, arn: str) -> Target:
    row = bedrock.find(request, arn)
    if row is None:
        if arn.split(":")[3:5] != [request.region, request.account]:
            raise ServiceError("ValidationException", bedrock_models.INVALID_MODEL)
        raise ServiceError("ResourceNotFoundException", f"The inference profile {arn} could not be found.", 404)
    ref = load().resolve(row["source"])
    if ref is None:
        raise ServiceError("ValidationException", bedrock_models.INVALID_MODEL)
    return Target(arn, ref, profile_id(arn), arn, bedrock.tags_of(request, arn))


def _is_own(request: Request, wanted: str) -> bool:
    return kind_of_reference(wanted) != "system-profile-arn" or wanted.split(":")[4] == request.account


def _last_minute(request: Request, model: Model, model_id: str) -> tuple[int, int]:
    """Requests and burnt tokens of the last minute; AWS burns five tokens per output token of newer Claude models."""
    burn = 1 if model.provider != "Anthropic" or any(name in model.id for name in _BURN_ONE) else 5
    now = request.now.timestamp()
    row = request.store.db.execute(
        "SELECT COUNT(*), COALESCE(SUM(input_tokens + cache_write_5m_tokens + cache_write_1h_tokens"
        " + ? * output_tokens), 0) FROM calls WHERE at > ? AND at <= ? AND +account = ? AND +region = ?"
        " AND outcome = 'ok' AND (model_id = ? OR model_id LIKE '%.' || ?)",
        (burn, now - 60, now, request.account, request.region, model_id, model_id),
    ).fetchone()
    return row[0], row[1]


def _throttled(message: str) -> ServiceError:
    return ServiceError("ThrottlingException", message, 429)


def _insert(request: Request, what: Target, outcome: str, served: Served, price: str) -> None:
    tokens = served.tokens
    row = (
        request.now.timestamp(), request.region, request.operation, request.request_id, what.requested, what.metric_id,
        what.profile_arn, what.ref.id, outcome, tokens.input, tokens.output, tokens.cache_read, tokens.cache_write_5m,
        tokens.cache_write_1h, served.latency_ms, served.first_token_ms, served.tier, json.dumps(what.tags), price,
        request.account,
    )  # fmt: skip
    marks = ",".join("?" * len(row))
    request.store.db.execute(f"INSERT INTO calls ({_COLUMNS}) VALUES ({marks})", row)  # noqa: S608 - only marks
