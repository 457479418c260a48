"""What a kind of resource must say of itself; everything else is generic over kinds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from costsentry_cli.domain.calls import ApiCall, Cloud
from costsentry_cli.domain.manifest.types import Manifest
from costsentry_cli.domain.resource import Desired, Observed, Policy


@dataclass(frozen=True)
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
        """What the manifest wants in this region."""
        ...

    def observe(self, cloud: Cloud, scope: Scope) -> tuple[Observed, ...]:
        """What exists in this region, ours and foreign, through reading calls only."""
        ...

    def create(self, desired: Desired, scope: Scope) -> tuple[ApiCall, ...]:
        """The calls that make it."""
        ...

    def update(self, desired: Desired, observed: Observed, scope: Scope) -> tuple[ApiCall, ...]:
        """The calls that bring its in-place fields from observed to desired."""
        ...


def regions_of(manifest: Manifest, target_region: str) -> Sequence[str]:
    """Every region the manifest speaks of, in its order; the target's own where it names none."""
    named = [region for profile in manifest.profiles for region in profile.regions]
    return list(dict.fromkeys(named or manifest.regions or (target_region,)))
