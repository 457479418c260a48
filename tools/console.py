"""Run the console blocks of a page, as a reader would, in a folder of its own and a sandbox whose clock is given.

    ```console
    $ sentry limits status
    Limit ...
    ```

A line that starts with ``$`` is a command, what follows is what it prints, both streams as they come; behind
``console last=5`` it is the last five lines of each command alone. ``sentry`` runs in this process, ``export`` sets a
variable, everything else goes to the shell. A command must end well, unless it ends with ``; echo $?``: then its exit
status is a part of what is printed. A block without any output is run all the same.
"""

from __future__ import annotations

import io
import os
import re
import shlex
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from costsentry_cli.cli import context
from costsentry_cli.cli.main import run

BEGIN = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
"""When every page begins: the first Monday of a month, so that no story of a few weeks leaves it."""
BLOCK = re.compile(r"^```console( last=(\d+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PROFILE_ID = re.compile(r"(?<=:application-inference-profile/)[a-z0-9]{12}")
MADE = re.compile(r"(?:^  \+ created .*\n)+", re.MULTILINE)
STATUS = "; echo $?"
VARIABLES = ("COSTSENTRY_", "AWS_")


class Terminal(io.TextIOWrapper):
    """A stream of a terminal of eighty columns, without colour."""

    def isatty(self) -> bool:
        """It is one."""
        return True


def ran(page: str, folder: Path) -> str:
    """The page with every output as it is now; raises ``AssertionError`` when a command fails."""
    with _reading(folder):
        return BLOCK.sub(_again, page)


def _again(block: re.Match[str]) -> str:
    last = int(block[2]) if block[1] else None
    return f"```console{block[1] or ''}\n{_block(block[3], last)}```"


@contextmanager
def _reading(folder: Path) -> Iterator[None]:
    """In the folder, with nothing of this machine's settings, at ``BEGIN``; all is put back in the end."""
    place, variables, sandbox_at = Path.cwd(), dict(os.environ), context.sandbox_at
    for name in [name for name in os.environ if name.startswith(VARIABLES)]:
        del os.environ[name]
    os.environ |= {"COLUMNS": "80", "NO_COLOR": "1", "HOME": str(folder)}
    os.chdir(folder)
    context.sandbox_at = partial(sandbox_at, clock=lambda: BEGIN)
    try:
        yield
    finally:
        context.sandbox_at = sandbox_at
        os.chdir(place)
        os.environ.clear()
        os.environ |= variables


def _block(text: str, last: int | None) -> str:
    lines = text.splitlines(keepends=True)
    silent = all(line.startswith("$ ") for line in lines)
    shown = ""
    for line in lines:
        if line.startswith("$ "):
            said = _settled(_command(line[2:].strip())).splitlines(keepends=True)
            cut = last is not None and len(said) > last
            shown += line if silent else line + "".join(["...\n", *said[-last:]] if cut else said)
    return shown


def _settled(said: str) -> str:
    """Without what differs from run to run: calls are made side by side, so what is made first has the first id."""
    ordered = MADE.sub(lambda found: "".join(sorted(found[0].splitlines(keepends=True))), said)
    return PROFILE_ID.sub("abcdefghijkl", ordered)


def _command(line: str) -> str:
    command = line.removesuffix(STATUS)
    status, said = _sentry(shlex.split(command)[1:]) if command.startswith("sentry ") else _shell(command)
    if command != line:
        return f"{said}{status}\n"
    assert status == 0, f"{line}: exit {status}\n{said}"
    return said


def _sentry(words: list[str]) -> tuple[int, str]:
    printed = io.BytesIO()
    out = Terminal(printed, encoding="utf-8", write_through=True)
    err = io.TextIOWrapper(printed, encoding="utf-8", write_through=True)
    with redirect_stdout(out), redirect_stderr(err):
        status = run(words)
    return status, printed.getvalue().decode()


def _shell(command: str) -> tuple[int, str]:
    name, _, value = command.removeprefix("export ").partition("=")
    if command.startswith("export "):
        os.environ[name] = value
        return 0, ""
    ended = subprocess.run(["/bin/sh", "-c", command], capture_output=True, text=True, check=False)
    return ended.returncode, ended.stdout + ended.stderr
