"""``sentry report compare``."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import typer

from costsentry_cli.cli import completion
from costsentry_cli.cli.billing import open_billing
from costsentry_cli.cli.forms import CHART
from costsentry_cli.cli.memory import Wishes, remembered
from costsentry_cli.cli.options import OUTPUT, TARGET, Common, common, group
from costsentry_cli.cli.output import emit
from costsentry_cli.domain.assumptions import PRODUCT_ATTRIBUTES_SINCE
from costsentry_cli.domain.errors import SentryError
from costsentry_cli.domain.reports.question import WORDS, Group, Metric, conditions_of, group_of
from costsentry_cli.domain.window import Window, month_before, of_month
from costsentry_cli.usecases.report_compare import Comparison
from costsentry_cli.usecases.report_compare import compare as compared

app = group("Two months.")


@app.command()
@common(TARGET, OUTPUT, result=CHART)
def compare(
    shared: Common,
    *,
    month: Annotated[str | None, typer.Option("--month", help="The month, 2026-10 (default: the last one).")] = None,
    against: Annotated[str | None, typer.Option("--with", help="The other month (default: the one before).")] = None,
    group_by: Annotated[
        str | None,
        typer.Option(
            "--group-by",
            "-g",
            autocompletion=completion.groups(WORDS),
            help=f"A tag key, {', '.join(WORDS)} (default: model).",
        ),
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(
            "--filter", autocompletion=completion.CONDITIONS, help="Only costs with costCenter=sales,support."
        ),
    ] = None,
    exclude: Annotated[
        list[str] | None,
        typer.Option("--exclude", autocompletion=completion.CONDITIONS, help="No costs with these values."),
    ] = None,
    metric: Annotated[Metric, typer.Option(help="Which cost.")] = Metric.UNBLENDED,
    top: Annotated[int | None, typer.Option("--top", min=1, help="The biggest so many reasons.")] = None,
    view: Annotated[str | None, typer.Option("--billing-view", help="ARN of a billing view.")] = None,
    wishes: Wishes,
) -> None:
    """What rose or fell between two months, and why: price, volume, mix, new, gone; the biggest first."""
    filters = conditions_of(only or [], "--filter"), conditions_of(exclude or [], "--exclude")
    context, _ = open_billing(shared, None)
    now, before = _months(month, against, context.clock().date())
    split = group_of(group_by) if group_by is not None else _usual(before)
    with remembered(shared, context, wishes) as memory:
        table = compared(memory, Comparison(now, before, split, metric, *filters, top, view or ""), context.clock())
        emit(shared, table, context.target.as_dict())


def _months(month: str | None, against: str | None, today: date) -> tuple[Window, Window]:
    now = of_month(month or f"{month_before(today):%Y-%m}", today)
    before = of_month(against or f"{month_before(now.start):%Y-%m}", today, "--with")
    if before == now:
        raise SentryError("CS0107", f"--month and --with are both {now.start:%Y-%m}", help="name another month")
    return now, before


def _usual(before: Window) -> Group:
    """By model where AWS knows it, else by service, whose usage types tell models apart as well."""
    return WORDS["model" if before.start >= PRODUCT_ATTRIBUTES_SINCE else "service"]
