"""Whatever the command does, a few lines of Python do too."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import costsentry_cli


@pytest.mark.parametrize("name", [name for name in costsentry_cli.__all__ if name != "__version__"])
def test_every_name_of_the_face_is_there_and_says_what_it_does(name: str) -> None:
    assert getattr(costsentry_cli, name).__doc__


def test_naming_the_package_loads_none_of_it() -> None:
    code = "import sys, costsentry_cli; print(*[m for m in sys.modules if m.startswith('costsentry_cli.')])"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert ended.stdout.strip() == ""


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError):
        _ = costsentry_cli.nothing


def test_a_type_checker_sees_every_name_of_the_face_as_what_it_is() -> None:
    stub = ast.parse(Path(costsentry_cli.__file__).with_suffix(".pyi").read_text(encoding="utf-8"))
    imports = [node for node in stub.body if isinstance(node, ast.ImportFrom)]
    seen = {alias.asname: (node.module, alias.name) for node in imports for alias in node.names}
    assert seen == costsentry_cli._FACE
    (names,) = [node.value for node in stub.body if isinstance(node, ast.Assign)]
    assert sorted(ast.literal_eval(names)) == sorted(costsentry_cli.__all__)
