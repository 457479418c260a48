"""The root of the command line: lazy sub-commands, and the one place where an error becomes an exit status."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Iterator, MutableMapping
from itertools import pairwise
from typing import Annotated, Any

import typer
from typer.exceptions import TyperException

from costsentry_cli import __version__
from costsentry_cli.cli.options import SETTINGS, CommonGroup, Format
from costsentry_cli.domain.document import InvalidDocument
from costsentry_cli.domain.errors import Exit, SentryError

# name -> (module under costsentry_cli.cli, what it does); order is the order of --help
COMMANDS: dict[str, tuple[str, str]] = {
    "demo": ("demo", "A two-minute tour in a sandbox of its own."),
    "init": ("manifest", "Write a commented profiles.yaml."),
    "validate": ("manifest", "Check the manifest; every problem with its line."),
    "schema": ("manifest", "Print the manifest's JSON Schema, for editors."),
    "profiles": ("profiles", "Inference profiles: plan, sync, list."),
    "tags": ("tags", "Cost allocation tags: status, activate."),
    "invoke": ("invoke", "One metered model call for a cost centre."),
    "report": ("report", "What was billed, by cost centre, model or service."),
    "sandbox": ("sandbox", "The local AWS stand-in: serve, advance, status, seed."),
    "explain": ("explain", "What an error code or an exit status means."),
}

START = f"""costsentry {__version__} - know and control what Amazon Bedrock costs you

  Start here (no AWS account needed)
    sentry demo                  a two-minute tour in a local sandbox
    sentry init                  write a commented profiles.yaml

  Everyday
    sentry profiles plan         what would change
    sentry profiles sync         make it so
    sentry invoke --cost-center sales "Hello"
    sentry report --group-by costCenter

  Without an account: add --sandbox, or set COSTSENTRY_SANDBOX=1
  All commands: sentry --help
"""


class LazyCommands(MutableMapping[str, Any]):
    """The sub-commands by name, each imported when it is asked for."""

    def __init__(self) -> None:
        self._extra: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name in self._extra or name not in COMMANDS:
            return self._extra[name]
        module = importlib.import_module(f"costsentry_cli.cli.{COMMANDS[name][0]}")
        command = typer.main.get_command(module.app)
        commands: dict[str, Any] = getattr(command, "commands", {})
        return commands.get(name, command)

    def __setitem__(self, name: str, command: Any) -> None:
        self._extra[name] = command

    def __delitem__(self, name: str) -> None:
        del self._extra[name]

    def __iter__(self) -> Iterator[str]:
        return iter(COMMANDS)

    def __len__(self) -> int:
        return len(COMMANDS)


class RootGroup(CommonGroup):
    """The root; its help needs no sub-command's module."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands = LazyCommands()

    def list_commands(self, ctx: Any) -> list[str]:
        """Every name, in the order of the table."""
        del ctx
        return list(COMMANDS)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """The table's own words."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


def _version(wanted: bool) -> None:  # noqa: FBT001 typer's callback signature
    if wanted:
        sys.stdout.write(f"sentry (costsentry-cli) {__version__}\n")
        raise typer.Exit


root = typer.Typer(
    cls=RootGroup,
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
    except BrokenPipeError:
        # The reader went away: nothing is wrong. Point stdout at nothing, or the interpreter complains at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.OK
    except (KeyboardInterrupt, typer.Abort):
        return _failed(SentryError("CS0902", "interrupted"), argv)
    except Exception as defect:  # noqa: BLE001 the boundary: a trace is shown only when asked for
        return _defect(defect, argv)


def _usage(usage: TyperException) -> SentryError:
    context = getattr(usage, "ctx", None)
    path = context.command_path if context is not None else "sentry"
    message = usage.format_message()
    if message and not message.endswith((".", "?", ")")):
        message += "."
    return SentryError("CS0101", message or "a command is missing.", help=f"{path} --help")


def _failed(error: SentryError, argv: list[str]) -> int:
    from costsentry_cli.render import errors

    if wants_json(argv):
        sys.stdout.write(errors.as_json(errors.as_document(error)))
    sys.stderr.write(errors.as_text(error))
    if os.environ.get("COSTSENTRY_DEBUG") or "--debug" in argv:
        _trace(error)
    return error.exit


def _invalid(invalid: InvalidDocument, argv: list[str]) -> int:
    from costsentry_cli.cli.output import terminal_width
    from costsentry_cli.render import errors, problems

    if wants_json(argv):
        found = problems.as_json(invalid.problems, invalid.source)
        sys.stdout.write(errors.as_json({"message": str(invalid), "problems": found, "exit": int(Exit.USAGE)}))
    sys.stderr.write(problems.text(invalid.problems, invalid.source, width=terminal_width()))
    return Exit.USAGE


def _defect(defect: Exception, argv: list[str]) -> int:
    words = " ".join(str(defect).split())
    status = _failed(SentryError("CS0901", f"{type(defect).__name__}: {words}"), argv)
    if os.environ.get("COSTSENTRY_DEBUG") or "--debug" in argv:
        _trace(defect)
    return status


def _trace(error: BaseException) -> None:
    import traceback

    sys.stderr.write("".join(traceback.format_exception(error)))


def wants_json(argv: list[str]) -> bool:
    """True when the command line asks for JSON; read from the words, since parsing may have failed."""
    asked = {f"-o{Format.JSON}", f"-o={Format.JSON}", f"--output={Format.JSON}"}
    pairs = pairwise(argv)
    spelled = any(flag in ("-o", "--output") and value == Format.JSON for flag, value in pairs)
    return spelled or bool(asked & set(argv)) or os.environ.get("COSTSENTRY_OUTPUT") == Format.JSON
