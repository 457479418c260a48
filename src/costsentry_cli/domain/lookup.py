"""Find profiles as people name them: by key, name, id or ARN, with as few reads as that takes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from costsentry_cli.domain.calls import ApiCall, Cloud
from costsentry_cli.domain.errors import SentryError
from costsentry_cli.domain.kind import Scope
from costsentry_cli.domain.kinds.inference_profile import ARN_TYPE, list_profiles, tagged
from costsentry_cli.domain.manifest.findings import most_similar
from costsentry_cli.domain.references import profile_id
from costsentry_cli.domain.resource import Desired, Observed

SHOWN = 10


@dataclass(frozen=True)
class Found:
    """A profile and where it is."""

    scope: Scope
    observed: Observed


def resolve(clouds: Mapping[str, Cloud], scopes: Sequence[Scope], text: str, keyed: Mapping[str, str]) -> Found:
    """The one profile that ``text`` names in these scopes, with its tags.

    ``keyed`` maps the manifest's keys to names, which saves reading every profile's tags. Of several the scope's own
    namespace wins over others and one in use over a retired one. Raises ``SentryError`` CS0105 when there is none and
    CS0106 when more than one remain.
    """
    if text.startswith("arn:"):
        return _by_arn(clouds, scopes, text)
    listed = {scope: list_profiles(clouds[scope.account], scope.region) for scope in scopes}
    names = {text, keyed.get(text, text)}
    found = list(_tagged(clouds, listed, lambda summary: _named(summary, text, names)))
    found = [one for one in found if _means(one.observed, text)]
    seen = [str(summary["inferenceProfileName"]) for summaries in listed.values() for summary in summaries]
    if not found:  # a key that is not the name, and not in the manifest: only the tags know it
        every = list(_tagged(clouds, listed, lambda _: True))
        found = [one for one in every if one.observed.key == text]
        seen += [one.observed.key for one in every if one.observed.key]
    if not found:
        raise _nothing(text, scopes, seen)
    return _best(found, text)


def of_keys(cloud: Cloud, scope: Scope, wanted: Sequence[Desired]) -> dict[str, Observed]:
    """The profile in use of each wanted key of the scope's namespace; a key without one is not in the answer.

    Raises ``SentryError`` CS0205 when two in use carry one key.
    """
    summaries = list_profiles(cloud, scope.region)
    names = {wish.name for wish in wanted}
    keys = {wish.key for wish in wanted}
    first = [summary for summary in summaries if summary["inferenceProfileName"] in names]
    found = _active(tagged(cloud, first, scope.region), scope, keys)
    if len(found) < len(keys):  # one may still have its former name
        rest = [summary for summary in summaries if summary["inferenceProfileName"] not in names]
        found = _active((*found.values(), *tagged(cloud, rest, scope.region)), scope, keys)
    return found


def _active(things: Iterable[Observed], scope: Scope, keys: Collection[str]) -> dict[str, Observed]:
    found: dict[str, Observed] = {}
    for thing in things:
        if thing.namespace != scope.namespace or thing.retired is not None or thing.key not in keys:
            continue
        other = found.setdefault(thing.key or "", thing)
        if other is not thing:
            arns = (other.arn, thing.arn)
            raise SentryError("CS0205", f"2 profiles carry the key {thing.key!r}", where=scope.region, details=arns)
    return found


def _by_arn(clouds: Mapping[str, Cloud], scopes: Sequence[Scope], arn: str) -> Found:
    if ARN_TYPE not in arn:
        raise SentryError("CS0105", f"{arn} is not the ARN of an application inference profile")
    region, account = (*arn.split(":"), "", "", "")[3:5]
    near = scopes[0]
    scope = replace(near, region=region or near.region, account=account if account in clouds else near.account)
    cloud = clouds[scope.account]
    summary = cloud.call(ApiCall("bedrock", "GetInferenceProfile", {"inferenceProfileIdentifier": arn}, scope.region))
    things = tagged(cloud, [summary], scope.region)
    if not things:  # deleted between the two reads
        raise SentryError("CS0105", f"{arn} is gone")
    return Found(scope, things[0])


def _tagged(
    clouds: Mapping[str, Cloud], listed: Mapping[Scope, Sequence[Mapping[str, Any]]], wanted: Any
) -> Iterable[Found]:
    for scope, summaries in listed.items():
        chosen = [summary for summary in summaries if wanted(summary)]
        yield from (Found(scope, one) for one in tagged(clouds[scope.account], chosen, scope.region))


def _named(summary: Mapping[str, Any], text: str, names: Collection[str]) -> bool:
    return summary["inferenceProfileName"] in names or profile_id(summary["inferenceProfileArn"]) == text


def _means(thing: Observed, text: str) -> bool:
    return text in (thing.name, thing.key, profile_id(thing.arn))


def _best(found: Sequence[Found], text: str) -> Found:
    def rank(one: Found) -> tuple[bool, bool]:
        own = bool(one.scope.namespace) and one.observed.namespace == one.scope.namespace
        return (not own, one.observed.retired is not None)

    top = min(map(rank, found))
    best = [one for one in found if rank(one) == top]
    if len(best) > 1:
        shown = tuple(_line(one) for one in best[:SHOWN])
        more = len(best) - len(shown)
        details = (*shown, f"and {more} more") if more else shown
        advice = "give --region, or the ARN" if len({one.scope.region for one in best}) > 1 else "give the ARN"
        raise SentryError("CS0106", f"{len(best)} profiles are meant by {text!r}", details=details, help=advice)
    return best[0]


def _line(one: Found) -> str:
    owner = one.observed.namespace or "not managed"
    return f"{one.observed.arn}  {one.observed.name}  ({owner}{', retired' if one.observed.retired else ''})"


def _nothing(text: str, scopes: Sequence[Scope], seen: Sequence[str]) -> SentryError:
    where = ", ".join(dict.fromkeys(scope.region for scope in scopes))
    close = most_similar(text, tuple(dict.fromkeys(seen)))
    advice = f"did you mean '{close}'?" if close else ""
    return SentryError("CS0105", f"there is no profile {text!r} in {where}", help=advice)
