"""Several accounts in one sandbox: entered by AssumeRole, told by the access key, apart from each other."""

from __future__ import annotations

from datetime import timedelta

import pytest
from botocore.credentials import AssumeRoleCredentialFetcher
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st
from sandbox_core_world import NOON, client, role_client, sandbox_at_noon, session

from costsentry_cli.sandbox.accounts import access_key, principal_of, session_token
from costsentry_cli.sandbox.contract import ACCOUNT, USER_ARN, HttpRequest
from costsentry_cli.sandbox.server import start

MEMBER = "210987654321"
ROLE = f"arn:aws:iam::{MEMBER}:role/team/finops"
NOVA = "amazon.nova-lite-v1:0"
SOURCE = {"copyFrom": f"arn:aws:bedrock:us-east-1::foundation-model/{NOVA}"}
MESSAGES = [{"role": "user", "content": [{"text": "How much did we spend?"}]}]


def _signed(key: str, token: str = "") -> HttpRequest:
    scope = f"AWS4-HMAC-SHA256 Credential={key}/20261123/us-east-1/sts/aws4_request, SignedHeaders=host, Signature=0"
    return HttpRequest("POST", "/", {"authorization": scope} | ({"x-amz-security-token": token} if token else {}))


def _code(caught: pytest.ExceptionInfo[ClientError]) -> tuple[str, int]:
    response = caught.value.response
    return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]


@given(st.integers(0, 10**12 - 1).map("{:012d}".format), st.text(max_size=5))
def test_every_account_can_be_held_by_a_key(account, distinction):
    key = access_key(account, distinction)
    assert (len(key), principal_of(_signed(key)).account) == (20, account)


@given(st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", min_size=16, max_size=16))
def test_a_real_temporary_key_holds_no_account(rest):
    assert principal_of(_signed("ASIA" + rest, session_token("finops", "x"))) == (ACCOUNT, USER_ARN)


@pytest.mark.parametrize("key", ["sandbox", "AKIASANDBOXSANDBOX00", "ASIASANDBOXSANDBOX00", "ASIA"])
def test_any_other_key_is_the_payers_user(key):
    assert principal_of(_signed(key)) == (ACCOUNT, USER_ARN)


def test_a_request_without_a_signature_is_the_payers_users():
    assert principal_of(HttpRequest("GET", "/")) == (ACCOUNT, USER_ARN)


@pytest.mark.parametrize("token", ["", "real", "W10=", "MQ==", "ü"])
def test_a_key_of_ours_with_another_token_is_the_accounts_user(token):
    signed = _signed(access_key(MEMBER, "x"), token)
    assert principal_of(signed) == (MEMBER, f"arn:aws:iam::{MEMBER}:user/sandbox")


def test_an_assumed_role_says_who_it_is(tmp_path):
    sandbox = sandbox_at_noon(tmp_path)
    answer = client(sandbox, "sts").assume_role(RoleArn=ROLE, RoleSessionName="nightly", DurationSeconds=900)
    assert answer["AssumedRoleUser"]["Arn"] == f"arn:aws:sts::{MEMBER}:assumed-role/finops/nightly"
    assert answer["Credentials"]["Expiration"] == NOON + timedelta(minutes=15)
    identity = role_client(sandbox, ROLE, "sts").get_caller_identity()
    assert identity["Account"] == MEMBER
    assert identity["Arn"] == f"arn:aws:sts::{MEMBER}:assumed-role/finops/tests"
    role_id = answer["AssumedRoleUser"]["AssumedRoleId"].partition(":")[0]
    assert identity["UserId"] == f"{role_id}:tests"


def test_a_role_of_the_payers_account_is_told_too(tmp_path):
    identity = role_client(sandbox_at_noon(tmp_path), f"arn:aws:iam::{ACCOUNT}:role/ci", "sts").get_caller_identity()
    assert (identity["Account"], identity["Arn"]) == (ACCOUNT, f"arn:aws:sts::{ACCOUNT}:assumed-role/ci/tests")


def test_the_sandboxs_clock_says_when_credentials_expire(tmp_path):
    sandbox = sandbox_at_noon(tmp_path)
    sandbox.advance(timedelta(days=3))
    answer = client(sandbox, "sts").assume_role(RoleArn=ROLE, RoleSessionName="nightly")
    assert answer["Credentials"]["Expiration"] == NOON + timedelta(days=3, hours=1)


def test_a_presigned_request_is_told_by_its_query(tmp_path):
    sandbox = sandbox_at_noon(tmp_path)
    sts = role_client(sandbox, ROLE, "sts")
    with start(sandbox) as url:
        host = url.removeprefix("http://")
        signed = sts.generate_presigned_url("get_caller_identity")
        answer = sandbox.handle(HttpRequest("GET", signed, {"host": host}))
    assert b"assumed-role/finops/tests</Arn>" in answer.body
    assert f"<Account>{MEMBER}</Account>".encode() in answer.body


@pytest.mark.parametrize(
    "arn", ["arn:aws:iam::1234:role/finops", f"arn:aws:iam::{MEMBER}:user/finops", f"arn:aws:iam::{MEMBER}:role/"]
)
def test_what_is_no_role_cannot_be_assumed(tmp_path, arn):
    with pytest.raises(ClientError, match="is invalid") as caught:
        client(sandbox_at_noon(tmp_path), "sts").assume_role(RoleArn=arn, RoleSessionName="tests")
    assert _code(caught) == ("ValidationError", 400)


def test_a_role_may_ask_for_an_external_id(tmp_path):
    sandbox = sandbox_at_noon(tmp_path)
    sandbox.configure(f"role_external_id:{ROLE}", "secret-of-ours")
    for asked in ({}, {"ExternalId": "another"}):
        with pytest.raises(ClientError, match=f"{USER_ARN} is not authorized.*sts:AssumeRole.*{ROLE}") as caught:
            role_client(sandbox, ROLE, "sts", **asked)
        assert _code(caught) == ("AccessDenied", 403)
    assert role_client(sandbox, ROLE, "sts", ExternalId="secret-of-ours").get_caller_identity()["Account"] == MEMBER
    assert role_client(sandbox, f"{ROLE}2", "sts").get_caller_identity()["Account"] == MEMBER


def test_a_denied_role_cannot_be_assumed(tmp_path):
    sandbox = sandbox_at_noon(tmp_path)
    sandbox.configure(f"role_denied:{ROLE}", "1")
    with pytest.raises(ClientError) as caught:
        role_client(sandbox, ROLE, "sts")
    assert _code(caught) == ("AccessDenied", 403)


def test_a_role_assumed_from_a_role_lasts_an_hour_at_most(tmp_path):
    sandbox = sandbox_at_noon(tmp_path)
    asked = {"RoleArn": f"arn:aws:iam::{ACCOUNT}:role/second", "RoleSessionName": "chained"}
    chained = role_client(sandbox, ROLE, "sts")
    assert chained.assume_role(**asked)["AssumedRoleUser"]["Arn"].startswith(f"arn:aws:sts::{ACCOUNT}:")
    with pytest.raises(ClientError, match="role chaining"):
        chained.assume_role(**asked, DurationSeconds=3601)
    assert client(sandbox, "sts").assume_role(**asked, DurationSeconds=3601)


def test_botocores_own_fetcher_of_role_credentials_works(tmp_path):
    plugged = session()
    sandbox_at_noon(tmp_path).plug(plugged)
    fetcher = AssumeRoleCredentialFetcher(plugged.create_client, plugged.get_credentials(), ROLE)
    fetched = fetcher.fetch_credentials()
    assert principal_of(_signed(fetched["access_key"], fetched["token"])).account == MEMBER


def test_profiles_of_accounts_are_apart(tmp_path):
    sandbox = sandbox_at_noon(tmp_path)
    own, member = client(sandbox, "bedrock"), role_client(sandbox, ROLE, "bedrock")
    asked = {"inferenceProfileName": "docs", "modelSource": SOURCE, "clientRequestToken": "one-token"}
    ours = own.create_inference_profile(**asked, tags=[{"key": "team", "value": "ours"}])["inferenceProfileArn"]
    theirs = member.create_inference_profile(**asked)["inferenceProfileArn"]
    assert theirs.split(":")[4] == MEMBER
    assert member.create_inference_profile(**asked)["inferenceProfileArn"] == theirs
    for bedrock, arn in ((own, ours), (member, theirs)):
        listed = bedrock.list_inference_profiles(typeEquals="APPLICATION")["inferenceProfileSummaries"]
        assert [summary["inferenceProfileArn"] for summary in listed] == [arn]
    for operation, name in (
        ("get_inference_profile", "inferenceProfileIdentifier"),
        ("delete_inference_profile", "inferenceProfileIdentifier"),
        ("list_tags_for_resource", "resourceARN"),
    ):
        with pytest.raises(member.exceptions.ResourceNotFoundException):
            getattr(member, operation)(**{name: ours})


def test_names_and_quota_are_an_accounts_own(tmp_path):
    sandbox = sandbox_at_noon(tmp_path)
    sandbox.configure("profile_quota", "1")
    sandbox.configure("unique_names", "1")
    own, member = client(sandbox, "bedrock"), role_client(sandbox, ROLE, "bedrock")
    for bedrock in (own, member):
        bedrock.create_inference_profile(inferenceProfileName="docs", modelSource=SOURCE)
        with pytest.raises(bedrock.exceptions.ServiceQuotaExceededException):
            bedrock.create_inference_profile(inferenceProfileName="other", modelSource=SOURCE)


def test_system_profiles_carry_the_callers_account(tmp_path):
    bedrock = role_client(sandbox_at_noon(tmp_path), ROLE, "bedrock")
    shown = bedrock.list_inference_profiles(typeEquals="SYSTEM_DEFINED")["inferenceProfileSummaries"]
    assert {summary["inferenceProfileArn"].split(":")[4] for summary in shown} == {MEMBER}


def test_a_profile_is_not_called_from_another_account(tmp_path):
    sandbox = sandbox_at_noon(tmp_path)
    created = client(sandbox, "bedrock").create_inference_profile(inferenceProfileName="docs", modelSource=SOURCE)
    runtime = role_client(sandbox, ROLE, "bedrock-runtime")
    with pytest.raises(runtime.exceptions.ValidationException):
        runtime.converse(modelId=created["inferenceProfileArn"], messages=MESSAGES)


def test_a_models_quota_is_each_accounts_own(tmp_path):
    sandbox = sandbox_at_noon(tmp_path)
    sandbox.configure(f"rpm:{NOVA}", "1")
    for runtime in (client(sandbox, "bedrock-runtime"), role_client(sandbox, ROLE, "bedrock-runtime")):
        runtime.converse(modelId=NOVA, messages=MESSAGES)
        with pytest.raises(runtime.exceptions.ThrottlingException):
            runtime.converse(modelId=NOVA, messages=MESSAGES)


def test_metrics_of_accounts_are_apart(tmp_path):
    sandbox = sandbox_at_noon(tmp_path)
    datum = {"MetricName": "TotalRequests", "Value": 3}
    client(sandbox, "bedrock-runtime").converse(modelId=NOVA, messages=MESSAGES)
    client(sandbox, "cloudwatch").put_metric_data(Namespace="GenAIRateLimiting", MetricData=[datum])
    member = role_client(sandbox, ROLE, "cloudwatch")
    assert member.list_metrics()["Metrics"] == []
    assert _values(member, "AWS/Bedrock", "Invocations", [{"Name": "ModelId", "Value": NOVA}]) == []
    assert _values(member, "GenAIRateLimiting", "TotalRequests", []) == []
    member.put_metric_data(Namespace="GenAIRateLimiting", MetricData=[datum | {"Value": 5}])
    role_client(sandbox, ROLE, "bedrock-runtime").converse(modelId=NOVA, messages=MESSAGES)
    assert _values(member, "AWS/Bedrock", "Invocations", [{"Name": "ModelId", "Value": NOVA}]) == [1]
    assert _values(member, "GenAIRateLimiting", "TotalRequests", []) == [5]
    assert _values(client(sandbox, "cloudwatch"), "GenAIRateLimiting", "TotalRequests", []) == [3]


def _values(cloudwatch, namespace, name, dimensions):
    metric = {"Namespace": namespace, "MetricName": name, "Dimensions": dimensions}
    query = {"Id": "a", "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Sum"}}
    span = {"StartTime": NOON - timedelta(hours=1), "EndTime": NOON + timedelta(hours=1)}
    return cloudwatch.get_metric_data(MetricDataQueries=[query], **span)["MetricDataResults"][0]["Values"]


def test_what_moto_answers_is_apart_too(tmp_path):
    sandbox = sandbox_at_noon(tmp_path)
    member = role_client(sandbox, ROLE, "sns")
    arn = member.create_topic(Name="alerts")["TopicArn"]
    assert arn.split(":")[4] == MEMBER
    assert client(sandbox, "sns").list_topics()["Topics"] == []
    assert role_client(sandbox_at_noon(tmp_path), ROLE, "sns").list_topics()["Topics"] == [{"TopicArn": arn}]
