"""Sync of budgets and anomaly monitors in a sandbox: what is made, what a change touches, what a failure leaves."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from billing_world import BUDGETS, MONITORS, ONE, SCOPE, TOPIC, WHOLE, Recording, World, denied, lost, named
from costsentry_cli.cli.context import Context
from costsentry_cli.domain.errors import SentryError
from costsentry_cli.domain.kind import Action
from costsentry_cli.sandbox import Sandbox
from fakes import ACCOUNT, BASIC, FrozenClock

EXPLODED = "".join(f"      - {{at: {n}%, of: actual, email: [a@example.com]}}\n" for n in range(1, 11))
CENTRES = ["bedrock-sales", "bedrock-services", "bedrock-support"]
MONITOR = "bedrock-by-cost-center"


@pytest.fixture
def world(context: Context, tmp_path: Path) -> World:
    return World(context, tmp_path)


@pytest.fixture
def whole(world: World) -> World:
    """Three budgets with alerts and actions, and a monitor with its subscription, made."""
    world.settled(WHOLE)
    return world


def test_all_is_made_with_its_parts_and_a_second_sync_makes_no_call(whole: World) -> None:
    assert sorted(whole.budgets()) == CENTRES
    alerts = {"ACTUAL 80": ["finops@example.com"], "FORECASTED 100": [TOPIC, "finops@example.com"]}
    assert [whole.alerts(name) for name in CENTRES] == [alerts] * 3
    assert [len(whole.actions(name)) for name in CENTRES] == [1] * 3
    assert [len(whole.monitors()), len(whole.subscriptions())] == [1, 1]
    assert whole.subscriptions()[0]["MonitorArnList"] == [whole.monitors()[0]["MonitorArn"]]
    assert whole.recorded(WHOLE) == []


@pytest.mark.parametrize(
    ("old", "new", "operations"),
    [
        ("at: 80%, of: actual", "at: 85%, of: actual", ["UpdateNotification"]),
        ("email: [a@example.com]}", "email: [c@example.com]}", ["CreateSubscriber", "DeleteSubscriber"]),
        (f"sns: [{TOPIC}]", f"sns: [{TOPIC}-2]", ["UpdateSubscriber"]),
        ("at: 80%, of: actual", "at: 80%, of: forecast", ["CreateNotification", "DeleteNotification"]),
        ("amount: 500", "amount: 600", ["UpdateBudget"]),
        ("per: month", "per: quarter", ["UpdateBudget"]),
        ("amount: 500", "amount: 500\n    tags: {costCenter: sales}", ["UpdateBudget"]),
        ("amount: 500", "planned: {2026-11: 500, 2027-01: 700}", ["UpdateBudget"]),
    ],
)
def test_a_change_touches_only_what_it_is_of(world: World, old: str, new: str, operations: list[str]) -> None:
    world.settled(ONE)
    assert old in ONE
    assert [call.operation for call in world.recorded(ONE.replace(old, new))] == operations


def test_an_alert_that_changes_leaves_the_spend_that_aws_has_reckoned(world: World, sandbox: Sandbox) -> None:
    world.settled(ONE)
    before = world.budgets()["bedrock"]["LastUpdatedTime"]
    sandbox.advance(timedelta(hours=9))
    world.recorded(ONE.replace("80%", "85%"))
    assert world.budgets()["bedrock"]["LastUpdatedTime"] == before


def test_ten_alerts_become_ten_others(world: World) -> None:
    text = ONE[: ONE.index("      - ")]
    world.settled(text + EXPLODED)
    world.recorded(text + EXPLODED.replace("of: actual", "of: forecast").replace("a@", "b@"))
    assert sorted(world.alerts("bedrock")) == sorted(f"FORECASTED {n}" for n in range(1, 11))


def test_an_action_comes_changes_and_goes_by_its_own_calls(world: World) -> None:
    with_action = ONE + BUDGETS[BUDGETS.index("    action:") :]
    world.settled(ONE)
    changed = with_action + "      approval: automatic\n"
    steps = [(with_action, "CreateBudgetAction"), (changed, "UpdateBudgetAction"), (ONE, "DeleteBudgetAction")]
    for text, operation in steps:
        assert [call.operation for call in world.recorded(text)] == [operation]
    assert world.actions("bedrock") == []


def test_what_somebody_changed_in_the_console_is_shown_and_put_right(world: World) -> None:
    world.settled(ONE)
    budget = world.budgets()["bedrock"]
    kept = {name: budget[name] for name in ("BudgetName", "BudgetType", "TimeUnit")}
    spoilt = kept | {"BudgetLimit": {"Amount": "9", "Unit": "USD"}, "CostFilters": {"Service": ["Amazon Bedrock"]}}
    world.by_hand("budgets", "UpdateBudget", NewBudget=spoilt)
    about = {"NotificationType": "ACTUAL", "ComparisonOperator": "GREATER_THAN", "Threshold": 80.0}
    world.by_hand("budgets", "DeleteNotification", BudgetName="bedrock", Notification=about)
    fields = {field.field: (field.old, field.new) for field in world.plan(ONE).changes[0].fields}
    assert fields["limit"] == ("9 USD", "500 USD")
    assert fields["filter"] == ('legacy {"Service":["Amazon Bedrock"]}', "all Bedrock")
    assert fields["alerts.actual > 80%"] == (None, "a@example.com")
    assert [call.operation for call in world.recorded(ONE)] == ["UpdateBudget", "CreateNotification"]


def test_a_plan_of_amounts_moves_on_with_the_months_and_is_renewed_before_it_ends(
    world: World, clock: FrozenClock
) -> None:
    text = ONE.replace("amount: 500", "planned: {2026-11: 500, 2027-01: 700}")
    world.settled(text)
    for _ in range(7):
        clock.move(timedelta(days=31))
        assert not world.plan(text).pending
    clock.move(timedelta(days=93))
    assert [call.operation for call in world.recorded(text)] == ["UpdateBudget"]


def test_an_address_that_may_not_be_told_stops_its_own_budget_and_no_other(world: World, sandbox: Sandbox) -> None:
    sandbox.configure("budget_email_denied:nobody@example.com", "1")
    world.settled(ONE)
    more = ONE.replace("amount: 500", "amount: 700").replace("email: [a@example.com]}", "email: [nobody@example.com]}")
    text = more + BUDGETS.removeprefix("budgets:\n") + MONITORS
    ended = {one.change.name: one for one in world.sync(text)}
    failed = ended.pop("bedrock")
    assert failed.error is not None
    assert (failed.error.code, failed.done) == ("CS0403", 1)
    assert [one.error for one in ended.values()] == [None] * 4
    assert world.budgets()["bedrock"]["BudgetLimit"]["Amount"] in ("700", "700.0")
    assert world.alerts("bedrock")["ACTUAL 80"] == ["a@example.com"]


def test_a_budget_of_somebody_else_keeps_its_name_and_the_others_are_made(world: World) -> None:
    theirs = {"BudgetName": "bedrock-sales", "BudgetType": "COST", "TimeUnit": "MONTHLY"}
    limit = {"BudgetLimit": {"Amount": "1", "Unit": "USD"}}
    world.by_hand("budgets", "CreateBudget", Budget=theirs | limit)
    plan = world.plan(WHOLE)
    assert next((one.name, bool(one.held)) for one in plan.of(Action.CREATE)) == ("bedrock-sales", True)
    assert [one.error for one in world.sync(WHOLE)] == [None] * 3
    assert world.budgets()["bedrock-sales"]["BudgetLimit"]["Amount"] in ("1", "1.0")
    marks = {"costsentry:namespace": "docs-helper", "costsentry:key": "bedrock-sales", "costsentry:spec": "v1:budget"}
    tags = [{"Key": key, "Value": value} for key, value in marks.items()]
    world.by_hand_tag("budgets", f"arn:aws:budgets::{ACCOUNT}:budget/bedrock-sales", tags)
    world.settled(WHOLE)


def test_a_budget_that_was_made_meanwhile_is_done_when_it_is_as_wanted(world: World) -> None:
    plan = world.plan(ONE)
    world.settled(ONE)
    (one,) = world.carried_out(plan)
    assert (one.error, one.arn) == (None, f"arn:aws:budgets::{ACCOUNT}:budget/bedrock")


def test_a_name_that_somebody_took_meanwhile_is_a_conflict(world: World) -> None:
    plan = world.plan(ONE)
    limit = {"BudgetLimit": {"Amount": "1", "Unit": "USD"}}
    theirs = {"BudgetName": "bedrock", "BudgetType": "COST", "TimeUnit": "MONTHLY"} | limit
    world.by_hand("budgets", "CreateBudget", Budget=theirs)
    (one,) = world.carried_out(plan)
    assert one.error is not None
    assert one.error.code == "CS0804"


def test_an_action_that_cannot_be_made_is_made_by_the_next_run(world: World) -> None:
    cloud = Recording(world.context.cloud, before=denied("CreateBudgetAction"))
    ended = world.sync(BASIC + BUDGETS, cloud)
    assert [(one.error is not None and one.error.code, one.done) for one in ended] == [("CS0403", 1)] * 3
    assert [call.operation for call in world.recorded(BASIC + BUDGETS)] == ["CreateBudgetAction"] * 3


@pytest.mark.parametrize("operation", ["CreateAnomalyMonitor", "CreateAnomalySubscription", "CreateBudgetAction"])
def test_what_was_made_though_its_reply_was_lost_is_not_made_again(world: World, operation: str) -> None:
    cloud = Recording(world.context.cloud, after=lost(operation))
    assert {one.error.code for one in world.sync(WHOLE, cloud) if one.error} == {"CS0808"}
    world.settled(WHOLE)
    assert (len(world.monitors()), len(world.subscriptions())) == (1, 1)
    assert [len(world.actions(name)) for name in CENTRES] == [1] * 3


def test_two_monitors_of_one_key_are_said_and_neither_is_touched(whole: World) -> None:
    (one,) = whole.monitors()
    twin = {name: one[name] for name in ("MonitorName", "MonitorType", "MonitorDimension", "MonitorSpecification")}
    marks = {"costsentry:namespace": "docs-helper", "costsentry:key": MONITOR, "costsentry:spec": "v1:anomaly-monitor"}
    tags = [{"Key": key, "Value": value} for key, value in marks.items()]
    whole.by_hand("ce", "CreateAnomalyMonitor", AnomalyMonitor=twin, ResourceTags=tags)
    plan = whole.plan(WHOLE, prune=True)
    assert [(trouble.error.code, trouble.kind and trouble.kind.noun) for trouble in plan.troubles] == [
        ("CS0205", "anomaly monitor")
    ]
    assert plan.calls == ()
    assert len(whole.monitors()) == 2


def test_another_tag_makes_a_new_monitor_and_the_old_one_goes_after_its_grace(whole: World, clock: FrozenClock) -> None:
    moved = WHOLE.replace("tag: costCenter", "tag: environment")
    assert named(whole.plan(moved).changes)[MONITOR].held
    whole.recorded(moved, replace=True)
    assert [len(whole.monitors()), len(whole.subscriptions())] == [2, 2]
    clock.move(timedelta(days=8))
    deletes = [call.operation for call in whole.recorded(moved, prune=True, max_deletes=1)]
    assert deletes == ["DeleteAnomalySubscription", "DeleteAnomalyMonitor"]
    (left,) = whole.monitors()
    assert left["MonitorSpecification"] == {"Tags": {"Key": "environment"}}


def test_what_left_the_manifest_is_deleted_when_asked_and_nothing_else(whole: World) -> None:
    theirs = {"BudgetName": "theirs", "BudgetType": "COST", "TimeUnit": "MONTHLY"}
    whole.by_hand("budgets", "CreateBudget", Budget=theirs | {"BudgetLimit": {"Amount": "1", "Unit": "USD"}})
    fewer = WHOLE.replace("costCenter: [sales, services, support]", "costCenter: [sales, services]")
    assert named(whole.plan(fewer).changes)["bedrock-support"].action is Action.UNLISTED
    assert [call.operation for call in whole.recorded(fewer, prune=True)] == ["DeleteBudget"]
    assert sorted(whole.budgets()) == ["bedrock-sales", "bedrock-services", "theirs"]


def test_a_budget_that_is_gone_already_is_deleted(whole: World) -> None:
    fewer = WHOLE.replace("costCenter: [sales, services, support]", "costCenter: [sales, services]")
    plan = whole.plan(fewer, prune=True)
    whole.by_hand("budgets", "DeleteBudget", BudgetName="bedrock-support")
    (one,) = whole.carried_out(plan)
    assert one.error is None


def test_budgets_that_may_not_be_looked_at_are_no_trouble_where_none_is_wanted(world: World) -> None:
    cloud = Recording(world.context.cloud, before=denied("DescribeBudgets", "GetAnomalyMonitors"))
    wanted = world.plan(BASIC + MONITORS, Recording(world.context.cloud, before=denied("DescribeBudgets")))
    assert wanted.troubles == ()
    with pytest.raises(SentryError):
        world.plan(BASIC, cloud)
    assert [one.scope for one in wanted.changes] == [SCOPE]
