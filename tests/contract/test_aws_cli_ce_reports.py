"""The real ``aws ce`` CLI against a served sandbox with a year of traffic: what reports are made from."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from botocore.session import Session

from costsentry_cli.sandbox import FaultRule, Sandbox, environment, server
from costsentry_cli.sandbox.seed import seed

AWS = Path(sys.executable).with_name("aws")
NOW = datetime(2026, 11, 23, 15, tzinfo=UTC)
OCTOBER = ("--time-period", "Start=2026-10-01,End=2026-11-01")
SERVICES = ["Amazon Bedrock", "Claude Haiku 4.5 (Amazon Bedrock Edition)", "Claude Sonnet 4.5 (Amazon Bedrock Edition)"]


@dataclass(frozen=True)
class Served:
    """A served sandbox and the ``aws`` CLI pointed at it."""

    sandbox: Sandbox
    url: str
    folder: Path

    def ce(self, *words: str) -> Any:
        ended = self.run(*words)
        assert ended.returncode == 0, ended.stderr
        return json.loads(ended.stdout)

    def error(self, *words: str) -> str:
        ended = self.run(*words)
        assert ended.returncode != 0
        return ended.stderr

    def run(self, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
        clean = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "COSTSENTRY_"))}
        clean |= {"HOME": str(self.folder), "AWS_PAGER": "", **environment(self.url), **more}
        command = [str(AWS), "ce", *words, "--output", "json"]
        return subprocess.run(command, capture_output=True, text=True, timeout=120, env=clean, check=False)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served-reports")
    sandbox = Sandbox(folder / "sandbox.db", clock=lambda: NOW)
    seed(sandbox.store, NOW, days=200)
    with server.start(sandbox) as url:
        yield Served(sandbox, url, folder)
    assert sandbox.violations() == []


def cost(metrics: dict[str, Any]) -> Decimal:
    return Decimal(metrics["UnblendedCost"]["Amount"])


def test_the_services_of_bedrock_are_found_by_a_search(served: Served) -> None:
    found = served.ce("get-dimension-values", *OCTOBER, "--dimension", "SERVICE", "--search-string", "Bedrock")
    assert [each["Value"] for each in found["DimensionValues"]] == SERVICES
    assert (found["ReturnSize"], found["TotalSize"]) == (3, 3)


def test_product_attributes_are_listed_and_their_values_by_a_newer_sdk_the_dearest_first(served: Served) -> None:
    # The CLI has its own, older model of the service: without DimensionKey.
    keys = served.ce("get-dimension-values", *OCTOBER, "--dimension", "PRODUCT_ATTRIBUTE")["DimensionValues"]
    assert [each["Value"] for each in keys] == ["feature", "inferenceType", "model", "provider"]
    newer = Session(session_vars={"config_file": (None, None, "/dev/null", None)})
    newer.set_credentials("AKIASANDBOXSANDBOX00", "sandbox")
    found = newer.create_client("ce", region_name="us-east-1", endpoint_url=served.url).get_dimension_values(
        TimePeriod={"Start": "2026-10-01", "End": "2026-11-01"},
        Dimension="PRODUCT_ATTRIBUTE",
        DimensionKey="model",
        SortBy=[{"Key": "UnblendedCost", "SortOrder": "DESCENDING"}],
        MaxResults=2,
    )
    assert [each["Value"] for each in found["DimensionValues"]] == ["Claude Sonnet 4.5", "Claude Haiku 4.5"]


def test_attributes_before_their_day_are_unavailable(served: Served) -> None:
    early = ("--time-period", "Start=2026-08-01,End=2026-09-01", "--dimension", "PRODUCT_ATTRIBUTE")
    assert "(DataUnavailableException)" in served.error("get-dimension-values", *early)


def test_tag_keys_and_values_are_listed_with_the_untagged_first(served: Served) -> None:
    assert served.ce("get-tags", *OCTOBER)["Tags"] == ["applicationId", "costCenter", "environment"]
    values = served.ce("get-tags", *OCTOBER, "--tag-key", "costCenter")["Tags"]
    assert values == ["", "legal", "sales", "services", "support"]


def test_there_are_no_cost_categories(served: Served) -> None:
    found = served.ce("get-cost-categories", *OCTOBER)
    assert found == {"CostCategoryNames": [], "ReturnSize": 0, "TotalSize": 0}


def test_a_forecast_has_a_mean_inside_of_its_interval_and_a_total(served: Served) -> None:
    period = ("--time-period", "Start=2026-11-23,End=2027-01-01", "--metric", "UNBLENDED_COST")
    found = served.ce("get-cost-forecast", *period, "--granularity", "MONTHLY", "--prediction-interval-level", "80")
    results = found["ForecastResultsByTime"]
    assert [each["TimePeriod"]["Start"] for each in results] == ["2026-11-23", "2026-12-01"]
    for each in results:
        low, high = (Decimal(each[f"PredictionInterval{side}Bound"]) for side in ("Lower", "Upper"))
        assert low < Decimal(each["MeanValue"]) < high
    assert Decimal(found["Total"]["Amount"]) == sum(Decimal(each["MeanValue"]) for each in results)
    past = ("--time-period", "Start=2026-11-22,End=2027-01-01", "--metric", "UNBLENDED_COST")
    assert "(ValidationException)" in served.error("get-cost-forecast", *past, "--granularity", "DAILY")


def test_a_forecast_of_a_tag_nobody_uses_has_no_history(served: Served) -> None:
    nobody = json.dumps({"Tags": {"Key": "costCenter", "Values": ["nobody"]}})
    period = ("--time-period", "Start=2026-11-23,End=2027-01-01", "--metric", "UNBLENDED_COST")
    said = served.error("get-cost-forecast", *period, "--granularity", "DAILY", "--filter", nobody)
    assert "(DataUnavailableException)" in said


MONTHS = (
    "--baseline-time-period", "Start=2026-09-01,End=2026-10-01",
    "--comparison-time-period", "Start=2026-10-01,End=2026-11-01",
    "--metric-for-comparison", "UnblendedCost",
)  # fmt: skip


def test_the_drivers_of_a_month_add_up_to_its_difference_over_all_pages(served: Served) -> None:
    total = served.ce("get-cost-and-usage-comparisons", *MONTHS, "--group-by", "Type=TAG,Key=costCenter")
    groups = [each["Metrics"]["UnblendedCost"]["Difference"] for each in total["CostAndUsageComparisons"]]
    difference = Decimal(total["TotalCostAndUsage"]["UnblendedCost"]["Difference"])
    drivers = served.ce("get-cost-comparison-drivers", *MONTHS, "--page-size", "3")["CostComparisonDrivers"]
    assert len(drivers) > 10
    assert sum(map(Decimal, groups)) == difference
    assert sum(Decimal(each["Metrics"]["UnblendedCost"]["Difference"]) for each in drivers) == difference


def test_a_comparison_of_anything_but_whole_months_is_refused(served: Served) -> None:
    words = [word.replace("2026-10-01,End", "2026-10-02,End") for word in MONTHS]
    assert "(ValidationException)" in served.error("get-cost-and-usage-comparisons", *words)


USAGE = ("--granularity", "HOURLY", "--metrics", "UnblendedCost")


def test_hours_are_asked_and_answered_with_times_and_add_up_to_their_day(served: Served) -> None:
    hours = served.ce(
        "get-cost-and-usage", "--time-period", "Start=2026-11-18T00:00:00Z,End=2026-11-19T00:00:00Z", *USAGE
    )["ResultsByTime"]
    day = served.ce(
        "get-cost-and-usage", "--time-period", "Start=2026-11-18,End=2026-11-19", "--granularity", "DAILY",
        "--metrics", "UnblendedCost",
    )["ResultsByTime"]  # fmt: skip
    assert hours[9]["TimePeriod"] == {"Start": "2026-11-18T09:00:00Z", "End": "2026-11-18T10:00:00Z"}
    assert sum(cost(each["Total"]) for each in hours) == cost(day[0]["Total"]) > 0
    late = "Start=2026-11-01T00:00:00Z,End=2026-11-02T00:00:00Z"
    assert "14 days" in served.error("get-cost-and-usage", "--time-period", late, *USAGE)


def test_the_callers_own_billing_view_is_taken_and_another_is_not_found(served: Served) -> None:
    view = "arn:aws:billing::123456789012:billingview/"
    words = ("get-tags", *OCTOBER, "--billing-view-arn")
    assert served.ce(*words, f"{view}primary")["Tags"]
    assert "(ResourceNotFoundException)" in served.error(*words, f"{view}custom-2")


def test_credits_and_tax_are_record_types_of_their_own(served: Served) -> None:
    by_record = (
        "--granularity",
        "MONTHLY",
        "--metrics",
        "UnblendedCost",
        "--group-by",
        "Type=DIMENSION,Key=RECORD_TYPE",
    )
    served.sandbox.configure("credit_usd_per_month", "2")
    served.sandbox.configure("tax_percent", "10")
    groups = served.ce("get-cost-and-usage", *OCTOBER, *by_record)["ResultsByTime"][0]["Groups"]
    for name in ("credit_usd_per_month", "tax_percent"):
        served.sandbox.configure(name, None)
    costs = {group["Keys"][0]: cost(group["Metrics"]) for group in groups}
    assert costs == {"Usage": costs["Usage"], "Credit": Decimal(-2), "Tax": (costs["Usage"] - 2) / 10}


def test_a_throttled_question_is_asked_again_by_the_cli(served: Served) -> None:
    for effect in ("throttle", "error:LimitExceededException:400"):
        served.sandbox.add_fault(FaultRule("ce", "GetTags", effect))
        ended = served.run("get-tags", *OCTOBER, AWS_RETRY_MODE="standard")
        assert "costCenter" in json.loads(ended.stdout)["Tags"], ended.stderr
