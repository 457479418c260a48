"""The ledger's table under plan and sync: made whole, repaired, never taken from others, deleted only when asked."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from botocore import xform_name

from costsentry_cli.domain.birth import SETTLING
from costsentry_cli.domain.calls import Answer, ApiCall
from costsentry_cli.domain.errors import SentryError
from costsentry_cli.domain.kind import Action, Scope
from costsentry_cli.domain.kinds.ledger_table import LedgerTable
from costsentry_cli.domain.ledger.items import new_item
from costsentry_cli.domain.ledger.port import Key
from costsentry_cli.domain.manifest.types import Manifest
from costsentry_cli.domain.plan import Plan, Wishes
from costsentry_cli.domain.resource import Desired
from costsentry_cli.usecases import sync
from costsentry_cli.usecases.apply import Applied, apply
from fakes import ACCOUNT, BASIC, NOON, FakeCloud, home, manifest

KINDS = (LedgerTable(),)
LIMITS = BASIC + "limits: [{per: day, usd: 25}]\n"
NAME = "costsentry-docs-helper"
SCOPE = Scope(ACCOUNT, "global", "docs-helper")
OURS = {"costsentry:namespace": "docs-helper", "costsentry:key": NAME, "costsentry:spec": "v1:ledger"}


class Tables:
    """DynamoDB's tables of one region; ``looks`` descriptions show a new one as being made."""

    def __init__(self, looks: int = 0) -> None:
        self.looks = looks
        self.tables: dict[str, dict[str, Any]] = {}

    def put(self, name: str = NAME, key: str = "pk", **more: Any) -> None:
        """A table as a former run may have left it."""
        settings = {"tags": OURS, "ttl": "ttl", "recovery": True, "protected": True, "looks": 0, "key": key}
        self.tables[name] = settings | more

    def cloud(self, **more: Any) -> FakeCloud:
        names = (
            "CreateTable", "DescribeTable", "UpdateTable", "DeleteTable", "ListTagsOfResource", "UpdateTimeToLive",
            "DescribeTimeToLive", "UpdateContinuousBackups", "DescribeContinuousBackups",
        )  # fmt: skip
        answers: dict[str, Any] = {name: getattr(self, xform_name(name)) for name in names}
        return FakeCloud(answers | {"GetResources": {"ResourceTagMappingList": []}} | more)

    def create_table(self, call: ApiCall) -> Answer:
        params = call.params
        if params["TableName"] in self.tables:
            raise SentryError("CS0804", "ResourceInUseException")
        tags = {tag["Key"]: tag["Value"] for tag in params["Tags"]}
        protected = params["DeletionProtectionEnabled"]
        key = params["KeySchema"][0]["AttributeName"]
        self.put(params["TableName"], key, tags=tags, ttl="", recovery=False, protected=protected, looks=self.looks)
        return {"TableDescription": {"TableArn": arn(params["TableName"])}}

    def describe_table(self, call: ApiCall) -> Answer:
        table = self.there(call)
        status = "CREATING" if table["looks"] else table.get("status", "ACTIVE")
        table["looks"] = max(0, table["looks"] - 1)
        described = {
            "TableName": call.params["TableName"],
            "TableArn": arn(call.params["TableName"]),
            "TableStatus": status,
            "KeySchema": [{"AttributeName": table["key"], "KeyType": "HASH"}],
            "AttributeDefinitions": [{"AttributeName": table["key"], "AttributeType": "S"}],
            "DeletionProtectionEnabled": table["protected"],
        }
        return {"Table": described}

    def list_tags_of_resource(self, call: ApiCall) -> Answer:
        tags = self.tables[call.params["ResourceArn"].rpartition("/")[2]]["tags"]
        return {"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}

    def describe_time_to_live(self, call: ApiCall) -> Answer:
        name = self.there(call)["ttl"]
        shown = {"TimeToLiveStatus": "ENABLED", "AttributeName": name} if name else {"TimeToLiveStatus": "DISABLED"}
        return {"TimeToLiveDescription": shown}

    def describe_continuous_backups(self, call: ApiCall) -> Answer:
        status = "ENABLED" if self.there(call)["recovery"] else "DISABLED"
        recovery = {"PointInTimeRecoveryStatus": status}
        return {
            "ContinuousBackupsDescription": {
                "ContinuousBackupsStatus": "ENABLED",
                "PointInTimeRecoveryDescription": recovery,
            }
        }

    def update_time_to_live(self, call: ApiCall) -> Answer:
        self.active(call)["ttl"] = call.params["TimeToLiveSpecification"]["AttributeName"]
        return {}

    def update_continuous_backups(self, call: ApiCall) -> Answer:
        wanted = call.params["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"]
        self.active(call)["recovery"] = wanted
        return {}

    def update_table(self, call: ApiCall) -> Answer:
        self.active(call)["protected"] = call.params["DeletionProtectionEnabled"]
        return {}

    def delete_table(self, call: ApiCall) -> Answer:
        if self.active(call)["protected"]:
            raise SentryError("CS0802", "Resource cannot be deleted as it is currently protected against deletion.")
        del self.tables[call.params["TableName"]]
        return {}

    def there(self, call: ApiCall) -> dict[str, Any]:
        if call.params["TableName"] not in self.tables:
            raise SentryError("CS0803", "ResourceNotFoundException")
        return self.tables[call.params["TableName"]]

    def active(self, call: ApiCall) -> dict[str, Any]:
        if self.there(call)["looks"]:
            raise SentryError("CS0804", "ResourceInUseException: the table is being created")
        return self.there(call)


def arn(name: str) -> str:
    return f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/{name}"


@pytest.fixture
def wanted(tmp_path: Path) -> Manifest:
    return manifest(tmp_path, LIMITS)


def looked(cloud: FakeCloud, manifest: Manifest, named: Manifest | None = None, **wishes: Any) -> Plan:
    return sync.plan({ACCOUNT: cloud}, manifest, KINDS, home(manifest), Wishes(**wishes), NOON, named=named)


def done(cloud: FakeCloud, plan: Plan, waited: list[float] | None = None) -> tuple[Applied, ...]:
    pauses: list[float] = [] if waited is None else waited
    return apply({ACCOUNT: cloud}, plan, pauses.append)


def writes(cloud: FakeCloud) -> list[str]:
    return [name for name in cloud.operations() if name.startswith(("Create", "Update", "Delete"))]


def test_limits_make_a_protected_on_demand_table_with_expiry_and_recovery_and_then_nothing_is_left(
    wanted: Manifest,
) -> None:
    tables = Tables()
    cloud = tables.cloud()
    plan = looked(cloud, wanted)
    (change,) = plan.changes
    assert (change.action, change.name) == (Action.CREATE, NAME)
    assert change.at is not None
    assert {field.field: field.new for field in change.fields} == {
        "key": "pk (S)", "expiry": "by ttl", "recovery": "on", "protected": "on", "region": "us-east-1",
    }  # fmt: skip
    (one,) = done(cloud, plan)
    assert (one.error, one.arn) == (None, arn(NAME))
    assert writes(cloud) == ["CreateTable", "UpdateTimeToLive", "UpdateContinuousBackups"]
    create = next(call for call in cloud.calls if call.operation == "CreateTable")
    assert (create.params["BillingMode"], create.params["DeletionProtectionEnabled"]) == ("PAY_PER_REQUEST", True)
    assert {call.region for call in cloud.calls} == {"us-east-1"}
    assert tables.tables[NAME]["tags"] == OURS
    assert not looked(cloud, wanted).pending


def test_the_ledgers_items_fit_the_table() -> None:
    item = new_item(Key("*/day", "2026-11-23"))
    (attribute,) = LedgerTable().create(Desired(NAME, NAME, "", {}), SCOPE, "")[0].params["AttributeDefinitions"]
    assert list(item[attribute["AttributeName"]]) == [attribute["AttributeType"]]
    (ttl, _) = LedgerTable().complete(Desired(NAME, NAME, "", {}), SCOPE)
    assert list(item[ttl.params["TimeToLiveSpecification"]["AttributeName"]]) == ["N"]


def test_a_table_that_takes_time_is_waited_for_before_it_gets_the_rest(wanted: Manifest) -> None:
    tables, waited = Tables(looks=3), []
    cloud = tables.cloud()
    (one,) = done(cloud, looked(cloud, wanted), waited)
    assert one.error is None
    assert waited == list(SETTLING[:3])
    assert (tables.tables[NAME]["ttl"], tables.tables[NAME]["recovery"]) == ("ttl", True)


def test_a_table_that_is_never_finished_is_told_and_the_next_sync_adds_what_is_missing(wanted: Manifest) -> None:
    tables, waited = Tables(looks=10_000), []
    cloud = tables.cloud()
    (one,) = done(cloud, looked(cloud, wanted), waited)
    assert one.error is not None
    assert "was made, but AWS has not finished it" in one.error.message
    assert 60 < sum(waited) < 180
    tables.tables[NAME]["looks"] = 0
    plan = looked(cloud, wanted)
    (change,) = plan.of(Action.UPDATE)
    assert [(f.field, f.old, f.new) for f in change.fields] == [("expiry", "off", "by ttl"), ("recovery", "off", "on")]
    assert [one.error for one in done(cloud, plan)] == [None]
    assert not looked(cloud, wanted).pending


@pytest.mark.parametrize("cut", ["UpdateTimeToLive", "UpdateContinuousBackups"])
def test_a_sync_cut_between_is_repaired_by_the_next(wanted: Manifest, cut: str) -> None:
    tables = Tables()
    broken = tables.cloud(**{cut: SentryError("CS0806", "InternalServerError")})
    (one,) = done(broken, looked(broken, wanted))
    assert one.error is not None
    cloud = tables.cloud()
    assert [one.error for one in done(cloud, looked(cloud, wanted))] == [None]
    assert "CreateTable" not in writes(cloud)
    assert not looked(cloud, wanted).pending


def test_protection_that_somebody_took_away_comes_back(wanted: Manifest) -> None:
    tables = Tables()
    tables.put(protected=False)
    cloud = tables.cloud()
    done(cloud, looked(cloud, wanted))
    assert writes(cloud) == ["UpdateTable"]
    assert tables.tables[NAME]["protected"] is True


def test_somebody_elses_table_of_the_name_is_held_and_not_touched(wanted: Manifest) -> None:
    tables = Tables()
    tables.put(tags={"team": "x"})
    cloud = tables.cloud()
    plan = looked(cloud, wanted, prune=True, max_deletes=9)
    held = {change.action: change.held for change in plan.changes}
    assert held[Action.CREATE].startswith("a table of this name exists and is not ours")
    assert Action.FOREIGN in held
    assert plan.calls == ()


def test_a_table_of_ours_with_another_key_is_held(wanted: Manifest) -> None:
    tables = Tables()
    tables.put(key="id", ttl="")
    plan = looked(tables.cloud(), wanted)
    assert plan.changes[0].held == "the table's key is id (S), a ledger needs pk (S): choose another name"
    assert plan.calls == ()


def test_without_limits_the_table_is_unlisted_and_only_prune_and_a_number_delete_it(
    wanted: Manifest, tmp_path: Path
) -> None:
    tables = Tables()
    tables.put()
    cloud, nothing = tables.cloud(), manifest(tmp_path)
    assert [change.action for change in looked(cloud, nothing).changes] == [Action.UNLISTED]
    assert looked(cloud, nothing, prune=True).refused
    plan = looked(cloud, nothing, prune=True, max_deletes=1)
    assert [call.operation for call in plan.calls] == ["UpdateTable", "DeleteTable"]
    done(cloud, replace(plan, refused=()))
    assert tables.tables == {}
    assert looked(cloud, nothing).changes == ()


def test_a_delete_cut_after_the_protection_went_goes_on_where_it_was(wanted: Manifest, tmp_path: Path) -> None:
    tables = Tables()
    tables.put(protected=False)
    plan = looked(tables.cloud(), manifest(tmp_path), prune=True, max_deletes=1)
    assert [call.operation for call in plan.calls] == ["DeleteTable"]


def test_a_table_that_lacks_a_mark_is_not_deleted(wanted: Manifest, tmp_path: Path) -> None:
    tables = Tables()
    tables.put(tags={"costsentry:namespace": "docs-helper"})
    plan = looked(tables.cloud(), manifest(tmp_path), prune=True, max_deletes=1)
    assert [change.held for change in plan.changes] == ["lacks one of our ownership marks"]


def test_a_table_that_is_being_deleted_is_as_good_as_gone(wanted: Manifest) -> None:
    tables = Tables()
    tables.put(status="DELETING")
    assert [change.action for change in looked(tables.cloud(), wanted).changes] == [Action.CREATE]


def test_a_table_with_a_name_of_its_own_is_found_where_it_is_named(tmp_path: Path) -> None:
    text = BASIC + "ledger: {table: own.table, region: eu-west-1}\n"
    own = manifest(tmp_path, text)
    tables = Tables()
    tables.put("own.table", tags=OURS | {"costsentry:key": "own.table"})
    cloud = tables.cloud()
    assert [change.action for change in looked(cloud, own).changes] == [Action.SAME]
    assert {call.region for call in cloud.calls} == {"eu-west-1"}
    nothing = replace(own, ledger=None)
    assert looked(cloud, nothing).changes == ()
    assert [change.name for change in looked(cloud, nothing, named=own).changes] == ["own.table"]


def test_the_ledger_of_the_article_makes_nothing(tmp_path: Path) -> None:
    cloud = Tables().cloud()
    assert looked(cloud, manifest(tmp_path, LIMITS + "ledger: cloudwatch\n")).changes == ()
