"""What tests of budgets and anomaly monitors share: a manifest of them, and a plan, a sync and a look in a sandbox."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from costsentry_cli.cli.context import Context
from costsentry_cli.domain.calls import Answer, ApiCall, Cloud
from costsentry_cli.domain.errors import SentryError
from costsentry_cli.domain.kind import Change, Kind, Scope
from costsentry_cli.domain.kinds.anomaly_monitor import AnomalyMonitor
from costsentry_cli.domain.kinds.budget import Budget
from costsentry_cli.domain.manifest.types import Manifest
from costsentry_cli.domain.plan import Plan, Wishes
from costsentry_cli.usecases import sync
from costsentry_cli.usecases.apply import Applied, apply
from fakes import ACCOUNT, BASIC, NOON, FakeCloud, home, manifest

BILLING: tuple[Kind, ...] = (Budget(), AnomalyMonitor())
"""The two kinds alone."""
SCOPE = Scope(ACCOUNT, "global", "docs-helper")
TOPIC = f"arn:aws:sns:us-east-1:{ACCOUNT}:costs"
ACTION = f"""\
    action:
      at: 100%
      of: actual
      policy: arn:aws:iam::{ACCOUNT}:policy/deny-bedrock
      roles: [bedrock-callers]
      execution_role: arn:aws:iam::{ACCOUNT}:role/budgets
      email: [finops@example.com]
"""
BUDGETS = f"""\
budgets:
  - name: bedrock-{{costCenter}}
    for_each: costCenter
    amount: 500
    per: month
    alerts:
      - {{at: 80%, of: actual, email: [finops@example.com]}}
      - {{at: 100%, of: forecast, email: [finops@example.com], sns: [{TOPIC}]}}
{ACTION}"""
MONITORS = """\
anomaly_monitors:
  - name: bedrock-by-cost-center
    tag: costCenter
    alert: {above: 50, above_percent: 40%, frequency: daily, email: [finops@example.com]}
"""
ONE_BUDGET = f"""\
budgets:
  - name: bedrock
    amount: 500
    per: month
    alerts:
      - {{at: 80%, of: actual, email: [a@example.com]}}
      - {{at: 100%, of: forecast, email: [a@example.com, b@example.com], sns: [{TOPIC}]}}
"""
WHOLE = BASIC + BUDGETS + MONITORS
ONE = BASIC + ONE_BUDGET

WRITES = ("Create", "Update", "Delete", "Tag", "Untag")


@dataclass
class Recording:
    """A cloud that remembers the writing calls and lets a hook stand in the way of any."""

    cloud: Cloud
    writes: list[ApiCall] = field(default_factory=list)
    before: Callable[[ApiCall], None] = lambda _: None
    after: Callable[[ApiCall], None] = lambda _: None
    interrupted: bool = False

    def call(self, call: ApiCall) -> Answer:
        self.before(call)
        if call.operation.startswith(WRITES):
            self.writes.append(call)
        answer = self.cloud.call(call)
        self.after(call)
        return answer

    def pages(self, call: ApiCall) -> Any:
        self.before(call)
        yield from self.cloud.pages(call)
        self.after(call)

    def each(self, calls: Any) -> Any:
        return FakeCloud.each(self, calls)  # type: ignore[arg-type]

    def as_ended(self, calls: Any) -> Any:
        return FakeCloud.each(self, calls)  # type: ignore[arg-type]

    def operations(self) -> list[str]:
        return [call.operation for call in self.writes]


@dataclass
class World:
    """An account in a sandbox, and a manifest as text."""

    context: Context
    folder: Path
    kinds: tuple[Kind, ...] = BILLING

    def read(self, text: str) -> Manifest:
        return manifest(self.folder, text)

    def plan(self, text: str, cloud: Any = None, **wishes: Any) -> Plan:
        wanted = self.read(text)
        seen = cloud or self.context.cloud
        now = self.context.clock()
        return sync.plan({ACCOUNT: seen}, wanted, self.kinds, home(wanted), Wishes(**wishes), now)

    def sync(self, text: str, cloud: Any = None, **wishes: Any) -> tuple[Applied, ...]:
        plan = self.plan(text, cloud, **wishes)
        assert (plan.refused, plan.troubles) == ((), ())
        return apply({ACCOUNT: cloud or self.context.cloud}, plan, lambda _: None)

    def carried_out(self, plan: Plan, cloud: Any = None) -> tuple[Applied, ...]:
        return apply({ACCOUNT: cloud or self.context.cloud}, plan, lambda _: None)

    def settled(self, text: str) -> None:
        """Make the account so, without any trouble."""
        assert [one.error for one in self.sync(text) if one.error] == []
        assert not self.plan(text).pending

    def recorded(self, text: str, **wishes: Any) -> list[ApiCall]:
        """The writing calls of a sync that goes well and leaves nothing to do."""
        cloud = Recording(self.context.cloud)
        assert [one.error for one in self.sync(text, cloud, **wishes) if one.error] == []
        after = self.plan(text, **wishes)
        assert (after.pending, after.calls) == (False, ())
        return cloud.writes

    def by_hand(self, service: str, operation: str, **params: Any) -> Answer:
        """What somebody does in the console."""
        named = {"AccountId": ACCOUNT} if service == "budgets" else {}
        return self.context.cloud.call(ApiCall(service, operation, named | params))

    def by_hand_tag(self, service: str, arn: str, tags: list[dict[str, str]]) -> None:
        name = "ResourceARN" if service == "budgets" else "ResourceArn"
        self.context.cloud.call(ApiCall(service, "TagResource", {name: arn, "ResourceTags": tags}))

    def budgets(self) -> dict[str, dict[str, Any]]:
        """The budgets there are, by name."""
        listed = self.by_hand("budgets", "DescribeBudgets", ShowFilterExpression=True)
        return {budget["BudgetName"]: budget for budget in listed.get("Budgets", [])}

    def monitors(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.by_hand("ce", "GetAnomalyMonitors")["AnomalyMonitors"]
        return found

    def subscriptions(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.by_hand("ce", "GetAnomalySubscriptions")["AnomalySubscriptions"]
        return found

    def alerts(self, budget: str) -> dict[str, list[str]]:
        """Addresses by a budget's triggers."""
        found = {}
        for one in self.by_hand("budgets", "DescribeNotificationsForBudget", BudgetName=budget)["Notifications"]:
            about = {name: value for name, value in one.items() if name != "NotificationState"}
            told = self.by_hand("budgets", "DescribeSubscribersForNotification", BudgetName=budget, Notification=about)[
                "Subscribers"
            ]
            found[f"{one['NotificationType']} {one['Threshold']:g}"] = sorted(each["Address"] for each in told)
        return found

    def actions(self, budget: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.by_hand("budgets", "DescribeBudgetActionsForBudget", BudgetName=budget)[
            "Actions"
        ]
        return found


def denied(*operations: str) -> Callable[[ApiCall], None]:
    """A hook that refuses these operations."""

    def before(call: ApiCall) -> None:
        if call.operation in operations:
            raise SentryError("CS0403", "AccessDeniedException: no")

    return before


def lost(*operations: str) -> Callable[[ApiCall], None]:
    """A hook that loses the replies of these operations."""

    def after(call: ApiCall) -> None:
        if call.operation in operations:
            raise SentryError("CS0808", "the reply was lost")

    return after


def named(changes: Any) -> dict[str, Change]:
    return {change.name: change for change in changes}


def script(budget: Mapping[str, Any], tags: Mapping[str, str], **more: Any) -> dict[str, Any]:
    """Answers of an account with one budget that has neither alerts nor actions."""
    return {
        "DescribeBudgets": {"Budgets": [budget]},
        "ListTagsForResource": {"ResourceTags": [{"Key": key, "Value": value} for key, value in tags.items()]},
        "DescribeNotificationsForBudget": {"Notifications": []},
        "DescribeBudgetActionsForBudget": {"Actions": []},
    } | more


MARKS = {"costsentry:namespace": "docs-helper", "costsentry:key": "bedrock", "costsentry:spec": "v1:budget"}
NOW = NOON
