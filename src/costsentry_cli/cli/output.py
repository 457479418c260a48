"""Results to stdout (or a file), talk to stderr."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from costsentry_cli.cli.options import Color, Common, Format
from costsentry_cli.domain.errors import SentryError
from costsentry_cli.render.safe import safe

if TYPE_CHECKING:
    from costsentry_cli.domain.table import Table

BY_ENDING = {".json": "json", ".csv": "csv", ".md": "markdown", ".txt": "table"}
NARROWEST = 40


def emit(common: Common, table: Table, target: Mapping[str, str], screen: str | None = None) -> None:
    """Write a table in the wanted format; ``screen`` replaces the drawn table for people."""
    from costsentry_cli.render.formats import FORMATS, document

    if common.query is not None:
        write(common, queried(common.query, document(table, target)))
        return
    wanted = _format(common)
    if wanted != Format.TABLE:
        write(common, FORMATS[wanted](table, target))
    elif screen is not None:
        write(common, screen)
    else:
        write(common, drawn(common, table))


def emit_document(common: Common, name: str, body: Mapping[str, Any], target: Mapping[str, str], text: str) -> None:
    """Write a result that is no table: ``text`` for people, one JSON document for ``-o json`` and ``--query``."""
    wanted = _format(common)
    if common.query is None and wanted is Format.TABLE:
        write(common, text)
        return
    from costsentry_cli.render.formats import headed

    document = headed(target) | {name: dict(body)}
    if common.query is not None:
        write(common, queried(common.query, document))
    elif wanted is Format.JSON:
        write(common, json.dumps(document, indent=2) + "\n")
    else:
        raise SentryError("CS0101", f"-o {common.output} is for tables; this is not one", help="-o json")


def drawn(common: Common, table: Table) -> str:
    """The table as it fits the terminal; unlimited when it goes elsewhere."""
    from costsentry_cli.render.screen import as_screen

    to_terminal = sys.stdout.isatty() and common.out is None
    return as_screen(
        table,
        width=terminal_width() if to_terminal else None,
        color=colored(common.color, to_terminal=to_terminal),
        ascii_only=not (sys.stdout.encoding or "").lower().startswith("utf"),
    )


def write(common: Common, text: str) -> None:
    """To stdout, or to the file of ``--out``: whole or not at all, readable by its owner alone."""
    if common.out is None:
        sys.stdout.write(text)
        sys.stdout.flush()
    else:
        write_file(common.out, text)
        say(f"wrote {common.out}")


def write_file(path: Path, text: str) -> None:
    """Write beside the file, then rename: a reader sees the old text or the new one. Mode 0600."""
    import tempfile

    try:
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="") as out:
                out.write(text)
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise SentryError("CS0103", f"cannot write {path}: {error.strerror}") from error


def queried(query: str, document: Mapping[str, Any]) -> str:
    """The JMESPath result as JSON."""
    import jmespath
    from jmespath.exceptions import JMESPathError

    try:
        found = jmespath.search(query, document)
    except JMESPathError as error:
        raise SentryError("CS0104", f"--query: {' '.join(str(error).split())}") from error
    return json.dumps(found, indent=2) + "\n"


def say(text: str) -> None:
    """A line for people, on stderr."""
    sys.stderr.write(safe(text) + "\n")
    sys.stderr.flush()


def ask(question: str, answer_flag: str) -> bool:
    """Yes or no from a person; without one, an error that names the flag. Anything but y or yes is no."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise SentryError("CS0102", f"{question} Nobody can be asked here.", help=f"give {answer_flag}")
    sys.stderr.write(f"{question} [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def terminal_width() -> int:
    """Columns of the terminal, or of COLUMNS."""
    import shutil

    return max(NARROWEST, shutil.get_terminal_size().columns)


def colored(wish: Color, *, to_terminal: bool) -> bool:
    """Colour or not: the option, then NO_COLOR, FORCE_COLOR and TERM, then whether it is a terminal."""
    if wish is not Color.AUTO:
        return wish is Color.ALWAYS
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return bool(os.environ.get("FORCE_COLOR")) or to_terminal


def _format(common: Common) -> Format:
    if common.out is not None and common.output == Format.TABLE:
        return Format(BY_ENDING.get(common.out.suffix.lower(), "table"))
    return Format(common.output)
