"""``sentry destroy``: the end of a namespace."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from costsentry_cli.cli.context import read_manifest
from costsentry_cli.cli.ending import status_of
from costsentry_cli.cli.options import FILE, OUTPUT, TARGET, Common, common, group
from costsentry_cli.cli.output import emit, preview, say
from costsentry_cli.cli.reach import AccountOption, Reach, reach, tell_troubles
from costsentry_cli.domain.errors import SentryError

if TYPE_CHECKING:
    from costsentry_cli.domain.manifest.types import Manifest
    from costsentry_cli.domain.plan import Plan
    from costsentry_cli.usecases.apply import Applied

app = group("The end of a namespace.")
Confirm = Annotated[str | None, typer.Option("--confirm", help="The manifest's namespace, typed out.")]
Force = Annotated[bool, typer.Option("--force", help="Delete what is in use, too.")]
DryRun = Annotated[bool, typer.Option("--dry-run", "-n", help="Stop after showing what would be deleted.")]


@app.command()
@common(FILE, TARGET, OUTPUT)
def destroy(
    shared: Common,
    *,
    confirm: Confirm = None,
    force: Force = False,
    dry_run: DryRun = False,
    account: AccountOption = None,
) -> int:
    """Delete everything of the manifest's namespace, retired profiles too, in all its accounts and regions.

    Shows them first and asks for the namespace to be typed. What is in use (calls in the last 14 days) needs --force;
    what lacks one of our ownership marks is never deleted.
    """
    from costsentry_cli.cli.manage import carried_out
    from costsentry_cli.render import destruction as view
    from costsentry_cli.render.plan import counted

    manifest = read_manifest(shared)
    place = reach(shared, manifest, account)
    plan = _plan(place, manifest, whole=account is None, force=force)
    people = preview(shared, view.as_text(plan, manifest.namespace))
    if not dry_run and not force:
        _refuse_what_is_in_use(plan)
    done: tuple[Applied, ...] = ()
    if plan.writing() and not dry_run:
        _confirmed(manifest.namespace, confirm, counted(plan.writing()))
        done = carried_out(place.context, place.clouds, plan)
    return _told(shared, place, plan, done, manifest.source.name, people=people)


def _plan(place: Reach, manifest: Manifest, *, whole: bool, force: bool) -> Plan:
    """What would be deleted; of one account alone (not ``whole``) only what lives in each account."""
    from costsentry_cli.domain import destruction
    from costsentry_cli.domain.kinds import KINDS
    from costsentry_cli.usecases import sync

    home, now = place.context.home(manifest), place.context.clock()
    nothing = destruction.wanting_nothing(manifest, home.region)
    clouds = ({home.account: place.context.cloud} if whole else {}) | dict(place.clouds)
    kinds = [kind for kind in KINDS if whole or kind.regional]
    plan = sync.plan(clouds, nothing, kinds, home, destruction.wishes(force=force), now, named=manifest)
    return replace(destruction.only_deletes(plan), troubles=(*plan.troubles, *place.troubles))


def _refuse_what_is_in_use(plan: Plan) -> None:
    from costsentry_cli.domain.destruction import in_use

    busy = in_use(plan)
    if busy:
        names = tuple(f"{change.name}: {change.held}" for change in busy)
        message = f"{len(busy)} of {len(plan.changes)} are or may be in use; nothing was deleted"
        raise SentryError("CS0203", message, details=names, help="--force deletes them all the same")


def _confirmed(namespace: str, given: str | None, what: str) -> None:
    """Raises ``SentryError`` CS0203 unless the namespace was typed out, CS0102 when nobody can be asked."""
    if given is None:
        question = f"Type the namespace to delete {what}: "
        if not (sys.stdin.isatty() and sys.stderr.isatty()):
            raise SentryError("CS0102", f"{question.strip(' :')}. Nobody can be asked here.", help=_flag(namespace))
        sys.stderr.write(question)
        sys.stderr.flush()
        given = sys.stdin.readline().strip()
    if given != namespace:
        message = f"{given!r} is not the manifest's namespace {namespace!r}; nothing was deleted"
        raise SentryError("CS0203", message, help=_flag(namespace))


def _flag(namespace: str) -> str:
    return f"--confirm {namespace}"


def _told(shared: Common, place: Reach, plan: Plan, done: tuple[Applied, ...], name: str, *, people: bool) -> int:
    from costsentry_cli.render import applied as applied_view

    if not people or shared.out is not None:
        emit(shared, applied_view.as_table(plan, done, name), place.context.target.as_dict())
    if done:
        say(applied_view.sentence(plan, done))
    tell_troubles(plan.troubles)
    held = bool(done) and any(change.held for change in plan.changes)
    return status_of(done, left=held or bool(plan.troubles), interrupted=place.context.cloud.interrupted)
