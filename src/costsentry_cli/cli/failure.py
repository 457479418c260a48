"""How a command that failed says so: the sentence on stderr, with ``-o json`` one document on stdout, the exit status.

Imported when something failed, and not before.
"""

from __future__ import annotations

import os
import sys
import traceback
from contextlib import suppress
from pathlib import Path
from typing import Any

from costsentry_cli.cli.confided import unsaid
from costsentry_cli.cli.forms import ANNOTATIONS, Format
from costsentry_cli.cli.options import Common
from costsentry_cli.cli.output import append_step_summary, for_terminal, say, terminal_width, write_file
from costsentry_cli.domain.document import InvalidDocument
from costsentry_cli.domain.errors import Exit, SentryError
from costsentry_cli.render import annotations as notes
from costsentry_cli.render import errors, problems
from costsentry_cli.render.safe import safe

OFF = ("", "0", "false", "no", "off", "n", "f")


def told(error: SentryError, argv: list[str], ended: BaseException | None = None) -> int:
    """Say it; the trace of ``ended`` (of the error itself, when not given) only where it was asked for."""
    if asked_format(argv) == Format.JSON:
        to_stdout(errors.as_json(errors.as_document(error)))
    to_stderr(error, debug=debugging(argv), ended=ended)
    return error.exit


def to_stderr(error: SentryError, *, debug: bool, ended: BaseException | None = None) -> None:
    """The error for people, its last line the next step; before it, when asked for, the trace."""
    if debug:
        sys.stderr.write(safe(unsaid("".join(traceback.format_exception(ended or error)))))
    sys.stderr.write(for_terminal(errors.as_text(error)))
    sys.stderr.flush()


def beside_the_result(shared: Common, error: SentryError) -> int:
    """Say what is wrong with a result that is on stdout already: there it is one document and stays one."""
    error.help = shared.pasteable(error.help)
    to_stderr(error, debug=shared.debug)
    return error.exit


def of_defect(defect: BaseException) -> SentryError:
    """A failure that nobody foresaw: its words may be anything, so what was said in confidence is left out."""
    return SentryError("CS0901", unsaid(f"{type(defect).__name__}: {' '.join(str(defect).split())}"))


def told_of_document(invalid: InvalidDocument, argv: list[str]) -> int:
    """Every problem of a manifest or a request, each with its place."""
    asked = asked_format(argv)
    if asked in ANNOTATIONS:
        _annotated(invalid, asked, _given(argv, "--out"))
    elif asked == Format.JSON:
        to_stdout(errors.as_json(_document(invalid)))
    sys.stderr.write(problems.text(invalid.problems, invalid.source, width=terminal_width(sys.stderr)))
    return Exit.USAGE


def _document(invalid: InvalidDocument) -> dict[str, Any]:
    """As any error's, by its first problem, and with all of them."""
    first = invalid.problems[0]
    where = f"{invalid.source.name}:{first.at.line}:{first.at.column}"
    error = SentryError(first.code, str(invalid), where=where, help=first.help, cause=first.message)
    return errors.as_document(error) | {"problems": problems.as_json(invalid.problems, invalid.source)}


def _annotated(invalid: InvalidDocument, wanted: str, out: str) -> None:
    found = notes.of_problems(invalid.problems, invalid.source)
    text = notes.as_gitlab(found) if wanted == Format.GITLAB else notes.as_github(found)
    if out in ("", "-"):
        to_stdout(text)
    else:
        _to_file(Path(out), text)
    if wanted == Format.GITHUB:
        append_step_summary(found)


def _to_file(path: Path, text: str) -> None:
    """What a pipeline keeps, of a broken manifest most of all; a file that cannot be written hides no problem."""
    try:
        write_file(path, text)
        say(f"wrote {path}")
    except SentryError as error:
        to_stderr(error, debug=False)


def to_stdout(text: str) -> None:
    """Write it; stdout may be what failed, and the error is on stderr, too."""
    with suppress(OSError):
        sys.stdout.write(text)
        sys.stdout.flush()


def debugging(argv: list[str]) -> bool:
    """Whether a trace was asked for: by the option, or by the environment."""
    return os.environ.get("COSTSENTRY_DEBUG", "").lower() not in OFF or "--debug" in _options(argv)


def asked_format(argv: list[str]) -> str:
    """The format the command line asks for; read from the words, since parsing may have failed."""
    return _given(argv, "--output", "-o") or os.environ.get("COSTSENTRY_OUTPUT", Format.TABLE)


def _given(argv: list[str], name: str, short: str | None = None) -> str:
    """The value of the last such option, in any way of writing it; empty where it is not given."""
    value = ""
    words = _options(argv)
    for word, following in zip(words, [*words[1:], ""], strict=True):
        if word in (name, short):
            value = following
        elif word.startswith(f"{name}="):
            value = word.removeprefix(f"{name}=")
        elif short is not None and word.startswith(short):
            value = word.removeprefix(short).removeprefix("=")
    return value


def _options(argv: list[str]) -> list[str]:
    """The words before a lone ``--``: what follows are none."""
    return argv[: argv.index("--")] if "--" in argv else argv
