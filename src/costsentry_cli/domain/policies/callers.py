"""The policy for those who call models: through tagged profiles, or not at all.

Source: AWS's "Prerequisites for inference profiles"; ``bedrock:InferenceProfileArn`` is not there in a call that names
the model itself, nor in one through a system-defined profile that no application profile stands before.
"""

from __future__ import annotations

from collections.abc import Sequence

from costsentry_cli.domain.metering.attribution import COST_CENTER
from costsentry_cli.domain.policies.document import Statement
from costsentry_cli.domain.policies.grants import THROUGH
from costsentry_cli.domain.policies.place import Place

CALLS = ("bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream")


def profiles_only(place: Place, cost_centers: Sequence[str]) -> tuple[Statement, ...]:
    """Allow calls through profiles of these cost centres (``*``: any), and deny every other.

    The denial holds whatever else the caller is allowed, also for calls that name a model or a system profile.
    """
    profiles = tuple(place.profiles())
    wanted: dict[str, str | list[str]] = {f"aws:ResourceTag/{COST_CENTER}": list(cost_centers)}
    models = tuple(place.models())
    every_model = (f"arn:{place.partition}:bedrock:*::foundation-model/*",)
    return (
        Statement("CallTheseProfiles", ("bedrock:GetInferenceProfile", *CALLS), profiles, {"StringLike": wanted}),
        Statement("CallModelsThroughProfiles", CALLS, models, {"StringLike": {THROUGH: list(profiles)}}),
        Statement("NeverPastProfiles", CALLS, every_model, {"StringNotLike": {THROUGH: list(profiles)}}, "Deny"),
    )
