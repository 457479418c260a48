"""docs/commands.md: the help of every command, as the command prints it."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from typing import Any

import typer

from costsentry_cli.cli.main import root, run

HEAD = """# Commands

Made by `tools/make_docs.py`: what each command's `--help` prints at 80 columns. Shared options (`-f`, `-o`,
`--sandbox`, `--region` ...) may stand before or after the command. Results go to stdout, everything else to stderr.
"""


def commands_page() -> str:
    """Every command with its help, in the order of ``sentry --help``."""
    paths = list(_paths(typer.main.get_command(root), ()))
    with _eighty_columns():
        helps = [(path, _help(path)) for path in paths]
    names = ["| command | what it does |", "|---|---|", *(_named(path, text) for path, text in helps if path)]
    sections = [f"## sentry {' '.join(path)}".rstrip() + f"\n\n```text\n{text}```\n" for path, text in helps]
    return "\n".join([HEAD, "\n".join(names) + "\n", *sections])


def _paths(command: Any, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """The command and everything below it."""
    yield path
    if hasattr(command, "list_commands"):
        context = typer.Context(command)
        for name in command.list_commands(context):
            yield from _paths(command.get_command(context, name), (*path, name))


def _named(path: tuple[str, ...], text: str) -> str:
    """A row of the index: the first sentence of the help."""
    paragraph = " ".join(line.strip() for line in text.split("\n\n")[1].splitlines())
    return f"| [`sentry {' '.join(path)}`](#{'-'.join(('sentry', *path))}) | {paragraph} |"


def _help(path: tuple[str, ...]) -> str:
    out = io.StringIO()
    with redirect_stdout(out):
        status = run([*path, "--help"])
    assert status == 0, path
    return out.getvalue()


@contextmanager
def _eighty_columns() -> Iterator[None]:
    before = dict(os.environ)
    os.environ |= {"COLUMNS": "80", "NO_COLOR": "1"}
    try:
        yield
    finally:
        os.environ.clear()
        os.environ |= before
