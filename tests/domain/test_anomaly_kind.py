"""Anomaly monitors, desired - observed: the monitor and its subscription are one resource, known by its marks."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from billing_world import SCOPE, TOPIC
from costsentry_cli.domain.calls import ApiCall
from costsentry_cli.domain.document import Mark
from costsentry_cli.domain.errors import SentryError
from costsentry_cli.domain.kind import MADE, Action, Change
from costsentry_cli.domain.kinds.anomaly_monitor import AnomalyMonitor as Kind
from costsentry_cli.domain.manifest.types import AnomalyAlert, AnomalyMonitor
from costsentry_cli.domain.plan import Plan, Sight, Wishes, diff
from costsentry_cli.domain.plan_file import fingerprint
from costsentry_cli.domain.resource import Desired, Observed
from fakes import ACCOUNT, NOON, FakeCloud, model_problems

KIND = Kind()
HERE = Mark(1, 1)
MARKS = {
    "costsentry:namespace": "docs-helper",
    "costsentry:key": "by-centre",
    "costsentry:spec": "v1:anomaly-monitor",
}
RETIRED = MARKS | {"costsentry:retired": "2026-11-01T00:00:00Z"}
MONITOR = f"arn:aws:ce::{ACCOUNT}:anomalymonitor/00000000-0000-0000-0000-00000000000"
SUBSCRIPTION = f"arn:aws:ce::{ACCOUNT}:anomalysubscription/00000000-0000-0000-0000-00000000000"
MAIL = AnomalyAlert(Decimal(50), Decimal(40), "daily", ("a@example.com",), (), HERE)
NOW_AND_THEN = AnomalyAlert(None, Decimal(40), "immediate", (), (TOPIC,), HERE)
AT_LEAST = ["GREATER_THAN_OR_EQUAL"]


def impact(kind: str, value: str) -> dict[str, Any]:
    return {"Dimensions": {"Key": f"ANOMALY_TOTAL_IMPACT_{kind}", "Values": [value], "MatchOptions": AT_LEAST}}


BOTH = {"And": [impact("ABSOLUTE", "50"), impact("PERCENTAGE", "40")]}


def wish(alert: AnomalyAlert | None = MAIL, tag: str = "costCenter") -> Desired:
    manifest = type("Manifest", (), {"anomaly_monitors": (AnomalyMonitor("by-centre", tag, alert, HERE),)})
    return KIND.desired(manifest, SCOPE, NOON)[0]  # type: ignore[arg-type]


def monitor(number: int = 1, tag: str = "costCenter", name: str = "by-centre") -> dict[str, Any]:
    return {
        "MonitorArn": f"{MONITOR}{number}",
        "MonitorName": name,
        "MonitorType": "DIMENSIONAL",
        "MonitorDimension": "TAG",
        "MonitorSpecification": {"Tags": {"Key": tag}},
        "LastEvaluatedDate": "2026-11-23",
        "DimensionalValueCount": 3,
    }


def subscription(number: int = 1, *over: int, **changes: Any) -> dict[str, Any]:
    return {
        "SubscriptionArn": f"{SUBSCRIPTION}{number}",
        "AccountId": ACCOUNT,
        "MonitorArnList": [f"{MONITOR}{each}" for each in over or (1,)],
        "Subscribers": [{"Address": "a@example.com", "Type": "EMAIL", "Status": "CONFIRMED"}],
        "Frequency": "DAILY",
        "SubscriptionName": "by-centre",
        "ThresholdExpression": BOTH,
    } | changes


def cloud(
    monitors: list[dict[str, Any]], subscriptions: list[dict[str, Any]], tags: dict[str, dict[str, str]] | None = None
) -> FakeCloud:
    """Every resource has our marks but for those whose tags are given."""

    def tagged(call: ApiCall) -> dict[str, Any]:
        mine = (tags or {}).get(call.params["ResourceArn"], MARKS)
        return {"ResourceTags": [{"Key": key, "Value": value} for key, value in mine.items()]}

    return FakeCloud(
        {
            "GetAnomalyMonitors": {"AnomalyMonitors": monitors},
            "GetAnomalySubscriptions": {"AnomalySubscriptions": subscriptions},
            "ListTagsForResource": tagged,
        }
    )


def seen(*monitors: dict[str, Any], alerts: tuple[dict[str, Any], ...] = (), tags: Any = None) -> tuple[Observed, ...]:
    return KIND.observe(cloud(list(monitors), list(alerts), tags), SCOPE, ())


def changes(wanted: tuple[Desired, ...], observed: tuple[Observed, ...], **wishes: Any) -> tuple[Change, ...]:
    found = diff(KIND, wanted, observed, SCOPE, Sight(Wishes(**wishes), NOON))
    calls = [filled(call) for one in found for call in (*one.calls, *one.after)]
    assert [problem for call in calls for problem in model_problems(call)] == []
    return found


def filled(call: ApiCall) -> ApiCall:
    """The call once the monitor is made."""
    return replace(call, params=json.loads(json.dumps(dict(call.params)).replace(MADE, f"{MONITOR}9")))


def operations(one: Change) -> list[str]:
    return [call.operation for call in (*one.calls, *one.after)]


def test_a_monitor_is_made_with_our_marks_and_then_its_subscription_over_it_each_sent_once() -> None:
    (one,) = changes((wish(),), ())
    made, told = (*one.calls, *one.after)
    assert (made.operation, made.once, told.operation, told.once) == (
        "CreateAnomalyMonitor",
        True,
        "CreateAnomalySubscription",
        True,
    )
    assert made.params["AnomalyMonitor"]["MonitorSpecification"] == {"Tags": {"Key": "costCenter"}}
    assert told.params["AnomalySubscription"] == {
        "SubscriptionName": "by-centre",
        "MonitorArnList": [MADE],
        "Frequency": "DAILY",
        "ThresholdExpression": BOTH,
        "Subscribers": [{"Type": "EMAIL", "Address": "a@example.com"}],
    }
    for call in (made, told):
        assert {tag["Key"]: tag["Value"] for tag in call.params["ResourceTags"]} == MARKS


def test_a_monitor_without_an_alert_has_no_subscription() -> None:
    assert operations(changes((wish(None),), ())[0]) == ["CreateAnomalyMonitor"]


def test_the_monitors_of_others_are_looked_at_no_further_than_their_tags() -> None:
    behind = cloud([monitor()], [subscription()], {f"{MONITOR}1": {}})
    (foreign,) = KIND.observe(behind, SCOPE, ())
    assert behind.operations() == ["GetAnomalyMonitors", "ListTagsForResource"]
    assert (foreign.namespace, foreign.key) == (None, None)


def test_a_monitor_that_goes_while_it_is_looked_at_is_not_there() -> None:
    behind = cloud([monitor()], [])
    behind.script["ListTagsForResource"] = SentryError("CS0803", "ResourceNotFoundException")
    assert KIND.observe(behind, SCOPE, ()) == ()


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"ThresholdExpression": {"And": BOTH["And"][::-1]}},
        {"ThresholdExpression": {"And": [impact("ABSOLUTE", "50.00"), impact("PERCENTAGE", "40.0")]}},
    ],
)
def test_a_monitor_as_wanted_needs_no_call_whatever_aws_adds_of_itself(told: dict[str, Any]) -> None:
    (one,) = changes((wish(),), seen(monitor(), alerts=(subscription(**told),)))
    assert (one.action, one.fields, one.calls) == (Action.SAME, (), ())


@pytest.mark.parametrize(
    ("told", "field", "old"),
    [
        ({"Frequency": "WEEKLY"}, "alert.frequency", "weekly"),
        ({"ThresholdExpression": impact("ABSOLUTE", "99")}, "alert.threshold", ">= 99 USD"),
        ({"ThresholdExpression": {"Or": BOTH["And"]}}, "alert.threshold", ">= 50 USD or >= 40%"),
        ({"ThresholdExpression": {}, "Threshold": 10.0}, "alert.threshold", ">= 10 USD"),
        ({"Subscribers": [{"Address": "x@example.com", "Type": "EMAIL"}]}, "alert.to", "x@example.com"),
    ],
)
def test_an_alert_that_was_changed_by_hand_is_told_and_put_right_as_a_whole(
    told: dict[str, Any], field: str, old: str
) -> None:
    (one,) = changes((wish(),), seen(monitor(), alerts=(subscription(**told),)))
    assert [(each.field, each.old) for each in one.fields] == [(field, old)]
    (call,) = one.calls
    assert call.operation == "UpdateAnomalySubscription"
    assert call.params == {
        "SubscriptionArn": f"{SUBSCRIPTION}1",
        "Frequency": "DAILY",
        "ThresholdExpression": BOTH,
        "Subscribers": [{"Type": "EMAIL", "Address": "a@example.com"}],
    }


def test_another_way_of_telling_is_the_same_subscription() -> None:
    (one,) = changes((wish(NOW_AND_THEN),), seen(monitor(), alerts=(subscription(),)))
    assert [each.field for each in one.fields] == ["alert.frequency", "alert.threshold", "alert.to"]
    (call,) = one.calls
    assert (call.params["Frequency"], call.params["Subscribers"]) == ("IMMEDIATE", [{"Type": "SNS", "Address": TOPIC}])


def test_an_alert_that_is_missing_is_made_and_one_that_is_not_wanted_goes() -> None:
    (missing,) = changes((wish(),), seen(monitor()))
    (extra,) = changes((wish(None),), seen(monitor(), alerts=(subscription(),)))
    assert (operations(missing), missing.calls[0].once) == (["CreateAnomalySubscription"], True)
    assert missing.calls[0].params["AnomalySubscription"]["MonitorArnList"] == [f"{MONITOR}1"]
    assert operations(extra) == ["DeleteAnomalySubscription"]


def test_a_subscription_that_somebody_put_other_monitors_into_only_loses_ours() -> None:
    (one,) = changes((wish(None),), seen(monitor(), alerts=(subscription(1, 1, 7),)))
    (call,) = one.calls
    assert (call.operation, call.params["MonitorArnList"]) == ("UpdateAnomalySubscription", [f"{MONITOR}7"])


@pytest.mark.parametrize("whose", [{}, MARKS | {"costsentry:namespace": "x"}, MARKS | {"costsentry:key": "x"}])
def test_a_subscription_of_somebody_else_over_our_monitor_is_left_alone(whose: dict[str, str]) -> None:
    theirs = subscription(2, Frequency="WEEKLY")
    observed = seen(monitor(), alerts=(subscription(), theirs), tags={f"{SUBSCRIPTION}2": whose})
    assert changes((wish(),), observed)[0].action is Action.SAME


def test_a_second_subscription_of_ours_is_told_and_goes() -> None:
    (one,) = changes((wish(),), seen(monitor(), alerts=(subscription(1), subscription(2))))
    assert [(each.field, each.old) for each in one.fields] == [("alert.again", f"{SUBSCRIPTION}2")]
    assert one.calls == (ApiCall("ce", "DeleteAnomalySubscription", {"SubscriptionArn": f"{SUBSCRIPTION}2"}),)


def test_a_monitor_that_was_renamed_by_hand_gets_its_name_back() -> None:
    (one,) = changes((wish(),), seen(monitor(name="mine"), alerts=(subscription(),)))
    assert one.calls == (
        ApiCall("ce", "UpdateAnomalyMonitor", {"MonitorArn": f"{MONITOR}1", "MonitorName": "by-centre"}),
    )


def test_another_tag_is_a_replace_that_is_held_until_it_is_allowed() -> None:
    observed = seen(monitor(), alerts=(subscription(),))
    (held,) = changes((wish(tag="environment"),), observed)
    assert (held.action, held.calls, [each.field for each in held.fields]) == (Action.REPLACE, (), ["tag"])
    (one,) = changes((wish(tag="environment"),), observed, replace=True)
    assert operations(one) == ["CreateAnomalyMonitor", "CreateAnomalySubscription", "TagResource"]
    assert one.after[-1].params["ResourceArn"] == f"{MONITOR}1"


def test_a_reviewed_replace_is_the_same_plan_a_minute_later() -> None:
    observed = seen(monitor(), alerts=(subscription(),))
    plans = [
        Plan(diff(KIND, (wish(tag="team"),), observed, SCOPE, Sight(Wishes(replace=True), NOON + timedelta(minutes=n))))
        for n in (0, 1)
    ]
    assert plans[0].calls != plans[1].calls
    assert fingerprint(plans[0], ACCOUNT, "us-east-1") == fingerprint(plans[1], ACCOUNT, "us-east-1")


def test_two_monitors_of_one_key_are_told_apart_by_nobody_and_neither_is_touched() -> None:
    with pytest.raises(SentryError) as failed:
        changes((wish(),), seen(monitor(1), monitor(2)))
    assert (failed.value.code, failed.value.details) == ("CS0205", (f"{MONITOR}1", f"{MONITOR}2"))


def test_a_replaced_monitor_is_deleted_after_its_grace_with_its_own_subscription_first() -> None:
    observed = seen(
        monitor(1, "team"), monitor(2), alerts=(subscription(1), subscription(2, 2)), tags={f"{MONITOR}1": RETIRED}
    )
    kept, gone = changes((wish(),), observed, prune=True)
    assert (kept.action, gone.action) == (Action.SAME, Action.DELETE)
    assert [(call.operation, *call.params.values()) for call in gone.calls] == [
        ("DeleteAnomalySubscription", f"{SUBSCRIPTION}1"),
        ("DeleteAnomalyMonitor", f"{MONITOR}1"),
    ]


def test_a_subscription_that_is_over_other_monitors_too_stays_when_ours_is_deleted() -> None:
    (one,) = changes((), seen(monitor(), alerts=(subscription(1, 1, 7),)), prune=True)
    assert operations(one) == ["DeleteAnomalyMonitor"]


@pytest.mark.parametrize("mark", ["costsentry:key", "costsentry:spec"])
def test_a_monitor_that_lacks_a_mark_is_never_deleted(mark: str) -> None:
    tags = {key: value for key, value in MARKS.items() if key != mark}
    (one,) = changes((), seen(monitor(), tags={f"{MONITOR}1": tags}), prune=True)
    assert (one.action, one.calls) == (Action.DELETE, ())


def test_a_monitor_over_anything_else_is_told_as_it_is() -> None:
    (one,) = seen(monitor() | {"MonitorDimension": "SERVICE", "MonitorSpecification": {}})
    assert json.loads(one.fields["tag"]) == {"dimension": "SERVICE", "of": {}, "type": "DIMENSIONAL"}
