"""``sentry report``: what was billed."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import typer

from costsentry_cli.cli.context import open_context
from costsentry_cli.cli.options import OUTPUT, TARGET, Common, common, group
from costsentry_cli.cli.output import emit, say
from costsentry_cli.domain import window
from costsentry_cli.usecases import report as reports

COST_EXPLORER_REGION = "us-east-1"
"""Cost Explorer has one endpoint for all regions of the partition; the client library finds it from any of them."""

app = group("What was billed.")


@app.command()
@common(TARGET, OUTPUT)
def report(
    shared: Common,
    *,
    group_by: Annotated[str, typer.Option("--group-by", "-g", help="A tag key, model or service.")] = "costCenter",
    last: Annotated[str | None, typer.Option("--last", help="7d, 30d, mtd (default) or last-month.")] = None,
    month: Annotated[str | None, typer.Option("--month", help="One month, 2026-10.")] = None,
    since: Annotated[str | None, typer.Option("--since", help="First day, 2026-10-01.")] = None,
    until: Annotated[str | None, typer.Option("--until", help="Day after the last one.")] = None,
) -> None:
    """Bedrock cost by tag, model or service, from Cost Explorer; marketplace-billed models are in. Days are UTC."""
    context = open_context(shared if shared.region else replace(shared, region=COST_EXPLORER_REGION))
    period = window.parse(context.clock().date(), last=last, month=month, since=since, until=until)
    table = reports.costs(context.cloud, group_by, period)
    emit(shared, table, context.target.as_dict())
    facts = table.facts or {}
    requests = facts["paid_requests"]
    say(f"Cost Explorer: {requests} paid request{'s' if requests != 1 else ''}, ${facts['paid_requests_usd']}")
