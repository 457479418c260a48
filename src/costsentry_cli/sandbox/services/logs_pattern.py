"""Filter patterns of FilterLogEvents. AWS: "Filter pattern syntax for metric filters, ... filter log events".

Text: ``ERROR``, ``"exact phrase"``, ``-excluded``, ``?this ?or ?that``; a term is found inside words too. JSON:
``{ ($.a.b = "x*" || $.n > 5) && $.['a.b'] NOT EXISTS }``. Regular expressions (``%...%``) and space-delimited patterns
(``[a, b]``) are refused. A pattern is read once, from left to right; matching takes time linear in the message.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NoReturn

from costsentry_cli.sandbox.services.logs_fields import document
from costsentry_cli.sandbox.services.logs_pattern_json import expression
from costsentry_cli.sandbox.services.logs_rows import refuse

_Matches = Callable[[str], bool]

_TERM = re.compile(r"""\s*([-?]?)(?:"((?:[^"\\]|\\.)*)"|(\w+))(?=\s|$)""")


def matcher(pattern: str) -> _Matches:
    """The test of a message. Raises ``ServiceError`` InvalidParameterException where the pattern cannot be read."""
    text = pattern.strip()
    if not text:
        return lambda _message: True
    if text.startswith("{"):
        condition = expression(text)
        return lambda message: (found := document(message)) is not None and condition(found)
    if text.startswith("["):
        invalid(pattern, 0, "the sandbox has no space-delimited patterns")
    return _terms(text)


def _terms(text: str) -> _Matches:
    wanted: dict[str, list[str]] = {"": [], "-": [], "?": []}
    at = 0
    while at < len(text):
        match = _TERM.match(text, at)
        if match is None:
            why = "the sandbox has no regular expressions" if "%" in text[at : at + 2] else "quote what is no word"
            invalid(text, at, why)
        sign, phrase, word = match.groups()
        wanted[sign].append(word if word is not None else re.sub(r"\\(.)", r"\1", phrase))
        at = match.end()
    included, excluded, optional = wanted[""], wanted["-"], wanted["?"]
    if optional and not included and not excluded:
        return lambda message: any(term in message for term in optional)
    # Beside terms of the other kinds AWS ignores optional ones.
    return lambda message: all(term in message for term in included) and not any(term in message for term in excluded)


def invalid(pattern: str, at: int, why: str) -> NoReturn:
    """Raise the error of a pattern that cannot be read."""
    refuse(f"Invalid filter pattern at character {at + 1} ({pattern[at : at + 20]!r}): {why}")
