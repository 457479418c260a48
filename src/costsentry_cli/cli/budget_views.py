"""``sentry budgets list`` and ``status``."""

from __future__ import annotations

from typing import Annotated

import typer

from costsentry_cli.cli.billing import NoCost, ascii_only, for_a_person, open_billing, tell_unknown
from costsentry_cli.cli.gates import gates_of
from costsentry_cli.cli.memory import Wishes, remembered
from costsentry_cli.cli.options import FILE, OUTPUT, TARGET, Common, common, group
from costsentry_cli.cli.output import drawn, emit, say
from costsentry_cli.cli.reach import manifest_if_any
from costsentry_cli.domain.budget_standing import GATES
from costsentry_cli.domain.errors import Exit
from costsentry_cli.render.budget_status import for_people
from costsentry_cli.usecases import budgets

app = group("Budgets.")
Mine = Annotated[bool, typer.Option("--mine", help="Only the manifest's namespace's budgets.")]
All = Annotated[bool, typer.Option("--all", help="Foreign cost budgets, too.")]
FailOn = Annotated[
    list[str] | None,
    typer.Option("--fail-on", help="exceeded or forecast (also when exceeded): exit 3 then. Repeat it, or use commas."),
]


@app.command("list")
@common(FILE, TARGET, OUTPUT)
def list_budgets(shared: Common, *, mine: Mine = False) -> None:
    """List the account's cost budgets, ours and foreign."""
    context, scope = open_billing(shared, manifest_if_any(shared))
    table = budgets.listing(context.cloud, scope, mine=mine)
    nothing = "No cost budgets of ours here.\n" if mine else "No cost budgets here.\n"
    emit(shared, table, context.target.as_dict(), None if table.rows else nothing)


@app.command()
@common(FILE, TARGET, OUTPUT)
def status(
    shared: Common,
    *,
    everybody: All = False,
    no_cost: NoCost = False,
    fail_on: FailOn = None,
    wishes: Wishes,
) -> int:
    """Show how the budgets stand, and what none of them counts.

    One paid Cost Explorer request for each tag key the budgets are sliced by; --no-cost makes none.
    """
    gates = gates_of(fail_on, GATES)
    manifest = manifest_if_any(shared)
    context, scope = open_billing(shared, manifest)
    wanted = [one.name for one in manifest.budgets] if manifest is not None else []
    with remembered(shared, context, wishes) as memory:
        account = budgets.status(
            memory, scope, context.clock(), everybody=everybody, with_cost=not no_cost, wanted=wanted
        )
        people = drawn(shared, for_people(account.table, ascii_only=ascii_only())) if for_a_person(shared) else None
        emit(shared, account.table, context.target.as_dict(), people if people != "" else "No budgets of ours here.\n")
        priced = tell_unknown(account.table.facts)
    return _gate(account, gates) or priced


def _gate(account: budgets.Account, gates: tuple[str, ...]) -> int:
    if not gates:
        return Exit.OK
    for text in account.undecided():
        say(f"no gate for {text}")
    failing = account.failing(gates)
    for text in failing:
        say(f"gate: {text}")
    return Exit.GATE if failing else Exit.OK
