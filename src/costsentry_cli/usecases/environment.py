"""The ARNs of the manifest's profiles by what callers know: a cost centre, another tag, or the key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from costsentry_cli.domain.calls import ApiCall, Cloud
from costsentry_cli.domain.errors import SentryError
from costsentry_cli.domain.kind import Scope
from costsentry_cli.domain.kinds.inference_profile import wanted_in
from costsentry_cli.domain.lookup import of_keys
from costsentry_cli.domain.manifest.findings import most_similar
from costsentry_cli.domain.manifest.types import Manifest
from costsentry_cli.domain.resource import Observed, tags_in

BY_KEY = "key"
PARAMETER_MAX = 4096
"""Characters of a standard parameter's value (Systems Manager quotas)."""


@dataclass(frozen=True)
class Mapped:
    """Label -> ARN in the order of the manifest; ``without`` names the profiles that lack the tag."""

    arns: Mapping[str, str]
    without: tuple[str, ...]


def mapped(cloud: Cloud, manifest: Manifest, scope: Scope, by: str, *, with_model: bool = False) -> Mapped:
    """The map of the profiles in use; ``by`` is a tag key or ``key``, ``with_model`` puts the alias behind the value.

    Raises ``SentryError`` CS0105 when a profile does not exist yet or none has the tag, CS0106 when two have one label.
    """
    wanted = wanted_in(manifest, scope)
    if not wanted:
        raise SentryError("CS0105", f"{manifest.source.name} has no profile for {scope.region}", help="give --region")
    found = of_keys(cloud, scope, wanted)
    missing = [wish.name for wish in wanted if wish.key not in found]
    if missing:
        message = f"{len(missing)} of {len(wanted)} profiles of {manifest.source.name} do not exist yet"
        raise SentryError(
            "CS0105", message, where=scope.region, details=tuple(missing), help="make them: sentry profiles sync"
        )
    aliases = {profile.key: profile.model for profile in manifest.profiles}
    labels: dict[str, list[Observed]] = {}
    without = []
    for wish in wanted:
        thing = found[wish.key]
        value = wish.key if by == BY_KEY else thing.tags.get(by, "")
        if value:
            labels.setdefault(f"{value}-{aliases[wish.key]}" if with_model else value, []).append(thing)
        else:
            without.append(thing.name)
    if not labels:
        raise _no_tag(by, list(found.values()))
    _one_each(labels, by, with_model=with_model)
    return Mapped({label: things[0].arn for label, things in labels.items()}, tuple(without))


def publish_call(name: str, text: str, region: str) -> ApiCall:
    """The call that writes a parameter, new or not; raises ``SentryError`` CS0103 when the text does not fit one."""
    if len(text) > PARAMETER_MAX:
        message = f"the map has {len(text):,} characters; a standard parameter holds {PARAMETER_MAX:,}"
        raise SentryError("CS0103", message, help="write it to a file: --format json --out FILE")
    params = {"Name": name, "Value": text, "Type": "String", "Overwrite": True}
    return ApiCall("ssm", "PutParameter", params, region)


def _one_each(labels: Mapping[str, Sequence[Observed]], by: str, *, with_model: bool) -> None:
    for label, things in labels.items():
        if len(things) > 1:
            shown = tuple(f"{thing.name}  {thing.fields['model']}" for thing in things)
            fix = "--by key gives each its own" if with_model else "--with-model adds the model, --by key takes the key"
            raise SentryError("CS0106", f"{len(things)} profiles have {by} {label!r}", details=shown, help=fix)


def _no_tag(by: str, found: Sequence[Observed]) -> SentryError:
    keys = sorted({key for thing in found for key in tags_in(thing.fields)})
    close = most_similar(by, tuple(keys))
    advice = (
        f"did you mean '{close}'?" if close else f"--by takes key or one of: {', '.join(keys) or 'no tag there is'}"
    )
    return SentryError("CS0105", f"no profile has the tag {by!r}", help=advice)
