"""Simulated alerts: what is asked of Cost Explorer, and what is said beside the table."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

from budget_answers import HAIKU_SERVICE, costs
from costsentry_cli.domain.window import Window
from costsentry_cli.render.screen import as_screen
from costsentry_cli.usecases.budget_simulation import RUN_RATE, simulated
from fakes import BASIC, FakeCloud, manifest

NOVEMBER = Window(date(2026, 11, 1), date(2026, 12, 1))
BUDGETS = """\
budgets:
  - name: month-{costCenter}
    for_each: costCenter
    amount: 30
    per: month
    alerts: [{at: 100%, of: actual, email: [a@example.com]}]
  - name: quarter
    tags: {costCenter: sales}
    amount: 100
    per: quarter
    alerts: [{at: 90%, of: actual, email: [a@example.com]}]
"""
# sales: 25 in October, 40 and 30 in November; the quarter has 65 on the 5th and 95 on the 20th
SPENT = [
    ("2026-10-09", "sales", HAIKU_SERVICE, "25"),
    ("2026-11-05", "sales", "Amazon Bedrock", "40"),
    ("2026-11-20", "sales", HAIKU_SERVICE, "30"),
    ("2026-11-20", "support", HAIKU_SERVICE, "30"),
]


def test_a_quarter_reaches_back_and_all_slices_of_a_key_are_one_request(tmp_path: Path) -> None:
    cloud = FakeCloud({"GetCostAndUsage": costs(SPENT)})
    table = simulated(cloud, manifest(tmp_path, BASIC + BUDGETS).budgets, NOVEMBER)
    (asked,) = cloud.calls
    assert asked.params["TimePeriod"] == {"Start": "2026-10-01", "End": "2026-12-01"}
    assert (table.facts or {})["paid_requests"] == 1
    assert as_screen(table, width=120) == (
        "Alerts of the manifest's budgets, 2026-11-01 .. 2026-11-30 (30 days)\n"
        "\n"
        "Budget          Per      Alert            Limit  Cost of month  Fired on    Times  Share at month end\n"
        "month-sales     month    actual > 100%   $30.00         $70.00  2026-11-05      1              233.3%\n"
        "month-services  month    actual > 100%   $30.00          $0.00  never           0                0.0%\n"
        "month-support   month    actual > 100%   $30.00         $30.00  never           0              100.0%\n"
        "quarter         quarter  actual > 90%   $100.00         $70.00  2026-11-20      1               95.0%\n"
    )


def test_a_run_rate_is_said_to_be_ours(tmp_path: Path) -> None:
    text = (BASIC + BUDGETS).replace("of: actual", "of: forecast")
    table = simulated(FakeCloud({"GetCostAndUsage": costs(SPENT)}), manifest(tmp_path, text).budgets, NOVEMBER)
    assert RUN_RATE in table.notes


def test_costs_without_the_key_are_said_to_be_so(tmp_path: Path) -> None:
    bare = costs([("2026-11-05", "", HAIKU_SERVICE, "40")])
    table = simulated(FakeCloud({"GetCostAndUsage": bare}), manifest(tmp_path, BASIC + BUDGETS).budgets, NOVEMBER)
    assert table.notes == ("no Bedrock cost of this time carries costCenter: sentry tags status",)
    assert {row[4] for row in table.rows} == {Decimal(0)}
