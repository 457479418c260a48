"""Application inference profiles (the product's "profiles"): the one resource that carries all attribution.

AWS has no update for them: only tags change in place; name, description and source mean a new profile with a new ARN.
Get and List return neither the tags nor the source (bedrock ``InferenceProfileSummary``), so the source is kept in our
``costsentry:spec`` tag and the tags are read one resource at a time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from costsentry_cli.domain.activity import ACTIVITY, activity_calls
from costsentry_cli.domain.aws_limits import AWS_TAG_PREFIX
from costsentry_cli.domain.calls import ApiCall, Cloud, operations
from costsentry_cli.domain.catalog import kind_of_reference, load
from costsentry_cli.domain.errors import NOT_THERE
from costsentry_cli.domain.kind import Appearing, Kind, Scope
from costsentry_cli.domain.manifest.types import DesiredProfile, Manifest
from costsentry_cli.domain.partitions import partition_of
from costsentry_cli.domain.resource import (
    KEY_TAG,
    NAMESPACE_TAG,
    OWN,
    RETIRED_TAG,
    SPEC_TAG,
    TAG_FIELD,
    Desired,
    Observed,
    Policy,
    retired_mark,
    retired_since,
    tags_in,
)

SPEC_VERSION = "v1:"
PAGE = 1000
ARN_TYPE = ":application-inference-profile/"
_REPLACED = frozenset({"name", "description", "model"})


class ProfilesAppearing:
    """A new profile is in the listing after some seconds; Get finds it sooner."""

    def listing(self, scope: Scope) -> ApiCall:
        """Application profiles, a thousand a page."""
        return listing_call(scope.region)

    def listed(self, page: Mapping[str, Any]) -> Sequence[tuple[str, str]]:
        """Name and ARN of each summary."""
        return [(s["inferenceProfileName"], s["inferenceProfileArn"]) for s in page["inferenceProfileSummaries"]]

    def confirm(self, arn: str, scope: Scope) -> ApiCall:
        """GetInferenceProfile by ARN."""
        return ApiCall("bedrock", "GetInferenceProfile", {"inferenceProfileIdentifier": arn}, scope.region)


class InferenceProfile(Kind):
    """Kind: application inference profile, service ``bedrock``."""

    noun = "profile"
    regional = True
    measured = True
    appearing: Appearing = ProfilesAppearing()
    reading = operations("bedrock", "ListInferenceProfiles ListTagsForResource") | ACTIVITY
    writing = operations("bedrock", "CreateInferenceProfile GetInferenceProfile TagResource UntagResource")
    deleting = operations("bedrock", "DeleteInferenceProfile")

    def policy(self, field: str) -> Policy:
        """Tags change in place; name, description and model replace."""
        return Policy.REPLACE if field in _REPLACED else Policy.IN_PLACE

    def desired(self, manifest: Manifest, scope: Scope, now: datetime) -> tuple[Desired, ...]:
        """Every profile of the manifest that belongs in the scope's region."""
        del now
        return wanted_in(manifest, scope)

    def observe(self, cloud: Cloud, scope: Scope, wanted: Sequence[Desired]) -> tuple[Observed, ...]:
        """All application profiles of the region with their tags; see ``observed_in``."""
        del wanted
        return observed_in(cloud, scope.region)

    def activity(self, arns: Sequence[str], scope: Scope, now: datetime) -> tuple[ApiCall, ...]:
        """Invocations by profile id, the last segment of the ARN."""
        return activity_calls(arns, scope.region, now)

    def create(self, desired: Desired, scope: Scope, generation: str) -> tuple[ApiCall, ...]:
        """One call that carries the tags and a deterministic token: a repeated run cannot make a second profile."""
        params: dict[str, Any] = {
            "inferenceProfileName": desired.name,
            "clientRequestToken": client_token(desired, scope, generation),
            "modelSource": {"copyFrom": source_arn(desired.fields["model"], scope)},
            "tags": _tag_list(tags_in(desired.fields) | ownership(desired, scope)),
        }
        if "description" in desired.fields:
            params["description"] = desired.fields["description"]
        return (ApiCall("bedrock", "CreateInferenceProfile", params, scope.region),)

    def update(self, desired: Desired, observed: Observed, scope: Scope) -> tuple[ApiCall, ...]:
        """Tag what differs first, then untag what is no longer wanted: at no moment is the profile without its tags."""
        wanted = tags_in(desired.fields)
        changed = {key: value for key, value in wanted.items() if observed.tags.get(key) != value}
        gone = sorted(k for k in observed.tags if k not in wanted and not k.startswith((OWN, AWS_TAG_PREFIX)))
        calls = []
        if changed:
            params: dict[str, Any] = {"resourceARN": observed.arn, "tags": _tag_list(changed)}
            calls.append(ApiCall("bedrock", "TagResource", params, scope.region))
        if gone:
            params = {"resourceARN": observed.arn, "tagKeys": gone}
            calls.append(ApiCall("bedrock", "UntagResource", params, scope.region))
        return tuple(calls)

    def retire(self, observed: Observed, scope: Scope, at: datetime) -> tuple[ApiCall, ...]:
        """One more tag: the moment another profile took its place."""
        tags = _tag_list(retired_mark(at))
        return (ApiCall("bedrock", "TagResource", {"resourceARN": observed.arn, "tags": tags}, scope.region),)

    def adopt(self, desired: Desired, observed: Observed, scope: Scope) -> tuple[ApiCall, ...]:
        """Our marks and the declared tags on what exists already; other tags stay: the next plan shows them."""
        wanted = tags_in(desired.fields) | ownership(desired, scope)
        changed = {key: value for key, value in wanted.items() if observed.tags.get(key) != value}
        params: dict[str, Any] = {"resourceARN": observed.arn, "tags": _tag_list(changed)}
        calls = [ApiCall("bedrock", "TagResource", params, scope.region)]
        if RETIRED_TAG in observed.tags:  # a mark of ours without an owner: it is taken into use again
            params = {"resourceARN": observed.arn, "tagKeys": [RETIRED_TAG]}
            calls.append(ApiCall("bedrock", "UntagResource", params, scope.region))
        return tuple(calls)

    def delete(self, observed: Observed, scope: Scope) -> tuple[ApiCall, ...]:
        """By ARN, never by name."""
        params = {"inferenceProfileIdentifier": observed.arn}
        return (ApiCall("bedrock", "DeleteInferenceProfile", params, scope.region),)

    def made(self, desired: Desired, scope: Scope, answer: Mapping[str, Any]) -> str:
        """The new profile's ARN."""
        del desired, scope
        return str(answer["inferenceProfileArn"])


def listing_call(region: str) -> ApiCall:
    """ListInferenceProfiles of application profiles, a thousand a page."""
    return ApiCall("bedrock", "ListInferenceProfiles", {"typeEquals": "APPLICATION", "maxResults": PAGE}, region)


def observed_in(cloud: Cloud, region: str) -> tuple[Observed, ...]:
    """All application profiles of a region with their tags: one listing, then one tag read for each."""
    return tagged(cloud, list_profiles(cloud, region), region)


def list_profiles(cloud: Cloud, region: str) -> list[dict[str, Any]]:
    """Every application inference profile of the region, as AWS's summaries (no tags), in AWS's order."""
    return [summary for page in cloud.pages(listing_call(region)) for summary in page["inferenceProfileSummaries"]]


def tagged(cloud: Cloud, summaries: Sequence[Mapping[str, Any]], region: str) -> tuple[Observed, ...]:
    """These summaries of the region with their tags, one read for each; one that is gone by now is left out."""
    reads = [
        ApiCall("bedrock", "ListTagsForResource", {"resourceARN": s["inferenceProfileArn"]}, region) for s in summaries
    ]
    found = []
    for summary, outcome in zip(summaries, cloud.each(reads), strict=True):
        if outcome.error is not None and outcome.error.code == NOT_THERE:
            continue
        if outcome.error is not None:
            raise outcome.error
        found.append(_observed(summary, tags_of(outcome.answer or {}), region))
    return tuple(found)


def tags_of(answer: Mapping[str, Any]) -> dict[str, str]:
    """The tags of a ListTagsForResource answer."""
    return {tag["key"]: tag["value"] for tag in answer.get("tags", [])}


def source_in(model_id: str, region: str) -> str:
    """The source a bare model id means in a region: the model itself, or its geography's profile, or the global one.

    An id with a geography and an ARN are taken as they are; so is a model the catalogue does not know.
    """
    if kind_of_reference(model_id) != "model-id":
        return model_id
    known = load()
    reference = known.resolve(model_id)
    if reference is None or reference.model.in_region:
        return model_id
    near = [geo for geo in reference.model.geos if region in known.regions_of(geo)]
    geo = next(iter(near or [geo for geo in reference.model.geos if geo == "global"]), None)
    return model_id if geo is None else f"{geo}.{model_id}"


def source_arn(model_id: str, scope: Scope) -> str:
    """What ``copyFrom`` takes: the ARN of the foundation model or system-defined profile that the id names."""
    form = kind_of_reference(model_id)
    if form.endswith("-arn"):
        return model_id
    partition = partition_of(scope.region)
    if form == "system-profile-id":
        return f"arn:{partition}:bedrock:{scope.region}:{scope.account}:inference-profile/{model_id}"
    return f"arn:{partition}:bedrock:{scope.region}::foundation-model/{model_id}"


def ownership(desired: Desired, scope: Scope) -> dict[str, str]:
    """Our three marks. The spec keeps what AWS never gives back: the source."""
    return {
        NAMESPACE_TAG: scope.namespace,
        KEY_TAG: desired.key,
        SPEC_TAG: SPEC_VERSION + desired.fields["model"],
    }


def client_token(desired: Desired, scope: Scope, generation: str = "") -> str:
    """The same for the same wish, so that a replay is recognised; 64 hexadecimal digits.

    ``generation`` differs once a former profile of the key is retired or gone: else AWS would answer with that one.
    """
    parts = (scope.account, scope.region, scope.namespace, desired.key, desired.name, desired.fields["model"])
    described = desired.fields.get("description", "")
    return hashlib.sha256("\0".join((*parts, described, generation)).encode()).hexdigest()


def wanted_in(manifest: Manifest, scope: Scope) -> tuple[Desired, ...]:
    """Every profile of the manifest that belongs in the scope's region."""
    return tuple(
        _desired(profile, scope)
        for profile in manifest.profiles
        if not profile.regions or scope.region in profile.regions
    )


def _desired(profile: DesiredProfile, scope: Scope) -> Desired:
    fields = {"name": profile.name, "model": source_in(profile.model_id, scope.region)}
    if profile.description is not None:
        fields["description"] = profile.description
    fields |= {TAG_FIELD + key: value for key, value in profile.tags.items()}
    return Desired(profile.key, profile.name, scope.region, fields, profile.at)


def _observed(summary: Mapping[str, Any], tags: Mapping[str, str], region: str) -> Observed:
    fields = {"name": summary["inferenceProfileName"], "model": _source(summary, tags)}
    if summary.get("description"):
        fields["description"] = summary["description"]
    fields |= {TAG_FIELD + key: value for key, value in tags.items() if not key.startswith((OWN, AWS_TAG_PREFIX))}
    return Observed(
        arn=summary["inferenceProfileArn"],
        name=summary["inferenceProfileName"],
        region=region,
        fields=fields,
        namespace=tags.get(NAMESPACE_TAG),
        key=tags.get(KEY_TAG),
        marked=_marked(summary["inferenceProfileArn"], tags),
        retired=retired_since(tags),
        tags=dict(tags),
        members=tuple(str(model.get("modelArn", "")) for model in summary.get("models", [])),
    )


def _marked(arn: str, tags: Mapping[str, str]) -> bool:
    marks = tags.get(NAMESPACE_TAG), tags.get(KEY_TAG), tags.get(SPEC_TAG, "").startswith(SPEC_VERSION)
    return all(marks) and ARN_TYPE in arn


def _source(summary: Mapping[str, Any], tags: Mapping[str, str]) -> str:
    """The recorded source; of a profile that is not ours, the model its first member ARN names."""
    spec = tags.get(SPEC_TAG, "")
    if spec.startswith(SPEC_VERSION):
        return spec.removeprefix(SPEC_VERSION)
    members = summary.get("models") or [{"modelArn": ""}]
    return str(members[0].get("modelArn", "")).rsplit("/", 1)[-1]


def _tag_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"key": key, "value": tags[key]} for key in sorted(tags)]
