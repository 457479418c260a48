"""Two periods, and why their costs differ: price, volume, mix, what is new and what is gone; exact.

Every usage type of a group has a cost and a quantity in both periods. What has one in both is taken apart at the
former price, ``q1 p1 - q0 p0 = (scaled - 1) q0 p0 + (q1 - scaled q0) p0 + (p1 - p0) q1``, where ``scaled`` is how the
tokens of the whole group grew: that is volume, then the mix of its usage types, then price. Each part is rounded to
``EXACT`` decimals but the last, which is what remains: the parts add up to the difference to the last digit.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, localcontext
from enum import StrEnum

from costsentry_cli.domain.reports.costs import DIGITS

EXACT = Decimal("1e-12")
ZERO = Decimal(0)
Item = tuple[str, str]
"""A group's value and a usage type."""


class Why(StrEnum):
    """What made a cost rise or fall."""

    VOLUME = "volume"
    MIX = "mix"
    PRICE = "price"
    NEW = "new"
    GONE = "gone"


@dataclass(frozen=True)
class Used:
    """What an item cost and how much of it was used, in tokens (or AWS's own unit where it counts something else)."""

    cost: Decimal = ZERO
    quantity: Decimal = ZERO

    @property
    def nothing(self) -> bool:
        """Whether there is no trace of it."""
        return not self.cost and not self.quantity


@dataclass(frozen=True)
class Driver:
    """One reason: how much (USD, signed) a group's cost rose or fell by it."""

    value: str
    why: Why
    amount: Decimal


def drivers(
    before: Mapping[Item, Used], now: Mapping[Item, Used], uncounted: frozenset[str] = frozenset()
) -> list[Driver]:
    """Every reason that is not zero, the biggest first; they add up to the difference of the two sums.

    ``uncounted`` are groups whose usage types have unlike units: their volume is told by usage type, their mix not.
    """
    amounts: dict[tuple[str, Why], Decimal] = {}
    with localcontext(prec=DIGITS):
        scales = _scales(before, now, uncounted)
        for item in {**before, **now}:
            for why, amount in _parts(before.get(item, Used()), now.get(item, Used()), scales.get(item[0])):
                key = (item[0], why)
                amounts[key] = amounts.get(key, ZERO) + amount
    found = [Driver(value, why, amount) for (value, why), amount in amounts.items() if amount]
    return sorted(found, key=lambda one: (-abs(one.amount), one.value, one.why))


def summed(used: Iterable[Used]) -> Decimal:
    """The exact cost of several items."""
    with localcontext(prec=DIGITS):
        return sum((one.cost for one in used), ZERO)


def _scales(before: Mapping[Item, Used], now: Mapping[Item, Used], uncounted: frozenset[str]) -> dict[str, Decimal]:
    """How much the quantity of each group grew, over what is used in both periods; not where it cannot be counted."""
    grown: dict[str, tuple[Decimal, Decimal]] = {}
    for item, old in before.items():
        new = now.get(item, Used())
        if old.quantity and new.quantity and item[0] not in uncounted:
            then, there = grown.get(item[0], (ZERO, ZERO))
            grown[item[0]] = (then + old.quantity, there + new.quantity)
    return {value: there / then for value, (then, there) in grown.items() if then}


def _parts(old: Used, new: Used, scale: Decimal | None) -> list[tuple[Why, Decimal]]:
    difference = new.cost - old.cost
    if old.nothing:
        return [(Why.NEW, difference)]
    if new.nothing:
        return [(Why.GONE, difference)]
    if not old.quantity or not new.quantity:  # a fee, or usage that began to cost: no price to tell
        return [(Why.PRICE, difference)]
    own = old.cost * new.quantity / old.quantity - old.cost
    volume = _rounded(own if scale is None else old.cost * scale - old.cost)
    mix = _rounded(own) - volume if scale is not None else ZERO
    return [(Why.VOLUME, volume), (Why.MIX, mix), (Why.PRICE, difference - volume - mix)]


def _rounded(amount: Decimal) -> Decimal:
    return amount.quantize(EXACT)
