"""From the entries of ``profiles:`` to the profiles that should exist: tags merged, lists expanded, names filled in."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from costsentry_cli.domain import aws_limits as aws
from costsentry_cli.domain.document import Mark, Scalar, Source
from costsentry_cli.domain.manifest.fields import MANY, TAGS
from costsentry_cli.domain.manifest.findings import Findings, shown
from costsentry_cli.domain.manifest.models import Models
from costsentry_cli.domain.manifest.shapes import Filled
from costsentry_cli.domain.manifest.templates import filled, known_only, placeholders
from costsentry_cli.domain.manifest.types import DesiredProfile
from costsentry_cli.domain.resource import OWNERSHIP_TAGS

TagPairs = tuple[tuple[Scalar, tuple[Scalar, ...] | None], ...]


@dataclass
class Expansion:
    """Turns entries into profiles, one after the other, and sees to it that names and keys are unique."""

    models: Models
    tags: TagPairs
    regions: tuple[str, ...]
    source: Source
    findings: Findings
    _names: dict[str, dict[str, Mark]] = field(init=False, default_factory=dict)
    _keys: dict[str, dict[str, Mark]] = field(init=False, default_factory=dict)
    _common: dict[str, tuple[str, ...]] = field(init=False)
    _made: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        self._common = texts(self.tags)

    def of(self, entry: Filled) -> tuple[DesiredProfile, ...]:
        """The profiles of one entry without problems of its own; none when its rules are broken."""
        before = self.findings.attempts
        model_id = self.models.resolve(entry.values["model"], self.findings)
        tags = self._common | texts(entry.get("tags") or ())
        if not self._countable(entry, tags) or not self._named_apart(entry, tags) or model_id is None:
            return ()
        profiles = tuple(self._profiles(entry, tags, model_id))
        return profiles if self.findings.attempts == before else ()

    def _countable(self, entry: Filled, tags: Mapping[str, tuple[str, ...]]) -> bool:
        most = TAGS.most
        if len(tags) > most:
            message = f"this profile has {len(tags)} tags, common ones included; at most {most} are allowed"
            advice = f"AWS allows {aws.TAGS_PER_RESOURCE}; {len(OWNERSHIP_TAGS)} mark the ownership"
            self.findings.add(entry.at, "CS0026", message, help=advice)
            return False
        count = math.prod(len(values) for values in tags.values())
        if self._made + count > MANY:
            message = f"this entry expands to {count} profiles; a manifest has at most {MANY}"
            self.findings.add(entry.at, "CS0026", message, help="list fewer tag values, or split the manifest")
            return False
        self._made += count
        return True

    def _named_apart(self, entry: Filled, tags: Mapping[str, tuple[str, ...]]) -> bool:
        """True when templates name only tags of the entry and every varying tag stands in name and key."""
        known = (*tags, "model")
        templates = {name: entry.get(name) for name in ("name", "key", "description") if entry.get(name) is not None}
        good = [known_only(template, known, self.source, self.findings) for template in templates.values()]
        if not all(good):
            return False
        for noun, template in templates.items():
            present = placeholders(template.text)
            varying = [key for key, values in tags.items() if len(values) > 1 and key not in present]
            if varying and noun != "description":
                count = math.prod(len(tags[key]) for key in varying)
                message = f"{count} profiles of this entry have one {noun}, {shown(template.text)}"
                places = " and ".join(f"{{{key}}}" for key in varying)
                self.findings.about(template, "CS0024", message, f"put {places} into the {noun}")
                return False
        return True

    def _profiles(self, entry: Filled, tags: Mapping[str, tuple[str, ...]], model_id: str) -> Iterator[DesiredProfile]:
        name, model, order = entry.values["name"], entry.values["model"].text, sorted(tags)
        regions = tuple(each.text for each in entry.get("regions") or ()) or self.regions
        for combination in itertools.product(*tags.values()):
            values = dict(zip(tags, combination, strict=True))
            words = {"model": model} | values
            profile = DesiredProfile(
                key=filled((entry.get("key") or name).text, words),
                name=filled(name.text, words),
                model=model,
                model_id=model_id,
                tags=MappingProxyType({key: values[key] for key in order}),
                description=filled(entry.values["description"].text, words) if entry.get("description") else None,
                regions=regions,
                at=entry.at,
            )
            # One message per entry is enough: the others say the same of another value.
            if not self._acceptable(profile, entry) or not self._unique(profile, entry):
                return
            yield profile

    def _acceptable(self, profile: DesiredProfile, entry: Filled) -> bool:
        """True when AWS accepts the texts as filled in."""
        if not _fits(profile.name, aws.PROFILE_NAME, aws.PROFILE_NAME_MAX):
            allowed = "letters and digits, with single spaces, '_' or '-' between them"
            self._refuse(entry.values["name"], "name", profile.name, aws.PROFILE_NAME_MAX, allowed)
        elif entry.get("key") and not _fits(profile.key, aws.TAG_TEXT, aws.TAG_VALUE_MAX):
            allowed = "letters, digits, spaces and . _ : / = + - @"
            self._refuse(entry.values["key"], "key", profile.key, aws.TAG_VALUE_MAX, allowed)
        elif profile.description is not None and not _fits(profile.description, aws.DESCRIPTION, aws.DESCRIPTION_MAX):
            allowed = "letters, digits, ':' and '.', with single spaces, '_' or '-' between them"
            self._refuse(entry.values["description"], "description", profile.description, aws.DESCRIPTION_MAX, allowed)
        else:
            return True
        return False

    def _refuse(self, template: Scalar, noun: str, text: str, most: int, allowed: str) -> None:
        message = f"AWS would refuse the {noun} {shown(text)}"
        if len(text) > most:
            message = f"the {noun} {shown(text)} has {len(text)} characters; AWS allows {most}"
        self.findings.about(template, "CS0021", message, f"use {allowed}")

    def _unique(self, profile: DesiredProfile, entry: Filled) -> bool:
        regions = profile.regions or ("",)
        name, key = entry.values["name"], entry.get("key")
        for noun, template, text, claims in (
            ("name", name, profile.name, self._names),
            ("key", key or name, profile.key, self._keys),
        ):
            other = _claimed(claims.setdefault(text, {}), regions, template.at)
            if other is not None:
                place = "by this entry" if other == template.at else f"on line {other.line}"
                message = f"the {noun} {shown(text)} is given twice; first {place}"
                advice = f"choose another {noun}, or regions that do not overlap"
                self.findings.about(template, "CS0024", message, advice)
                return False
        return True


def texts(pairs: TagPairs) -> dict[str, tuple[str, ...]]:
    """Tag keys and the values each may take, in file order."""
    return {key.text: tuple(value.text for value in values) for key, values in pairs if values}


def _fits(text: str, pattern: re.Pattern[str], most: int) -> bool:
    return 0 < len(text) <= most and pattern.fullmatch(text) is not None


def _claimed(claims: dict[str, Mark], regions: tuple[str, ...], at: Mark) -> Mark | None:
    """Who has a name already in one of the regions; ``""`` is the target's region, which may be any."""
    if claims and (regions == ("",) or "" in claims):
        return next(iter(claims.values()))
    other = next((claims[region] for region in regions if region in claims), None)
    if other is None:
        claims.update(dict.fromkeys(regions, at))
    return other
