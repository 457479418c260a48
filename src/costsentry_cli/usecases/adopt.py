"""Take existing profiles under management: by tags alone, nothing is made anew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from costsentry_cli.domain.adoption import Adoption, of_other_models, owned_by_another, why_not
from costsentry_cli.domain.calls import ApiCall, Cloud
from costsentry_cli.domain.errors import SentryError
from costsentry_cli.domain.kind import Scope
from costsentry_cli.domain.kinds.inference_profile import InferenceProfile, observed_in, wanted_in
from costsentry_cli.domain.manifest.findings import most_similar
from costsentry_cli.domain.manifest.types import Manifest
from costsentry_cli.domain.references import profile_id
from costsentry_cli.domain.resource import Desired, Observed
from costsentry_cli.domain.sources import expected_members


@dataclass(frozen=True)
class Ended:
    """What became of one adoption; ``error`` None: it is managed."""

    adoption: Adoption
    error: SentryError | None = None


@dataclass(frozen=True)
class _Place:
    """One scope as it was seen."""

    cloud: Cloud
    scope: Scope
    desired: tuple[Desired, ...]
    observed: tuple[Observed, ...]


def named(
    clouds: Mapping[str, Cloud], scopes: Sequence[Scope], manifest: Manifest, texts: Sequence[str], key: str | None
) -> tuple[Adoption, ...]:
    """The adoptions of the profiles that the texts name (name, id or ARN), one in each scope that has one.

    ``key`` names the entry, else the profile's name does. Raises ``SentryError`` CS0105 for a text or an entry that is
    nowhere, CS0106 for a name that several profiles of a scope have, CS0203 for one that another namespace owns.
    """
    places = [_look(clouds[scope.account], scope, manifest) for scope in scopes]
    found: list[Adoption] = []
    for text in texts:
        there = [(place, thing) for place in places if (thing := _one(place, text)) is not None]
        if not there:
            raise _nowhere(text, places)
        found += [_adoption(place, _entry(place, thing, key, manifest), thing) for place, thing in there]
    return tuple(found)


def fitting(clouds: Mapping[str, Cloud], scopes: Sequence[Scope], manifest: Manifest) -> tuple[Adoption, ...]:
    """The adoption of every profile that nobody manages and whose name an entry without a profile has."""
    found: list[Adoption] = []
    for scope in scopes:
        place = _look(clouds[scope.account], scope, manifest)
        taken = {thing.key for thing in place.observed if thing.namespace == scope.namespace and not thing.retired}
        for wish in place.desired:
            free = [one for one in place.observed if one.name == wish.name and one.namespace is None]
            if not free or wish.key in taken:
                continue
            several = _several(free, wish.name) if len(free) > 1 else None
            found.append(
                Adoption(scope, wish, free[0], refusal=several) if several else _adoption(place, wish, free[0])
            )
    return tuple(found)


def carry_out(clouds: Mapping[str, Cloud], adoptions: Sequence[Adoption]) -> tuple[Ended, ...]:
    """Make the calls, the adoptions side by side; one that fails leaves the others alone."""
    ended: dict[int, SentryError | None] = {}
    for account in dict.fromkeys(one.scope.account for one in adoptions):
        mine = [n for n, one in enumerate(adoptions) if one.scope.account == account]
        for step in range(max(len(adoptions[n].calls) for n in mine)):
            going = [n for n in mine if len(adoptions[n].calls) > step and ended.get(n) is None]
            outcomes = clouds[account].each([adoptions[n].calls[step] for n in going])
            ended |= {n: outcome.error for n, outcome in zip(going, outcomes, strict=True)}
    return tuple(Ended(one, ended.get(n)) for n, one in enumerate(adoptions))


def _look(cloud: Cloud, scope: Scope, manifest: Manifest) -> _Place:
    return _Place(cloud, scope, wanted_in(manifest, scope), observed_in(cloud, scope.region))


def _one(place: _Place, text: str) -> Observed | None:
    """The one thing that a text names here: what nobody manages before what somebody does."""
    meant = [one for one in place.observed if text in (one.name, one.arn, profile_id(one.arn))]
    free = [one for one in meant if one.namespace is None]
    ours = [one for one in meant if one.namespace == place.scope.namespace and one.retired is None]
    best = free or ours or meant
    if len(best) > 1:
        raise _several(best, text)
    if best and (refusal := owned_by_another(best[0], place.scope)) is not None:
        raise refusal
    return best[0] if best else None


def _entry(place: _Place, thing: Observed, key: str | None, manifest: Manifest) -> Desired:
    wanted = key or thing.key or thing.name
    for wish in place.desired:
        if wish.key == wanted or (key is None and wish.name == thing.name):
            return wish
    noun = "key" if key else "name"
    close = most_similar(wanted, tuple(wish.key if key else wish.name for wish in place.desired))
    advice = f"did you mean '{close}'?" if close else "write an entry for it: sentry profiles import shows one"
    message = f"{manifest.source.name} has no profile with the {noun} {wanted!r} for {place.scope.region}"
    raise SentryError("CS0105", message, help=advice)


def _adoption(place: _Place, wish: Desired, thing: Observed) -> Adoption:
    if (thing.namespace, thing.key, thing.retired) == (place.scope.namespace, wish.key, None) and thing.marked:
        return Adoption(place.scope, wish, thing)
    ours = [one for one in place.observed if one.namespace == place.scope.namespace]
    refusal = why_not(wish, thing, ours)
    if refusal is None:
        expected = expected_members(place.cloud, wish.fields["model"], place.scope)
        refusal = of_other_models(wish, thing, expected)
    calls: tuple[ApiCall, ...] = () if refusal else InferenceProfile().adopt(wish, thing, place.scope)
    return Adoption(place.scope, wish, thing, calls, refusal)


def _several(things: Sequence[Observed], text: str) -> SentryError:
    shown = tuple(f"{one.arn}  {one.name}" for one in things)
    return SentryError("CS0106", f"{len(things)} profiles are meant by {text!r}", details=shown, help="give the ARN")


def _nowhere(text: str, places: Sequence[_Place]) -> SentryError:
    names = tuple(dict.fromkeys(one.name for place in places for one in place.observed))
    close = most_similar(text, names)
    where = ", ".join(dict.fromkeys(place.scope.region for place in places))
    advice = f"did you mean '{close}'?" if close else ""
    return SentryError("CS0105", f"there is no profile {text!r} in {where}", help=advice)
