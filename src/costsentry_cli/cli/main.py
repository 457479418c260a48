"""The root of the command line: lazy sub-commands, and the one place where an error becomes an exit status."""

from __future__ import annotations

import io
import os
import sys
from contextlib import suppress
from typing import Annotated

import typer
from typer.exceptions import TyperException

from costsentry_cli import __version__
from costsentry_cli.cli.lazy import lazy
from costsentry_cli.cli.options import ANNOTATIONS, SETTINGS, Format
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

START = f"""costsentry {__version__} - know and control what Amazon Bedrock costs you

  Start here (no AWS account needed)
    sentry demo                  a two-minute tour in a local sandbox
    sentry init                  write a commented profiles.yaml

  Everyday
    sentry plan                  what would change
    sentry sync                  make it so
    sentry invoke --cost-center sales "Hello"
    sentry report --group-by costCenter
    sentry doctor                what is missing, and how to mend it

  Without an account: add --sandbox, or set COSTSENTRY_SANDBOX=1
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
    """
    del version
    if ctx.invoked_subcommand is None:
        sys.stdout.write(START)


def run(argv: list[str]) -> int:
    """Run one command line; every way it can end becomes an exit status here and nowhere else."""
    _ready_streams()
    try:
        status = typer.main.get_command(root).main(args=argv, prog_name="sentry", standalone_mode=False)
        sys.stdout.flush()
        return int(status or 0)
    except SentryError as error:
        return _failed(error, argv)
    except InvalidDocument as invalid:
        return _invalid(invalid, argv)
    except TyperException as usage:
        return _failed(_usage(usage), argv)
    except (BrokenPipeError, SystemExit):  # typer answers a closed pipe with SystemExit
        return _reader_gone()
    except OSError as refused:
        return _failed(_refused(refused), argv)
    except (KeyboardInterrupt, typer.Abort):
        return _failed(SentryError(INTERRUPTED, "interrupted"), argv)
    except Exception as defect:  # noqa: BLE001 the boundary: a trace is shown only when asked for
        return _defect(defect, argv)


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
    context = getattr(usage, "ctx", None)
    path = context.command_path if context is not None else "sentry"
    message = usage.format_message().replace("Recognized values: , ", "Recognized values: ")  # typer's own slip
    if message and not message.endswith((".", "?", ")")):
        message += "."
    return SentryError("CS0101", message or "a command is missing.", help=f"{path} --help")


def _failed(error: SentryError, argv: list[str]) -> int:
    from costsentry_cli.cli.output import for_terminal
    from costsentry_cli.render import errors

    if wants_json(argv):
        _to_stdout(errors.as_json(errors.as_document(error)))
    sys.stderr.write(for_terminal(errors.as_text(error)))
    if os.environ.get("COSTSENTRY_DEBUG") or "--debug" in argv:
        _trace(error)
    return error.exit


def _invalid(invalid: InvalidDocument, argv: list[str]) -> int:
    from costsentry_cli.cli.output import terminal_width
    from costsentry_cli.render import errors, problems

    asked = asked_format(argv)
    if asked in ANNOTATIONS:
        _annotated(invalid, asked)
    elif asked == Format.JSON:
        found = problems.as_json(invalid.problems, invalid.source)
        _to_stdout(errors.as_json({"message": str(invalid), "problems": found, "exit": int(Exit.USAGE)}))
    sys.stderr.write(problems.text(invalid.problems, invalid.source, width=terminal_width()))
    return Exit.USAGE


def _annotated(invalid: InvalidDocument, wanted: str) -> None:
    from costsentry_cli.cli.output import append_step_summary
    from costsentry_cli.render import annotations

    found = annotations.of_problems(invalid.problems, invalid.source)
    _to_stdout(annotations.as_gitlab(found) if wanted == Format.GITLAB else annotations.as_github(found))
    if wanted == Format.GITHUB:
        append_step_summary(found)


def _to_stdout(text: str) -> None:
    with suppress(OSError):  # stdout may be what failed; the error is on stderr, too
        sys.stdout.write(text)
        sys.stdout.flush()


def _defect(defect: Exception, argv: list[str]) -> int:
    words = " ".join(str(defect).split())
    status = _failed(SentryError("CS0901", f"{type(defect).__name__}: {words}"), argv)
    if os.environ.get("COSTSENTRY_DEBUG") or "--debug" in argv:
        _trace(defect)
    return status


def _trace(error: BaseException) -> None:
    import traceback

    from costsentry_cli.domain.redaction import without

    sys.stderr.write(without("".join(traceback.format_exception(error))))


def wants_json(argv: list[str]) -> bool:
    """True when the command line asks for JSON."""
    return asked_format(argv) == Format.JSON


def asked_format(argv: list[str]) -> str:
    """The format the command line asks for; read from the words, since parsing may have failed."""
    asked = os.environ.get("COSTSENTRY_OUTPUT", Format.TABLE)
    for word, following in zip(argv, [*argv[1:], ""], strict=True):
        if word in ("-o", "--output"):
            asked = following
        elif word.startswith(("-o", "--output=")):
            asked = word.removeprefix("--output").removeprefix("-o").removeprefix("=")
    return asked
