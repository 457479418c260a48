"""``sentry report``: what was billed, in every format, with its source."""

from __future__ import annotations

import csv
import io
import json
import re
import stat
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from commands import Sentry
from fakes import write_manifest


@pytest.fixture
def seeded(at_noon: Sentry) -> Sentry:
    assert at_noon("sandbox", "seed", "--days", "40").status == 0
    return at_noon


def in_csv(text: bytes) -> list[Decimal]:
    return [Decimal(row["cost_usd"]) for row in csv.DictReader(io.StringIO(text.decode()))]


def in_focus(text: bytes) -> list[Decimal]:
    return [Decimal(row["BilledCost"]) for row in csv.DictReader(io.StringIO(text.decode()))]


def in_json_lines(text: bytes) -> list[Decimal]:
    return [Decimal(json.loads(line)["cost_usd"]) for line in text.decode().splitlines()]


def in_parquet(content: bytes) -> list[Decimal]:
    frame = pytest.importorskip("pandas").read_parquet(io.BytesIO(content))
    return [Decimal(cell) for cell in frame["cost_usd"]]


EXACT: dict[str, Callable[[bytes], list[Decimal]]] = {
    "costs.csv": in_csv, "costs.focus.csv": in_focus, "costs.jsonl": in_json_lines, "costs.parquet": in_parquet,
}  # fmt: skip
BY_TWO = ("report", "--last", "30d", "-g", "costCenter,service")


@pytest.mark.parametrize("name", EXACT)
def test_the_rows_add_up_to_the_total_in_every_format_for_programs(name: str, seeded: Sentry, folder: Path) -> None:
    document = seeded(*BY_TWO, "-o", "json").json()
    total = Decimal(document["total"]["cost_usd"])
    assert sum(Decimal(row["cost_usd"]) for row in document["costs"]) == total > 0
    assert seeded(*BY_TWO, "--out", name).status == 0
    assert sum(EXACT[name]((folder / name).read_bytes())) == total


def test_a_workbook_adds_up_as_far_as_excel_reckons(seeded: Sentry, folder: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    document = seeded(*BY_TWO, "-o", "json").json()
    assert seeded(*BY_TWO, "--out", "costs.xlsx").status == 0
    head, *body = openpyxl.load_workbook(folder / "costs.xlsx").worksheets[0].values
    place = list(head).index("Cost") if "Cost" in head else list(head).index("cost_usd")
    *rows, total = [row[place] for row in body if row[place] is not None]
    assert sum(rows) == pytest.approx(total, rel=1e-12)
    assert total == pytest.approx(float(document["total"]["cost_usd"]), rel=1e-12)


SHOWN = {
    "markdown": re.compile(r"\| \**\$([0-9.,]+)\** \|"),
    "html": re.compile(r'<td class="right">\$([0-9.,]+)</td>'),
    "table": re.compile(r" \$([0-9.,]+) "),
}


@pytest.mark.parametrize("form", SHOWN)
def test_the_figures_that_people_read_add_up_to_the_total_below_them_or_say_why_not(form: str, seeded: Sentry) -> None:
    text = seeded(*BY_TWO, "-o", form).out
    table = text.partition("\n\n")[2].partition("\n\n")[0] if form != "html" else text.partition("<table>")[2]
    *parts, total = [Decimal(found.replace(",", "")) for found in SHOWN[form].findall(table)]
    assert len(parts) > 3
    assert abs(sum(parts) - total) <= len(parts) * Decimal("0.005")
    assert (sum(parts) != total) == ("Amounts are rounded" in text)
    exact = Decimal(seeded(*BY_TWO, "-o", "json").json()["total"]["cost_usd"])
    assert round(exact, -int(total.as_tuple().exponent)) == total


def test_a_report_goes_from_csv_to_json_and_back_without_a_loss(seeded: Sentry) -> None:
    whole = seeded(*BY_TWO, "-o", "json").json()
    told = {"source": whole["source"], "kind": whole["kind"], "asked": whole["asked"]}
    provenance = {f"data_{name}": fact for name, fact in told.items()} | {"data_through": whole["complete_through"]}
    document = [row | provenance for row in whole["costs"]]
    text = seeded(*BY_TWO, "-o", "csv", "--csv-raw").out
    again = [
        dict(zip(row, (cell or None for cell in row.values()), strict=True))
        for row in csv.DictReader(io.StringIO(text))
    ]
    assert again == document
    back = io.StringIO()
    writer = csv.DictWriter(back, list(document[0]))
    writer.writeheader()
    writer.writerows(json.loads(json.dumps(again)))
    assert back.getvalue() == text


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


def test_the_paid_requests_are_told_and_a_repeated_report_makes_none(seeded: Sentry) -> None:
    first = seeded("report", "--no-previous")
    assert first.err.endswith("Cost Explorer: 1 request, $0.01 on AWS\n")
    second = seeded("report", "--no-previous")
    assert second.out == first.out
    assert "Cost Explorer: 0 requests, $0.00 on AWS (1 remembered, asked for at " in second.err
    assert seeded("report", "--no-previous", "-o", "json").json()["paid_requests"] == 0
    assert "Cost Explorer: 1 request," in seeded("report", "--no-previous", "--refresh").err


def test_offline_needs_what_is_remembered(seeded: Sentry) -> None:
    refused = seeded("report", "--no-previous", "--offline")
    assert (refused.status, "CS0811" in refused.err, "paid" in refused.err) == (8, True, False)
    told = seeded("report", "--no-previous").out
    assert seeded("report", "--no-previous", "--offline").out == told


def test_no_more_is_paid_for_than_is_allowed(seeded: Sentry) -> None:
    stopped = seeded("report", "--max-requests", "0")
    assert (stopped.status, stopped.out, "CS0210" in stopped.err) == (3, "", True)
    assert seeded("report", "--no-previous", "--max-requests", "1").status == 0


def test_other_traffic_in_the_sandbox_is_another_bill(seeded: Sentry) -> None:
    before = seeded("report", "--last", "20d").out
    assert seeded("sandbox", "seed", "--days", "30", "--seed", "7").status == 0
    assert seeded("report", "--last", "20d").out != before


def test_remembered_answers_are_beside_the_sandbox_for_their_owner_alone(seeded: Sentry, folder: Path) -> None:
    seeded("report", "--no-previous")
    (path,) = (folder / "sandbox.db.answers").iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_broken_memory_is_asked_anew(seeded: Sentry, folder: Path) -> None:
    told = seeded("report", "--no-previous").out
    (path,) = (folder / "sandbox.db.answers").iterdir()
    path.write_bytes(b"\x00\xff")
    again = seeded("report", "--no-previous")
    assert (again.out, "Cost Explorer: 1 request," in again.err) == (told, True)


def test_report_is_report_costs(seeded: Sentry) -> None:
    assert seeded("report").out == seeded("report", "costs").out
    assert (
        seeded("report", "-g", "model", "--last", "9d").out
        == seeded("report", "costs", "-g", "model", "--last", "9d").out
    )
    assert seeded("report", "-o", "json", "costs").json()["costs"]
    assert seeded("report", "cost").status == 2
    assert "compare" in seeded("report", "--help").out


@pytest.mark.parametrize("granularity", ["monthly", "daily", "hourly"])
def test_periods_are_rows_that_add_up_to_the_total(granularity: str, seeded: Sentry) -> None:
    days = "3d" if granularity == "hourly" else "35d"
    document = seeded("report", "--last", days, "--granularity", granularity, "-o", "json").json()
    rows = document["costs"]
    assert sum(Decimal(row["cost_usd"]) for row in rows) == Decimal(document["total"]["cost_usd"]) > 0
    total = seeded("report", "--last", days, "--no-previous", "-o", "json").json()["total"]["cost_usd"]
    assert document["total"]["cost_usd"] == total
    assert len({row["period"] for row in rows}) > (1 if granularity == "monthly" else 2)


def test_a_value_that_no_profile_has_is_told_with_the_one_that_was_meant(seeded: Sentry) -> None:
    told = "No profile of the manifest has costCenter slaes; did you mean sales?"
    for flag, value in (("--exclude", "slaes"), ("--filter", "slaes"), ("--filter", "sales,slaes")):
        assert told in seeded("report", "-g", "model", flag, f"costCenter={value}").out
    assert "No profile of" not in seeded("report", "-g", "model", "--filter", "costCenter=sales,").out


def test_filters_take_a_part_and_excludes_the_rest(seeded: Sentry) -> None:
    def cost(*words: str) -> Decimal:
        return Decimal(
            seeded("report", "--last", "20d", "--no-previous", "-o", "json", *words).json()["total"]["cost_usd"]
        )

    part, rest = cost("--filter", "costCenter=sales,"), cost("--exclude", "costCenter=sales,")
    assert part + rest == cost()
    assert 0 < rest < part
    services = cost("--exclude", "service=Amazon Bedrock"), cost("--filter", "service=Amazon Bedrock")
    assert sum(services) == cost()


def test_two_groups_share_a_row_each(seeded: Sentry) -> None:
    rows = seeded("report", "-g", "costCenter,model", "--last", "20d", "-o", "json").json()["costs"]
    assert {(row["costCenter"], row["model"]) for row in rows} > {("sales", "Claude Haiku 4.5")}


def test_focus_columns_by_format_or_by_the_files_name(seeded: Sentry, folder: Path) -> None:
    told = seeded("report", "--last", "5d", "-o", "focus").out
    assert told.startswith("BillingPeriodStart,BillingPeriodEnd,ChargePeriodStart,")
    assert seeded("report", "--last", "5d", "--out", "a.focus.csv").status == 0
    assert (folder / "a.focus.csv").read_bytes().decode() == told.replace("\r\n", "\n").replace("\n", "\r\n")


def test_sorting_by_change_needs_something_to_compare_with(in_sandbox: Sentry) -> None:
    assert in_sandbox("report", "--sort", "change", "--no-previous").status == 2


def test_two_months_are_compared_with_reasons(seeded: Sentry) -> None:
    document = seeded("report", "compare", "-o", "json").json()
    assert sum(Decimal(row["difference_usd"]) for row in document["drivers"]) == Decimal(
        document["total"]["difference_usd"]
    )
    assert "Cost Explorer: 0 requests," in seeded("report", "compare").err
    same = seeded("report", "compare", "--month", "2026-10", "--with", "2026-10")
    assert (same.status, "CS0107" in same.err) == (2, True)


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


def test_a_report_needs_no_region(sentry: Sentry, folder: Path) -> None:
    write_manifest(folder)
    assert "CS0401" in sentry("report").err


def test_a_query_that_takes_an_amount_for_a_number_is_told_how_to_write_it(in_sandbox: Sentry) -> None:
    assert in_sandbox("sandbox", "seed", "--days", "9").status == 0
    ran = in_sandbox("report", "--last", "9d", "-o", "json", "--query", "costs[?cost_usd > `0.01`].costCenter")
    assert (ran.status, "to_number(cost_usd) > `5`" in ran.err) == (2, True)
    assert in_sandbox("report", "--last", "9d", "--query", "costs[?to_number(cost_usd) > `0.01`].costCenter").json()
