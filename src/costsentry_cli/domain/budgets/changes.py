"""The calls that bring a budget's alerts and actions from what is to what is wanted, none wider than needed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from costsentry_cli.domain.aws_limits import ALERT_EMAILS_MAX, ALERT_TOPICS_MAX, BUDGET_ALERTS_MAX
from costsentry_cli.domain.budgets.action_text import Action, action_of, action_text
from costsentry_cli.domain.budgets.alert_text import subscribers_of, trigger_of, type_of, words_of
from costsentry_cli.domain.calls import ApiCall, operations

Alerts = Mapping[str, str]
"""Subscribers by trigger, both as texts."""
CREATE_ACTION = "CreateBudgetAction"
"""Sent once: AWS has no token for it, and a second call would make a second action."""
CHANGES = operations(
    "budgets",
    "CreateNotification UpdateNotification DeleteNotification CreateSubscriber UpdateSubscriber DeleteSubscriber"
    f" {CREATE_ACTION} UpdateBudgetAction DeleteBudgetAction",
)
"""What all of these calls call."""
_MOST = {"EMAIL": ALERT_EMAILS_MAX, "SNS": ALERT_TOPICS_MAX}


class OfBudget:
    """Makes the calls of one budget: all of them name the account and the budget."""

    def __init__(self, account: str, name: str) -> None:
        self.named = {"AccountId": account, "BudgetName": name}

    def call(self, operation: str, **params: Any) -> ApiCall:
        """One call of the service, about this budget."""
        return ApiCall("budgets", operation, self.named | params, once=operation == CREATE_ACTION)

    def alerts(self, old: Alerts, new: Alerts) -> Iterable[ApiCall]:
        """Thresholds that moved, then what is new, then what is changed, and last what goes.

        Something goes earlier only where AWS has no room for what is new.
        """
        gone, added = sorted(old.keys() - new.keys()), sorted(new.keys() - old.keys())
        for was in tuple(gone):
            becomes = next((to for to in added if _of(to) == _of(was) and new[to] == old[was]), None)
            if becomes is not None:
                gone.remove(was)
                added.remove(becomes)
                yield self.call(
                    "UpdateNotification", OldNotification=trigger_of(was), NewNotification=trigger_of(becomes)
                )
        crowd = max(0, len(old) + len(added) - BUDGET_ALERTS_MAX)
        yield from (self.call("DeleteNotification", Notification=trigger_of(was)) for was in gone[:crowd])
        for trigger in added:
            told = subscribers_of(new[trigger])
            yield self.call("CreateNotification", Notification=trigger_of(trigger), Subscribers=told)
        for trigger in sorted(old.keys() & new.keys()):
            yield from self._subscribers(trigger, words_of(old[trigger]), words_of(new[trigger]))
        yield from (self.call("DeleteNotification", Notification=trigger_of(was)) for was in gone[crowd:])

    def _subscribers(self, trigger: str, old: Sequence[str], new: Sequence[str]) -> Iterable[ApiCall]:
        """New ones first: without any subscriber AWS deletes the notification. Where none fits in, one is changed."""
        about = {"Notification": trigger_of(trigger)}
        gone: list[str] = []
        for kind, most in _MOST.items():
            leaving = [word for word in old if word not in new and type_of(word) == kind]
            coming = [word for word in new if word not in old and type_of(word) == kind]
            room = max(0, most - sum(type_of(word) == kind for word in old))
            for word in coming[:room]:
                yield self.call("CreateSubscriber", **about, Subscriber=_subscriber(word))
            swapped = coming[room:]
            for was, becomes in zip(leaving[: len(swapped)], swapped, strict=True):
                change = {"OldSubscriber": _subscriber(was), "NewSubscriber": _subscriber(becomes)}
                yield self.call("UpdateSubscriber", **about, **change)
            gone += leaving[len(swapped) :]
        yield from (self.call("DeleteSubscriber", **about, Subscriber=_subscriber(word)) for word in gone)

    def actions(self, there: Sequence[Action], wanted: str | None) -> Iterable[ApiCall]:
        """The first of those there becomes what is wanted, as the others go; one of another type is made anew."""
        kept = there[:1] if wanted is not None else ()
        for action in kept:
            yield from self._becomes(action, action_of(wanted or ""))
        if wanted is not None and not there:
            yield self.action(wanted)
        yield from (self._deleted(action) for action in there[len(kept) :])

    def action(self, text: str) -> ApiCall:
        """The creation of an action."""
        return self.call(CREATE_ACTION, **action_of(text))

    def _becomes(self, action: Action, wanted: dict[str, Any]) -> Iterable[ApiCall]:
        if action_text(action) == action_text(wanted):
            return
        if action["ActionType"] != wanted["ActionType"]:
            yield self.call(CREATE_ACTION, **wanted)
            yield self._deleted(action)
            return
        parts = {name: part for name, part in wanted.items() if name != "ActionType"}
        yield self.call("UpdateBudgetAction", ActionId=action["ActionId"], **parts)

    def _deleted(self, action: Action) -> ApiCall:
        return self.call("DeleteBudgetAction", ActionId=action["ActionId"])


def _subscriber(word: str) -> dict[str, str]:
    return {"SubscriptionType": type_of(word), "Address": word}


def _of(trigger: str) -> str:
    """What a trigger looks at: a moved threshold stays with it."""
    return trigger.partition(" ")[0]
