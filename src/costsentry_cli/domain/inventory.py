"""From the profiles an account has to the manifest a person would have written for them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from costsentry_cli.domain.aws_limits import SOURCE_ARN
from costsentry_cli.domain.collapse import Entry, collapse
from costsentry_cli.domain.kinds.inference_profile import source_in
from costsentry_cli.domain.manifest.fields import TAG_KEY, TAG_VALUE, TAGS
from costsentry_cli.domain.manifest.models import MODEL_ID
from costsentry_cli.domain.references import read_reference
from costsentry_cli.domain.resource import TAG_FIELD, Observed
from costsentry_cli.domain.short_names import short_names


@dataclass(frozen=True)
class Sighting:
    """A profile as it was seen; ``sources`` are what it may have been made from, the likeliest first.

    ``certain`` False means that the source was told by the member models.
    """

    observed: Observed
    sources: tuple[str, ...]
    certain: bool


@dataclass(frozen=True)
class Left:
    """A profile that is not in the draft, and why."""

    name: str
    arn: str
    why: str


@dataclass(frozen=True)
class Draft:
    """A manifest to be written: ``models`` alias -> source, ``told`` source -> others with the same members.

    ``notes`` say what is not expressed of profiles that are in it, ``left`` which profiles are not.
    """

    namespace: str
    account: str
    regions: tuple[str, ...]
    models: Mapping[str, str]
    told: Mapping[str, tuple[str, ...]]
    tags: Mapping[str, str]
    entries: tuple[Entry, ...]
    notes: tuple[str, ...]
    left: tuple[Left, ...]


@dataclass(frozen=True)
class _Atom:
    """One profile in one region, ready to be written; ``text`` is the name, key and description it has."""

    region: str
    source: str
    text: tuple[str, str | None, str | None]
    tags: tuple[tuple[str, str], ...]


def draft(sightings: Sequence[Sighting], namespace: str, account: str, regions: Sequence[str]) -> Draft:
    """The manifest of what nobody manages and of what ``namespace`` does; the same sightings give the same draft."""
    kept, left = _sorted_out(sightings, namespace)
    spelling = _spellings(one.observed for one in kept)
    atoms, notes = [], []
    for one in kept:
        tags, lost = _tags(one.observed, spelling)
        notes += lost
        atoms.append(_atom(one, tags))
    there = {atom.region for atom in atoms}
    used = tuple(region for region in regions if region in there) or tuple(regions)
    wanted = _across_regions(atoms)
    common = _common(wanted)
    aliases = short_names(entry.model for entry in wanted)
    entries = [
        replace(
            entry,
            model=aliases[entry.model],
            tags={key: values for key, values in entry.tags.items() if key not in common},
            regions=() if set(entry.regions) == set(used) else tuple(r for r in used if r in entry.regions),
        )
        for entry in wanted
    ]
    models = {alias: source for source, alias in sorted(aliases.items(), key=lambda pair: pair[1])}
    told = _told(kept, tuple(models.values()))
    return Draft(namespace, account, used, models, told, common, collapse(entries), tuple(notes), tuple(left))


def namespace_of(sightings: Iterable[Sighting], default: str) -> str:
    """The one namespace that manages any of these, else the default."""
    owners = {one.observed.namespace for one in sightings if one.observed.namespace}
    return owners.pop() if len(owners) == 1 else default


def _sorted_out(sightings: Sequence[Sighting], namespace: str) -> tuple[list[Sighting], list[Left]]:
    """What is written and what is not; each name and each key stands once in a region, ours first."""
    order = sorted(sightings, key=lambda one: (one.observed.namespace is None, one.observed.name, one.observed.arn))
    claimed: set[tuple[str, str, str]] = set()
    kept, left = [], []
    for one in order:
        thing = one.observed
        claims = {(thing.region, "name", thing.name), (thing.region, "key", thing.key or thing.name)}
        why = _why_not(one, namespace) or ("its name or key stands above already" if claims & claimed else "")
        if why:
            left.append(Left(thing.name, thing.arn, why))
        else:
            claimed |= claims
            kept.append(one)
    return kept, left


def _why_not(one: Sighting, namespace: str) -> str:
    thing = one.observed
    if thing.namespace not in (None, namespace):
        return f"the namespace {thing.namespace} manages it"
    if thing.retired is not None:
        return "it is retired: another took its place"
    if not one.sources:
        return f"its source could not be told from its members: {', '.join(thing.members) or 'none'}"
    if not (MODEL_ID.fullmatch(one.sources[0]) or SOURCE_ARN.fullmatch(one.sources[0])):
        return f"its source {one.sources[0]!r} is no model id and no ARN"
    if sum(name.startswith(TAG_FIELD) for name in thing.fields) > TAGS.most:
        return f"it has more than {TAGS.most} tags"
    return ""


def _spellings(things: Iterable[Observed]) -> dict[str, str]:
    """Case-folded tag key -> the spelling most profiles have: a manifest takes one."""
    count = Counter(name.removeprefix(TAG_FIELD) for thing in things for name in _tag_fields(thing))
    best: dict[str, str] = {}
    for key in sorted(count, key=lambda key: (-count[key], key)):
        best.setdefault(key.casefold(), key)
    return best


def _tags(thing: Observed, spelling: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """The tags that can be written, and a note on each that cannot."""
    tags, notes = {}, []
    for name in _tag_fields(thing):
        key, value = name.removeprefix(TAG_FIELD), thing.fields[name]
        why = ""
        if spelling[key.casefold()] != key:
            why = f"differs from {spelling[key.casefold()]} only in case"
        elif not (TAG_KEY.pattern.fullmatch(key) and TAG_VALUE.pattern.fullmatch(value)):
            why = "has characters a manifest does not take"
        if why:
            notes.append(f"{thing.name}: the tag {key}={value} is left out (sync would remove it): it {why}")
        else:
            tags[key] = value
    return tags, notes


def _tag_fields(thing: Observed) -> list[str]:
    return sorted(name for name in thing.fields if name.startswith(TAG_FIELD))


def _atom(one: Sighting, tags: Mapping[str, str]) -> _Atom:
    thing = one.observed
    key = thing.key if thing.key not in (None, thing.name) else None
    return _Atom(
        thing.region, one.sources[0], (thing.name, key, thing.fields.get("description")), tuple(sorted(tags.items()))
    )


def _across_regions(atoms: Sequence[_Atom]) -> list[Entry]:
    """One entry for what is the same in several regions; the geographies' own profiles count as one model."""
    groups: dict[tuple[object, ...], list[_Atom]] = {}
    for atom in atoms:
        groups.setdefault((atom.text, atom.tags), []).append(atom)
    entries = []
    for group in groups.values():
        model = _one_model(group)
        by_source = {model: group} if model else {a.source: [b for b in group if b.source == a.source] for a in group}
        for source, mine in by_source.items():
            name, key, description = mine[0].text
            tags = {key: (value,) for key, value in mine[0].tags}
            entries.append(Entry(name, source, tags, key, description, tuple(atom.region for atom in mine)))
    return entries


def _one_model(group: Sequence[_Atom]) -> str | None:
    """The one reference that means each region's own source, or None."""
    sources = {atom.source for atom in group}
    if len(sources) == 1:
        return group[0].source
    bases = {read_reference(source).id for source in sources}
    if len(bases) != 1:
        return None
    (base,) = bases
    return base if all(source_in(base, atom.region) == atom.source for atom in group) else None


def _common(entries: Sequence[Entry]) -> dict[str, str]:
    """The tags that every entry has with one value; none for a single entry."""
    if len(entries) < 2:
        return {}
    first, *rest = entries
    return {key: value for key, (value,) in first.tags.items() if all(e.tags.get(key) == (value,) for e in rest)}


def _told(kept: Sequence[Sighting], written: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Written source -> what else has the same members, for sources that were told by the members."""
    found: dict[str, tuple[str, ...]] = {}
    for one in kept:
        source = one.sources[0]
        where = source if source in written else read_reference(source).id
        if not one.certain:
            found.setdefault(where, one.sources[1:])
    return found
