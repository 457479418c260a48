"""The word that was meant by one that is none of those allowed."""

from __future__ import annotations

import re

from costsentry_cli.domain.manifest.findings import most_similar

_NONE_OF = re.compile(r"'(?P<given>[^']*)' is not one of (?P<allowed>'[^']*'(?:, '[^']*')*)\.?")


def with_meant(message: str) -> str:
    """The library's sentence about a word that is not allowed, with the nearest one that is; any other as it is."""
    found = _NONE_OF.search(message)
    if found is None:
        return message
    allowed = re.findall(r"'([^']*)'", found["allowed"])
    near = most_similar(found["given"], tuple(allowed))
    listed = f"{message[: found.start()]}'{found['given']}' is none of {', '.join(allowed)}"
    return f"{listed}; did you mean {near}?" if near else f"{listed}."
