"""Metering for Python callers: composed here from a manifest, for the command as for applications.

import boto3
from costsentry_cli import metered, read_manifest

bedrock = metered(boto3.client("bedrock-runtime"), read_manifest(Path("profiles.yaml")), cost_center="sales")
bedrock.converse(messages=[{"role": "user", "content": [{"text": "Hello"}]}])
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from costsentry_cli.aws import Door, Lent, connect
from costsentry_cli.domain.calls import PAID_READ_TIMEOUT, ApiCall, Cloud
from costsentry_cli.domain.errors import INTERRUPTED, SentryError
from costsentry_cli.domain.ledger.dynamodb import DynamoLedger
from costsentry_cli.domain.ledger.gate import Gate, hold_seconds
from costsentry_cli.domain.ledger.memory import MemoryLedger
from costsentry_cli.domain.manifest.types import Manifest
from costsentry_cli.domain.metering.advice import CloudWatchAdvice
from costsentry_cli.domain.metering.attribution import Chosen, Wanted, resolve, wanted_by
from costsentry_cli.domain.metering.fitting import DEFAULT_MAX_TOKENS, Fitted, metadata_of
from costsentry_cli.domain.metering.reply import Called, Reply, answered, streamed
from costsentry_cli.domain.metering.request import Request, of_options
from costsentry_cli.domain.metering.request_fields import METADATA_MAX
from costsentry_cli.domain.pacing import BOOKS_DEADLINE
from costsentry_cli.domain.skew import utc_now
from costsentry_cli.usecases.metering import Admitting, Metering, Opened, Record

Clock = Callable[[], datetime]
PARAMETERS = ("system", "toolConfig", "additionalModelRequestFields", "serviceTier", "performanceConfig")
"""What a call's tokens and price depend on, beside its messages and ``inferenceConfig``."""


def gate_of(
    manifest: Manifest, books: Cloud, region: str, clock: Clock, skew: Callable[[], timedelta] = timedelta
) -> Admitting:
    """Who lets calls in by this manifest: its ledger, or CloudWatch's advice; without limits nobody is asked.

    ``skew`` is how far ``clock`` is from AWS's.
    """
    ledger = manifest.ledger
    if ledger is not None and ledger.kind == "cloudwatch":
        return CloudWatchAdvice(books, ledger.region or region, clock, skew=skew)
    lifetime = hold_seconds(PAID_READ_TIMEOUT)
    if ledger is None:
        return Gate(MemoryLedger(), clock, lifetime, skew=skew)
    return Gate(DynamoLedger(books, ledger.table, ledger.region or region), clock, lifetime, ledger.expired, skew=skew)


def _books(region: str) -> Door:
    """The door to ledger and metrics, which an application does not wait for longer than it must."""
    door = connect(region)
    door.patience = replace(door.patience, deadline=BOOKS_DEADLINE)
    return door


def _skew_of(books: Cloud) -> Callable[[], timedelta]:
    """How far the clock is from AWS's, where the door tells."""
    return (lambda: books.skew.least) if isinstance(books, Door) else timedelta


def invoke(
    cloud: Cloud,
    manifest: Manifest,
    prompt: str,
    *,
    cost_center: str,
    region: str,
    application: str = "",
    environment: str = "",
    model: str = "",
    system: str = "",
    max_tokens: int = DEFAULT_MAX_TOKENS,
    clock: Clock = utc_now,
    record: Record | None = None,
) -> Reply:
    """One metered call through the cost centre's profile; see ``Reply`` for how it ended (``error`` included)."""
    tags = {"costCenter": cost_center, "applicationId": application, "environment": environment}
    request = of_options(prompt, model=model, system=system, parameters={"max_tokens": max_tokens}, tags=tags)
    gate = gate_of(manifest, cloud, region, clock, _skew_of(cloud))
    calls = Metering(cloud, cloud, manifest, region, clock, gate, record)
    return calls.run(calls.prepare(request))


def metered(
    client: Any,
    manifest: Manifest,
    *,
    cost_center: str,
    application: str = "",
    environment: str = "",
    model: str = "",
    books: Cloud | None = None,
    clock: Clock = utc_now,
    record: Record | None = None,
) -> MeteredClient:
    """A boto3 ``bedrock-runtime`` client whose ``converse`` and ``converse_stream`` pass the manifest's limits.

    A call's ``modelId`` may be left out (the payer's profile, that of ``model`` where there are several) or say another
    model of the same payer: an alias of the manifest, a model id, or the ARN of one of its profiles.

    The client's own retries are switched off. ``books`` reaches ledger and metrics (default: the credentials boto3
    finds, in the client's region); ``record`` takes every audit event. Raises ``SentryError`` when nobody pays.
    """
    lent = Lent(client)
    cloud = _books(lent.region) if books is None else books
    wanted = Wanted(cost_center, application, environment, model)
    gate = gate_of(manifest, cloud, lent.region, clock, _skew_of(cloud))
    calls = Metering(lent, cloud, manifest, lent.region, clock, gate, record)
    chosen = resolve(cloud, manifest, wanted, lent.region)
    return MeteredClient(lent, calls, chosen, wanted.tags())


class MeteredClient:
    """See ``metered``. Other operations go to the client as they are, except those that would pay past the gate."""

    def __init__(self, lent: Lent, calls: Metering, chosen: Chosen, payer: Mapping[str, str]) -> None:
        self._lent = lent
        self._calls = calls
        self._payer = payer
        self._chosen = {"": chosen, chosen.arn: chosen, chosen.model: chosen}
        self.last: Reply | None = None
        """How the latest call ended: what it took, cost and left of its limits."""

    def __getattr__(self, name: str) -> Any:
        if name in UNMETERED:
            raise AttributeError(f"{name} is not metered: use converse or converse_stream, or the client itself")
        return getattr(self._lent.client, name)

    def converse(self, **params: Any) -> dict[str, Any]:
        """``Converse`` through the payer's profile of the model that is asked for.

        Raises ``SentryError`` CS0105 when the payer has no profile of that model, CS0206 when a limit denies the call
        (nothing was called then), and what the client raises otherwise.
        """
        opened = self._opened("Converse", params)
        answer: dict[str, Any] = self._sent(opened, "Converse", params)
        self.last = self._calls.close(opened, answered(answer), None)
        return answer

    def converse_stream(self, **params: Any) -> dict[str, Any]:
        """``ConverseStream`` likewise; the call is settled when its stream has been read to the end.

        A stream that breaks off or is not read to its end is charged in full: when it is closed, or nobody has it any
        more.
        """
        opened = self._opened("ConverseStream", params)
        answer = self._sent(opened, "ConverseStream", params)
        events = self._watched(opened, answer)
        next(events)
        return answer | {"stream": events}

    def _opened(self, operation: str, params: Mapping[str, Any]) -> Opened:
        self._lent.check(operation, {"modelId": "any", **params})
        chosen = self._profile_of(str(params.get("modelId", "")))
        fit = Fitted(_with_max_tokens(params) | _metadata(params, chosen))
        try:
            prepared = self._calls.bounded(_NO_REQUEST, chosen, fit)
        except ValueError as error:
            advice = "send text only, or a model whose tokens AWS counts"
            raise SentryError("CS0206", f"what this call can take is not bounded: {error}", help=advice) from error
        opened = self._calls.open(prepared)
        if isinstance(opened, Reply):
            self.last = opened
            assert opened.error is not None  # noqa: S101 - a denied call says why
            raise opened.error
        return opened

    def _profile_of(self, model: str) -> Chosen:
        """The payer's profile of a model, found once: never another model than the application asks for."""
        if model not in self._chosen:
            wanted = wanted_by(Request(model, (), tags=self._payer), self._calls.manifest)
            self._chosen[model] = resolve(self._calls.books, self._calls.manifest, wanted, self._lent.region)
        return self._chosen[model]

    def _sent(self, opened: Opened, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
        """Make the one paid call; whatever it ends with, the reservation is settled."""
        sent = {**params, **opened.prepared.fitted.params, "modelId": opened.prepared.chosen.arn}
        try:
            return self._lent.call(ApiCall("bedrock-runtime", operation, sent, paid=True))
        except SentryError as error:
            self.last = self._calls.close(opened, None, error)
            raise error.__cause__ or error from None
        except BaseException:
            self.last = self._calls.close(opened, None, SentryError(INTERRUPTED, "interrupted"))
            raise

    def _watched(self, opened: Opened, answer: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        """The stream's events, after an empty one: only what was begun is ended when nobody has it any more."""
        seen: list[Mapping[str, Any]] = []
        error: SentryError | None = None
        try:
            yield {}
            for event in answer["stream"]:
                seen.append(event)
                yield event
        except SentryError as broken:
            error = broken
            raise broken.__cause__ or broken from None
        finally:
            called: Called | None = streamed(dict(answer), seen, lambda _: None) if error is None else None
            self.last = self._calls.close(opened, called, error)


UNMETERED = frozenset(
    {
        "invoke_model",
        "invoke_model_with_response_stream",
        "invoke_model_with_bidirectional_stream",
        "start_async_invoke",
    }
)
_NO_REQUEST = Request("", ())


def _with_max_tokens(params: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters that cost, with ``maxTokens``: without it the worst case would be the model's maximum."""
    config = {"maxTokens": DEFAULT_MAX_TOKENS, **params.get("inferenceConfig", {})}
    named = {name: params[name] for name in PARAMETERS if name in params}
    return {"messages": params.get("messages", []), **named, "inferenceConfig": config}


def _metadata(params: Mapping[str, Any], chosen: Chosen) -> dict[str, dict[str, str]]:
    """Who pays, for invocation logs, beside the application's own entries; where there is no room, those alone."""
    own = dict(params.get("requestMetadata", {}))
    payer = metadata_of({}, chosen.who(), [])
    room = len({**own, **payer}) <= METADATA_MAX
    entries = {**own, **{key: payer[key] for key in payer if room or key in own}}
    return {"requestMetadata": entries} if entries else {}
