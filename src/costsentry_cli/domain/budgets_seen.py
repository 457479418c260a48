"""What AWS tells of the account's cost budgets: limit, figures, period, filter, alerts, and whose they are.

Service ``budgets`` (one endpoint for all regions), reading calls only.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from costsentry_cli.domain.assumptions import BUDGET_REFRESH
from costsentry_cli.domain.budget_filter import Slice, read_filter
from costsentry_cli.domain.budget_periods import PER, period_of
from costsentry_cli.domain.budgets.alert_text import trigger_of, trigger_text
from costsentry_cli.domain.budgets.reading import arn_of
from costsentry_cli.domain.calls import ApiCall, Cloud
from costsentry_cli.domain.errors import NOT_THERE
from costsentry_cli.domain.kind import Scope
from costsentry_cli.domain.marks import tags_of
from costsentry_cli.domain.resource import NAMESPACE_TAG
from costsentry_cli.domain.window import Window

COST = "COST"
BUDGETS_A_PAGE = 1000
FIGURE_WITHIN = BUDGET_REFRESH + timedelta(hours=4)
"""A figure that is not there so long after an update is zero (AWS: typically 8-12 hours after the last one)."""


@dataclass(frozen=True)
class Notice:
    """One alert: ``of`` actual or forecast; ``text`` is the whole of it, ``actual > 80%``, ``forecast > 400 USD``.

    ``told`` are the addresses it goes to, None when they were not asked for. ``raised``: its threshold is passed now.
    """

    of: str
    text: str
    raised: bool = False
    told: tuple[str, ...] | None = None


@dataclass(frozen=True)
class SeenBudget:
    """A cost budget of the account, amounts in USD.

    ``planned`` are the amounts by the first day of their period, empty for a fixed limit; ``limit`` is that of the
    current period. ``forecast`` is None where AWS has none, ``health`` empty or AWS's reason. ``namespace`` is our
    ownership mark. ``covered`` is the time period of the whole budget.
    """

    name: str
    arn: str
    per: str
    limit: Decimal | None
    planned: Mapping[date, Decimal]
    automatic: bool
    actual: Decimal
    forecast: Decimal | None
    updated: datetime | None
    slice: Slice
    health: str
    covered: Window
    namespace: str | None = None
    notices: tuple[Notice, ...] = ()

    def young(self, now: datetime) -> bool:
        """Nothing counted yet: AWS sets the figures to zero at an update, until it reckons them anew."""
        return self.actual == 0 and self.updated is not None and now - self.updated < FIGURE_WITHIN

    def period(self, today: date) -> Window:
        """The period that the figures are of."""
        return period_of(self.per, today, self.covered)

    def is_ours(self, namespace: str) -> bool:
        """It carries this namespace's mark; without a namespace, any."""
        return self.namespace is not None and namespace in ("", self.namespace)


def seen_budgets(cloud: Cloud, scope: Scope) -> tuple[SeenBudget, ...]:
    """Every cost budget of the account with its alerts, by name; whom the alerts reach is not asked for.

    Costs nothing: one call for 1,000 budgets, one for the tags of each, one for the alerts of 1,000.
    Raises ``SentryError`` as every call does.
    """
    listing = {"AccountId": scope.account, "MaxResults": BUDGETS_A_PAGE, "ShowFilterExpression": True}
    answers = [one for page in cloud.pages(_call("DescribeBudgets", listing)) for one in page.get("Budgets", ())]
    budgets = sorted((_budget(one, scope) for one in answers if one["BudgetType"] == COST), key=lambda one: one.name)
    notices = _notices(cloud, scope.account) if budgets else {}
    tagged = cloud.each([_call("ListTagsForResource", {"ResourceARN": one.arn}) for one in budgets])
    found = []
    for budget, outcome in zip(budgets, tagged, strict=True):
        if outcome.error is not None and outcome.error.code != NOT_THERE:
            raise outcome.error
        if outcome.error is None:  # else it was deleted meanwhile
            tags = tags_of(outcome.answer or {})
            found.append(replace(budget, namespace=tags.get(NAMESPACE_TAG), notices=notices.get(budget.name, ())))
    return tuple(found)


def with_told(
    cloud: Cloud, account: str, budgets: Sequence[SeenBudget], *, raised_only: bool = False
) -> tuple[SeenBudget, ...]:
    """The budgets with the addresses of their alerts: one free call for each alert, or for each that is raised."""
    wanted = [
        (budget.name, notice) for budget in budgets for notice in budget.notices if notice.raised or not raised_only
    ]
    calls = [
        _call(
            "DescribeSubscribersForNotification",
            {"AccountId": account, "BudgetName": name, "Notification": trigger_of(notice.text)},
        )
        for name, notice in wanted
    ]
    told: dict[tuple[str, str], tuple[str, ...]] = {}
    for (name, notice), outcome in zip(wanted, cloud.each(calls), strict=True):
        if outcome.error is not None and outcome.error.code != NOT_THERE:
            raise outcome.error
        subscribers = (outcome.answer or {}).get("Subscribers", ())
        told[name, notice.text] = tuple(sorted(one["Address"] for one in subscribers))
    return tuple(
        replace(one, notices=tuple(replace(n, told=told.get((one.name, n.text), n.told)) for n in one.notices))
        for one in budgets
    )


def _notices(cloud: Cloud, account: str) -> dict[str, tuple[Notice, ...]]:
    """The alerts of every budget by its name."""
    call = _call("DescribeBudgetNotificationsForAccount", {"AccountId": account, "MaxResults": BUDGETS_A_PAGE})
    found: dict[str, tuple[Notice, ...]] = {}
    for page in cloud.pages(call):
        for one in page.get("BudgetNotificationsForAccount", ()):
            more = _in_order(one.get("Notifications", ()))
            found[one["BudgetName"]] = (*found.get(one["BudgetName"], ()), *more)
    return found


def _in_order(answers: Iterable[Mapping[str, Any]]) -> list[Notice]:
    ordered = sorted(answers, key=lambda one: (one["NotificationType"], one["Threshold"], trigger_text(one)))
    return [_notice(one) for one in ordered]


def _notice(answer: Mapping[str, Any]) -> Notice:
    of = "actual" if answer["NotificationType"] == "ACTUAL" else "forecast"
    return Notice(of, trigger_text(answer), raised=answer.get("NotificationState") == "ALARM")


def _budget(answer: Mapping[str, Any], scope: Scope) -> SeenBudget:
    spend = answer.get("CalculatedSpend", {})
    health = answer.get("HealthStatus", {})
    limit = answer.get("BudgetLimit")
    planned = answer.get("PlannedBudgetLimits") or {}
    period = answer.get("TimePeriod", {})
    return SeenBudget(
        name=answer["BudgetName"],
        arn=arn_of(scope, answer["BudgetName"]),
        per=PER[answer["TimeUnit"]],
        limit=Decimal(limit["Amount"]) if limit else None,
        planned={_day_of(key): Decimal(value["Amount"]) for key, value in sorted(planned.items())},
        automatic="AutoAdjustData" in answer,
        actual=_amount(spend.get("ActualSpend")) or Decimal(0),
        forecast=_amount(spend.get("ForecastedSpend")),
        updated=answer.get("LastUpdatedTime"),
        slice=read_filter(answer),
        health=health.get("StatusReason", "UNHEALTHY") if health.get("Status") == "UNHEALTHY" else "",
        covered=Window(_date(period.get("Start"), date.min), _date(period.get("End"), date.max)),
    )


def _amount(spend: Mapping[str, Any] | None) -> Decimal | None:
    return None if spend is None else Decimal(spend["Amount"])


def _date(moment: datetime | None, otherwise: date) -> date:
    return otherwise if moment is None else moment.astimezone(UTC).date()


def _day_of(seconds: str) -> date:
    return datetime.fromtimestamp(int(seconds), UTC).date()


def _call(operation: str, params: Mapping[str, Any]) -> ApiCall:
    return ApiCall("budgets", operation, params)
