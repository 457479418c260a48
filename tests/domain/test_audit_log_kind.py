"""The audit trail's log group under plan and sync: made, kept as long as asked, never another's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from botocore import xform_name

from costsentry_cli.domain.calls import Answer, ApiCall, Cloud
from costsentry_cli.domain.errors import SentryError
from costsentry_cli.domain.kind import Action, Kind, Scope
from costsentry_cli.domain.kinds.audit_log import AuditLog
from costsentry_cli.domain.manifest.types import Manifest
from costsentry_cli.domain.plan import Plan, Wishes
from costsentry_cli.domain.resource import Desired, Observed
from costsentry_cli.usecases import sync
from costsentry_cli.usecases.apply import Applied, apply
from fakes import ACCOUNT, BASIC, NOON, FakeCloud, home, manifest

NAME = "/costsentry/docs-helper"
OURS = {"costsentry:namespace": "docs-helper", "costsentry:key": NAME, "costsentry:spec": "v1:audit"}
ARN = f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:{NAME}"


class Groups:
    """The log groups of one region, by name."""

    def __init__(self) -> None:
        self.days: dict[str, int | None] = {}
        self.tags: dict[str, dict[str, str]] = {}

    def put(self, name: str = NAME, days: int | None = 90, tags: dict[str, str] = OURS) -> None:
        self.days[name], self.tags[name] = days, tags

    def cloud(self, **more: Any) -> FakeCloud:
        names = ("CreateLogGroup", "DescribeLogGroups", "ListTagsForResource", "PutRetentionPolicy", "DeleteLogGroup")
        answers: dict[str, Any] = {name: getattr(self, xform_name(name)) for name in names}
        return FakeCloud(answers | {"GetResources": {"ResourceTagMappingList": []}} | more)

    def create_log_group(self, call: ApiCall) -> Answer:
        self.put(call.params["logGroupName"], None, call.params["tags"])
        return {}

    def describe_log_groups(self, call: ApiCall) -> Answer:
        names = sorted(name for name in self.days if name.startswith(call.params["logGroupNamePrefix"]))
        return {"logGroups": [self.shown(name) for name in names[: call.params["limit"]]], "nextToken": "more"}

    def shown(self, name: str) -> dict[str, Any]:
        days = self.days[name]
        group = {"logGroupName": name, "arn": ARN.replace(NAME, name) + ":*"}
        return group | ({"retentionInDays": days} if days else {})

    def list_tags_for_resource(self, call: ApiCall) -> Answer:
        name = call.params["resourceArn"].partition("log-group:")[2]
        return {"tags": self.tags[name]} if name in self.tags else {}

    def put_retention_policy(self, call: ApiCall) -> Answer:
        self.days[call.params["logGroupName"]] = call.params["retentionInDays"]
        return {}

    def delete_log_group(self, call: ApiCall) -> Answer:
        del self.days[call.params["logGroupName"]]
        return {}


class Idle(Kind):
    """A kind of which there is nothing."""

    noun = "nothing"

    def desired(self, manifest: Manifest, scope: Scope, now: datetime) -> tuple[Desired, ...]:
        return ()

    def observe(self, cloud: Cloud, scope: Scope, wanted: Sequence[Desired]) -> tuple[Observed, ...]:
        return ()


@pytest.fixture
def wanted(tmp_path: Path) -> Manifest:
    return manifest(tmp_path, BASIC + "audit: {}\n")


def looked(cloud: FakeCloud, manifest: Manifest, **wishes: Any) -> Plan:
    return sync.plan({ACCOUNT: cloud}, manifest, (AuditLog(),), home(manifest), Wishes(**wishes), NOON)


def done(cloud: FakeCloud, plan: Plan) -> tuple[Applied, ...]:
    return apply({ACCOUNT: cloud}, plan, lambda _: None)


def test_a_group_is_made_with_our_marks_and_its_retention_and_then_nothing_is_left(wanted: Manifest) -> None:
    groups = Groups()
    cloud = groups.cloud()
    plan = looked(cloud, wanted)
    assert [(f.field, f.new) for f in plan.changes[0].fields] == [("retention", "90 days"), ("region", "us-east-1")]
    (one,) = done(cloud, plan)
    assert (one.error, one.arn) == (None, ARN)
    assert (groups.days, groups.tags) == ({NAME: 90}, {NAME: OURS})
    assert {call.region for call in cloud.calls} == {"us-east-1"}
    assert not looked(cloud, wanted).pending


def test_a_sync_cut_before_the_retention_is_repaired_by_the_next(wanted: Manifest) -> None:
    groups = Groups()
    broken = groups.cloud(PutRetentionPolicy=SentryError("CS0806", "ServiceUnavailableException"))
    assert done(broken, looked(broken, wanted))[0].error is not None
    cloud = groups.cloud()
    plan = looked(cloud, wanted)
    assert [(f.field, f.old, f.new) for f in plan.changes[0].fields] == [("retention", "for ever", "90 days")]
    done(cloud, plan)
    assert groups.days == {NAME: 90}


def test_another_retention_is_set_in_place(tmp_path: Path) -> None:
    groups = Groups()
    groups.put()
    cloud = groups.cloud()
    done(cloud, looked(cloud, manifest(tmp_path, BASIC + "audit: {retention_days: 7}\n")))
    assert groups.days == {NAME: 7}
    assert "CreateLogGroup" not in cloud.operations()


def test_a_longer_name_that_begins_alike_is_another_group(wanted: Manifest) -> None:
    groups = Groups()
    groups.put(NAME + "-2")
    assert [change.action for change in looked(groups.cloud(), wanted).changes] == [Action.CREATE]


def test_somebody_elses_group_of_the_name_is_held_and_not_touched(wanted: Manifest) -> None:
    groups = Groups()
    groups.put(tags={"team": "x"})
    plan = looked(groups.cloud(), wanted, prune=True, max_deletes=9)
    held = {change.action: change.held for change in plan.changes}
    assert held[Action.CREATE].startswith("a log group of this name exists and is not ours")
    assert plan.calls == ()


def test_without_audit_the_group_is_unlisted_and_only_prune_and_a_number_delete_it(tmp_path: Path) -> None:
    groups = Groups()
    groups.put()
    cloud, nothing = groups.cloud(), manifest(tmp_path)
    assert [change.action for change in looked(cloud, nothing).changes] == [Action.UNLISTED]
    assert looked(cloud, nothing, prune=True).refused
    plan = looked(cloud, nothing, prune=True, max_deletes=1)
    assert [call.operation for call in plan.calls] == ["DeleteLogGroup"]
    assert [one.error for one in done(cloud, replace(plan, refused=()))] == [None]
    assert groups.days == {}


@pytest.mark.parametrize(("asked", "troubles"), [("", 0), ("audit: {}\n", 1)])
def test_who_may_not_look_is_told_only_where_a_group_is_wanted(tmp_path: Path, asked: str, troubles: int) -> None:
    cloud = FakeCloud({"DescribeLogGroups": SentryError("CS0403", "AccessDeniedException")})
    kinds = (Idle(), AuditLog())
    wanted = manifest(tmp_path, BASIC + asked)
    plan = sync.plan({ACCOUNT: cloud}, wanted, kinds, home(wanted), Wishes(), NOON)
    assert len(plan.troubles) == troubles
