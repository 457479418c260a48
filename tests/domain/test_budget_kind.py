"""Budgets, desired - observed: what each difference costs in calls, checked against AWS's model."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from billing_world import MARKS, SCOPE, TOPIC, script
from costsentry_cli.domain.budgets.fields import of_manifest
from costsentry_cli.domain.calls import ApiCall
from costsentry_cli.domain.document import Mark
from costsentry_cli.domain.errors import SentryError
from costsentry_cli.domain.kind import Action, Change
from costsentry_cli.domain.kinds.budget import Budget as Kind
from costsentry_cli.domain.manifest.types import Alert, Budget, BudgetAction
from costsentry_cli.domain.plan import Plan, Sight, Wishes, diff
from costsentry_cli.domain.plan_file import fingerprint
from costsentry_cli.domain.resource import Desired, Observed
from fakes import ACCOUNT, NOON, FakeCloud, model_problems

KIND = Kind()
HERE = Mark(1, 1)
ARN = f"arn:aws:budgets::{ACCOUNT}:budget/bedrock"
POLICY = f"arn:aws:iam::{ACCOUNT}:policy/deny-bedrock"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/budgets"
ID = "00000000-0000-0000-0000-00000000000{}"
STARTED, ENDS = datetime(2026, 11, 1, tzinfo=UTC), datetime(2087, 6, 15, tzinfo=UTC)
FILTER = {
    "And": [
        {"Tags": {"Key": "costCenter", "Values": ["sales"], "MatchOptions": ["EQUALS"]}},
        {"Not": {"ProductAttributes": {"Key": "provider", "MatchOptions": ["ABSENT"]}}},
        {"Not": {"Dimensions": {"Key": "RECORD_TYPE", "Values": ["Credit", "Refund", "Tax"]}}},
    ]
}


def alert(percent: int = 80, *email: str, of: Any = "actual", sns: tuple[str, ...] = ()) -> Alert:
    return Alert(Decimal(percent), of, email or (() if sns else ("a@example.com",)), sns, HERE)


def action(approval: Any = "manual", roles: tuple[str, ...] = ("bedrock-callers",)) -> BudgetAction:
    return BudgetAction(Decimal(100), "actual", POLICY, roles, ROLE, approval, ("a@example.com",), (), HERE)


def wish(*alerts: Alert, name: str = "bedrock", amount: int | None = 500, **more: Any) -> Desired:
    changed = {"planned": (), "action": None, "per": "month", "tags": {"costCenter": "sales"}} | more
    usd = None if amount is None else Decimal(amount)
    wanted = Budget(name=name, amount=usd, alerts=alerts, at=HERE, **changed)
    return Desired(name, name, SCOPE.region, of_manifest(wanted, NOON), HERE)


def answered(**changes: Any) -> dict[str, Any]:
    """A budget as AWS shows it, with all that AWS adds of itself; None takes a member out."""
    whole = {
        "BudgetName": "bedrock",
        "BudgetType": "COST",
        "TimeUnit": "MONTHLY",
        "BudgetLimit": {"Amount": "500.0", "Unit": "USD"},
        "FilterExpression": FILTER,
        "Metrics": ["UnblendedCost"],
        "TimePeriod": {"Start": STARTED, "End": ENDS},
        "CalculatedSpend": {"ActualSpend": {"Amount": "123.4", "Unit": "USD"}},
        "HealthStatus": {"Status": "HEALTHY"},
        "LastUpdatedTime": NOON,
    } | changes
    return {member: value for member, value in whole.items() if value is not None}


def notification(percent: float, of: str = "ACTUAL", **more: Any) -> dict[str, Any]:
    said = {"NotificationType": of, "ComparisonOperator": "GREATER_THAN", "Threshold": percent}
    return said | {"ThresholdType": "PERCENTAGE", "NotificationState": "OK"} | more


def there(number: int, **changes: Any) -> dict[str, Any]:
    """An action as AWS shows it."""
    wanted = KIND.complete(wish(action=action()), SCOPE)[0].params
    return {**wanted, "ActionId": ID.format(number), "Status": "STANDBY"} | changes


def seen(budget: dict[str, Any], tags: dict[str, str] | None = None, **more: Any) -> tuple[Observed, ...]:
    """What is observed of an account with this budget, and every alert told to ``told``."""
    told = more.pop("told", ["a@example.com"])
    addresses = [{"SubscriptionType": "SNS" if a.startswith("arn:") else "EMAIL", "Address": a} for a in told]
    alerts = {"DescribeNotificationsForBudget": {"Notifications": more.pop("alerts", [])}}
    actions = {"DescribeBudgetActionsForBudget": {"Actions": more.pop("actions", [])}}
    subscribers = {"DescribeSubscribersForNotification": {"Subscribers": addresses}}
    cloud = FakeCloud(script(budget, MARKS if tags is None else tags, **alerts, **actions, **subscribers))
    return KIND.observe(cloud, SCOPE, more.pop("wanted", ()))


def change(wanted: Desired, observed: tuple[Observed, ...], **wishes: Any) -> Change:
    changes = diff(KIND, (wanted,), observed, SCOPE, Sight(Wishes(**wishes), NOON))
    for one in changes:
        assert [problem for call in (*one.calls, *one.after) for problem in model_problems(call)] == []
    return changes[0]


def operations(one: Change) -> list[str]:
    return [call.operation for call in one.calls]


def test_a_budget_is_made_with_its_alerts_and_our_marks_by_one_call() -> None:
    made = change(wish(alert(80), alert(100, of="forecast", sns=(TOPIC,))), ())
    (call,) = made.calls
    assert (made.action, made.after, call.operation, call.region) == (Action.CREATE, (), "CreateBudget", None)
    assert call.params["Budget"] == {
        "BudgetName": "bedrock",
        "BudgetType": "COST",
        "TimeUnit": "MONTHLY",
        "BudgetLimit": {"Amount": "500", "Unit": "USD"},
        "FilterExpression": FILTER,
        "Metrics": ["UnblendedCost"],
    }
    assert {tag["Key"]: tag["Value"] for tag in call.params["ResourceTags"]} == MARKS
    assert [one["Notification"]["NotificationType"] for one in call.params["NotificationsWithSubscribers"]] == [
        "ACTUAL",
        "FORECASTED",
    ]


def test_its_action_follows_by_a_call_that_is_sent_once() -> None:
    (call,) = change(wish(action=action()), ()).after
    assert (call.operation, call.once, call.paid) == ("CreateBudgetAction", True, False)
    assert call.params["Definition"] == {"IamActionDefinition": {"PolicyArn": POLICY, "Roles": ["bedrock-callers"]}}
    assert call.params["ApprovalModel"] == "MANUAL"


def test_planned_amounts_are_made_for_twelve_months_from_the_current_one() -> None:
    wanted = wish(amount=None, planned=((date(2026, 11, 1), Decimal(5)), (date(2027, 1, 1), Decimal(7))))
    limits = change(wanted, ()).calls[0].params["Budget"]["PlannedBudgetLimits"]
    assert [limit["Amount"] for limit in limits.values()] == ["5"] * 2 + ["7"] * 10
    assert next(iter(limits)) == str(int(STARTED.timestamp()))


def test_the_budgets_of_others_are_looked_at_no_further_than_their_tags() -> None:
    cloud = FakeCloud(script(answered(), {}))
    (foreign,) = KIND.observe(cloud, SCOPE, ())
    assert cloud.operations() == ["DescribeBudgets", "ListTagsForResource"]
    assert (foreign.arn, foreign.name, foreign.fields, foreign.key) == (ARN, "bedrock", {}, None)
    assert cloud.calls[0].params == {"AccountId": ACCOUNT, "MaxResults": 1000, "ShowFilterExpression": True}


def test_a_budget_of_ours_costs_its_alerts_its_actions_and_one_look_at_each_alert() -> None:
    both = {"Notifications": [notification(80.0), notification(100.0)]}
    told = {"Subscribers": [{"SubscriptionType": "EMAIL", "Address": "a@example.com"}]}
    answers = script(answered(), MARKS, DescribeNotificationsForBudget=both, DescribeSubscribersForNotification=told)
    cloud = FakeCloud(answers)
    (mine,) = KIND.observe(cloud, SCOPE, ())
    assert cloud.operations()[2:] == [
        "DescribeNotificationsForBudget",
        "DescribeBudgetActionsForBudget",
        *["DescribeSubscribersForNotification"] * 2,
    ]
    assert (mine.key, mine.marked) == ("bedrock", True)


@pytest.mark.parametrize("operation", ["ListTagsForResource", "DescribeNotificationsForBudget"])
def test_a_budget_that_goes_while_it_is_looked_at_is_not_there(operation: str) -> None:
    gone = SentryError("CS0803", "NotFoundException")
    assert KIND.observe(FakeCloud(script(answered(), MARKS) | {operation: gone}), SCOPE, ()) == ()


def test_parts_that_cannot_be_read_stop_the_look() -> None:
    denied = SentryError("CS0403", "AccessDeniedException")
    with pytest.raises(SentryError):
        KIND.observe(FakeCloud(script(answered(), MARKS) | {"DescribeBudgetActionsForBudget": denied}), SCOPE, ())


@pytest.mark.parametrize(
    ("budget", "tags"),
    [
        (answered(BudgetType="USAGE"), MARKS),
        (answered(), MARKS | {"costsentry:namespace": "other"}),
        (answered(), {}),
    ],
)
def test_a_name_that_somebody_else_has_is_held_and_says_what_to_do(
    budget: dict[str, Any], tags: dict[str, str]
) -> None:
    one = change(wish(action=action()), seen(budget, tags))
    assert (one.action, one.calls, one.after) == (Action.CREATE, (), ())
    assert one.held == (
        "a budget of this name exists and is not ours: choose another name, or tag it "
        "costsentry:namespace=docs-helper and costsentry:key=bedrock"
    )


def test_a_budget_as_wanted_needs_no_call_whatever_aws_adds_of_itself() -> None:
    turned = {"And": FILTER["And"][::-1], "Or": []}
    budget = answered(FilterExpression=turned, BillingViewArn=f"arn:aws:billing::{ACCOUNT}:billingview/primary")
    alerts = [notification(80.0, NotificationState="ALARM"), notification(100.0, "FORECASTED")]
    del alerts[1]["ThresholdType"]
    observed = seen(budget, alerts=alerts, actions=[there(1, Status="EXECUTION_SUCCESS")])
    one = change(wish(alert(80), alert(100, of="forecast"), action=action()), observed)
    assert (one.action, one.fields, one.calls) == (Action.SAME, (), ())


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        (wish(amount=600), "limit"),
        (wish(per="quarter"), "per"),
        (wish(tags={}), "filter"),
        (wish(amount=None, planned=((date(2026, 11, 1), Decimal(5)),)), "planned"),
    ],
)
def test_the_whole_update_keeps_the_time_period_and_sends_nothing_aws_reckons(wanted: Desired, field: str) -> None:
    view = f"arn:aws:billing::{ACCOUNT}:billingview/primary"
    one = change(wanted, seen(answered(BillingViewArn=view)))
    assert field in [each.field for each in one.fields]
    assert operations(one) == ["UpdateBudget"]
    sent = one.calls[0].params["NewBudget"]
    assert sent["TimePeriod"] == {"Start": STARTED, "End": ENDS}
    assert sent["BillingViewArn"] == view
    assert sent.keys().isdisjoint({"CalculatedSpend", "HealthStatus", "LastUpdatedTime", "CostFilters", "CostTypes"})
    assert ("PlannedBudgetLimits" in sent) != ("BudgetLimit" in sent)
    assert fingerprint(Plan((one,)), ACCOUNT, "us-east-1")


@pytest.mark.parametrize(
    ("by_hand", "field", "old"),
    [
        ({"BudgetLimit": {"Amount": "750", "Unit": "USD"}}, "limit", "750 USD"),
        ({"TimeUnit": "CUSTOM"}, "per", "custom"),
        ({"TimePeriod": {"Start": STARTED, "End": datetime(2027, 1, 1, tzinfo=UTC)}}, "ends", "2027-01-01"),
        (
            {"AutoAdjustData": {"AutoAdjustType": "HISTORICAL", "HistoricalOptions": {"BudgetAdjustmentPeriod": 6}}},
            "limit",
            "500 USD, adjusted by AWS (historical, 6 periods)",
        ),
        ({"Metrics": ["AmortizedCost"]}, "metric", "AmortizedCost"),
        ({"FilterExpression": FILTER["And"][0]}, "filter", '{"Tags":{"Key":"costCenter","Values":["sales"]}}'),
        (
            {"FilterExpression": None, "CostFilters": {"TagKeyValue": ["user:costCenter$sales"]}},
            "filter",
            'legacy {"TagKeyValue":["user:costCenter$sales"]}',
        ),
    ],
)
def test_what_was_changed_by_hand_is_told_and_repaired(by_hand: dict[str, Any], field: str, old: str) -> None:
    one = change(wish(), seen(answered(**by_hand)))
    assert {each.field: each.old for each in one.fields}[field] == old
    (call,) = one.calls
    repaired = answered() | call.params["NewBudget"]
    assert change(wish(), seen(repaired)).action is Action.SAME
    assert "AutoAdjustData" not in call.params["NewBudget"]


def test_of_several_actions_the_wanted_one_stays_whatever_their_order() -> None:
    wanted = wish(action=action())
    two = [there(1, ApprovalModel="AUTOMATIC"), there(2)]
    one = change(wanted, seen(answered(), actions=two, wanted=(wanted,)))
    assert [(call.operation, call.params["ActionId"]) for call in one.calls] == [("DeleteBudgetAction", ID.format(1))]


PLANNED = ((date(2026, 1, 1), Decimal(5)),)


def planned(start: int, months: int = 12) -> dict[str, Any]:
    """A budget whose plan was made some months from January 2026 on."""
    starts = [datetime(2026 + month // 12, month % 12 + 1, 1, tzinfo=UTC) for month in range(start, start + months)]
    return answered(PlannedBudgetLimits={str(int(at.timestamp())): {"Amount": "5", "Unit": "USD"} for at in starts})


@pytest.mark.parametrize(("start", "same"), [(0, False), (1, True), (10, True)])
def test_a_plan_that_only_moved_on_is_the_same_while_three_months_agree(start: int, *, same: bool) -> None:
    one = change(wish(amount=None, planned=PLANNED), seen(planned(start)))
    assert (one.action, operations(one)) == ((Action.SAME, []) if same else (Action.UPDATE, ["UpdateBudget"]))
    assert [each.field for each in one.fields] == ([] if same else ["planned"])


def test_a_plan_that_only_moved_on_is_no_reason_for_a_whole_update() -> None:
    one = change(wish(alert(80), amount=None, planned=PLANNED), seen(planned(5)))
    assert ([each.field for each in one.fields], operations(one)) == (["alerts.actual > 80%"], ["CreateNotification"])


@pytest.mark.parametrize("mark", ["costsentry:key", "costsentry:spec"])
def test_a_budget_that_lacks_a_mark_is_never_deleted(mark: str) -> None:
    marks = {key: value for key, value in MARKS.items() if key != mark}
    changes = diff(KIND, (), seen(answered(), marks), SCOPE, Sight(Wishes(prune=True), NOON))
    assert (changes[0].action, changes[0].calls) == (Action.DELETE, ())


def test_a_budget_that_left_the_manifest_is_deleted_by_its_name_when_asked() -> None:
    kept = diff(KIND, (), seen(answered()), SCOPE, Sight(Wishes(), NOON))
    gone = diff(KIND, (), seen(answered()), SCOPE, Sight(Wishes(prune=True), NOON))
    assert (kept[0].action, kept[0].calls) == (Action.UNLISTED, ())
    assert gone[0].calls == (ApiCall("budgets", "DeleteBudget", {"AccountId": ACCOUNT, "BudgetName": "bedrock"}),)


def test_a_name_that_no_tag_can_have_is_marked_without_what_tags_refuse() -> None:
    wanted = wish(name="90% of it")
    marks = {tag["Key"]: tag["Value"] for tag in change(wanted, ()).calls[0].params["ResourceTags"]}
    assert marks["costsentry:key"] == "90_ of it"
    (mine,) = seen(answered(BudgetName="90% of it"), marks)
    assert (mine.key, mine.marked) == ("90% of it", True)
    assert change(wanted, (mine,)).action is Action.SAME
