"""Look at every profile of an account's regions, to write a manifest for them."""

from __future__ import annotations

from collections.abc import Sequence

from costsentry_cli.domain.calls import Cloud
from costsentry_cli.domain.inventory import Sighting
from costsentry_cli.domain.kind import Scope
from costsentry_cli.domain.kinds.inference_profile import observed_in
from costsentry_cli.domain.sources import recorded, system_profiles, told


def take(cloud: Cloud, account: str, regions: Sequence[str]) -> tuple[Sighting, ...]:
    """Every application profile of these regions with its likely sources; reading calls only."""
    return tuple(one for region in regions for one in _region(cloud, Scope(account, region, "")))


def _region(cloud: Cloud, scope: Scope) -> list[Sighting]:
    things = observed_in(cloud, scope.region)
    systems = {} if all(map(recorded, things)) else system_profiles(cloud, scope.region)
    return [
        Sighting(thing, (thing.fields["model"],), certain=True)
        if recorded(thing)
        else Sighting(thing, told(thing.members, scope.region, systems), certain=False)
        for thing in things
    ]
