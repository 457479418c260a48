"""Anomaly monitors and subscriptions through a real client: lives, rules of AWS's reference, quotas, pages."""

from __future__ import annotations

from datetime import timedelta

import pytest
from botocore.exceptions import ClientError
from sandbox_core_world import client, role_client

NOBODY = "arn:aws:ce::123456789012:anomalymonitor/00000000-0000-0000-0000-000000000000"
NO_SUBSCRIPTION = NOBODY.replace("monitor", "subscription")
MEMBER = "arn:aws:iam::210987654321:role/finops"
TOPIC = "arn:aws:sns:us-east-1:123456789012:costs"
MAIL, SNS = {"Address": "finops@example.com", "Type": "EMAIL"}, {"Address": TOPIC, "Type": "SNS"}
SERVICE = {"MonitorName": "services", "MonitorType": "DIMENSIONAL", "MonitorDimension": "SERVICE"}
ACCOUNTS = SERVICE | {"MonitorDimension": "LINKED_ACCOUNT"}
CUSTOM = {"MonitorName": "custom", "MonitorType": "CUSTOM"}


def impact(*values, kind="ABSOLUTE", match=("GREATER_THAN_OR_EQUAL",)):
    return {"Dimensions": {"Key": f"ANOMALY_TOTAL_IMPACT_{kind}", "Values": list(values), "MatchOptions": list(match)}}


def tags(*values):
    return {"Tags": {"Key": "costCenter", "Values": list(values)}}


@pytest.fixture
def ce(sandbox):
    return client(sandbox, "ce")


@pytest.fixture
def monitor(ce):
    return ce.create_anomaly_monitor(AnomalyMonitor=SERVICE)["MonitorArn"]


def subscribe(ce, *monitors, **changed):
    wanted = {
        "SubscriptionName": "daily", "MonitorArnList": list(monitors), "Subscribers": [MAIL], "Frequency": "DAILY",
        "ThresholdExpression": impact("5"),
    }  # fmt: skip
    wanted = {name: value for name, value in (wanted | changed).items() if value is not None}
    return ce.create_anomaly_subscription(AnomalySubscription=wanted)["SubscriptionArn"]


def shown(ce, arn):
    (found,) = ce.get_anomaly_subscriptions(SubscriptionArnList=[arn])["AnomalySubscriptions"]
    return found


def code(call, *args, **params):
    with pytest.raises(ClientError) as caught:
        call(*args, **params)
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    return caught.value.response["Error"]["Code"]


def test_a_monitor_is_made_renamed_and_deleted(sandbox, ce, monitor):
    (made,) = ce.get_anomaly_monitors()["AnomalyMonitors"]
    assert made["MonitorArn"].startswith("arn:aws:ce::123456789012:anomalymonitor/")
    assert made | SERVICE == made
    assert made["DimensionalValueCount"] == 0
    assert "LastEvaluatedDate" not in made
    sandbox.advance(timedelta(hours=9))
    assert ce.update_anomaly_monitor(MonitorArn=monitor, MonitorName="all")["MonitorArn"] == monitor
    (renamed,) = ce.get_anomaly_monitors(MonitorArnList=[monitor])["AnomalyMonitors"]
    assert renamed["MonitorName"] == "all"
    assert renamed["CreationDate"] == made["CreationDate"] < renamed["LastEvaluatedDate"]
    assert renamed["LastUpdatedDate"] > made["LastUpdatedDate"]
    ce.delete_anomaly_monitor(MonitorArn=monitor)
    assert ce.get_anomaly_monitors()["AnomalyMonitors"] == []
    assert code(ce.delete_anomaly_monitor, MonitorArn=monitor) == "UnknownMonitorException"


@pytest.mark.parametrize(
    "wanted",
    [
        ACCOUNTS,
        SERVICE | {"MonitorDimension": "TAG", "MonitorSpecification": {"Tags": {"Key": "costCenter"}}},
        SERVICE | {"MonitorDimension": "COST_CATEGORY", "MonitorSpecification": {"CostCategories": {"Key": "Team"}}},
        CUSTOM | {"MonitorSpecification": {"Dimensions": {"Key": "LINKED_ACCOUNT", "Values": ["123456789012"] * 10}}},
        CUSTOM | {"MonitorSpecification": tags("sales", "support")},
        CUSTOM | {"MonitorSpecification": {"CostCategories": {"Key": "Team", "Values": ["docs"]}}},
    ],
)
def test_every_kind_of_monitor_is_shown_as_it_was_made(ce, wanted):
    ce.create_anomaly_monitor(AnomalyMonitor=wanted)
    (made,) = ce.get_anomaly_monitors()["AnomalyMonitors"]
    assert made | wanted == made


@pytest.mark.parametrize(
    "wanted",
    [
        SERVICE | {"MonitorName": " "},
        SERVICE | {"MonitorSpecification": tags("sales")},
        ACCOUNTS | {"MonitorSpecification": {}},
        {"MonitorName": "x", "MonitorType": "DIMENSIONAL"},
        SERVICE | {"MonitorDimension": "TAG"},
        SERVICE | {"MonitorDimension": "TAG", "MonitorSpecification": {"Tags": {}}},
        SERVICE | {"MonitorDimension": "TAG", "MonitorSpecification": tags("sales")},
        SERVICE | {"MonitorDimension": "TAG", "MonitorSpecification": {"CostCategories": {"Key": "Team"}}},
        SERVICE | {"MonitorDimension": "COST_CATEGORY", "MonitorSpecification": {"Tags": {"Key": "costCenter"}}},
        CUSTOM,
        CUSTOM | {"MonitorDimension": "SERVICE", "MonitorSpecification": tags("sales")},
        CUSTOM | {"MonitorSpecification": tags()},
        CUSTOM | {"MonitorSpecification": tags(*"abcdefghijk")},
        CUSTOM | {"MonitorSpecification": {"Dimensions": {"Key": "SERVICE", "Values": ["Amazon Bedrock"]}}},
        CUSTOM | {"MonitorSpecification": {"CostCategories": {"Key": "Team", "Values": ["a", "b"]}}},
        CUSTOM | {"MonitorSpecification": {"Not": tags("sales")}},
        CUSTOM | {"MonitorSpecification": {"And": [tags("sales"), tags("support")]}},
        CUSTOM | {"MonitorSpecification": {"Tags": {"Key": "a", "Values": ["b"], "MatchOptions": ["CONTAINS"]}}},
    ],
)
def test_a_monitor_that_aws_does_not_take_is_refused(ce, wanted):
    assert code(ce.create_anomaly_monitor, AnomalyMonitor=wanted) == "ValidationException"
    assert ce.get_anomaly_monitors()["AnomalyMonitors"] == []


def test_an_account_has_one_monitor_of_services_and_500_others(sandbox, ce, monitor):
    with pytest.raises(ClientError, match="Limit exceeded on dimensional spend monitor creation") as caught:
        ce.create_anomaly_monitor(AnomalyMonitor=SERVICE | {"MonitorName": "another"})
    assert caught.value.response["Error"]["Code"] == "ValidationException"
    row = "'123456789012', 'x', 'DIMENSIONAL', 'LINKED_ACCOUNT', '{}', 0, 0"
    with sandbox.store.transaction() as db:
        db.executemany(
            "INSERT INTO anomaly_monitors (arn, account, name, type, dimension, specification, created, updated) "
            f"VALUES (?, {row})",
            [(f"arn:aws:ce::123456789012:anomalymonitor/{number}",) for number in range(499)],
        )
    ce.create_anomaly_monitor(AnomalyMonitor=ACCOUNTS)
    assert code(ce.create_anomaly_monitor, AnomalyMonitor=ACCOUNTS) == "ValidationException"
    pages = list(ce.get_paginator("get_anomaly_monitors").paginate())
    arns = [each["MonitorArn"] for page in pages for each in page["AnomalyMonitors"]]
    assert (len(arns), len(set(arns)), arns[0]) == (501, 501, monitor)
    assert max(len(page["AnomalyMonitors"]) for page in pages) == 100


def test_two_monitors_may_have_one_name(ce):
    arns = {ce.create_anomaly_monitor(AnomalyMonitor=ACCOUNTS)["MonitorArn"] for _ in range(2)}
    assert len(arns) == 2


def test_a_member_has_its_own_monitor_of_services_and_no_others(sandbox, ce, monitor):
    member = role_client(sandbox, MEMBER, "ce")
    assert code(member.create_anomaly_monitor, AnomalyMonitor=ACCOUNTS) == "AccessDeniedException"
    own = member.create_anomaly_monitor(AnomalyMonitor=SERVICE)["MonitorArn"]
    assert own.split(":")[4] == "210987654321"
    assert [each["MonitorArn"] for each in member.get_anomaly_monitors()["AnomalyMonitors"]] == [own]
    assert code(member.delete_anomaly_monitor, MonitorArn=monitor) == "UnknownMonitorException"
    assert code(member.list_tags_for_resource, ResourceArn=monitor) == "ResourceNotFoundException"
    assert code(subscribe, member, monitor) == "UnknownMonitorException"


def test_a_subscription_is_made_changed_and_deleted(ce, monitor):
    arn = subscribe(ce, monitor)
    assert shown(ce, arn) == {
        "SubscriptionArn": arn,
        "AccountId": "123456789012",
        "MonitorArnList": [monitor],
        "Subscribers": [MAIL | {"Status": "CONFIRMED"}],
        "Frequency": "DAILY",
        "SubscriptionName": "daily",
        "ThresholdExpression": impact("5"),
    }
    ce.update_anomaly_subscription(SubscriptionArn=arn, Frequency="IMMEDIATE", Subscribers=[SNS], Threshold=7)
    changed = shown(ce, arn)
    assert (changed["Frequency"], changed["Subscribers"]) == ("IMMEDIATE", [SNS | {"Status": "CONFIRMED"}])
    assert (changed["Threshold"], changed["ThresholdExpression"]) == (7, impact("7"))
    assert (changed["SubscriptionName"], changed["MonitorArnList"]) == ("daily", [monitor])
    ce.delete_anomaly_subscription(SubscriptionArn=arn)
    assert ce.get_anomaly_subscriptions()["AnomalySubscriptions"] == []
    for call in (ce.delete_anomaly_subscription, ce.update_anomaly_subscription):
        assert code(call, SubscriptionArn=arn) == "UnknownSubscriptionException"


@pytest.mark.parametrize(
    "changed",
    [
        {"Frequency": "WEEKLY", "Subscribers": [MAIL, MAIL | {"Address": "other@example.com"}]},
        {"Frequency": "IMMEDIATE", "Subscribers": [SNS]},
        {"ThresholdExpression": {"And": [impact("1"), impact("10000000000", kind="PERCENTAGE")]}},
        {"ThresholdExpression": {"Or": [impact("0"), {"And": [impact("1.5"), impact("2")]}]}},
        {"ThresholdExpression": None, "Threshold": 0},
    ],
)
def test_subscriptions_that_aws_takes_are_kept(ce, monitor, changed):
    made = shown(ce, subscribe(ce, monitor, **changed))
    assert made["Frequency"] == changed.get("Frequency", "DAILY")
    assert made["ThresholdExpression"] == (changed.get("ThresholdExpression", impact("5")) or impact("0"))


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"SubscriptionName": ""}, "SubscriptionName"),
        ({"MonitorArnList": []}, "MonitorArnList"),
        ({"Subscribers": []}, "Subscribers"),
        ({"Subscribers": [{"Type": "EMAIL"}]}, "needs an Address"),
        ({"Subscribers": [{"Address": TOPIC, "Type": "EMAIL"}]}, "is invalid for the type EMAIL"),
        ({"Subscribers": [{"Address": "no address", "Type": "EMAIL"}]}, "regular expression"),
        ({"Subscribers": [SNS]}, "Daily or weekly frequencies only support Email subscriptions"),
        ({"Frequency": "WEEKLY", "Subscribers": [MAIL, SNS]}, "Daily or weekly frequencies only support Email"),
        ({"Frequency": "IMMEDIATE"}, "Immediate frequencies only support SNSTopic subscriptions"),
        ({"Frequency": "IMMEDIATE", "Subscribers": [SNS, SNS]}, "Immediate frequencies support a max of one"),
        ({"Threshold": 5}, "cannot both be specified"),
        ({"ThresholdExpression": None}, "Threshold and ThresholdExpression cannot both be null"),
        ({"ThresholdExpression": {}}, "one root"),
        ({"ThresholdExpression": {"Not": impact("1")}}, "one root"),
        ({"ThresholdExpression": {"And": [impact("1")]}}, "at least 2 operands"),
        ({"ThresholdExpression": {"And": [impact("1"), tags("sales")]}}, "one root"),
        ({"ThresholdExpression": impact("1", match=["EQUALS"])}, "GREATER_THAN_OR_EQUAL"),
        ({"ThresholdExpression": impact("1", "2")}, "one value"),
        ({"ThresholdExpression": impact("-1")}, "one value"),
        ({"ThresholdExpression": impact("1e3")}, "one value"),
        ({"ThresholdExpression": impact("10000000001")}, "one value"),
        ({"ThresholdExpression": {"Dimensions": {"Key": "SERVICE", "Values": ["1"]}}}, "supports the dimensions"),
    ],
)
def test_a_subscription_that_aws_does_not_take_is_refused(ce, monitor, changed, words):
    with pytest.raises(ClientError, match=words) as caught:
        subscribe(ce, monitor, **changed)
    assert caught.value.response["Error"]["Code"] == "ValidationException"
    assert ce.get_anomaly_subscriptions()["AnomalySubscriptions"] == []


def test_a_change_is_checked_with_what_stays(ce, monitor):
    arn = subscribe(ce, monitor)
    for changed in ({"Frequency": "IMMEDIATE"}, {"Subscribers": [SNS]}, {"MonitorArnList": []}):
        assert code(ce.update_anomaly_subscription, SubscriptionArn=arn, **changed) == "ValidationException"
    assert code(ce.update_anomaly_subscription, SubscriptionArn=arn, MonitorArnList=[NOBODY]) == (
        "UnknownMonitorException"
    )
    both = {"Threshold": 1, "ThresholdExpression": impact("1")}
    assert code(ce.update_anomaly_subscription, SubscriptionArn=arn, **both) == "ValidationException"
    assert shown(ce, arn)["Frequency"] == "DAILY"


def test_a_deleted_monitor_leaves_its_subscriptions_even_alone(ce, monitor):
    other = ce.create_anomaly_monitor(AnomalyMonitor=ACCOUNTS)["MonitorArn"]
    both, alone = subscribe(ce, monitor, other), subscribe(ce, monitor)
    ce.delete_anomaly_monitor(MonitorArn=monitor)
    assert shown(ce, both)["MonitorArnList"] == [other]
    assert shown(ce, alone)["MonitorArnList"] == []
    ce.update_anomaly_subscription(SubscriptionArn=alone, SubscriptionName="alone")
    assert shown(ce, alone)["SubscriptionName"] == "alone"


def test_subscriptions_are_listed_by_monitor_and_in_pages_and_have_a_quota(ce, monitor):
    other = ce.create_anomaly_monitor(AnomalyMonitor=ACCOUNTS)["MonitorArn"]
    arns = [subscribe(ce, monitor) for _ in range(99)] + [subscribe(ce, other)]
    assert code(subscribe, ce, other) == "ValidationException"
    pages = list(ce.get_paginator("get_anomaly_subscriptions").paginate(PaginationConfig={"PageSize": 40}))
    assert [len(page["AnomalySubscriptions"]) for page in pages] == [40, 40, 20]
    assert [each["SubscriptionArn"] for page in pages for each in page["AnomalySubscriptions"]] == arns
    (of_other,) = ce.get_anomaly_subscriptions(MonitorArn=other)["AnomalySubscriptions"]
    assert of_other["SubscriptionArn"] == arns[-1]


@pytest.mark.parametrize(
    ("operation", "asked", "wanted"),
    [
        ("get_anomaly_monitors", {"MonitorArnList": [NOBODY]}, "UnknownMonitorException"),
        ("get_anomaly_monitors", {"NextPageToken": "nonsense"}, "InvalidNextTokenException"),
        ("get_anomaly_monitors", {"MaxResults": 0}, "ValidationException"),
        ("update_anomaly_monitor", {"MonitorArn": NOBODY}, "UnknownMonitorException"),
        ("get_anomaly_subscriptions", {"SubscriptionArnList": [NO_SUBSCRIPTION]}, "UnknownSubscriptionException"),
        ("get_anomaly_subscriptions", {"NextPageToken": "bnVsbA=="}, "InvalidNextTokenException"),
        ("list_tags_for_resource", {"ResourceArn": NOBODY}, "ResourceNotFoundException"),
        ("tag_resource", {"ResourceArn": NOBODY, "ResourceTags": []}, "ResourceNotFoundException"),
        ("untag_resource", {"ResourceArn": NO_SUBSCRIPTION, "ResourceTagKeys": []}, "ResourceNotFoundException"),
    ],
)
def test_what_is_not_there_is_refused(ce, operation, asked, wanted):
    assert code(getattr(ce, operation), **asked) == wanted
