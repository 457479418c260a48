"""Monitors and anomalies as AWS tells of them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from budget_answers import HAIKU_SERVICE, costs
from costsentry_cli.domain.calls import Answer, ApiCall
from costsentry_cli.domain.errors import SentryError
from costsentry_cli.domain.kind import Scope
from costsentry_cli.domain.resource import NAMESPACE_TAG, RETIRED_TAG
from costsentry_cli.render.screen import as_screen
from costsentry_cli.usecases import anomalies
from fakes import ACCOUNT, NOON, FakeCloud

SCOPE = Scope(ACCOUNT, "global", "docs-helper")
ARN = f"arn:aws:ce::{ACCOUNT}:anomalymonitor/"
MONITORS = [
    {
        "MonitorArn": f"{ARN}1",
        "MonitorName": "by centre",
        "MonitorType": "DIMENSIONAL",
        "MonitorDimension": "TAG",
        "MonitorSpecification": {"Tags": {"Key": "costCenter"}},
        "LastEvaluatedDate": "2026-11-23T08:00:00Z",
    },
    {
        "MonitorArn": f"{ARN}2",
        "MonitorName": "by hand",
        "MonitorType": "CUSTOM",
        "MonitorSpecification": {"Tags": {"Key": "team", "Values": ["x"]}},
    },
]
SUBSCRIPTION = {
    "SubscriptionArn": f"arn:aws:ce::{ACCOUNT}:anomalysubscription/1",
    "SubscriptionName": "by centre",
    "MonitorArnList": [f"{ARN}1"],
    "Subscribers": [{"Address": "finops@example.com", "Type": "EMAIL", "Status": "CONFIRMED"}],
    "Frequency": "DAILY",
    "Threshold": 50.0,
}
SPIKE = {
    "AnomalyId": "a",
    "AnomalyStartDate": "2026-11-10T00:00:00Z",
    "AnomalyEndDate": "2026-11-11T00:00:00Z",
    "DimensionValue": "sales",
    "RootCauses": [{"Service": "Amazon Bedrock", "Region": "us-east-1"}],
    "AnomalyScore": {"MaxScore": 0.9, "CurrentScore": 0.8},
    "Impact": {"MaxImpact": 40.0, "TotalImpact": 61.1, "TotalActualSpend": 71.2, "TotalExpectedSpend": 10.1},
    "MonitorArn": f"{ARN}1",
}
OLDER = SPIKE | {"AnomalyId": "b", "AnomalyStartDate": "2026-10-01", "AnomalyEndDate": "2026-10-01"}
OCTOBER = [
    ("2026-10-01", "", HAIKU_SERVICE, "60"),
    ("2026-10-01", "", "Command R (Amazon Bedrock Edition)", "15"),
    ("2026-10-01", "", "Amazon Bedrock", "25"),
    ("2026-10-01", "", "Amazon Simple Storage Service", "900"),
]


def world(*, marks: dict[str, str] | None = None, **more: Any) -> FakeCloud:
    def tags(call: ApiCall) -> Answer:
        mine = {NAMESPACE_TAG: "docs-helper"} if marks is None else marks
        shown = mine if call.params["ResourceArn"] == f"{ARN}1" else {}
        return {"ResourceTags": [{"Key": key, "Value": value} for key, value in shown.items()]}

    script: dict[str, Any] = {
        "GetAnomalyMonitors": {"AnomalyMonitors": MONITORS},
        "GetAnomalySubscriptions": {"AnomalySubscriptions": [SUBSCRIPTION]},
        "GetAnomalies": {"Anomalies": [OLDER, SPIKE]},
        "ListTagsForResource": tags,
        "GetCostAndUsage": costs(OCTOBER),
    }
    return FakeCloud(script | more)


def test_the_two_tables_as_people_read_them() -> None:
    monitors, found = anomalies.listing(world(), SCOPE, NOON, with_cost=True)
    assert as_screen(monitors, width=120) == (
        "Monitor    Watches                                 Evaluated   Anomalies, 90 days  Owner\n"
        "by centre  tag costCenter                          2026-11-23                   2  ours\n"
        'by hand    {"Tags":{"Key":"team","Values":["x"]}}  -                            0  foreign\n'
        "\n"
        "AWS's detector does not see models billed through AWS Marketplace (Claude, Cohere, ...): 75% of last month's"
        " Bedrock\n  cost\n"
    )
    assert as_screen(found, width=60) == (
        "From        To          In     Impact  Monitor\n"
        "2026-11-10  2026-11-11  sales  $61.10  by centre\n"
        "2026-10-01  2026-10-01  sales  $61.10  by centre\n"
    )


def test_money_is_exact_and_the_document_has_the_anomalies_too() -> None:
    monitors, found = anomalies.listing(world(), SCOPE, NOON, with_cost=True)
    assert found.rows[0][3] == Decimal("61.1")
    facts = monitors.facts or {}
    assert facts["anomalies"][0]["impact_usd"] == "61.10"
    assert (facts["anomalies"][0]["start"], facts["anomalies"][0]["cause"]) == (
        "2026-11-10",
        "Amazon Bedrock, us-east-1",
    )
    assert (facts["unseen_share"], facts["paid_requests"]) == ("0.75", 1)


def test_without_cost_nothing_is_asked_and_the_share_is_not_known() -> None:
    cloud = world()
    monitors, _ = anomalies.listing(cloud, SCOPE, NOON, with_cost=False)
    assert "GetCostAndUsage" not in cloud.operations()
    assert (monitors.facts or {})["unseen_share"] is None


def test_monitors_are_listed_without_the_share_that_may_not_be_asked_for() -> None:
    refusal = SentryError("CS0403", "no")
    monitors, found = anomalies.listing(world(GetCostAndUsage=refusal), SCOPE, NOON, with_cost=True)
    assert (len(monitors.rows), len(found.rows), monitors.notes) == (2, 2, (anomalies.truth(None),))
    facts = monitors.facts or {}
    assert (facts["unseen_share"], facts["costs_error"]) == (None, {"code": "CS0403", "message": "no"})


def test_a_month_without_cost_has_no_share() -> None:
    monitors, _ = anomalies.listing(world(GetCostAndUsage=costs([])), SCOPE, NOON, with_cost=True)
    assert monitors.notes == (anomalies.truth(None),)


@pytest.mark.parametrize(
    ("marks", "owner"),
    [
        ({NAMESPACE_TAG: "docs-helper"}, "ours"),
        ({NAMESPACE_TAG: "other"}, "namespace other"),
        ({NAMESPACE_TAG: "docs-helper", RETIRED_TAG: "2026-11-01T00:00:00Z"}, "ours, replaced"),
        ({}, "foreign"),
    ],
)
def test_whose_a_monitor_is(marks: dict[str, str], owner: str) -> None:
    monitors, _ = anomalies.listing(world(marks=marks), SCOPE, NOON, with_cost=False)
    assert monitors.rows[0][5] == owner


def test_anomalies_are_asked_for_90_days_back_and_only_where_there_is_a_monitor() -> None:
    cloud = world()
    anomalies.listing(cloud, SCOPE, NOON, with_cost=False)
    (asked,) = [call for call in cloud.calls if call.operation == "GetAnomalies"]
    assert asked.params["DateInterval"] == {"StartDate": "2026-08-25", "EndDate": "2026-11-23"}
    bare = world(GetAnomalyMonitors={"AnomalyMonitors": []})
    anomalies.listing(bare, SCOPE, NOON, with_cost=False)
    assert bare.operations() == ["GetAnomalyMonitors"]


def test_a_monitor_deleted_meanwhile_is_left_out_and_another_error_is_one() -> None:
    gone = world(ListTagsForResource=SentryError("CS0803", "gone"))
    assert anomalies.listing(gone, SCOPE, NOON, with_cost=False)[0].rows == ()
    with pytest.raises(SentryError, match="denied"):
        anomalies.listing(world(ListTagsForResource=SentryError("CS0403", "denied")), SCOPE, NOON, with_cost=False)
