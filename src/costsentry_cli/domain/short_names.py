"""Short names for models, as a person would write them: ``haiku``, ``nova-lite``, longer only where two would clash."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from costsentry_cli.domain.manifest.fields import ALIAS
from costsentry_cli.domain.references import read_reference

_RELEASE = re.compile(r"(-20\d{6})?(-v\d+)?(:\d+)*$")
_VERSION = re.compile(r"(-\d+)+$")
_OTHER = re.compile(r"[^A-Za-z0-9._-]+")


def short_names(sources: Iterable[str]) -> dict[str, str]:
    """Source -> alias, each alias once; in the order of the sources."""
    left = sorted(set(sources))
    levels = {source: _levels(source) for source in left}
    names: dict[str, str] = {}
    for level in range(max((len(words) for words in levels.values()), default=0)):
        tried = {source: levels[source][level] for source in left}
        count = Counter(tried.values())
        names |= {source: word for source, word in tried.items() if count[word] == 1 and word not in names.values()}
        left = [source for source in left if source not in names]
    return {source: names.get(source) or f"model-{number}" for number, source in enumerate(sorted(levels), 1)}


def _levels(source: str) -> list[str]:
    """What a source may be called, the shortest first."""
    reference = read_reference(source)
    provider, _, rest = reference.id.partition(".")
    undated = _RELEASE.sub("", rest or provider)
    plain = undated.removeprefix("claude-")
    family = _VERSION.sub("", plain) if provider == "anthropic" else plain
    geo = reference.geo or reference.region or "in-region"
    words = [family, plain, f"{geo}-{plain}", undated, rest or provider, f"{geo}-{rest or provider}"]
    return [_alias(word) for word in words]


def _alias(word: str) -> str:
    text = _OTHER.sub("-", word).strip("._-")[: ALIAS.most]
    return text if ALIAS.pattern.fullmatch(text) else "model"
