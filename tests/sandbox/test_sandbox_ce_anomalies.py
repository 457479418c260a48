"""What Cost Anomaly Detection finds: spend that AWS itself bills, by day, of the dimension that is watched."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st
from sandbox_ce_world import HAIKU, NOW, World, day
from sandbox_core_world import client, role_client

from costsentry_cli.sandbox import Sandbox
from costsentry_cli.sandbox.services.ce_anomalies_detector import anomalous_days

MEMBER = "210987654321"
SERVICE = {"MonitorName": "services", "MonitorType": "DIMENSIONAL", "MonitorDimension": "SERVICE"}
BY_TAG = SERVICE | {"MonitorDimension": "TAG", "MonitorSpecification": {"Tags": {"Key": "costCenter"}}}
FIRST = day("2026-10-20")
SPIKE = day("2026-11-20")
INTERVAL = {"StartDate": "2026-11-01", "EndDate": "2026-11-30"}


class Bill:
    """A sandbox whose clock is moved, and calls in it."""

    def __init__(self, folder):
        self.now = FIRST
        self.sandbox = Sandbox(folder / "sandbox.db", clock=lambda: self.now)
        self.world = World(folder)
        self.ce = client(self.sandbox, "ce")

    def monitor(self, **monitor):
        return self.ce.create_anomaly_monitor(AnomalyMonitor=SERVICE | monitor)["MonitorArn"]

    def spend(self, model, *, spike=SPIKE, times=20, days=31, **call):
        """The same every day, ``times`` as much on the spike's; what a plain day and that one cost."""
        costs = {}
        for number in range(days + 1):
            at = FIRST + timedelta(days=number)
            tokens = 1_000_000 * (times if at == spike else 1)
            costs[at] = self.world.call(at, model=model, input=tokens, **call)
        self.now = NOW
        return costs[FIRST], costs[spike]

    def found(self, **asked):
        return self.ce.get_anomalies(**{"DateInterval": INTERVAL} | asked)["Anomalies"]


@pytest.fixture
def bill(tmp_path):
    return Bill(tmp_path)


def test_a_spike_of_a_model_that_aws_bills_is_found(bill):
    arn = bill.monitor()
    plain, spike = bill.spend("amazon.nova-pro-v1:0")
    (anomaly,) = bill.found()
    assert anomaly["MonitorArn"] == arn
    assert anomaly["DimensionValue"] == "Amazon Bedrock"
    assert anomaly["AnomalyStartDate"] == anomaly["AnomalyEndDate"] == "2026-11-20T00:00:00Z"
    impact = anomaly["Impact"]
    assert impact["TotalActualSpend"] == pytest.approx(float(spike))
    assert impact["TotalExpectedSpend"] == pytest.approx(float(plain))
    assert impact["MaxImpact"] == impact["TotalImpact"] == pytest.approx(float(spike - plain))
    assert impact["TotalImpactPercentage"] == pytest.approx(1900)
    assert anomaly["AnomalyScore"] == {"MaxScore": 0.95, "CurrentScore": 0.95}
    (cause,) = anomaly["RootCauses"]
    assert cause == {
        "Service": "Amazon Bedrock",
        "Region": "us-east-1",
        "LinkedAccount": "123456789012",
        "LinkedAccountName": "sandbox",
        "UsageType": "USE1-NovaPro-input-tokens",
        "Impact": {"Contribution": pytest.approx(float(spike - plain))},
    }
    assert bill.sandbox.violations() == []


def test_the_same_spike_of_a_marketplace_billed_model_is_not_found(bill):
    bill.monitor()
    _, spike = bill.spend(HAIKU)
    assert spike > 10
    assert bill.found() == []


def test_an_anomaly_is_found_once_its_day_is_in_cost_explorer(bill):
    bill.monitor()
    bill.spend("amazon.nova-pro-v1:0")
    bill.now = day("2026-11-22", 0) - timedelta(seconds=1)
    assert bill.found() == []
    bill.now += timedelta(seconds=1)
    assert len(bill.found()) == 1


def test_a_new_monitor_does_not_find_what_was_over_before_it_was_made(bill):
    bill.spend("amazon.nova-pro-v1:0")
    bill.monitor()
    bill.now += timedelta(days=2)
    assert bill.found() == []


def test_days_in_a_row_are_one_anomaly_whose_id_stays_while_it_goes_on(bill):
    bill.monitor()
    bill.spend("amazon.nova-pro-v1:0")
    (before,) = bill.found()
    bill.world.call(SPIKE + timedelta(days=1), model="amazon.nova-pro-v1:0", input=15_000_000)
    bill.now += timedelta(days=1)
    (after,) = bill.found()
    assert after["AnomalyId"] == before["AnomalyId"]
    assert (after["AnomalyStartDate"][:10], after["AnomalyEndDate"][:10]) == ("2026-11-20", "2026-11-21")
    assert after["Impact"]["MaxImpact"] < after["Impact"]["TotalImpact"]
    assert after["AnomalyScore"]["CurrentScore"] < after["AnomalyScore"]["MaxScore"]


def test_a_tag_monitor_names_the_value_and_looks_at_active_keys_only(bill):
    bill.monitor(**BY_TAG)
    bill.world.use_tag("costCenter", day("2026-09-01"))
    bill.spend("amazon.nova-pro-v1:0", tags={"costCenter": "sales"})
    bill.spend("amazon.nova-pro-v1:0", tags={"costCenter": "support"}, times=1)
    assert bill.found() == []
    bill.world.switch("costCenter", "Active", day("2026-10-01"))
    (anomaly,) = bill.found()
    assert anomaly["DimensionValue"] == "sales"
    (monitor,) = bill.ce.get_anomaly_monitors()["AnomalyMonitors"]
    assert monitor["DimensionalValueCount"] == 2


def test_a_custom_monitor_watches_its_values_together(bill):
    values = {"Dimensions": {"Key": "LINKED_ACCOUNT", "Values": ["123456789012"]}}
    bill.ce.create_anomaly_monitor(
        AnomalyMonitor={"MonitorName": "payer", "MonitorType": "CUSTOM", "MonitorSpecification": values}
    )
    bill.spend("amazon.nova-pro-v1:0")
    bill.spend("amazon.nova-lite-v1:0", times=1)
    (anomaly,) = bill.found()
    assert "DimensionValue" not in anomaly
    (monitor,) = bill.ce.get_anomaly_monitors()["AnomalyMonitors"]
    assert "DimensionalValueCount" not in monitor


def test_a_cost_category_monitor_has_nothing_to_see(bill):
    category = {"CostCategories": {"Key": "Team"}}
    bill.monitor(MonitorDimension="COST_CATEGORY", MonitorSpecification=category)
    bill.spend("amazon.nova-pro-v1:0")
    assert bill.found() == []


def test_a_members_monitor_sees_its_own_costs_and_the_payers_does_not_show_it(bill):
    of_member = role_client(bill.sandbox, f"arn:aws:iam::{MEMBER}:role/finops", "ce")
    of_member.create_anomaly_monitor(AnomalyMonitor=SERVICE)
    bill.spend("amazon.nova-pro-v1:0")
    assert of_member.get_anomalies(DateInterval=INTERVAL)["Anomalies"] == bill.found() == []
    with bill.world.store.transaction() as db:
        db.execute("UPDATE calls SET account = ?", (MEMBER,))
    assert len(of_member.get_anomalies(DateInterval=INTERVAL)["Anomalies"]) == 1
    assert bill.found() == []


def test_filters_keep_what_they_name(bill):
    arn = bill.monitor()
    other = bill.monitor(MonitorDimension="LINKED_ACCOUNT")
    bill.spend("amazon.nova-pro-v1:0")
    assert {each["MonitorArn"] for each in bill.found()} == {arn, other}
    assert [each["MonitorArn"] for each in bill.found(MonitorArn=other)] == [other]
    total = bill.found()[0]["Impact"]["TotalImpact"]
    for operator, value, end, count in [
        ("GREATER_THAN", total, None, 0),
        ("GREATER_THAN_OR_EQUAL", total, None, 2),
        ("EQUAL", total, None, 2),
        ("LESS_THAN", total, None, 0),
        ("LESS_THAN_OR_EQUAL", total, None, 2),
        ("BETWEEN", 1, total, 2),
        ("BETWEEN", 1, 2, 0),
    ]:
        wanted = {"NumericOperator": operator, "StartValue": value} | ({"EndValue": end} if end else {})
        assert len(bill.found(TotalImpact=wanted)) == count, operator
    for start, end, count in [("2026-11-20", "2026-11-20", 2), ("2026-11-21", "2026-11-22", 0)]:
        assert len(bill.found(DateInterval={"StartDate": start, "EndDate": end})) == count
    assert len(bill.found(DateInterval={"StartDate": "2026-08-25"})) == 2


def test_feedback_is_kept_and_filtered_by(bill):
    bill.monitor()
    bill.spend("amazon.nova-pro-v1:0")
    (anomaly,) = bill.found()
    assert "Feedback" not in anomaly
    for feedback in ("YES", "PLANNED_ACTIVITY"):
        answer = bill.ce.provide_anomaly_feedback(AnomalyId=anomaly["AnomalyId"], Feedback=feedback)
        assert answer["AnomalyId"] == anomaly["AnomalyId"]
    assert bill.found(Feedback="YES") == []
    assert bill.found(Feedback="PLANNED_ACTIVITY")[0]["Feedback"] == "PLANNED_ACTIVITY"
    with pytest.raises(ClientError, match="does not exist"):
        bill.ce.provide_anomaly_feedback(AnomalyId="nothing", Feedback="NO")


def test_anomalies_are_newest_first_and_every_page_has_its_share(bill):
    bill.monitor()
    bill.monitor(MonitorDimension="LINKED_ACCOUNT")
    bill.spend("amazon.nova-pro-v1:0", times=5)
    bill.world.call(day("2026-11-10"), model="amazon.nova-pro-v1:0", input=5_000_000)
    whole = bill.found()
    assert [each["AnomalyEndDate"][:10] for each in whole] == ["2026-11-20"] * 2 + ["2026-11-10"] * 2
    pages = list(
        bill.ce.get_paginator("get_anomalies").paginate(DateInterval=INTERVAL, PaginationConfig={"PageSize": 3})
    )
    assert [len(each["Anomalies"]) for each in pages] == [3, 1]
    assert [each for page in pages for each in page["Anomalies"]] == whole


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"DateInterval": {"StartDate": "2026-08-24", "EndDate": "2026-11-23"}}, "ValidationException"),
        ({"DateInterval": {"StartDate": "2026-11-02", "EndDate": "2026-11-01"}}, "ValidationException"),
        ({"DateInterval": {"StartDate": "2026-11-31"}}, "ValidationException"),
        ({"DateInterval": {"StartDate": "yesterday"}}, "ValidationException"),
        ({"TotalImpact": {"NumericOperator": "BETWEEN", "StartValue": 1}}, "ValidationException"),
        ({"MaxResults": 0}, "ValidationException"),
        ({"MonitorArn": "arn:aws:ce::123456789012:anomalymonitor/none"}, "UnknownMonitorException"),
        ({"NextPageToken": "nonsense"}, "InvalidNextTokenException"),
    ],
)
def test_what_cannot_be_asked_is_refused(bill, asked, code):
    bill.now = NOW
    with pytest.raises(ClientError) as caught:
        bill.found(**asked)
    assert caught.value.response["Error"]["Code"] == code


@pytest.mark.parametrize(("history", "count"), [(9, 0), (10, 1)])
def test_a_value_needs_ten_days_of_cost(history, count):
    totals = dict.fromkeys(range(100, 100 + history), Decimal(1)) | {100 + history: Decimal(50)}
    assert len(list(anomalous_days(totals, 200))) == count


@pytest.mark.parametrize(("impact", "count"), [("0.99", 0), ("1", 1)])
def test_less_than_a_dollar_is_no_anomaly(impact, count):
    totals = dict.fromkeys(range(20), Decimal(3)) | {20: 3 + Decimal(impact)}
    assert len(list(anomalous_days(totals, 21))) == count


def test_more_than_three_deviations_are_needed():
    before = {number: Decimal(10 + (number % 2) * 2) for number in range(28)}  # mean 11, deviation 1
    assert list(anomalous_days(before | {28: Decimal(14)}, 29)) == []
    (found,) = anomalous_days(before | {28: Decimal("14.01")}, 29)
    assert (found.actual, found.expected, found.basis) == (Decimal("14.01"), Decimal(11), 28)


@given(costs=st.lists(st.decimals(0, 1000, places=2), min_size=1, max_size=60), end=st.integers(0, 60))
def test_later_days_never_change_what_was_found_before(costs, end):
    totals = dict(enumerate(costs))
    whole = list(anomalous_days(totals, 60))
    assert list(anomalous_days(totals, end)) == [found for found in whole if found.number < end]
    assert all(found.impact >= 1 and found.number >= 10 for found in whole)
