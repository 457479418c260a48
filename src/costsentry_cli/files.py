"""Files whose names and contents come from outside: read within bounds, written whole or not at all, no link followed.

Everything here raises ``OSError`` as the system does; the callers know what the file was for.
"""

from __future__ import annotations

import errno
import os
import re
import stat
import tempfile
from pathlib import Path
from typing import BinaryIO

_HERE = os.O_CLOEXEC | os.O_NOCTTY
_UNLINKED = getattr(os, "O_NOFOLLOW", 0)
_DESCRIPTOR = re.compile(r"/dev/(?:(?P<stream>stdout|stderr)|fd/(?P<number>[0-9]{1,5}))", re.ASCII)
_STREAMS = {"stdout": 1, "stderr": 2}


def opened(path: Path, *, follow: bool = True) -> BinaryIO:
    """The file, for reading; a pipe that nobody writes to is at its end instead of a wait for ever.

    With ``follow`` False a symbolic link is refused: for names that this program, and no person, has chosen.
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | _HERE | (0 if follow else _UNLINKED))
    except ValueError as error:  # a NUL in the name
        raise OSError(errno.EINVAL, str(error), str(path)) from error
    os.set_blocking(handle, True)
    try:
        return os.fdopen(handle, "rb")  # refuses a folder
    except OSError:
        os.close(handle)
        raise


def read_bytes(path: Path, at_most: int, *, follow: bool = True) -> bytes:
    """What is in the file, but never more than ``at_most`` + 1 bytes: one too many tells that it is too large."""
    with opened(path, follow=follow) as file:
        return file.read(at_most + 1)


def replace(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Write beside the file, then rename: a reader sees the old content or the new one, and a failure leaves the old.

    A device or a pipe cannot be replaced: it is written to, as a shell would, and so is a descriptor of this process
    (``/dev/stdout``, ``/dev/fd/3``). Any other symbolic link is refused, so that no name decides which file is written.
    """
    own = descriptor(path)
    if own is not None:
        _write_whole(os.dup(own), content)
        return
    if _is_written_into(path):
        _write_into(path, content)
        return
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".costsentry-")
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(content)
            os.fchmod(out.fileno(), mode)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def open_to_append(path: Path) -> int:
    """A descriptor that reads and appends, of a regular file of ours (mode 0600 when it is new); links are refused."""
    _refuse_link(path)
    handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NONBLOCK | _HERE | _UNLINKED, 0o600)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(errno.EINVAL, "it is no regular file", str(path))
    return handle


def create(path: Path) -> None:
    """See that the file is there, made with mode 0600, for a library that opens it by name; links are refused."""
    os.close(open_to_append(path))


def descriptor(path: Path) -> int | None:
    """Which open descriptor of this process the name stands for; None for any other name."""
    found = _DESCRIPTOR.fullmatch(str(path))
    if found is None:
        return None
    return int(found["number"]) if found["number"] else _STREAMS[found["stream"]]


def _is_written_into(path: Path) -> bool:
    """Whether it is a device or a pipe. Raises ``OSError`` for a folder and for a link."""
    _refuse_link(path)
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return False
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    return not stat.S_ISREG(mode)


def _write_into(path: Path, content: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_NONBLOCK | _HERE | _UNLINKED)
    if stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(errno.EEXIST, "it was exchanged for a file meanwhile", str(path))
    os.set_blocking(handle, True)
    _write_whole(handle, content)


def _write_whole(handle: int, content: bytes) -> None:
    with os.fdopen(handle, "wb", buffering=0) as out:
        rest = memoryview(content)
        while rest:
            rest = rest[out.write(rest) :]


def _refuse_link(path: Path) -> None:
    if path.is_symlink():
        raise OSError(errno.ELOOP, f"it is a link to {path.readlink()}; name the file itself", str(path))
