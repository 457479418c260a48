"""From the name people use to all there is to know of a profile: its ARN, model, price and lifecycle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from costsentry_cli.domain import catalog
from costsentry_cli.domain.calls import Cloud
from costsentry_cli.domain.kind import Scope
from costsentry_cli.domain.lookup import Found
from costsentry_cli.domain.lookup import resolve as look_up
from costsentry_cli.domain.manifest.types import Manifest
from costsentry_cli.domain.pricing import Price
from costsentry_cli.domain.sources import recorded, system_profiles, told


@dataclass(frozen=True)
class Resolved:
    """A profile with what the catalogue says of its model.

    ``model`` is its source (a model id, a system profile id or an ARN); ``certain`` False when that was told by the
    member models. ``price`` and ``status`` are None when the catalogue does not know them; ``end_of_life`` is the day
    from which calls fail.
    """

    found: Found
    model: str
    certain: bool
    price: Price | None
    status: str | None
    end_of_life: date | None


def resolve(
    clouds: Mapping[str, Cloud], scopes: Sequence[Scope], manifest: Manifest | None, text: str, today: date
) -> Resolved:
    """The profile that ``text`` (key, name, id or ARN) names; raises ``SentryError`` CS0105 or CS0106."""
    keyed = {profile.key: profile.name for profile in manifest.profiles} if manifest is not None else {}
    found = look_up(clouds, scopes, text, keyed)
    certain = recorded(found.observed)
    model = found.observed.fields["model"] if certain else _told(clouds, found)
    known = catalog.load()
    reference = known.resolve(model)
    if reference is None:
        return Resolved(found, model, certain, None, None, None)
    price = known.price(reference, found.scope.region)
    return Resolved(found, model, certain, price, reference.model.status_on(today), reference.model.end_of_life)


def _told(clouds: Mapping[str, Cloud], found: Found) -> str:
    systems = system_profiles(clouds[found.scope.account], found.scope.region)
    sources = told(found.observed.members, found.scope.region, systems)
    return sources[0] if sources else found.observed.fields["model"]
