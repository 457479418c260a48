"""What others say of a call, without what was said in it: AWS's errors may quote a prompt, or the credentials.

A signature error, for one, holds the canonical request, and that the session token.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from costsentry_cli.domain.errors import SentryError
from costsentry_cli.domain.metering.request import KNOWN_TAGS
from costsentry_cli.domain.redaction import without

MOST = 4096
"""Letters of a message that are kept: AWS's own have far fewer."""
SAID = ("text", "json", "input")
"""The members of content blocks that hold what is said; the others are AWS's own words."""


def texts_of(params: Mapping[str, Any]) -> tuple[str, ...]:
    """Everything that is said in a Converse request: texts, what tools were given and gave, tags but the payer's."""
    tags = params.get("requestMetadata", {})
    said = [*_said(params.get("system", ())), *_said(params.get("messages", ()))]
    return (*said, *(value for key, value in tags.items() if key not in KNOWN_TAGS))


def _said(value: Any, *, all_of_it: bool = False) -> Iterator[str]:
    if isinstance(value, str):
        if all_of_it:
            yield value
    elif isinstance(value, Mapping):
        for key, part in value.items():
            yield from _said(part, all_of_it=all_of_it or key in SAID)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _said(part, all_of_it=all_of_it)


def unquoted(error: SentryError, params: Mapping[str, Any]) -> SentryError:
    """The error with every quotation of a Converse request and every secret left out; itself when there is none.

    What is made anew has no cause: a trace would tell what the message does not.
    """
    texts = texts_of(params)
    message, where = without(error.message[:MOST], texts), without(error.where, texts)
    details = tuple(without(detail, texts) for detail in error.details)
    if (message, where, details) == (error.message, error.where, error.details):
        return error
    return SentryError(
        error.code, message, where=where, help=without(error.help, texts), details=details,
        cause=error.cause, steps=error.steps, origin=error.origin, undone=error.undone,
    )  # fmt: skip
