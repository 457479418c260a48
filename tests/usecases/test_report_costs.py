"""A report of costs: its screen, what it says beside the figures, and what it asks for."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from costsentry_cli.cli.context import sandbox_context
from costsentry_cli.domain.errors import SentryError
from costsentry_cli.domain.remembered import Remembered
from costsentry_cli.domain.reports.question import Metric, Question, conditions_of, groups_of
from costsentry_cli.domain.table import Table
from costsentry_cli.domain.window import Window, parse
from costsentry_cli.render.screen import as_screen
from costsentry_cli.sandbox import Sandbox, environment, server
from costsentry_cli.sandbox.seed import seed
from costsentry_cli.usecases.report_costs import costs, focus
from fakes import NOON, FrozenClock
from report_world import CENTRES, CREDITS, TODAY, CostExplorer, steady

SCREENS = Path(__file__).parents[1] / "cli" / "screens"


def question(*words: str, only: tuple[str, ...] = (), **options: Any) -> Question:
    groups = groups_of(words or ("costCenter",))
    return Question(groups, parse(TODAY), only=conditions_of(only, "--filter"), **options)


@pytest.fixture
def explorer() -> CostExplorer:
    return CostExplorer(CENTRES, CREDITS)


@pytest.mark.parametrize("width", [60, 80, 120])
def test_the_screen_at_this_width(width: int, explorer: CostExplorer) -> None:
    screen = as_screen(costs(explorer, question(), NOON), width=width)
    assert screen == (SCREENS / f"report_{width}.txt").read_text(encoding="utf-8")
    assert max(map(len, screen.splitlines()[1:])) <= width


def notes(table: Table) -> str:
    return "\n".join(table.notes)


def test_credits_are_told_apart_and_are_in_no_figure(explorer: CostExplorer) -> None:
    table = costs(explorer, question(), NOON)
    without = costs(CostExplorer(CENTRES), question(extras=False), NOON)
    assert table.rows == without.rows
    assert "Not in these figures: credits -$25.00." in notes(table)
    assert (table.facts or {})["not_included_usd"] == {"credit": "-25"}


def test_credits_take_no_request_with_one_group_and_one_more_when_wanted_with_two() -> None:
    def paid(**options: Any) -> Any:
        two = options.pop("two", False)
        cells = {(*keys, "x"): amount for keys, amount in CENTRES.items()} if two else CENTRES
        words = ("costCenter", "service") if two else ("costCenter",)
        return (costs(CostExplorer(cells, CREDITS), question(*words, **options), NOON).facts or {})["paid_requests"]

    assert (paid(), paid(extras=False), paid(previous=False)) == (2, 2, 1)
    assert (paid(two=True), paid(two=True, extras=True)) == (2, 3)


def test_the_source_the_age_and_what_is_complete_are_facts(explorer: CostExplorer) -> None:
    facts = costs(explorer, question(), NOON).facts or {}
    assert facts["source"] == "Cost Explorer"
    assert (facts["kind"], facts["metric"], facts["estimated"]) == ("billed", "UnblendedCost", True)
    assert (facts["complete_through"], facts["asked"]) == ("2026-11-21", "2026-11-23T12:00:00Z")
    assert facts["compared"] == {
        "period": {"start": "2026-11-01", "end": "2026-11-22"},
        "before": {"start": "2026-10-01", "end": "2026-10-22"},
    }


def test_an_answer_of_hours_ago_is_complete_to_where_it_was_then(explorer: CostExplorer) -> None:
    clock = FrozenClock(NOON.replace(hour=23, day=22))
    asked = Remembered(explorer, clock)
    assert (costs(asked, question(), NOON).facts or {})["complete_through"] == "2026-11-20"


def test_no_data_is_not_zero() -> None:
    table = costs(CostExplorer({}), question(), NOON)
    assert (table.rows, table.total is not None and table.total[1]) == ((), None)
    assert table.notes[0] == "No Bedrock cost in this period. Cost Explorer is about a day late."
    free = costs(CostExplorer({("sales",): lambda _: "0E-10"}), question(), NOON)
    assert free.rows == ()


def test_a_filter_that_finds_nothing_says_how_to_see_what_there_is() -> None:
    table = costs(CostExplorer({}), question(only=("costCentre=sales",)), NOON)
    assert "No Bedrock cost in this period with costCentre sales." in notes(table)
    assert "Which values costCentre has: sentry report --group-by costCentre" in notes(table)
    assert "costCentre is no active cost allocation tag; did you mean costCenter?" in notes(table)


def test_a_filtered_value_that_no_cost_has_is_named(explorer: CostExplorer) -> None:
    table = costs(explorer, question(only=("costCenter=sales,marketing",)), NOON)
    assert "No cost has costCenter marketing." in notes(table)


def test_a_word_of_ours_that_was_mistyped_is_named() -> None:
    table = costs(CostExplorer({("",): steady(1)}), question("modle"), NOON)
    assert "modle is no active cost allocation tag; did you mean model?" in notes(table)


def test_profiles_need_their_key_switched_on() -> None:
    table = costs(CostExplorer({("",): steady(1)}), question("profile"), NOON)
    assert "sentry tags activate costsentry:key" in notes(table)


def test_what_is_behind_other_is_told(explorer: CostExplorer) -> None:
    table = costs(explorer, question(top=1), NOON)
    assert [row[0] for row in table.rows] == ["sales", "(other)", None]
    assert "(other) is 2 groups: leave --top out to see them." in notes(table)


def test_models_are_not_compared_with_a_month_that_did_not_know_them() -> None:
    explorer = CostExplorer({("Nova Lite",): steady(10)})
    september = replace(question("model"), window=Window(date(2026, 9, 1), date(2026, 10, 1)))
    table = costs(explorer, september, NOON)
    assert "change" not in {column.key for column in table.columns}
    assert "The period before cannot be compared" in notes(table)
    assert explorer.operations() == ["GetCostAndUsage"]


def test_models_before_aws_knew_them_are_refused_before_anything_is_paid(explorer: CostExplorer) -> None:
    august = replace(question("model"), window=Window(date(2026, 8, 1), date(2026, 9, 1)))
    with pytest.raises(SentryError) as refused:
        costs(explorer, august, NOON)
    assert (refused.value.code, explorer.calls) == ("CS0107", [])


def test_the_metric_and_the_billing_view_reach_aws(explorer: CostExplorer) -> None:
    view = "arn:aws:billing::123456789012:billingview/team"
    costs(explorer, question(metric=Metric.NET_AMORTIZED, view=view), NOON)
    assert {tuple(call.params["Metrics"]) for call in explorer.calls} == {("NetAmortizedCost",)}
    assert {call.params["BillingViewArn"] for call in explorer.calls} == {view}


def test_focus_has_a_row_per_day_and_group_with_its_tags(explorer: CostExplorer) -> None:
    table = focus(explorer, question(), NOON, "123456789012")
    names = [column.key for column in table.columns]
    row = dict(zip(names, table.rows[0], strict=True))
    assert (row["ChargePeriodStart"], row["ChargePeriodEnd"]) == (date(2026, 11, 1), date(2026, 11, 2))
    assert (row["BillingPeriodStart"], row["BillingPeriodEnd"]) == (date(2026, 11, 1), date(2026, 12, 1))
    assert (row["BillingAccountId"], row["ChargeCategory"], row["BillingCurrency"]) == ("123456789012", "Usage", "USD")
    billed = sum(Decimal(str(one[names.index("BilledCost")])) for one in table.rows)
    total = costs(explorer, question(), NOON).total
    assert total is not None
    assert billed == total[1]
    assert {one[names.index("Tags")] for one in table.rows} >= {'{"costCenter": "sales"}', "{}"}


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    sandbox = Sandbox(tmp_path_factory.mktemp("year") / "sandbox.db", clock=FrozenClock())
    seed(sandbox.store, sandbox.now(), days=365)
    return sandbox


@dataclass(frozen=True)
class AwsCommand:
    """The real ``aws`` command in front of a year of costs: nothing of ours but the sandbox that answers it."""

    url: str
    home: Path

    def costs(self, groups: Sequence[str], start: str, *more: str) -> dict[tuple[str, ...], Decimal]:
        """``aws ce get-cost-and-usage``, every page of it, added up."""
        sums: dict[tuple[str, ...], Decimal] = {}
        page: dict[str, Any] = self._asked(groups, start, *more)
        while True:
            for group in (group for result in page["ResultsByTime"] for group in result["Groups"]):
                keys = tuple(key.partition("$")[2] if "$" in key else key for key in group["Keys"])
                sums[keys] = sums.get(keys, Decimal(0)) + Decimal(group["Metrics"]["UnblendedCost"]["Amount"])
            if "NextPageToken" not in page:
                return sums
            page = self._asked(groups, start, *more, "--next-page-token", page["NextPageToken"])

    def _asked(self, groups: Sequence[str], start: str, *more: str) -> dict[str, Any]:
        period = ("--time-period", f"Start={start},End=2026-11-24", "--granularity", "MONTHLY")
        words = ("ce", "get-cost-and-usage", *period, "--metrics", "UnblendedCost", "--group-by", *groups, *more)
        clean = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "COSTSENTRY_"))}
        clean |= {"HOME": str(self.home), "AWS_PAGER": ""} | environment(self.url)
        ended = subprocess.run(
            [Path(sys.executable).with_name("aws"), *words, "--output", "json"],
            capture_output=True, text=True, timeout=120, env=clean, check=False,
        )  # fmt: skip
        assert ended.returncode == 0, ended.stderr
        answer: dict[str, Any] = json.loads(ended.stdout)
        return answer


@pytest.fixture(scope="module")
def aws(year: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AwsCommand]:
    with server.start(year) as url:
        yield AwsCommand(url, tmp_path_factory.mktemp("home"))


CENTRE = "Type=TAG,Key=costCenter"


@pytest.mark.parametrize(
    ("word", "definition", "first"),
    [
        ("model", "Type=PRODUCT_ATTRIBUTE,Key=model", date(2026, 9, 1)),  # AWS has no models before
        ("service", "Type=DIMENSION,Key=SERVICE", date(2025, 12, 1)),
        ("usage-type", "Type=DIMENSION,Key=USAGE_TYPE", date(2025, 12, 1)),
    ],
)
def test_the_report_is_what_the_aws_command_says_to_the_last_digit(
    word: str, definition: str, first: date, year: Sandbox, aws: AwsCommand
) -> None:
    asked = Question(groups_of(["costCenter", word]), Window(first, date(2026, 11, 24)))
    table = costs(sandbox_context(year, "us-east-1").cloud, asked, NOON)
    ours = {(str(row[0] or ""), str(row[1] or "")): row[2] for row in table.rows}
    assert ours == aws.costs([CENTRE, definition], first.isoformat())
    assert table.total is not None
    assert sum(cost for cost in ours.values() if isinstance(cost, Decimal)) == table.total[2]


def test_a_fixed_list_of_services_would_miss_what_is_billed_through_the_marketplace(
    year: Sandbox, aws: AwsCommand
) -> None:
    asked = Question(groups_of(["costCenter"]), Window(date(2025, 12, 1), date(2026, 11, 24)), previous=False)
    total = costs(sandbox_context(year, "us-east-1").cloud, asked, NOON).total
    fixed = json.dumps({"Dimensions": {"Key": "SERVICE", "Values": ["Amazon Bedrock"]}})
    control = sum(aws.costs([CENTRE], "2025-12-01", "--filter", fixed).values())
    assert total is not None
    assert isinstance(total[1], Decimal)
    assert control < total[1] / 2


def test_small_pages_make_the_same_report(year: Sandbox) -> None:
    asked = Question(
        groups_of(["costCenter", "token-type"]), Window(date(2026, 9, 1), date(2026, 11, 24)), previous=False
    )
    cloud = sandbox_context(year, "us-east-1").cloud
    whole = costs(cloud, asked, NOON)
    year.configure("ce_page_size", "40")
    try:
        paged = costs(cloud, asked, NOON)
    finally:
        year.configure("ce_page_size", None)
    assert paged.rows == whole.rows
    assert (paged.facts or {})["paid_requests"] > (whole.facts or {})["paid_requests"]
