"""What a profile was made from, told by its member models: AWS never gives the source back (bedrock ``copyFrom``).

A source and the profile made from it have the same members: one ARN for a foundation model, one per region for a
system-defined profile, an ARN without region among those of a global one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from costsentry_cli.domain.calls import ApiCall, Cloud
from costsentry_cli.domain.kind import Scope
from costsentry_cli.domain.kinds.inference_profile import PAGE, SPEC_VERSION, source_arn, source_in
from costsentry_cli.domain.references import read_reference
from costsentry_cli.domain.resource import SPEC_TAG, Observed

Systems = Mapping[str, frozenset[str]]
"""System-defined profile id -> the ARNs of its member models, as one region shows them."""


def system_profiles(cloud: Cloud, region: str) -> dict[str, frozenset[str]]:
    """Every system-defined profile of the region with its members: one paged listing."""
    call = ApiCall("bedrock", "ListInferenceProfiles", {"typeEquals": "SYSTEM_DEFINED", "maxResults": PAGE}, region)
    return {
        str(summary["inferenceProfileId"]): _members(summary)
        for page in cloud.pages(call)
        for summary in page["inferenceProfileSummaries"]
    }


def expected_members(cloud: Cloud, model: str, scope: Scope) -> frozenset[str]:
    """The members a profile made from ``model`` (id or ARN) has here: GetInferenceProfile for a system profile."""
    arn = source_arn(model, scope)
    if read_reference(arn).kind == "foundation-model-arn":
        return frozenset((arn,))
    return _members(
        cloud.call(ApiCall("bedrock", "GetInferenceProfile", {"inferenceProfileIdentifier": arn}, scope.region))
    )


def recorded(observed: Observed) -> bool:
    """True when the source stands in our spec tag, and nothing has to be told by the members."""
    return observed.tags.get(SPEC_TAG, "").startswith(SPEC_VERSION)


def told(members: Sequence[str], region: str, systems: Systems) -> tuple[str, ...]:
    """Every source that has these members, the likeliest first; nothing when there is none.

    System-defined profiles come before a foundation model; that is named by its id where the id means it in the region.
    """
    wanted = frozenset(members)
    same = sorted(name for name, arns in systems.items() if wanted and arns == wanted)
    if len(wanted) != 1:
        return tuple(same)
    reference = read_reference(members[0])
    if reference.kind != "foundation-model-arn" or reference.region != region:
        return tuple(same)
    plain = source_in(reference.id, region) == reference.id
    return (*same, reference.id if plain else members[0])


def _members(summary: Mapping[str, object]) -> frozenset[str]:
    models = summary.get("models")
    return frozenset(str(model["modelArn"]) for model in models) if isinstance(models, list) else frozenset()
