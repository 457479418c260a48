"""``sentry budgets lint`` and ``simulate``."""

from __future__ import annotations

from typing import Annotated

import typer

from costsentry_cli.cli.billing import NoCost, for_a_person, open_billing, tell_unknown
from costsentry_cli.cli.context import read_manifest
from costsentry_cli.cli.forms import ANNOTATIONS, FINDINGS
from costsentry_cli.cli.memory import Wishes, remembered
from costsentry_cli.cli.options import FILE, OUTPUT, TARGET, Common, common, group
from costsentry_cli.cli.output import annotate, emit, terminal_width
from costsentry_cli.cli.reach import manifest_if_any
from costsentry_cli.domain import window
from costsentry_cli.domain.errors import Exit
from costsentry_cli.domain.table import Table
from costsentry_cli.render import budget_findings
from costsentry_cli.usecases import budget_lint, budget_simulation

app = group("Budgets.")
Check = Annotated[bool, typer.Option("--check", help="Exit 3 when a budget of ours has a finding (for CI).")]
Month = Annotated[str | None, typer.Option("--month", help="The month, 2026-10 (default: last month).")]


@app.command("lint")
@common(FILE, TARGET, OUTPUT, result=FINDINGS)
def lint_command(
    shared: Common,
    *,
    check: Check = False,
    no_cost: NoCost = False,
    wishes: Wishes,
) -> int:
    """Find budgets that cannot work as they are meant to, ours and foreign ones over Bedrock or our tags.

    One paid Cost Explorer request for each set of tag keys the budgets are sliced by; --no-cost makes none and leaves
    out what only costs can tell.
    """
    manifest = manifest_if_any(shared)
    context, scope = open_billing(shared, manifest)
    with remembered(shared, context, wishes) as memory:
        table = budget_lint.findings(memory, scope, manifest, context.clock(), with_cost=not no_cost)
        if shared.output in ANNOTATIONS and shared.query is None:
            name = manifest.source.name if manifest is not None else ""
            annotate(shared, budget_findings.as_annotations(table, name))
        else:
            people = budget_findings.as_text(table, terminal_width()) if for_a_person(shared) else None
            emit(shared, table, context.target.as_dict(), people)
        priced = tell_unknown(table.facts)
    return Exit.GATE if check and _ours(table) else priced


@app.command()
@common(FILE, TARGET, OUTPUT)
def simulate(
    shared: Common,
    *,
    month: Month = None,
    wishes: Wishes,
) -> None:
    """Show when each alert and action of the manifest's budgets would have fired in a month, with today's limits.

    From the daily Bedrock cost of each budget's slice: one paid Cost Explorer request for each set of tag keys. The
    forecast is a plain run rate, not AWS's. Days are UTC.
    """
    manifest = read_manifest(shared)
    context, _ = open_billing(shared, manifest)
    period = window.parse(context.clock().date(), month=month, last=None if month else "last-month")
    with remembered(shared, context, wishes) as memory:
        table = budget_simulation.simulated(memory, manifest.budgets, period)
        nothing = None if table.rows else f"No budgets in {manifest.source.name}.\n"
        emit(shared, table, context.target.as_dict(), nothing)


def _ours(table: Table) -> bool:
    owner = next(i for i, column in enumerate(table.columns) if column.key == "owner")
    return any(row[owner] == "ours" for row in table.rows)
