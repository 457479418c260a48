"""Budgets as AWS tells of them: how each stands, what none counts, and what asking costs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from budget_answers import HAIKU_SERVICE, budget, budgets_script, costs, notification
from costsentry_cli.domain.errors import INTERRUPTED, SentryError
from costsentry_cli.domain.kind import Scope
from costsentry_cli.domain.table import Table
from costsentry_cli.render.budget_status import for_people
from costsentry_cli.render.screen import as_screen
from costsentry_cli.usecases import budget_lint, budgets
from fakes import ACCOUNT, NOON, FakeCloud

SCOPE = Scope(ACCOUNT, "global", "docs-helper")
THREE = (
    budget("bedrock-sales", "500", "412.88", "538.60"),
    budget("bedrock-support", "400", "201.10", "262.30"),
    budget("bedrock-services", "90", "96.02", "125.20"),
)
ALERTS = {
    "bedrock-sales": [notification("ACTUAL", 80.0, raised=True), notification("FORECASTED", 100.0)],
    "bedrock-services": [notification("ACTUAL", 80.0, raised=True)],
}
MONTH = costs(
    [
        ("2026-11-01", "sales", HAIKU_SERVICE, "412.88"),
        ("2026-11-01", "", "Amazon Bedrock", "38.41"),
        ("2026-11-01", "research", "Amazon Bedrock", "7"),
        ("2026-11-01", "games", "Amazon Elastic Compute Cloud - Compute", "900"),
    ]
)


def world(*found: Mapping[str, Any], **more: Any) -> FakeCloud:
    return FakeCloud(budgets_script(found, **more) | {"GetCostAndUsage": MONTH})


def rows(table: Table) -> dict[str, dict[str, Any]]:
    keys = [column.key for column in table.columns]
    return {str(row[0]): dict(zip(keys, row, strict=True)) for row in table.rows}


def stand(cloud: FakeCloud, **more: Any) -> budgets.Account:
    asked = {"everybody": False, "with_cost": False} | more
    return budgets.status(cloud, SCOPE, NOON, **asked)


def paid(account: budgets.Account) -> object:
    return (account.table.facts or {})["paid_requests"]


def screen(cloud: FakeCloud, width: int, *, ascii_only: bool = False) -> str:
    table = for_people(stand(cloud, with_cost=True).table, ascii_only=ascii_only)
    return as_screen(table, width=width, ascii_only=ascii_only)


def test_the_screen_at_120_columns() -> None:
    assert screen(world(*THREE, notifications=ALERTS), 120) == (
        "Budgets, month to date: 1-23 Nov (77 % of the month gone)\n"
        "\n"
        "Budget                  Limit   Actual  Forecast                         Share  State\n"
        "bedrock-sales         $500.00  $412.88   $538.60  ███████████████|▌···   82.6%  ! forecast over by $38.60\n"
        "bedrock-services       $90.00   $96.02   $125.20  ███████████████|████  106.7%  ✗ exceeded by $6.02\n"
        "bedrock-support       $400.00  $201.10   $262.30  ██████████·····|····   50.3%  ✓ on track\n"
        "(untagged)                  -   $38.41         -                                ! untagged: no costCenter\n"
        "(no budget) research        -    $7.00         -                                ! no budget\n"
        "\n"
        "alerts: 2 raised -> finops@example.com\n"
        "figures: AWS Budgets, up to a day behind   CI gate: --fail-on exceeded|forecast\n"
    )


def test_the_screen_at_80_columns_has_no_bar() -> None:
    assert screen(world(*THREE), 80).splitlines()[2:5] == [
        "Budget                  Limit   Actual   Share  State",
        "bedrock-sales         $500.00  $412.88   82.6%  ! forecast over by $38.60",
        "bedrock-services       $90.00   $96.02  106.7%  ✗ exceeded by $6.02",
    ]


def test_the_screen_at_60_columns_without_unicode_cuts_nothing() -> None:
    shown = screen(world(*THREE), 60, ascii_only=True)
    assert shown.isascii()
    assert shown.splitlines()[2:10] == [
        "Budget                  Limit   Actual  State",
        "bedrock-sales         $500.00  $412.88  ! forecast over by",
        "                                        $38.60",
        "bedrock-services       $90.00   $96.02  x exceeded by $6.02",
        "bedrock-support       $400.00  $201.10  + on track",
        "(untagged)                  -   $38.41  ! untagged: no",
        "                                        costCenter",
        "(no budget) research        -    $7.00  ! no budget",
    ]


def test_every_figure_is_a_decimal_and_counts_are_counts() -> None:
    found = rows(stand(world(*THREE, notifications=ALERTS)).table)["bedrock-sales"]
    assert found["actual_usd"] == Decimal("412.88")
    assert found["share"] == Decimal("412.88") / 500
    assert (found["alerts_raised"], found["told"]) == (1, 1)
    assert found["period_gone"] == Decimal(23) / 30


@pytest.mark.parametrize(("gates", "failing"), [((), 0), (("exceeded",), 1), (("forecast",), 2)])
def test_a_gate_trips_on_its_states_and_a_forecast_also_when_it_is_exceeded(
    gates: tuple[str, ...], failing: int
) -> None:
    assert len(stand(world(*THREE)).failing(gates)) == failing


def test_spend_at_the_limit_exactly_is_not_exceeded() -> None:
    found = rows(stand(world(budget("a", "10", "10.00"), budget("b", "10", "10.01"))).table)
    assert (found["a"]["state"], found["b"]["state"]) == ("on track", "exceeded")


@pytest.mark.parametrize(("hours", "state"), [(11, "no figure yet"), (13, "on track")])
def test_a_zero_after_an_update_is_no_figure(hours: int, state: str) -> None:
    young = budget("bedrock-sales", "500", LastUpdatedTime=NOON - timedelta(hours=hours))
    account = stand(world(young))
    found = rows(account.table)["bedrock-sales"]
    assert found["state"] == state
    assert (found["actual_usd"] is None) == (state == "no figure yet")
    assert len(account.undecided()) == (1 if state == "no figure yet" else 0)
    assert account.failing(["forecast"]) == ()


def test_an_unhealthy_budget_says_why_and_shows_no_figure() -> None:
    ill = budget("b", "5", "9", HealthStatus={"Status": "UNHEALTHY", "StatusReason": "FILTER_INVALID"})
    found = rows(stand(world(ill)).table)["b"]
    assert (found["state"], found["reason"], found["actual_usd"]) == ("unhealthy", "FILTER_INVALID", None)


def test_foreign_budgets_are_shown_only_with_all() -> None:
    cloud = world(*THREE, ours=["bedrock-sales"])
    account = stand(cloud)
    assert list(rows(account.table)) == ["bedrock-sales"]
    assert "2 cost budgets here are not ours: --all shows them" in account.table.notes
    owners = {name: row["owner"] for name, row in rows(stand(cloud, everybody=True).table).items()}
    assert owners == {"bedrock-sales": "ours", "bedrock-services": "foreign", "bedrock-support": "foreign"}


def test_without_cost_nothing_is_paid() -> None:
    cloud = world(*THREE)
    assert paid(stand(cloud)) == 0
    assert "GetCostAndUsage" not in cloud.operations()


def test_the_rest_of_the_spend_costs_one_request_for_each_tag_key() -> None:
    two = budget("b", "5", "1", CostFilters={"TagKeyValue": ["user:environment$production"]})
    cloud = world(*THREE, two)
    assert paid(stand(cloud, with_cost=True)) == 2
    asked = [call.params["GroupBy"][0]["Key"] for call in cloud.calls if call.operation == "GetCostAndUsage"]
    assert asked == ["costCenter", "environment"]


REFUSAL = SentryError("CS0403", "AccessDeniedException: no")


def test_budgets_are_shown_without_the_costs_that_may_not_be_asked_for() -> None:
    table = stand(FakeCloud(world(*THREE).script | {"GetCostAndUsage": REFUSAL}), with_cost=True).table
    assert list(rows(table)) == ["bedrock-sales", "bedrock-services", "bedrock-support"]
    facts = table.facts or {}
    assert facts["costs_error"] == {"code": "CS0403", "message": "AccessDeniedException: no"}
    assert facts["paid_requests"] == 0


def test_costs_that_were_answered_before_a_refusal_are_shown_and_paid() -> None:
    two = budget("b", "5", "1", CostFilters={"TagKeyValue": ["user:environment$production"]})
    cloud = FakeCloud(world(*THREE, two).script | {"GetCostAndUsage": [MONTH, REFUSAL]})
    account = stand(cloud, with_cost=True)
    assert rows(account.table)["(untagged)"]["reason"] == "no costCenter"
    assert paid(account) == 1


def test_an_interruption_while_costs_are_asked_for_is_one() -> None:
    cloud = FakeCloud(world(*THREE).script | {"GetCostAndUsage": SentryError(INTERRUPTED, "interrupted")})
    with pytest.raises(SentryError, match="interrupted"):
        stand(cloud, with_cost=True)


def test_only_raised_alerts_are_asked_for_whom_they_tell() -> None:
    cloud = world(*THREE, notifications=ALERTS)
    stand(cloud)
    assert cloud.operations().count("DescribeSubscribersForNotification") == 2


def test_declared_budgets_that_are_not_there_are_said() -> None:
    account = stand(world(THREE[0]), wanted=["bedrock-sales", "bedrock-support"])
    assert "1 of the 2 declared budgets is not here: sentry budgets sync" in account.table.notes


def test_a_list_has_every_cost_budget_with_its_owner_and_filter() -> None:
    usage = budget("u", "5", BudgetType="USAGE")
    legacy = budget("old", "7", TimeUnit="QUARTERLY", CostFilters={"TagKeyValue": ["user:costCenter$sales"]})
    planned = {"1793491200": {"Amount": "5", "Unit": "USD"}}
    cloud = world(THREE[0], usage, legacy, budget("p", "5", PlannedBudgetLimits=planned), ours=["bedrock-sales", "p"])
    found = rows(budgets.listing(cloud, SCOPE, mine=False))
    assert list(found) == ["bedrock-sales", "old", "p"]
    assert found["old"]["filter"] == "costCenter=sales, every service"
    assert (found["old"]["per"], found["old"]["owner"], found["p"]["limit_kind"]) == ("quarter", "foreign", "planned")
    assert list(rows(budgets.listing(cloud, SCOPE, mine=True))) == ["bedrock-sales", "p"]
    assert "GetCostAndUsage" not in cloud.operations()


def test_a_budget_deleted_meanwhile_is_left_out() -> None:
    cloud = FakeCloud(budgets_script(THREE) | {"ListTagsForResource": SentryError("CS0803", "gone")})
    assert budgets.listing(cloud, SCOPE, mine=False).rows == ()


def test_amounts_are_shown_in_cents_unless_they_are_smaller() -> None:
    shown = for_people(stand(world(budget("b", "5", "1.23456", "2.34567"))).table, ascii_only=True)
    assert [cell for cell in shown.rows[0] if isinstance(cell, Decimal)][:3] == [5, Decimal("1.23"), Decimal("2.35")]
    small = for_people(stand(world(budget("b", "5", "0.00456"))).table, ascii_only=True)
    assert Decimal("0.00456") in small.rows[0]


def test_lint_goes_on_without_costs_that_may_not_be_asked_for_and_says_so() -> None:
    script = world(*THREE, notifications=ALERTS, told=()).script
    cloud = FakeCloud(script | {"GetCostAndUsage": REFUSAL, "ListCostAllocationTags": {"CostAllocationTags": []}})
    table = budget_lint.findings(cloud, SCOPE, None, NOON, with_cost=True)
    assert {row[1] for row in table.rows} == {"unknown-tag-key", "nobody-told"}
    assert (table.facts or {})["costs_error"] == {"code": "CS0403", "message": "AccessDeniedException: no"}


def test_lint_goes_on_without_tag_keys_only_where_they_may_not_be_asked_for() -> None:
    denied = FakeCloud(world(*THREE).script | {"ListCostAllocationTags": SentryError("CS0403", "no")})
    assert budget_lint.findings(denied, SCOPE, None, NOON, with_cost=False).notes == (budget_lint.KEYS_UNASKED,)
    broken = FakeCloud(world(*THREE).script | {"ListCostAllocationTags": SentryError("CS0806", "down")})
    with pytest.raises(SentryError, match="down"):
        budget_lint.findings(broken, SCOPE, None, NOON, with_cost=False)
