"""Why two periods differ: exact, and told apart as people mean it."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from costsentry_cli.domain.reports.compare import Driver, Item, Used, Why, drivers, summed

D = Decimal
AMOUNTS = st.decimals(-(10**9), 10**9, places=12, allow_nan=False)
QUANTITIES = st.one_of(st.just(D(0)), st.decimals(0, 10**15, places=6, allow_nan=False))
ITEMS = st.tuples(st.sampled_from(["sales", "support", ""]), st.sampled_from(["in", "out", "cache", "fee"]))
USED = st.dictionaries(ITEMS, st.builds(Used, AMOUNTS, QUANTITIES))


@given(USED, USED, st.frozensets(st.sampled_from(["sales", "support", ""])))
def test_the_reasons_add_up_to_the_difference_to_the_last_digit(
    before: dict[Item, Used], now: dict[Item, Used], odd: frozenset[str]
) -> None:
    found = drivers(before, now, odd)
    whole = sum((Fraction(one.amount) for one in found), Fraction(0))
    assert whole == Fraction(summed(now.values())) - Fraction(summed(before.values()))
    assert [abs(one.amount) for one in found] == sorted((abs(one.amount) for one in found), reverse=True)
    assert all(one.amount for one in found)


def only(before: dict[Item, Used], now: dict[Item, Used]) -> dict[tuple[str, Why], Decimal]:
    return {(one.value, one.why): one.amount for one in drivers(before, now)}


def test_twice_the_tokens_at_the_same_price_is_volume() -> None:
    before = {("a", "in"): Used(D(10), D(100)), ("a", "out"): Used(D(20), D(50))}
    now = {("a", "in"): Used(D(20), D(200)), ("a", "out"): Used(D(40), D(100))}
    assert only(before, now) == {("a", Why.VOLUME): D(30)}


def test_the_same_tokens_at_another_price_is_price() -> None:
    assert only({("a", "in"): Used(D(10), D(100))}, {("a", "in"): Used(D(15), D(100))}) == {("a", Why.PRICE): D(5)}


def test_dearer_usage_types_in_as_many_tokens_is_mix() -> None:
    before = {("a", "in"): Used(D(10), D(100)), ("a", "out"): Used(D(50), D(100))}
    now = {("a", "in"): Used(D(5), D(50)), ("a", "out"): Used(D(75), D(150))}
    assert only(before, now) == {("a", Why.MIX): D(20)}


def test_what_was_not_there_is_new_and_what_is_not_any_more_is_gone() -> None:
    found = drivers({("a", "in"): Used(D(10), D(1))}, {("b", "in"): Used(D(3), D(1))})
    assert found == [Driver("a", Why.GONE, D(-10)), Driver("b", Why.NEW, D(3))]


def test_units_that_cannot_be_added_have_a_volume_each_and_no_mix() -> None:
    before = {("a", "in"): Used(D(10), D(100)), ("a", "out"): Used(D(50), D(100))}
    now = {("a", "in"): Used(D(5), D(50)), ("a", "out"): Used(D(75), D(150))}
    assert [(one.why, one.amount) for one in drivers(before, now, frozenset({"a"}))] == [(Why.VOLUME, D(20))]


def test_a_cost_without_a_quantity_is_a_matter_of_price() -> None:
    assert only({("a", "fee"): Used(D(10))}, {("a", "fee"): Used(D(12))}) == {("a", Why.PRICE): D(2)}
