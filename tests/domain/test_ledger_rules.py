"""Windows, amounts and rules: what is counted, where, and in which order limits are asked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costsentry_cli.domain.ledger.counters import Amounts, Ceiling, Count, Hold, nano_usd
from costsentry_cli.domain.ledger.port import Claim, Key
from costsentry_cli.domain.ledger.rules import Rule, in_order, rule_id, rules_of
from costsentry_cli.domain.ledger.windows import PERS, window_at, window_of
from fakes import BASIC, HAIKU, NOON, manifest

MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2060, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 strategy bounds
LIMITS = """\
limits:
  - match: {model: haiku}
    per: minute
    tokens: 100000
    requests: 60
  - match: {costCenter: sales, environment: production}
    per: day
    usd: 25
    on_ledger_error: allow
    fallback: nova-lite
  - per: month
    output_tokens: 7
    mode: observe
"""


@pytest.mark.parametrize(
    ("per", "id", "end"),
    [
        ("minute", "2026-11-23T12:05", datetime(2026, 11, 23, 12, 6, tzinfo=UTC)),
        ("hour", "2026-11-23T12", datetime(2026, 11, 23, 13, tzinfo=UTC)),
        ("day", "2026-11-23", datetime(2026, 11, 24, tzinfo=UTC)),
        ("month", "2026-11", datetime(2026, 12, 1, tzinfo=UTC)),
    ],
)
def test_windows_are_those_of_the_utc_calendar(per, id, end) -> None:
    window = window_at(per, datetime(2026, 11, 23, 12, 5, 59, 999999, tzinfo=UTC))
    assert (window.id, window.end) == (id, end)


def test_a_window_does_not_depend_on_the_zone_of_the_clock() -> None:
    here = datetime(2026, 12, 1, 1, 30, tzinfo=timezone(timedelta(hours=2)))
    assert window_at("month", here).id == "2026-11"


def test_a_time_without_a_zone_lies_in_no_window() -> None:
    with pytest.raises(ValueError, match="zone"):
        window_at("day", datetime(2026, 11, 23))  # noqa: DTZ001 on purpose


@given(moment=MOMENTS, per=st.sampled_from(PERS))
def test_windows_tile_the_time_and_are_known_by_their_id(moment: datetime, per) -> None:
    window = window_at(per, moment)
    assert window.start <= moment < window.end
    assert window_of(window.id) == window
    assert window_at(per, window.end).start == window.end
    assert window.earlier().end == window.start


@pytest.mark.parametrize("id", ["", "2026", "2026-13", "2026-1", "2026-11-23T", "2026-11-23 12", "monday"])
def test_what_is_no_window_is_refused(id: str) -> None:
    with pytest.raises(ValueError, match="no window"):
        window_of(id)


def test_money_is_counted_in_billionths_and_rounded_against_the_caller() -> None:
    assert nano_usd(Decimal("0.00000000875") * 3) == 27
    assert Ceiling.of(None, None, None, None, Decimal("0.0000000015")).nano_usd == 1
    assert Amounts.of_call(3, 4, Decimal("0.001")) == Amounts(7, 3, 4, 1, 1_000_000)
    assert Amounts.of_call(3, 4) == Amounts(7, 3, 4, 1, 0)


@pytest.mark.parametrize("wrong", [0.5, Decimal(1), "1", None, True])
def test_amounts_are_whole_numbers_and_nothing_else(wrong) -> None:
    with pytest.raises(TypeError, match="whole numbers"):
        Amounts(nano_usd=wrong)


def test_a_claim_cannot_give() -> None:
    with pytest.raises(ValueError, match="takes"):
        Claim(Key("*/day", "2026-11-23"), "r", Amounts(tokens=-1), 0)


def test_an_overdrawn_unit_is_short_also_of_nothing() -> None:
    ceiling = Ceiling(tokens=10, requests=3)
    assert ceiling.short(Amounts(tokens=11, requests=1), Amounts(requests=1)) == ("tokens",)
    assert ceiling.remaining(Amounts(tokens=11, requests=1)) == {"tokens": -1, "requests": 2}


def test_the_oldest_holds_are_overdue_first() -> None:
    holds = {rid: Hold(rid, Amounts(1), expires) for rid, expires in (("b", 5), ("a", 5), ("c", 4), ("d", 6))}
    assert [hold.rid for hold in Count(holds=holds).overdue(6)] == ["c", "a", "b"]


def test_all_but_the_latest_endings_may_be_forgotten() -> None:
    count = Count(done={"a": "settled 5", "b": "charged 4", "c": "released 6"})
    assert (count.surplus(2), count.surplus(3), count.ending("b"), count.ending("x")) == (("b",), (), "charged", "")


def test_the_limits_of_a_manifest_are_rules_with_readable_ids(tmp_path: Path) -> None:
    read = manifest(tmp_path, BASIC + LIMITS)
    minute, day, month = rules_of(read.limits, read.models).rules
    assert [rule.id for rule in (minute, day, month)] == [
        "model=haiku/minute",
        "costCenter=sales,environment=production/day",
        "*/month",
    ]
    assert (minute.ceiling, minute.match) == (Ceiling(tokens=100_000, requests=60), {"model": HAIKU})
    assert (day.ceiling.nano_usd, day.on_ledger_error, day.fallback) == (25_000_000_000, "allow", "nova-lite")
    assert (month.enforced, month.ceiling) == (False, Ceiling(output_tokens=7))


def test_a_changed_amount_keeps_the_counters(tmp_path: Path) -> None:
    read = manifest(tmp_path, BASIC + LIMITS)
    changed = manifest(tmp_path, BASIC + LIMITS.replace("100000", "5").replace("mode: observe", "mode: enforce"))
    ids = [[rule.id for rule in rules_of(one.limits, one.models).rules] for one in (read, changed)]
    assert ids[0] == ids[1]


@pytest.mark.parametrize(
    ("call", "ids"),
    [
        ({"model": "haiku"}, ["model=haiku/minute", "*/month"]),
        ({"model": HAIKU}, ["model=haiku/minute", "*/month"]),
        ({"model": "nova-lite", "costCenter": "sales"}, ["*/month"]),
        (
            {"model": "nova-lite", "costCenter": "sales", "environment": "production"},
            ["costCenter=sales,environment=production/day", "*/month"],
        ),
        ({}, ["*/month"]),
    ],
)
def test_a_rule_counts_the_calls_that_have_all_it_names(tmp_path: Path, call: dict[str, str], ids: list[str]) -> None:
    read = manifest(tmp_path, BASIC + LIMITS)
    assert [rule.id for rule in rules_of(read.limits, read.models).matching(call)] == ids


def test_another_alias_of_the_model_does_not_lead_past_its_limit(tmp_path: Path) -> None:
    text = BASIC.replace("models:", f"models:\n  quick: {HAIKU}")
    read = manifest(tmp_path, text + LIMITS)
    assert "model=haiku/minute" in [rule.id for rule in rules_of(read.limits, read.models).matching({"model": "quick"})]


TEXTS = st.dictionaries(st.sampled_from(["model", "costCenter"]), st.text(",=%#/*ab", max_size=4), max_size=2)


@given(one=TEXTS, two=TEXTS, pers=st.tuples(st.sampled_from(PERS), st.sampled_from(PERS)))
def test_two_limits_that_differ_never_share_a_counter(one, two, pers) -> None:
    same = (one, pers[0]) == (two, pers[1])
    assert (rule_id(one, pers[0]) == rule_id(two, pers[1])) is same
    assert "#" not in rule_id(one, pers[0])


def test_the_order_is_small_windows_first_then_the_fullest_and_observers_last() -> None:
    month = Rule("month", {}, "month", Ceiling(tokens=10))
    wide = Rule("wide", {}, "minute", Ceiling(tokens=1000))
    money = Rule("money", {}, "minute", Ceiling(nano_usd=50, requests=9))
    closed = Rule("closed", {}, "minute", Ceiling(requests=0))
    observer = Rule("observer", {}, "minute", Ceiling(tokens=1), enforced=False)
    ordered = in_order([month, observer, wide, money, closed], Amounts(10, 5, 5, 1, 40))
    assert [rule.id for rule in ordered] == ["closed", "money", "wide", "month", "observer"]


def test_a_window_of_now_is_named_in_the_key() -> None:
    assert Rule("x/day", {}, "day", Ceiling()).key(window_at("day", NOON)) == Key("x/day", "2026-11-23")
