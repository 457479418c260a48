"""Recorded calls in a file: one JSON object a line, written whole or not at all, readable by its owner alone."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Mapping
from io import TextIOWrapper
from pathlib import Path
from typing import Any

from costsentry_cli import files
from costsentry_cli.domain.audit import EVENT_BYTES, as_line
from costsentry_cli.domain.audit_query import parsed
from costsentry_cli.domain.errors import SentryError


def append(path: Path, event: Mapping[str, Any]) -> None:
    """Add one event: many processes may do so at once, each holding the file for one line. A link is not followed.

    Raises ``SentryError`` CS0103 when it is not recorded.
    """
    try:
        handle = files.open_to_append(path)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)  # half of another's line must not look cut off; a killed holder lets go
            line = f"{_mended(handle)}{as_line(event)}\n".encode("ascii")
            written = os.write(handle, line)
        finally:
            os.close(handle)
    except OSError as error:
        raise SentryError("CS0103", f"cannot record the call in {path}: {error.strerror}") from error
    if written != len(line):
        raise SentryError("CS0103", f"cannot record the call in {path}: it was written in part")


def ready(path: Path) -> None:
    """See before a call is paid for that it can be recorded here; a file that is not there is made, empty.

    Raises ``SentryError`` CS0103 when it cannot.
    """
    try:
        files.create(path)
    except OSError as error:
        raise SentryError(
            "CS0103",
            f"cannot record calls in {path}: {error.strerror}",
            cause="no call was made: nothing is charged",
            help="name a file that can be written: --audit-file FILE",
        ) from error


def _mended(handle: int) -> str:
    """A line end where the last line has none: its writer was cut off."""
    size = os.fstat(handle).st_size
    return "" if size == 0 or os.pread(handle, 1, size - 1) == b"\n" else "\n"


class AuditFile:
    """The events of a file, read as they are asked for; ``unreadable`` counts the lines that hold none."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.unreadable = 0

    def __iter__(self) -> Iterator[dict[str, Any]]:
        try:
            with TextIOWrapper(files.opened(self.path), "utf-8", "replace", "\n") as lines:
                while line := lines.readline(EVENT_BYTES + 1):
                    event = parsed(line)
                    if event is not None:
                        yield event
                    elif line.strip():
                        self.unreadable += 1
        except OSError as error:
            raise SentryError("CS0101", f"cannot read {self.path}: {error.strerror}") from error
