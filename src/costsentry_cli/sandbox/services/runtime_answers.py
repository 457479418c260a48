"""What the emulated models say: the same request always gets the same words, and never more than it allowed."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from typing import Any

from costsentry_cli.sandbox.services.runtime_prompt import tokens_of

# No word is longer than six letters, so each is one token and an answer can be cut at any length.
_SUBJECT = ("The team", "A budget", "The report", "Each call", "The plan", "Our cost", "A model", "The ledger")
_VERB = ("shows", "keeps", "meets", "needs", "covers", "names", "holds", "tracks")
_OBJECT = ("the price", "a limit", "the usage", "one owner", "the tags", "a source", "the total", "its share")
_END = ("for the month.", "in every region.", "before it is spent.", "as agreed.", "with no gap.", "by next week.")

DEFAULT_LENGTH = 4096
"""Longest answer in tokens when the request names no ``maxTokens``."""


@dataclass(frozen=True)
class Answer:
    """What the model returned: content blocks of Converse, their tokens and why it stopped."""

    content: list[dict[str, Any]]
    tokens: int
    stop: str


def answer(params: dict[str, Any], seed: bytes) -> Answer:
    """Words (or the demanded tool call) for a request; ``seed`` is the digest of everything the model saw."""
    config = params.get("inferenceConfig", {})
    limit = config.get("maxTokens", DEFAULT_LENGTH)
    tool = _demanded_tool(params.get("toolConfig", {}))
    if tool is not None:
        return _tool_call(tool, seed, limit)
    return _text(seed, limit, config.get("stopSequences", []))


def _text(seed: bytes, limit: int, stops: list[str]) -> Answer:
    pieces = _pieces(random.Random(seed))
    text = _joined(pieces[:limit])
    stop = "max_tokens" if len(pieces) > limit else "end_turn"
    cuts = [text.index(sequence) for sequence in stops if sequence in text]
    if cuts:
        text, stop = text[: min(cuts)], "stop_sequence"
    return Answer([{"text": text}], tokens_of(text), stop)


def _pieces(choose: random.Random) -> list[str]:
    """The words and full stops of two to six sentences, each one token."""
    parts = (_SUBJECT, _VERB, _OBJECT, _END)
    sentences = [" ".join(choose.choice(part) for part in parts) for _ in range(choose.randint(2, 6))]
    return " ".join(sentences).replace(".", " .").split()


def _joined(pieces: list[str]) -> str:
    return " ".join(pieces).replace(" .", ".")


def _demanded_tool(config: dict[str, Any]) -> dict[str, Any] | None:
    """The tool a request insists on: a named one, or the first when any will do."""
    choice = config.get("toolChoice", {})
    specs = [tool["toolSpec"] for tool in config.get("tools", ()) if "toolSpec" in tool]
    if "tool" in choice:
        specs = [spec for spec in specs if spec["name"] == choice["tool"]["name"]]
    elif "any" not in choice:
        return None
    return specs[0] if specs else None


def _tool_call(spec: dict[str, Any], seed: bytes, limit: int) -> Answer:
    arguments = _example(spec["inputSchema"].get("json", {}))
    tokens = tokens_of(json.dumps(arguments)) + tokens_of(spec["name"])
    use = {"toolUseId": f"tooluse_{seed.hex()[:22]}", "name": spec["name"], "input": arguments}
    return Answer([{"toolUse": use}], min(tokens, limit), "max_tokens" if tokens > limit else "tool_use")


def _example(schema: dict[str, Any]) -> Any:
    """A smallest value that a simple JSON schema allows: required members only."""
    if schema.get("enum"):
        return schema["enum"][0]
    kind = schema.get("type", "object")
    if kind == "object":
        members = schema.get("properties", {})
        return {name: _example(members.get(name, {"type": "string"})) for name in schema.get("required", ())}
    return {"array": [], "integer": 1, "number": 1, "boolean": True, "null": None}.get(kind, "example")
