"""Where limits stand: from the ledger and from CloudWatch's metrics, what is denied, reset and expired."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from costsentry_cli.domain.calls import ApiCall
from costsentry_cli.domain.errors import SentryError
from costsentry_cli.domain.ledger.counters import Amounts
from costsentry_cli.domain.ledger.dynamodb import DynamoLedger
from costsentry_cli.domain.ledger.gate import Gate
from costsentry_cli.domain.ledger.memory import MemoryLedger
from costsentry_cli.domain.ledger.outcomes import Admission
from costsentry_cli.domain.limit_standing import (
    Declared,
    State,
    declared,
    failing,
    figure,
    named,
    place_of,
    quantities,
    quantity,
)
from costsentry_cli.domain.manifest.types import Manifest
from costsentry_cli.domain.metering.advice import CloudWatchAdvice
from costsentry_cli.usecases import limits
from fakes import BASIC, HAIKU, LITE, NOON, FakeCloud, FrozenClock, manifest

LIMITS = """
limits:
  - match: {model: haiku}
    per: minute
    tokens: 1000
    requests: 2
  - match: {costCenter: sales}
    per: day
    usd: 25
    mode: observe
"""
CALL = Amounts.of_call(100, 20, Decimal("0.01"))


class Desk:
    """Calls through a gate over a ledger in memory, and what a person asks of it."""

    def __init__(self, folder: Path, text: str = LIMITS, policy: Any = "charge") -> None:
        self.manifest: Manifest = manifest(folder, BASIC + text)
        self.clock = FrozenClock()
        self.gate = Gate(MemoryLedger(), self.clock, 60, policy)
        self.limits = declared(self.manifest)

    def held(self, amounts: Amounts = CALL) -> Admission:
        admitted = self.gate.admit([one.rule for one in self.limits], amounts, note="sales")
        assert isinstance(admitted, Admission)
        return admitted

    def done(self) -> None:
        self.gate.settle(self.held(), CALL)

    def rows(self) -> list[dict[str, Any]]:
        known = limits.standings(self.gate, self.limits)
        table = limits.status_table(known, advisory=False, source="memory", now=self.clock())
        return [dict(zip((c.key for c in table.columns), row, strict=True)) for row in table.rows]

    def expired(self, wanted: tuple[Declared, ...] | None = None) -> list[tuple[str, str]]:
        holds, _ = limits.overdue(self.gate, wanted or self.limits, self.clock())
        return [(one.key.limit, one.result) for one in limits.expire(self.gate, holds, self.clock())]


def test_each_bounded_unit_has_its_row_with_what_is_settled_held_and_left(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.done()
    desk.held()
    tokens, requests, usd = desk.rows()
    assert (tokens["id"], tokens["unit"], tokens["window"]) == ("model=haiku/minute", "tokens", "2026-11-23T12:00")
    assert [tokens[key] for key in ("limit", "settled", "held", "remaining", "share")] == [
        1000, 120, 120, 760, Decimal("0.24"),
    ]  # fmt: skip
    assert [requests[key] for key in ("limit", "settled", "held", "remaining")] == [2, 1, 1, 0]
    assert [usd[key] for key in ("unit", "limit", "settled", "held")] == ["usd", 25, Decimal("0.01"), Decimal("0.01")]
    assert (usd["resets"], usd["holders"], usd["declared_at"][-2:]) == (NOON + timedelta(hours=12), 1, "19")


def test_a_limit_without_room_is_exhausted_unless_it_only_observes(tmp_path: Path) -> None:
    desk = Desk(tmp_path, LIMITS.replace("usd: 25", "usd: 0.01"))
    assert [row["state"] for row in desk.rows()] == ["open", "open", "observed"]
    desk.done()
    desk.done()
    known = limits.standings(desk.gate, desk.limits)
    assert [one.state for one in known] == [State.EXHAUSTED, State.OVER]
    assert failing(known, ["exhausted"]) == ("model=haiku/minute: exhausted",)
    assert failing(known, []) == ()


def test_a_new_window_is_empty_and_the_former_ones_are_remembered(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.done()
    desk.clock.move(timedelta(minutes=1))
    (known, _) = limits.standings(desk.gate, desk.limits)
    assert known.standing.count.settled.tokens == 0
    before = limits.with_history(desk.gate, known, 2).before
    assert [(window.id[-5:], count.settled.tokens) for window, count in before] == [("12:00", 120), ("11:59", 0)]


def test_an_unknown_limit_is_answered_with_the_nearest_or_with_all(tmp_path: Path) -> None:
    wanted = manifest(tmp_path, BASIC + LIMITS)
    assert named(wanted, "costCenter=sales/day").limit.per == "day"
    with pytest.raises(SentryError) as near:
        named(wanted, "model=haiku/hour")
    assert (near.value.code, near.value.help) == ("CS0101", "did you mean model=haiku/minute?")
    with pytest.raises(SentryError) as far:
        named(wanted, "x")
    assert far.value.details == ("model=haiku/minute", "costCenter=sales/day")


def test_a_limit_is_found_in_the_manifest_by_its_id(tmp_path: Path) -> None:
    wanted = manifest(tmp_path, BASIC + LIMITS)
    line = 1 + (BASIC + LIMITS).splitlines().index("  - match: {costCenter: sales}")
    assert place_of(wanted, "costCenter=sales/day").endswith(f"profiles.yaml:{line}")
    assert place_of(wanted, "costCenter=sales/hour") == ""


def test_a_reset_forgets_what_was_settled_and_keeps_what_is_held(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.done()
    desk.held()
    (known, _) = limits.standings(desk.gate, desk.limits)
    assert limits.reset(desk.gate, known.standing)
    tokens, _, usd = desk.rows()
    assert (tokens["settled"], tokens["held"], usd["settled"]) == (0, 120, Decimal("0.01"))


@pytest.mark.parametrize(("policy", "settled"), [("charge", 120), ("release", 0)])
def test_holds_whose_time_is_over_end_by_the_policy_in_whatever_window_they_are(
    tmp_path: Path, policy: str, settled: int
) -> None:
    desk = Desk(tmp_path, policy=policy)
    desk.held()
    desk.clock.move(timedelta(seconds=60))
    assert desk.expired() == []
    desk.clock.move(timedelta(seconds=1))
    word = f"{policy}d"
    assert desk.expired() == [("costCenter=sales/day", word), ("model=haiku/minute", word)]
    assert {count.settled.tokens for count in desk.gate.ledger.read().values()} == {settled}
    assert desk.expired() == []


def test_only_the_named_limit_s_holds_end_and_the_others_are_counted(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.held()
    desk.clock.move(timedelta(minutes=5))
    holds, others = limits.overdue(desk.gate, desk.limits[:1], desk.clock())
    assert ([key.limit for key, _ in holds], others) == (["model=haiku/minute"], 1)


def test_a_hold_that_somebody_else_has_settled_meanwhile_is_not_charged_again(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    admission = desk.held()
    desk.clock.move(timedelta(minutes=5))
    holds, _ = limits.overdue(desk.gate, desk.limits, desk.clock())
    desk.gate.settle(admission, CALL)
    assert {one.result for one in limits.expire(desk.gate, holds, desk.clock())} == {"ended already"}


def test_one_hold_that_cannot_be_ended_does_not_keep_the_others(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.held()
    desk.clock.move(timedelta(minutes=5))
    holds, _ = limits.overdue(desk.gate, desk.limits, desk.clock())
    no = SentryError("CS0403", "no")
    table = FakeCloud({"UpdateItem": [no, no]})
    desk.gate.ledger = DynamoLedger(table, "costsentry-docs-helper")
    done = list(limits.expire(desk.gate, holds, desk.clock()))
    assert [(one.result, one.error) for one in done] == [("failed", no), ("failed", no)]


def test_a_ledger_that_is_not_there_yet_is_said_with_the_command_that_makes_it(tmp_path: Path) -> None:
    missing = SentryError("CS0803", "ResourceNotFoundException: Requested resource not found")
    gate = Gate(DynamoLedger(FakeCloud({"GetItem": missing, "Scan": missing}), "costsentry-x"), FrozenClock(), 60)
    wanted = declared(manifest(tmp_path, BASIC + LIMITS))
    for ask in (
        lambda: limits.standings(gate, wanted, "costsentry-x"),
        lambda: limits.overdue(gate, wanted, NOON, "costsentry-x"),
    ):
        with pytest.raises(SentryError) as refused:
            ask()
        assert (refused.value.code, refused.value.help) == ("CS0803", "make it: sentry sync")
        assert refused.value.message == "the ledger table costsentry-x is not there yet: nothing has been counted"


def metric(model: str, centre: str) -> dict[str, Any]:
    dimensions = [{"Name": "Model", "Value": model}, {"Name": "CostCenter", "Value": centre}]
    return {"Namespace": "GenAIRateLimiting", "MetricName": "RateLimitDenied", "Dimensions": dimensions}


DENIED = {(HAIKU, "sales"): 3, (HAIKU, "support"): 4, (LITE, "sales"): 5}


def figures(call: ApiCall) -> dict[str, Any]:
    """The value of each queried series, as CloudWatch splits it in two points."""
    results = []
    for query in call.params["MetricDataQueries"]:
        model, centre = (one["Value"] for one in query["MetricStat"]["Metric"]["Dimensions"])
        results.append({"Id": query["Id"], "Values": [1.0, float(DENIED[model, centre] - 1)]})
    return {"MetricDataResults": results}


def test_denied_calls_are_those_of_the_series_that_a_limit_counts(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    cloud = FakeCloud({"ListMetrics": {"Metrics": [metric(*key) for key in DENIED]}, "GetMetricData": figures})
    known = limits.standings(desk.gate, desk.limits)
    assert [one.denied for one in known] == [None, None]
    found = limits.with_denials(cloud, "us-east-1", known, NOON)
    assert [one.denied for one in found] == [7, 8]
    asked = {call.params["MetricDataQueries"][0]["MetricStat"]["Period"]: call for call in cloud.calls[1:]}
    assert asked.keys() == {60, 3600}
    assert asked[60].params["StartTime"] == NOON
    assert asked[3600].params["EndTime"] == NOON + timedelta(hours=12)


def test_cloudwatch_s_figures_are_settled_only_and_can_neither_be_reset_nor_expire(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    tokens = metric(HAIKU, "sales") | {"MetricName": "InputTokens"}
    cloud = FakeCloud(
        {"ListMetrics": {"Metrics": [tokens]}, "GetMetricData": {"MetricDataResults": [{"Id": "m0", "Values": [90.0]}]}}
    )
    advice = CloudWatchAdvice(cloud, "us-east-1", desk.clock)
    known = limits.standings(advice, desk.limits[:1])
    (row, _) = limits.status_table(known, advisory=True, source="CloudWatch", now=NOON).rows
    keys = [column.key for column in limits.COLUMNS]
    assert [row[keys.index(key)] for key in ("settled", "held", "remaining", "holders")] == [90, None, 910, None]
    before = limits.with_history(advice, known[0], 1).before
    assert [(window.id, count.settled.tokens) for window, count in before] == [("2026-11-23T11:59", 90)]
    with pytest.raises(SentryError, match="nothing to reset"):
        limits.ledger_of(advice, "reset")


@pytest.mark.parametrize(
    ("unit", "value", "text"),
    [
        ("tokens", 1, "1 token"),
        ("input_tokens", 1234, "1,234 input tokens"),
        ("requests", 0, "0 requests"),
        ("nano_usd", 0, "$0.00"),
        ("nano_usd", 25 * 10**9, "$25.00"),
        ("nano_usd", 10_945_000, "$0.0109"),
        ("nano_usd", 1, "<$0.000001"),
        ("nano_usd", -2 * 10**9, "-$2.00"),
    ],
)
def test_amounts_are_said_with_their_unit_and_few_digits(unit: str, value: int, text: str) -> None:
    assert quantity(unit, value) == text
    assert figure(unit, value) == text.split(" ")[0]


def test_parts_of_the_tokens_are_not_said_twice() -> None:
    assert quantities(CALL) == "120 tokens, 1 request, $0.0100"
    assert quantities(Amounts()) == "nothing"
