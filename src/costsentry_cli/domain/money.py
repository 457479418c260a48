"""Money as people read it. Amounts are ``Decimal`` US dollars, never float."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, Decimal

CENTS = 2
FINEST = 6
DIGITS = 4


def places(amounts: Sequence[Decimal]) -> int:
    """The decimals of a whole column: cents as soon as its largest amount is a dollar, more where all are smaller.

    Then the smallest amount that is not zero shows two digits, as far as the largest has no more than four and nothing
    more than six decimals. Rows so rounded may miss their rounded sum by a unit of the last place.
    """
    sizes = [abs(amount) for amount in amounts if amount]
    if not sizes or max(sizes) >= 1:
        return CENTS
    return max(CENTS, min(FINEST, DIGITS - 1 - max(sizes).adjusted(), 1 - min(sizes).adjusted()))


def rounded(amount: Decimal, decimals: int) -> Decimal:
    """The amount with so many decimals, half to even."""
    return amount.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_EVEN)


def usd(amount: Decimal, decimals: int = CENTS) -> str:
    """``$1,234.56``; a minus sign stands before the dollar sign; ``<$0.01`` is not nothing, but too little to show."""
    shown = abs(rounded(amount, decimals))
    sign = "-" if amount < 0 else ""
    if amount and not shown:
        return f"{'>' if sign else '<'}{sign}${Decimal(1).scaleb(-decimals)}"
    return f"{sign}${shown:,}"


def plain(amount: Decimal) -> str:
    """The exact amount for machines: no exponent, no thousands marks, at least two decimals."""
    text = f"{amount.normalize():f}"
    whole, _, fraction = text.partition(".")
    return f"{whole}.{fraction.ljust(CENTS, '0')}"
