"""One metered model call: find the cost centre's profile, call it once, count it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from costsentry_cli.domain import catalog, meter
from costsentry_cli.domain.calls import Answer, ApiCall, Cloud
from costsentry_cli.domain.catalog import Tokens
from costsentry_cli.domain.errors import SentryError
from costsentry_cli.domain.kinds.inference_profile import list_profiles, tagged
from costsentry_cli.domain.manifest.types import Manifest
from costsentry_cli.domain.meter import Caller, Ending

DEFAULT_MAX_TOKENS = 1024


@dataclass(frozen=True)
class Wanted:
    """Which profile: the tag values it must carry, and its model (alias or id); empty means any."""

    cost_center: str
    application: str = ""
    environment: str = ""
    model: str = ""

    def tags(self) -> dict[str, str]:
        """The tags that are asked for."""
        named = {"costCenter": self.cost_center, "applicationId": self.application, "environment": self.environment}
        return {key: value for key, value in named.items() if value}


@dataclass(frozen=True)
class Chosen:
    """The profile that pays: its ARN, name, source model and tags."""

    arn: str
    name: str
    model: str
    tags: Mapping[str, str]

    def caller(self) -> Caller:
        """The metric dimensions of calls through it."""
        tag = self.tags.get
        return Caller(
            self.model,
            catalog.profile_id(self.arn),
            tag("costCenter", ""),
            tag("applicationId", ""),
            tag("environment", ""),
        )


@dataclass(frozen=True)
class Reply:
    """The model's text and what it took. ``cost`` None means the price is unknown; ``uncounted`` is set when the
    metrics could not be written."""

    text: str
    stop_reason: str
    tokens: Tokens
    cost: Decimal | None
    chosen: Chosen
    request_id: str
    uncounted: SentryError | None = None


def resolve(cloud: Cloud, manifest: Manifest, wanted: Wanted, region: str) -> Chosen:
    """The one profile of the manifest's namespace that carries the wanted tags.

    Raises ``SentryError`` CS0105 when none fits and CS0106 when several do.
    """
    model = manifest.models.get(wanted.model, wanted.model)
    declared = [p for p in manifest.profiles if _fits(p.tags, p.model_id, wanted, model)]
    if not declared:
        raise _nothing_declared(manifest, wanted)
    names = {profile.name for profile in declared}
    summaries = [s for s in list_profiles(cloud, region) if s["inferenceProfileName"] in names]
    found = [
        Chosen(thing.arn, thing.name, thing.fields["model"], thing.tags)
        for thing in tagged(cloud, summaries, region)
        if thing.namespace == manifest.namespace
        and thing.retired is None
        and _fits(thing.tags, thing.fields["model"], wanted, model)
    ]
    return _only(found, wanted)


def invoke(
    cloud: Cloud,
    chosen: Chosen,
    prompt: str,
    *,
    region: str,
    clock: Callable[[], datetime],
    system: str = "",
    max_tokens: int = DEFAULT_MAX_TOKENS,
) -> Reply:
    """One Converse through the profile, then one PutMetricData, also when the call failed."""
    try:
        answer = cloud.call(converse_call(chosen.arn, prompt, region, system, max_tokens))
    except SentryError:
        _count(cloud, chosen, Ending.FAILED, Tokens(), clock(), region)
        raise
    tokens = meter.tokens_of(answer["usage"])
    uncounted = _count(cloud, chosen, Ending.SUCCEEDED, tokens, clock(), region)
    request_id = str(answer.get("ResponseMetadata", {}).get("RequestId", ""))
    cost = estimate(chosen.model, tokens, region)
    return Reply(_text(answer), answer["stopReason"], tokens, cost, chosen, request_id, uncounted)


def converse_call(arn: str, prompt: str, region: str, system: str, max_tokens: int) -> ApiCall:
    """The paid call; ``maxTokens`` is always sent, since its default is the model's maximum."""
    params = {
        "modelId": arn,
        "messages": [{"role": "user", "content": [{"text": prompt}]}],
        "inferenceConfig": {"maxTokens": max_tokens},
    }
    if system:
        params["system"] = [{"text": system}]
    return ApiCall("bedrock-runtime", "Converse", params, region, paid=True)


def estimate(model: str, tokens: Tokens, region: str) -> Decimal | None:
    """Catalogue price x tokens in USD; None when the price is unknown."""
    known = catalog.load()
    reference = known.resolve(model)
    price = None if reference is None else known.price(reference, region)
    return None if price is None else price.cost(tokens)


def _count(
    cloud: Cloud, chosen: Chosen, ending: Ending, tokens: Tokens, at: datetime, region: str
) -> SentryError | None:
    # The model call is paid for by now: a metric that cannot be written is told, it does not take the answer away.
    try:
        cloud.call(meter.metrics_call(chosen.caller(), ending, tokens, at, region))
    except SentryError as error:
        return error
    return None


def _text(answer: Answer) -> str:
    blocks = answer["output"]["message"]["content"]
    return "".join(block["text"] for block in blocks if "text" in block)


def _fits(tags: Mapping[str, str], source: str, wanted: Wanted, model: str) -> bool:
    return all(tags.get(key) == value for key, value in wanted.tags().items()) and model in ("", source)


def _only(found: list[Chosen], wanted: Wanted) -> Chosen:
    what = _words(wanted)
    if not found:
        raise SentryError("CS0105", f"no profile with {what} exists yet", help="make it: sentry profiles sync")
    if len(found) > 1:
        raise SentryError(
            "CS0106", f"{len(found)} profiles have {what}", details=tuple(f"{c.name}  {c.model}" for c in found)
        )
    return found[0]


def _nothing_declared(manifest: Manifest, wanted: Wanted) -> SentryError:
    """Name the values of the first thing asked for that no profile has."""
    left = list(manifest.profiles)
    for key, value in (*wanted.tags().items(), ("model", wanted.model)):
        there = sorted({profile.model if key == "model" else profile.tags.get(key, "") for profile in left} - {""})
        left = [p for p in left if value in ("", p.tags.get(key) if key != "model" else p.model)]
        if not left:
            help_text = f"{key} in {manifest.source.name}: {', '.join(there) or 'none'}"
            break
    else:
        help_text = "see: sentry validate"
    return SentryError("CS0105", f"{manifest.source.name} has no profile with {_words(wanted)}", help=help_text)


def _words(wanted: Wanted) -> str:
    named = [f"{key}={value}" for key, value in wanted.tags().items()]
    return " ".join(named + ([f"model={wanted.model}"] if wanted.model else []))
