"""``sentry profiles``: plan, sync and list application inference profiles."""

from __future__ import annotations

from typing import Annotated

import typer

from costsentry_cli.cli.context import Context, open_context, read_manifest
from costsentry_cli.cli.options import FILE, OUTPUT, TARGET, Common, Format, common, group
from costsentry_cli.cli.output import ask, emit, say, write
from costsentry_cli.domain.errors import Exit, SentryError
from costsentry_cli.domain.kind import regions_of
from costsentry_cli.domain.kinds.inference_profile import InferenceProfile
from costsentry_cli.domain.manifest.types import Manifest
from costsentry_cli.domain.plan import Action, Plan
from costsentry_cli.render import applied as applied_view
from costsentry_cli.render import plan as plan_view
from costsentry_cli.usecases import profiles, sync

app = group("Application inference profiles: what the manifest declares, made so.")
KINDS = (InferenceProfile(),)


@app.command()
@common(FILE, TARGET, OUTPUT)
def plan(
    shared: Common,
    *,
    check: Annotated[bool, typer.Option("--check", help="Exit 3 when the plan has changes (for CI).")] = False,
) -> int:
    """Show what sync would do; nothing is changed."""
    manifest = read_manifest(shared)
    context = open_context(shared, manifest)
    planned = _planned(context, manifest)
    screen = plan_view.as_text(planned, manifest.source.name, regions=_many(manifest, context))
    if planned.pending:
        screen += "Nothing has been changed.  Apply: sentry profiles sync   (CI gate: --check)\n"
    emit(shared, plan_view.as_table(planned, manifest.source.name), context.target.as_dict(), screen)
    return Exit.GATE if check and planned.pending else Exit.OK


@app.command("sync")
@common(FILE, TARGET, OUTPUT)
def sync_profiles(
    shared: Common,
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Apply without asking.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", "-n", help="Stop after the plan.")] = False,
) -> int:
    """Create missing profiles and bring tags up to date.

    A second run changes nothing. Only this namespace's profiles are ever written.
    """
    manifest = read_manifest(shared)
    context = open_context(shared, manifest)
    planned = _planned(context, manifest)
    people = shared.output is Format.TABLE and shared.query is None
    text = plan_view.as_text(planned, manifest.source.name, regions=_many(manifest, context))
    if people:
        write(shared, text) if shared.out is None else say(text.rstrip())
    writes = plan_view.writes(planned)
    if writes and not dry_run and not yes and not ask(_question(writes), "--yes"):
        say("nothing was changed")
        return Exit.OK
    done = () if dry_run else sync.apply(context.cloud, planned, lambda one: say(applied_view.line(one)))
    table = applied_view.as_table(planned, done, manifest.source.name)
    if not people or shared.out is not None:
        emit(shared, table, context.target.as_dict())
    return _ending(planned, done, dry_run=dry_run)


@app.command("list")
@common(FILE, TARGET, OUTPUT)
def list_profiles(
    shared: Common,
    *,
    namespace: Annotated[str | None, typer.Option("--namespace", help="Only this namespace's profiles.")] = None,
) -> None:
    """List application inference profiles, ours and foreign."""
    context = open_context(shared)
    table = profiles.listing(context.cloud, context.target.account, [context.target.region], namespace)
    emit(shared, table, context.target.as_dict(), None if table.rows else "No application inference profiles here.\n")


def _planned(context: Context, manifest: Manifest) -> Plan:
    target = context.target
    return sync.plan(context.cloud, manifest, KINDS, target.account, target.region)


def _many(manifest: Manifest, context: Context) -> bool:
    return len(regions_of(manifest, context.target.region)) > 1


def _question(writes: int) -> str:
    return f"Apply {'this change' if writes == 1 else f'these {writes} changes'}?"


def _ending(planned: Plan, done: tuple[sync.Applied, ...], *, dry_run: bool) -> int:
    errors = [one.error for one in done if one.error is not None]
    if done:
        say(applied_view.sentence(planned, done))
    if errors:
        return Exit.PARTIAL if len(errors) < len(done) else errors[0].exit
    left = planned.count(Action.REPLACE)
    if left and not dry_run:
        raise SentryError(
            "CS0203",
            f"{left} profile{'s' if left > 1 else ''} would have to be replaced, which sync does not do unasked",
            help="give the entry a new name: a profile with a new ARN is made beside the old one",
        )
    if done:
        say("next: sentry tags status   (a new tag key must be activated before costs show it)")
    return Exit.OK
