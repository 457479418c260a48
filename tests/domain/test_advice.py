"""CloudWatch's advice: what its metrics add up to in a window, compared with the worst case of a call. No bound."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from costsentry_cli.cli.context import Context
from costsentry_cli.domain import catalog
from costsentry_cli.domain.calls import ApiCall
from costsentry_cli.domain.catalog import Tokens
from costsentry_cli.domain.errors import SentryError
from costsentry_cli.domain.ledger.counters import NANOS, Amounts, Ceiling
from costsentry_cli.domain.ledger.outcomes import Admission, Refusal
from costsentry_cli.domain.ledger.rules import Rule
from costsentry_cli.domain.ledger.windows import window_at
from costsentry_cli.domain.manifest.types import OnLedgerError, Per
from costsentry_cli.domain.meter import Caller, Ending, metrics_call
from costsentry_cli.domain.metering.advice import QUERIES_PER_CALL, CloudWatchAdvice
from costsentry_cli.sandbox import FaultRule, Sandbox
from fakes import HAIKU, LITE, NOON, FakeCloud, FrozenClock

REGION = "us-east-1"
WORST = Amounts(100, 60, 40, 1, 300)
MIDDLE = NOON + timedelta(minutes=30)


def caller(
    model: str = HAIKU, cost_center: str = "sales", application: str = "app", environment: str = "prod"
) -> Caller:
    return Caller(model, f"id-{cost_center}-{model[:4]}", cost_center, application, environment)


def rule(ceiling: Ceiling, per: Per = "hour", on_error: OnLedgerError = "deny", **match: str) -> Rule:
    return Rule(f"{match}/{per}", match, per, ceiling, on_ledger_error=on_error)


def put(context: Context, who: Caller, tokens: Tokens, at: datetime, ending: Ending = Ending.SUCCEEDED) -> None:
    context.cloud.call(metrics_call(who, ending, tokens, at, REGION))


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock(MIDDLE)


@pytest.fixture
def advice(context: Context, clock: FrozenClock) -> CloudWatchAdvice:
    return CloudWatchAdvice(context.cloud, REGION, clock)


def used(advice: CloudWatchAdvice, per: Per = "hour", **match: str) -> Amounts:
    return advice.used(rule(Ceiling(), per, **match), window_at(per, advice.clock()))


def test_tokens_requests_and_dollars_of_the_window_are_added_up(context: Context, advice: CloudWatchAdvice) -> None:
    for minute in (1, 1, 20):
        put(context, caller(), Tokens(input=1000, output=200), NOON + timedelta(minutes=minute))
    money = 3 * (1000 * Decimal("0.0000011") + 200 * Decimal("0.0000055"))
    assert used(advice, costCenter="sales") == Amounts(3600, 3000, 600, 3, int(money * NANOS))


@pytest.mark.parametrize(
    ("match", "tokens"),
    [
        ({}, 1111),
        ({"costCenter": "sales"}, 1110),
        ({"costCenter": "sales", "model": HAIKU}, 110),
        ({"model": LITE}, 1000),
        ({"environment": "test"}, 10),
        ({"applicationId": "app", "environment": "prod"}, 1101),
        ({"costCenter": "nobody"}, 0),
    ],
)
def test_exactly_the_calls_a_rule_matches_are_counted(
    context: Context, advice: CloudWatchAdvice, match: dict[str, str], tokens: int
) -> None:
    put(context, caller(cost_center="support"), Tokens(input=1), NOON)
    put(context, caller(environment="test"), Tokens(input=10), NOON)
    put(context, caller(), Tokens(input=100), NOON)
    put(context, caller(model=LITE), Tokens(input=1000), NOON)
    assert used(advice, **match).tokens == tokens


@pytest.mark.parametrize(("per", "tokens"), [("minute", 1), ("hour", 11), ("day", 111), ("month", 1111)])
def test_only_what_lies_in_the_window_is_counted(
    context: Context, advice: CloudWatchAdvice, per: Per, tokens: int
) -> None:
    ago = {1: timedelta(0), 10: timedelta(minutes=20), 100: timedelta(hours=2), 1000: timedelta(days=5)}
    for number, back in ago.items():
        put(context, caller(), Tokens(input=number), MIDDLE - back)
    assert used(advice, per, costCenter="sales").tokens == tokens


def test_a_denied_call_is_no_request_and_a_failed_one_is(context: Context, advice: CloudWatchAdvice) -> None:
    for ending in Ending:
        put(context, caller(), Tokens(input=5), NOON, ending)
    assert used(advice).requests == 2


def test_the_bound_itself_is_allowed_and_one_more_is_not(context: Context, advice: CloudWatchAdvice) -> None:
    put(context, caller(), Tokens(input=900), NOON)
    assert isinstance(advice.admit([rule(Ceiling(tokens=1000))], WORST), Admission)
    refused = advice.admit([rule(Ceiling(tokens=999))], WORST)
    assert isinstance(refused, Refusal)
    assert (refused.reason, refused.short) == ("room", ("tokens",))
    assert refused.standing is not None
    assert refused.standing.remaining == {"tokens": 99}


@pytest.mark.parametrize(
    ("ceiling", "short"),
    [(Ceiling(requests=1), "requests"), (Ceiling(nano_usd=1_100_299), "nano_usd"), (Ceiling(output_tokens=39), "out")],
)
def test_every_unit_denies(context: Context, advice: CloudWatchAdvice, ceiling: Ceiling, short: str) -> None:
    put(context, caller(), Tokens(input=1000), NOON)
    refused = advice.admit([rule(ceiling)], WORST)
    assert isinstance(refused, Refusal)
    assert refused.short[0].startswith(short)


def test_two_clients_with_one_reading_both_pass_though_there_is_room_for_one(
    context: Context, advice: CloudWatchAdvice
) -> None:
    put(context, caller(), Tokens(input=900), NOON)
    limit = rule(Ceiling(tokens=1000))
    both = [CloudWatchAdvice(context.cloud, REGION, advice.clock).admit([limit], WORST) for _ in range(2)]
    assert all(isinstance(one, Admission) for one in both)
    for one in both:
        assert isinstance(one, Admission)
        advice.settle(one, WORST)
        put(context, caller(), Tokens(input=60, output=40), MIDDLE)
    assert used(advice).tokens == 1100
    assert isinstance(advice.admit([limit], WORST), Refusal)


def test_what_cloudwatch_shows_late_is_not_seen(context: Context, sandbox: Sandbox, advice: CloudWatchAdvice) -> None:
    sandbox.configure("metric_lag_seconds", "300")
    put(context, caller(), Tokens(input=5000), MIDDLE)
    assert isinstance(advice.admit([rule(Ceiling(tokens=1000))], WORST), Admission)


@pytest.mark.parametrize("operation", ["ListMetrics", "GetMetricData"])
def test_a_failing_cloudwatch_denies_or_lets_pass_as_the_limit_says(
    context: Context, sandbox: Sandbox, advice: CloudWatchAdvice, operation: str
) -> None:
    put(context, caller(), Tokens(input=10), NOON)
    sandbox.add_fault(FaultRule("cloudwatch", operation, "error:AccessDenied:403", times=None))
    refused = advice.admit([rule(Ceiling(tokens=1000))], WORST)
    assert isinstance(refused, Refusal)
    assert (refused.reason, refused.error and refused.error.code) == ("ledger", "CS0403")
    passed = advice.admit([rule(Ceiling(tokens=1000), on_error="allow")], WORST)
    assert isinstance(passed, Admission)
    assert [one.error.code for one in passed.unmetered] == ["CS0403"]
    assert advice.settle(passed, WORST).unsettled == ()


def test_a_limit_that_only_observes_never_denies(context: Context, advice: CloudWatchAdvice) -> None:
    put(context, caller(), Tokens(input=5000), NOON)
    watching = Rule("w", {}, "hour", Ceiling(tokens=1), enforced=False)
    passed = advice.admit([watching], WORST)
    assert isinstance(passed, Admission)
    assert [standing.rule for standing in passed.observed_over] == [watching]


def test_a_dollar_limit_refuses_a_call_whose_price_is_unknown(advice: CloudWatchAdvice) -> None:
    refused = advice.admit([rule(Ceiling(nano_usd=10**12))], WORST, priced=False)
    assert isinstance(refused, Refusal)
    assert refused.reason == "price"
    assert isinstance(advice.admit([rule(Ceiling(tokens=10**9))], WORST, priced=False), Admission)


def test_a_model_without_a_price_adds_tokens_and_no_dollars(context: Context, advice: CloudWatchAdvice) -> None:
    put(context, caller(model="made.up-v1:0"), Tokens(input=10), NOON)
    assert catalog.load().resolve("made.up-v1:0") is None
    assert used(advice) == Amounts(10, 10, 0, 1, 0)


def test_standings_say_where_each_limit_is(context: Context, advice: CloudWatchAdvice) -> None:
    put(context, caller(), Tokens(input=900), NOON)
    (standing,) = advice.standings([rule(Ceiling(tokens=1000), costCenter="sales")])
    assert (standing.remaining, standing.count.held.tokens) == ({"tokens": 100}, 0)


def test_settling_says_where_the_windows_stand_once_the_call_is_counted(
    context: Context, advice: CloudWatchAdvice
) -> None:
    put(context, caller(), Tokens(input=500), NOON)
    passed = advice.admit([rule(Ceiling(tokens=1000))], WORST)
    assert isinstance(passed, Admission)
    ((_, settled),) = advice.settle(passed, Amounts(30, 20, 10, 1, 90)).settled
    assert settled.count is not None
    assert settled.count.settled.tokens == 530


def test_more_series_than_one_request_takes_are_read_in_several() -> None:
    series = [
        {
            "Namespace": "GenAIRateLimiting",
            "MetricName": "InputTokens",
            "Dimensions": [{"Name": "Model", "Value": f"m{n}"}],
        }
        for n in range(QUERIES_PER_CALL + 1)
    ]

    def data(call: ApiCall) -> dict[str, Any]:
        queries = call.params["MetricDataQueries"]
        return {"MetricDataResults": [{"Id": query["Id"], "Values": [2.0, 1.0]} for query in queries]}

    cloud = FakeCloud({"ListMetrics": {"Metrics": series}, "GetMetricData": data})
    assert used(CloudWatchAdvice(cloud, REGION, FrozenClock())).input_tokens == 3 * len(series)
    assert cloud.operations() == ["ListMetrics", "GetMetricData", "GetMetricData"]


def test_an_error_of_the_clouds_own_is_raised_by_used(
    context: Context, sandbox: Sandbox, advice: CloudWatchAdvice
) -> None:
    sandbox.add_fault(FaultRule("cloudwatch", "ListMetrics", "error:AccessDenied:403"))
    with pytest.raises(SentryError):
        used(advice)
