"""Frames of ``application/vnd.amazon.eventstream``: lengths, headers, payload and two CRC-32 sums, big endian."""

from __future__ import annotations

from binascii import crc32
from collections.abc import Mapping
from functools import lru_cache
from struct import pack

_STRING = 7


def frame(headers: Mapping[str, str], payload: bytes) -> bytes:
    """One frame; every header is a string."""
    head = _head(tuple(headers.items()))
    prelude = pack("!II", 16 + len(head) + len(payload), len(head))
    start = prelude + pack("!I", crc32(prelude)) + head + payload
    return start + pack("!I", crc32(start))


@lru_cache(maxsize=256)
def _head(headers: tuple[tuple[str, str], ...]) -> bytes:
    """The block of headers; a stream repeats the same few."""
    return b"".join(_header(name, item) for name, item in headers)


def _header(name: str, item: str) -> bytes:
    key, text = name.encode(), item.encode()
    return pack("!B", len(key)) + key + pack("!BH", _STRING, len(text)) + text
