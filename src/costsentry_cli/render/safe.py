"""The output edge: nothing that came from data can steer a terminal."""

from __future__ import annotations

import re

# C0 but tab, newline and CR LF, DEL, C1, bidirectional controls, zero-width and line separators, lone surrogates
_UNSAFE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff]"
    "|\r(?!\n)"
)


def _escape(match: re.Match[str]) -> str:
    point = ord(match[0])
    return f"\\x{point:02x}" if point < 0x100 else f"\\u{point:04x}"


def safe(text: str) -> str:
    """The text with every character that could steer a terminal as a visible escape; tabs and line ends stay."""
    return _UNSAFE.sub(_escape, text)


def safe_line(text: str) -> str:
    """As ``safe``, and newlines too are visible: for one cell or one line."""
    return safe(text).replace("\r\n", "\\r\\n").replace("\n", "\\n").replace("\t", "\\t")


def markup(text: str) -> str:
    """One line of data inside HTML or XML, in an element or a quoted attribute: as ``safe_line``, marks escaped."""
    for mark, name in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"), ("'", "&#39;")):
        text = text.replace(mark, name)
    return safe_line(text).replace("\ufffe", "\\ufffe").replace("\uffff", "\\uffff")  # XML has neither
