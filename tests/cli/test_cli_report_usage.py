"""``sentry report usage``: the screens at three widths, the formats, and what it says of itself."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import pytest

from commands import Sentry
from costsentry_cli.domain.reports import usage_table
from costsentry_cli.domain.reports.callers import GroupBy
from costsentry_cli.domain.reports.moments import Cut, last
from costsentry_cli.domain.reports.usage import Figures, Groups
from costsentry_cli.domain.table import Column
from costsentry_cli.render.screen import as_screen
from fakes import BASIC, NOON, write_manifest


@pytest.fixture
def seeded(at_noon: Sentry) -> Sentry:
    assert at_noon("sandbox", "seed", "--days", "20").status == 0
    return at_noon


def figures(requests: int, cost: str, **more: int) -> Figures:
    values = {"requests": requests, "input_tokens": requests * 1000, "output_tokens": requests * 90}
    values |= {"latency_ms": requests * 700, "latencies": requests, "latency_p95_ms": 1900} | more
    return Figures({key: Decimal(value) for key, value in values.items()}, Decimal(cost))


def screen(
    groups: Groups, width: int, group_by: str = GroupBy.PROFILE, columns: Sequence[Column] = usage_table.OF_BEDROCK
) -> str:
    moments = last("7d", Cut.TOTAL, NOON)
    return as_screen(usage_table.table(groups, columns, group_by.split(","), moments, ()), width=width)


GROUPS: Groups = {
    (("aws-docs-sales-prod",), "i6t1eu96fcek"): {None: figures(1200, "12.5", throttles=3, cache_read_tokens=55_000)},
    (("(deleted) sales haiku",), "nelxl6ppzc37"): {None: figures(40, "0.25")},
    (("aws-docs-idle-prod",), "s9hw892netyj"): {},
    ((None,), ""): {None: figures(7, "1.125", client_errors=2)},
}

METERED: Groups = {
    (("sales",), ""): {None: figures(10, "0.5", approved=7, denied=3, failed=1)},
    (("support",), ""): {None: figures(4, "0.125", approved=4)},
}
SCREENS = Path(__file__).parent / "screens"


@pytest.mark.parametrize("width", [60, 80, 120, 200])
def test_the_screen_loses_columns_and_never_requests_or_cost(width: int) -> None:
    text = screen(GROUPS, width)
    assert text == (SCREENS / f"usage_{width}.txt").read_text(encoding="utf-8")
    assert max(map(len, text.splitlines())) <= width
    assert text.splitlines()[2].startswith("Profile")
    assert "Requests" in text.splitlines()[2]
    assert text.splitlines()[2].endswith("Est. cost")


def test_metered_usage_has_the_shares_of_approved_and_denied_calls() -> None:
    text = screen(METERED, 120, GroupBy.COST_CENTER, usage_table.OF_METERED)
    assert text == (SCREENS / "usage_metered.txt").read_text(encoding="utf-8")


BY_TWO: Groups = {
    (("sales", "amazon.nova-lite-v1:0"), ""): {None: figures(1200, "12.5", throttles=3)},
    (("sales", "anthropic.claude-haiku-4-5-20251001-v1:0"), ""): {None: figures(40, "0.25")},
    ((None, "amazon.nova-lite-v1:0"), ""): {None: figures(7, "1.125")},
}


def test_two_groups_are_two_columns_and_stay_on_a_narrow_screen() -> None:
    text = screen(BY_TWO, 80, "costCenter,model")
    assert text == (SCREENS / "usage_two.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("asked", [("-g", "costCenter,model"), ("-g", "costCenter", "-g", "model")])
def test_usage_by_two_adds_up_to_usage_by_one(seeded: Sentry, asked: tuple[str, ...]) -> None:
    one = seeded("report", "usage", "--last", "10d", "-g", "costCenter", "-o", "json").json()
    two = seeded("report", "usage", "--last", "10d", *asked, "-o", "json").json()
    assert two["group_by"] == "costCenter,model"
    assert two["total"]["requests"] == one["total"]["requests"] == sum(row["requests"] for row in two["usage"])
    for row in one["usage"]:
        parts = [part["requests"] for part in two["usage"] if part["costCenter"] == row["costCenter"]]
        assert sum(parts) == row["requests"]


@pytest.mark.parametrize("wrong", ["a,b,c", "costCenter,costCenter", ""])
def test_groups_that_cannot_be_are_refused_before_anything_is_asked(in_sandbox: Sentry, wrong: str) -> None:
    ran = in_sandbox("report", "usage", "-g", wrong)
    assert (ran.status, "target:" in ran.err) == (2, False)


def test_a_tag_key_that_no_profile_carries_is_told_with_the_one_that_was_meant(seeded: Sentry) -> None:
    ran = seeded("report", "usage", "--last", "1d", "-g", "costcentre")
    assert "No profile carries costcentre; did you mean costCenter?" in ran.out


def test_every_format_has_the_same_rows_and_the_total_is_their_sum(seeded: Sentry) -> None:
    options = ("report", "usage", "--last", "10d", "-g", "costCenter")
    document = seeded(*options, "-o", "json").json()
    rows = list(csv.DictReader(io.StringIO(seeded(*options, "-o", "csv").out)))
    assert [row["costCenter"] for row in rows] == [row["costCenter"] or "" for row in document["usage"]]
    assert sum(int(row["requests"]) for row in rows) == document["total"]["requests"] > 0
    costs = [Decimal(row["estimated_cost_usd"]) for row in rows if row["estimated_cost_usd"]]
    assert sum(costs) == Decimal(document["total"]["estimated_cost_usd"])
    assert document["source"] == "CloudWatch AWS/Bedrock"
    assert document["kind"] == "measured"
    assert document["cost"]["kind"] == "estimated"


def test_what_asking_cost_is_told(seeded: Sentry) -> None:
    said = seeded("report", "usage").err
    assert said.endswith("CloudWatch: 44 metrics asked for, $0.00044 on AWS\n")


def test_metered_calls_are_counted_as_they_are_made(in_sandbox: Sentry) -> None:
    assert in_sandbox("profiles", "sync", "--yes").status == 0
    assert in_sandbox("invoke", "--cost-center", "sales", "Hello").status == 0
    options = ("report", "usage", "--source", "metered", "--last", "15m", "-g", "costCenter", "-o", "json")
    (row,) = in_sandbox(*options).json()["usage"]
    assert (row["costCenter"], row["requests"], row["approved_share"]) == ("sales", 1, "1.00")
    by_bedrock = in_sandbox("report", "usage", "--last", "15m", "-g", "costCenter", "-o", "json").json()["usage"]
    (sales,) = (one for one in by_bedrock if one["costCenter"] == "sales")
    assert (sales["input_tokens"], sales["output_tokens"]) == (row["input_tokens"], row["output_tokens"])


def test_a_period_that_cannot_be_read_is_refused_before_anything_is_asked(in_sandbox: Sentry) -> None:
    ran = in_sandbox("report", "usage", "--last", "fortnight")
    assert ran.status == 2
    assert "CS0107" in ran.err


def test_the_help_names_both_sources(in_sandbox: Sentry) -> None:
    text = in_sandbox("report", "usage", "--help").out
    assert "--source" in text
    assert "metered" in text


def test_a_deleted_profile_is_named_by_the_manifests_recorded_calls(in_sandbox: Sentry, folder: Path) -> None:
    assert in_sandbox("report", "usage", "--audit").status == 2
    write_manifest(folder, BASIC + "audit: {}\n")
    assert in_sandbox("sync", "--yes").status == 0
    assert in_sandbox("invoke", "--cost-center", "sales", "Hello").status == 0
    write_manifest(folder, BASIC.replace("sales, ", "") + "audit: {}\n")
    in_sandbox("sandbox", "advance", "15d")
    ended = in_sandbox("sync", "--prune", "--yes")
    assert ended.status == 0, ended.err
    asked = in_sandbox("report", "usage", "--last", "30d", "--audit", "-o", "json")
    rows = {row["profile"]: row["requests"] for row in asked.json()["usage"]}
    assert rows["(deleted) aws-docs-sales-prod"] == 1
    assert "bytes scanned" in asked.err
    without = in_sandbox("report", "usage", "--last", "30d", "-o", "json").json()["usage"]
    assert "(deleted) aws-docs-sales-prod" not in {row["profile"] for row in without}


def test_a_living_profile_that_is_not_ours_is_never_called_deleted(at_noon: Sentry) -> None:
    assert at_noon("sandbox", "seed", "--days", "190").status == 0
    rows = at_noon("report", "usage", "--source", "metered", "--last", "2d", "-o", "json").json()["usage"]
    assert {row["profile"] for row in rows} > {"aws-docs-sales-prod", "ticket-triage-support-prod"}
    assert not [row for row in rows if row["profile"].startswith("(deleted)")]
