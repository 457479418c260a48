"""Options that mean the same everywhere, accepted before and after the sub-command, and the group that allows it."""

from __future__ import annotations

import inspect
import os
import re
import shlex
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from costsentry_cli import files
from costsentry_cli.cli import completion
from costsentry_cli.cli.forms import BINARY, BY_ENDING, FOCUS_ENDING, SEPARATED, TABLE, TEXT, Format, Result
from costsentry_cli.cli.option_groups import spread
from costsentry_cli.domain.errors import INTERRUPTED, SentryError

SETTINGS: dict[str, Any] = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
TARGET = frozenset({"sandbox", "sandbox_db", "region", "aws_profile"})
OUTPUT = frozenset({"output", "query", "out", "csv_raw"})
FILE = frozenset({"file"})


class Color(StrEnum):
    """What ``--color`` takes."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


@dataclass(frozen=True)
class Common:
    """The shared options as given; see ``_OPTIONS`` for what each means."""

    file: Path | None = None
    sandbox: bool = False
    sandbox_db: str | None = None
    region: str | None = None
    aws_profile: str | None = None
    output: Format = Format.TABLE
    query: str | None = None
    out: Path | None = None
    csv_raw: bool = False
    color: Color = Color.AUTO
    debug: bool = False
    form: Format = Format.TABLE
    """The format of the result: as ``-o`` says, else as the ending of ``--out`` says; no option of its own."""

    def pasteable(self, text: str) -> str:
        """The text with every command it suggests made for the same target and file as this one."""

        def again(found: re.Match[str]) -> str:
            names = _OF_SANDBOX if found[0].startswith("sentry sandbox") else _OF_TARGET
            return found[0] + "".join(f" {word}" for word in map(self._again, names) if word)

        return _SUGGESTED.sub(again, text)

    def _again(self, name: str) -> str:
        value, (_, flags, variable, _) = getattr(self, name), _OPTIONS[name]
        if not value or (variable and os.environ.get(variable)):
            return ""
        return flags[0] if value is True else f"{flags[0]} {shlex.quote(str(value))}"


_OF_TARGET = ("file", "sandbox", "sandbox_db", "region", "aws_profile")
_OF_SANDBOX = ("sandbox_db",)
_SUGGESTED = re.compile(
    r"\bsentry (?:plan|sync|destroy|report|invoke|validate|doctor|iam-policy"
    r"|(?:profiles|tags|budgets|anomalies|limits|audit) [a-z]+|sandbox (?:advance|reset|status))\b"
)

# name -> (annotation, option names, environment variable, help)
_OPTIONS: dict[str, tuple[Any, tuple[str, ...], str | None, str]] = {
    "file": (Path | None, ("--file", "-f"), "COSTSENTRY_FILE", "The manifest (default: ./profiles.yaml)."),
    "sandbox": (bool, ("--sandbox",), "COSTSENTRY_SANDBOX", "Use the local sandbox, no AWS account is touched."),
    "sandbox_db": (
        str | None,
        ("--sandbox-db",),
        "COSTSENTRY_SANDBOX_DB",
        "The sandbox's state file (default: .costsentry/sandbox.db).",
    ),
    "region": (str | None, ("--region",), None, "AWS region (default: AWS_REGION, then the AWS config)."),
    "aws_profile": (str | None, ("--aws-profile",), None, "AWS credentials profile (default: AWS_PROFILE)."),
    "output": (Format, ("--output", "-o"), "COSTSENTRY_OUTPUT", "The form of the result."),
    "query": (str | None, ("--query",), None, "JMESPath over the JSON document, as with aws --query."),
    "out": (Path | None, ("--out",), None, "Write the result to this file, at once or not at all."),
    "csv_raw": (bool, ("--csv-raw",), None, "CSV without the mark before what a spreadsheet would run."),
    "color": (Color, ("--color",), "COSTSENTRY_COLOR", "auto, always or never."),
    "debug": (bool, ("--debug",), "COSTSENTRY_DEBUG", "Show the trace of an unexpected error."),
}
_COMPLETERS = {"region": completion.REGIONS, "aws_profile": completion.AWS_PROFILES}
_FLAGS = {flag: name for name, (_, flags, _, _) in _OPTIONS.items() for flag in flags}
_SHORT_WITH_VALUE = re.compile(r"-[fo].+")


def common(*shown: frozenset[str], result: Result = TABLE) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give a command the shared options; its first parameter becomes a ``Common``. ``--help`` lists those shown.

    A parameter that is a dataclass becomes an option for each of its fields (``option_groups.spread``).
    What cannot be written in the end is refused before the command begins: it may cost money.
    """
    listed = frozenset().union(*shown)

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        own, gather = spread(list(inspect.signature(function, eval_str=True).parameters.values())[1:])
        shared = [_parameter(name, name in listed, result) for name in _OPTIONS]

        def command(**given: Any) -> Any:
            asked = _writable(Common(**{name: given.pop(name) for name in _OPTIONS}), result)
            try:
                return function(asked, **gather(given))
            except SentryError as error:
                error.help = asked.pasteable(error.help)
                raise
            except KeyboardInterrupt as pressed:  # the command line's library would end without a word
                if sys.stderr.isatty():
                    sys.stderr.write("\n")  # the terminal has drawn ^C
                raise SentryError(INTERRUPTED, "interrupted") from pressed

        parameters = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in (*own, *shared)]
        command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        command.__annotations__ = {p.name: p.annotation for p in parameters}
        command.__name__, command.__doc__ = function.__name__, function.__doc__
        return command

    return decorate


def _writable(asked: Common, result: Result) -> Common:
    """The options when the result can be written as they say; raises ``SentryError`` CS0101, CS0103 or CS0104."""
    if asked.output not in (result or TEXT):
        if asked.output == os.environ.get("COSTSENTRY_OUTPUT"):  # a general wish, not one for this command
            asked = replace(asked, output=Format.TABLE)
        else:
            forms = ", ".join(one for one in Format if one in result)
            there = f"-o takes here: {forms}" if result else "leave -o out"
            raise SentryError("CS0101", f"this command has no {asked.output} output", help=there)
    if asked.query is not None:
        if Format.JSON not in result:
            raise SentryError("CS0101", "this command has no JSON to query", help="leave --query out")
        _compiled(asked.query)
    return _formed(asked if asked.out is None else _fileable(asked, asked.out, result), result)


def _formed(asked: Common, result: Result) -> Common:
    """The options with the format of the result; refuses what could not be written so. Imports no format's library."""
    form = asked.output
    if asked.out is not None and form == Format.TABLE:
        form = BY_ENDING.get(asked.out.suffix.lower(), Format.TABLE)
        if asked.out.name.lower().endswith(FOCUS_ENDING) and Format.FOCUS in result:
            form = Format.FOCUS
        if form in BINARY | {Format.SVG} and form not in result:
            raise SentryError("CS0101", f"this command has no {form} output", help="another ending, or -o")
        form = form if form in result else Format.TABLE
    if asked.csv_raw and (form not in SEPARATED or asked.query is not None):
        raise SentryError("CS0101", "--csv-raw is about CSV", help="-o csv, or leave it out")
    if form in BINARY:
        _fit_for_bytes(asked, form)
    return replace(asked, form=form)


def _fit_for_bytes(asked: Common, form: Format) -> None:
    from costsentry_cli.render.extras import require

    if asked.query is not None:
        raise SentryError("CS0101", f"--query gives JSON, not {form}", help="--out FILE.json")
    if asked.out is None and sys.stdout.isatty():
        raise SentryError("CS0101", f"{form} is nothing for a terminal", help=f"--out FILE.{form}")
    require(form)


def _compiled(query: str) -> None:
    import jmespath
    from jmespath.exceptions import JMESPathError

    try:
        jmespath.compile(query)
    except JMESPathError as error:
        raise SentryError("CS0104", f"--query: {' '.join(str(error).split())}") from error


def _fileable(asked: Common, out: Path, result: Result) -> Common:
    if str(out) == "-":
        return replace(asked, out=None)
    if not result:
        raise SentryError("CS0101", "this command has no result to write to a file", help="leave --out out")
    own = files.descriptor(out)
    if own is not None:
        return _open(asked, own)
    folder = out.parent
    if out.is_dir() or not folder.is_dir() or not os.access(folder, os.W_OK):
        why = "it is a folder" if out.is_dir() else f"{folder} is no folder that can be written"
        raise SentryError("CS0103", f"cannot write {out}: {why}")
    return asked


def _open(asked: Common, descriptor: int) -> Common:
    try:
        os.fstat(descriptor)
    except OSError as error:
        raise SentryError("CS0103", f"cannot write {asked.out}: {error.strerror}", help="--out - is stdout") from error
    return asked


def _parameter(name: str, listed: bool, result: Result) -> inspect.Parameter:  # noqa: FBT001 a private constructor
    annotation, flags, envvar, text = _OPTIONS[name]
    if name == "output":
        text = f"{', '.join(one for one in Format if one in result)}." if result else text
    default = getattr(Common, name)
    forms = completion.of_words(lambda: ((form.value, "") for form in Format if form in result))
    option = typer.Option(
        *flags,
        autocompletion=forms if name == "output" else _COMPLETERS.get(name),
        envvar=envvar,
        show_envvar=False,
        help=text,
        hidden=not listed or (name == "csv_raw" and Format.CSV not in result),
        show_default=bool(default),
        metavar="FORMAT" if name == "output" else None,
    )
    kind = inspect.Parameter.KEYWORD_ONLY
    return inspect.Parameter(name, kind, default=default, annotation=Annotated[annotation, option])


def hoisted(args: list[str]) -> list[str]:
    """Move shared options that stand before the sub-command right behind it, where they are declared.

    ``["-o", "json", "list"]`` becomes ``["list", "-o", "json"]``; nothing moves past a lone ``--``.
    """
    moved: list[str] = []
    rest = list(args)
    while rest:
        flag, _, value = rest[0].partition("=")
        if flag in _FLAGS:
            takes_value = _OPTIONS[_FLAGS[flag]][0] is not bool and not value
            size = 2 if takes_value else 1
        elif _SHORT_WITH_VALUE.fullmatch(rest[0]):
            size = 1
        else:
            break
        moved += rest[:size]
        rest = rest[size:]
    if not rest:
        return args
    end = 0 if rest[0] == "--" else 1
    return [*rest[:end], *moved, *rest[end:]]


class CommonGroup(TyperGroup):
    """A group of commands that takes the shared options in front of the command, too."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Hoist, then parse as always."""
        return super().parse_args(ctx, hoisted(args))


def group(text: str, cls: type[CommonGroup] = CommonGroup) -> typer.Typer:
    """A sub-application in the house's style."""
    app = typer.Typer(
        help=text,
        cls=cls,
        rich_markup_mode=None,
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings=SETTINGS,
    )

    @app.callback(invoke_without_command=True)
    def bare(ctx: typer.Context) -> None:
        if ctx.invoked_subcommand is None:
            sys.stdout.write(ctx.get_help() + "\n")

    bare.__doc__ = text
    return app
