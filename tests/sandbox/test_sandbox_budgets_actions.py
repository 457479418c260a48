"""Budget actions in the sandbox: made, carried out by refreshes and by people, with a history that says when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sandbox_budgets_world import ACCOUNT, EMAIL, MILLION, Budgets, budget, refused
from sandbox_ce_world import day

INVALID, LOCKED, MISSING = "InvalidParameterException", "ResourceLockedException", "NotFoundException"
TOO_MANY = "CreationLimitExceededException"
DEFINITION = {"IamActionDefinition": {"PolicyArn": f"arn:aws:iam::{ACCOUNT}:policy/deny-bedrock", "Roles": ["app"]}}
ACTION = {
    "NotificationType": "ACTUAL",
    "ActionType": "APPLY_IAM_POLICY",
    "ActionThreshold": {"ActionThresholdValue": 50.0, "ActionThresholdType": "PERCENTAGE"},
    "Definition": DEFINITION,
    "ExecutionRoleArn": f"arn:aws:iam::{ACCOUNT}:role/budgets",
    "ApprovalModel": "AUTOMATIC",
    "Subscribers": [EMAIL],
}
NOBODY = "00000000-0000-4000-8000-000000000000"
USD = {"BudgetLimit": {"Amount": "0.1", "Unit": "USD"}}
FOUR = datetime(2026, 11, 23, 16, tzinfo=UTC)
"""The first refresh."""


@pytest.fixture
def world(tmp_path):
    made = Budgets(tmp_path)
    made.create(**USD)
    return made


def act(world, budget_name="sales", **changes):
    return world.ask("create_budget_action", BudgetName=budget_name, **(ACTION | changes))["ActionId"]


def status(world, action):
    return world.ask("describe_budget_action", BudgetName="sales", ActionId=action)["Action"]["Status"]


def execute(world, action, kind):
    return world.ask(
        "execute_budget_action", BudgetName="sales", ActionId=action, ExecutionType=f"{kind}_BUDGET_ACTION"
    )


def history(world, action, **asked):
    answer = world.ask("describe_budget_action_histories", BudgetName="sales", ActionId=action, **asked)
    return [(each["EventType"], each["Status"], each["Timestamp"]) for each in answer["ActionHistories"]]


def overspend(world):
    world.bill.call(day("2026-11-10"), **MILLION)


def test_an_action_is_shown_as_it_was_made(world):
    made = act(world)
    shown = ACTION | {"ActionId": made, "BudgetName": "sales", "Status": "STANDBY"}
    answer = world.ask("describe_budget_action", BudgetName="sales", ActionId=made)
    assert answer == {"AccountId": ACCOUNT, "BudgetName": "sales", "Action": shown}
    assert world.ask("describe_budget_actions_for_budget", BudgetName="sales") == {"Actions": [shown]}
    assert world.ask("describe_budget_actions_for_account") == {"Actions": [shown]}


def test_an_automatic_action_is_executed_by_the_refresh_that_passes_its_threshold(world):
    made = act(world)
    overspend(world)
    assert status(world, made) == "STANDBY"
    world.refresh(5)
    assert status(world, made) == "EXECUTION_SUCCESS"
    assert history(world, made)[1:] == [("SYSTEM", "EXECUTION_SUCCESS", FOUR)]


def test_whoever_looks_late_finds_when_it_happened(world):
    made = act(world)
    world.bill.call(day("2026-11-26", 10), **MILLION)
    world.refresh(60)
    assert history(world, made)[1:] == [("SYSTEM", "EXECUTION_SUCCESS", datetime(2026, 11, 27, 16, tzinfo=UTC))]


def test_looking_often_and_looking_once_end_the_same(tmp_path):
    histories = []
    for name, steps in (("often", 30), ("once", 1)):
        world = Budgets(tmp_path / name)
        world.create(**USD)
        made = act(world)
        for number in range(5):
            world.bill.call(day("2026-11-22") + timedelta(days=number), input=200_000)
        for _ in range(steps):
            world.refresh(30 // steps)
            history(world, made)
        histories.append(history(world, made))
    assert histories[0] == histories[1]
    assert len(histories[0]) == 2


def test_a_manual_action_waits_for_approval(world):
    made = act(world, ApprovalModel="MANUAL")
    overspend(world)
    world.refresh()
    assert status(world, made) == "PENDING"
    world.sandbox.advance(timedelta(minutes=5))
    answer = execute(world, made, "APPROVE")
    assert answer == {
        "AccountId": ACCOUNT, "BudgetName": "sales", "ActionId": made, "ExecutionType": "APPROVE_BUDGET_ACTION"
    }  # fmt: skip
    approved = FOUR + timedelta(hours=7, minutes=5)
    assert history(world, made)[2:] == [("EXECUTE_ACTION", "EXECUTION_SUCCESS", approved)]


def test_a_reversed_action_rests_for_its_period_unless_it_is_reset(world):
    made = act(world)
    overspend(world)
    world.refresh()
    execute(world, made, "REVERSE")
    world.refresh(3)
    assert status(world, made) == "REVERSE_SUCCESS"
    execute(world, made, "RESET")
    assert status(world, made) == "STANDBY"
    world.refresh()
    assert status(world, made) == "EXECUTION_SUCCESS"


def test_a_reversed_action_is_evaluated_again_in_the_next_period(world):
    made = act(world)
    overspend(world)
    world.refresh()
    execute(world, made, "REVERSE")
    world.bill.call(day("2026-12-03"), **MILLION)
    world.sandbox.advance(timedelta(days=14))
    assert history(world, made)[3:] == [
        ("SYSTEM", "STANDBY", datetime(2026, 12, 1, tzinfo=UTC)),
        ("SYSTEM", "EXECUTION_SUCCESS", datetime(2026, 12, 4, 16, tzinfo=UTC)),
    ]


MOVES = {
    "STANDBY": set(),
    "PENDING": {"APPROVE"},
    "EXECUTION_SUCCESS": {"REVERSE"},
    "REVERSE_SUCCESS": {"RESET"},
}


@pytest.mark.parametrize("state", MOVES)
@pytest.mark.parametrize("kind", ["APPROVE", "RETRY", "REVERSE", "RESET"])
def test_a_state_allows_its_own_moves_only(world, state, kind):
    made = act(world, ApprovalModel="MANUAL")
    if state != "STANDBY":
        overspend(world)
        world.refresh()
    for move in {"EXECUTION_SUCCESS": ["APPROVE"], "REVERSE_SUCCESS": ["APPROVE", "REVERSE"]}.get(state, []):
        execute(world, made, move)
    assert status(world, made) == state
    if kind in MOVES[state]:
        execute(world, made, kind)
        assert status(world, made) != state
    else:
        refused(lambda: execute(world, made, kind), LOCKED)
        assert status(world, made) == state


def test_an_update_changes_what_it_names_and_is_locked_after_the_threshold(world):
    made = act(world, ApprovalModel="MANUAL")
    higher = {"ActionThreshold": {"ActionThresholdValue": 0.07, "ActionThresholdType": "ABSOLUTE_VALUE"}}
    answer = world.ask("update_budget_action", BudgetName="sales", ActionId=made, **higher)
    assert answer["NewAction"] == answer["OldAction"] | higher
    overspend(world)
    world.refresh()
    assert status(world, made) == "STANDBY"
    world.ask("update_budget_action", BudgetName="sales", ActionId=made, ActionThreshold=ACTION["ActionThreshold"])
    world.refresh()
    refused(lambda: world.ask("update_budget_action", BudgetName="sales", ActionId=made, **higher), LOCKED)
    assert [event for event, _, _ in history(world, made)] == [
        "CREATE_ACTION", "UPDATE_ACTION", "UPDATE_ACTION", "SYSTEM"
    ]  # fmt: skip


def test_an_updated_budget_is_judged_by_its_new_limit_from_the_next_refresh_on(world):
    made = act(world)
    overspend(world)
    world.ask("update_budget", NewBudget=budget())
    world.refresh(3)
    assert status(world, made) == "STANDBY"
    world.ask("update_budget", NewBudget=budget(**USD))
    assert status(world, made) == "STANDBY"
    world.refresh()
    assert status(world, made) == "EXECUTION_SUCCESS"


def test_a_change_of_the_budget_comes_too_late_for_what_was_due(world):
    made = act(world)
    overspend(world)
    world.refresh()
    world.ask("update_budget", NewBudget=budget())
    assert history(world, made)[1:] == [("SYSTEM", "EXECUTION_SUCCESS", FOUR)]


def test_a_forecast_can_start_an_action(world):
    made = act(world, NotificationType="FORECASTED")
    world.bill.call(day("2026-10-01"), **MILLION)
    world.bill.call(day("2026-11-10"), input=500_000)
    world.refresh()
    assert status(world, made) == "STANDBY"  # 0.03 and 0.0089 to come, of 0.05
    world.bill.call(day("2026-11-11"), input=300_000)
    world.refresh()
    assert status(world, made) == "EXECUTION_SUCCESS"


def test_a_history_has_pages_and_a_time_range(world):
    made = act(world)
    overspend(world)
    world.refresh()
    execute(world, made, "REVERSE")
    pages = world.client.get_paginator("describe_budget_action_histories").paginate(
        AccountId=ACCOUNT, BudgetName="sales", ActionId=made, PaginationConfig={"PageSize": 2}
    )
    details = [[each["ActionHistoryDetails"]["Action"]["Status"] for each in page["ActionHistories"]] for page in pages]
    assert details == [["STANDBY", "EXECUTION_SUCCESS"], ["REVERSE_SUCCESS"]]
    assert history(world, made, TimePeriod={"Start": FOUR, "End": FOUR}) == [("SYSTEM", "EXECUTION_SUCCESS", FOUR)]


@pytest.mark.parametrize(
    "changes",
    [
        {"ExecutionRoleArn": "arn:aws:iam::210987654321:role/budgets"},
        {"ActionType": "APPLY_SCP_POLICY"},
        {"Definition": {}},
        {"Definition": DEFINITION | {"ScpActionDefinition": {"PolicyId": "p-12345678", "TargetIds": [ACCOUNT]}}},
        {"Definition": {"IamActionDefinition": {"PolicyArn": DEFINITION["IamActionDefinition"]["PolicyArn"]}}},
        {"ActionThreshold": {"ActionThresholdValue": 1e7, "ActionThresholdType": "PERCENTAGE"}},
        {"Subscribers": [EMAIL | {"Address": "nobody"}]},
    ],
)
def test_a_bad_action_is_refused(world, changes):
    refused(lambda: act(world, **changes), INVALID)
    made = act(world)
    if "ActionType" not in changes:  # an update cannot name it
        refused(lambda: world.ask("update_budget_action", BudgetName="sales", ActionId=made, **changes), INVALID)


def test_a_budget_has_ten_actions_at_most_and_none_twice(world):
    def at(value, name="sales"):
        return act(world, name, ActionThreshold={"ActionThresholdValue": value, "ActionThresholdType": "PERCENTAGE"})

    for value in range(10):
        at(value)
    refused(lambda: at(3.0), "DuplicateRecordException")
    refused(lambda: at(10), TOO_MANY)
    for number in range(9):
        world.create(f"b{number}")
        for value in range(10):
            at(value, f"b{number}")
    world.create("last")
    refused(lambda: at(0, "last"), TOO_MANY)
    pages = world.client.get_paginator("describe_budget_actions_for_account").paginate(
        AccountId=ACCOUNT, PaginationConfig={"PageSize": 60}
    )
    assert [len(page["Actions"]) for page in pages] == [60, 40]


def test_a_deleted_action_is_gone_and_so_are_those_of_a_deleted_budget(world):
    made, other = act(world), act(world, ApprovalModel="MANUAL")
    answer = world.ask("delete_budget_action", BudgetName="sales", ActionId=made)
    assert answer["Action"]["ActionId"] == made
    for operation in ("describe_budget_action", "describe_budget_action_histories", "delete_budget_action"):
        asked = {"BudgetName": "sales", "ActionId": made}
        refused(lambda operation=operation, asked=asked: world.ask(operation, **asked), MISSING)
    assert status(world, other) == "STANDBY"
    world.ask("delete_budget", BudgetName="sales")
    assert world.ask("describe_budget_actions_for_account")["Actions"] == []
    refused(lambda: act(world), MISSING)
    refused(lambda: execute(world, NOBODY, "RESET"), MISSING)


def test_an_action_has_tags_of_its_own(world):
    made = act(world, ResourceTags=[{"Key": "team", "Value": "x"}])
    arn = f"arn:aws:budgets::{ACCOUNT}:budget/sales/action/{made}"
    assert world.client.list_tags_for_resource(ResourceARN=arn)["ResourceTags"] == [{"Key": "team", "Value": "x"}]
    assert world.client.list_tags_for_resource(ResourceARN=arn.partition("/action/")[0])["ResourceTags"] == []
