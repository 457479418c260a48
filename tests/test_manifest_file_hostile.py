"""Hostile files: every file is a manifest or has located problems, soon and within a small memory."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from costsentry_cli.domain.document import InvalidDocument
from costsentry_cli.domain.errors import SentryError
from costsentry_cli.domain.manifest.types import Manifest
from costsentry_cli.manifest_file import MAX_BYTES, read

HEAD = "version: 1\nnamespace: docs\nmodels: {lite: amazon.nova-lite-v1:0}\n"


def write(tmp_path: Path, data: bytes) -> Path:
    path = tmp_path / "m.yaml"
    path.write_bytes(data)
    return path


ALIAS_BOMB = "a: &a [x, x]\n" + "".join(
    f"{chr(98 + i)}: &{chr(98 + i)} [*{chr(97 + i)}, *{chr(97 + i)}]\n" for i in range(20)
)
MERGE_BOMB = "a: &a {x: 1}\n" + "".join(
    f"{chr(98 + i)}: &{chr(98 + i)} {{<<: [{', '.join(['*' + chr(97 + i)] * 9)}]}}\n" for i in range(8)
)
PIECES = [
    *"{}[]:,-?&*!|>'\"#%@`~ \n\t\\é", "<<", "---", "...", "version: 1\n", "profiles:\n", "  - name: x\n", "model: ",
    "{t}", "\0", "\x1b", "\u202e", "\ud7ff", "null", "&a", "*a", "!!int ", '"\\ud800"',
]  # fmt: skip


def verdict(data: bytes, directory: Path) -> SentryError | InvalidDocument | Manifest:
    """What reading ends with; any other exception is a defect."""
    try:
        return read(write(directory, data))
    except (SentryError, InvalidDocument) as error:
        return error


def ends_as_it_should(data: bytes, directory: Path) -> None:
    end = verdict(data, directory)
    if isinstance(end, SentryError):
        assert end.code in {"CS0002", "CS0004", "CS0007"}
    if isinstance(end, InvalidDocument):
        lines = len(end.source.lines)
        assert end.problems
        assert all(1 <= each.at.line <= lines and each.at.column >= 1 for each in end.problems)


@settings(max_examples=600, deadline=None)
@given(st.one_of(st.binary(max_size=200), st.lists(st.sampled_from(PIECES), max_size=30).map("".join).map(str.encode)))
@example(ALIAS_BOMB.encode())
@example(MERGE_BOMB.encode())
@example(b"a: &a [*a]")
@example(b"x: 1\n" * 100_000)
@example(b"a: " + b"9" * 50_000)
def test_any_file_is_a_manifest_or_has_located_problems(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    ends_as_it_should(data, tmp_path_factory.getbasetemp())


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_a_manifest_with_something_put_into_it_never_ends_in_another_error(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    text = Path(__file__).parents[1].joinpath("profiles.yaml").read_text(encoding="utf-8")
    at = data.draw(st.integers(0, len(text)))
    cut = data.draw(st.integers(0, 20))
    piece = data.draw(st.sampled_from(PIECES))
    ends_as_it_should((text[:at] + piece + text[at + cut :]).encode(), tmp_path_factory.getbasetemp())


UNDER_A_MEMORY_LIMIT = """
import resource, sys
from pathlib import Path
from costsentry_cli.domain.document import InvalidDocument
from costsentry_cli.domain.errors import SentryError
from costsentry_cli.manifest_file import read
resource.setrlimit(resource.RLIMIT_AS, (400 * 2**20, 400 * 2**20))
for name in sys.argv[1:]:
    try:
        read(Path(name))
    except (InvalidDocument, SentryError):
        print("refused")
"""


def test_hostile_files_are_refused_within_a_small_memory(tmp_path: Path) -> None:
    values = ",".join(map(str, range(1000)))
    tags = ", ".join(f"{key}: [{values}]" for key in "abcd")
    hostile = [
        ALIAS_BOMB,
        MERGE_BOMB,
        "\n".join(f"k{number}: v" for number in range(100_000)),
        "# x\n" * 2_000_000,
        "a: " + "x" * (MAX_BYTES - 10),
        HEAD + f'profiles: [{{name: "{{a}}{{b}}{{c}}{{d}}", model: lite, tags: {{{tags}}}}}]\n',
        HEAD + "profiles:\n" + "  - {name: x, model: lite}\n" * 20_000,
    ]
    paths = [tmp_path / f"{number}.yaml" for number in range(len(hostile))]
    for path, text in zip(paths, hostile, strict=True):
        path.write_text(text, encoding="utf-8")
    command = [sys.executable, "-c", UNDER_A_MEMORY_LIMIT, *map(str, paths)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (ended.stderr, ended.stdout.split()) == ("", ["refused"] * len(hostile))
