"""``sentry report costs``, which is ``sentry report``."""

from __future__ import annotations

from typing import Annotated

import typer

from costsentry_cli.cli.billing import open_billing
from costsentry_cli.cli.context import Context, read_manifest
from costsentry_cli.cli.memory import Wishes, of_account, remembered, tell
from costsentry_cli.cli.options import COSTS, FILE, OUTPUT, TARGET, Common, Format, common, group
from costsentry_cli.cli.output import emit
from costsentry_cli.cli.reach import tell_troubles
from costsentry_cli.domain import window
from costsentry_cli.domain.errors import Exit, SentryError
from costsentry_cli.domain.kind import Scope
from costsentry_cli.domain.manifest.types import Manifest
from costsentry_cli.domain.plan import Trouble
from costsentry_cli.domain.remembered import Remembered
from costsentry_cli.domain.reports.question import WORDS, Metric, Question, Sort, conditions_of, groups_of
from costsentry_cli.domain.window import Granularity
from costsentry_cli.usecases import report_costs

app = group("What was billed.")
GroupBy = Annotated[
    list[str] | None,
    typer.Option("--group-by", "-g", help=f"One or two of a tag key, {', '.join(WORDS)} (default: costCenter)."),
]
Filter = Annotated[
    list[str] | None,
    typer.Option("--filter", help="Only costs with costCenter=sales,support; an empty value is having none."),
]
Accounts = Annotated[
    bool, typer.Option("--accounts", help="Ask each account of the manifest by its role, where the payer cannot be.")
]
View = Annotated[str | None, typer.Option("--billing-view", help="ARN of a billing view, another's slice of the bill.")]


@app.command()
@common(FILE, TARGET, OUTPUT, result=COSTS)
def costs(  # noqa: PLR0913, RUF100 a question has this many sides
    shared: Common,
    *,
    group_by: GroupBy = None,
    only: Filter = None,
    exclude: Annotated[list[str] | None, typer.Option("--exclude", help="No costs with these values.")] = None,
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
    accounts: Accounts = False,
    wishes: Wishes,
) -> int:
    """Bedrock cost, all of it, from Cost Explorer; models billed through the marketplace are in. Days are UTC.

    The payer account sees the cost of all: --group-by account. Where it cannot be asked: --accounts.
    """
    if sort is Sort.CHANGE and (not previous or granularity is not Granularity.TOTAL):
        raise SentryError("CS0101", "--sort change needs the period before", help="leave --no-previous out")
    groups = groups_of(group_by or ["costCenter"])
    filters = conditions_of(only or [], "--filter"), conditions_of(exclude or [], "--exclude")
    if accounts and view:
        raise SentryError("CS0101", "--accounts and --billing-view are two ways", help="leave one out")
    manifest = _with_accounts(shared) if accounts else None
    context, _ = open_billing(shared, manifest)
    period = window.parse(context.clock().date(), last=last, month=month, since=since, until=until)
    asked = Question(groups, period, granularity, metric, *filters, top, sort, previous, extras, view or "")
    memory = remembered(shared, context, wishes)
    try:
        return (
            _answer(shared, context, asked, memory)
            if manifest is None
            else _each(shared, context, asked, memory, manifest)
        )
    finally:
        tell(memory)


def _answer(shared: Common, context: Context, question: Question, memory: Remembered) -> int:
    if shared.form is Format.FOCUS:
        table = report_costs.focus(memory, question, context.clock(), context.target.account)
    else:
        table = report_costs.costs(memory, question, context.clock())
    emit(shared, table, context.target.as_dict())
    return Exit.OK


def _each(shared: Common, context: Context, question: Question, memory: Remembered, manifest: Manifest) -> int:
    """Every account of the manifest; exit 6 when one is missing in the figures."""
    clouds, unreachable = context.clouds(manifest)
    asked = {account: of_account(memory, context, account, cloud) for account, cloud in clouds.items()}
    ask = report_costs.focus_of_accounts if shared.form is Format.FOCUS else report_costs.of_accounts
    found = ask(asked, question, context.clock())
    troubles = (*(Trouble(Scope(account, "", ""), error) for account, error in unreachable.items()), *found.troubles)
    emit(shared, report_costs.without(found.table, troubles), context.target.as_dict())
    tell_troubles(troubles)
    return Exit.PARTIAL if troubles else Exit.OK


def _with_accounts(shared: Common) -> Manifest:
    manifest = read_manifest(shared)
    if not manifest.accounts:
        message = f"{manifest.source.name} has no accounts: to ask one by one"
        raise SentryError("CS0101", message, help="the payer sees all of them: sentry report --group-by account")
    return manifest
