"""The manual page man/sentry.1, from the commands themselves; written by `make_docs.py` with the other pages."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from typing import Any

import typer

from costsentry_cli import __version__
from costsentry_cli.cli.forms import Format
from costsentry_cli.cli.main import NAMES, command_line
from costsentry_cli.cli.options import _OPTIONS
from costsentry_cli.domain.errors import EXIT_MEANING

SHARED = frozenset(flag for _, flags, _, _ in _OPTIONS.values() for flag in flags)

HEAD = """\
.\\" Made by tools/make_docs.py from the commands; do not edit.
.TH SENTRY 1 "" "costsentry\\-cli {version}" "User Commands"
.ad l
.nh
.SH NAME
{names} \\- declare, meter and report what Amazon Bedrock costs you
.SH SYNOPSIS
.B sentry
[\\fIshared options\\fR] \\fIcommand\\fR [\\fIoptions\\fR] [\\fIarguments\\fR]
.SH DESCRIPTION
.B sentry
reads one manifest, \\fIprofiles.yaml\\fR, and makes an AWS account follow it: inference profiles whose tags attribute
the cost of model calls, cost allocation tags, budgets and anomaly monitors. It meters calls against limits before they
cost anything, and reports what was billed, measured and forecast.
.PP
Results go to standard output, everything else to standard error. Nothing is replaced or deleted unasked, and nothing
that does not carry the manifest's namespace is ever changed. With \\fB\\-\\-sandbox\\fR no AWS account is touched:
a local stand\\-in answers, and bills.
"""
TAIL = """\
.SH FILES
.TP
.I ./profiles.yaml
The manifest, unless \\fB\\-f\\fR or \\fBCOSTSENTRY_FILE\\fR names another.
.TP
.I ./.costsentry/sandbox.db
What the sandbox holds.
.TP
.I ~/.aws/config
Where AWS's own client library finds credentials and regions.
.SH EXAMPLES
.TP
See it work, without an account:
.B sentry demo
.TP
Show what would change, then make it so:
.B sentry plan && sentry sync
.TP
Gate a pipeline on it:
.B sentry plan \\-\\-check
.TP
Last month's bill for a program to read:
.B sentry report \\-\\-last last\\-month \\-\\-group\\-by costCenter \\-o json
.TP
Completion for this shell:
.B sentry \\-\\-install\\-completion
.SH SEE ALSO
.BR aws (1)
.PP
Another program called sentry exists; costsentry and costsentry\\-cli are the same command as this one.
"""


def page() -> str:
    """The whole page as roff (man macros)."""
    root = command_line()
    context = typer.Context(root, info_name=NAMES[0])
    lines = [HEAD.format(version=__version__, names=_roff(", ".join(NAMES))).rstrip(), ".SH COMMANDS"]
    told: dict[tuple[str, ...], str] = {}
    for words, command in _commands(root, context):
        body = tuple(_body(words, command))
        first = told.setdefault(body, words)
        lines += _head(words, command)
        lines += body if first == words else [".PP", f"As \\fB{_roff(first)}\\fR, for these alone."]
    lines += [
        ".SH SHARED OPTIONS",
        "Accepted before and after every command; a command without a use for one ignores it.",
    ]
    for name, (_, flags, variable, text) in _OPTIONS.items():
        forms = f" One of {', '.join(Format)}, as far as the command has it." if name == "output" else ""
        lines += [".TP", ".B " + _roff(", ".join(flags)), _roff(text + forms)]
        lines += [f"(environment: \\fB{_roff(variable)}\\fR)"] if variable else []
    lines.append(".SH EXIT STATUS")
    for status, meaning in EXIT_MEANING.items():
        lines += [".TP", f".B {int(status)}", _roff(meaning)]
    lines.append(".SH ENVIRONMENT")
    for _, flags, variable, _ in _OPTIONS.values():
        lines += [".TP", f".B {_roff(variable)}", f"As {_roff(flags[0])}."] if variable else []
    lines += [
        ".TP",
        ".B NO_COLOR, FORCE_COLOR",
        "Never, or always, colour.",
        ".PP",
        "AWS's own variables mean what they mean to AWS's programs.",
    ]
    return "\n".join(lines) + "\n" + TAIL


def reference() -> str:
    """Another name's page: the same one."""
    return f".so man1/{NAMES[0]}.1\n"


def _commands(group: Any, context: Any) -> Iterator[tuple[str, Any]]:
    """Every command that does something, by the words that call it, in the order of --help."""
    for name in group.list_commands(context):
        command = group.commands[name]
        inner = typer.Context(command, info_name=name, parent=context)
        if hasattr(command, "list_commands"):
            yield from _commands(command, inner)
        else:
            yield inner.command_path, command


def _head(words: str, command: Any) -> Iterator[str]:
    context = typer.Context(command, info_name=words)
    yield ".SS " + _roff(" ".join(words.split()[1:]))
    arguments = [one.make_metavar(context) for one in command.params if one.param_type_name == "argument"]
    yield f"\\fB{_roff(words)}\\fR [\\fIoptions\\fR] {_roff(' '.join(arguments))}".rstrip()


def _body(words: str, command: Any) -> Iterator[str]:
    """What it does, and its own options."""
    context = typer.Context(command, info_name=words)
    for paragraph in textwrap.dedent(command.help or "").strip().split("\n\n"):
        yield ".PP"
        yield _roff(" ".join(paragraph.split()))
    for option in command.params:
        record = None if SHARED.intersection(option.opts) else option.get_help_record(context)
        if record is not None:
            yield ".TP"
            yield ".B " + _roff(record[0])
            yield _roff(" ".join(record[1].split())) or "\\&"


def _roff(text: str) -> str:
    """A line of text with nothing that roff would take for itself."""
    escaped = text.replace("\\", "\\e").replace("-", "\\-")
    return re.sub(r"^(?=[.'])", r"\\&", escaped)
