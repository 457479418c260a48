"""The most a Converse call can take, before it is made, and what it took, in the same units.

Units: tokens are counts, money is whole nano-USD, rounded up once per call. Law: what a call took is at most its worst
case, whatever was cached and whichever tier served it.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Literal, cast

from costsentry_cli.domain import assumptions, catalog
from costsentry_cli.domain.catalog import ModelRef, Price, Rates, Tokens
from costsentry_cli.domain.ledger.counters import nano_usd

How = Literal["counted", "bounded"]


@dataclass(frozen=True, slots=True)
class Worst:
    """The most one call can take. ``nano_usd`` None: the price is unknown.

    ``how``: AWS counted the input, or it is bounded by its bytes. ``source`` and ``as_of`` are the price's.
    """

    input_tokens: int
    output_tokens: int
    nano_usd: int | None
    how: How
    source: str = ""
    as_of: date | None = None
    requests: int = 1

    @property
    def tokens(self) -> int:
        """Input and output together."""
        return self.input_tokens + self.output_tokens


@dataclass(frozen=True, slots=True)
class Actual:
    """What one call took. Input is everything the model read, cached or not; ``nano_usd`` None: no price for it."""

    input_tokens: int
    output_tokens: int
    nano_usd: int | None
    requests: int = 1

    @property
    def tokens(self) -> int:
        """Input and output together."""
        return self.input_tokens + self.output_tokens


def worst_case(params: Mapping[str, Any], ref: ModelRef | None, region: str, counted: int | None = None) -> Worst:
    """The most a Converse call with ``params`` can take, made in ``region`` (an ARN's own region in ``ref`` wins).

    ``counted`` is CountTokens' answer for the same params: AWS counts what it would charge, so nothing is added to it.
    Without it every byte of text is taken for a token. Raises ``ValueError`` without ``maxTokens`` (the bound would be
    the model's) and for content that is not text, unless it was counted.
    """
    output = params.get("inferenceConfig", {}).get("maxTokens")
    if output is None:
        raise ValueError("a call without maxTokens has no worst case of its own")
    read = input_bound(params) if counted is None else counted + assumptions.COUNTED_TOKENS_MARGIN
    prices = _reachable_prices(params, ref, region)
    money = None if prices is None else _dearest(params, prices, ref, read, output)
    how: How = "bounded" if counted is None else "counted"
    if prices is None or money is None:
        return Worst(read, output, None, how)
    return Worst(read, output, money, how, prices[0].source, prices[0].as_of)


def actual(tokens: Tokens, ref: ModelRef | None, region: str, tier: str = "default") -> Actual:
    """What a call took; ``tier`` is the one that served it (``serviceTier.type`` of the answer)."""
    price = None if ref is None else catalog.load().price(ref, region, _priced_as(tier))
    cost = None if price is None else price.cost(tokens)
    return Actual(tokens.context, tokens.output, None if cost is None else nano_usd(cost))


def input_bound(params: Mapping[str, Any]) -> int:
    """No fewer than the input tokens of a Converse request: its bytes, and what templates add.

    A token of a byte-level vocabulary is at least one byte; a vocabulary of pieces falls back to bytes. Tokenizers that
    normalise the text first can make it longer, so the longest of its forms counts.
    """
    blocks = [*params.get("system", ()), *(b for message in params["messages"] for b in message["content"])]
    texts = [_text(block) for block in blocks if "cachePoint" not in block]
    templates = assumptions.TEMPLATE_TOKENS_PER_MESSAGE * (len(blocks) + len(params["messages"]))
    bound = assumptions.TEMPLATE_TOKENS_PER_REQUEST + templates + sum(map(_bytes, texts))
    for name in ("toolConfig", "additionalModelRequestFields"):
        if name in params:
            bound += _bytes(json.dumps(params[name], ensure_ascii=False))
    return bound + (assumptions.TEMPLATE_TOKENS_FOR_TOOLS if "toolConfig" in params else 0)


def _text(block: Mapping[str, Any]) -> str:
    text = block.get("text")
    if not isinstance(text, str):
        raise ValueError(f"the tokens of {', '.join(block)} are not bounded by text")  # noqa: TRY004 - a value of AWS's
    return text


def _bytes(text: str) -> int:
    if text.isascii():
        return len(text)
    names = (cast("Literal['NFC', 'NFKC']", name) for name in assumptions.NORMALISED_BEFORE_TOKENS)
    return max(len(form.encode()) for form in (text, *(unicodedata.normalize(name, text) for name in names)))


def _priced_as(tier: str) -> str:
    """Reserved capacity is paid for apart; what overflows runs at the default tier."""
    return "default" if tier == "reserved" else tier


def _reachable_prices(params: Mapping[str, Any], ref: ModelRef | None, region: str) -> list[Price] | None:
    """The price asked for, then the default tier's, which AWS may serve instead; None when one is unknown."""
    optimised = params.get("performanceConfig", {}).get("latency", "standard") != "standard"
    if ref is None or optimised:  # the catalogue has no prices of latency-optimised inference
        return None
    asked = _priced_as(params.get("serviceTier", {}).get("type", "default"))
    found = [catalog.load().price(ref, region, tier) for tier in dict.fromkeys((asked, assumptions.TIER_MAY_FALL_TO))]
    known = [price for price in found if price is not None]
    return known if len(known) == len(found) else None


def _dearest(
    params: Mapping[str, Any], prices: list[Price], ref: ModelRef | None, read: int, output: int
) -> int | None:
    """Nano-USD at the highest rate of each side that a call of up to ``read`` tokens can meet."""
    asked = _has_cache_point(params)
    caches = asked or ref is None or ref.model.provider not in assumptions.CACHING_ON_REQUEST_ONLY
    rates = [rates for price in prices for rates in _reachable_rates(price, read)]
    if asked and any(each.cache_write_5m is None or each.cache_read is None for each in rates):
        return None
    per_input = max(rate for each in rates for rate in _read_rates(each, caches=caches))
    per_output = max(each.output for each in rates)
    return nano_usd(per_input * Decimal(read) + per_output * Decimal(output))


def _reachable_rates(price: Price, read: int) -> list[Rates]:
    """The base rates and those of every long-context step that ``read`` tokens exceed."""
    return [price.rates(), *(step.rates for step in price.long_context if read > step.above)]


def _read_rates(rates: Rates, *, caches: bool) -> list[Decimal]:
    """What a token that is read can cost, as far as it is known."""
    kinds = (rates.input, rates.cache_read, rates.cache_write_5m, rates.cache_write_1h) if caches else (rates.input,)
    return [rate for rate in kinds if rate is not None]


def _has_cache_point(params: Mapping[str, Any]) -> bool:
    parts = [*params.get("system", ()), *(b for message in params["messages"] for b in message["content"])]
    parts += params.get("toolConfig", {}).get("tools", ())
    return any("cachePoint" in part for part in parts)
