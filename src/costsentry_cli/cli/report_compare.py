"""``sentry report compare``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated

import typer

from costsentry_cli.cli import completion
from costsentry_cli.cli.billing import open_billing
from costsentry_cli.cli.forms import CHART
from costsentry_cli.cli.memory import Wishes, remembered
from costsentry_cli.cli.options import OUTPUT, TARGET, Common, common, group
from costsentry_cli.cli.output import emit
from costsentry_cli.domain import window
from costsentry_cli.domain.assumptions import PRODUCT_ATTRIBUTES_SINCE
from costsentry_cli.domain.errors import SentryError
from costsentry_cli.domain.reports.question import WORDS, Group, Metric, conditions_of, group_of
from costsentry_cli.domain.window import Window, month_after, month_before, of_month
from costsentry_cli.usecases.report_compare import Comparison
from costsentry_cli.usecases.report_compare import compare as compared

app = group("Two periods.")


@dataclass(frozen=True)
class Periods:
    """Which two."""

    month: Annotated[str | None, typer.Option("--month", help="The month, 2026-10 (default: the last one).")] = None
    last: Annotated[str | None, typer.Option("--last", help="Instead: 7d, 30d, mtd or last-month.")] = None
    since: Annotated[str | None, typer.Option("--since", help="Instead: first day, 2026-10-01.")] = None
    until: Annotated[str | None, typer.Option("--until", help="Day after the last one.")] = None
    against: Annotated[
        str | None,
        typer.Option("--with", help="The other month, or its first day of as many (default: the equal period before)."),
    ] = None

    def windows(self, today: date) -> tuple[Window, Window]:
        """The later and the other. Raises ``SentryError`` CS0107."""
        named = any(one is not None for one in (self.month, self.last, self.since, self.until))
        last = self.last if named else "last-month"
        now = window.parse(today, last=last, month=self.month, since=self.since, until=self.until)
        if now.start > today:
            raise SentryError("CS0107", f"--since {now.start} lies in the future")
        before = self._other(now, today)
        if before == now:
            raise SentryError("CS0107", f"both periods are {now.label()}", help="name another one: --with 2026-10")
        return now, before

    def _other(self, now: Window, today: date) -> Window:
        if self.against is None:
            of_its_month = now.start.day == 1 and now.end <= month_after(now.start)
            return of_month(f"{month_before(now.start):%Y-%m}", today) if of_its_month else now.previous()
        if len(self.against) > len("2026-10"):
            start = window.day(self.against, "--with")
            if start > today:
                raise SentryError("CS0107", f"--with {start} lies in the future")
            return Window(start, start + timedelta(days=now.days))
        return of_month(self.against, today, "--with")


@app.command()
@common(TARGET, OUTPUT, result=CHART)
def compare(
    shared: Common,
    *,
    periods: Periods,
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
    """What rose or fell between two periods, and why: price, volume, mix, new, gone; the biggest first."""
    filters = conditions_of(only or [], "--filter"), conditions_of(exclude or [], "--exclude")
    context, _ = open_billing(shared, None)
    now, before = periods.windows(context.clock().date())
    split = group_of(group_by) if group_by is not None else _usual(before)
    with remembered(shared, context, wishes) as memory:
        table = compared(memory, Comparison(now, before, split, metric, *filters, top, view or ""), context.clock())
        emit(shared, table, context.target.as_dict())


def _usual(before: Window) -> Group:
    """By model where AWS knows it, else by service, whose usage types tell models apart as well."""
    return WORDS["model" if before.start >= PRODUCT_ATTRIBUTES_SINCE else "service"]
