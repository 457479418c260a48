"""Money: exact for machines, honest for people."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costsentry_cli.domain.money import places, plain, usd

AMOUNTS = st.decimals(min_value=0, max_value=10**6, places=9, allow_nan=False)


@pytest.mark.parametrize(
    ("amount", "decimals", "text"),
    [
        ("0", 2, "$0.00"),
        ("1234.5", 2, "$1,234.50"),
        ("-1234.567", 2, "-$1,234.57"),
        ("0.00012", 6, "$0.000120"),
        ("0.004", 2, "<$0.01"),
        ("-0.001", 2, ">-$0.01"),
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


def test_a_column_of_fractions_of_a_dollar_shows_two_digits_of_the_smallest() -> None:
    assert places([Decimal("0.0012"), Decimal("0.5")]) == 4


def test_the_largest_of_a_column_has_four_digits_at_most() -> None:
    assert places([Decimal("0.000012"), Decimal("0.5")]) == 4
    assert places([Decimal("0.000012"), Decimal("0.05")]) == 5


@given(st.lists(AMOUNTS, max_size=6), st.decimals(min_value=1, max_value=10**6, places=6))
def test_a_column_with_a_dollar_in_it_is_in_cents(amounts: list[Decimal], one: Decimal) -> None:
    assert places([*amounts, one]) == places([*amounts, -one]) == 2


@given(AMOUNTS, st.integers(min_value=2, max_value=6))
def test_no_amount_but_zero_looks_like_zero(amount: Decimal, decimals: int) -> None:
    assert (usd(amount, decimals).strip("$0.") == "") == (amount == 0)
