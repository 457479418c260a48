"""Options that mean the same everywhere, accepted before and after the sub-command, and the group that allows it."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

SETTINGS: dict[str, Any] = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
TARGET = frozenset({"sandbox", "sandbox_db", "region", "aws_profile"})
OUTPUT = frozenset({"output", "query", "out"})
FILE = frozenset({"file"})


class Format(StrEnum):
    """What ``-o`` takes."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    MARKDOWN = "markdown"


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
    color: Color = Color.AUTO
    debug: bool = False


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
    "output": (Format, ("--output", "-o"), "COSTSENTRY_OUTPUT", "table, json, csv or markdown."),
    "query": (str | None, ("--query",), None, "JMESPath over the JSON document, as with aws --query."),
    "out": (Path | None, ("--out",), None, "Write the result to this file, at once or not at all."),
    "color": (Color, ("--color",), "COSTSENTRY_COLOR", "auto, always or never."),
    "debug": (bool, ("--debug",), "COSTSENTRY_DEBUG", "Show the trace of an unexpected error."),
}
_FLAGS = {flag: name for name, (_, flags, _, _) in _OPTIONS.items() for flag in flags}
_SHORT_WITH_VALUE = re.compile(r"-[fo].+")


def common(*shown: frozenset[str]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give a command the shared options; its first parameter becomes a ``Common``. ``--help`` lists those shown."""
    listed = frozenset().union(*shown)

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        own = list(inspect.signature(function, eval_str=True).parameters.values())[1:]
        shared = [_parameter(name, name in listed) for name in _OPTIONS]

        def command(**given: Any) -> Any:
            values = {name: given.pop(name) for name in _OPTIONS}
            return function(Common(**values), **given)

        parameters = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in (*own, *shared)]
        command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        command.__annotations__ = {p.name: p.annotation for p in parameters}
        command.__name__, command.__doc__ = function.__name__, function.__doc__
        return command

    return decorate


def _parameter(name: str, listed: bool) -> inspect.Parameter:  # noqa: FBT001 a private constructor
    annotation, flags, envvar, text = _OPTIONS[name]
    default = getattr(Common, name)
    option = typer.Option(
        *flags, envvar=envvar, show_envvar=False, help=text, hidden=not listed, show_default=bool(default)
    )
    kind = inspect.Parameter.KEYWORD_ONLY
    return inspect.Parameter(name, kind, default=default, annotation=Annotated[annotation, option])


def hoisted(args: list[str]) -> list[str]:
    """Move shared options that stand before the sub-command behind it, where they are declared.

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
    end = rest.index("--") if "--" in rest else len(rest)
    return [*rest[:end], *moved, *rest[end:]]


class CommonGroup(TyperGroup):
    """A group of commands that takes the shared options in front of the command, too."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Hoist, then parse as always."""
        return super().parse_args(ctx, hoisted(args))


def group(text: str) -> typer.Typer:
    """A sub-application in the house's style."""
    app = typer.Typer(
        help=text,
        cls=CommonGroup,
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
