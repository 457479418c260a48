"""The two sides of a diff, for every kind: what is desired and what is observed, as flat named fields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from costsentry_cli.domain.document import Mark

TAG_FIELD = "tags."
"""What the name of a field that is a tag starts with."""
OWN = "costsentry:"
NAMESPACE_TAG = "costsentry:namespace"
KEY_TAG = "costsentry:key"
SPEC_TAG = "costsentry:spec"
RETIRED_TAG = "costsentry:retired"
OWNERSHIP_TAGS = (NAMESPACE_TAG, KEY_TAG, SPEC_TAG, RETIRED_TAG)
"""The tags this program puts on what it owns; they count towards AWS's maximum."""


class Policy(StrEnum):
    """What a difference in a field means."""

    IN_PLACE = "in_place"
    REPLACE = "replace"
    IGNORED = "ignored"


@dataclass(frozen=True)
class Desired:
    """One resource the manifest wants; ``fields`` are comparable texts (``model``, ``tags.costCenter``)."""

    key: str
    name: str
    region: str
    fields: Mapping[str, str]
    at: Mark | None = None


@dataclass(frozen=True)
class Observed:
    """One resource the account has.

    ``namespace`` and ``key`` are our ownership marks, None when it has none; ``marked`` is True when every mark is
    there in our form, which deleting asks for. ``retired`` is when another took its place, None while it is in use.
    """

    arn: str
    name: str
    region: str
    fields: Mapping[str, str]
    namespace: str | None = None
    key: str | None = None
    marked: bool = False
    retired: datetime | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    """Every tag as it stands on the resource, ours included."""
    members: tuple[str, ...] = ()
    """What it is made of, as far as AWS tells: ARNs of foundation models."""
    raw: Mapping[str, Any] = field(default_factory=dict)
    """AWS's own answer, where an update must send back whole what it changes in part."""


RETIRED_FORM = "%Y-%m-%dT%H:%M:%SZ"


def retired_mark(at: datetime) -> dict[str, str]:
    """The mark of what another took the place of, at that moment."""
    return {RETIRED_TAG: at.astimezone(UTC).strftime(RETIRED_FORM)}


def retired_since(tags: Mapping[str, str]) -> datetime | None:
    """When another took its place, None while it is in use; the far future when the mark was written by hand."""
    text = tags.get(RETIRED_TAG)
    if text is None:
        return None
    try:
        return datetime.strptime(text, RETIRED_FORM).replace(tzinfo=UTC)
    except ValueError:
        return datetime.max.replace(tzinfo=UTC)


def tags_in(fields: Mapping[str, str]) -> dict[str, str]:
    """The tags among the fields of a resource, by key."""
    return {name.removeprefix(TAG_FIELD): value for name, value in fields.items() if name.startswith(TAG_FIELD)}
