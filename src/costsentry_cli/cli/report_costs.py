"""``sentry report costs``, which is ``sentry report``."""

from __future__ import annotations

from typing import Annotated

import typer

from costsentry_cli.cli import completion
from costsentry_cli.cli.billing import open_billing
from costsentry_cli.cli.context import Context
from costsentry_cli.cli.memory import MaxRequests, Offline, Refresh, remembered, tell
from costsentry_cli.cli.options import COSTS, OUTPUT, TARGET, Common, Format, common, group
from costsentry_cli.cli.output import emit
from costsentry_cli.cli.waiting import say_how_time_passes
from costsentry_cli.domain import window
from costsentry_cli.domain.errors import SentryError
from costsentry_cli.domain.reports.question import WORDS, Metric, Question, Sort, conditions_of, groups_of
from costsentry_cli.domain.window import Granularity
from costsentry_cli.usecases import report_costs

app = group("What was billed.")
GroupBy = Annotated[
    list[str] | None,
    typer.Option(
        "--group-by",
        "-g",
        autocompletion=completion.groups(WORDS),
        help=f"One or two of a tag key, {', '.join(WORDS)} (default: costCenter).",
    ),
]
Filter = Annotated[
    list[str] | None,
    typer.Option(
        "--filter",
        autocompletion=completion.CONDITIONS,
        help="Only costs with costCenter=sales,support; an empty value is having none.",
    ),
]
View = Annotated[str | None, typer.Option("--billing-view", help="ARN of a billing view, another's slice of the bill.")]


@app.command()
@common(TARGET, OUTPUT, result=COSTS)
def costs(  # noqa: PLR0913, RUF100 a question has this many sides
    shared: Common,
    *,
    group_by: GroupBy = None,
    only: Filter = None,
    exclude: Annotated[
        list[str] | None,
        typer.Option("--exclude", autocompletion=completion.CONDITIONS, help="No costs with these values."),
    ] = None,
    last: Annotated[str | None, typer.Option("--last", help="7d, 30d, mtd (default) or last-month.")] = None,
    month: Annotated[str | None, typer.Option("--month", help="One month, 2026-10.")] = None,
    since: Annotated[str | None, typer.Option("--since", help="First day, 2026-10-01.")] = None,
    until: Annotated[str | None, typer.Option("--until", help="Day after the last one.")] = None,
    granularity: Annotated[Granularity, typer.Option(help="A row per group, or per period and group.")] = (
        Granularity.TOTAL
    ),
    metric: Annotated[Metric, typer.Option(help="Which cost.")] = Metric.UNBLENDED,
    top: Annotated[int | None, typer.Option("--top", min=1, help="The dearest so many; the rest is (other).")] = None,
    sort: Annotated[Sort, typer.Option(help="By cost, name or change.")] = Sort.COST,
    previous: Annotated[bool, typer.Option("--previous/--no-previous", help="Compare with the period before.")] = True,
    extras: Annotated[
        bool | None,
        typer.Option(
            "--extras/--no-extras", help="Credits, refunds and tax (default: with one group, where that is free)."
        ),
    ] = None,
    view: View = None,
    refresh: Refresh = False,
    offline: Offline = False,
    max_requests: MaxRequests = None,
) -> None:
    """Bedrock cost, all of it, from Cost Explorer; models billed through the marketplace are in. Days are UTC."""
    if sort is Sort.CHANGE and (not previous or granularity is not Granularity.TOTAL):
        raise SentryError("CS0101", "--sort change needs the period before", help="leave --no-previous out")
    groups = groups_of(group_by or ["costCenter"])
    filters = conditions_of(only or [], "--filter"), conditions_of(exclude or [], "--exclude")
    context, _ = open_billing(shared, None)
    period = window.parse(context.clock().date(), last=last, month=month, since=since, until=until)
    asked = Question(groups, period, granularity, metric, *filters, top, sort, previous, extras, view or "")
    _answer(shared, context, asked, refresh=refresh, offline=offline, most=max_requests)


def _answer(
    shared: Common, context: Context, question: Question, *, refresh: bool, offline: bool, most: int | None
) -> None:
    memory = remembered(shared, context, refresh=refresh, offline=offline, most=most)
    try:
        if shared.form is Format.FOCUS:
            table = report_costs.focus(memory, question, context.clock(), context.target.account)
        else:
            table = report_costs.costs(memory, question, context.clock())
        emit(shared, table, context.target.as_dict())
    finally:
        tell(memory)
    if not table.rows:
        say_how_time_passes(shared, context)
