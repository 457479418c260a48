"""The root of the command line: lazy sub-commands, and the one place where an error becomes an exit status."""

from __future__ import annotations

import io
import os
import sys
from contextlib import suppress
from typing import Annotated, Any

import typer
from typer.core import TyperOption
from typer.exceptions import TyperException

from costsentry_cli import __version__
from costsentry_cli.cli import completion
from costsentry_cli.cli.lazy import lazy
from costsentry_cli.cli.options import SETTINGS
from costsentry_cli.domain.document import InvalidDocument
from costsentry_cli.domain.errors import INTERRUPTED, Exit, SentryError

# name -> (module under costsentry_cli.cli, what it does); order is the order of --help
COMMANDS: dict[str, tuple[str, str]] = {
    "demo": ("demo", "A two-minute tour in a sandbox of its own."),
    "init": ("manifest", "Write a commented profiles.yaml."),
    "validate": ("manifest", "Check the manifest; every problem with its line."),
    "schema": ("manifest", "Print the manifest's JSON Schema, for editors."),
    "plan": ("declared", "What sync would change; nothing is changed."),
    "sync": ("declared", "Make the account what the manifest says."),
    "profiles": ("profiles", "Bedrock profiles: plan, sync, list, resolve, env, adopt, import."),
    "destroy": ("destroy", "Delete everything that carries the manifest's namespace."),
    "tags": ("tags", "Cost allocation tags: status, sync, activate, backfill."),
    "budgets": ("budgets", "AWS budgets: plan, sync, list, status, lint, simulate."),
    "anomalies": ("anomalies", "Cost anomaly monitors: plan, sync, list."),
    "invoke": ("invoke", "One metered model call for a cost centre."),
    "report": ("report", "What was billed, by cost centre, model or service."),
    "limits": ("limits", "Limits on calls: status, show, reset, expire."),
    "audit": ("audit", "Recorded calls: list, show, stats."),
    "sandbox": ("sandbox", "The local AWS stand-in: serve, advance, status, seed."),
    "doctor": ("doctor", "Check what is here, and how to mend it."),
    "iam-policy": ("iam_policy", "Print the least IAM policy for a command."),
    "explain": ("explain", "What an error code or an exit status means."),
}

NAMES = ("sentry", "costsentry", "costsentry-cli")
"""The console scripts; the first is the documented one."""

START = f"""costsentry {__version__} - know and control Amazon Bedrock's cost

  Start here (no AWS account needed)
    sentry demo        a two-minute tour in a local sandbox
    sentry init        write a commented profiles.yaml

  Everyday
    sentry plan        what would change
    sentry sync        make it so
    sentry invoke --cost-center sales "Hello"
    sentry report --group-by costCenter
    sentry doctor      what is missing, and how to mend it

  Without an account: --sandbox, or COSTSENTRY_SANDBOX=1
    sentry sandbox advance 25h    lets a day pass there

  All commands: sentry --help
"""


def _version(wanted: bool) -> None:  # noqa: FBT001 typer's callback signature
    if wanted:
        sys.stdout.write(f"sentry (costsentry-cli) {__version__}\n")
        raise typer.Exit


root = typer.Typer(
    cls=lazy(COMMANDS),
    rich_markup_mode=None,
    add_completion=True,
    pretty_exceptions_enable=False,
    context_settings=SETTINGS,
)


@root.callback(invoke_without_command=True)
def start(
    ctx: typer.Context,
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Declare, meter and reconcile what Amazon Bedrock costs you.

    Shared options (-f, -o, --sandbox, --region, ...) may stand before or after the command.
    Shell completion for bash, zsh and fish: sentry --install-completion (or --show-completion).
    """
    del version
    if ctx.invoked_subcommand is None:
        sys.stdout.write(START)


def command_line() -> Any:
    """The whole command; its help has no options for what is done once in a life, completion."""
    command = typer.main.get_command(root)
    for option in command.params:
        if isinstance(option, TyperOption) and option.name in ("install_completion", "show_completion"):
            option.hidden = True
    return command


def called() -> str:
    """The name the program was called by, when it is one of ours."""
    name = os.path.basename(sys.argv[0])  # noqa: PTH119 pathlib would be imported for this alone
    return name if name in NAMES else NAMES[0]


def run(argv: list[str]) -> int:
    """Run one command line; every way it can end becomes an exit status here and nowhere else."""
    _ready_streams()
    program = called()
    asked = os.environ.get(completion.variable(program))
    if asked:
        return completion.answer(command_line(), program, asked)
    try:
        status = command_line().main(args=argv, prog_name=program, standalone_mode=False)
        sys.stdout.flush()
        return int(status or 0)
    except (BrokenPipeError, SystemExit):  # typer answers a closed pipe with SystemExit
        return _reader_gone()
    except InvalidDocument as invalid:
        from costsentry_cli.cli.failure import told_of_document

        return told_of_document(invalid, argv)
    except (Exception, KeyboardInterrupt) as ended:  # noqa: BLE001 the boundary: whatever ends a command is told
        from costsentry_cli.cli.failure import of_defect, told

        return told(_foreseen(ended) or of_defect(ended), argv, ended)


def _foreseen(ended: BaseException) -> SentryError | None:
    """What ended the command, as a row of our table; None for a defect of ours."""
    if isinstance(ended, SentryError):
        return ended
    if isinstance(ended, TyperException):
        return _usage(ended)
    if isinstance(ended, OSError):
        return _refused(ended)
    if isinstance(ended, KeyboardInterrupt | typer.Abort):
        return SentryError(INTERRUPTED, "interrupted")
    return None


def _ready_streams() -> None:
    """A closed stream is nowhere, and a character the terminal lacks is an escape: no answer is lost to either."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115 - for the whole run
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _reader_gone() -> int:
    """The reader went away: nothing is wrong. Point stdout at nothing, or the interpreter complains at exit."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return Exit.OK


def _refused(error: OSError) -> SentryError:
    where = f" {error.filename}" if error.filename else ""
    return SentryError(
        "CS0103", f"the system refuses{where}: {error.strerror or error}", help="see that it can be written"
    )


def _usage(usage: TyperException) -> SentryError:
    from costsentry_cli.cli.meant import with_meant

    context = getattr(usage, "ctx", None)
    path = context.command_path if context is not None else "sentry"
    message = usage.format_message().replace("Recognized values: , ", "Recognized values: ")  # typer's own slip
    message = with_meant(message)
    if message and not message.endswith((".", "?", ")")):
        message += "."
    return SentryError("CS0101", message or "a command is missing.", help=f"{path} --help")
