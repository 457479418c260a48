"""The overshoot table's claims, on a few of its seeds."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))

from overshoot import HUNGRY, measured


@pytest.mark.parametrize("clients", [1, 16, 64])
def test_reserve_and_settle_never_passes_the_limit_and_uses_nearly_all_of_it(clients: int) -> None:
    shares = measured("reserve and settle", clients, seeds=2).shares
    assert HUNGRY <= min(shares) <= max(shares) <= 100


def test_looking_first_and_adding_afterwards_passes_the_limit() -> None:
    assert min(measured("check, then add", 64, seeds=2).shares) > 110


def test_a_metric_that_is_minutes_late_lets_many_times_the_limit_through() -> None:
    assert min(measured("CloudWatch, minutes late", 64, seeds=1).shares) > 300


def test_the_same_seeds_give_the_same_table() -> None:
    assert measured("reserve and settle", 4, seeds=2) == measured("reserve and settle", 4, seeds=2)
