"""Files under hostile names: links, devices, folders, pipes, full and forbidden places; whole or not at all."""

from __future__ import annotations

import errno
import os
import resource
import stat
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path

import pytest

from costsentry_cli import files

OLD = b"the old content"


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_replaced_whole_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "out.json"
    path.write_bytes(OLD)
    path.chmod(0o644)
    files.replace(path, b"new")
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert names(tmp_path) == ["out.json"]


def test_a_link_is_refused_and_its_target_stays(tmp_path: Path) -> None:
    (tmp_path / "target").write_bytes(OLD)
    (tmp_path / "link").symlink_to(tmp_path / "target")
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    for name in ("link", "dangling"):
        for write in (lambda path: files.replace(path, b"new"), files.open_to_append, files.create):
            with pytest.raises(OSError, match=r"it is a link to .*name the file itself") as caught:
                write(tmp_path / name)
            assert caught.value.errno == errno.ELOOP
    assert (tmp_path / "target").read_bytes() == OLD
    assert names(tmp_path) == ["dangling", "link", "target"]


def test_a_link_that_no_person_named_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "target").write_bytes(OLD)
    (tmp_path / "link").symlink_to(tmp_path / "target")
    assert files.read_bytes(tmp_path / "link", 100) == OLD
    with pytest.raises(OSError, match=os.strerror(errno.ELOOP)):
        files.read_bytes(tmp_path / "link", 100, follow=False)


@pytest.mark.parametrize("write", [lambda path: files.replace(path, b"new"), files.open_to_append, files.opened])
def test_a_folder_is_no_file(write: Callable[[Path], object], tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError):
        write(tmp_path)
    assert names(tmp_path) == []


def test_a_device_is_written_to_and_stays_one() -> None:
    files.replace(Path("/dev/null"), b"new")
    assert stat.S_ISCHR(os.lstat("/dev/null").st_mode)
    with pytest.raises(OSError, match="No space"):
        files.replace(Path("/dev/full"), b"new")
    assert stat.S_ISCHR(os.lstat("/dev/full").st_mode)
    with pytest.raises(OSError, match="no regular file"):
        files.open_to_append(Path("/dev/null"))


def test_a_pipe_is_read_to_its_end_and_never_waited_for(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    assert files.read_bytes(pipe, 100) == b""
    with pytest.raises(OSError, match="No such device or address"):
        files.replace(pipe, b"nobody reads")
    reader, writer = os.pipe()
    os.write(writer, b"x" * 50)
    os.close(writer)
    assert files.read_bytes(Path(f"/dev/fd/{reader}"), 100) == b"x" * 50
    os.close(reader)


def test_no_more_is_read_than_is_asked_for() -> None:
    assert len(files.read_bytes(Path("/dev/zero"), 1000)) == 1001


@contextmanager
def small_disk(most: int):  # type: ignore[no-untyped-def]
    """No file can be longer: a full disk, as far as the writer can tell."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_leaves_the_old_file_and_no_part_of_the_new(tmp_path: Path) -> None:
    path = tmp_path / "out.json"
    path.write_bytes(OLD)
    with small_disk(1000), pytest.raises(OSError, match="too large"):
        files.replace(path, b"x" * 5000)
    assert path.read_bytes() == OLD
    assert names(tmp_path) == ["out.json"]


def test_a_name_no_system_takes_is_refused_as_one() -> None:
    with pytest.raises(OSError, match="null"):
        files.opened(Path("a\0b"))
    with pytest.raises(OSError, match="too long"):
        files.replace(Path("x" * 300), b"")


def test_a_descriptor_of_this_process_is_written_to_under_its_usual_name(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    files.replace(Path(f"/dev/fd/{writing}"), b"new")
    files.replace(Path(f"/dev/fd/{writing}"), b"er")
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        assert pipe.read() == b"newer"
    assert [files.descriptor(Path(name)) for name in ("/dev/stdout", "/dev/stderr", "/dev/fd/7")] == [1, 2, 7]
    others = ("stdout", "/dev/fd/x", "/dev/fd/-1", "/dev/null", str(tmp_path / "dev/fd/1"))
    assert [files.descriptor(Path(name)) for name in others] == [None] * len(others)
