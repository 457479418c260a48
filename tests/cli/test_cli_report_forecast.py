"""``sentry report forecast``: against budget, AWS's or our own, and what asking cost."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from commands import Sentry
from fakes import BASIC, write_manifest

BUDGETS = """
budgets:
  - {name: "b-{costCenter}", for_each: costCenter, amount: 20, per: month}
"""


@pytest.fixture
def seeded(at_noon: Sentry, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Sentry:
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
    write_manifest(folder, BASIC + BUDGETS)
    assert at_noon("profiles", "sync", "--yes").status == 0
    assert at_noon("sandbox", "seed", "--days", "60").status == 0
    return at_noon


def test_every_group_has_a_figure_for_the_month_end_and_its_share_of_the_budget(seeded: Sentry) -> None:
    ran = seeded("report", "forecast", "-o", "json")
    assert ran.status == 0, ran.err
    document = ran.json()
    rows = {row["costCenter"]: row for row in document["forecast"]}
    assert {"sales", "services", "support"} <= rows.keys()
    for name in ("sales", "services", "support"):
        row = rows[name]
        so_far, expected = Decimal(row["so_far_usd"]), Decimal(row["forecast_usd"])
        assert so_far <= Decimal(row["low_usd"]) <= expected <= Decimal(row["high_usd"])
        assert row["budget_usd"] == "20.00"
        assert row["source"] == "AWS"
    total = sum((Decimal(row["forecast_usd"]) for row in rows.values()), Decimal(0))
    assert Decimal(document["total"]["forecast_usd"]) == total
    assert "Cost Explorer: " in ran.err


def test_our_own_estimate_costs_one_answer_and_says_that_it_is_ours(seeded: Sentry) -> None:
    ran = seeded("report", "forecast", "--own")
    assert ran.status == 0, ran.err
    assert "own estimate: AWS was not asked" in ran.out
    assert {row["source"] for row in seeded("report", "forecast", "--own", "-o", "json").json()["forecast"]} == {
        "own estimate"
    }


def test_models_are_never_asked_of_aws(seeded: Sentry) -> None:
    ran = seeded("report", "forecast", "--group-by", "model")
    assert ran.status == 0, ran.err
    assert "own estimate: AWS forecasts no models" in ran.out


def test_without_any_cost_nothing_is_forecast(
    in_sandbox: Sentry, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
    ran = in_sandbox("report", "forecast")
    assert ran.status == 0, ran.err
    assert "there is nothing to forecast from" in ran.out
