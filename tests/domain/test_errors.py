"""The one table of errors and exit codes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from costsentry_cli.domain import aws_errors, errors
from costsentry_cli.domain.aws_error_rows import Row
from costsentry_cli.domain.errors import ERRORS, EXIT_MEANING, Exit, SentryError

SOURCE = Path(__file__).parents[2] / "src" / "costsentry_cli"


def test_every_code_is_listed_once() -> None:
    assert len(ERRORS) == len(errors._ROWS)


def test_every_exit_status_is_distinct_and_has_a_meaning() -> None:
    assert len({int(status) for status in Exit}) == len(Exit.__members__)
    assert set(EXIT_MEANING) == set(Exit)


@pytest.mark.parametrize("code", ERRORS)
def test_every_row_says_what_it_means_and_what_helps(code: str) -> None:
    row = ERRORS[code]
    assert re.fullmatch(r"CS\d{4}", code)
    assert row.meaning
    assert row.help
    assert row.exit is not Exit.OK


def test_every_code_in_the_source_is_in_the_table() -> None:
    used = {code for path in SOURCE.rglob("*.py") for code in re.findall(r'"(CS\d{4})"', path.read_text())}
    assert used <= set(ERRORS)


def test_an_error_takes_its_help_from_the_table_unless_it_knows_better() -> None:
    assert SentryError("CS0404", "no region").help == ERRORS["CS0404"].help
    assert SentryError("CS0404", "no region", help="do this").help == "do this"


def test_every_mapped_aws_error_leads_to_a_row() -> None:
    assert {way.row.code for way in aws_errors.ways()} <= set(ERRORS)


def test_an_unknown_error_is_judged_by_its_http_status() -> None:
    assert aws_errors.of_answer("Odd", 429) == Row("CS0801", retry=True, undone=True)
    assert aws_errors.of_answer("Odd", 503) == Row("CS0806", retry=True)
    assert aws_errors.of_answer("Odd", 501) == Row("CS0812")
    assert aws_errors.of_answer("Odd", 400) == Row("CS0802")
