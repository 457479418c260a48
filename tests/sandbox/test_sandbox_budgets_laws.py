"""Laws of the sandbox's budgets: folding the bill once changes no figure, and pages neither lose nor repeat a row."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st
from sandbox_ce_world import HAIKU, NOVA

from costsentry_cli.domain.assumptions import BUDGET_REFRESH, COST_DATA_LAG
from costsentry_cli.sandbox.contract import Request
from costsentry_cli.sandbox.services.budgets_bill import Spent, strands_of
from costsentry_cli.sandbox.services.budgets_filters import TagKeys, scope_of
from costsentry_cli.sandbox.services.budgets_pages import page
from costsentry_cli.sandbox.services.budgets_periods import Span, refresh_time, span_of
from costsentry_cli.sandbox.services.ce_lines import LineItem
from costsentry_cli.sandbox.services.ce_meters import meter_of

FIRST = datetime(2026, 11, 1, tzinfo=UTC)
HOURS = st.integers(0, 10 * 24).map(lambda hours: FIRST.timestamp() + hours * 3600)
"""Whole hours: every edge of a day and of a refresh is met."""
COVERED = Span(FIRST, FIRST + timedelta(days=400))
FILTERS = [
    {},
    {"CostFilters": {"TagKeyValue": ["user:costCenter$sales"]}},
    {"CostFilters": {"TagKeyValue": ["user:costCenter$", "user:env$prod"]}},
    {"CostFilters": {"Region": ["eu-west-1"]}},
    {
        "Metrics": ["UnblendedCost"],
        "FilterExpression": {
            "And": [
                {"Tags": {"Key": "costCenter", "Values": ["sales", ""]}},
                {"Not": {"ProductAttributes": {"Key": "provider", "Values": ["Amazon"], "MatchOptions": ["EQUALS"]}}},
            ]
        },
    },
]


@st.composite
def lines(draw):
    tags = {key: draw(st.sampled_from(values)) for key, values in (("costCenter", ["sales", "x"]), ("env", ["prod"]))}
    kept = {key: value for key, value in tags.items() if draw(st.booleans())}
    region = draw(st.sampled_from(["us-east-1", "eu-west-1"]))
    meter = meter_of(draw(st.sampled_from([NOVA, HAIKU])), region, "Converse", "default", "input")
    cost = Decimal(draw(st.integers(0, 10**12))).scaleb(-12)
    return LineItem(draw(HOURS), kept, meter, Decimal(1), cost)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(lines(), max_size=30).map(lambda each: sorted(each, key=lambda line: line.at)),
    st.sampled_from(FILTERS),
    st.integers(0, 30).map(lambda days: FIRST + timedelta(hours=8 * days)),
    st.sampled_from(["DAILY", "MONTHLY", "CUSTOM"]),
)
def test_a_figure_is_the_sum_of_the_lines_it_counts(bill, filters, at, unit):
    content = {"BudgetType": "COST", **filters}
    keys = TagKeys()
    scope = scope_of(content, keys)
    span = span_of(unit, at, COVERED)
    refresh = (at - datetime(1970, 1, 1, tzinfo=UTC)) // BUDGET_REFRESH
    edge = (refresh_time(refresh) - COST_DATA_LAG).timestamp()
    counted = [
        line.cost
        for line in bill
        if span.start.timestamp() <= line.at < span.end.timestamp() and line.at <= edge and scope.matches(line)
    ]
    values = {key: lambda line, key=key: line.tags.get(key) for key in sorted(keys.seen)}
    assert Spent(strands_of(bill, values), scope).between(span, refresh) == sum(counted, Decimal(0))


@given(st.sets(st.text("ab./ ", min_size=1, max_size=4), max_size=12).map(sorted), st.lists(st.integers(1, 5)))
def test_pages_of_any_sizes_put_together_are_the_list(names, sizes):
    asked, shown = {}, []
    for size in [*sizes, *([1] * 12)]:
        request = Request("budgets", "DescribeBudgets", asked | {"MaxResults": size}, "us-east-1", FIRST, "r", None)
        rows, more = page(request, names, lambda name: name)
        shown += rows
        if not more:
            break
        assert len(rows) == size
        asked = more
    assert shown == names
    assert more == {}


@given(
    st.sampled_from(["DAILY", "MONTHLY", "QUARTERLY", "ANNUALLY"]),
    st.integers(0, 3_400_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)),
)
def test_periods_hold_their_moments_and_meet(unit, at):
    span = span_of(unit, at, COVERED)
    assert span.start <= at < span.end
    assert span_of(unit, span.end, COVERED).start == span.end
    assert span_of(unit, span.end - timedelta(microseconds=1), COVERED) == span
