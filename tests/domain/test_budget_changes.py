"""Alerts and actions are brought from what is to what is wanted by their own calls, and AWS has room for each."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_world import TOPIC
from costsentry_cli.domain.budgets.action_text import action_of, action_text
from costsentry_cli.domain.budgets.alert_text import addresses_text, trigger_of, trigger_text
from costsentry_cli.domain.budgets.changes import OfBudget
from costsentry_cli.domain.calls import ApiCall
from fakes import ACCOUNT, model_problems

CALLS = OfBudget(ACCOUNT, "bedrock")
OTHER_TOPIC = TOPIC + "-2"
POLICY = f"arn:aws:iam::{ACCOUNT}:policy/deny"
MANUAL = (
    f"at 100% of actual; attach {POLICY}; to roles callers; as arn:aws:iam::{ACCOUNT}:role/budgets; manual; tell a@b.c"
)
AUTOMATIC = MANUAL.replace("manual", "automatic")
STOP = {"SsmActionDefinition": {"ActionSubType": "STOP_EC2_INSTANCES", "Region": "us-east-1", "InstanceIds": ["i-1"]}}


def brought(old: dict[str, str], new: dict[str, str]) -> list[ApiCall]:
    calls = list(CALLS.alerts(old, new))
    assert [problem for call in calls for problem in model_problems(call)] == []
    return calls


def operations(calls: list[ApiCall]) -> list[str]:
    return [call.operation for call in calls]


def action(text: str, number: int = 1) -> dict[str, Any]:
    return action_of(text) | {"ActionId": f"00000000-0000-0000-0000-00000000000{number}"}


def test_a_threshold_that_moved_is_one_call() -> None:
    (call,) = brought({"actual > 80%": "a@b.c"}, {"actual > 90%": "a@b.c"})
    assert call.operation == "UpdateNotification"
    assert (call.params["OldNotification"]["Threshold"], call.params["NewNotification"]["Threshold"]) == (80.0, 90.0)


def test_a_threshold_moves_only_for_what_it_looks_at() -> None:
    calls = brought({"actual > 80%": "a@b.c"}, {"forecast > 80%": "a@b.c"})
    assert operations(calls) == ["CreateNotification", "DeleteNotification"]


def test_what_somebody_set_with_another_operator_or_an_amount_is_moved_to_what_is_wanted() -> None:
    (call,) = brought({"actual < 400 USD": "a@b.c"}, {"actual > 80%": "a@b.c"})
    old = call.params["OldNotification"]
    assert (old["ComparisonOperator"], old["Threshold"], old["ThresholdType"]) == ("LESS_THAN", 400.0, "ABSOLUTE_VALUE")


def test_a_new_alert_is_made_before_an_old_one_goes() -> None:
    calls = brought({"actual > 80%": "a@b.c"}, {"actual > 90%": "d@e.f"})
    assert operations(calls) == ["CreateNotification", "DeleteNotification"]


def test_a_new_address_is_told_before_the_old_one_is_not_any_more() -> None:
    calls = brought({"actual > 80%": "a@b.c"}, {"actual > 80%": "d@e.f"})
    assert operations(calls) == ["CreateSubscriber", "DeleteSubscriber"]
    assert calls[0].params["Subscriber"] == {"SubscriptionType": "EMAIL", "Address": "d@e.f"}


def test_an_alert_has_room_for_one_topic_so_another_takes_its_place() -> None:
    (call,) = brought({"actual > 80%": TOPIC}, {"actual > 80%": OTHER_TOPIC})
    assert (call.operation, call.params["NewSubscriber"]["Address"]) == ("UpdateSubscriber", OTHER_TOPIC)


def test_an_alert_whose_ten_addresses_all_change_keeps_ten() -> None:
    old, new = (", ".join(f"{letter}{n}@b.c" for n in range(10)) for letter in "ox")
    assert operations(brought({"actual > 80%": old}, {"actual > 80%": new})) == ["UpdateSubscriber"] * 10


def test_a_full_budget_loses_an_alert_before_it_gets_one() -> None:
    old = {f"actual > {n}%": "a@b.c" for n in range(1, 11)}
    new = {**{trigger: told for trigger, told in old.items() if trigger != "actual > 5%"}, "forecast > 5%": "a@b.c"}
    assert operations(brought(old, new)) == ["DeleteNotification", "CreateNotification"]


@dataclass
class Alerts:
    """AWS's rules for the alerts of one budget, as its reference has them."""

    there: dict[str, set[str]] = field(default_factory=dict)

    def carry_out(self, call: ApiCall) -> None:
        getattr(self, call.operation)(call.params)
        assert len(self.there) <= 10
        for told in self.there.values():
            assert sum(one.startswith("arn:") for one in told) <= 1
            assert sum(not one.startswith("arn:") for one in told) <= 10

    def CreateNotification(self, params: Any) -> None:  # noqa: N802 - AWS's name
        trigger = trigger_text(params["Notification"])
        assert trigger not in self.there
        self.there[trigger] = {one["Address"] for one in params["Subscribers"]}

    def UpdateNotification(self, params: Any) -> None:  # noqa: N802
        new = trigger_text(params["NewNotification"])
        assert new not in self.there
        self.there[new] = self.there.pop(trigger_text(params["OldNotification"]))

    def DeleteNotification(self, params: Any) -> None:  # noqa: N802
        del self.there[trigger_text(params["Notification"])]

    def CreateSubscriber(self, params: Any) -> None:  # noqa: N802
        told, address = self.there[trigger_text(params["Notification"])], params["Subscriber"]["Address"]
        assert address not in told
        told.add(address)

    def UpdateSubscriber(self, params: Any) -> None:  # noqa: N802
        told = self.there[trigger_text(params["Notification"])]
        assert params["NewSubscriber"]["Address"] not in told
        told.remove(params["OldSubscriber"]["Address"])
        told.add(params["NewSubscriber"]["Address"])

    def DeleteSubscriber(self, params: Any) -> None:  # noqa: N802
        told = self.there[trigger_text(params["Notification"])]
        told.remove(params["Subscriber"]["Address"])
        assert told, "AWS deletes a notification with its last subscriber"


TRIGGERS = st.builds(
    lambda of, sign, at: f"{of} {sign} {at}",
    st.sampled_from(["actual", "forecast"]),
    st.sampled_from("<>="),
    st.sampled_from(["50%", "80%", "99.5%", "400 USD"]),
)
TOLD = st.tuples(
    st.sets(st.sampled_from([f"{letter}@b.c" for letter in "abcdefghijklm"]), max_size=10),
    st.sets(st.sampled_from([TOPIC, OTHER_TOPIC]), max_size=1),
).filter(any)
ALERTS = st.dictionaries(TRIGGERS, TOLD.map(lambda both: addresses_text(both[0] | both[1])), max_size=10)


@given(ALERTS, ALERTS)
def test_any_alerts_become_any_others_within_what_aws_allows_at_every_step(
    old: dict[str, str], new: dict[str, str]
) -> None:
    budget = Alerts({trigger: set(told.split(", ")) for trigger, told in old.items()})
    kept = {trigger: told for trigger, told in old.items() if new.get(trigger) == told}
    for call in CALLS.alerts(old, new):
        budget.carry_out(call)
        assert all(budget.there[trigger] == set(told.split(", ")) for trigger, told in kept.items())
    assert {trigger: addresses_text(told) for trigger, told in budget.there.items()} == new


@given(ALERTS)
def test_alerts_that_are_as_wanted_need_no_call(alerts: dict[str, str]) -> None:
    assert list(CALLS.alerts(alerts, alerts)) == []


@given(ALERTS, ALERTS)
def test_a_common_trigger_is_never_made_anew(old: dict[str, str], new: dict[str, str]) -> None:
    both = [trigger_of(trigger) for trigger in old.keys() & new.keys()]
    calls = list(CALLS.alerts(old, new))
    touched = [
        call.params["Notification"]
        for call in calls
        if call.operation.endswith("Notification") and "Notification" in call.params
    ]
    assert not [one for one in touched if one in both]


def acted(there: list[dict[str, Any]], wanted: str | None) -> list[ApiCall]:
    calls = list(CALLS.actions(there, wanted))
    assert [problem for call in calls for problem in model_problems(call)] == []
    return calls


def test_an_action_as_wanted_needs_no_call_in_whatever_state_it_is() -> None:
    assert acted([action(MANUAL) | {"Status": "EXECUTION_SUCCESS"}], MANUAL) == []


def test_a_changed_action_is_updated_in_place() -> None:
    (call,) = acted([action(MANUAL)], AUTOMATIC)
    assert (call.operation, call.params["ApprovalModel"], call.once) == ("UpdateBudgetAction", "AUTOMATIC", False)
    assert "ActionType" not in call.params


def test_an_action_is_added_by_a_call_that_is_sent_once_and_removed_by_its_id() -> None:
    (added,), (removed,) = acted([], MANUAL), acted([action(MANUAL)], None)
    assert (added.operation, added.once) == ("CreateBudgetAction", True)
    assert (removed.operation, removed.params["ActionId"]) == ("DeleteBudgetAction", action(MANUAL)["ActionId"])


def test_an_action_of_another_kind_is_made_anew_before_it_goes() -> None:
    stop = action_text({**action(MANUAL), "ActionType": "RUN_SSM_DOCUMENTS", "Definition": STOP})
    calls = acted([action(stop)], MANUAL)
    assert operations(calls) == ["CreateBudgetAction", "DeleteBudgetAction"]
    assert calls[0].once


@pytest.mark.parametrize(("wanted", "deletes"), [(MANUAL, 2), (None, 3)])
def test_further_actions_that_somebody_added_go(wanted: str | None, deletes: int) -> None:
    calls = acted([action(MANUAL), action(AUTOMATIC, 2), action(AUTOMATIC, 3)], wanted)
    assert operations(calls) == ["DeleteBudgetAction"] * deletes
