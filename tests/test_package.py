"""What an installation is made of: the lock, the names, the files that must travel with the program."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from costsentry_cli.cli.main import NAMES

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
PINS = dict(re.findall(r"^([a-z0-9-]+)==([^\s;\\]+)", LOCK, re.MULTILINE))


@pytest.mark.parametrize("wanted", PROJECT["project"]["dependencies"])
def test_the_lock_pins_a_version_of_each_dependency_that_is_allowed(wanted: str) -> None:
    requirement = Requirement(wanted)
    assert requirement.specifier.contains(PINS[requirement.name.lower()])


def test_every_pin_of_the_lock_has_its_hashes_and_no_registry_is_named() -> None:
    entries = re.split(r"^(?=[a-z0-9-]+==)", LOCK, flags=re.MULTILINE)[1:]
    assert len(entries) == len(PINS) > len(PROJECT["project"]["dependencies"])
    assert [entry for entry in entries if "--hash=sha256:" not in entry] == []
    assert not re.search(r"://|--(extra-)?index|--find-links", LOCK)


def test_what_only_tests_need_is_not_installed() -> None:
    assert not {"moto", "pytest", "pandas", "hypothesis"} & set(PINS)


def test_the_scripts_are_the_names_the_program_knows_itself_by() -> None:
    assert tuple(PROJECT["project"]["scripts"]) == NAMES


def test_the_versions_of_python_that_are_declared_begin_with_the_one_required() -> None:
    listed = re.findall(r"Python :: (3\.\d+)", "\n".join(PROJECT["project"]["classifiers"]))
    assert listed == ["3.11", "3.12", "3.13", "3.14"]
    assert PROJECT["project"]["requires-python"] == f">={listed[0]}"


def test_what_the_sdist_holds_is_there() -> None:
    named = PROJECT["tool"]["hatch"]["build"]["targets"]["sdist"]["include"]
    assert [path for path in named if not (ROOT / path.lstrip("/")).exists()] == []
    assert (ROOT / "src/costsentry_cli/py.typed").exists()
