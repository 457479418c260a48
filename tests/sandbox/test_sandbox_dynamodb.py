"""DynamoDB in the sandbox: tables and single items, as AWS documents them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sandbox_core_world import NOON, client, role_client, sandbox_at_noon, served_client
from sandbox_dynamodb_world import ARN, KEYS, TABLE, item, key, put, refusal

from costsentry_cli.sandbox.server import start

ROLE = "arn:aws:iam::210987654321:role/finops"


@pytest.fixture
def sandbox(tmp_path):
    return sandbox_at_noon(tmp_path)


@pytest.fixture
def db(sandbox):
    made = client(sandbox, "dynamodb")
    made.create_table(**TABLE)
    return made


def test_a_table_is_described_as_it_was_made(sandbox):
    db = client(sandbox, "dynamodb")
    tags = [{"Key": "costsentry:namespace", "Value": "docs"}]
    made = db.create_table(**TABLE, Tags=tags, DeletionProtectionEnabled=True)["TableDescription"]
    assert (made["TableStatus"], made["TableArn"]) == ("CREATING", ARN)
    shown = db.describe_table(TableName=ARN)["Table"]
    assert (shown["TableStatus"], shown["CreationDateTime"]) == ("ACTIVE", NOON)
    assert shown["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    assert (shown["KeySchema"], shown["DeletionProtectionEnabled"]) == (KEYS, True)
    assert db.list_tags_of_resource(ResourceArn=ARN)["Tags"] == tags
    assert refusal(lambda: db.create_table(**TABLE))["Code"] == "ResourceInUseException"


def test_a_table_can_take_its_time_to_become_active(sandbox):
    db = client(sandbox, "dynamodb")
    sandbox.configure("table_delay_looks", "2")
    db.create_table(**TABLE)
    assert refusal(lambda: put(db))["Code"] == "ResourceNotFoundException"
    states = [db.describe_table(TableName="ledger")["Table"]["TableStatus"] for _ in range(3)]
    assert states == ["CREATING", "CREATING", "ACTIVE"]
    put(db)


def test_a_protected_table_is_deleted_only_without_its_protection(db):
    db.update_table(TableName="ledger", DeletionProtectionEnabled=True)
    assert "protected" in refusal(lambda: db.delete_table(TableName="ledger"))["Message"]
    db.update_table(TableName="ledger", DeletionProtectionEnabled=False)
    put(db)
    db.delete_table(TableName="ledger")
    assert db.list_tables()["TableNames"] == []
    assert refusal(lambda: db.describe_table(TableName="ledger"))["Code"] == "ResourceNotFoundException"
    db.create_table(**TABLE)
    assert item(db) is None


@pytest.mark.parametrize(
    "change",
    [
        {"TableName": "le dger"},
        {"KeySchema": KEYS[1:]},
        {"AttributeDefinitions": TABLE["AttributeDefinitions"][:1]},
        {"KeySchema": KEYS[:1]},
        {"BillingMode": "PROVISIONED"},
        {"ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}},
    ],
)
def test_a_table_that_does_not_add_up_is_refused(sandbox, change):
    error = refusal(lambda: client(sandbox, "dynamodb").create_table(**TABLE | change))
    assert error["Code"] == "ValidationException"


def test_what_the_sandbox_lacks_is_named(db):
    streams = {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}
    error = refusal(lambda: db.update_table(TableName="ledger", StreamSpecification=streams))
    assert "does not have StreamSpecification of dynamodb.UpdateTable" in error["Message"]
    assert "dynamodb.ListImports" in refusal(db.list_imports)["Message"]
    old = {"used": {"ComparisonOperator": "NULL"}}
    assert "Expected" in refusal(lambda: db.put_item(TableName="ledger", Item=key(), Expected=old))["Message"]


def test_tags_are_merged_and_taken_away(db):
    db.tag_resource(ResourceArn=ARN, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
    db.tag_resource(ResourceArn=ARN, Tags=[{"Key": "a", "Value": "3"}])
    db.untag_resource(ResourceArn=ARN, TagKeys=["b", "never"])
    assert db.list_tags_of_resource(ResourceArn=ARN)["Tags"] == [{"Key": "a", "Value": "3"}]
    assert refusal(lambda: db.tag_resource(ResourceArn=ARN + "x", Tags=[]))["Code"] == "ResourceNotFoundException"


def test_backups_are_switched_on_and_described(db, sandbox):
    asked = {"PointInTimeRecoveryEnabled": True, "RecoveryPeriodInDays": 7}
    db.update_continuous_backups(TableName="ledger", PointInTimeRecoverySpecification=asked)
    sandbox.advance(timedelta(days=30))
    shown = db.describe_continuous_backups(TableName="ledger")["ContinuousBackupsDescription"]
    shown = shown["PointInTimeRecoveryDescription"]
    assert shown["PointInTimeRecoveryStatus"] == "ENABLED"
    assert shown["LatestRestorableDateTime"] - shown["EarliestRestorableDateTime"] == timedelta(days=7, minutes=-5)
    error = refusal(lambda: db.describe_continuous_backups(TableName="other"))
    assert error["Code"] == "TableNotFoundException"


def test_an_item_expires_by_the_sandboxs_clock(db, sandbox):
    at = {"N": str(int((NOON + timedelta(hours=1)).timestamp()))}
    put(db, sk="before", expires=at)
    asked = {"Enabled": True, "AttributeName": "expires"}
    db.update_time_to_live(TableName="ledger", TimeToLiveSpecification=asked)
    shown = db.describe_time_to_live(TableName="ledger")["TimeToLiveDescription"]
    assert shown == {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires"}
    error = refusal(lambda: db.update_time_to_live(TableName="ledger", TimeToLiveSpecification=asked))
    assert error["Message"] == "TimeToLive is already enabled"
    put(db, sk="after", expires=at)
    put(db, sk="text", expires={"S": at["N"]})
    put(db, sk="long ago", expires={"N": "5"})  # more than five years: AWS leaves it
    sandbox.advance(timedelta(hours=1))
    assert db.scan(TableName="ledger")["Count"] == 4
    sandbox.advance(timedelta(seconds=1))
    assert {item["sk"]["S"] for item in db.scan(TableName="ledger")["Items"]} == {"text", "long ago"}


def test_an_expired_item_can_stay_a_while_as_at_aws(db, sandbox):
    sandbox.configure("dynamodb_ttl_lag_seconds", "3600")
    db.update_time_to_live(TableName="ledger", TimeToLiveSpecification={"Enabled": True, "AttributeName": "e"})
    put(db, e={"N": str(int(NOON.timestamp()))})
    sandbox.advance(timedelta(minutes=59))
    assert item(db) is not None
    sandbox.advance(timedelta(minutes=2))
    assert item(db) is None


def test_a_put_replaces_and_answers_the_old_item(db):
    put(db, used={"N": "1.50"}, note={"S": "x"})
    old = db.put_item(TableName="ledger", Item=key() | {"used": {"N": "2"}}, ReturnValues="ALL_OLD")["Attributes"]
    assert old == key() | {"used": {"N": "1.5"}, "note": {"S": "x"}}
    assert item(db) == key() | {"used": {"N": "2"}}


def test_every_type_comes_back_as_it_went(db):
    attributes = {
        "b": {"B": b"\x00\xff"}, "bs": {"BS": [b"a", b""]}, "ss": {"SS": ["b", "a"]}, "ns": {"NS": ["1", "-2.5"]},
        "l": {"L": [{"NULL": True}, {"M": {"deep": {"B": b"x"}}}]}, "yes": {"BOOL": True}, "empty": {"S": ""},
        "big": {"N": "12345678901234567890123456789012345678"}, "small": {"N": "0.00000001"},
    }  # fmt: skip
    put(db, **attributes)
    assert item(db) == key() | attributes


@pytest.mark.parametrize(
    "attribute",
    [
        {"N": "1" * 39}, {"N": "1e126"}, {"N": "1e-131"}, {"N": "x"}, {"N": "NaN"}, {"N": ""}, {"SS": []},
        {"NS": ["1", "1.0"]}, {"NULL": False}, {"S": "a", "N": "1"}, {"S": "x" * 400 * 1024},
    ],
)  # fmt: skip
def test_a_value_dynamodb_cannot_hold_is_refused(db, attribute):
    error = refusal(lambda: db.put_item(TableName="ledger", Item=key() | {"a": attribute}))
    assert error["Code"] == "ValidationException"
    assert item(db) is None


@pytest.mark.parametrize(
    "item",
    [
        {"pk": {"S": "a"}},
        {"pk": {"S": ""}, "sk": {"S": "b"}},
        {"pk": {"N": "1"}, "sk": {"S": "b"}},
        {"pk": {"S": "a" * 2049}, "sk": {"S": "b"}},
        {"pk": {"S": "a"}, "sk": {"S": "b" * 1025}},
    ],
)
def test_a_key_that_does_not_fit_is_refused(db, item):
    assert refusal(lambda: db.put_item(TableName="ledger", Item=item))["Code"] == "ValidationException"
    assert refusal(lambda: db.get_item(TableName="ledger", Key=item))["Code"] == "ValidationException"


def test_capacity_is_counted_in_started_blocks(db):
    large = key() | {"a": {"S": "x" * 1500}}
    written = db.put_item(TableName="ledger", Item=large, ReturnConsumedCapacity="TOTAL")["ConsumedCapacity"]
    assert written == {"TableName": "ledger", "CapacityUnits": 2.0}
    read = db.get_item(TableName="ledger", Key=key(), ReturnConsumedCapacity="TOTAL")["ConsumedCapacity"]
    assert read["CapacityUnits"] == 0.5


def test_accounts_and_regions_are_apart(sandbox, db):
    put(db)
    for other in (role_client(sandbox, ROLE, "dynamodb"), client(sandbox, "dynamodb", region="eu-west-1")):
        assert other.list_tables()["TableNames"] == []
        other.create_table(**TABLE)
        assert item(other) is None
    with start(sandbox) as url:
        assert item(served_client(url, "dynamodb")) == key()
