"""Notifications and subscribers in the sandbox, through a real client."""

from __future__ import annotations

import pytest
from sandbox_budgets_world import ACCOUNT, ALERT, EMAIL, TOPIC, Budgets, refused

INVALID, DUPLICATE = "InvalidParameterException", "DuplicateRecordException"
MISSING, TOO_MANY = "NotFoundException", "CreationLimitExceededException"
FORECAST = ALERT | {"NotificationType": "FORECASTED", "Threshold": 100.0}


def email(number: int) -> dict[str, str]:
    return {"SubscriptionType": "EMAIL", "Address": f"a{number}@example.com"}


@pytest.fixture
def world(tmp_path):
    made = Budgets(tmp_path)
    made.create()
    return made


def notify(world, subscribers=(EMAIL,), budget="sales", **terms):
    world.ask("create_notification", BudgetName=budget, Notification=ALERT | terms, Subscribers=list(subscribers))


def listed(world, budget="sales", **asked):
    found = world.ask("describe_notifications_for_budget", BudgetName=budget, **asked)["Notifications"]
    return [(each["NotificationType"], each["ComparisonOperator"], each["Threshold"], each["ThresholdType"])
            for each in found]  # fmt: skip


def subscribers(world, notification=ALERT, **asked):
    asked = {"BudgetName": "sales", "Notification": notification} | asked
    return world.ask("describe_subscribers_for_notification", **asked)["Subscribers"]


def of(subscriber, **more):
    return {"BudgetName": "sales", "Notification": ALERT, "Subscriber": subscriber, **more}


def test_a_notification_is_told_apart_by_its_four_terms(world):
    terms = [{}, {"Threshold": 80.5}, {"ThresholdType": "ABSOLUTE_VALUE"}, {"ComparisonOperator": "LESS_THAN"}]
    terms += [{"NotificationType": "FORECASTED"}]
    for each in terms:
        notify(world, **each)
    for each in (*terms, {"ThresholdType": "PERCENTAGE"}, {"NotificationState": "ALARM"}):
        refused(lambda each=each: notify(world, **each), DUPLICATE)
    assert len(set(listed(world))) == 5


def test_a_budget_has_ten_notifications_at_most(world):
    for threshold in range(10):
        notify(world, Threshold=threshold)
    refused(lambda: notify(world, Threshold=10), TOO_MANY)
    world.ask("delete_notification", BudgetName="sales", Notification=ALERT | {"Threshold": 4})
    notify(world, Threshold=10)
    assert [terms[2] for terms in listed(world)] == [0, 1, 2, 3, 5, 6, 7, 8, 9, 10]


def test_an_update_keeps_the_subscribers(world):
    notify(world, [EMAIL, TOPIC])
    world.ask("update_notification", BudgetName="sales", OldNotification=ALERT, NewNotification=FORECAST)
    assert listed(world) == [("FORECASTED", "GREATER_THAN", 100, "PERCENTAGE")]
    assert subscribers(world, FORECAST) == [EMAIL, TOPIC]
    refused(lambda: subscribers(world), MISSING)


def test_an_update_needs_an_old_notification_and_new_terms(world):
    notify(world)
    notify(world, Threshold=90)
    change = {"BudgetName": "sales", "OldNotification": ALERT}
    taken = ALERT | {"Threshold": 90}
    refused(lambda: world.ask("update_notification", **change, NewNotification=taken), DUPLICATE)
    world.ask("update_notification", **change, NewNotification=ALERT)
    gone = change | {"OldNotification": FORECAST}
    refused(lambda: world.ask("update_notification", **gone, NewNotification=ALERT), MISSING)


def test_a_threshold_has_a_most_and_a_daily_budget_no_forecast(world):
    notify(world, Threshold=1_000_000)
    refused(lambda: notify(world, Threshold=1_000_001), INVALID)
    notify(world, Threshold=1_000_001, ThresholdType="ABSOLUTE_VALUE")
    world.create("day", TimeUnit="DAILY")
    refused(lambda: notify(world, budget="day", NotificationType="FORECASTED"), INVALID)
    notify(world, budget="day")


def test_notifications_of_unknown_budgets_are_not_found(world):
    refused(lambda: notify(world, budget="nobody"), MISSING)
    refused(lambda: listed(world, "nobody"), MISSING)
    refused(lambda: world.ask("delete_notification", BudgetName="sales", Notification=ALERT), MISSING)


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ([email(1), email(1)], DUPLICATE),
        ([email(number) for number in range(11)], TOO_MANY),
        ([TOPIC, TOPIC | {"Address": TOPIC["Address"] + "2"}], TOO_MANY),
        ([EMAIL | {"Address": "finops"}], INVALID),
        ([EMAIL | {"Address": "a b@example.com"}], INVALID),
        ([EMAIL | {"Address": "a@example.com\n"}], INVALID),
        ([EMAIL | {"Address": TOPIC["Address"]}], INVALID),
        ([TOPIC | {"Address": "a@example.com"}], INVALID),
        ([TOPIC | {"Address": "arn:aws:sqs:us-east-1:123456789012:x"}], INVALID),
        ([TOPIC | {"Address": TOPIC["Address"] + ".fifo"}], INVALID),
    ],
)
def test_bad_subscribers_are_refused_everywhere(world, given, code):
    refused(lambda: notify(world, given), code)
    alerts = {"NotificationsWithSubscribers": [{"Notification": ALERT, "Subscribers": given}]}
    refused(lambda: world.create("other", beside=alerts), code)
    notify(world, given[:-1] or [email(99)])
    refused(lambda: world.ask("create_subscriber", **of(given[-1])), code)
    assert len(subscribers(world)) == max(len(given) - 1, 1)


def test_ten_addresses_and_a_topic_subscribe(world):
    everybody = [*(email(number) for number in range(10)), TOPIC]
    notify(world, everybody)
    assert subscribers(world) == everybody
    pages = world.client.get_paginator("describe_subscribers_for_notification").paginate(
        AccountId=ACCOUNT, BudgetName="sales", Notification=ALERT, PaginationConfig={"PageSize": 4}
    )
    assert [len(page["Subscribers"]) for page in pages] == [4, 4, 3]


def test_a_subscriber_comes_changes_and_goes(world):
    notify(world)
    world.ask("create_subscriber", **of(TOPIC))
    refused(lambda: world.ask("create_subscriber", **of(TOPIC)), DUPLICATE)
    change = {"BudgetName": "sales", "Notification": ALERT, "OldSubscriber": EMAIL}
    refused(lambda: world.ask("update_subscriber", **change, NewSubscriber=TOPIC), DUPLICATE)
    world.ask("update_subscriber", **change, NewSubscriber=email(1))
    assert subscribers(world) == [email(1), TOPIC]
    refused(lambda: world.ask("update_subscriber", **change, NewSubscriber=email(2)), MISSING)
    refused(lambda: world.ask("delete_subscriber", **of(EMAIL)), MISSING)
    world.ask("delete_subscriber", **of(email(1)))
    assert subscribers(world) == [TOPIC]


def test_the_last_subscriber_takes_the_notification_along(world):
    notify(world, [EMAIL, TOPIC])
    world.ask("delete_subscriber", **of(EMAIL))
    world.ask("delete_subscriber", **of(TOPIC))
    assert listed(world) == []
    refused(lambda: world.ask("create_subscriber", **of(EMAIL)), MISSING)


def test_the_account_lists_the_budgets_that_notify(world):
    for name in ("a", "b", "c"):
        world.create(name)
    notify(world, budget="c")
    notify(world, budget="a")
    notify(world, budget="a", Threshold=90)
    answer = world.ask("describe_budget_notifications_for_account")["BudgetNotificationsForAccount"]
    assert [(each["BudgetName"], len(each["Notifications"])) for each in answer] == [("a", 2), ("c", 1)]
    pages = world.client.get_paginator("describe_budget_notifications_for_account").paginate(
        AccountId=ACCOUNT, PaginationConfig={"PageSize": 1}
    )
    assert [page["BudgetNotificationsForAccount"][0]["BudgetName"] for page in pages] == ["a", "c"]


def test_a_setting_denies_an_address(world):
    notify(world, [email(1), email(2)])
    world.sandbox.configure("budget_email_denied:a1@example.com", "1")
    alerts = {"NotificationsWithSubscribers": [{"Notification": ALERT, "Subscribers": [email(1)]}]}
    change = {"BudgetName": "sales", "Notification": ALERT, "OldSubscriber": email(2), "NewSubscriber": email(1)}
    for act in (
        lambda: notify(world, [email(1)], Threshold=1),
        lambda: world.create("other", beside=alerts),
        lambda: world.ask("create_subscriber", **of(email(1))),
        lambda: world.ask("update_subscriber", **change),
        lambda: world.ask("update_notification", BudgetName="sales", OldNotification=ALERT, NewNotification=FORECAST),
    ):
        refused(act, "AccessDeniedException")
    world.sandbox.configure("budget_email_denied:a1@example.com", None)
    notify(world, [email(1)], Threshold=1)


def test_only_an_address_can_be_denied(world):
    with pytest.raises(ValueError, match="e-mail address"):
        world.sandbox.configure("budget_email_denied:finops", "1")
    with pytest.raises(ValueError, match="0 or 1"):
        world.sandbox.configure("budget_email_denied:a@example.com", "yes")
