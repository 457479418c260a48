"""Texts without what must not be in them: secrets, and quotations of what is confidential.

A quotation need not be whole (``... at "text": "the pla"``), so every run of letters that both texts have goes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

RUN = 12
"""Letters in a row that are a quotation; fewer may be the same by chance."""
WORD = 5
"""A whole text shorter than ``RUN`` is a quotation from so many letters on."""
LEFT_OUT = "[...]"
_SECRET = re.compile(
    r"(?:A[KS]IA[A-Z0-9]{12,})"
    r"|(?:eyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?)"
    r"|(?:-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z))"
    r"|(?:(?<=security-token[:=])\s*[\w+/=%-]+)|(?:(?<=Signature=)[0-9a-fA-F]{32,})"
    r"|(?:(?<![\w+/=])(?=[\w+/]*\d)(?=[\w+/]*[A-Z])(?=[\w+/]*[a-z])[\w+/]{40}(?![\w+/=]))"
    r"|(?:(?<![\w+/=])[\w+/]{100,}={0,2})"
    r"|(?:(?<=://)[^/\s:@'\"]+:[^/\s@'\"]+(?=@))",
    re.DOTALL,
)
"""Key ids, JSON web tokens, private keys, session tokens, signatures, a URL's user and password; 40 and 100 letters
of base64 are a secret key and a token."""


def without(text: str, said: Iterable[str] = ()) -> str:
    """``text`` without quotations of ``said`` and without secrets."""
    gone = [False] * len(text)
    for match in _SECRET.finditer(text):
        gone[match.start() : match.end()] = [True] * (match.end() - match.start())
    for form in {form for one in said for form in (one, " ".join(one.split()))}:  # messages fold white space
        _mark(gone, text, form)
    return _cut(text, gone)


def _mark(gone: list[bool], text: str, said: str) -> None:
    """Mark every run of ``text`` that stands in ``said``; one pass over a prompt, which may be a megabyte."""
    width = min(RUN, len(said))
    if width < WORD:
        return
    runs: dict[str, list[int]] = {}
    for start in range(len(text) - width + 1):
        runs.setdefault(text[start : start + width], []).append(start)
    for run in {said[start : start + width] for start in range(len(said) - width + 1)} & runs.keys():
        for start in runs[run]:
            gone[start : start + width] = [True] * width


def _cut(text: str, gone: list[bool]) -> str:
    pieces: list[str] = []
    for letter, out in zip(text, gone, strict=True):
        if not out:
            pieces.append(letter)
        elif not pieces or pieces[-1] != LEFT_OUT:
            pieces.append(LEFT_OUT)
    return "".join(pieces)
