"""Results to stdout (or a file), talk to stderr."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from costsentry_cli import files
from costsentry_cli.cli.forms import ANNOTATIONS, Format
from costsentry_cli.cli.options import Color, Common
from costsentry_cli.domain.errors import SentryError
from costsentry_cli.render.safe import safe

if TYPE_CHECKING:
    from costsentry_cli.domain.table import Table
    from costsentry_cli.render.annotations import Annotation

NARROWEST = 40
STEP_SUMMARY_BYTES = 1024 * 1024
"""GitHub drops the whole summary of a step that is larger."""


def emit(
    common: Common,
    table: Table,
    target: Mapping[str, str],
    screen: str | None = None,
    markdown: Callable[[], str] | None = None,
) -> None:
    """Write a table in the wanted format; for people ``screen`` replaces the drawn table, ``markdown`` its Markdown."""
    from costsentry_cli.render import formats

    wanted = common.form
    if common.query is not None:
        write(common, queried(common.query, formats.document(table, target)))
    elif wanted in ANNOTATIONS:
        from costsentry_cli.render.annotations import of_table

        annotate(common, of_table(table))
    elif wanted in formats.SEPARATED:
        text = formats.SEPARATED[wanted](table, target, raw=common.csv_raw)
        exact = common.csv_raw and (common.out is not None or not sys.stdout.isatty())
        write(common, text if exact else safe(text))  # what is piped or kept is looked at in the end, too
    elif wanted in formats.BINARY:
        write(common, formats.BINARY[wanted](table, target))
    elif wanted == Format.MARKDOWN and markdown is not None:
        write(common, common.pasteable(markdown()))
    elif wanted != Format.TABLE:
        write(common, formats.FORMATS[wanted](table, target))
    else:
        write(common, common.pasteable(placed(common, screen) if screen is not None else drawn(common, table)))


def preview(common: Common, text: str) -> bool:
    """Show a person what is about to happen: on stdout, or on stderr when the result goes to a file.

    False when a program asked: it gets one document in the end.
    """
    people = common.output is Format.TABLE and common.query is None
    if people:
        write(common, placed(common, text)) if common.out is None else say(placed(common, text).rstrip())
    return people


def placed(common: Common, screen: str) -> str:
    """A screen as it fits the terminal; its lines are as long as they are when it goes elsewhere."""
    from costsentry_cli.render.fold import laid_out

    return laid_out(screen, terminal_width() if sys.stdout.isatty() and common.out is None else None)


def fitted(common: Common, text: str) -> str:
    """Sentences as they fit the terminal; their lines are as long as they are when they go elsewhere."""
    from costsentry_cli.render.fold import folded

    return folded(text, terminal_width()) if sys.stdout.isatty() and common.out is None else text


def annotate(common: Common, found: Sequence[Annotation]) -> None:
    """Write annotations for the platform of ``-o``; on GitHub all of them go to the step's summary, too."""
    from costsentry_cli.render import annotations

    if common.output is Format.GITLAB:
        write(common, annotations.as_gitlab(found))
        return
    write(common, annotations.as_github(found))
    append_step_summary(found)


def append_step_summary(found: Sequence[Annotation]) -> None:
    """Append the whole list to the file GitHub names in ``GITHUB_STEP_SUMMARY``, as far as its limit allows."""
    from costsentry_cli.render.annotations import as_summary

    named = os.environ.get("GITHUB_STEP_SUMMARY")
    if not named or not found:
        return
    path = Path(named)
    try:
        there = path.stat().st_size if path.exists() else 0
        with path.open("a", encoding="utf-8") as summary:
            summary.write(as_summary(found, STEP_SUMMARY_BYTES - there))
    except OSError as error:
        say(f"the step summary could not be written: {error.strerror}")


def emit_document(common: Common, name: str, body: Mapping[str, Any], target: Mapping[str, str], text: str) -> None:
    """Write a result that is no table: ``text`` for people, one JSON document for ``-o json`` and ``--query``."""
    if common.query is None and common.form is Format.TABLE:
        write(common, common.pasteable(text))
        return
    from costsentry_cli.render.formats import headed

    document = headed(target) | {name: dict(body)}
    write(common, _json(document) if common.query is None else queried(common.query, document))


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


def write(common: Common, result: str | bytes) -> None:
    """To stdout, or to the file of ``--out``: whole or not at all, readable by its owner alone."""
    if common.out is not None:
        write_file(common.out, result)
        say(f"wrote {common.out}")
    elif isinstance(result, bytes):
        sys.stdout.flush()
        sys.stdout.buffer.write(result)
        sys.stdout.buffer.flush()
    else:
        sys.stdout.write(result)
        sys.stdout.flush()


def write_file(path: Path, result: str | bytes, mode: int = 0o600) -> None:
    """Replace the file as a whole; no link is followed. Raises ``SentryError`` CS0103.

    Text is UTF-8; half a surrogate pair, which UTF-8 has no way to write, is a visible escape.
    """
    content = result if isinstance(result, bytes) else result.encode(errors="backslashreplace")
    try:
        files.replace(path, content, mode)
    except OSError as error:
        raise SentryError("CS0103", f"cannot write {path}: {error.strerror}", where=str(path)) from error


def _json(document: object) -> str:
    import json

    return json.dumps(document, indent=2) + "\n"


def queried(query: str, document: Mapping[str, Any]) -> str:
    """The JMESPath result as JSON; the query itself was checked before the command began."""
    import jmespath
    from jmespath.exceptions import JMESPathError

    try:
        found = jmespath.search(query, document)
    except JMESPathError as error:  # a function that does not fit the data
        raise SentryError("CS0104", f"--query: {' '.join(str(error).split())}") from error
    except TypeError as error:  # what the library lets Python compare
        words = "--query compares a text with a number: amounts and shares are texts, so that they are exact"
        raise SentryError("CS0104", words, help="for example to_number(cost_usd) > `5`") from error
    return _json(found)


def say(text: str) -> None:
    """A line for people, on stderr; a terminal gets its sentences folded to its width."""
    sys.stderr.write(for_terminal(safe(text)) + "\n")
    sys.stderr.flush()


def for_terminal(text: str) -> str:
    """Text for stderr: folded where that is a terminal, else as it is."""
    if not sys.stderr.isatty():
        return text
    from costsentry_cli.render.fold import folded

    return folded(text, terminal_width(sys.stderr))


def ask(question: str, answer_flag: str) -> bool:
    """Yes or no from a person; without one, an error that names the flag. Anything but y or yes is no."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise SentryError("CS0102", f"{question} Nobody can be asked here.", help=f"give {answer_flag}")
    sys.stderr.write(f"{question} [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def terminal_width(stream: TextIO | None = None) -> int:
    """Columns of COLUMNS, of the terminal that this stream is (stdout may be a pipe meanwhile), or of stdout's."""
    import shutil

    if stream is not None and not os.environ.get("COLUMNS"):
        with suppress(OSError):  # no terminal, or a stand-in without a descriptor
            if columns := os.get_terminal_size(stream.fileno()).columns:
                return max(NARROWEST, columns)
    return max(NARROWEST, shutil.get_terminal_size().columns)


def colored(wish: Color, *, to_terminal: bool) -> bool:
    """Colour or not: the option, then NO_COLOR, FORCE_COLOR and TERM, then whether it is a terminal."""
    if wish is not Color.AUTO:
        return wish is Color.ALWAYS
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return bool(os.environ.get("FORCE_COLOR")) or to_terminal
