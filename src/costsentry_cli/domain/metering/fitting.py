"""A request fitted to a model: Converse's parameters, and a sentence for everything that was changed.

What a model takes is its row in the catalogue (``Capabilities``); AWS's rules for Converse hold for every model.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from costsentry_cli.domain.catalog import Model
from costsentry_cli.domain.errors import SentryError
from costsentry_cli.domain.manifest.findings import shown
from costsentry_cli.domain.metering.conversation import Turn, conversation
from costsentry_cli.domain.metering.request import Parameters, Request
from costsentry_cli.domain.metering.request_fields import METADATA_MAX

DEFAULT_MAX_TOKENS = 1024
"""Sent when a request does not say: Converse's own default is the model's maximum, and so would be the worst case."""

_NOT_METADATA = re.compile(r"[^a-zA-Z0-9 :_@$#=/+,.-]")
"""What ``requestMetadata`` does not take (bedrock-runtime service model); of its white space only the space is kept."""

_UNKNOWN_TOP_K = "additional:top_k"
"""Where most models want it."""

_NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Fitted:
    """Converse's parameters without ``modelId`` (``converse.converse_call`` adds it).

    ``adjustments`` are sentences about what differs from the request, ``notes`` about what else there is to know.
    """

    params: dict[str, Any]
    adjustments: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def fitted(
    request: Request,
    model: Model | None,
    *,
    strict: bool = False,
    assistant_as_system: bool | None = None,
    metadata: Mapping[str, str] = _NOTHING,
) -> Fitted:
    """The request as ``model`` takes it; an unknown model (None) gets all parameters as they are.

    ``metadata`` goes into ``requestMetadata`` beside the tags (16 entries at most, these first). ``strict`` raises
    ``SentryError`` CS0014 with every adjustment instead of making any. For ``assistant_as_system`` and what is refused
    in any case see ``conversation``.
    """
    talk = conversation(request.messages, model, assistant_as_system=assistant_as_system)
    changes, notes = list(talk.adjustments), list(talk.notes)
    if model is None:
        notes.append("the model is not in the catalogue: the parameters are sent as they are")
    params: dict[str, Any] = {"messages": [_message(turn) for turn in talk.turns]}
    if talk.system:
        params["system"] = [{"text": text} for text in talk.system]
    params["inferenceConfig"] = _inference(request.parameters, model, changes)
    place = _top_k_place(request.parameters, model, changes)
    if place is not None:
        params["additionalModelRequestFields"] = _nested(place, request.parameters.top_k)
    entries = metadata_of(request.tags, metadata, changes)
    if entries:
        params["requestMetadata"] = entries
    if strict and changes:
        help_text = "change the request, or leave out --strict"
        message = "the request cannot be sent as it is"
        raise SentryError("CS0014", message, details=tuple(changes), help=help_text)
    return Fitted(params, tuple(changes), tuple(notes))


def _message(turn: Turn) -> dict[str, Any]:
    return {"role": turn.role, "content": [{"text": text} for text in turn.texts]}


def _inference(given: Parameters, model: Model | None, changes: list[str]) -> dict[str, Any]:
    """Converse's inferenceConfig; ``maxTokens`` is always in it."""
    config: dict[str, Any] = {"maxTokens": _max_tokens(given, model, changes)}
    sampling = {"temperature": given.temperature, "topP": given.top_p}
    config |= {name: float(value) for name, value in sampling.items() if value is not None}
    if model is None or model.capabilities.sampling == "all":
        return config
    if model.capabilities.sampling == "none":
        return {"maxTokens": config["maxTokens"]}  # _top_k_place says it for all three
    if "temperature" in config and "topP" in config:
        changes.append(f"top_p is left out: {model.name} takes temperature or top_p, not both")
        del config["topP"]
    return config


def _max_tokens(given: Parameters, model: Model | None, changes: list[str]) -> int:
    most = model.max_output if model is not None else None
    if given.max_tokens is None:
        return DEFAULT_MAX_TOKENS if most is None else min(DEFAULT_MAX_TOKENS, most)
    if model is None or most is None or given.max_tokens <= most:
        return given.max_tokens
    changes.append(f"max_tokens is lowered from {given.max_tokens:,} to {most:,}, the maximum of {model.name}")
    return most


def _top_k_place(given: Parameters, model: Model | None, changes: list[str]) -> str | None:
    """Where top_k goes inside additionalModelRequestFields, None for nowhere; says what is left out."""
    if model is not None and model.capabilities.sampling == "none":
        names = [name for name in ("temperature", "top_p", "top_k") if getattr(given, name) is not None]
        if names:
            listed = " and ".join(", ".join(names).rsplit(", ", 1))
            verb = "is" if len(names) == 1 else "are"
            changes.append(f"{listed} {verb} left out: {model.name} takes no sampling parameters")
        return None
    if given.top_k is None:
        return None
    place = _UNKNOWN_TOP_K if model is None else model.capabilities.top_k
    if place is None and model is not None:
        changes.append(f"top_k is left out: {model.name} does not take it")
        return None
    return place


def _nested(place: str, value: Any) -> dict[str, Any]:
    """The value at ``additional:a.b``, as ``{"a": {"b": value}}``."""
    for name in reversed(place.removeprefix("additional:").split(".")):
        value = {name: value}
    found: dict[str, Any] = value
    return found


def metadata_of(tags: Mapping[str, str], metadata: Mapping[str, str], changes: list[str]) -> dict[str, str]:
    """The entries of ``requestMetadata``, which reaches invocation logs only, never a bill: 16 at most, ``metadata``'s
    first; a sentence in ``changes`` for each that is left out or spelled otherwise."""
    entries: dict[str, str] = {}
    for key, value in (dict(metadata) | {key: tags[key] for key in tags if key not in metadata}).items():
        if len(entries) == METADATA_MAX:
            changes.append(
                f"the tag {shown(key)} is left out of requestMetadata: it has {METADATA_MAX} entries at most"
            )
            continue
        entries[key] = _NOT_METADATA.sub("_", value)
        if entries[key] != value:
            odd = " ".join(dict.fromkeys(_NOT_METADATA.findall(value)))
            changes.append(f"the tag {key} is {shown(entries[key])} in requestMetadata, which does not take {odd}")
    return entries
