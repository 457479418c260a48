"""Budgets as AWS tells them: a listing, tags one by one, and the parts of those that matter. Reading calls only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from costsentry_cli.domain.calls import ApiCall, Cloud
from costsentry_cli.domain.errors import NOT_THERE
from costsentry_cli.domain.kind import Scope
from costsentry_cli.domain.marks import tags_of

PAGE = 1000

Answer = Mapping[str, Any]


@dataclass(frozen=True)
class Tagged:
    """A budget as the listing has it, its ARN and its tags."""

    budget: Answer
    arn: str
    tags: Mapping[str, str]

    @property
    def name(self) -> str:
        """The budget's name."""
        return str(self.budget["BudgetName"])


@dataclass(frozen=True)
class Parts:
    """What belongs to a budget: alerts with their subscribers, and actions."""

    alerts: tuple[tuple[Answer, Sequence[Answer]], ...]
    actions: tuple[Answer, ...]


def arn_of(scope: Scope, name: str) -> str:
    """The ARN of a budget; it has no region. AWS tells it nowhere."""
    return f"arn:{scope.partition}:budgets::{scope.account}:budget/{name}"


def all_tagged(cloud: Cloud, scope: Scope) -> list[Tagged]:
    """Every budget of the account with its tags: a call for every thousand, and one for each."""
    params = {"AccountId": scope.account, "MaxResults": PAGE, "ShowFilterExpression": True}
    listing = ApiCall("budgets", "DescribeBudgets", params)
    budgets = [budget for page in cloud.pages(listing) for budget in page.get("Budgets", ())]
    arns = [arn_of(scope, budget["BudgetName"]) for budget in budgets]
    answers = _there(cloud, [ApiCall("budgets", "ListTagsForResource", {"ResourceARN": arn}) for arn in arns])
    return [Tagged(budgets[n], arns[n], tags_of(answer)) for n, answer in answers.items()]


def with_parts(cloud: Cloud, account: str, budgets: Sequence[Tagged]) -> Iterator[tuple[Tagged, Parts]]:
    """What belongs to each budget: two calls for each and one for every alert; a budget gone by now is left out."""
    named = [{"AccountId": account, "BudgetName": one.name} for one in budgets]
    reads = [ApiCall("budgets", "DescribeNotificationsForBudget", name) for name in named]
    answers = _there(cloud, [*reads, *(ApiCall("budgets", "DescribeBudgetActionsForBudget", name) for name in named)])
    whole = [n for n in range(len(budgets)) if n in answers and n + len(budgets) in answers]
    alerts = [(n, _bare(alert)) for n in whole for alert in answers[n].get("Notifications", ())]
    told = _there(
        cloud,
        [ApiCall("budgets", "DescribeSubscribersForNotification", named[n] | {"Notification": a}) for n, a in alerts],
    )
    for n in whole:
        mine = tuple(
            (alert, told[at].get("Subscribers", ())) for at, (of, alert) in enumerate(alerts) if of == n and at in told
        )
        yield budgets[n], Parts(mine, tuple(answers[n + len(budgets)].get("Actions", ())))


def _there(cloud: Cloud, reads: Sequence[ApiCall]) -> dict[int, Answer]:
    """The answers by number; what is gone by now is left out. Raises ``SentryError`` for any other failure."""
    found: dict[int, Answer] = {}
    for outcome in cloud.each(reads):
        if outcome.error is not None and outcome.error.code != NOT_THERE:
            raise outcome.error
        if outcome.error is None:
            found[outcome.index] = outcome.answer or {}
    return found


def _bare(alert: Answer) -> dict[str, Any]:
    """What AWS knows a notification by."""
    return {name: value for name, value in alert.items() if name != "NotificationState"}
