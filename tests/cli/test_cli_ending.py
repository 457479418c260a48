"""One rule for the status of a run that did several things."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from costsentry_cli.cli.ending import status_of
from costsentry_cli.domain.errors import SentryError


@dataclass(frozen=True)
class One:
    error: SentryError | None = None


DONE, DENIED, FAILED = One(), One(SentryError("CS0403", "no")), One(SentryError("CS0806", "away"))


@pytest.mark.parametrize(
    ("ended", "left", "interrupted", "status"),
    [
        ([], False, False, 0),
        ([DONE], False, False, 0),
        ([DENIED, FAILED], False, False, 4),
        ([FAILED, DENIED], False, False, 8),
        ([DENIED, DONE], False, False, 6),
        ([DENIED], True, False, 6),
        ([DONE], True, False, 6),
        ([], True, False, 6),
        ([DENIED, DONE], True, True, 130),
    ],
)
def test_all_failed_is_the_first_failure_some_or_something_left_is_6_and_an_interruption_is_130(
    ended: list[One], left: bool, interrupted: bool, status: int
) -> None:
    assert status_of(ended, left=left, interrupted=interrupted) == status
