"""What budgets there are, and how each stands against its limit."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from costsentry_cli.domain.budget_periods import period_of, share_gone, to_date
from costsentry_cli.domain.budget_spend import Asked, Question, asked, paid_facts
from costsentry_cli.domain.budget_standing import GATES, UNKNOWN, Standing, State, standing_of
from costsentry_cli.domain.budgets_seen import SeenBudget, seen_budgets, with_told
from costsentry_cli.domain.calls import Cloud
from costsentry_cli.domain.kind import Scope
from costsentry_cli.domain.table import Cell, Column, Row, Table, Type
from costsentry_cli.domain.window import Window

LISTED = (
    Column("name", "Budget"),
    Column("limit_usd", "Limit", Type.MONEY),
    Column("limit_kind", "Amount", drop=3),
    Column("per", "Per", drop=1),
    Column("filter", "Counts", drop=4),
    Column("alerts", "Alerts", Type.COUNT, drop=2),
    Column("owner", "Owner"),
    Column("arn", "ARN", drop=5),
)
STATUS = (
    Column("name", "Budget"),
    Column("limit_usd", "Limit", Type.MONEY),
    Column("actual_usd", "Actual", Type.MONEY),
    Column("forecast_usd", "Forecast", Type.MONEY),
    Column("share_bar", "", Type.BAR),
    Column("share", "Share", Type.SHARE, unknown=""),
    Column("state", "State"),
    Column("reason", "Why", unknown=""),
    Column("per", "Per", unknown=""),
    Column("period_gone", "Gone", Type.SHARE, unknown=""),
    Column("alerts_raised", "Raised", Type.COUNT, unknown=""),
    Column("told", "Told", Type.COUNT, unknown=""),
    Column("owner", "Owner", unknown=""),
    Column("filter", "Counts", unknown=""),
)


@dataclass(frozen=True)
class Account:
    """The account's budgets as a table, and what a gate asks of it."""

    table: Table
    standings: tuple[tuple[str, Standing], ...]

    def failing(self, gates: Collection[str]) -> tuple[str, ...]:
        """The budgets in a state that one of the gates trips on, with it: ``bedrock-sales: exceeded by $6.02``."""
        tripped = {state for gate in gates for state in GATES[gate]}
        return tuple(f"{name}: {one.state} {one.reason}" for name, one in self.standings if one.state in tripped)

    def undecided(self) -> tuple[str, ...]:
        """The budgets of which no gate can say anything."""
        return tuple(f"{name}: {one.state}" for name, one in self.standings if one.state in UNKNOWN)


def owner_of(budget: SeenBudget, namespace: str) -> str:
    """``ours``, ``foreign``, or another namespace's name."""
    if budget.is_ours(namespace):
        return "ours"
    return "foreign" if budget.namespace is None else f"namespace {budget.namespace}"


def listing(cloud: Cloud, scope: Scope, *, mine: bool) -> Table:
    """Every cost budget of the account, or only ours: limit, period, filter, how many alerts. Free."""
    budgets = seen_budgets(cloud, scope)
    rows = tuple(
        (
            one.name,
            one.limit,
            "automatic" if one.automatic else "planned" if one.planned else "fixed",
            one.per,
            one.slice.text(),
            len(one.notices),
            owner_of(one, scope.namespace),
            one.arn,
        )
        for one in budgets
        if not mine or one.is_ours(scope.namespace)
    )
    return Table("budgets", LISTED, rows, facts={"source": "AWS Budgets", "currency": "USD"})


def status(
    cloud: Cloud, scope: Scope, now: datetime, *, everybody: bool, with_cost: bool, wanted: Collection[str] = ()
) -> Account:
    """How our budgets stand (``everybody``: the others too), what their alerts did, and what no budget counts.

    ``with_cost`` makes one paid Cost Explorer request for each tag key our budgets are sliced by; what it refuses is a
    ``costs_error`` of the table's ``facts``. ``wanted`` are the names the manifest declares.
    """
    found = seen_budgets(cloud, scope)
    ours = [one for one in found if one.is_ours(scope.namespace)]
    shown = with_told(cloud, scope.account, found if everybody else ours, raised_only=True)
    standings = tuple((one.name, standing_of(one, now)) for one in shown)
    rows = [_row(one, standing, scope, now) for one, (_, standing) in zip(shown, standings, strict=True)]
    keys = sorted({key for one in ours for key in one.slice.tags}) if with_cost else []
    costs = _so_far(cloud, keys, now)
    beside = _uncounted(costs, ours, now)
    table = Table(
        "budgets",
        STATUS,
        (*rows, *beside),
        title=f"Budgets, {_head(now)}" if rows else "",
        notes=(*_missing(found, ours, wanted, everybody=everybody), *_notes(shown)),
        facts=_facts(now, costs, asked=with_cost),
    )
    return Account(table, standings)


def _row(one: SeenBudget, standing: Standing, scope: Scope, now: datetime) -> Row:
    known = standing.state not in (State.NO_FIGURE, State.UNHEALTHY)
    share = one.actual / one.limit if known and one.limit else None
    raised = [notice for notice in one.notices if notice.raised]
    return (
        one.name,
        one.limit,
        one.actual if known else None,
        one.forecast if known else None,
        share,
        share,
        str(standing.state),
        standing.reason or None,
        one.per,
        share_gone(one.period(now.date()), now.date()),
        len(raised),
        len(_addresses([one])),
        owner_of(one, scope.namespace),
        one.slice.text(),
    )


def _month_so_far(now: datetime) -> Window:
    return Window(period_of("month", now.date()).start, now.date() + timedelta(days=1))


def _so_far(cloud: Cloud, keys: Sequence[str], now: datetime) -> Asked:
    return asked(cloud, [Question(key) for key in keys], _month_so_far(now), "MONTHLY")


def _uncounted(costs: Asked, ours: Sequence[SeenBudget], now: datetime) -> list[Row]:
    """Bedrock cost of this month that no budget of ours counts, by the tag keys they are sliced by."""
    rows: list[Row] = []
    for question, spend in costs.answers.items():
        key = question.group
        counted = {value for one in ours for value in one.slice.tags.get(key, ())}
        spent = spend.by_value(_month_so_far(now))
        rows += [_beside(key, value, cost) for value, cost in sorted(spent.items()) if cost and value not in counted]
    return rows


def _beside(key: str, value: str, cost: Decimal) -> Row:
    known: dict[str, Cell] = {
        "name": f"(no budget) {value}" if value else "(untagged)",
        "actual_usd": cost,
        "state": str(State.NO_BUDGET if value else State.UNTAGGED),
        "reason": f"{key}={value}" if value else f"no {key}",
        "per": "month",
        "filter": f"{key}={value}",
    }
    return tuple(known.get(column.key) for column in STATUS)


def _head(now: datetime) -> str:
    month = period_of("month", now.date())
    return (
        f"month to date: {to_date(month, now.date())} ({share_gone(month, now.date()) * 100:.0f} % of the month gone)"
    )


def _missing(
    found: Sequence[SeenBudget], ours: Sequence[SeenBudget], wanted: Collection[str], *, everybody: bool
) -> tuple[str, ...]:
    notes = []
    absent = len(set(wanted) - {one.name for one in ours})
    if absent:
        notes.append(f"{absent} of the {len(wanted)} declared budgets {_are(absent)} not here: sentry budgets sync")
    others = len(found) - len(ours)
    if others and not everybody:
        notes.append(f"{others} cost budget{'s' if others > 1 else ''} here {_are(others)} not ours: --all shows them")
    return tuple(notes)


def _are(count: int) -> str:
    return "is" if count == 1 else "are"


def _notes(shown: Sequence[SeenBudget]) -> tuple[str, ...]:
    if not shown:
        return ()
    raised = sum(notice.raised for one in shown for notice in one.notices)
    told = ", ".join(_addresses(shown)) or "nobody"
    return (
        f"alerts: {raised} raised -> {told}" if raised else "alerts: none raised",
        "figures: AWS Budgets, up to a day behind   CI gate: --fail-on exceeded|forecast",
    )


def _addresses(budgets: Sequence[SeenBudget]) -> list[str]:
    """Whom the raised alerts reached, each once."""
    raised = [notice for one in budgets for notice in one.notices if notice.raised]
    return list(dict.fromkeys(address for notice in raised for address in notice.told or ()))


def _facts(now: datetime, costs: Asked, *, asked: bool) -> dict[str, object]:
    month = period_of("month", now.date())
    return {
        "source": "AWS Budgets" + (", Cost Explorer" if asked else ""),
        "currency": "USD",
        "as_of": now.isoformat(timespec="seconds").replace("+00:00", "Z"),
        "month_gone": f"{share_gone(month, now.date()):.4f}",
        **paid_facts(costs.paid, costs.error),
    }
