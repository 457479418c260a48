"""The real ``aws ce`` CLI against a served sandbox: backfills, anomaly monitors and subscriptions, the organisation."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from served import Served, serving

from fakes import ACCOUNT


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("served-tags")) as made:
        yield made


def test_a_backfill_is_started_seen_in_the_history_and_done_by_the_clock(served: Served) -> None:
    start = f"{datetime.now(UTC):%Y-%m}-01T00:00:00Z"
    begun = served.aws("ce", "start-cost-allocation-tag-backfill", "--backfill-from", start)["BackfillRequest"]
    assert (begun["BackfillFrom"], begun["BackfillStatus"]) == (start, "PROCESSING")
    again = served.aws_error("ce", "start-cost-allocation-tag-backfill", "--backfill-from", start)
    assert "BackfillLimitExceededException" in again
    served.advance("13h")
    (done,) = served.aws("ce", "list-cost-allocation-tag-backfill-history")["BackfillRequests"]
    assert (done["BackfillStatus"], done["RequestedAt"]) == ("SUCCEEDED", begun["RequestedAt"])
    assert done["CompletedAt"] > done["RequestedAt"]


def test_a_backfill_from_the_middle_of_a_month_is_refused(served: Served) -> None:
    start = f"{datetime.now(UTC):%Y-%m}-02T00:00:00Z"
    said = served.aws_error("ce", "start-cost-allocation-tag-backfill", "--backfill-from", start)
    assert "ValidationException" in said
    assert "first day of a month" in said


def test_a_monitor_and_a_subscription_are_made_tagged_listed_and_deleted(served: Served) -> None:
    specification = {"Tags": {"Key": "costCenter"}}
    wanted = {"MonitorName": "cost-centres", "MonitorType": "DIMENSIONAL", "MonitorDimension": "TAG"}
    monitor = served.aws(
        "ce", "create-anomaly-monitor", "--resource-tags", "Key=team,Value=finops",
        "--anomaly-monitor", json.dumps(wanted | {"MonitorSpecification": specification}),
    )["MonitorArn"]  # fmt: skip
    assert monitor.startswith(f"arn:aws:ce::{ACCOUNT}:anomalymonitor/")
    threshold = {"Key": "ANOMALY_TOTAL_IMPACT_ABSOLUTE", "Values": ["5"], "MatchOptions": ["GREATER_THAN_OR_EQUAL"]}
    subscription = {
        "SubscriptionName": "daily", "MonitorArnList": [monitor], "Frequency": "DAILY",
        "Subscribers": [{"Type": "EMAIL", "Address": "finops@example.com"}],
        "ThresholdExpression": {"Dimensions": threshold},
    }  # fmt: skip
    arn = served.aws("ce", "create-anomaly-subscription", "--anomaly-subscription", json.dumps(subscription))[
        "SubscriptionArn"
    ]
    (shown,) = served.aws("ce", "get-anomaly-subscriptions", "--monitor-arn", monitor)["AnomalySubscriptions"]
    assert shown["SubscriptionArn"] == arn
    assert shown["ThresholdExpression"] == subscription["ThresholdExpression"]
    (made,) = served.aws("ce", "get-anomaly-monitors")["AnomalyMonitors"]
    assert made["MonitorSpecification"] == specification
    tags = served.aws("ce", "list-tags-for-resource", "--resource-arn", monitor)["ResourceTags"]
    assert tags == [{"Key": "team", "Value": "finops"}]
    interval = f"StartDate={datetime.now(UTC):%Y-%m-%d}"
    assert served.aws("ce", "get-anomalies", "--date-interval", interval)["Anomalies"] == []
    served.aws("ce", "delete-anomaly-subscription", "--subscription-arn", arn)
    served.aws("ce", "delete-anomaly-monitor", "--monitor-arn", monitor)
    assert "UnknownMonitorException" in served.aws_error("ce", "delete-anomaly-monitor", "--monitor-arn", monitor)


def test_the_organisation_says_who_pays(served: Served) -> None:
    organization = served.aws("organizations", "describe-organization")["Organization"]
    assert organization["MasterAccountId"] == ACCOUNT
    assert [account["Id"] for account in served.aws("organizations", "list-accounts")["Accounts"]] == [ACCOUNT]
