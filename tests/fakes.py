"""Fakes as classes: a recording cloud, a clock that stands still, and manifests in a few words."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from botocore.loaders import Loader
from botocore.model import ServiceModel

from costsentry_cli.domain.calls import Answer, ApiCall, Outcome
from costsentry_cli.domain.errors import SentryError
from costsentry_cli.domain.kind import Kind, Scope
from costsentry_cli.domain.kinds.inference_profile import InferenceProfile
from costsentry_cli.domain.manifest.types import Manifest
from costsentry_cli.manifest_file import read
from costsentry_cli.sandbox.model_check import problems

OUR_USER_AGENT = "costsentry-cli/"
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
HAIKU = "us.anthropic.claude-haiku-4-5-20251001-v1:0"
LITE = "amazon.nova-lite-v1:0"
ACCOUNT = "123456789012"
PROFILES: tuple[Kind, ...] = (InferenceProfile(),)
"""The one kind alone."""


def home(manifest: Manifest, region: str = "us-east-1") -> Scope:
    """Where the target itself is."""
    return Scope(ACCOUNT, region, manifest.namespace)


class FrozenClock:
    """Answers the same time until it is moved."""

    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def move(self, by: timedelta) -> None:
        self.now += by


@cache
def service_model(service: str) -> ServiceModel:
    return ServiceModel(Loader().load_service_model(service, "service-2"), service)


def model_problems(call: ApiCall) -> list[str]:
    """What AWS's own model says against a call's parameters."""
    shape = service_model(call.service).operation_model(call.operation).input_shape
    return [problem.message for problem in problems(shape, dict(call.params))]


Scripted = Answer | SentryError | Callable[[ApiCall], Answer]


class FakeCloud:
    """A ``Cloud`` that records calls, checks them against AWS's models and answers from a script by operation.

    A scripted list answers one call after the other; anything else answers every call.
    """

    interrupted = False

    def __init__(self, script: Mapping[str, Scripted | list[Scripted]]) -> None:
        self.script = dict(script)
        self.calls: list[ApiCall] = []

    def operations(self) -> list[str]:
        return [call.operation for call in self.calls]

    def call(self, call: ApiCall) -> Answer:
        assert model_problems(call) == []
        self.calls.append(call)
        scripted = self.script[call.operation]
        answer = scripted.pop(0) if isinstance(scripted, list) else scripted
        if isinstance(answer, SentryError):
            raise answer
        return answer(call) if callable(answer) else answer

    def pages(self, call: ApiCall) -> Iterator[Answer]:
        yield self.call(call)

    def each(self, calls: Sequence[ApiCall]) -> Iterator[Outcome]:
        for index, call in enumerate(calls):
            try:
                yield Outcome(call, answer=self.call(call), index=index)
            except SentryError as error:
                yield Outcome(call, error=error, index=index)

    def as_ended(self, calls: Sequence[ApiCall]) -> Iterator[Outcome]:
        yield from self.each(calls)


BASIC = """\
version: 1
namespace: docs-helper
regions: [us-east-1]
models:
  haiku: us.anthropic.claude-haiku-4-5-20251001-v1:0
  nova-lite: amazon.nova-lite-v1:0
tags: {applicationId: aws-documentation-helper, environment: production}
profiles:
  - name: aws-docs-{costCenter}-prod
    model: haiku
    tags: {costCenter: [sales, services, support]}
cost_allocation_tags: [applicationId, costCenter, environment]
"""

PROFILES_ALONE = BASIC.replace("cost_allocation_tags: [applicationId, costCenter, environment]\n", "")


def write_manifest(folder: Path, text: str = BASIC) -> Path:
    path = folder / "profiles.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def manifest(folder: Path, text: str = BASIC) -> Manifest:
    return read(write_manifest(folder, text))


def summary(name: str, number: int, model: str = HAIKU) -> dict[str, Any]:
    """One entry of ListInferenceProfiles."""
    return {
        "inferenceProfileName": name,
        "inferenceProfileArn": arn(number),
        "inferenceProfileId": f"id{number:010d}",
        "models": [{"modelArn": f"arn:aws:bedrock:us-east-1::foundation-model/{model.removeprefix('us.')}"}],
        "status": "ACTIVE",
        "type": "APPLICATION",
    }


def arn(number: int) -> str:
    return f"arn:aws:bedrock:us-east-1:{ACCOUNT}:application-inference-profile/id{number:010d}"


def tag_list(tags: Mapping[str, str]) -> dict[str, Any]:
    """A ListTagsForResource answer."""
    return {"tags": [{"key": key, "value": value} for key, value in tags.items()]}


def violations_in(path: Path) -> list[tuple[str, ...]]:
    """What a sandbox file has recorded against AWS's models: any answer, and every call of ours."""
    query = "SELECT service, operation, side, problem FROM violations WHERE side = 'output' OR user_agent LIKE ?"
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
            return db.execute(query, (f"%{OUR_USER_AGENT}%",)).fetchall()
    except sqlite3.DatabaseError:  # some other database, or one that a killed process left unopened
        return []
