"""Application inference profiles (the product's "profiles"): the one resource that carries all attribution.

AWS has no update for them: only tags change in place; name, description and source mean a new profile with a new ARN.
Get and List return neither the tags nor the source (bedrock ``InferenceProfileSummary``), so the source is kept in our
``costsentry:spec`` tag and the tags are read one resource at a time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from costsentry_cli.domain.aws_limits import AWS_TAG_PREFIX
from costsentry_cli.domain.calls import ApiCall, Cloud
from costsentry_cli.domain.catalog import kind_of_reference
from costsentry_cli.domain.kind import Scope
from costsentry_cli.domain.manifest.types import DesiredProfile, Manifest
from costsentry_cli.domain.resource import KEY_TAG, NAMESPACE_TAG, OWN, SPEC_TAG, Desired, Observed, Policy

SPEC_VERSION = "v1:"
PAGE = 1000
TAG_FIELD = "tags."
_REPLACED = frozenset({"name", "description", "model"})


class InferenceProfile:
    """Kind: application inference profile, service ``bedrock``."""

    noun = "profile"

    def policy(self, field: str) -> Policy:
        """Tags change in place; name, description and model replace."""
        return Policy.REPLACE if field in _REPLACED else Policy.IN_PLACE

    def desired(self, manifest: Manifest, scope: Scope) -> tuple[Desired, ...]:
        """Every profile of the manifest that belongs in the scope's region."""
        return tuple(
            _desired(profile, scope)
            for profile in manifest.profiles
            if not profile.regions or scope.region in profile.regions
        )

    def observe(self, cloud: Cloud, scope: Scope) -> tuple[Observed, ...]:
        """All application profiles of the region with their tags: one listing, then one tag read for each."""
        summaries = list_profiles(cloud, scope.region)
        reads = [
            ApiCall("bedrock", "ListTagsForResource", {"resourceARN": s["inferenceProfileArn"]}, scope.region)
            for s in summaries
        ]
        found = []
        for summary, outcome in zip(summaries, cloud.each(reads), strict=True):
            if outcome.error is not None:
                raise outcome.error
            found.append(_observed(summary, tags_of(outcome.answer or {}), scope.region))
        return tuple(found)

    def create(self, desired: Desired, scope: Scope) -> tuple[ApiCall, ...]:
        """One call that carries the tags and a deterministic token: a repeated run cannot make a second profile."""
        params: dict[str, Any] = {
            "inferenceProfileName": desired.name,
            "clientRequestToken": client_token(desired, scope),
            "modelSource": {"copyFrom": source_arn(desired.fields["model"], scope)},
            "tags": _tag_list(_tags(desired.fields) | ownership(desired, scope)),
        }
        if "description" in desired.fields:
            params["description"] = desired.fields["description"]
        return (ApiCall("bedrock", "CreateInferenceProfile", params, scope.region),)

    def update(self, desired: Desired, observed: Observed, scope: Scope) -> tuple[ApiCall, ...]:
        """Tag what differs first, then untag what is no longer wanted: at no moment is the profile without its tags."""
        wanted = _tags(desired.fields)
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


def list_profiles(cloud: Cloud, region: str) -> list[dict[str, Any]]:
    """Every application inference profile of the region, as AWS's summaries (no tags), in AWS's order."""
    call = ApiCall("bedrock", "ListInferenceProfiles", {"typeEquals": "APPLICATION", "maxResults": PAGE}, region)
    return [summary for page in cloud.pages(call) for summary in page["inferenceProfileSummaries"]]


def tags_of(answer: Mapping[str, Any]) -> dict[str, str]:
    """The tags of a ListTagsForResource answer."""
    return {tag["key"]: tag["value"] for tag in answer.get("tags", [])}


def source_arn(model_id: str, scope: Scope) -> str:
    """What ``copyFrom`` takes: the ARN of the foundation model or system-defined profile that the id names."""
    form = kind_of_reference(model_id)
    if form.endswith("-arn"):
        return model_id
    partition = partition_of(scope.region)
    if form == "system-profile-id":
        return f"arn:{partition}:bedrock:{scope.region}:{scope.account}:inference-profile/{model_id}"
    return f"arn:{partition}:bedrock:{scope.region}::foundation-model/{model_id}"


def partition_of(region: str) -> str:
    """The AWS partition of a region name."""
    for prefix, partition in (("us-gov-", "aws-us-gov"), ("cn-", "aws-cn"), ("us-isob-", "aws-iso-b")):
        if region.startswith(prefix):
            return partition
    return "aws-iso" if region.startswith("us-iso-") else "aws"


def ownership(desired: Desired, scope: Scope) -> dict[str, str]:
    """Our three marks. The spec keeps what AWS never gives back: the source."""
    return {
        NAMESPACE_TAG: scope.namespace,
        KEY_TAG: desired.key,
        SPEC_TAG: SPEC_VERSION + desired.fields["model"],
    }


def client_token(desired: Desired, scope: Scope, generation: int = 0) -> str:
    """The same for the same wish, so that a replay is recognised; 64 hexadecimal digits."""
    parts = (scope.account, scope.region, scope.namespace, desired.key, desired.name, desired.fields["model"])
    return hashlib.sha256("\0".join((*parts, str(generation))).encode()).hexdigest()


def _desired(profile: DesiredProfile, scope: Scope) -> Desired:
    fields = {"name": profile.name, "model": profile.model_id}
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
        tags=dict(tags),
    )


def _source(summary: Mapping[str, Any], tags: Mapping[str, str]) -> str:
    """The recorded source; of a profile that is not ours, the model its first member ARN names."""
    spec = tags.get(SPEC_TAG, "")
    if spec.startswith(SPEC_VERSION):
        return spec.removeprefix(SPEC_VERSION)
    members = summary.get("models") or [{"modelArn": ""}]
    return str(members[0].get("modelArn", "")).rsplit("/", 1)[-1]


def _tags(fields: Mapping[str, str]) -> dict[str, str]:
    return {name.removeprefix(TAG_FIELD): value for name, value in fields.items() if name.startswith(TAG_FIELD)}


def _tag_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"key": key, "value": tags[key]} for key in sorted(tags)]
