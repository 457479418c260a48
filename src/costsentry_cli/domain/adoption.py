"""When an existing profile may come under management: it must be what the manifest says, or the next plan replaces it.

The source cannot be read back, so the member models are compared (``sources``); name and description are compared as
they stand. Tags may differ: they change in place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from costsentry_cli.domain.calls import ApiCall
from costsentry_cli.domain.errors import SentryError
from costsentry_cli.domain.kind import Scope
from costsentry_cli.domain.resource import Desired, Observed


@dataclass(frozen=True)
class Adoption:
    """One existing profile for one entry of the manifest: the calls, or why not (``refusal``).

    Neither means that it is managed already.
    """

    scope: Scope
    desired: Desired
    observed: Observed
    calls: tuple[ApiCall, ...] = ()
    refusal: SentryError | None = None


def owned_by_another(thing: Observed, scope: Scope) -> SentryError | None:
    """CS0203 naming the namespace that owns it."""
    if thing.namespace in (None, scope.namespace):
        return None
    message = f"{thing.name} belongs to the namespace {thing.namespace!r}, key {thing.key!r}"
    return SentryError(
        "CS0203", message, where=thing.arn, help="what another manifest manages is never taken; change it there"
    )


def why_not(wish: Desired, thing: Observed, ours: Sequence[Observed]) -> SentryError | None:
    """What can be said without a call: the key is taken, or name or description differ."""
    holder = next((one for one in ours if one.key == wish.key and one.retired is None and one is not thing), None)
    if holder is not None:
        message = f"the key {wish.key!r} is carried by another profile already"
        return SentryError("CS0203", message, where=thing.arn, details=(holder.arn,), help="give --as another key")
    if thing.namespace is not None and (thing.key, thing.retired) != (wish.key, None):
        state = "retired" if thing.retired is not None else "managed"
        message = f"{thing.name} is {state} under the key {thing.key!r} already"
        return SentryError("CS0203", message, where=thing.arn, help=f"put key: {thing.key} into its entry")
    differ = [
        f"{field}: the account has {_text(thing, field)}, the manifest {_text(wish, field)}"
        for field in ("name", "description")
        if thing.fields.get(field) != wish.fields.get(field)
    ]
    return _would_be_replaced(wish, thing, differ) if differ else None


def of_other_models(wish: Desired, thing: Observed, expected: frozenset[str]) -> SentryError | None:
    """CS0203 when the members are not those of a profile made from the entry's model."""
    there = frozenset(thing.members)
    if there == expected:
        return None
    only = [f"only in the profile: {arn}" for arn in sorted(there - expected)]
    only += [f"only in {wish.fields['model']}: {arn}" for arn in sorted(expected - there)]
    return _would_be_replaced(wish, thing, [f"model: its member models are not those of {wish.fields['model']}", *only])


def _would_be_replaced(wish: Desired, thing: Observed, details: Sequence[str]) -> SentryError:
    message = f"{thing.name} is not what the manifest says; once adopted it would have to be replaced"
    advice = f"change the entry of {wish.name}, or let sync make a new profile"
    return SentryError("CS0203", message, where=thing.arn, details=tuple(details), help=advice)


def _text(side: Desired | Observed, field: str) -> str:
    return repr(side.fields[field]) if field in side.fields else "none"
