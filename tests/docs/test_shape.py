"""The house keeps its bounds, and CONTRIBUTING.md says what is measured."""

from __future__ import annotations

import ast

import pytest

import shape


def source(text: str, path: str) -> shape.Source:
    return shape.Source(path, text.count("\n"), ast.parse(text))


@pytest.fixture(scope="module")
def house() -> shape.Shape:
    return shape.measured(shape.sources())


def test_the_house_keeps_its_bounds(house: shape.Shape) -> None:
    assert house.faults() == []


def test_contributing_has_the_table_that_is_measured(house: shape.Shape) -> None:
    text = shape.PAGE.read_text(encoding="utf-8")
    assert text == shape.page(text, house.table()), "python tools/shape.py --write"


FINE = source('"""One."""\ndef f() -> None:\n    """Two."""\n', "src/costsentry_cli/fine.py")
FAULTS = {
    "longer than 60 lines": ("def f() -> None:\n" + "    1\n" * 60, "tests/one.py"),
    "longer than 300 lines": ("1\n" * 301, "tests/one.py"),
    "not wholly annotated": ("def _f(a):\n    1\n", "src/costsentry_cli/one.py"),
    "without a docstring": ("class One:\n    def two(self) -> None:\n        1\n", "src/costsentry_cli/one.py"),
    "uses a mock": ("from unittest.mock import patch\n", "tests/one.py"),
}


def test_what_is_within_bounds_is_not_named() -> None:
    assert shape.measured([FINE]).faults() == []


@pytest.mark.parametrize("fault", FAULTS)
def test_what_is_out_of_bounds_is_named(fault: str) -> None:
    found = shape.measured([FINE, source(*FAULTS[fault])]).faults()
    assert any(text.startswith(fault) for text in found)


def test_a_circle_of_imports_is_found_with_those_in_it() -> None:
    assert set(shape.cycle_of({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}})) == {"a", "b", "c"}
    assert shape.cycle_of({"a": {"b"}, "b": set()}) == ()
