"""The bytes of a document a person wrote, to text; what is no text is refused at its line and column."""

from __future__ import annotations

import codecs

from costsentry_cli.domain.errors import SentryError

_FOREIGN = {  # the longer marks first: one begins with another
    codecs.BOM_UTF32_LE: "UTF-32",
    codecs.BOM_UTF32_BE: "UTF-32",
    codecs.BOM_UTF16_LE: "UTF-16",
    codecs.BOM_UTF16_BE: "UTF-16",
}


def decoded(data: bytes, name: str, at_most: int) -> str:
    """The text, without a byte order mark; ``at_most`` bytes are accepted.

    Raises ``SentryError`` CS0002 where it is not UTF-8 and CS0004 where it is too large.
    """
    if len(data) > at_most:
        raise SentryError("CS0004", f"{name} is larger than {at_most // 2**20} MiB", where=place(data[:at_most], name))
    found = next((coding for mark, coding in _FOREIGN.items() if data.startswith(mark)), None)
    if found is not None:
        raise SentryError("CS0002", f"{name} is {found} text, not UTF-8", where=f"{name}:1:1")
    data = data.removeprefix(codecs.BOM_UTF8)
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        where = place(data[: error.start], name)
        raise SentryError("CS0002", f"the byte 0x{data[error.start]:02x} is not UTF-8", where=where) from error


def place(before: bytes, name: str) -> str:
    """``name:line:column`` of what comes behind these bytes."""
    start = before.rfind(b"\n") + 1
    column = len(before[start:].decode(errors="replace").removeprefix("\ufeff")) + 1
    line = before.count(b"\n") + 1
    return f"{name}:{line}:{column}"


def empty(name: str, help: str = "") -> SentryError:
    """CS0007, for a document that says nothing."""
    return SentryError("CS0007", f"{name} is empty", where=f"{name}:1:1", help=help)
