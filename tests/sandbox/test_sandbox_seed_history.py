"""A long seed: a year with a story, small, fast, the same every time."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from sandbox_ce_world import DAY, NOVA, NOW, World, day

from costsentry_cli.domain.catalog import load
from costsentry_cli.sandbox.seed import LONG, seed
from costsentry_cli.sandbox.seed_history import make_profile
from costsentry_cli.sandbox.services.ce_anomalies_detector import anomalous_days
from costsentry_cli.sandbox.store import Store

START = day("2025-10-01", 0)
DAYS = (NOW.replace(hour=0) - START).days
CHANGED = (START + (NOW - START) / 2).timestamp()


@pytest.fixture(scope="module")
def year(tmp_path_factory):
    """Thirteen months and the current one, in an empty sandbox; two days later, when billing knows it all."""
    world = World(tmp_path_factory.mktemp("year"))
    world.report = seed(world.store, NOW, days=DAYS)
    world.now = NOW + 2 * DAY
    return world


def rows(store, where="1", what="*"):
    return [dict(row) for row in store.db.execute(f"SELECT {what} FROM calls WHERE {where} ORDER BY id")]


def billed(world, *groups, **asked):
    asked = {"Granularity": "MONTHLY", "GroupBy": list(groups)} | asked
    return world.costs("2025-10-01", "2026-11-26", **asked)


def test_a_long_seed_is_the_same_every_time(year, tmp_path):
    other = Store(tmp_path / "other.db")
    assert seed(other, NOW, days=DAYS) == year.report
    query = "SELECT * FROM {} ORDER BY rowid"
    for table in ("calls", "datapoints", "profiles", "cost_tag_spans"):
        ours, theirs = (list(map(tuple, store.db.execute(query.format(table)))) for store in (year.store, other))
        assert ours == theirs != []


def test_it_starts_with_a_month_and_stays_small(year):
    assert year.report.start == START
    assert rows(year.store, what="min(at) AS at")[0]["at"] < (START + DAY).timestamp()
    with year.store.transaction() as db:
        pages = db.execute("PRAGMA page_count").fetchone()[0] * db.execute("PRAGMA page_size").fetchone()[0]
    assert pages < 25_000_000
    assert 15_000 < year.report.calls < 30_000


def test_every_dollar_of_it_is_on_the_bill(year):
    by_team = billed(year, {"Type": "TAG", "Key": "costCenter"}, {"Type": "DIMENSION", "Key": "SERVICE"})
    assert sum(by_team.values()) == sum(billed(year).values()) == year.report.usd


def test_several_teams_and_applications_share_the_bill(year):
    last = {"Start": "2026-10-01", "End": "2026-11-01"}
    assert year.ask("GetTags", TimePeriod=last, TagKey="costCenter")["Tags"] == [
        "",
        "legal",
        "sales",
        "services",
        "support",
    ]
    applications = year.ask("GetTags", TimePeriod=last, TagKey="applicationId")["Tags"]
    assert applications == ["", "aws-documentation-helper", "contract-search", "ticket-triage"]
    assert (year.report.created, len(year.report.profiles)) == (6, 6)


def test_the_busiest_teams_model_changes_in_the_middle_with_a_new_profile(year):
    sales = rows(year.store, "tags LIKE '%sales%'")
    before, after = ({call["model_id"] for call in sales if test(call["at"])} for test in _halves())
    assert before == {"us.anthropic.claude-sonnet-4-5-20250929-v1:0"}
    assert after == {"us.anthropic.claude-haiku-4-5-20251001-v1:0"}
    profiles = year.store.db.execute("SELECT * FROM profiles WHERE name = 'aws-docs-sales-prod'").fetchall()
    assert sorted(profile["deleted"] is None for profile in profiles) == [False, True]
    assert {profile["arn"] for profile in profiles} == {call["profile_arn"] for call in sales}


def _halves():
    return (lambda at: at < CHANGED - 86_400), (lambda at: at > CHANGED + 86_400)


def test_two_leaks_pass_the_profiles_by(year):
    leaked = Counter(call["requested"] for call in rows(year.store, "profile_arn IS NULL"))
    assert set(leaked) == {"amazon.nova-pro-v1:0", "us.anthropic.claude-haiku-4-5-20251001-v1:0"}
    assert {call["tags"] for call in rows(year.store, "profile_arn IS NULL")} == {"{}"}


def test_one_tag_key_counts_only_from_late_on(year):
    listed = {tag["TagKey"]: tag["LastUpdatedDate"] for tag in year.ask("ListCostAllocationTags")["CostAllocationTags"]}
    assert listed["applicationId"][:10] == listed["costCenter"][:10] == "2025-10-02"
    assert "2026-06-01" < listed["environment"][:10] < "2026-07-01"
    months = {start for start, key in billed(year, {"Type": "TAG", "Key": "environment"}) if key.endswith("production")}
    assert min(months) == "2026-06-01"


def test_the_workload_has_weeks_grows_and_spikes_once(year):
    per_day = Counter(f"{datetime.fromtimestamp(call['at'], UTC):%Y-%m-%d}" for call in rows(year.store, what="at"))
    weekend = sum(count for date, count in per_day.items() if datetime.fromisoformat(date).weekday() >= 5)
    assert 0 < weekend < 0.15 * sum(per_day.values())
    by_month: defaultdict[str, int] = defaultdict(int)
    for date, count in per_day.items():
        by_month[date[:7]] += count
    assert by_month["2026-10"] > 1.5 * by_month["2025-10"]
    ((spike, most), (_, second)) = per_day.most_common(2)
    assert spike.startswith("2026-07")
    assert most > 1.8 * second
    costs = {_number(start): cost for (start,), cost in billed(year, Granularity="DAILY").items()}
    assert _number(spike) in {found.number for found in anomalous_days(costs, max(costs))}


def _number(date):
    return int(day(date).timestamp() // 86_400)


def test_calls_fail_now_and_then_and_are_throttled_on_the_day_of_the_spike(year):
    outcomes = Counter(call["outcome"] for call in rows(year.store))
    assert set(outcomes) == {"ok", "throttled", "client-error", "server-error"}
    throttled = Counter(
        f"{datetime.fromtimestamp(call['at'], UTC):%Y-%m-%d}" for call in rows(year.store, "outcome = 'throttled'")
    )
    (spike, most), (_, second) = throttled.most_common(2)
    assert spike.startswith("2026-07")
    assert most > 3 * second


def test_every_call_costs_what_the_catalogue_says(year):
    prices = {}
    for call in rows(year.store, "outcome = 'ok'"):
        place = (call["model_id"], call["region"])
        price = prices.setdefault(place, load().price(load().resolve(place[0]), place[1]))
        for kind, cost in json.loads(call["costs"]).items():
            assert Decimal(cost) == call[f"{kind}_tokens"] * getattr(price, kind)


def test_metered_figures_are_those_of_the_profiles_calls_since_the_change(year):
    metrics = year.store.db.execute(
        "SELECT name, sum(total) AS total, sum(count) AS count FROM datapoints WHERE namespace = 'GenAIRateLimiting'"
        " GROUP BY name"
    )
    totals = {row["name"]: row["total"] for row in metrics}
    calls = rows(year.store, f"profile_arn IS NOT NULL AND at >= {CHANGED}")
    ok = [call for call in calls if call["outcome"] == "ok"]
    throttled = sum(call["outcome"] == "throttled" for call in calls)
    assert totals == {
        "TotalRequests": len(calls),
        "RateLimitApproved": len(calls) - throttled,
        "RateLimitDenied": throttled,
        "InvocationFailed": len(calls) - throttled - len(ok),
        "InputTokens": sum(
            call["input_tokens"] + call["cache_read_tokens"] + call["cache_write_5m_tokens"] for call in ok
        ),
        "OutputTokens": sum(call["output_tokens"] for call in ok),
    }


def test_metered_figures_are_hourly_for_two_weeks_and_daily_before(year):
    at = [row["at"] for row in year.store.db.execute("SELECT DISTINCT at FROM datapoints")]
    recent = (NOW - timedelta(days=16)).timestamp()
    assert {moment % 86_400 for moment in at if moment < recent} == {43_200}
    assert len({moment % 86_400 for moment in at if moment > recent}) > 12


def test_existing_profiles_get_the_story_with_their_own_tags(tmp_path):
    world = World(tmp_path)
    source = f"arn:aws:bedrock:eu-central-1::foundation-model/{NOVA}"
    params = {"inferenceProfileName": "docs", "modelSource": {"copyFrom": source}}
    tags = [{"key": "costCenter", "value": "sales"}, {"key": "team", "value": "docs"}]
    with world.store.transaction():
        arn = make_profile(world.store, {**params, "tags": tags}, "eu-central-1", "123456789012", NOW)
    report = seed(world.store, NOW, days=LONG)
    assert (report.created, report.profiles) == (0, (arn,))
    tagged = rows(world.store, "profile_arn IS NOT NULL")
    assert {call["model_id"] for call in tagged} == {"eu.anthropic.claude-sonnet-4-5-20250929-v1:0", NOVA}
    assert {call["tags"] for call in tagged} == {'{"costCenter": "sales", "team": "docs"}'}


def test_a_sandbox_with_unique_names_keeps_its_profile_all_along(tmp_path):
    world = World(tmp_path)
    world.set("unique_names", "1")
    report = seed(world.store, NOW, days=LONG)
    assert {call["profile_arn"] for call in rows(world.store, "profile_arn IS NOT NULL")} == set(report.profiles)


def test_a_short_seed_has_none_of_this(tmp_path):
    world = World(tmp_path)
    report = seed(world.store, NOW, days=LONG - 1)
    assert report.created == 3
    assert world.store.db.execute("SELECT count(*) FROM datapoints").fetchone()[0] == 0
    assert {call["requested"] for call in rows(world.store, "profile_arn IS NULL")} == {"amazon.nova-pro-v1:0"}
