"""Money as people read it. Amounts are ``Decimal`` US dollars, never float."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, Decimal

CENTS = 2
FINEST = 6


def places(amounts: Sequence[Decimal]) -> int:
    """Decimals with which a column of small amounts says something: cents, or more below a cent, at most six.

    The smallest amount that is not zero shows two digits, and the rounded amounts add up to the rounded sum.
    """
    total = sum(amounts, Decimal(0))
    if abs(total) >= 100:
        return CENTS
    small = min((abs(a) for a in amounts if a), default=Decimal(1))
    start = max(CENTS, min(FINEST, 1 - small.adjusted()))
    return next((p for p in range(start, FINEST + 1) if _adds_up(amounts, total, p)), start)


def _adds_up(amounts: Sequence[Decimal], total: Decimal, decimals: int) -> bool:
    return sum((rounded(a, decimals) for a in amounts), Decimal(0)) == rounded(total, decimals)


def rounded(amount: Decimal, decimals: int) -> Decimal:
    """The amount with so many decimals, half to even."""
    return amount.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_EVEN)


def usd(amount: Decimal, decimals: int = CENTS) -> str:
    """``$1,234.56``; a minus sign stands before the dollar sign."""
    sign = "-" if amount < 0 else ""
    return f"{sign}${abs(rounded(amount, decimals)):,}"


def plain(amount: Decimal) -> str:
    """The exact amount for machines: no exponent, no thousands marks, at least two decimals."""
    text = f"{amount.normalize():f}"
    whole, _, fraction = text.partition(".")
    return f"{whole}.{fraction.ljust(CENTS, '0')}"
