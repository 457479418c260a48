"""The bill as budgets read it: folded once for all budgets of a request, then asked by period and refresh.

Lines that no filter can tell apart (same meter, same values of the tags that filters look at) are one strand. A
budget's figure is a sum over the strands its filter matches, each found by two binary searches.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from functools import cached_property
from itertools import accumulate

from costsentry_cli.sandbox.services.budgets_filters import Scope
from costsentry_cli.sandbox.services.budgets_periods import DAY, EPOCH, Span, day_number, first_refresh
from costsentry_cli.sandbox.services.ce_filter import ValueOf
from costsentry_cli.sandbox.services.ce_lines import LineItem
from costsentry_cli.sandbox.services.ce_meters import Meter

_ZERO = Decimal(0)
_DAY_SECONDS = int(DAY.total_seconds())

Place = tuple[int, int]
"""The refresh that first knows of a line, and the number of its day: both grow with time."""


class Strand:
    """Lines that are alike: ``like`` stands for them before a filter, its time and amounts mean nothing."""

    def __init__(self, like: LineItem, cells: Mapping[Place, tuple[Decimal, Decimal]]) -> None:
        self.like = like
        self._cells = sorted(cells.items())
        self._refreshes = [refresh for (refresh, _), _ in self._cells]
        self._days = [day for (_, day), _ in self._cells]

    def between(self, measure: str, span: Span, refresh: int) -> Decimal:
        """What the lines of the days of a span add up to, as far as a refresh knows them."""
        sums = self._costs if measure == "cost" else self._quantities
        first = bisect_left(self._days, day_number(span.start))
        last = min(bisect_left(self._days, day_number(span.end)), bisect_right(self._refreshes, refresh))
        return sums[last] - sums[first] if last > first else _ZERO

    @cached_property
    def _costs(self) -> list[Decimal]:
        return list(accumulate((cost for _, (cost, _) in self._cells), initial=_ZERO))

    @cached_property
    def _quantities(self) -> list[Decimal]:
        return list(accumulate((quantity for _, (_, quantity) in self._cells), initial=_ZERO))


class Spent:
    """What a budget counts of a bill."""

    def __init__(self, strands: Sequence[Strand], scope: Scope) -> None:
        counted = () if scope.measure == "nothing" else strands
        self._strands = [strand for strand in counted if scope.matches(strand.like)]
        self._measure = scope.measure

    def between(self, span: Span, refresh: int) -> Decimal:
        """The amount of the days of a span, as far as a refresh knows it; exact."""
        return sum((strand.between(self._measure, span, refresh) for strand in self._strands), _ZERO)


def strands_of(lines: Iterable[LineItem], values: Mapping[str, ValueOf]) -> list[Strand]:
    """Fold lines; ``values`` has, for every tag key that filters look at, how billing sees a line's value of it."""
    found: dict[tuple[Meter, tuple[str | None, ...]], dict[Place, tuple[Decimal, Decimal]]] = {}
    lookups = list(values.values())
    for item in lines:
        cells = found.setdefault((item.meter, tuple([value_of(item) for value_of in lookups])), {})
        place = (first_refresh(item.at), int(item.at // _DAY_SECONDS))
        cost, quantity = cells.get(place, (_ZERO, _ZERO))
        cells[place] = (cost + item.cost, quantity + item.quantity)
    return [Strand(_like(meter, values, seen), cells) for (meter, seen), cells in found.items()]


def _like(meter: Meter, values: Mapping[str, ValueOf], seen: Sequence[str | None]) -> LineItem:
    tags = {key: value for key, value in zip(values, seen, strict=True) if value is not None}
    return LineItem(EPOCH.timestamp(), tags, meter, _ZERO, _ZERO)
