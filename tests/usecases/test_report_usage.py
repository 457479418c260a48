"""``report usage`` against a sandbox: who is counted, what had no data, what is gone, and both ways to metered sums."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from costsentry_cli.cli.context import Context
from costsentry_cli.domain.calls import ApiCall
from costsentry_cli.domain.catalog import Tokens
from costsentry_cli.domain.kind import Scope
from costsentry_cli.domain.kinds.inference_profile import PAGE
from costsentry_cli.domain.meter import Caller, Ending, metrics_call
from costsentry_cli.domain.references import profile_id
from costsentry_cli.domain.reports.callers import GroupBy
from costsentry_cli.domain.reports.moments import Cut, last
from costsentry_cli.domain.resource import KEY_TAG, NAMESPACE_TAG, SPEC_TAG
from costsentry_cli.domain.table import Table
from costsentry_cli.sandbox import Sandbox
from costsentry_cli.usecases import report_usage
from costsentry_cli.usecases.report_usage import Question, Source
from fakes import ACCOUNT, HAIKU, LITE, FakeCloud, FrozenClock, arn, summary, tag_list
from foreign import called, made

TAGS = {"costCenter": "sales", "applicationId": "docs", "environment": "prod"}
OURS = {NAMESPACE_TAG: "docs", KEY_TAG: "docs-sales", SPEC_TAG: f"v1:{HAIKU}"}


class Desk:
    """A sandbox, its clock, and questions put to it."""

    def __init__(self, context: Context, clock: FrozenClock) -> None:
        self.context = context
        self.clock = clock

    def report(
        self,
        group_by: str = GroupBy.PROFILE,
        span: str = "3h",
        source: Source = Source.BEDROCK,
        cut: Cut = Cut.TOTAL,
        events: Any = (),
        *,
        search: bool = True,
    ) -> Table:
        question = Question(tuple(group_by.split(",")), last(span, cut, self.clock()), self.clock(), search)
        scopes = [Scope(ACCOUNT, "us-east-1", "")]
        return report_usage.report({ACCOUNT: self.context.cloud}, scopes, question, source, events)

    def direct(self, model: str, times: int = 1) -> None:
        for _ in range(times):
            called(self.context, model)

    def metered(self, caller: Caller, ending: Ending = Ending.SUCCEEDED, tokens: int = 1000) -> None:
        call = metrics_call(caller, ending, Tokens(input=tokens, output=tokens // 10), self.clock(), "us-east-1")
        self.context.cloud.call(call)

    def delete(self, arn: str) -> None:
        self.context.cloud.call(ApiCall("bedrock", "DeleteInferenceProfile", {"inferenceProfileIdentifier": arn}))


@pytest.fixture
def desk(context: Context, clock: FrozenClock) -> Desk:
    return Desk(context, clock)


def rows(table: Table) -> list[dict[str, Any]]:
    keys = [column.key for column in table.columns]
    return [dict(zip(keys, row, strict=True)) for row in table.rows]


def by_name(table: Table, name: str) -> dict[Any, Any]:
    return {row[table.columns[0].key]: row[name] for row in rows(table)}


def test_profiles_have_their_names_and_direct_calls_a_row_of_their_own(desk: Desk) -> None:
    sales = made(desk.context, "docs-sales", tags=TAGS)
    made(desk.context, "docs-idle", tags=TAGS)
    desk.direct(sales, 3)
    desk.direct(LITE, 2)
    table = desk.report()
    assert by_name(table, "requests") == {"docs-sales": 3, "docs-idle": None, None: 2}
    assert by_name(table, "id")["docs-sales"] == profile_id(sales)
    assert table.total is not None
    assert table.total[:3] == ("Total", "", 5)


def test_what_had_no_data_is_not_known_and_not_zero(desk: Desk) -> None:
    desk.direct(made(desk.context, "docs-sales", tags=TAGS))
    (row,) = rows(desk.report())
    unknown = {key for key, value in row.items() if value is None}
    assert unknown == {"cache_read_tokens", "cache_write_tokens", "throttles", "client_errors", "server_errors"}
    assert row["latency_avg_ms"] == row["latency_p95_ms"] > 0


def test_the_cost_is_that_of_the_tokens_that_were_measured(desk: Desk) -> None:
    desk.direct(made(desk.context, "docs-sales", tags=TAGS), 2)
    (row,) = rows(desk.report(GroupBy.COST_CENTER))
    price = Decimal("0.0000011") * row["input_tokens"] + Decimal("0.0000055") * row["output_tokens"]
    assert row["estimated_cost_usd"] == price


@pytest.mark.parametrize(
    ("group_by", "value"),
    [(GroupBy.MODEL, HAIKU.removeprefix("us.")), (GroupBy.COST_CENTER, "sales"), (GroupBy.ENVIRONMENT, "prod")],
)
def test_the_total_is_the_same_whatever_it_is_added_up_by(desk: Desk, group_by: GroupBy, value: str) -> None:
    desk.direct(made(desk.context, "docs-sales", tags=TAGS), 2)
    desk.direct(LITE)
    table = desk.report(group_by)
    assert by_name(table, "requests")[value] == 2
    assert table.total is not None
    assert table.total[-1] == sum(row["estimated_cost_usd"] for row in rows(table))


def test_any_tag_of_a_profile_groups_its_calls_measured_and_metered(desk: Desk) -> None:
    profile = made(desk.context, "docs-sales", tags=TAGS | OURS | {"team": "red"})
    desk.direct(profile, 2)
    desk.direct(LITE)
    desk.metered(Caller(HAIKU, profile_id(profile), "sales", "docs", "prod"))
    assert by_name(desk.report("team"), "requests") == {"red": 2, None: 1}
    assert by_name(desk.report("team", source=Source.METERED), "requests") == {"red": 1}
    account, region = rows(desk.report("account,region"))[0].values(), rows(desk.report("region"))[0]["region"]
    assert (next(iter(account)), region) == (ACCOUNT, "us-east-1")


def test_a_deleted_profile_is_named_by_its_metered_calls_or_by_its_record(desk: Desk) -> None:
    gone = made(desk.context, "docs-sales", tags=TAGS)
    desk.direct(gone, 2)
    desk.delete(gone)
    assert by_name(desk.report(), "requests") == {profile_id(gone): 2}
    assert by_name(desk.report(GroupBy.COST_CENTER), "requests") == {None: 2}
    desk.metered(Caller(HAIKU, profile_id(gone), "sales", "docs", "prod"))
    assert by_name(desk.report(), "requests") == {"(deleted) sales haiku": 2}
    assert by_name(desk.report(GroupBy.COST_CENTER), "requests") == {"sales": 2}
    event = {"costsentry.model_metric": profile_id(gone), "costsentry.profile.name": "docs-sales"}
    assert by_name(desk.report(events=[event]), "requests") == {"(deleted) docs-sales": 2}


def test_calls_of_more_than_two_weeks_ago_are_still_found(desk: Desk) -> None:
    kept = made(desk.context, "docs-sales", tags=TAGS)
    gone = made(desk.context, "docs-support", tags=TAGS)
    for one in (kept, gone, LITE):
        desk.direct(one)
    desk.delete(gone)
    desk.clock.move(timedelta(days=70))
    assert desk.context.cloud.call(ApiCall("cloudwatch", "ListMetrics"))["Metrics"] == []
    table = desk.report(span="90d")
    assert by_name(table, "requests") == {"docs-sales": 1, None: 1}
    assert any("nothing idle since 2027-01-18" in note and "--audit-file" in note for note in table.notes)
    event = {"costsentry.model_metric": profile_id(gone), "costsentry.profile.name": "docs-support"}
    assert by_name(desk.report(span="90d", events=[event]), "requests")["(deleted) docs-support"] == 1
    assert desk.report(span="3h").notes == (
        "CloudWatch has no data of this time; it shows calls about 5 minutes late.",
    )


def test_rows_of_days_and_hours_add_up_to_the_total(desk: Desk) -> None:
    sales = made(desk.context, "docs-sales", tags=TAGS)
    made(desk.context, "docs-idle", tags=TAGS)
    for _ in range(3):
        desk.direct(sales)
        desk.clock.move(timedelta(hours=20))
    whole = desk.report(span="4d").total
    days, hours = desk.report(span="4d", cut=Cut.DAILY), desk.report(span="4d", cut=Cut.HOURLY)
    assert whole is not None
    assert days.total is not None
    assert whole[2] == days.total[3] == sum(row["requests"] for row in rows(hours)) == 3
    assert [f"{row['period']}" for row in rows(days)] == ["2026-11-23", "2026-11-24", "2026-11-25"]
    assert days.total[:3] == ("Total", "", "")
    assert rows(hours)[0]["period"] == datetime(2026, 11, 23, 12, tzinfo=UTC)


CALLERS = [
    Caller(HAIKU, "id1", "sales", "docs", "prod"),
    Caller(HAIKU, "id2", "sales", "chat", "prod"),
    Caller(LITE, "id3", "sales", "docs", "test"),
    Caller(LITE, "id4", 'o\'neil ("x")', "docs"),
    Caller(LITE, LITE),
]


@pytest.fixture
def counted(desk: Desk) -> Desk:
    for number, caller in enumerate(CALLERS, 1):
        for _ in range(number):
            desk.metered(caller, tokens=100 * number)
        desk.metered(caller, Ending.DENIED)
    desk.metered(CALLERS[0], Ending.FAILED)
    return desk


def test_metered_calls_have_their_rates_of_approval_and_denial(counted: Desk) -> None:
    table = counted.report(GroupBy.COST_CENTER, source=Source.METERED)
    assert by_name(table, "requests") == {"sales": 10, 'o\'neil ("x")': 5, None: 6}
    sales = rows(table)[0]
    assert (sales["approved"], sales["denied"], sales["failed"]) == (7, 3, 1)
    assert (sales["approved_share"], sales["denied_share"]) == (Decimal("0.7"), Decimal("0.3"))
    assert sales["input_tokens"] == 100 + 2 * 200 + 3 * 300
    haiku, lite = Decimal("0.0000011"), Decimal("0.00000006")
    assert sales["estimated_cost_usd"] == (haiku + haiku / 2) * 500 + (lite + lite * 4 / 10) * 900


@pytest.mark.parametrize("group_by", [*GroupBy, "costCenter,model", "environment,profile", "region,costCenter", "team"])
def test_metric_math_over_searches_and_metrics_by_name_agree(counted: Desk, group_by: str) -> None:
    found = counted.report(group_by, source=Source.METERED)
    named = counted.report(group_by, source=Source.METERED, search=False)
    assert (found.rows, found.total) == (named.rows, named.total)
    assert found.total is not None
    assert found.facts is not None
    assert found.facts["paid_metrics"] == 6 * len(CALLERS)


def test_searches_are_what_is_asked_within_two_weeks(counted: Desk) -> None:
    asked: list[ApiCall] = []
    cloud = counted.context.cloud

    class Heard:
        """The same cloud, overheard."""

        def __getattr__(self, name: str) -> Any:
            return getattr(cloud, name)

        def pages(self, call: ApiCall) -> Any:
            asked.append(call)
            return cloud.pages(call)

    question = Question((GroupBy.COST_CENTER,), last("3h", Cut.TOTAL, counted.clock()), counted.clock())
    heard: Any = Heard()
    report_usage.report({ACCOUNT: heard}, [Scope(ACCOUNT, "us-east-1", "")], question, Source.METERED)
    queries = [query for call in asked for query in call.params.get("MetricDataQueries", ())]
    assert sum("SUM(SEARCH('{GenAIRateLimiting," in query.get("Expression", "") for query in queries) == 2 * 6
    assert sum("MetricStat" in query for query in queries) == 2 * 6


def test_metered_calls_of_long_ago_are_found_through_profiles_and_records(desk: Desk) -> None:
    kept = made(desk.context, "docs-sales", tags=TAGS | OURS)
    desk.metered(Caller(HAIKU, profile_id(kept), "sales", "docs", "prod"))
    desk.metered(Caller(LITE, "gone1", "support"))
    desk.clock.move(timedelta(days=30))
    assert by_name(desk.report(GroupBy.COST_CENTER, "60d", Source.METERED), "requests") == {"sales": 1}
    event = {
        "costsentry.model_metric": "gone1", "costsentry.profile.name": "old", "gen_ai.request.model": LITE,
        "costsentry.costCenter": "support",
    }  # fmt: skip
    table = desk.report(GroupBy.PROFILE, "60d", Source.METERED, events=[event])
    assert by_name(table, "requests") == {"docs-sales": 1, "(deleted) old": 1}


def test_the_facts_tell_source_kind_and_what_asking_cost(desk: Desk) -> None:
    desk.direct(made(desk.context, "docs-sales", tags=TAGS))
    facts = desk.report().facts
    assert facts is not None
    assert (facts["source"], facts["kind"], facts["cost"]["kind"]) == (
        "CloudWatch AWS/Bedrock",
        "measured",
        "estimated",
    )
    assert (facts["paid_metrics"], facts["paid_metrics_usd"]) == (11, "0.00011")
    assert facts["through"] == "2026-11-23T12:00:00Z"


def test_five_hundred_profiles_are_asked_for_in_eleven_requests(clock: FrozenClock) -> None:
    cloud = FakeCloud(
        {
            "ListInferenceProfiles": {"inferenceProfileSummaries": [summary(f"p{n}", n) for n in range(500)]},
            "ListTagsForResource": tag_list(TAGS),
            "ListMetrics": {"Metrics": []},
            "GetMetricData": {"MetricDataResults": []},
        }
    )
    question = Question((GroupBy.PROFILE,), last("24h", Cut.TOTAL, clock()), clock())
    table = report_usage.report({ACCOUNT: cloud}, [Scope(ACCOUNT, "us-east-1", "")], question, Source.BEDROCK)
    assert cloud.operations().count("GetMetricData") == 11
    assert len(table.rows) == 500 < PAGE
    assert profile_id(arn(7)) in {row["id"] for row in rows(table)}


def test_regions_are_added_up(sandbox: Sandbox, desk: Desk) -> None:
    desk.direct(LITE)
    desk.context.cloud.call(
        ApiCall(
            "bedrock-runtime", "Converse",
            {"modelId": LITE, "messages": [{"role": "user", "content": [{"text": "Hi"}]}]}, "us-west-2", paid=True,
        )
    )  # fmt: skip
    question = Question((GroupBy.MODEL,), last("3h", Cut.TOTAL, desk.clock()), desk.clock())
    scopes = [Scope(ACCOUNT, region, "") for region in ("us-east-1", "us-west-2")]
    table = report_usage.report({ACCOUNT: desk.context.cloud}, scopes, question, Source.BEDROCK)
    assert by_name(table, "requests") == {LITE: 2}
    assert sandbox.now() == desk.clock()
