"""Two periods of Bedrock cost: what rose or fell, and why, from Cost Explorer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from costsentry_cli.domain.assumptions import TOKENS_PER_UNIT
from costsentry_cli.domain.calls import Cloud
from costsentry_cli.domain.errors import SentryError
from costsentry_cli.domain.money import places, usd
from costsentry_cli.domain.remembered import Remembered
from costsentry_cli.domain.reports.compare import Driver, Item, Used, drivers, summed
from costsentry_cli.domain.reports.costs import Query, asked, complete_before, folded_by, need_attributes, within
from costsentry_cli.domain.reports.focus import QUANTITY, units
from costsentry_cli.domain.reports.question import ATTRIBUTE, TAG, WORDS, Condition, Group, Metric
from costsentry_cli.domain.table import Column, Row, Table, Type
from costsentry_cli.domain.window import Window, month_after

USAGE_TYPE = WORDS["usage-type"]


@dataclass(frozen=True)
class Comparison:
    """What to compare: ``now`` with ``before``, split by ``group``, in a metric; filters as in a report of costs."""

    now: Window
    before: Window
    group: Group
    metric: Metric = Metric.UNBLENDED
    only: tuple[Condition, ...] = ()
    without: tuple[Condition, ...] = ()
    top: int | None = None
    view: str = ""


def compare(cloud: Cloud, wanted: Comparison, now: datetime) -> Table:
    """Why the costs of two periods differ: a row per group and reason, the biggest first.

    The rows add up to the difference to the last digit. A period that is not complete is compared with as many
    days of the other. Two paid requests; none for a month that is remembered. Raises ``SentryError`` CS0107.
    """
    named = (wanted.group, *(one.group for one in (*wanted.only, *wanted.without)))
    earliest = min(wanted.now, wanted.before, key=lambda window: window.start)
    need_attributes([group for group in named if group.kind == ATTRIBUTE], earliest)
    paying = cloud if isinstance(cloud, Remembered) else Remembered(cloud, lambda: now)
    _alike(*(one.until(complete_before(now)) for one in (wanted.now, wanted.before)))  # before anything is paid for
    read = {window: list(asked(paying, _query(wanted), [window], now)) for window in (wanted.before, wanted.now)}
    complete = complete_before(paying.oldest or now)
    recent, former = _alike(wanted.now.until(complete), wanted.before.until(complete))
    odd: set[str] = set()
    then = _used(wanted, read[wanted.before], former, odd)
    there = _used(wanted, read[wanted.now], recent, odd)
    found = drivers(then, there, frozenset(odd))
    return _table(wanted, found, (former, summed(then.values())), (recent, summed(there.values())), odd, paying)


def _alike(one: Window, other: Window) -> tuple[Window, Window]:
    """Whole months as they are, else as many days of each. Raises ``SentryError`` CS0107 where there are none."""
    if _is_month(one) and _is_month(other):
        return one, other
    days = min(one.days, other.days)
    if not days:
        words = f"nothing is complete yet of the days from {max(one.start, other.start)}: Cost Explorer is a day late"
        raise SentryError("CS0107", words, help="leave the period out to compare the last two months")
    return one.first(days), other.first(days)


def _is_month(window: Window) -> bool:
    return window.start.day == 1 and window.end == month_after(window.start)


def _query(wanted: Comparison) -> Query:
    groups = (wanted.group,) if wanted.group == USAGE_TYPE else (wanted.group, USAGE_TYPE)
    return Query(groups, (wanted.metric.aws, QUANTITY), wanted.only, wanted.without, view=wanted.view)


def _used(wanted: Comparison, pages: Sequence[Mapping[str, Any]], window: Window, odd: set[str]) -> dict[Item, Used]:
    """Cost and tokens by group and usage type; ``odd`` learns the groups with a unit that is no number of tokens."""
    groups = _query(wanted).groups
    cost, quantity = (folded_by(pages, groups, metric) for metric in (wanted.metric.aws, QUANTITY))
    kinds = units(pages, groups)
    used: dict[Item, Used] = {}
    for keys, by_day in cost.cells.items():
        per = TOKENS_PER_UNIT.get(kinds.get(keys) or "")
        if per is None:
            odd.add(keys[0])
        one = Used(within(by_day, window), within(quantity.cells[keys], window) * (per or 1))
        if not one.nothing:
            used[keys[0], keys[-1]] = one
    return used


def _table(
    wanted: Comparison,
    found: Sequence[Driver],
    former: tuple[Window, Decimal],
    recent: tuple[Window, Decimal],
    odd: set[str],
    paying: Remembered,
) -> Table:
    difference = recent[1] - former[1]
    shown = found[: wanted.top] if wanted.top is not None else found
    rest = found[len(shown) :]
    rows: list[Row] = [(one.value or None, one.why.value, one.amount, _share(one.amount, former[1])) for one in shown]
    if rest:
        others = sum((one.amount for one in rest), Decimal(0))
        rows.append((f"({len(rest)} smaller)", "", others, _share(others, former[1])))
    columns = (
        Column(wanted.group.column, wanted.group.word, unknown=wanted.group.unknown),
        Column("why", "Why"),
        Column("difference_usd", "Difference", Type.MONEY),
        Column("share_of_before", "of before", Type.DELTA, drop=1),
    )
    total: Row = ("Total", "", difference, _share(difference, former[1]))
    title = f"Bedrock cost {_span(recent[0])} against {_span(former[0])}"
    notes = tuple(_notes(wanted, former[1], recent[1], odd))
    return Table("drivers", columns, tuple(rows), total, title, notes, _facts(wanted, former, recent) | paying.facts())


def _share(amount: Decimal, before: Decimal) -> Decimal | None:
    return amount / before if before else None


def _notes(wanted: Comparison, former: Decimal, recent: Decimal, odd: set[str]) -> Iterator[str]:
    if not former and not recent:
        yield "No Bedrock cost in either period."
        return
    decimals = places([former, recent])
    told = [usd(one, decimals) if one else "no cost" for one in (recent, former)]
    yield f"{told[0]} against {told[1]}."
    if wanted.group.kind == TAG:
        yield "A change of model inside a marketplace usage type counts as price: --group-by model tells them apart."
    if odd:
        yield f"Volume and mix are not told apart where units differ: {', '.join(sorted(odd)) or '(none)'}."


def _span(window: Window) -> str:
    return f"{window.start:%Y-%m}" if _is_month(window) else window.label()


def _facts(wanted: Comparison, former: tuple[Window, Decimal], recent: tuple[Window, Decimal]) -> dict[str, object]:
    return {
        "period": recent[0].as_dict(),
        "before": former[0].as_dict(),
        "cost_usd": str(recent[1]),
        "cost_before_usd": str(former[1]),
        "source": "Cost Explorer",
        "kind": "billed",
        "metric": wanted.metric.aws,
        "currency": "USD",
    }
