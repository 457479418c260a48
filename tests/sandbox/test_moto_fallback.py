"""The fallback to moto: kept between processes, behind one lock, dropped with moto's version."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError
from sandbox_core_world import client, sandbox_at_noon, served_client, session

from costsentry_cli.sandbox import Sandbox
from costsentry_cli.sandbox.answered import BY_MOTO, OWN
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


def _users(iam: Any) -> list[str]:
    return [user["UserName"] for user in iam.list_users()["Users"]]


def test_a_user_is_there_in_the_next_sandbox_on_the_same_file(tmp_path):
    client(sandbox_at_noon(tmp_path), "iam").create_user(UserName="ann")
    client(sandbox_at_noon(tmp_path), "iam").tag_user(UserName="ann", Tags=[{"Key": "a", "Value": "b"}])
    assert client(sandbox_at_noon(tmp_path), "iam").list_user_tags(UserName="ann")["Tags"][0]["Value"] == "b"


def test_two_files_do_not_see_each_other(tmp_path):
    first = client(sandbox_at_noon(tmp_path / "a"), "iam")
    second = client(sandbox_at_noon(tmp_path / "b"), "iam")
    first.create_user(UserName="ann")
    assert (_users(second), _users(first)) == ([], ["ann"])


def test_regions_do_not_see_each_other(tmp_path):
    sandbox = sandbox_at_noon(tmp_path)
    client(sandbox, "sns").create_topic(Name="alerts")
    assert client(sandbox, "sns", region="eu-west-1").list_topics()["Topics"] == []


def test_reset_empties_moto_too(tmp_path):
    sandbox = sandbox_at_noon(tmp_path)
    client(sandbox, "iam").create_user(UserName="ann")
    assert sandbox.status().moto == ("iam",)
    sandbox.reset()
    assert _users(client(sandbox, "iam")) == []


def test_topics_and_users_are_kept_over_http_too(tmp_path):
    with start(sandbox_at_noon(tmp_path)) as url:
        served_client(url, "sns").create_topic(Name="alerts")
        served_client(url, "iam").create_user(UserName="ann")
    again = sandbox_at_noon(tmp_path)
    assert client(again, "sns").list_topics()["Topics"][0]["TopicArn"].endswith(":alerts")
    assert _users(client(again, "iam")) == ["ann"]
    assert again.status().moto == ("iam", "sns")


def test_state_of_another_moto_is_dropped_and_noted(tmp_path):
    sandbox = sandbox_at_noon(tmp_path)
    client(sandbox, "iam").create_user(UserName="ann")
    with sandbox.store.transaction() as db:
        db.execute("UPDATE moto_state SET version = '1.0', blob = x'00'")
    assert _users(client(sandbox, "iam")) == []
    assert sandbox.store.setting("moto_dropped:iam", "").startswith("written by moto 1.0")


def test_what_moto_does_not_have_is_named(tmp_path):
    with pytest.raises(ClientError, match=r"the sandbox does not have sns\.ListOriginationNumbers") as caught:
        client(sandbox_at_noon(tmp_path), "sns").list_origination_numbers()
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501


@pytest.mark.parametrize("service", BY_MOTO)
def test_where_moto_is_not_installed_the_refusal_says_how_to_get_it(tmp_path, monkeypatch, service):
    monkeypatch.setitem(sys.modules, "moto", None)
    answerer = client(sandbox_at_noon(tmp_path), service)
    ask = answerer.list_topics if service == "sns" else answerer.list_users
    with pytest.raises(ClientError, match=r"pip install 'costsentry-cli\[moto\]'") as caught:
        ask()
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501


def test_a_request_the_model_forbids_does_not_reach_moto(tmp_path):
    sandbox = sandbox_at_noon(tmp_path)
    with pytest.raises(ClientError, match=r"ValidationError.*at 'userName'"):
        client(sandbox, "iam").create_user(UserName="a b")
    assert sandbox.status().moto == ()


def test_a_session_with_motos_own_handler_writes_once(tmp_path):
    import moto.core.models

    moto.core.models.botocore_stubber.enabled = True
    try:
        iam = client(sandbox_at_noon(tmp_path), "iam")
        iam.create_user(UserName="ann")  # a second time it would be there already
    finally:
        moto.core.models.botocore_stubber.enabled = False
    assert _users(iam) == ["ann"]


@pytest.mark.parametrize("service", ["dynamodb", "logs"])
def test_moto_does_not_answer_for_services_of_our_own(service):
    assert service in OWN
    assert service not in BY_MOTO


def _race(try_once: Callable[[], bool], attempts: int) -> int:
    with ThreadPoolExecutor(8) as pool:
        return sum(pool.map(lambda _: try_once(), range(attempts)))


def test_without_the_lock_a_race_goes_wrong(tmp_path, fast_switching):
    """Why there is a lock: moto's dispatcher alone, as the fallback calls it, is not atomic."""
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
