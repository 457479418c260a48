"""``sentry tags backfill``: the keys' present status, applied to earlier months."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from costsentry_cli.cli.billing import open_billing
from costsentry_cli.cli.context import Context
from costsentry_cli.cli.options import FILE, OUTPUT, TARGET, Common, common, group
from costsentry_cli.cli.output import ask, emit, say, terminal_width
from costsentry_cli.cli.payer import payer_of
from costsentry_cli.cli.reach import manifest_if_any
from costsentry_cli.domain import backfill as backfills
from costsentry_cli.domain.errors import Exit, SentryError

if TYPE_CHECKING:
    from costsentry_cli.domain.manifest.types import Manifest

app = group("Cost allocation tags.")
From = Annotated[str | None, typer.Option("--from", metavar="YYYY-MM", help="First month, at most 12 months back.")]
History = Annotated[bool, typer.Option("--history", help="List the backfills there were; nothing is requested.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Request it without asking.")]


@app.command()
@common(FILE, TARGET, OUTPUT)
def backfill(shared: Common, *, from_: From = None, history: History = False, yes: Yes = False) -> int:
    """Apply the present status of all keys of the payer account to what was billed since a month.

    Active keys then show on earlier costs, where the resource carried the tag at the time; values of inactive keys are
    erased. Once in 24 hours; done within about a day.
    """
    if history == (from_ is not None):
        raise SentryError("CS0101", "give --from YYYY-MM, or --history")
    manifest = manifest_if_any(shared)
    context, _ = open_billing(shared, manifest)
    if from_ is None:
        return _listed(shared, context)
    return _requested(shared, context, manifest, from_, yes=yes)


def _listed(shared: Common, context: Context) -> int:
    from costsentry_cli.render import backfill as view
    from costsentry_cli.usecases import backfill as usecase

    table = view.as_table(usecase.history(payer_of(context, ["backfill", "--history"])))
    emit(shared, table, context.target.as_dict(), None if table.rows else "No backfill was requested yet.\n")
    return Exit.OK


def _requested(shared: Common, context: Context, manifest: Manifest | None, month: str, *, yes: bool) -> int:
    from costsentry_cli.render import backfill as view
    from costsentry_cli.usecases import backfill as usecase

    first = backfills.month(month, context.clock().date())
    payer = payer_of(context, ["backfill", "--from", f"{first:%Y-%m}"])
    effect = usecase.effect(payer)
    say(view.explanation(effect, first, terminal_width()))
    lacking = [key for key in manifest.cost_allocation_tags if key not in effect.active] if manifest else []
    if lacking:
        say(shared.pasteable(f"not active of the manifest's keys: {', '.join(lacking)}; before this: sentry tags sync"))
    if not yes and not ask(f"Request the backfill from {first:%Y-%m}?", "--yes"):
        say("nothing was changed")
        return Exit.OK
    made = usecase.start(payer, first)
    emit(shared, view.as_table([made]), context.target.as_dict())
    say(shared.pasteable("next: sentry tags backfill --history"))
    return Exit.OK
