"""``sentry doctor``: what is here, what is not, and what to paste."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated

import typer

from costsentry_cli import __version__, files
from costsentry_cli.cli.context import Context, manifest_path, open_context
from costsentry_cli.cli.gates import gates_of
from costsentry_cli.cli.options import FILE, OUTPUT, TARGET, Common, common, group
from costsentry_cli.cli.output import emit, say, terminal_width
from costsentry_cli.domain.doctor import declared, machine
from costsentry_cli.domain.doctor.findings import Area, Finding, as_table, failed, status, warn
from costsentry_cli.domain.doctor.findings import fail as failing
from costsentry_cli.domain.document import InvalidDocument
from costsentry_cli.domain.errors import Exit, SentryError
from costsentry_cli.domain.kind import regions_of
from costsentry_cli.domain.kinds import KINDS
from costsentry_cli.domain.manifest.types import Manifest
from costsentry_cli.domain.policies.place import place_of
from costsentry_cli.render import doctor as view
from costsentry_cli.usecases import doctor as rooms
from costsentry_cli.usecases import doctor_permissions

app = group("What is here, and how to mend it.")
OURS = b"costsentry"
"""What a start script of this program has in it."""
SCRIPT_MAX = 1024 * 1024
"""Bytes of a file that are looked through for it."""
For = Annotated[
    list[str] | None,
    typer.Option("--for", help="Commands you want to run: what they lack is a failure."),
]
FailOn = Annotated[list[str] | None, typer.Option("--fail-on", help="warn: exit 3 on a warning, too.")]
Paid = Annotated[bool, typer.Option("--paid", help="Where IAM may not be asked, try Cost Explorer, too ($0.01).")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Show the details of what is well, too.")]


@app.command()
@common(FILE, TARGET, OUTPUT)
def doctor(  # noqa: PLR0913, RUF100 the flags of one command
    shared: Common,
    *,
    commands: For = None,
    fail_on: FailOn = None,
    paid: Paid = False,
    verbose: Verbose = False,
) -> int:
    """Check credentials, permissions, manifest and account; every problem with the words that mend it.

    Nothing is written, and nothing is paid for without --paid. A failure exits with the status of the command that
    would meet it.
    """
    from costsentry_cli.cli.iam_policy import wanted_commands

    gates = gates_of(fail_on, ("warn",))
    names = wanted_commands(commands or [])
    manifest, found = _manifest(shared)
    context, trouble = _target(shared, manifest)
    now = context.clock() if context is not None else datetime.now(UTC)
    found = [*_here(now), *found, *([trouble] if trouble is not None else [])]
    if manifest is not None:
        found += _declared(manifest, context, now)
    if context is not None:
        found += _there(context, manifest, names, paid_on=now.date() if paid else None)
    emit(
        shared,
        as_table(found),
        context.target.as_dict() if context is not None else {},
        view.as_text(found, terminal_width() if sys.stdout.isatty() else view.WIDE, verbose=verbose),
    )
    if context is not None and context.cloud.interrupted:
        say("interrupted: not everything was looked at")
        return Exit.INTERRUPTED
    return status(found, warnings_fail=bool(gates))


def _here(now: datetime) -> list[Finding]:
    return [
        machine.version(__version__, platform.python_version()),
        machine.programs(programs_on_path(os.environ.get("PATH", ""))),
        machine.prices(now.date()),
    ]


def programs_on_path(path: str) -> list[machine.Program]:
    """Every executable called ``sentry`` in the folders of a PATH, in its order; the same file once."""
    found: dict[Path, machine.Program] = {}
    for folder in path.split(os.pathsep):
        name = shutil.which("sentry", path=folder) if folder else None
        if name is not None:
            found.setdefault(Path(name).resolve(), machine.Program(name, _is_ours(Path(name))))
    return list(found.values())


def _is_ours(path: Path) -> bool:
    try:
        return OURS in files.read_bytes(path, SCRIPT_MAX)
    except OSError:
        return False


def _manifest(shared: Common) -> tuple[Manifest | None, list[Finding]]:
    """The manifest, and what is to be said of it."""
    from costsentry_cli.manifest_file import read

    path = manifest_path(shared)
    if shared.file is None and not path.exists():
        return None, [warn(Area.MANIFEST, "manifest", f"there is no {path} here: nothing is declared", "sentry init")]
    try:
        manifest = read(path)
    except InvalidDocument as invalid:
        fix = f"sentry validate -f {path}"
        return None, [failing(Area.MANIFEST, "manifest", str(invalid), fix, Exit.USAGE)]
    except SentryError as error:
        return None, [failed(Area.MANIFEST, "manifest", error)]
    return manifest, [declared.manifest_finding(manifest)]


def _target(shared: Common, manifest: Manifest | None) -> tuple[Context | None, Finding | None]:
    """The open target, whatever account the manifest is for, or why there is none; the target line is printed first."""
    if shared.region is None and manifest is not None and manifest.regions:
        shared = replace(shared, region=manifest.regions[0])
    try:
        return open_context(shared), None
    except SentryError as error:
        say(f"target: {'sandbox' if shared.sandbox else 'aws'}, not reached ({error.code})")
        return None, failed(Area.WHO, "target", error)


def _declared(manifest: Manifest, context: Context | None, now: datetime) -> list[Finding]:
    here = context.target.region if context is not None else "us-east-1"
    models = declared.models_finding(manifest, regions_of(manifest, here), now.date())
    return [*([models] if models is not None else []), declared.metrics_finding(manifest)]


def _there(context: Context, manifest: Manifest | None, names: Sequence[str], *, paid_on: date | None) -> list[Finding]:
    """What the target says, side by side."""
    cloud, region = context.cloud, context.target.region
    checks: list[tuple[Area, str, rooms.Check]] = [
        (Area.WHO, "identity", lambda: rooms.who(cloud, region, context.clock, manifest)),
        (
            Area.PERMISSIONS,
            "permissions",
            lambda: doctor_permissions.permitted(cloud, region, place_of(manifest, region), names, paid_on=paid_on),
        ),
    ]
    if manifest is not None and manifest.account in (None, context.target.account):
        checks.append((Area.ACCOUNT, "account", lambda: _account(context, manifest)))
    with cloud.interrupt.listening():
        return rooms.examined(checks)


def _account(context: Context, manifest: Manifest) -> list[Finding]:
    reached, unreachable = context.clouds(manifest)
    clouds = {context.target.account: context.cloud} | reached
    found = rooms.account(clouds, manifest, KINDS, context.home(manifest), context.clock())
    return [*found, *(failed(Area.ACCOUNT, f"account {number}", error) for number, error in unreachable.items())]
