"""``sentry report costs``, which is ``sentry report``."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from typing import Annotated

import typer

from costsentry_cli.cli import completion
from costsentry_cli.cli.billing import open_billing
from costsentry_cli.cli.context import Context, read_manifest
from costsentry_cli.cli.forms import COSTS, Format
from costsentry_cli.cli.memory import Wishes, of_account, remembered
from costsentry_cli.cli.options import FILE, OUTPUT, TARGET, Common, common, group
from costsentry_cli.cli.output import emit
from costsentry_cli.cli.reach import manifest_if_any, tell_troubles
from costsentry_cli.cli.waiting import say_how_time_passes
from costsentry_cli.domain import window
from costsentry_cli.domain.document import InvalidDocument
from costsentry_cli.domain.errors import Exit, SentryError
from costsentry_cli.domain.kind import Scope
from costsentry_cli.domain.manifest.types import Manifest
from costsentry_cli.domain.plan import Trouble
from costsentry_cli.domain.remembered import Remembered
from costsentry_cli.domain.reports.cost_notes import undeclared
from costsentry_cli.domain.reports.question import WORDS, Condition, Metric, Question, Sort, conditions_of, groups_of
from costsentry_cli.domain.table import Table
from costsentry_cli.domain.window import Granularity, Window
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
Accounts = Annotated[
    bool, typer.Option("--accounts", help="Ask each account of the manifest by its role, where the payer cannot be.")
]
View = Annotated[str | None, typer.Option("--billing-view", help="ARN of a billing view, another's slice of the bill.")]


@dataclass(frozen=True)
class Of:
    """Which costs."""

    only: Filter = None
    exclude: Annotated[
        list[str] | None,
        typer.Option("--exclude", autocompletion=completion.CONDITIONS, help="No costs with these values."),
    ] = None
    last: Annotated[str | None, typer.Option("--last", help="7d, 30d, mtd (default) or last-month.")] = None
    month: Annotated[str | None, typer.Option("--month", help="One month, 2026-10.")] = None
    since: Annotated[str | None, typer.Option("--since", help="First day, 2026-10-01.")] = None
    until: Annotated[str | None, typer.Option("--until", help="Day after the last one.")] = None

    def conditions(self) -> tuple[tuple[Condition, ...], tuple[Condition, ...]]:
        """What costs must have, and must not. Raises ``SentryError`` CS0101."""
        return conditions_of(self.only or [], "--filter"), conditions_of(self.exclude or [], "--exclude")

    def period(self, today: date) -> Window:
        """The days asked about. Raises ``SentryError`` CS0107."""
        return window.parse(today, last=self.last, month=self.month, since=self.since, until=self.until)


@dataclass(frozen=True)
class Shape:
    """How they are shown."""

    granularity: Annotated[Granularity, typer.Option(help="A row per group, or per period and group.")] = (
        Granularity.TOTAL
    )
    metric: Annotated[Metric, typer.Option(help="Which cost.")] = Metric.UNBLENDED
    top: Annotated[int | None, typer.Option("--top", min=1, help="The dearest so many; the rest is (other).")] = None
    sort: Annotated[Sort, typer.Option(help="By cost, name or change.")] = Sort.COST
    previous: Annotated[bool, typer.Option("--previous/--no-previous", help="Compare with the period before.")] = True
    extras: Annotated[
        bool | None,
        typer.Option(
            "--extras/--no-extras", help="Credits, refunds and tax (default: with one group, where that is free)."
        ),
    ] = None

    def check(self) -> None:
        """Raises ``SentryError`` CS0101 for a sort that has nothing to sort by."""
        if self.sort is Sort.CHANGE and (not self.previous or self.granularity is not Granularity.TOTAL):
            raise SentryError("CS0101", "--sort change needs the period before", help="leave --no-previous out")


@dataclass(frozen=True)
class Whose:
    """Whose bill: the caller's, another's slice of it, or that of every account of the manifest."""

    view: View = None
    accounts: Accounts = False

    def manifest(self, shared: Common) -> Manifest | None:
        """The manifest whose accounts are asked; None where the caller is. Raises ``SentryError``."""
        if not self.accounts:
            return None
        if self.view:
            raise SentryError("CS0101", "--accounts and --billing-view are two ways", help="leave one out")
        manifest = read_manifest(shared)
        if not manifest.accounts:
            message = f"{manifest.source.name} has no accounts: to ask one by one"
            raise SentryError("CS0101", message, help="the payer sees all of them: sentry report --group-by account")
        return manifest


@app.command()
@common(FILE, TARGET, OUTPUT, result=COSTS)
def costs(shared: Common, *, group_by: GroupBy = None, of: Of, shape: Shape, whose: Whose, wishes: Wishes) -> int:
    """Bedrock cost, all of it, from Cost Explorer; models billed through the marketplace are in. Days are UTC.

    The payer account sees the cost of all: --group-by account. Where it cannot be asked: --accounts.
    """
    shape.check()
    groups, filters = groups_of(group_by or ["costCenter"]), of.conditions()
    manifest = whose.manifest(shared)
    context, _ = open_billing(shared, manifest)
    shown = (shape.granularity, shape.metric, *filters, shape.top, shape.sort, shape.previous, shape.extras)
    asked = Question(groups, of.period(context.clock().date()), *shown, whose.view or "")
    with remembered(shared, context, wishes) as memory:
        if manifest is not None:
            return _each(shared, context, asked, memory, manifest)
        table = _answer(shared, context, asked, memory)
    if not table.rows:
        say_how_time_passes(shared, context)
    return Exit.OK


def _answer(shared: Common, context: Context, question: Question, memory: Remembered) -> Table:
    if shared.form is Format.FOCUS:
        table = report_costs.focus(memory, question, context.clock(), context.target.account)
    else:
        table = report_costs.costs(memory, question, context.clock())
        table = replace(
            table, notes=(*table.notes, *undeclared(question, len(table.rows), _declared(shared, question)))
        )
    emit(shared, table, context.target.as_dict())
    return table


def _declared(shared: Common, question: Question) -> dict[str, list[str]]:
    """The values of each tag key in the manifest, where there is one; it is read only if something is filtered."""
    values: dict[str, list[str]] = {}
    with suppress(InvalidDocument):  # a report does not depend on it
        manifest = manifest_if_any(shared) if question.only or question.without else None
        for key, value in sorted({tag for one in (manifest.profiles if manifest else ()) for tag in one.tags.items()}):
            values.setdefault(key, []).append(value)
    return values


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
