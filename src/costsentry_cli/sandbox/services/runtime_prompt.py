"""A Converse request as a row of counted blocks: what CountTokens counts, what a cache point caches.

The count is one deterministic function of the text (about a token per six letters of a word and per other sign), the
same for CountTokens and for ``usage``. Nothing here keeps a prompt: a block is its digest and its count.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from costsentry_cli.sandbox.contract import ServiceError

PER_MESSAGE = 3
"""Tokens a message costs beyond its content."""

_LETTERS_PER_TOKEN = 6
_IMAGE_TOKENS = 1600
_BYTES_PER_TOKEN = 4
_PIECE = re.compile(r"[A-Za-z0-9']+|[^\sA-Za-z0-9']")


@dataclass(frozen=True)
class Block:
    """One content block in the order the model reads: tools, system, messages.

    ``ttl`` is set (``5m`` or ``1h``) for a cache point, which has no content of its own.
    """

    place: str
    digest: bytes
    tokens: int
    ttl: str | None = None


def tokens_of(text: str) -> int:
    """Tokens of a text: 0 for nothing, and never more than its characters."""
    return sum(-(-len(piece) // _LETTERS_PER_TOKEN) for piece in _PIECE.findall(text))


def blocks(params: dict[str, Any]) -> list[Block]:
    """Every block of a request in Converse's form, cache points included."""
    found = [_block("toolConfig.tools", tool) for tool in params.get("toolConfig", {}).get("tools", ())]
    found += [_block("system", part) for part in params.get("system", ())]
    for number, message in enumerate(params.get("messages", ())):
        place = f"messages.{number}.content"
        found.append(Block(place, _digest({"role": message["role"]}), PER_MESSAGE))
        found += [_block(place, part) for part in message["content"]]
    return found


def count(params: dict[str, Any]) -> int:
    """Tokens of a whole request: uncached input, cache reads and cache writes together."""
    return sum(block.tokens for block in blocks(params))


def from_body(body: bytes) -> dict[str, Any]:
    """An InvokeModel body in Anthropic's Messages form, as Converse's parameters."""
    try:
        document = json.loads(body)
        system = document.get("system", [])
        messages = [{"role": m["role"], "content": _parts(m["content"])} for m in document["messages"]]
        tools = [{"toolSpec": tool} for tool in document.get("tools", ())]
    except (ValueError, KeyError, TypeError, AttributeError):
        problem = "Malformed input request, please reformat your input and try again."
        raise ServiceError("ValidationException", problem) from None
    return {"system": _parts(system), "messages": messages, "toolConfig": {"tools": tools}}


def _parts(content: Any) -> list[dict[str, Any]]:
    if isinstance(content, str):
        return [{"text": content}]
    return [{"text": part["text"]} if part.get("type") == "text" else part for part in content]


def _block(place: str, content: dict[str, Any]) -> Block:
    if "cachePoint" in content:
        return Block(place, b"", 0, content["cachePoint"].get("ttl", "5m"))
    return Block(place, _digest(content), _tokens(content))


def _tokens(content: dict[str, Any]) -> int:
    if "text" in content:
        return tokens_of(content["text"])
    if "image" in content:
        return _IMAGE_TOKENS
    binary = sum(len(blob) for blob in _blobs(content))
    return tokens_of(json.dumps(content, default=lambda _blob: "")) + -(-binary // _BYTES_PER_TOKEN)


def _blobs(value: Any) -> Iterator[bytes]:
    if isinstance(value, bytes):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _blobs(item)
    elif isinstance(value, list):
        for item in value:
            yield from _blobs(item)


def _digest(content: dict[str, Any]) -> bytes:
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=_hashed).encode()).digest()


def _hashed(blob: bytes) -> str:
    return hashlib.sha256(blob).hexdigest()
