"""Two months compared over a sandbox's bill."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from costsentry_cli.cli.context import Context
from costsentry_cli.domain.calls import Answer, ApiCall, Cloud
from costsentry_cli.domain.errors import SentryError
from costsentry_cli.domain.remembered import Remembered
from costsentry_cli.domain.reports.question import Question, group_of, groups_of
from costsentry_cli.domain.table import Table
from costsentry_cli.domain.window import Window
from costsentry_cli.sandbox import Sandbox
from costsentry_cli.sandbox.seed import seed
from costsentry_cli.usecases.report_compare import Comparison, compare
from costsentry_cli.usecases.report_costs import costs
from fakes import NOON, FakeCloud

OCTOBER = Window(date(2026, 10, 1), date(2026, 11, 1))
SEPTEMBER = Window(date(2026, 9, 1), date(2026, 10, 1))
NOVEMBER = Window(date(2026, 11, 1), date(2026, 11, 24))


@pytest.fixture
def cloud(sandbox: Sandbox, context: Context) -> Cloud:
    seed(sandbox.store, sandbox.now(), days=75)
    return context.cloud


def cost_of(cloud: Cloud, window: Window, word: str) -> Decimal:
    total = costs(cloud, Question(groups_of([word]), window, previous=False), NOON).total
    assert total is not None
    return Decimal(str(total[1]))


def reasons(table: Table) -> Decimal:
    return sum((Decimal(str(row[2])) for row in table.rows), Decimal(0))


@pytest.mark.parametrize("word", ["model", "service", "costCenter", "usage-type", "account"])
def test_the_reasons_add_up_to_the_difference_of_two_reports(word: str, cloud: Cloud) -> None:
    table = compare(cloud, Comparison(OCTOBER, SEPTEMBER, group_of(word)), NOON)
    difference = cost_of(cloud, OCTOBER, "service") - cost_of(cloud, SEPTEMBER, "service")
    assert table.total is not None
    assert reasons(table) == table.total[2] == difference != 0


def test_a_month_that_is_not_over_is_compared_with_as_many_days(cloud: Cloud) -> None:
    table = compare(cloud, Comparison(NOVEMBER, OCTOBER, group_of("model")), NOON)
    now, before = NOVEMBER.first(21), OCTOBER.first(21)
    assert reasons(table) == cost_of(cloud, now, "model") - cost_of(cloud, before, "model")
    assert table.title == ("Bedrock cost 2026-11-01 .. 2026-11-21 (21 days) against 2026-10-01 .. 2026-10-21 (21 days)")


def test_two_requests_tell_it_and_the_biggest_is_first(cloud: Cloud) -> None:
    table = compare(cloud, Comparison(OCTOBER, SEPTEMBER, group_of("model")), NOON)
    assert (table.facts or {})["paid_requests"] == 2
    sizes = [abs(Decimal(str(row[2]))) for row in table.rows]
    assert sizes == sorted(sizes, reverse=True)


def test_the_smaller_reasons_are_one_row_and_the_sum_stays(cloud: Cloud) -> None:
    whole = compare(cloud, Comparison(OCTOBER, SEPTEMBER, group_of("costCenter")), NOON)
    short = compare(cloud, Comparison(OCTOBER, SEPTEMBER, group_of("costCenter"), top=1), NOON)
    assert len(short.rows) == 2
    assert short.rows[1][0] == f"({len(whole.rows) - 1} smaller)"
    assert reasons(short) == reasons(whole)


def test_without_any_cost_it_says_so(context: Context) -> None:
    table = compare(context.cloud, Comparison(OCTOBER, SEPTEMBER, group_of("model")), NOON)
    assert (table.rows, table.notes) == ((), ("No Bedrock cost in either period.",))


def test_models_before_aws_knew_them_are_refused() -> None:
    before = Window(date(2026, 8, 1), date(2026, 9, 1))
    with pytest.raises(SentryError) as refused:
        compare(FakeCloud({}), Comparison(SEPTEMBER, before, group_of("model")), NOON)
    assert refused.value.code == "CS0107"


def test_months_that_are_remembered_cost_nothing(cloud: Cloud) -> None:
    class Kept(dict):  # type: ignore[type-arg]
        def put(self, key: str, call: object, kept: object) -> None:
            self[key] = kept

    store = Kept()
    for number, (now, before) in enumerate([(OCTOBER, SEPTEMBER), (SEPTEMBER, OCTOBER), (NOVEMBER, OCTOBER)]):
        asked = Remembered(cloud, lambda: NOON + timedelta(days=1), store)
        compare(asked, Comparison(now, before, group_of("service")), NOON)
        assert asked.requests == (2, 0, 1)[number]


def test_thousands_and_millions_of_tokens_are_counted_alike() -> None:
    """1,000 thousands and 1 million are as many tokens: half of the one for half more of the other is mix alone."""

    def answer(call: ApiCall) -> Answer:
        later = call.params["TimePeriod"]["Start"] == "2026-10-01"
        cells = [("in", "1K tokens", "500" if later else "1000"), ("MP:in", "Units", "1.5" if later else "1")]
        groups = [
            {
                "Keys": ["costCenter$sales", usage_type],
                "Metrics": {
                    "UnblendedCost": {"Amount": str(Decimal(quantity) * price), "Unit": "USD"},
                    "UsageQuantity": {"Amount": quantity, "Unit": unit},
                },
            }
            for (usage_type, unit, quantity), price in zip(cells, (Decimal("0.01"), Decimal(30)), strict=True)
        ]
        return {"ResultsByTime": [{"TimePeriod": call.params["TimePeriod"], "Groups": groups, "Estimated": False}]}

    table = compare(
        FakeCloud({"GetCostAndUsage": answer}), Comparison(OCTOBER, SEPTEMBER, group_of("costCenter")), NOON
    )
    assert [row[:3] for row in table.rows] == [("sales", "mix", Decimal(10))]
