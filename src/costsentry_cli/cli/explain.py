"""``sentry explain``: what an error code, an exit status or an error of AWS's means."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from costsentry_cli.cli import completion
from costsentry_cli.cli.options import OUTPUT, Common, common, group
from costsentry_cli.cli.output import emit, terminal_width
from costsentry_cli.domain import aws_errors
from costsentry_cli.domain.errors import ERRORS, EXIT_MEANING, Exit, SentryError
from costsentry_cli.domain.manifest.findings import most_similar
from costsentry_cli.domain.table import Column, Table, Type
from costsentry_cli.render.fold import folded

app = group("Errors and exit codes.")
CODES = (
    Column("code", "Code"),
    Column("exit", "Exit", Type.COUNT),
    Column("meaning", "Meaning"),
    Column("help", "What helps"),
)
STATUSES = (Column("exit", "Exit", Type.COUNT), Column("meaning", "Meaning"))
ONE = (*CODES, Column("aws_errors", "AWS's errors"))
WAYS = (Column("aws_error", "Error of AWS's"), Column("when", "When"), *CODES)


@app.command()
@common(OUTPUT)
def explain(
    shared: Common,
    *,
    code: Annotated[
        str | None,
        typer.Argument(
            metavar="[CODE]",
            autocompletion=completion.CODES,
            help="CS0012, 5 or AccessDeniedException; none lists all of ours.",
        ),
    ] = None,
) -> None:
    """Explain an error code (CS0012), an exit status (5) or an error of AWS's (AccessDeniedException).

    Without one, list every code.
    """
    table = _found(code)
    emit(shared, table, {}, _page(table) if len(table.columns) > len(CODES) else None)


def _page(table: Table) -> str:
    """One code, or one error of AWS's with all it can mean: too many words for the columns of a terminal."""
    names = [column.key for column in table.columns]
    blocks = []
    for row in table.rows:
        one = dict(zip(names, row, strict=True))
        more = {"when": one.get("when"), "what helps": one["help"], "AWS's errors": one.get("aws_errors")}
        lines = [f"{one['code']} (exit {one['exit']})  {one['meaning']}"]
        blocks.append("\n".join([*lines, *(f"  {name}: {words}" for name, words in more.items() if words)]) + "\n")
    text = "\n".join(blocks)
    return folded(text, terminal_width()) if sys.stdout.isatty() else text


def _found(code: str | None) -> Table:
    if code is None:
        return _codes(tuple(ERRORS))
    if code.isdigit():
        return _statuses(code)
    written = _written_out(code)
    if written in ERRORS:
        return _code(written)
    rows = [way for way in aws_errors.ways() if way.name.casefold() == code.casefold()]
    if rows:
        return Table("errors", WAYS, tuple(_way(way) for way in rows))
    raise _unknown(code, written)


def _statuses(number: str) -> Table:
    found = [status for status in Exit if str(int(status)) == number]
    if not found:
        raise SentryError("CS0101", f"{number} is no exit status of this command", help="sentry explain")
    return Table("exits", STATUSES, tuple((int(status), EXIT_MEANING[status]) for status in found))


def _written_out(code: str) -> str:
    """``cs12`` means CS0012."""
    letters, digits = code[:2].upper(), code[2:]
    return f"{letters}{digits.zfill(4)}" if digits.isascii() and digits.isdigit() else code.upper()


def _codes(names: tuple[str, ...]) -> Table:
    rows = (ERRORS[name] for name in names)
    return Table("errors", CODES, tuple((row.code, int(row.exit), row.meaning, row.help) for row in rows))


def _code(name: str) -> Table:
    row = ERRORS[name]
    come = ", ".join(dict.fromkeys(way.name for way in aws_errors.ways() if way.row.code == name))
    return Table("errors", ONE, ((row.code, int(row.exit), row.meaning, row.help, come or None),))


def _way(way: aws_errors.Way) -> tuple[str, str, str, int, str, str]:
    entry = ERRORS[way.row.code]
    return (way.name, way.when, entry.code, int(entry.exit), aws_errors.meaning(way.row), aws_errors.help_of(way.row))


def _unknown(code: str, written: str) -> SentryError:
    near = most_similar(written, tuple(ERRORS)) or most_similar(code, tuple(way.name for way in aws_errors.ways()))
    fix = f"sentry explain {near}" if near else "sentry explain lists every code"
    return SentryError("CS0101", f"{code} is no error code, exit status or error of AWS's", help=fix)
