"""``--fail-on``: the words a command may be told to fail on."""

from __future__ import annotations

from collections.abc import Collection

from costsentry_cli.domain.errors import SentryError


def gates_of(given: list[str] | None, known: Collection[str]) -> tuple[str, ...]:
    """The gates asked for, repeated or with commas; raises ``SentryError`` CS0101 for a word that is none."""
    words = [word.strip() for text in given or () for word in text.split(",")]
    for word in words:
        if word not in known:
            raise SentryError("CS0101", f"--fail-on {word!r} is none of: {', '.join(known)}")
    return tuple(words)
