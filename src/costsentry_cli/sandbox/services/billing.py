"""What one call costs: the only place where the sandbox turns tokens into dollars."""

from __future__ import annotations

from costsentry_cli.domain.catalog import KINDS, ModelRef, Price, Tokens, load


def costs(ref: ModelRef, region: str, tokens: Tokens, tier: str = "default") -> dict[str, str]:
    """US dollars per token kind as exact decimal strings; only kinds that were used.

    ``ref`` is what served the call (for an application profile: its source), ``region`` where it was made. A kind
    without a known price is absent: unknown, never 0; ``{}`` when the model has no price at all.
    """
    price = load().price(ref, region, tier)
    return {} if price is None else split(price, tokens)


def split(price: Price, tokens: Tokens) -> dict[str, str]:
    """US dollars per kind used, at the rates the length of the prompt asks for; kinds without a price are absent."""
    rates = price.rates(tokens.context)
    used = ((kind, getattr(tokens, kind), getattr(rates, kind)) for kind in KINDS)
    return {kind: format(count * rate, "f") for kind, count, rate in used if count and rate is not None}
