"""The tags that the profiles of a manifest carry: what a slice of cost can be made of."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from costsentry_cli.domain.document import Scalar
from costsentry_cli.domain.manifest.findings import Findings, shown
from costsentry_cli.domain.manifest.types import DesiredProfile

COMPARED = 1_000
"""A misspelt key is compared with this many: a hostile file has a hundred thousand."""


@dataclass(frozen=True)
class Carried:
    """``keys`` are those of all profiles, None when some could not be read; ``profiles`` those that could."""

    keys: Mapping[str, None] | None
    profiles: Sequence[DesiredProfile]
    _values: dict[str, tuple[str, ...]] = field(init=False, repr=False, compare=False, default_factory=dict)

    def has(self, key: Scalar, noun: str, findings: Findings) -> bool:
        """True when a profile carries the key; else it is taken down, unless the keys are not known for sure."""
        if self.keys is None:
            findings.attempts += 1  # what could not be read was taken down where it stands
            return False
        if key.text in self.keys:
            return True
        known = tuple(itertools.islice(self.keys, COMPARED))
        advice = findings.similar(key.text, known) or f"tag keys in use: {', '.join(known[:10]) or 'none'}"
        findings.about(key, "CS0025", f"{noun} {shown(key.text)} names no tag of a profile", advice)
        return False

    def values(self, key: str) -> tuple[str, ...]:
        """The values of a tag, in the order of the profiles."""
        if key not in self._values:
            found = dict.fromkeys(profile.tags[key] for profile in self.profiles if key in profile.tags)
            self._values[key] = tuple(found)
        return self._values[key]
