"""Our ownership marks as the tags of a billing resource: whose it is, which one it is, and whether it was replaced."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from costsentry_cli.domain.resource import KEY_TAG, NAMESPACE_TAG, SPEC_TAG, retired_mark

VERSION = "v1:"
_REFUSED = re.compile(r"[^a-zA-Z0-9\s._:/=+@-]", re.ASCII)


def marked(namespace: str, key: str, spec: str) -> list[dict[str, str]]:
    """The three marks as AWS's ``ResourceTags``; ``spec`` says what made the resource."""
    return tag_list({NAMESPACE_TAG: namespace, KEY_TAG: sayable(key), SPEC_TAG: VERSION + spec})


def retired(at: datetime) -> list[dict[str, str]]:
    """The mark of what another took the place of."""
    return tag_list(retired_mark(at))


def tag_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """AWS's ``ResourceTags``."""
    return [{"Key": key, "Value": tags[key]} for key in sorted(tags)]


def tags_of(answer: Mapping[str, Any]) -> dict[str, str]:
    """The tags of a ``ListTagsForResource`` answer."""
    return {tag["Key"]: tag["Value"] for tag in answer.get("ResourceTags", [])}


def sayable(text: str) -> str:
    """A text as a tag's value can have it: a budget's name may have ``%`` in it, a tag may not."""
    return _REFUSED.sub("_", text)


def complete(tags: Mapping[str, str], key: str) -> bool:
    """Whether all three marks are there in our form, for this key: deleting asks for it."""
    told = tags.get(KEY_TAG) == sayable(key) and tags.get(SPEC_TAG, "").startswith(VERSION)
    return bool(tags.get(NAMESPACE_TAG)) and told
