"""Money: exact for machines, honest for people."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costsentry_cli.domain.money import places, plain, rounded, usd

AMOUNTS = st.decimals(min_value=0, max_value=10**6, places=9, allow_nan=False)


@pytest.mark.parametrize(
    ("amount", "decimals", "text"),
    [
        ("0", 2, "$0.00"),
        ("1234.5", 2, "$1,234.50"),
        ("-1234.567", 2, "-$1,234.57"),
        ("0.00012", 6, "$0.000120"),
        ("-0.001", 2, "-$0.00"),
    ],
)
def test_dollars_are_written_as_people_read_them(amount: str, decimals: int, text: str) -> None:
    assert usd(Decimal(amount), decimals) == text


@pytest.mark.parametrize(
    ("amount", "text"),
    [("0", "0.00"), ("1E+3", "1000.00"), ("0.1", "0.10"), ("0.0000035", "0.0000035"), ("-2.50", "-2.50")],
)
def test_machines_get_the_exact_amount_without_exponent(amount: str, text: str) -> None:
    assert plain(Decimal(amount)) == text


@given(AMOUNTS)
def test_the_plain_form_reads_back_as_the_same_amount(amount: Decimal) -> None:
    assert Decimal(plain(amount)) == amount


@given(st.lists(AMOUNTS, min_size=1, max_size=6))
def test_a_column_never_shows_fewer_than_cents_nor_more_than_six_decimals(amounts: list[Decimal]) -> None:
    assert 2 <= places(amounts) <= 6


def test_a_column_of_fractions_of_a_cent_shows_two_digits_of_the_smallest() -> None:
    assert places([Decimal("0.0012"), Decimal("0.5")]) == 4


def test_a_column_takes_a_decimal_more_when_the_rounded_rows_would_not_add_up() -> None:
    amounts = [Decimal("0.114"), Decimal("0.114"), Decimal("0.114")]
    assert sum(rounded(a, 2) for a in amounts) != rounded(sum(amounts, Decimal(0)), 2)
    assert places(amounts) == 3


def test_large_totals_are_shown_in_cents() -> None:
    assert places([Decimal("0.001"), Decimal(500)]) == 2
