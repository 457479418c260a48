"""``sentry explain``: what an error code or an exit status means."""

from __future__ import annotations

import difflib
from typing import Annotated

import typer

from costsentry_cli.cli.options import OUTPUT, Common, common, group
from costsentry_cli.cli.output import emit
from costsentry_cli.domain.errors import ERRORS, EXIT_MEANING, Exit, SentryError
from costsentry_cli.domain.table import Column, Table, Type

app = group("Errors and exit codes.")
CODES = (
    Column("code", "Code"),
    Column("exit", "Exit", Type.COUNT),
    Column("meaning", "Meaning"),
    Column("help", "What helps"),
)
STATUSES = (Column("exit", "Exit", Type.COUNT), Column("meaning", "Meaning"))


@app.command()
@common(OUTPUT)
def explain(
    shared: Common, *, code: Annotated[str | None, typer.Argument(help="CS0012 or 5; none lists all.")] = None
) -> None:
    """Explain an error code (CS0012) or an exit status (5); without one, list the exit statuses and every code."""
    emit(shared, _statuses(code) if code is not None and code.isdigit() else _codes(code), {})


def _statuses(number: str) -> Table:
    found = [status for status in Exit if str(int(status)) == number]
    if not found:
        raise SentryError("CS0101", f"{number} is no exit status of this command", help="sentry explain")
    return Table("exits", STATUSES, tuple((int(status), EXIT_MEANING[status]) for status in found))


def _written_out(code: str) -> str:
    """``cs12`` means CS0012."""
    letters, digits = code[:2].upper(), code[2:]
    return f"{letters}{digits.zfill(4)}" if digits.isascii() and digits.isdigit() else code.upper()


def _codes(code: str | None) -> Table:
    if code is not None:
        code = _written_out(code)
    if code is not None and code not in ERRORS:
        near = difflib.get_close_matches(code, ERRORS, n=1)
        raise SentryError("CS0101", f"{code} is no error code", help=f"sentry explain {near[0]}" if near else "")
    rows = [row for name, row in ERRORS.items() if code is None or name == code]
    return Table("errors", CODES, tuple((row.code, int(row.exit), row.meaning, row.help) for row in rows))
