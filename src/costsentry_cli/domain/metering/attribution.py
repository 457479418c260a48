"""Whose call it is: from tags, aliases, ids, ARNs and cost centres to the one profile that pays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from costsentry_cli.domain import catalog
from costsentry_cli.domain.calls import Cloud
from costsentry_cli.domain.catalog import kind_of_reference
from costsentry_cli.domain.errors import SentryError
from costsentry_cli.domain.kinds.inference_profile import list_profiles, tagged
from costsentry_cli.domain.manifest.findings import most_similar
from costsentry_cli.domain.manifest.types import Manifest
from costsentry_cli.domain.meter import Caller
from costsentry_cli.domain.metering.request import KNOWN_TAGS, Request

COST_CENTER = "costCenter"
PROFILE_ARN = "application-profile-arn"


@dataclass(frozen=True)
class Wanted:
    """Which profile: the tag values it must carry, its model (alias or id), its ARN; empty means any."""

    cost_center: str = ""
    application: str = ""
    environment: str = ""
    model: str = ""
    arn: str = ""

    def tags(self) -> dict[str, str]:
        """The tags that are asked for."""
        named = {COST_CENTER: self.cost_center, "applicationId": self.application, "environment": self.environment}
        return {key: value for key, value in named.items() if value}


@dataclass(frozen=True)
class Chosen:
    """The profile that pays: its ARN, name, source model and tags."""

    arn: str
    name: str
    model: str
    tags: Mapping[str, str]

    def who(self) -> dict[str, str]:
        """The tags that say who pays, of those the profile has."""
        return {key: self.tags[key] for key in KNOWN_TAGS if key in self.tags}

    def caller(self) -> Caller:
        """The metric dimensions of calls through it."""
        tag = self.tags.get
        return Caller(
            self.model,
            catalog.profile_id(self.arn),
            tag(COST_CENTER, ""),
            tag("applicationId", ""),
            tag("environment", ""),
        )


def wanted_by(request: Request, manifest: Manifest) -> Wanted:
    """What a request asks for. Its ``model`` is an alias, an id, a profile's ARN, or a cost centre of the manifest.

    Raises ``SentryError`` CS0101 when a cost centre is named twice and differs.
    """
    tag, model = request.tags.get, request.model
    cost_center = tag(COST_CENTER, "")
    if kind_of_reference(model) == PROFILE_ARN:
        return Wanted(cost_center, tag("applicationId", ""), tag("environment", ""), arn=model)
    centres = {profile.tags.get(COST_CENTER) for profile in manifest.profiles}
    if model in centres and model not in manifest.models:
        if cost_center not in ("", model):
            raise SentryError("CS0101", f"model is the cost centre {model!r}, the tags say {cost_center!r}")
        cost_center, model = model, ""
    return Wanted(cost_center, tag("applicationId", ""), tag("environment", ""), model)


def resolve(cloud: Cloud, manifest: Manifest, wanted: Wanted, region: str) -> Chosen:
    """The one profile of the manifest's namespace that carries the wanted tags.

    Raises ``SentryError`` CS0105 when none fits and CS0106 when several do.
    """
    model = manifest.models.get(wanted.model, wanted.model)
    declared = [p for p in manifest.profiles if _fits(p.tags, p.model_id, wanted, model)]
    if not declared:
        raise _nothing_declared(manifest, wanted)
    names = {profile.name for profile in declared}
    summaries = [
        summary
        for summary in list_profiles(cloud, region)
        if summary["inferenceProfileName"] in names and wanted.arn in ("", summary["inferenceProfileArn"])
    ]
    found = [
        Chosen(thing.arn, thing.name, thing.fields["model"], thing.tags)
        for thing in tagged(cloud, summaries, region)
        if thing.namespace == manifest.namespace
        and thing.retired is None
        and _fits(thing.tags, thing.fields["model"], wanted, model)
    ]
    return _only(found, wanted)


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
            near = most_similar(value, tuple(there))
            meant = f"did you mean {near}? " if near else ""
            help_text = f"{meant}{key} in {manifest.source.name}: {', '.join(there) or 'none'}"
            break
    else:
        help_text = "see: sentry validate"
    return SentryError("CS0105", f"{manifest.source.name} has no profile with {_words(wanted)}", help=help_text)


def _words(wanted: Wanted) -> str:
    named = [f"{key}={value}" for key, value in wanted.tags().items()]
    named += [f"model={wanted.model}"] if wanted.model else []
    return " ".join(named + ([wanted.arn] if wanted.arn else [])) or "these tags"
