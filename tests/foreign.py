"""Profiles that somebody made without this program, and traffic on them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from costsentry_cli.cli.context import Context, sandbox_context
from costsentry_cli.domain.calls import ApiCall
from costsentry_cli.domain.kind import Scope
from costsentry_cli.domain.kinds.inference_profile import observed_in, source_arn
from costsentry_cli.domain.resource import Observed
from costsentry_cli.sandbox import Sandbox
from fakes import ACCOUNT, HAIKU


def somebody(db: Path, region: str = "us-east-1") -> Context:
    """Another client of the sandbox in this file."""
    return sandbox_context(Sandbox(db), region)


def made(context: Context, name: str, model: str = HAIKU, tags: Mapping[str, str] | None = None, **more: str) -> str:
    """Make a profile as anybody would; its ARN."""
    region = context.target.region
    params = {
        "inferenceProfileName": name,
        "modelSource": {"copyFrom": source_arn(model, Scope(ACCOUNT, region, ""))},
        "tags": [{"key": key, "value": value} for key, value in (tags or {}).items()],
        **more,
    }
    return str(context.cloud.call(ApiCall("bedrock", "CreateInferenceProfile", params, region))["inferenceProfileArn"])


def seen(context: Context) -> dict[str, Observed]:
    """Every application profile of the region, by ARN."""
    scope = Scope(ACCOUNT, context.target.region, "")
    return {thing.arn: thing for thing in observed_in(context.cloud, scope.region)}


def called(context: Context, arn: str) -> None:
    """One call through the profile: from now on it is in use."""
    params = {"modelId": arn, "messages": [{"role": "user", "content": [{"text": "Hi"}]}]}
    context.cloud.call(ApiCall("bedrock-runtime", "Converse", params, context.target.region, paid=True))
