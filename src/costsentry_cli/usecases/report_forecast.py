"""What the month will have cost at its end, per group, with the interval, against budget."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from costsentry_cli.domain.calls import Cloud
from costsentry_cli.domain.errors import SentryError
from costsentry_cli.domain.manifest.types import Manifest
from costsentry_cli.domain.remembered import Remembered
from costsentry_cli.domain.reports import expression
from costsentry_cli.domain.reports.costs import Query, asked, complete_before, folded_by, need_attributes, within
from costsentry_cli.domain.reports.expression import Expression
from costsentry_cli.domain.reports.forecast import (
    AWS,
    HISTORY,
    OWN,
    Ahead,
    Outlook,
    can_ask,
    forecast_call,
    forecast_in,
    outlook,
    own,
    summed,
)
from costsentry_cli.domain.reports.question import TAG, Group
from costsentry_cli.domain.table import Column, Row, Table, Type
from costsentry_cli.domain.window import Window, month_after, month_of

METRIC = "UnblendedCost"
NO_DATA = "CS0811"
ZERO = Decimal(0)


@dataclass(frozen=True)
class Asked:
    """What is asked: by which group, and whether AWS may be asked (one paid request for each of its values)."""

    group: Group
    aws: bool = True
    view: str = ""


def forecast(cloud: Cloud, question: Asked, now: datetime, budgets: Mapping[str, Decimal]) -> Table:
    """This month per value of the group; ``budgets`` are USD a month by value.

    Raises ``SentryError`` CS0107 for groups AWS did not know yet in the weeks before.
    """
    paying = cloud if isinstance(cloud, Remembered) else Remembered(cloud, lambda: now)
    month = Window(month_of(now.date()), month_after(now.date()))
    history = Window(min(month.start, now.date() - HISTORY - timedelta(days=2)), now.date() + timedelta(days=1))
    need_attributes((question.group,) if not can_ask(question.group) else (), history)
    query = Query((question.group,), (METRIC,), view=question.view)
    folded = folded_by(asked(paying, query, [history], now), query.grouped, METRIC)
    complete = complete_before(paying.oldest or now)
    work = _Work(paying, question, month, complete, now.date(), _scope(paying, question, history))
    found = {keys[0]: one for keys, by_day in folded.cells.items() if (one := work.of(keys[0], by_day)) is not None}
    order = sorted(found, key=lambda value: (value == "", -found[value].expected, value))
    rows = tuple(_row(value, found[value], budgets.get(value)) for value in order)
    total = summed([found[value] for value in order])
    return Table(
        "forecast",
        _columns(question.group),
        rows,
        _row("Total", total, sum(budgets.values(), ZERO) if budgets else None) if total else None,
        f"Bedrock cost of {month.start:%Y-%m} by {question.group.word}, forecast to {month.end - timedelta(days=1)}",
        tuple(_notes(question, found, complete)),
        _facts(month, complete) | paying.facts(),
    )


def _facts(month: Window, complete: date) -> dict[str, object]:
    """What is so far is billed; what is ahead is an estimate, by AWS or by us (see the rows) from what was billed."""
    return {
        "period": month.as_dict(),
        "source": "Cost Explorer",
        "kind": "estimated",
        "so_far": {"kind": "billed", "metric": METRIC},
        "complete_through": (complete - timedelta(days=1)).isoformat(),
        "interval": 80,
        "currency": "USD",
    }


def monthly_budgets(manifest: Manifest | None, group: Group, today: date) -> dict[str, Decimal]:
    """What the manifest's monthly budgets allow, by the value of the one tag they are over."""
    if manifest is None or group.kind != TAG:
        return {}
    single = [b for b in manifest.budgets if b.per == "month" and list(b.tags) == [group.key]]
    amounts = {budget.tags[group.key]: budget.amount or _planned(budget.planned, today) for budget in single}
    return {value: amount for value, amount in amounts.items() if amount is not None}


def _planned(planned: Sequence[tuple[date, Decimal]], today: date) -> Decimal | None:
    begun = [amount for first, amount in planned if first <= today]
    return begun[-1] if begun else None


def _scope(cloud: Cloud, question: Asked, window: Window) -> list[Expression]:
    """Bedrock's spend by its service names: AWS forecasts by no product attribute."""
    if not (question.aws and can_ask(question.group)):
        return []
    names = expression.services_in(list(cloud.pages(expression.services_call(window, question.view))))
    return [expression.by_services(names)] if names else []


@dataclass
class _Work:
    cloud: Cloud
    question: Asked
    month: Window
    complete: date
    today: date
    scope: list[Expression]

    def of(self, value: str, by_day: Mapping[date, Decimal]) -> Outlook | None:
        """The group's month; nothing for a group that has cost nothing in all that time."""
        so_far = within(by_day, self.month.until(self.complete))
        left = Window(max(self.month.start, min(self.complete, self.month.end)), self.month.end).dates()
        mine = own(by_day, self.complete, left)
        if mine is None:
            return None
        theirs = self._theirs(value, by_day)
        return outlook(so_far, theirs or [mine], AWS if theirs else OWN)

    def _theirs(self, value: str, by_day: Mapping[date, Decimal]) -> list[Ahead] | None:
        """AWS's forecast from today on, and our estimate of the days before that are not complete yet."""
        if not self.scope:
            return None
        coming = Window(self.today, self.month.end)
        gap = own(by_day, self.complete, Window(self.complete, self.today).dates())
        try:
            call = forecast_call(self.question.group, value, self.scope, coming, self.question.view)
            ahead = forecast_in(self.cloud.call(call))
        except SentryError as error:
            if error.code != NO_DATA:
                raise
            return None
        return [ahead] if gap is None else [gap, ahead]


def _columns(group: Group) -> tuple[Column, ...]:
    return (
        Column(group.column, group.word, unknown=group.unknown),
        Column("so_far_usd", "So far", Type.MONEY),
        Column("forecast_usd", "Month end", Type.MONEY),
        Column("low_usd", "Low", Type.MONEY, drop=2),
        Column("high_usd", "High", Type.MONEY, drop=2),
        Column("budget_usd", "Budget", Type.MONEY, drop=1),
        Column("of_budget", "Of budget", Type.SHARE, drop=1),
        Column("source", "By", drop=3),
    )


def _row(value: str, one: Outlook, budget: Decimal | None) -> Row:
    share = one.expected / budget if budget else None
    return (value or None, one.so_far, one.expected, one.low, one.high, budget, share, one.source)


def _notes(question: Asked, found: Mapping[str, Outlook], complete: date) -> Iterator[str]:
    if not found:
        yield "No Bedrock cost in the last four weeks: there is nothing to forecast from."
        return
    yield f"Complete through {complete - timedelta(days=1)}; Low and High: 80 % of months should end between them."
    if any(one.source == OWN for one in found.values()):
        why = "AWS was not asked" if not question.aws else "AWS has too little history"
        why = why if can_ask(question.group) else f"AWS forecasts no {question.group.word}s"
        yield f"own estimate: {why}; the mean of the same weekdays of the last four weeks."
