"""``sentry report forecast``: the month at its end."""

from __future__ import annotations

from typing import Annotated

import typer

from costsentry_cli.cli import completion
from costsentry_cli.cli.billing import open_billing
from costsentry_cli.cli.memory import Wishes, remembered
from costsentry_cli.cli.options import FILE, OUTPUT, TARGET, Common, common, group
from costsentry_cli.cli.output import emit
from costsentry_cli.cli.reach import manifest_if_any
from costsentry_cli.domain.reports.question import group_of
from costsentry_cli.usecases import report_forecast

app = group("The month at its end.")


@app.command()
@common(FILE, TARGET, OUTPUT)
def forecast(
    shared: Common,
    *,
    group_by: Annotated[
        str, typer.Option("--group-by", "-g", autocompletion=completion.TAG_KEYS, help="A tag key, service, model ...")
    ] = "costCenter",
    own: Annotated[bool, typer.Option("--own", help="Our own estimate alone: AWS's is paid for per value.")] = False,
    wishes: Wishes,
) -> None:
    """Bedrock cost to the end of this month, with the interval, against the manifest's monthly budgets.

    AWS's forecast is one paid request for each value; where AWS has too little history the estimate is ours, which is
    said.
    """
    manifest = manifest_if_any(shared)
    context, _ = open_billing(shared, manifest)
    asked = report_forecast.Asked(group_of(group_by), aws=not own)
    with remembered(shared, context, wishes) as memory:
        budgets = report_forecast.monthly_budgets(manifest, asked.group, context.clock().date())
        emit(shared, report_forecast.forecast(memory, asked, context.clock(), budgets), context.target.as_dict())
