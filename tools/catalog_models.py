"""What one model is, by rule: the price map's entries of a model and the overlay tables make its catalogue row."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import catalog_overlay as overlay

Entry = Mapping[str, Any]
REGION = re.compile(r"[a-z]{2}(-gov)?-[a-z]+-\d")


def spoken(part: str) -> str:
    """One word of an id as AWS writes it: ``lite`` -> ``Lite``, ``405b`` -> ``405B``, ``gpt`` -> ``GPT``."""
    if part in ("gpt", "glm", "vl", "it"):
        return part.upper()
    return part.upper() if re.fullmatch(r"[ae]?\d+b", part) else part[:1].upper() + part[1:]


def name_of(model: str) -> str:
    """A model's name by rule: drop version and date, join ``4-5`` to ``4.5``, capitalise."""
    if model in overlay.NAMES:
        return overlay.NAMES[model]
    text = re.sub(r"-v1$|-v\d+:\d+$|-\d:0$", "", model.partition(".")[2])
    text = re.sub(r"-20\d{6}|-2[45]\d\d(?=-|$)", "", text)
    text = re.sub(r"(?<=\d)-(?=\d{1,2}(-|$))", ".", text)
    text = re.sub(r"^(llama)(\d)", r"\1-\2", text)
    if text.startswith("gpt-oss"):
        return text
    named = " ".join(spoken(part) for part in text.split("-"))
    named = re.sub(r"^(GPT|GLM) ", r"\1-", named).replace("Minimax", "MiniMax").replace(" V2", " v2")
    return named + " v2" if re.search(r"claude.*-v2:0$", model) else named


def family_of(model: str) -> str:
    """The leading word of the id: ``claude``, ``nova``, ``llama``, ``gpt-oss``."""
    named = (family for start, family in overlay.FAMILIES.items() if model.startswith(start))
    word = re.match(r"[a-z]+", model.partition(".")[2])
    return next(named, word[0] if word else model)


def flag(entries: Iterable[Entry], field: str) -> bool | None:
    """A capability flag over all entries of a model: its value where given, None where nobody says."""
    values = {entry[field] for entry in entries if field in entry}
    return True in values if values else None


def sampling_of(model: str, entries: list[Entry]) -> str:
    """``all``, ``temperature_xor_top_p`` or ``none``."""
    if flag(entries, "supports_sampling_params") is False or model.startswith(overlay.NO_SAMPLING):
        return "none"
    return "temperature_xor_top_p" if model.startswith(overlay.TEMPERATURE_XOR_TOP_P) else "all"


def counts_tokens(model: str, entries: list[Entry]) -> bool:
    """CountTokens of bedrock-runtime knows this base id (the price map names those counted on mantle instead)."""
    named = (entry.get("token_count_model", {}) for entry in entries)
    return any(n.get("litellm_provider") == "bedrock" and n.get("model") == model for n in named)


def capabilities(model: str, entries: list[Entry]) -> dict[str, Any]:
    """The capability row: flags of the price map, else the overlay's rules."""
    sampling = sampling_of(model, entries)
    prefill = flag(entries, "supports_assistant_prefill")
    top_k = next((path for start, path in overlay.TOP_K.items() if model.startswith(start)), None)
    minimum = [entry["prompt_cache_min_tokens"] for entry in entries if "prompt_cache_min_tokens" in entry]
    return {
        "sampling": sampling,
        "prefill": model.startswith(overlay.PREFILL) if prefill is None else prefill,
        "system": not model.startswith(overlay.NO_SYSTEM),
        "mid_system": flag(entries, "supports_mid_conversation_system") is True,
        "top_k": None if sampling == "none" else top_k,
        "caching": flag(entries, "supports_prompt_caching") is True,
        "cache_min_tokens": max(minimum, default=None),
        "count_tokens": counts_tokens(model, entries),
    }


def end_of_life(model: str, rows: Mapping[str, Entry]) -> str | None:
    """The overlay's day, else the price map's when all commercial entries carry one (the latest of them).

    A day on a single geography's entry is a "not before" of that profile, not the end of the model.
    """
    if model in overlay.END_OF_LIFE:
        return overlay.END_OF_LIFE[model]
    days = [str(entry.get("deprecation_date", "")) for place, entry in rows.items() if "us-gov" not in place]
    return max(days) if days and all(days) else None


def status_of(model: str, last: str | None, day: str) -> str:
    """AWS publishes an end of life only for models it has moved to Legacy."""
    if last is None:
        return "EOL" if model.startswith(overlay.GONE) else "ACTIVE"
    return "EOL" if last <= day else "LEGACY"


def geos_of(model: str, rows: Mapping[str, Entry]) -> list[str]:
    """Prefixes of the system profiles that exist for the model."""
    return sorted({c for c in rows if c in overlay.GEOGRAPHIES} | set(overlay.EXTRA_GEOS.get(model, ())))


def in_region(model: str, rows: Mapping[str, Entry]) -> bool:
    """Whether the bare id is callable on demand; the rule stands beside ``overlay.IN_REGION``."""
    if model.startswith(overlay.IN_REGION):
        return True
    if model.startswith(overlay.PROFILE_ONLY):
        return False
    commercial = {c for c in rows if "us-gov" not in c}
    return any(REGION.fullmatch(c) for c in commercial) or not commercial & overlay.GEOGRAPHIES.keys()


def billing(model: str, name: str) -> dict[str, Any]:
    """Cost Explorer's SERVICE value and whether AWS Marketplace bills it."""
    provider = model.partition(".")[0]
    if provider not in overlay.MARKETPLACE_PROVIDERS or model.startswith(overlay.NOT_MARKETPLACE):
        return {"service_name": "Amazon Bedrock", "marketplace": False}
    product = overlay.PRODUCTS.get(model, f"{overlay.PRODUCT_MAKERS.get(provider, '')} {name}".strip())
    return {"service_name": f"{product} (Amazon Bedrock Edition)", "marketplace": True}


def model_row(model: str, rows: Mapping[str, Entry], day: str) -> dict[str, Any]:
    """One model: what it is, what it takes, how long it lives, where it runs and who bills it."""
    entries = list(rows.values()) or [overlay.DROPPED[model]]
    last, name = end_of_life(model, rows), name_of(model)
    return {
        "id": model,
        "name": name,
        "provider": overlay.PROVIDERS[model.partition(".")[0]],
        "family": family_of(model),
        "max_input": max((e["max_input_tokens"] for e in entries if e.get("max_input_tokens")), default=None),
        "max_output": max((e["max_output_tokens"] for e in entries if e.get("max_output_tokens")), default=None),
        "capabilities": capabilities(model, entries),
        "status": status_of(model, last, day),
        "end_of_life": last,
        "geos": geos_of(model, rows),
        "in_region": in_region(model, rows),
        **billing(model, name),
    }
