"""Budgets that cannot work as they are meant to, or count something else than they seem to: one function per rule."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal

from costsentry_cli.domain.assumptions import BUDGET_FORECAST_NEEDS, COST_DATA_LAG
from costsentry_cli.domain.aws_limits import AWS_TAG_PREFIX
from costsentry_cli.domain.budget_filter import USER_PREFIX
from costsentry_cli.domain.budget_periods import previous_month
from costsentry_cli.domain.budget_spend import Spend, within
from costsentry_cli.domain.budgets_seen import SeenBudget
from costsentry_cli.domain.money import usd
from costsentry_cli.domain.window import Window

FEW_PERIODS = 2
ONLY_PROVIDER = "Not provider ABSENT counts all of Bedrock, as a budget of the manifest does"


@dataclass(frozen=True)
class Finding:
    """What one rule says of one budget; ``broken``: the budget does not do what it is there for."""

    rule: str
    budget: str
    message: str
    help: str
    broken: bool = False


@dataclass(frozen=True)
class Known:
    """What the rules go by.

    ``spend`` is by ``Slice.identity()``, over ``asked_window``; without paid requests there is none. ``active`` says of
    every tag key that billing knows whether it is active, None where billing may not be asked. ``carried`` are the
    values of the manifest's profiles by tag key.
    """

    now: datetime
    budgets: tuple[SeenBudget, ...]
    namespace: str = ""
    spend: Mapping[str, Spend] = field(default_factory=dict)
    active: Mapping[str, bool] | None = None
    carried: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @property
    def today(self) -> date:
        """The day, UTC."""
        return self.now.date()

    def days(self, one: SeenBudget) -> dict[date, Decimal] | None:
        """What the budget's slice of Bedrock cost, day by day; None when that is not known."""
        spend = self.spend.get(one.slice.identity())
        return None if spend is None else spend.by_day(one.slice)


Rule = Callable[[SeenBudget, Known], Iterator[Finding]]


def asked_window(today: date) -> Window:
    """The days whose cost the rules look at: last month, this month, and as long as a forecast needs."""
    enough = today - BUDGET_FORECAST_NEEDS - timedelta(days=1)
    return Window(min(previous_month(today).start, enough), today + timedelta(days=1))


def concerns(one: SeenBudget, known: Known) -> bool:
    """The budget is ours, over Bedrock, or over one of our tags: others are not our business."""
    ours = set(known.carried)
    named = {text.partition("$")[0] for text in one.slice.unprefixed}
    return one.is_ours(known.namespace) or one.slice.bedrock or bool(ours & (set(one.slice.tags) | named))


def lint(known: Known) -> tuple[Finding, ...]:
    """Every finding, budget by budget, in the order of the rules."""
    concerned = [one for one in known.budgets if concerns(one, known)]
    return tuple(finding for one in concerned for rule in RULES for finding in rule(one, known))


def counts_nothing(one: SeenBudget, known: Known) -> Iterator[Finding]:
    """AWS reckons zero where Cost Explorer has cost that is old enough for both."""
    days = known.days(one)
    if days is None or one.actual or one.young(known.now) or one.per == "day":
        return
    settled = Window(one.period(known.today).start, known.today - COST_DATA_LAG)
    spent = within(days, settled)
    if spent > 0:
        message = f"counts $0.00, but Cost Explorer has {usd(spent)} for {one.slice.text()} since {settled.start}"
        yield Finding(
            "counts-nothing", one.name, message, "its filter matches no cost: sentry budgets plan", broken=True
        )


def legacy_prefix(one: SeenBudget, known: Known) -> Iterator[Finding]:
    """AWS takes an older tag filter without ``user:`` and counts nothing for it."""
    del known
    for text in one.slice.unprefixed:
        message = f"the tag filter {text} has no {USER_PREFIX} and counts nothing"
        yield Finding("legacy-prefix", one.name, message, f"write {USER_PREFIX}{text}", broken=True)


def tag_keys(one: SeenBudget, known: Known) -> Iterator[Finding]:
    """Costs carry a key only when billing knows it and it is active."""
    active = known.active
    for key in one.slice.tags:
        if active is None or active.get(key) or key.startswith(AWS_TAG_PREFIX):
            continue
        if key in active:
            message = f"the tag key {key} is not active: no cost carries it"
            yield Finding("inactive-tag-key", one.name, message, f"sentry tags activate {key}", broken=True)
        else:
            near = _near(key, active)
            message = f"billing knows no tag key {key}{near}"
            yield Finding("unknown-tag-key", one.name, message, f"sentry tags status {key}", broken=True)


def tag_values(one: SeenBudget, known: Known) -> Iterator[Finding]:
    """A value that neither a profile of the manifest nor any cost carries is most likely mistyped."""
    if not (one.slice.bedrock or one.is_ours(known.namespace)):
        return
    spend = known.spend.get(one.slice.identity())
    for key, values in one.slice.tags.items():
        spent = {value for value, _ in spend.cells} if spend is not None and spend.question.group == key else set()
        for value in values:
            if key in known.carried and value not in known.carried[key] | spent:
                message = f"no profile carries {key}={value}{_near(value, known.carried[key])}"
                yield Finding("unused-tag-value", one.name, message, "correct the value, or add the profile")


def nobody_told(one: SeenBudget, known: Known) -> Iterator[Finding]:
    """An alert without subscribers reaches nobody."""
    del known
    for notice in one.notices:
        if notice.told == ():
            message = f"the alert {notice.text} has no subscriber"
            yield Finding("nobody-told", one.name, message, "add an address, or delete the alert", broken=True)


def same_slice(one: SeenBudget, known: Known) -> Iterator[Finding]:
    """Two budgets on the same costs and period; said once, of ours where one is."""
    twins = [
        other.name for other in known.budgets if (other.slice.identity(), other.per) == (one.slice.identity(), one.per)
    ]
    ours = [other.name for other in known.budgets if other.name in twins and other.is_ours(known.namespace)]
    if len(twins) > 1 and one.name == (ours or twins)[0]:
        others = ", ".join(name for name in twins if name != one.name)
        message = f"counts the same costs per {one.per} as {others}"
        yield Finding("same-slice", one.name, message, "keep one of them, with the alerts of both")


def low_limit(one: SeenBudget, known: Known) -> Iterator[Finding]:
    """A limit that last month's cost would have passed."""
    days = known.days(one)
    scoped = one.slice.bedrock or one.slice.services
    if days is None or one.limit is None or one.automatic or not scoped or one.per == "custom":
        return
    month = previous_month(known.today)
    times = {"day": Decimal(1) / month.days, "month": Decimal(1), "quarter": Decimal(3), "year": Decimal(12)}[one.per]
    spent = within(days, month)
    if spent * times > one.limit:
        pace = f"last month's {usd(spent)}"
        if one.per != "month":
            pace = f"last month's pace, {usd(spent * times)} ({usd(spent)} in the month)"
        per = "" if one.per == "month" else f" per {one.per}"
        message = f"the limit of {usd(one.limit)}{per} is under {pace}"
        yield Finding("limit-under-last-month", one.name, message, "sentry budgets simulate")


def every_service(one: SeenBudget, known: Known) -> Iterator[Finding]:
    """A tag alone counts every AWS service whose resources carry it."""
    ours = set(known.carried) & set(one.slice.tags)
    if ours and not one.slice.bedrock and not one.slice.services and not one.slice.rest:
        message = f"counts every AWS service that carries {', '.join(sorted(ours))}, not Bedrock alone"
        yield Finding("not-bedrock-only", one.name, message, ONLY_PROVIDER)


def fixed_services(one: SeenBudget, known: Known) -> Iterator[Finding]:
    """Models of the marketplace are billed under service names of their own, and there will be more of them."""
    spend = known.spend.get(one.slice.identity())
    if spend is None or not one.slice.services or not one.slice.bedrock:
        return
    missed = sorted(spend.services(one.slice) - set(one.slice.services))
    if missed:
        yield Finding("fixed-services", one.name, f"names its services and misses {', '.join(missed)}", ONLY_PROVIDER)


def thin_history(one: SeenBudget, known: Known) -> Iterator[Finding]:
    """AWS has no forecast for a slice with less than about five weeks of cost."""
    days = known.days(one)
    alerts = [notice.text for notice in one.notices if notice.of == "forecast"]
    if days is None or not alerts or one.forecast is not None:
        return
    first = min((day for day, amount in days.items() if amount), default=None)
    if first is None or known.today - first < BUDGET_FORECAST_NEEDS:
        since = f"only since {first}" if first else "not at all"
        message = f"{alerts[0]} cannot fire yet: AWS forecasts after about 5 weeks of cost, and there is cost {since}"
        yield Finding("thin-history", one.name, message, "rely on alerts on the actual cost until then")


def plan_ends(one: SeenBudget, known: Known) -> Iterator[Finding]:
    """Planned amounts stop with their last period."""
    now = one.period(known.today).start
    left = [start for start in one.planned if start > now]
    if one.planned and len(left) <= FEW_PERIODS:
        message = f"the planned amounts end with the {one.per} of {max(one.planned)}"
        yield Finding("plan-ends", one.name, message, "plan on, or carry them on: sentry budgets sync")


RULES: tuple[Rule, ...] = (
    counts_nothing,
    legacy_prefix,
    tag_keys,
    tag_values,
    nobody_told,
    same_slice,
    low_limit,
    every_service,
    fixed_services,
    thin_history,
    plan_ends,
)
"""Every rule; a new one is named here."""


def _near(word: str, known: Mapping[str, bool] | frozenset[str]) -> str:
    folded = {one.casefold(): one for one in known}
    close = difflib.get_close_matches(word.casefold(), folded, n=1, cutoff=0.6)
    return f"; did you mean {folded[close[0]]}?" if close else ""
