"""Cost anomaly monitors over the values of a tag, each with the subscription that tells of it. Service ``ce``.

A monitor's name need not be unique, so ours are known by their marks alone; a monitor that comes under another name is
another monitor, and the former one is unlisted. AWS edits the name and the subscription, never what is watched.
Neither creation carries a token: each is sent once, and what a lost reply leaves is seen by the next plan.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from costsentry_cli.domain import marks
from costsentry_cli.domain.anomaly_text import expression_of, threshold_text, wanted_text
from costsentry_cli.domain.budgets.alert_text import addresses_text, subscribers_text, type_of, words_of
from costsentry_cli.domain.calls import ApiCall, Cloud, operations
from costsentry_cli.domain.errors import NOT_THERE
from costsentry_cli.domain.kind import MADE, Kind, Scope
from costsentry_cli.domain.manifest.types import AnomalyMonitor as Wanted
from costsentry_cli.domain.manifest.types import Manifest
from costsentry_cli.domain.resource import KEY_TAG, NAMESPACE_TAG, Desired, Observed, Policy, retired_since

SPEC = "anomaly-monitor"
PAGE = 100
TAG, NAME = "tag", "name"
ALERT = "alert."
FREQUENCY, THRESHOLD, TO = f"{ALERT}frequency", f"{ALERT}threshold", f"{ALERT}to"
AGAIN = f"{ALERT}again"
"""Further subscriptions of ours over the same monitor: everybody would be told twice."""

Answer = Mapping[str, Any]


class AnomalyMonitor(Kind):
    """Kind: an AWS managed monitor over a cost allocation tag, and its subscription."""

    noun = "anomaly monitor"
    reading = operations("ce", "GetAnomalyMonitors GetAnomalySubscriptions ListTagsForResource")
    writing = operations(
        "ce",
        "CreateAnomalyMonitor UpdateAnomalyMonitor TagResource"
        " CreateAnomalySubscription UpdateAnomalySubscription DeleteAnomalySubscription",
    )
    deleting = operations("ce", "DeleteAnomalyMonitor DeleteAnomalySubscription")

    def policy(self, field: str) -> Policy:
        """What is watched cannot be edited; the name and the alert can."""
        return Policy.REPLACE if field == TAG else Policy.IN_PLACE

    def desired(self, manifest: Manifest, scope: Scope, now: datetime) -> tuple[Desired, ...]:
        """Every monitor of the manifest."""
        del now
        return tuple(Desired(m.name, m.name, scope.region, _wanted(m), m.at) for m in manifest.anomaly_monitors)

    def observe(self, cloud: Cloud, scope: Scope, wanted: Sequence[Desired]) -> tuple[Observed, ...]:
        """All monitors of the account, ours with their alerts.

        Costs one call for every hundred monitors and one for the tags of each; where one is ours, one for every hundred
        subscriptions, and one for the tags of each that is over a monitor of ours.
        """
        del wanted
        listing = ApiCall("ce", "GetAnomalyMonitors", {"MaxResults": PAGE})
        monitors = [monitor for page in cloud.pages(listing) for monitor in page["AnomalyMonitors"]]
        tags = _tags(cloud, [monitor["MonitorArn"] for monitor in monitors])
        there = [monitor for monitor in monitors if monitor["MonitorArn"] in tags]
        ours = {arn for arn, each in tags.items() if each.get(NAMESPACE_TAG) == scope.namespace}
        alerts = _subscriptions(cloud, ours, scope) if ours else []
        return tuple(_observed(monitor, tags[monitor["MonitorArn"]], alerts, scope) for monitor in there)

    def create(self, desired: Desired, scope: Scope, generation: str) -> tuple[ApiCall, ...]:
        """One call with our marks, sent once: it has no token, and a second call would make a second monitor."""
        del generation
        monitor = {
            "MonitorName": desired.name,
            "MonitorType": "DIMENSIONAL",
            "MonitorDimension": "TAG",
            "MonitorSpecification": {"Tags": {"Key": desired.fields[TAG]}},
        }
        params = {"AnomalyMonitor": monitor, "ResourceTags": _marks(desired, scope)}
        return (ApiCall("ce", "CreateAnomalyMonitor", params, once=True),)

    def complete(self, desired: Desired, scope: Scope) -> tuple[ApiCall, ...]:
        """Its subscription, if anybody is to be told."""
        return (_subscribe(desired, scope, MADE),) if FREQUENCY in desired.fields else ()

    def update(self, desired: Desired, observed: Observed, scope: Scope) -> tuple[ApiCall, ...]:
        """The name, and the subscription: changed in place, made, or gone."""
        calls: list[ApiCall] = []
        if desired.fields[NAME] != observed.fields[NAME]:
            calls.append(
                ApiCall("ce", "UpdateAnomalyMonitor", {"MonitorArn": observed.arn, "MonitorName": desired.name})
            )
        alerts = observed.raw["subscriptions"]
        if FREQUENCY not in desired.fields:
            return (*calls, *(_unsubscribe(alert, observed.arn) for alert in alerts))
        if not alerts:
            calls.append(_subscribe(desired, scope, observed.arn))
        elif any(desired.fields[name] != observed.fields[name] for name in (FREQUENCY, THRESHOLD, TO)):
            params = {"SubscriptionArn": alerts[0]["SubscriptionArn"], **_alert(desired)}
            calls.append(ApiCall("ce", "UpdateAnomalySubscription", params))
        return (*calls, *(_unsubscribe(alert, observed.arn) for alert in alerts[1:]))

    def retire(self, observed: Observed, scope: Scope, at: datetime) -> tuple[ApiCall, ...]:
        """One more tag: the moment another monitor took its place. It goes on watching, and telling."""
        del scope
        params = {"ResourceArn": observed.arn, "ResourceTags": marks.retired(at)}
        return (ApiCall("ce", "TagResource", params),)

    def delete(self, observed: Observed, scope: Scope) -> tuple[ApiCall, ...]:
        """Its own subscriptions first, unless they are over other monitors too: without a monitor nobody finds them."""
        del scope
        own = [alert for alert in observed.raw["subscriptions"] if not _others(alert, observed.arn)]
        monitor = ApiCall("ce", "DeleteAnomalyMonitor", {"MonitorArn": observed.arn})
        return (*(_unsubscribe(alert, observed.arn) for alert in own), monitor)

    def made(self, desired: Desired, scope: Scope, answer: Mapping[str, Any]) -> str:
        """The new monitor's ARN."""
        del desired, scope
        return str(answer["MonitorArn"])


def _wanted(monitor: Wanted) -> dict[str, str]:
    fields = {NAME: monitor.name, TAG: monitor.tag}
    alert = monitor.alert
    if alert is not None:
        to = addresses_text((*alert.email, *alert.sns))
        fields |= {FREQUENCY: alert.frequency, THRESHOLD: wanted_text(alert), TO: to}
    return fields


def _observed(monitor: Answer, tags: Mapping[str, str], alerts: Sequence[Answer], scope: Scope) -> Observed:
    arn, key = monitor["MonitorArn"], tags.get(KEY_TAG)
    own = [alert for alert in alerts if arn in alert["MonitorArnList"] and alert["key"] == key]
    fields = {NAME: monitor["MonitorName"], TAG: _watched(monitor)}
    if own:
        told = subscribers_text(own[0]["Subscribers"])
        fields |= {FREQUENCY: own[0]["Frequency"].lower(), THRESHOLD: threshold_text(own[0]), TO: told}
    if own[1:]:
        fields[AGAIN] = ", ".join(alert["SubscriptionArn"] for alert in own[1:])
    return Observed(
        arn=arn,
        name=monitor["MonitorName"],
        region=scope.region,
        fields=fields,
        namespace=tags.get(NAMESPACE_TAG),
        key=key,
        marked=marks.complete(tags, key or ""),
        retired=retired_since(tags),
        tags=tags,
        raw={"subscriptions": own},
    )


def _watched(monitor: Answer) -> str:
    """The tag key; JSON for a monitor over anything else."""
    specification = monitor.get("MonitorSpecification", {})
    key = specification.get("Tags", {}).get("Key")
    if monitor["MonitorType"] == "DIMENSIONAL" and monitor.get("MonitorDimension") == "TAG" and key:
        return str(key)
    what = {"type": monitor["MonitorType"], "dimension": monitor.get("MonitorDimension"), "of": specification}
    return json.dumps(what, sort_keys=True, separators=(",", ":"))


def _tags(cloud: Cloud, arns: Sequence[str]) -> dict[str, dict[str, str]]:
    """Tags by ARN; what is gone by now is left out. Raises ``SentryError`` for any other failure."""
    found: dict[str, dict[str, str]] = {}
    reads = [ApiCall("ce", "ListTagsForResource", {"ResourceArn": arn}) for arn in arns]
    for arn, outcome in zip(arns, cloud.each(reads), strict=True):
        if outcome.error is not None and outcome.error.code != NOT_THERE:
            raise outcome.error
        if outcome.error is None:
            found[arn] = marks.tags_of(outcome.answer or {})
    return found


def _subscriptions(cloud: Cloud, ours: set[str], scope: Scope) -> list[Answer]:
    """Our subscriptions over monitors of ours, oldest ARN first, each with the ``key`` its marks have."""
    listing = ApiCall("ce", "GetAnomalySubscriptions", {"MaxResults": PAGE})
    found = [each for page in cloud.pages(listing) for each in page["AnomalySubscriptions"]]
    near = {each["SubscriptionArn"]: each for each in found if ours.intersection(each["MonitorArnList"])}
    tags = _tags(cloud, sorted(near))
    mine = {arn: each for arn, each in tags.items() if each.get(NAMESPACE_TAG) == scope.namespace}
    return [{**near[arn], "key": each.get(KEY_TAG)} for arn, each in mine.items()]


def _marks(desired: Desired, scope: Scope) -> list[dict[str, str]]:
    return marks.marked(scope.namespace, desired.key, SPEC)


def _subscribe(desired: Desired, scope: Scope, arn: str) -> ApiCall:
    subscription = {"SubscriptionName": desired.name, "MonitorArnList": [arn], **_alert(desired)}
    params = {"AnomalySubscription": subscription, "ResourceTags": _marks(desired, scope)}
    return ApiCall("ce", "CreateAnomalySubscription", params, once=True)


def _alert(desired: Desired) -> dict[str, Any]:
    """What a subscription tells whom, whole: AWS checks its parts against each other."""
    addresses = words_of(desired.fields[TO])
    return {
        "Frequency": desired.fields[FREQUENCY].upper(),
        "ThresholdExpression": expression_of(desired.fields[THRESHOLD]),
        "Subscribers": [{"Type": type_of(address), "Address": address} for address in addresses],
    }


def _unsubscribe(alert: Answer, arn: str) -> ApiCall:
    """Delete a subscription, or take the monitor out of one that is over others too."""
    others = _others(alert, arn)
    if others:
        params = {"SubscriptionArn": alert["SubscriptionArn"], "MonitorArnList": others}
        return ApiCall("ce", "UpdateAnomalySubscription", params)
    return ApiCall("ce", "DeleteAnomalySubscription", {"SubscriptionArn": alert["SubscriptionArn"]})


def _others(alert: Answer, arn: str) -> list[str]:
    return [each for each in alert["MonitorArnList"] if each != arn]
