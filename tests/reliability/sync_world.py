"""What the reliability tests share: many profiles in one line, one run of a sync, and what must hold afterwards."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from accounts import Account, Crash, Hook
from costsentry_cli.domain.calls import ApiCall
from costsentry_cli.domain.kind import Kind, Scope
from costsentry_cli.domain.kinds.inference_profile import InferenceProfile
from costsentry_cli.domain.manifest.types import Manifest
from costsentry_cli.domain.plan import Plan, Wishes
from costsentry_cli.domain.resource import KEY_TAG, NAMESPACE_TAG, RETIRED_TAG, SPEC_TAG, Desired
from costsentry_cli.manifest_file import read
from costsentry_cli.usecases import sync
from costsentry_cli.usecases.apply import Applied, apply
from fakes import ACCOUNT, PROFILES, home

NAMESPACE = "docs-helper"
SECOND = timedelta(seconds=1)
LAG = timedelta(seconds=5)
NOTHING_ASKED = Wishes()


def text(numbers: Sequence[int], model: str = "haiku", extra: str = "") -> str:
    """A manifest of the profiles ``p-c000``, ``p-c001`` … with these numbers."""
    return (
        f"version: 1\nnamespace: {NAMESPACE}\nregions: [us-east-1]\n"
        "models: {haiku: us.anthropic.claude-haiku-4-5-20251001-v1:0, lite: amazon.nova-lite-v1:0}\n"
        f"tags: {{environment: production{extra}}}\n"
        f"profiles:\n  - name: p-{{costCenter}}\n    model: {model}\n"
        f"    tags: {{costCenter: [{', '.join(f'c{n:03}' for n in numbers)}]}}\n"
    )


@cache
def wanted(numbers: range, model: str = "haiku", extra: str = "") -> Manifest:
    """The same, read."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "profiles.yaml"
        path.write_text(text(numbers, model, extra), encoding="utf-8")
        return read(path)


def planned(
    account: Account, manifest: Manifest, wishes: Wishes = NOTHING_ASKED, kinds: Sequence[Kind] = PROFILES
) -> Plan:
    return sync.plan({ACCOUNT: account}, manifest, kinds, home(manifest), wishes, account.clock())


def carried_out(account: Account, plan: Plan) -> tuple[Applied, ...]:
    return apply({ACCOUNT: account}, plan, lambda seconds: account.clock.move(timedelta(seconds=seconds)))


def synced(
    account: Account, manifest: Manifest, wishes: Wishes = NOTHING_ASKED, kinds: Sequence[Kind] = PROFILES
) -> tuple[Applied, ...]:
    """One whole run; a refused plan is not carried out, as in the command."""
    plan = planned(account, manifest, wishes, kinds)
    assert not plan.refused
    return carried_out(account, plan)


def errors(done: Sequence[Applied]) -> list[str]:
    return [one.error.code for one in done if one.error is not None]


def active(account: Account) -> Counter[str]:
    """Key -> how many profiles of ours carry it and are not retired."""
    ours = [p.tags for p in account.profiles.values() if p.tags.get(NAMESPACE_TAG) == NAMESPACE]
    return Counter(tags[KEY_TAG] for tags in ours if RETIRED_TAG not in tags)


def duplicates(account: Account) -> int:
    """Active profiles beyond the first of each key."""
    return sum(count - 1 for count in active(account).values())


def orphans(account: Account) -> int:
    """Profiles that lack one of our marks: nobody would ever find them again."""
    marks = (NAMESPACE_TAG, KEY_TAG, SPEC_TAG)
    return sum(any(mark not in p.tags for mark in marks) for p in account.profiles.values())


def kill_before(at: int) -> tuple[Hook, Hook]:
    """Hooks that kill the process just before the call with this number."""

    def before(number: int, call: ApiCall) -> None:
        if number == at:
            raise Crash

    return before, lambda number, call: None


def kill_after(at: int) -> tuple[Hook, Hook]:
    """Hooks that kill the process just after the call with this number took effect."""
    kill, nothing = kill_before(at)
    return nothing, kill


class RandomToken(InferenceProfile):
    """The kind as a client library alone would make it: a fresh token for every create. A negative control."""

    def __init__(self, seed: int = 0) -> None:
        self.dice = Random(seed)

    def create(self, desired: Desired, scope: Scope, generation: str) -> tuple[ApiCall, ...]:
        (call,) = super().create(desired, scope, generation)
        params: dict[str, Any] = {**call.params, "clientRequestToken": f"{self.dice.getrandbits(128):032x}"}
        return (ApiCall(call.service, call.operation, params, call.region),)
