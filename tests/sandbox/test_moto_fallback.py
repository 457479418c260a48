"""The fallback to moto: kept between processes, exact under threads and processes, dropped with moto's version."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from sandbox_core_world import client, sandbox_at_noon, served_client, session

from costsentry_cli.sandbox import Sandbox
from costsentry_cli.sandbox.plug import http_request
from costsentry_cli.sandbox.server import start

LEDGER = {
    "TableName": "ledger",
    "KeySchema": [{"AttributeName": "k", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "k", "AttributeType": "S"}],
    "BillingMode": "PAY_PER_REQUEST",
}
ADD = {
    "TableName": "ledger",
    "Key": {"k": {"S": "sales"}},
    "UpdateExpression": "ADD used :one",
    "ConditionExpression": "attribute_not_exists(used) OR used < :limit",
}


@pytest.fixture
def fast_switching() -> Iterator[None]:
    """Threads change places as often as Python allows."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def _approved(dynamodb: Any, limit: int) -> bool:
    values = {":one": {"N": "1"}, ":limit": {"N": str(limit)}}
    try:
        dynamodb.update_item(**ADD, ExpressionAttributeValues=values)
    except ClientError as error:  # botocore makes its classes of errors anew in threads that race
        if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
            raise
        return False
    return True


def _used(dynamodb: Any) -> int:
    return int(dynamodb.get_item(TableName="ledger", Key=ADD["Key"])["Item"]["used"]["N"])


def test_a_table_is_there_in_the_next_sandbox_on_the_same_file(tmp_path):
    client(sandbox_at_noon(tmp_path), "dynamodb").create_table(**LEDGER)
    assert _approved(client(sandbox_at_noon(tmp_path), "dynamodb"), 5)
    assert _used(client(sandbox_at_noon(tmp_path), "dynamodb")) == 1


def test_two_files_do_not_see_each_other(tmp_path):
    first = client(sandbox_at_noon(tmp_path / "a"), "dynamodb")
    second = client(sandbox_at_noon(tmp_path / "b"), "dynamodb")
    first.create_table(**LEDGER)
    assert second.list_tables()["TableNames"] == []
    assert first.list_tables()["TableNames"] == ["ledger"]


def test_regions_do_not_see_each_other(tmp_path):
    sandbox = sandbox_at_noon(tmp_path)
    client(sandbox, "dynamodb").create_table(**LEDGER)
    assert client(sandbox, "dynamodb", region="eu-west-1").list_tables()["TableNames"] == []


def test_reset_empties_moto_too(tmp_path):
    sandbox = sandbox_at_noon(tmp_path)
    client(sandbox, "dynamodb").create_table(**LEDGER)
    assert sandbox.status().moto == ("dynamodb",)
    sandbox.reset()
    assert client(sandbox, "dynamodb").list_tables()["TableNames"] == []


def test_logs_topics_and_users_are_kept_over_http_too(tmp_path):
    with start(sandbox_at_noon(tmp_path)) as url:
        served_client(url, "logs").create_log_group(logGroupName="calls")
        served_client(url, "sns").create_topic(Name="alerts")
        served_client(url, "iam").create_user(UserName="ann")
    again = sandbox_at_noon(tmp_path)
    assert client(again, "logs").describe_log_groups()["logGroups"][0]["logGroupName"] == "calls"
    assert client(again, "sns").list_topics()["Topics"][0]["TopicArn"].endswith(":alerts")
    assert client(again, "iam").list_users()["Users"][0]["UserName"] == "ann"
    assert again.status().moto == ("iam", "logs", "sns")


def test_state_of_another_moto_is_dropped_and_noted(tmp_path):
    sandbox = sandbox_at_noon(tmp_path)
    client(sandbox, "dynamodb").create_table(**LEDGER)
    with sandbox.store.transaction() as db:
        db.execute("UPDATE moto_state SET version = '1.0', blob = x'00'")
    assert client(sandbox, "dynamodb").list_tables()["TableNames"] == []
    assert sandbox.store.setting("moto_dropped:dynamodb", "").startswith("written by moto 1.0")


def test_what_moto_does_not_have_is_named(tmp_path):
    with pytest.raises(ClientError, match=r"the sandbox does not have dynamodb\.ListImports") as caught:
        client(sandbox_at_noon(tmp_path), "dynamodb").list_imports()
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501


def test_a_request_the_model_forbids_does_not_reach_moto(tmp_path):
    sandbox = sandbox_at_noon(tmp_path)
    with pytest.raises(ClientError, match=r"InvalidParameterException.*at 'logGroupName'"):
        client(sandbox, "logs").create_log_group(logGroupName="a b")
    assert sandbox.status().moto == ()


def test_a_session_with_motos_own_handler_writes_once(tmp_path):
    import moto.core.models

    moto.core.models.botocore_stubber.enabled = True
    try:
        dynamodb = client(sandbox_at_noon(tmp_path), "dynamodb")
        dynamodb.create_table(**LEDGER)
        approvals = [_approved(dynamodb, 10) for _ in range(4)]
    finally:
        moto.core.models.botocore_stubber.enabled = False
    assert (approvals, _used(dynamodb)) == ([True] * 4, 4)


def test_four_processes_share_a_limit_exactly(tmp_path):
    sandbox = sandbox_at_noon(tmp_path)
    client(sandbox, "dynamodb").create_table(**LEDGER)
    arguments = [sys.executable, __file__, str(sandbox.path), "25", "60"]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    processes = [subprocess.Popen(arguments, **pipes) for _ in range(4)]
    assert [process.stdout.readline() for process in processes] == ["ready\n"] * 4  # all, before any may go
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    approved = [int(process.communicate(timeout=120)[0]) for process in processes]
    assert sum(approved) == 60
    assert _used(client(sandbox, "dynamodb")) == 60


def _race(try_once: Callable[[], bool], attempts: int) -> int:
    with ThreadPoolExecutor(8) as pool:
        return sum(pool.map(lambda _: try_once(), range(attempts)))


def test_threads_share_a_limit_exactly(tmp_path, fast_switching):
    dynamodb = client(sandbox_at_noon(tmp_path), "dynamodb")
    dynamodb.create_table(**LEDGER)
    assert _race(lambda: _approved(dynamodb, 50), 120) == 50
    assert _used(dynamodb) == 50


def test_without_the_lock_the_same_race_goes_wrong(tmp_path, fast_switching):
    """The negative control: moto's dispatcher alone, as the fallback calls it, is not atomic."""
    dynamodb = _unlocked_dynamodb(sandbox_at_noon(tmp_path))
    dynamodb.create_table(**LEDGER)
    for _ in range(20):
        approved = _race(lambda: _approved(dynamodb, 50), 120)
        if (approved, _used(dynamodb)) != (50, 50):
            return
        dynamodb.delete_item(TableName="ledger", Key=ADD["Key"])
    pytest.fail("moto has become atomic: the lock may go")


def _unlocked_dynamodb(sandbox: Sandbox) -> Any:
    """A client whose requests go to moto past the sandbox's transaction and lock."""
    from botocore.awsrequest import AWSResponse

    from costsentry_cli.sandbox import moto_fallback
    from costsentry_cli.sandbox.plug import _Raw
    from costsentry_cli.sandbox.routes import resolve, shipped_models

    moto_fallback._load(sandbox.store, "dynamodb")

    def send(request: Any, **_: Any) -> AWSResponse:
        ours = http_request(request)
        response = moto_fallback._dispatch(resolve(ours, shipped_models()), ours)
        return AWSResponse(request.url, response.status, dict(response.headers), _Raw(response.body))

    plugged = session()
    plugged.unregister("before-send", sys.modules["moto.core.models"].botocore_stubber)
    plugged.register("before-send", send)
    return plugged.create_client("dynamodb", region_name="us-east-1")


def main(path: Path, attempts: int, limit: int) -> None:
    """One process of the race: how many of its attempts were approved."""
    dynamodb = client(Sandbox(path), "dynamodb")
    dynamodb.list_tables()  # moto is imported before the start
    print("ready", flush=True)
    sys.stdin.readline()
    print(sum(_approved(dynamodb, limit) for _ in range(attempts)))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
