"""AWS budgets over Bedrock spend. Service ``budgets``, one endpoint for all regions.

A budget is known by its name: AWS cannot rename one, so another name is another budget and the former one is unlisted.
Everything else is edited in place, each part by its own call: the whole update sets the spend that AWS has reckoned to
zero until its next refresh and is made only when the amount, the period or what is counted differs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from costsentry_cli.domain import marks
from costsentry_cli.domain.budgets.action_text import action_text
from costsentry_cli.domain.budgets.alert_text import subscribers_of, trigger_of
from costsentry_cli.domain.budgets.amount_text import rolled_on
from costsentry_cli.domain.budgets.changes import CHANGES, OfBudget
from costsentry_cli.domain.budgets.fields import ACTION, ALERT, PLANNED, body, of_answer, of_manifest, whole
from costsentry_cli.domain.budgets.reading import Parts, Tagged, all_tagged, arn_of, with_parts
from costsentry_cli.domain.calls import ApiCall, Cloud, operations
from costsentry_cli.domain.kind import Action, Change, FieldChange, Kind, Scope
from costsentry_cli.domain.manifest.types import Manifest
from costsentry_cli.domain.resource import KEY_TAG, NAMESPACE_TAG, Desired, Observed

SPEC = "budget"
UPDATE = "UpdateBudget"
HELD = "a budget of this name exists and is not ours: choose another name, or tag it {marks}"


class Budget(Kind):
    """Kind: a cost budget with its alerts and its action."""

    noun = "budget"
    reading = operations(
        "budgets",
        "DescribeBudgets ListTagsForResource DescribeNotificationsForBudget DescribeBudgetActionsForBudget"
        " DescribeSubscribersForNotification",
    )
    writing = operations("budgets", "CreateBudget UpdateBudget") | CHANGES
    deleting = operations("budgets", "DeleteBudget")

    def desired(self, manifest: Manifest, scope: Scope, now: datetime) -> tuple[Desired, ...]:
        """One for every budget of the manifest, those of ``for_each`` expanded."""
        return tuple(
            Desired(budget.name, budget.name, scope.region, of_manifest(budget, now), budget.at)
            for budget in manifest.budgets
        )

    def observe(self, cloud: Cloud, scope: Scope, wanted: Sequence[Desired]) -> tuple[Observed, ...]:
        """All budgets of the account, ours with all that belongs to them.

        Costs one call for every thousand budgets, one for the tags of each, and for each of ours two (its alerts, its
        actions) and one for every alert; all but the listing side by side, in three rounds.
        """
        actions = {wish.name: wish.fields.get(ACTION, "") for wish in wanted}
        budgets = all_tagged(cloud, scope)
        ours = [one for one in budgets if _is_ours(one, scope)]
        foreign = (one for one in budgets if not _is_ours(one, scope))
        found = [Observed(one.arn, one.name, scope.region, {}, tags=one.tags) for one in foreign]
        for one, parts in with_parts(cloud, scope.account, ours):
            found.append(_observed(one, parts, scope, actions.get(one.name, "")))
        return tuple(found)

    def create(self, desired: Desired, scope: Scope, generation: str) -> tuple[ApiCall, ...]:
        """One call that makes the budget with its alerts and our marks; a name can be had once."""
        del generation
        params: dict[str, Any] = {
            "AccountId": scope.account,
            "Budget": body(desired.name, desired.fields),
            "ResourceTags": marks.marked(scope.namespace, desired.key, SPEC),
        }
        alerts = _alerts(desired.fields)
        if alerts:
            params["NotificationsWithSubscribers"] = [
                {"Notification": trigger_of(trigger), "Subscribers": subscribers_of(told)}
                for trigger, told in alerts.items()
            ]
        return (ApiCall("budgets", "CreateBudget", params),)

    def complete(self, desired: Desired, scope: Scope) -> tuple[ApiCall, ...]:
        """Its action, if it has one: AWS makes it by a call of its own."""
        action = desired.fields.get(ACTION)
        return (OfBudget(scope.account, desired.name).action(action),) if action else ()

    def update(self, desired: Desired, observed: Observed, scope: Scope) -> tuple[ApiCall, ...]:
        """The whole update only for amount, period and what is counted; alerts and the action by their own calls."""
        calls = OfBudget(scope.account, observed.name)
        changed: list[ApiCall] = []
        if _body_differs(desired.fields, observed.fields):
            params = {
                "AccountId": scope.account,
                "NewBudget": whole(observed.name, desired.fields, observed.raw["budget"]),
            }
            changed.append(ApiCall("budgets", UPDATE, params))
        changed += calls.alerts(_alerts(observed.fields), _alerts(desired.fields))
        changed += calls.actions(observed.raw["actions"], desired.fields.get(ACTION))
        return tuple(changed)

    def delete(self, observed: Observed, scope: Scope) -> tuple[ApiCall, ...]:
        """By name, with all that belongs to it."""
        return (ApiCall("budgets", "DeleteBudget", {"AccountId": scope.account, "BudgetName": observed.name}),)

    def arranged(self, changes: tuple[Change, ...]) -> tuple[Change, ...]:
        """A name that somebody else's budget has is held; planned amounts that only moved on in time are the same."""
        taken = {change.name for change in changes if change.action is Action.FOREIGN}
        return tuple(_held(c) if c.action is Action.CREATE and c.name in taken else _settled(c) for c in changes)

    def made(self, desired: Desired, scope: Scope, answer: Mapping[str, Any]) -> str:
        """Its ARN is told by its name."""
        del answer
        return arn_of(scope, desired.name)


def _held(change: Change) -> Change:
    wanted = f"{NAMESPACE_TAG}={change.scope.namespace} and {KEY_TAG}={marks.sayable(change.name)}"
    return replace(change, calls=(), after=(), held=HELD.format(marks=wanted))


def _settled(change: Change) -> Change:
    """Without the planned amounts, where those only moved on and are not sent anyway."""
    desired = change.desired
    if change.action is not Action.UPDATE or desired is None or any(call.operation == UPDATE for call in change.calls):
        return change
    left = tuple(field for field in change.fields if not _rolled(field, desired))
    return replace(change, fields=left, action=Action.UPDATE if left else Action.SAME)


def _rolled(field: FieldChange, desired: Desired) -> bool:
    both = field.old is not None and field.new is not None
    return field.field == PLANNED and both and rolled_on(field.old or "", field.new or "", desired.fields["per"])


def _body_differs(wanted: Mapping[str, str], there: Mapping[str, str]) -> bool:
    names = {name for name in (*wanted, *there) if not name.startswith((ALERT, ACTION))}
    differing = {name for name in names if wanted.get(name) != there.get(name)}
    plans = there.get(PLANNED), wanted.get(PLANNED)
    if differing == {PLANNED} and plans[0] is not None and plans[1] is not None:
        return not rolled_on(plans[0], plans[1], wanted["per"])
    return bool(differing)


def _alerts(fields: Mapping[str, str]) -> dict[str, str]:
    return {name.removeprefix(ALERT): told for name, told in fields.items() if name.startswith(ALERT)}


def _is_ours(one: Tagged, scope: Scope) -> bool:
    return one.budget["BudgetType"] == "COST" and one.tags.get(NAMESPACE_TAG) == scope.namespace


def _observed(one: Tagged, parts: Parts, scope: Scope, wanted: str) -> Observed:
    """One of ours. Of several actions the wanted one counts as its action, the others are too many."""
    actions = sorted(parts.actions, key=lambda action: (action_text(action) != wanted, action["ActionId"]))
    return Observed(
        arn=one.arn,
        name=one.name,
        region=scope.region,
        fields=of_answer(one.budget, parts.alerts, actions),
        namespace=one.tags.get(NAMESPACE_TAG),
        key=one.name if KEY_TAG in one.tags else None,
        marked=marks.complete(one.tags, one.name),
        tags=one.tags,
        raw={"budget": one.budget, "actions": actions},
    )
