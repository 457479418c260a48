"""When the alerts of the manifest's budgets would have fired in a month that was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from costsentry_cli.domain.budget_filter import slice_of_tags
from costsentry_cli.domain.budget_simulation import Simulated, simulate, triggers, window_for
from costsentry_cli.domain.budget_spend import Question, Spend, ask, paid_facts, questions_for
from costsentry_cli.domain.calls import Cloud
from costsentry_cli.domain.manifest.types import Budget
from costsentry_cli.domain.reports.costs import METRIC
from costsentry_cli.domain.table import Column, Row, Table, Type
from costsentry_cli.domain.window import Window

COLUMNS = (
    Column("budget", "Budget"),
    Column("per", "Per", drop=4),
    Column("alert", "Alert"),
    Column("limit_usd", "Limit", Type.MONEY),
    Column("cost_usd", "Cost of month", Type.MONEY, drop=1),
    Column("fired_on", "Fired on", Type.DATE, unknown="never"),
    Column("times", "Times", Type.COUNT, drop=3),
    Column("share", "Share at month end", Type.SHARE, drop=2),
)
RUN_RATE = "forecast: cost so far / days gone x days of the period, which is our reckoning and not AWS's"


def simulated(cloud: Cloud, budgets: Sequence[Budget], month: Window) -> Table:
    """A row for each alert and action; the limits are today's. One paid Cost Explorer request for each set of tag keys.

    ``month`` may end early, for the month that is not over. The table's ``facts`` tell what was paid.
    """
    slices = {one.name: slice_of_tags(one.tags) for one in budgets}
    questions = questions_for(list(slices.values()))
    whole = Window(min((window_for(one, month).start for one in budgets), default=month.start), month.end)
    answers, paid = ask(cloud, questions.values(), whole)
    rows: list[Row] = []
    for budget in budgets:
        mine = slices[budget.name]
        days = answers[questions[mine.identity()]].by_day(mine)
        rows += [_row(one) for one in simulate(budget, days, month)]
    title = f"Alerts of the manifest's budgets, {month.label()}" if rows else ""
    facts = {
        "period": {"start": month.start.isoformat(), "end": month.end.isoformat()},
        "source": "Cost Explorer",
        "kind": "simulated",
        "metric": METRIC,
        "currency": "USD",
        **paid_facts(paid),
    }
    return Table("alerts", COLUMNS, tuple(rows), title=title, notes=_notes(budgets, answers), facts=facts)


def _row(one: Simulated) -> Row:
    return (one.budget, one.per, one.alert, one.limit, one.cost, one.fired, one.times, one.share)


def _notes(budgets: Sequence[Budget], answers: Mapping[Question, Spend]) -> tuple[str, ...]:
    notes = []
    if any(each.of == "forecast" for one in budgets for each in triggers(one)):
        notes.append(RUN_RATE)
    if any(one.per == "day" for one in budgets):
        notes.append("per day: the first day it would have fired, and on how many")
    for question, spend in answers.items():
        values = {value for value, _ in spend.cells}
        if question.group and values <= {""} and sum(spend.by_day().values(), Decimal(0)):
            notes.append(f"no Bedrock cost of this time carries {question.group}: sentry tags status")
    return tuple(notes)
