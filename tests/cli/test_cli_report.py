"""``sentry report``: what was billed, in every format, with its source."""

from __future__ import annotations

import csv
import io
from decimal import Decimal

import pytest

from commands import Sentry


@pytest.fixture
def seeded(in_sandbox: Sentry) -> Sentry:
    assert in_sandbox("sandbox", "seed", "--days", "40").status == 0
    return in_sandbox


def test_the_rows_add_up_to_the_total_in_every_format(seeded: Sentry) -> None:
    document = seeded("report", "--last", "30d", "-o", "json").json()
    total = Decimal(document["total"]["cost_usd"])
    assert sum(Decimal(row["cost_usd"]) for row in document["costs"]) == total > 0
    rows = list(csv.DictReader(io.StringIO(seeded("report", "--last", "30d", "-o", "csv").out)))
    assert sum(Decimal(row["cost_usd"]) for row in rows) == total
    shown = [
        line.split("|")[2].strip(" *$")
        for line in seeded("report", "--last", "30d", "-o", "markdown").out.splitlines()[4:9]
    ]
    *parts, whole = map(Decimal, filter(None, shown))
    assert sum(parts) == whole == round(total, -whole.as_tuple().exponent)


def test_untagged_spend_is_always_a_row_of_its_own_and_the_last(seeded: Sentry) -> None:
    document = seeded("report", "--last", "30d", "-o", "json").json()
    assert document["costs"][-1]["costCenter"] is None
    lines = seeded("report", "--last", "30d").out.splitlines()
    names = [line.split()[0] for line in lines[3:8]]
    assert names[-2:] == ["(untagged)", "Total"]


@pytest.mark.parametrize("group_by", ["model", "service", "applicationId"])
def test_the_total_is_the_same_whatever_it_is_grouped_by(group_by: str, seeded: Sentry) -> None:
    options = ("--last", "20d", "-o", "json")
    by_centre = seeded("report", *options).json()["total"]["cost_usd"]
    assert seeded("report", "--group-by", group_by, *options).json()["total"]["cost_usd"] == by_centre


def test_marketplace_billed_models_are_in(seeded: Sentry) -> None:
    services = {
        row["service"] for row in seeded("report", "-g", "service", "--last", "20d", "-o", "json").json()["costs"]
    }
    assert services == {"Amazon Bedrock", "Claude Haiku 4.5 (Amazon Bedrock Edition)"}


def test_the_paid_requests_are_told(seeded: Sentry) -> None:
    assert seeded("report").err.endswith("Cost Explorer: 1 paid request, $0.01\n")


def test_without_usage_the_report_says_so_and_shows_no_zero(in_sandbox: Sentry) -> None:
    ran = in_sandbox("report")
    assert ran.status == 0
    assert "No Bedrock cost in this period." in ran.out
    assert "$0.00" not in ran.out
    document = in_sandbox("report", "-o", "json").json()
    assert (document["costs"], document["total"]["cost_usd"]) == ([], None)


def test_models_before_aws_knew_them_are_refused_with_the_first_day(in_sandbox: Sentry) -> None:
    ran = in_sandbox("report", "-g", "model", "--since", "2026-08-01")
    assert (ran.status, "2026-09-01" in ran.err) == (2, True)


def test_a_period_before_the_history_is_awss_refusal(in_sandbox: Sentry) -> None:
    assert in_sandbox("report", "--month", "2024-01").status == 8


def test_a_never_activated_key_says_that_everything_lacks_it(seeded: Sentry) -> None:
    ran = seeded("report", "-g", "team", "--last", "20d")
    assert "100.0%" in ran.out
    assert "carries no team: sentry tags status" in ran.out
    assert "team is no active cost allocation tag: active are applicationId, costCenter, environment" in ran.out


def test_a_key_in_another_case_is_named(seeded: Sentry) -> None:
    ran = seeded("report", "-g", "costcenter", "--last", "20d")
    assert "costcenter is no active cost allocation tag; did you mean costCenter?" in ran.out


def test_a_report_needs_no_region(seeded: Sentry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COSTSENTRY_SANDBOX")
    assert "CS0401" in seeded("report").err
