"""``sentry limits status`` and ``show``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import typer

from costsentry_cli.cli import completion
from costsentry_cli.cli.billing import ascii_only, for_a_person
from costsentry_cli.cli.context import Context, open_context, read_manifest
from costsentry_cli.cli.forms import DOCUMENT
from costsentry_cli.cli.gates import gates_of
from costsentry_cli.cli.options import FILE, OUTPUT, TARGET, Common, common, group
from costsentry_cli.cli.output import drawn, emit, emit_document, fitted, say
from costsentry_cli.domain.errors import Exit, SentryError
from costsentry_cli.domain.limit_standing import GATES, Declared, Known, declared, failing, named
from costsentry_cli.domain.manifest.types import Manifest
from costsentry_cli.domain.metering.advice import CloudWatchAdvice
from costsentry_cli.library import gate_of
from costsentry_cli.render import limits as view
from costsentry_cli.usecases import limits
from costsentry_cli.usecases.limits import Source

app = group("Limits.")
Id = Annotated[
    str, typer.Argument(metavar="ID", autocompletion=completion.LIMITS, help="The limit's id, as status shows it.")
]
FailOn = Annotated[list[str] | None, typer.Option("--fail-on", help="exhausted: exit 3 when a limit has no room left.")]
NoDenied = Annotated[bool, typer.Option("--no-denied", help="Do not ask CloudWatch how many calls were denied.")]
Windows = Annotated[int, typer.Option("--windows", min=0, max=60, help="So many windows before this one.")]


@dataclass(frozen=True)
class Counted:
    """An open target with whoever counts its limits; ``table`` is the ledger's, empty without one."""

    context: Context
    source: Source
    table: str = ""

    @property
    def advisory(self) -> bool:
        """Nothing is held: the figures are CloudWatch's."""
        return isinstance(self.source, CloudWatchAdvice)

    @property
    def words(self) -> str:
        """Who counts, as people read it."""
        return "CloudWatch metrics (advisory)" if self.advisory else f"DynamoDB table {self.table}"

    def known(self, wanted: tuple[Declared, ...], *, denied: bool = True) -> tuple[Known, ...]:
        """Where these limits stand now, with their denied calls as far as CloudWatch tells them."""
        found = limits.standings(self.source, wanted, self.table)
        if not found or not denied:
            return found
        context = self.context
        try:
            return limits.with_denials(context.cloud, context.target.region, found, context.clock())
        except SentryError as error:
            say(f"denied calls are not known: {error.code} {error.message}")
            return found


def counted(shared: Common, manifest: Manifest) -> Counted:
    """Open the target and whoever counts the manifest's limits."""
    context = open_context(shared, manifest)
    source = gate_of(manifest, context.cloud, context.target.region, context.clock)
    if not isinstance(source, Source):
        raise TypeError(f"limits cannot be read from {source!r}")
    return Counted(context, source, manifest.ledger.table if manifest.ledger is not None else "")


@app.command()
@common(FILE, TARGET, OUTPUT)
def status(shared: Common, *, no_denied: NoDenied = False, fail_on: FailOn = None) -> int:
    """Show where every limit stands in its present window: settled, held by calls under way, and left.

    Denied are the calls a limit counts that any limit denied, by the metric RateLimitDenied: minutes late, - unknown.
    """
    gates = gates_of(fail_on, GATES)
    manifest = read_manifest(shared)
    from_where = counted(shared, manifest)
    known = from_where.known(declared(manifest), denied=not no_denied)
    now, advisory = from_where.context.clock(), from_where.advisory
    table = limits.status_table(known, advisory=advisory, source=from_where.words, now=now)
    screen = f"{manifest.source.name} has no limits.\n"
    if for_a_person(shared) and known:
        screen = drawn(shared, view.for_people(table, now, ascii_only=ascii_only()))
        screen += fitted(shared, f"\nat {now:%Y-%m-%d %H:%M:%S} UTC, by {from_where.words}\n")
    emit(shared, table, from_where.context.target.as_dict(), screen)
    for text in (found := failing(known, gates)):
        say(f"gate: {text}")
    return Exit.GATE if found else Exit.OK


@app.command()
@common(FILE, TARGET, OUTPUT, result=DOCUMENT)
def show(shared: Common, *, id: Id, before: Windows = 5) -> None:
    """Show one limit: what it counts, how much is left, who holds a part of it, and its last windows."""
    manifest = read_manifest(shared)
    wanted = named(manifest, id)
    from_where = counted(shared, manifest)
    (known,) = from_where.known((wanted,))
    known = limits.with_history(from_where.source, known, before, from_where.table)
    now, advisory = from_where.context.clock(), from_where.advisory
    parts = [view.shown(known, manifest, from_where.words, now)]
    parts.append(drawn(shared, view.bounds(known, advisory=advisory, ascii_only=ascii_only())))
    parts += [drawn(shared, view.holds(known.standing, now))] if known.standing.holders else []
    parts += [drawn(shared, view.windows(known))] if known.before else []
    body = view.document(known, from_where.words, advisory=advisory, now=now)
    emit_document(shared, "limit", body, from_where.context.target.as_dict(), "\n".join(parts))
