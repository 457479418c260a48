"""What a kind of resource must say of itself; everything else is generic over kinds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from costsentry_cli.domain.calls import ApiCall, Cloud
from costsentry_cli.domain.manifest.types import Manifest
from costsentry_cli.domain.resource import Desired, Observed, Policy


@dataclass(frozen=True, order=True)
class Scope:
    """Where a resource lives and whose it is: the account and region of the calls, the manifest's namespace."""

    account: str
    region: str
    namespace: str


class Kind(Protocol):
    """One kind of resource: pure; it says which calls to make and never makes a writing one itself."""

    noun: str
    """Singular, as people read it: ``profile``."""

    def policy(self, field: str) -> Policy:
        """What a difference in this field means."""
        ...

    def desired(self, manifest: Manifest, scope: Scope) -> tuple[Desired, ...]:
        """What the manifest wants in this scope."""
        ...

    def observe(self, cloud: Cloud, scope: Scope) -> tuple[Observed, ...]:
        """What exists in this scope, ours and foreign, through reading calls only."""
        ...

    def activity(self, arns: Sequence[str], scope: Scope, now: datetime) -> tuple[ApiCall, ...]:
        """The reading calls that tell how much these were used lately; see ``domain.activity``."""
        ...

    def create(self, desired: Desired, scope: Scope, generation: str) -> tuple[ApiCall, ...]:
        """The one call that makes it. The same wish in the same generation is the same call."""
        ...

    def update(self, desired: Desired, observed: Observed, scope: Scope) -> tuple[ApiCall, ...]:
        """The calls that bring its in-place fields from observed to desired."""
        ...

    def retire(self, observed: Observed, scope: Scope, at: datetime) -> tuple[ApiCall, ...]:
        """The calls that mark it as replaced; it goes on working."""
        ...

    def delete(self, observed: Observed, scope: Scope) -> tuple[ApiCall, ...]:
        """The call that deletes it."""
        ...

    def made(self, answer: Mapping[str, Any]) -> str:
        """The ARN in the answer of a create call."""
        ...

    def listing(self, scope: Scope) -> ApiCall:
        """The paged call that lists what there is."""
        ...

    def listed(self, page: Mapping[str, Any]) -> Sequence[tuple[str, str]]:
        """Name and ARN of every resource on one page of the listing."""
        ...

    def confirm(self, arn: str, scope: Scope) -> ApiCall:
        """The reading call that succeeds once it is there."""
        ...


def regions_of(manifest: Manifest, target_region: str) -> Sequence[str]:
    """Every region the manifest speaks of, in its order; the target's own where it names none."""
    named = [region for profile in manifest.profiles for region in profile.regions]
    return list(dict.fromkeys([*manifest.regions, *named] or [target_region]))
