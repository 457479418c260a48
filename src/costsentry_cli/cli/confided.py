"""What a command was told in confidence, as a prompt is: no trace and no unforeseen error may quote that.

Of the command line alone; nothing here reaches the library, whose callers' prompts are not kept.
"""

from __future__ import annotations

from collections.abc import Iterable

from costsentry_cli.domain.redaction import without

_SAID: list[str] = []


def confide(texts: Iterable[str]) -> None:
    """From now on these, and no earlier ones, are kept out of what is said of a failure that nobody foresaw."""
    _SAID[:] = texts


def unsaid(text: str) -> str:
    """The text without a quotation of what was confided, and without secrets."""
    return without(text, _SAID)
