"""``sentry profiles adopt`` and ``import``: what an account already has, taken under management."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from costsentry_cli.cli import completion
from costsentry_cli.cli.context import open_context, read_manifest
from costsentry_cli.cli.ending import status_of
from costsentry_cli.cli.forms import TEXT
from costsentry_cli.cli.options import FILE, OUTPUT, TARGET, Common, common, group
from costsentry_cli.cli.output import ask, emit, preview, say, write
from costsentry_cli.cli.reach import AccountOption, Reach, reach
from costsentry_cli.domain.errors import Exit, SentryError

if TYPE_CHECKING:
    from costsentry_cli.domain.adoption import Adoption
    from costsentry_cli.domain.inventory import Draft
    from costsentry_cli.usecases.adopt import Ended

DEFAULT_NAMESPACE = "imported"
NAMESPACE = re.compile(r"[a-z0-9][a-z0-9-]{0,62}", re.ASCII)
NAMESPACE_HELP = "at most 63 lower-case letters, digits and -, starting with a letter or digit"
Names = Annotated[
    list[str] | None,
    typer.Argument(metavar="[NAME|ARN]...", autocompletion=completion.PROFILES, help="Names or ARNs of profiles."),
]
As = Annotated[str | None, typer.Option("--as", help="The key of the entry, when it has another name.")]
All = Annotated[bool, typer.Option("--all", help="Every unmanaged profile whose name an entry has.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Adopt without asking.")]
DryRun = Annotated[bool, typer.Option("--dry-run", "-n", help="Stop after showing what would be done.")]
Namespace = Annotated[str | None, typer.Option("--namespace", help="The namespace to write (default: the one found).")]
Regions = Annotated[list[str] | None, typer.Option("--regions", help="Look here, too; may be given several times.")]
Force = Annotated[bool, typer.Option("--force", help="Overwrite an existing --out file.")]


app = group("Application inference profiles.")


@app.command("adopt")
@common(FILE, TARGET, OUTPUT)
def adopt_command(  # noqa: PLR0913, RUF100 the flags of one command
    shared: Common,
    *,
    names: Names = None,
    key: As = None,
    all_: All = False,
    yes: Yes = False,
    dry_run: DryRun = False,
    account: AccountOption = None,
) -> int:
    """Take existing profiles under management without replacing them: only tags are written.

    The profile must be what its entry says: name, description, and the member models of the entry's model.
    What another namespace manages is never taken.
    """
    if bool(names) == all_ or (key is not None and len(names or ()) != 1):
        raise SentryError("CS0101", "give names, or one name with --as KEY, or --all")
    return _adopt(shared, names or [], key, account, yes=yes, dry_run=dry_run)


@app.command("import")
@common(TARGET, frozenset({"out"}), result=TEXT)
def import_command(
    shared: Common, *, namespace: Namespace = None, regions: Regions = None, force: Force = False
) -> None:
    """Write a manifest for the profiles an account already has; nothing in the account is changed.

    Then: sentry profiles adopt --all
    """
    _import(shared, namespace, regions or [], force=force)


def _adopt(
    shared: Common, names: Sequence[str], key: str | None, account: str | None, *, yes: bool, dry_run: bool
) -> int:
    from costsentry_cli.render import adoption as view
    from costsentry_cli.usecases import adopt

    manifest = read_manifest(shared)
    place = reach(shared, manifest, account)
    place.tell_troubles()
    name = manifest.source.name
    wanted = (
        adopt.named(place.clouds, place.scopes, manifest, names, key)
        if names
        else adopt.fitting(place.clouds, place.scopes, manifest)
    )
    people = preview(shared, view.as_text(wanted, name))
    if names:
        _refuse(wanted)
    done: tuple[Ended, ...] = ()
    if not dry_run:
        if not _agreed(wanted, manifest.namespace, yes=yes):
            say("nothing was changed")
            return Exit.OK
        done = adopt.carry_out(place.clouds, wanted)
    return _told(shared, place, done or tuple(adopt.Ended(one) for one in wanted), name, people=people, told=bool(done))


def _refuse(wanted: Sequence[Adoption]) -> None:
    refusals = [one.refusal for one in wanted if one.refusal is not None]
    if refusals:
        raise refusals[0]


def _agreed(wanted: Sequence[Adoption], namespace: str, *, yes: bool) -> bool:
    count = sum(bool(one.calls) for one in wanted)
    if not count or yes:
        return True
    what = "this profile" if count == 1 else f"these {count} profiles"
    return ask(f"Put {what} under management of {namespace}?", "--yes")


def _told(shared: Common, place: Reach, ended: Sequence[Ended], name: str, *, people: bool, told: bool) -> int:
    from costsentry_cli.render import adoption as view

    if not people or shared.out is not None:
        emit(shared, view.as_table(ended, name), place.context.target.as_dict())
    if not told:
        return Exit.OK
    for line in view.failures(ended):
        say(line)
    say(view.sentence(ended))
    refused = any(one.adoption.refusal for one in ended)
    status = status_of(ended, left=refused, interrupted=place.context.cloud.interrupted)
    if status == Exit.OK:
        say("next: sentry profiles plan")
    return status


def _import(shared: Common, namespace: str | None, more: Sequence[str], *, force: bool) -> None:
    from costsentry_cli.domain.inventory import draft, namespace_of
    from costsentry_cli.render.manifest_yaml import as_yaml
    from costsentry_cli.usecases import inventory

    if shared.out is not None and shared.out.exists() and not force:
        raise SentryError("CS0103", f"{shared.out} exists already", help="--force overwrites it")
    if namespace is not None and not NAMESPACE.fullmatch(namespace):
        raise SentryError("CS0101", f"--namespace {namespace!r} is no namespace", help=NAMESPACE_HELP)
    context = open_context(shared)
    target = context.target
    regions = list(dict.fromkeys([*([] if more and not shared.region else [target.region]), *more]))
    seen = inventory.take(context.cloud, target.account, regions)
    made = draft(seen, namespace or namespace_of(seen, DEFAULT_NAMESPACE), target.account, regions)
    write(shared, as_yaml(made))
    _next(shared, made, len(seen))


def _next(shared: Common, made: Draft, seen: int) -> None:
    left = f", {len(made.left)} left out (see the comments)" if made.left else ""
    say(f"{seen} profiles seen, {len(made.entries)} entries{left}")
    if made.entries:
        flag = f" -f {shared.out}" if shared.out is not None else ""
        say(f"next: sentry validate{flag}, then sentry profiles adopt --all{flag}")
