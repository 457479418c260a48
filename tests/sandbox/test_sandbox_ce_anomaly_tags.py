"""Tags of anomaly monitors and subscriptions through a real client."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError
from sandbox_core_world import client

SERVICE = {"MonitorName": "services", "MonitorType": "DIMENSIONAL", "MonitorDimension": "SERVICE"}
SUBSCRIPTION = {
    "SubscriptionName": "daily",
    "Subscribers": [{"Address": "finops@example.com", "Type": "EMAIL"}],
    "Frequency": "DAILY",
    "Threshold": 5,
}


@pytest.fixture
def ce(sandbox):
    return client(sandbox, "ce")


def test_tags_are_written_trimmed_overwritten_and_taken_off(ce):
    monitor = ce.create_anomaly_monitor(AnomalyMonitor=SERVICE)["MonitorArn"]
    wanted = SUBSCRIPTION | {"MonitorArnList": [monitor]}
    subscription = ce.create_anomaly_subscription(AnomalySubscription=wanted)["SubscriptionArn"]
    for arn in (monitor, subscription):
        ce.tag_resource(ResourceArn=arn, ResourceTags=[{"Key": " team ", "Value": "docs "}, {"Key": "a", "Value": ""}])
        ce.tag_resource(ResourceArn=arn, ResourceTags=[{"Key": "team", "Value": "sales"}])
        assert ce.list_tags_for_resource(ResourceArn=arn)["ResourceTags"] == [
            {"Key": "a", "Value": ""},
            {"Key": "team", "Value": "sales"},
        ]
        ce.untag_resource(ResourceArn=arn, ResourceTagKeys=["a", "never"])
        assert ce.list_tags_for_resource(ResourceArn=arn)["ResourceTags"] == [{"Key": "team", "Value": "sales"}]


def test_tags_are_given_at_creation_and_gone_with_the_resource(sandbox, ce):
    made = ce.create_anomaly_monitor(AnomalyMonitor=SERVICE, ResourceTags=[{"Key": "team", "Value": "docs"}])
    assert ce.list_tags_for_resource(ResourceArn=made["MonitorArn"])["ResourceTags"][0]["Value"] == "docs"
    ce.delete_anomaly_monitor(MonitorArn=made["MonitorArn"])
    assert sandbox.store.db.execute("SELECT count(*) FROM tags").fetchone()[0] == 0


@pytest.mark.parametrize(
    ("keys", "wanted"),
    [
        (["aws:team"], "ValidationException"),
        ([" "], "ValidationException"),
        (["team", "team "], "ValidationException"),
        ([f"k{number}" for number in range(51)], "TooManyTagsException"),
    ],
)
def test_tags_that_aws_does_not_take_are_refused_whole(ce, keys, wanted):
    tags = [{"Key": key, "Value": "x"} for key in keys]
    with pytest.raises(ClientError) as caught:
        ce.create_anomaly_monitor(AnomalyMonitor=SERVICE, ResourceTags=tags)
    assert caught.value.response["Error"]["Code"] == wanted
    assert ce.get_anomaly_monitors()["AnomalyMonitors"] == []
