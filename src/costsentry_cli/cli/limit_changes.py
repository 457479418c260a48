"""``sentry limits reset`` and ``expire``."""

from __future__ import annotations

from typing import Annotated

import typer

from costsentry_cli.cli import completion
from costsentry_cli.cli.context import read_manifest
from costsentry_cli.cli.failure import beside_the_result
from costsentry_cli.cli.forms import DOCUMENT
from costsentry_cli.cli.limit_views import Id, counted
from costsentry_cli.cli.options import FILE, OUTPUT, TARGET, Common, common, group
from costsentry_cli.cli.output import ask, emit, emit_document, fitted, say
from costsentry_cli.domain.errors import Exit, SentryError
from costsentry_cli.domain.ledger.counters import NOTHING
from costsentry_cli.domain.limit_standing import amounts_document, declared, named, quantities, quantity
from costsentry_cli.render import limits as view
from costsentry_cli.usecases import limits

app = group("Limits.")
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
DryRun = Annotated[bool, typer.Option("--dry-run", "-n", help="Show them; end none.")]
MaybeId = Annotated[
    str | None,
    typer.Argument(metavar="[ID]", autocompletion=completion.LIMITS, help="Only this limit's; else every limit's."),
]


@app.command()
@common(FILE, TARGET, OUTPUT, result=DOCUMENT)
def reset(shared: Common, *, id: Id, yes: Yes = False) -> int:
    """Forget what was used in the limit's present window; what calls under way hold stays held.

    The calls were made all the same: this makes room for more of them.
    """
    manifest = read_manifest(shared)
    wanted = named(manifest, id)
    from_where = counted(shared, manifest)
    gate = limits.ledger_of(from_where.source, "reset")
    (known,) = from_where.known((wanted,), denied=False)
    standing, units = known.standing, [unit for unit, _ in wanted.rule.ceiling.bounds()]
    if standing.count.settled != NOTHING:
        if not yes and not ask(view.question(standing, units), "--yes"):
            say("nothing was forgotten")
            return Exit.OK
        limits.reset(gate, standing, from_where.table)
    settled = {unit: getattr(standing.count.settled, unit) for unit in units}
    forgot = ", ".join(quantity(unit, value) for unit, value in settled.items() if value)
    body = {
        "id": wanted.rule.id,
        "window": standing.window.id,
        "forgotten": amounts_document(settled),
        "calls_under_way": len(standing.count.holds),
    }
    what = f"{forgot} forgotten" if forgot else "nothing was used"
    text = fitted(shared, f"{wanted.rule.id}: {what} in the window {standing.window.id}\n")
    emit_document(shared, "reset", body, from_where.context.target.as_dict(), text)
    return Exit.OK


@app.command()
@common(FILE, TARGET, OUTPUT)
def expire(shared: Common, *, id: MaybeId = None, dry_run: DryRun = False) -> int:
    """End reservations whose time is over: their calls were cut off before they could be settled.

    By the manifest's ledger.expired each is charged in full, since what it bought is not known, or given back.
    """
    manifest = read_manifest(shared)
    wanted = declared(manifest) if id is None else (named(manifest, id),)
    from_where = counted(shared, manifest)
    gate = limits.ledger_of(from_where.source, "expire")
    now = from_where.context.clock()
    holds, others = limits.overdue(gate, wanted, now, from_where.table)
    will = "would be charged" if gate.policy == "charge" else "would be released"
    done = [limits.Expiry(key, hold, will) for key, hold in holds] if dry_run else list(limits.expire(gate, holds, now))
    table = limits.expired_table(done, policy=gate.policy, dry_run=dry_run)
    emit(shared, table, from_where.context.target.as_dict(), None if done else "No reservation is overdue.\n")
    ended = [one for one in done if one.result in ("charged", "released")]
    if ended:
        total = sum((one.hold.amounts for one in ended), NOTHING)
        say(f"{len(ended)} ended, {ended[0].result} in full: {quantities(total)}")
    if others and id is None:
        say(f"{others} of limits that {manifest.source.name} does not have are left alone")
    if failed := [one for one in done if one.error is not None]:
        error = failed[0].error
        assert error is not None  # noqa: S101 - it was chosen by it
        message = f"{len(failed)} not ended: {error.code} {error.message}"
        return beside_the_result(shared, SentryError("CS0202", message, where=error.where))
    return Exit.OK
