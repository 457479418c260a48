"""The core: routing to a handler, one transaction, errors, defects, clock, reset and status."""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sandbox_core_world import NOON, Recorder, client, post, sandbox_at_noon, session, signed

from costsentry_cli.sandbox import HttpRequest, Sandbox, environment
from costsentry_cli.sandbox.contract import Request, ServiceError


def _ok(request: Request) -> dict[str, str]:
    request.store.set_setting("written", "yes")
    return {"UserId": "AIDASANDBOXSANDBOX00", "Account": request.account, "Arn": "arn:aws:iam::123456789012:user/x"}


def _with(path: Path, handler: object) -> Sandbox:
    return sandbox_at_noon(path, {"sts": {"GetCallerIdentity": handler}})  # type: ignore[dict-item]


def test_a_plugged_client_is_told_who_it_is(tmp_path):
    answer = client(sandbox_at_noon(tmp_path), "sts").get_caller_identity()
    assert answer["Arn"] == "arn:aws:iam::123456789012:user/sandbox"
    assert answer["Account"] == "123456789012"


def test_an_assumed_role_has_credentials_for_an_hour(tmp_path):
    sts = client(sandbox_at_noon(tmp_path), "sts")
    answer = sts.assume_role(RoleArn="arn:aws:iam::123456789012:role/finops", RoleSessionName="me")
    assert answer["Credentials"]["Expiration"] == NOON + timedelta(hours=1)
    assert answer["AssumedRoleUser"]["Arn"].endswith("assumed-role/finops/me")


def test_region_and_clock_reach_the_handler(tmp_path):
    seen = Recorder({"UserId": "AIDASANDBOXSANDBOX00", "Account": "123456789012", "Arn": "arn:aws:iam::1:user/x"})
    client(_with(tmp_path, seen), "sts", region="eu-central-1").get_caller_identity()
    (request,) = seen.requests
    assert (request.region, request.now, request.operation) == ("eu-central-1", NOON, "GetCallerIdentity")


@pytest.mark.parametrize("mode", ["legacy", "standard", "adaptive"])
def test_an_operation_the_sandbox_does_not_have_is_named_and_not_retried(tmp_path, mode):
    bedrock = client(sandbox_at_noon(tmp_path), "bedrock", config=Config(retries={"mode": mode, "max_attempts": 3}))
    with pytest.raises(ClientError, match=r"the sandbox does not have bedrock\.GetGuardrail") as caught:
        bedrock.get_guardrail(guardrailIdentifier="abc")
    assert caught.value.response["Error"]["Code"] == "UnknownOperationException"
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
    assert caught.value.response["ResponseMetadata"]["RetryAttempts"] == 0


@pytest.mark.parametrize(
    ("service", "operation"),
    [
        ("s3", "list_buckets"),
        ("ec2", "describe_instances"),
        ("route53", "list_hosted_zones"),
        ("lambda", "list_functions"),
        ("resource-groups", "list_groups"),
        ("bedrock-agent", "list_agents"),
    ],
)
def test_a_service_the_sandbox_does_not_have_is_refused_in_its_own_protocol(tmp_path, service, operation):
    with pytest.raises(ClientError) as caught:
        getattr(client(sandbox_at_noon(tmp_path), service), operation)()
    assert caught.value.response["Error"]["Code"] == "UnknownOperationException"
    assert str(caught.value).endswith(f"the sandbox does not have the service {service}")


def test_an_operation_that_shares_its_uri_with_another_is_not_called_by_the_others_name(tmp_path):
    with pytest.raises(ClientError, match=r"the sandbox does not have the service s3$"):
        client(sandbox_at_noon(tmp_path), "s3").put_object(Bucket="bucket", Key="key", Body=b"text")


@pytest.mark.parametrize(
    ("url", "headers", "words"),
    [
        ("/", {}, "the sandbox cannot tell which operation GET / is"),
        ("/", {"x-amz-target": "Made.Up"}, "the sandbox cannot tell which operation Up is"),
        ("/nowhere", signed("bedrock"), "the sandbox cannot tell which operation GET /nowhere is"),
        ("/", signed("monitoring"), "the sandbox cannot tell which operation GET / is"),
        ("/?Action=Nothing", signed("sts"), "the sandbox does not have sts.Nothing"),
        ("/", signed("ce") | {"x-amz-target": "AWSInsightsIndexService.X"}, "the sandbox does not have ce.X"),
        ("/", signed("frobnicate"), "the sandbox does not have the service frobnicate"),
        ("/?Action=Nothing", signed("sqs"), "the sandbox does not have the service sqs"),
    ],
)
def test_a_request_that_no_model_has_is_answered_with_what_is_known_of_it(tmp_path, url, headers, words):
    response = sandbox_at_noon(tmp_path).handle(HttpRequest("GET", url, headers, b""))
    assert response.status == 501
    said = re.search(rb"the sandbox [^\"<]*", response.body)
    assert said is not None
    assert said[0].decode() == words


def test_request_ids_count_up_and_go_on_in_the_next_process(tmp_path):
    first = client(sandbox_at_noon(tmp_path), "sts").get_caller_identity()
    second = client(sandbox_at_noon(tmp_path), "sts").get_caller_identity()
    assert first["ResponseMetadata"]["RequestId"] == "00000000-0000-4000-8000-000000000001"
    assert second["ResponseMetadata"]["RequestId"] == "00000000-0000-4000-8000-000000000002"


def test_every_answer_carries_the_sandbox_time(tmp_path):
    headers = sandbox_at_noon(tmp_path).handle(post("ce", "AWSInsightsIndexService.Nothing")).headers
    assert headers["Date"] == "Mon, 23 Nov 2026 12:00:00 GMT"


def test_what_a_refused_call_wrote_is_rolled_back(tmp_path):
    def refuse(request: Request) -> dict[str, str]:
        request.store.set_setting("written", "yes")
        raise ServiceError("ExpiredTokenException", "no")

    sandbox = _with(tmp_path, refuse)
    with pytest.raises(ClientError, match="ExpiredTokenException"):
        client(sandbox, "sts").get_caller_identity()
    assert sandbox.store.setting("written", "no") == "no"


def test_what_a_failed_call_wrote_stays_when_the_error_says_so(tmp_path):
    def fail(request: Request) -> dict[str, str]:
        request.store.set_setting("written", "yes")
        raise ServiceError("ExpiredTokenException", "no", commit=True)

    sandbox = _with(tmp_path, fail)
    with pytest.raises(ClientError, match="ExpiredTokenException"):
        client(sandbox, "sts").get_caller_identity()
    assert sandbox.store.setting("written", "no") == "yes"


def test_a_defect_of_a_handler_is_a_500_that_names_it_and_leaves_nothing(tmp_path):
    def broken(request: Request) -> dict[str, str]:
        request.store.set_setting("written", "yes")
        return {"Account": {}["missing"]}

    sandbox = _with(tmp_path, broken)
    with pytest.raises(ClientError, match=r"defect in the sandbox's sts\.GetCallerIdentity: KeyError: 'missing'"):
        client(sandbox, "sts").get_caller_identity()
    assert sandbox.store.setting("written", "no") == "no"


@pytest.mark.model_violations("a defect on purpose")
def test_an_answer_the_model_forbids_is_a_recorded_defect_and_leaves_nothing(tmp_path):
    def unmodelled(request: Request) -> dict[str, object]:
        return {**_ok(request), "Account": 5, "Colour": "red"}

    sandbox = _with(tmp_path, unmodelled)
    with pytest.raises(ClientError, match=r"InternalFailure.*'Colour' is not a member"):
        client(sandbox, "sts").get_caller_identity()
    assert [(each.side, each.operation) for each in sandbox.violations()] == [("output", "GetCallerIdentity")] * 2
    assert sandbox.store.setting("written", "no") == "no"


def test_a_request_the_model_forbids_is_refused_and_recorded_with_its_caller(tmp_path):
    sandbox = sandbox_at_noon(tmp_path)
    with pytest.raises(ClientError, match=r"ValidationException.*Member must satisfy enum value set: \[SYSTEM_DEFINED"):
        client(sandbox, "bedrock").list_inference_profiles(typeEquals="MINE")
    (violation,) = sandbox.violations()
    assert (violation.service, violation.side) == ("bedrock", "input")
    assert "Botocore/" in violation.user_agent


def test_a_null_is_a_member_that_is_not_there(tmp_path):
    seen = Recorder({"CostAllocationTags": []})
    sandbox = sandbox_at_noon(tmp_path, {"ce": {"ListCostAllocationTags": seen}})
    body = b'{"Status": null, "TagKeys": ["a"], "__type": "x"}'
    assert sandbox.handle(post("ce", "AWSInsightsIndexService.ListCostAllocationTags", body)).status == 200
    assert seen.params == {"TagKeys": ["a"]}


def test_the_clock_only_moves_forward_and_is_kept_in_the_file(tmp_path):
    sandbox = sandbox_at_noon(tmp_path)
    assert sandbox.advance(timedelta(days=2, microseconds=3)) == NOON + timedelta(days=2, microseconds=3)
    assert sandbox_at_noon(tmp_path).now() == NOON + timedelta(days=2, microseconds=3)
    with pytest.raises(ValueError, match="only moves forward"):
        sandbox.advance(timedelta(seconds=-1))


def test_reset_forgets_everything_and_keeps_the_file_usable(tmp_path):
    sandbox = sandbox_at_noon(tmp_path)
    client(sandbox, "sts").get_caller_identity()
    sandbox.advance(timedelta(days=1))
    sandbox.reset()
    assert sandbox.now() == NOON
    assert sandbox.store.setting("requests", "0") == "0"
    assert client(sandbox, "sts").get_caller_identity()["Account"] == "123456789012"


def test_status_counts_calls_and_adds_their_costs_exactly(tmp_path):
    sandbox = sandbox_at_noon(tmp_path)
    insert = (
        "INSERT INTO calls (at, region, operation, request_id, requested, metric_id, model_id, outcome,"
        " input_tokens, cache_read_tokens, costs) VALUES (0, 'us-east-1', 'Converse', ?, 'm', 'm', 'm', 'ok', 7, 2, ?)"
    )
    with sandbox.store.transaction() as db:
        for number in range(3):
            db.execute(insert, (str(number), '{"input": "0.1", "output": "0.000000001"}'))
    status = sandbox.status()
    assert (status.calls, status.tokens, status.billed) == (3, 27, Decimal("0.300000003"))
    assert (status.path, status.now, status.moto) == (sandbox.path, NOON, ())


def test_a_list_lag_is_kept_where_the_listing_reads_it(tmp_path):
    sandbox = Sandbox(tmp_path / "lagging.db", list_lag=timedelta(seconds=90))
    assert float(sandbox.store.setting("list_lag_seconds", "0")) == 90


def test_the_environment_points_an_sdk_at_the_server_and_away_from_real_credentials():
    variables = environment("http://127.0.0.1:4321")
    assert variables["AWS_ENDPOINT_URL"] == "http://127.0.0.1:4321"
    assert variables["AWS_EC2_METADATA_DISABLED"] == "true"
    assert {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION", "AWS_DEFAULT_REGION"} <= variables.keys()


def test_a_session_made_after_moto_was_imported_does_not_run_motos_handler_too(tmp_path):
    import moto.core.models

    moto_handler = moto.core.models.botocore_stubber
    plugged = session()
    sandbox_at_noon(tmp_path).plug(plugged)
    moto_handler.enabled = True  # as inside mock_aws: it would answer before us, or apply a write twice
    try:
        answer = plugged.create_client("sts", region_name="us-east-1").get_caller_identity()
    finally:
        moto_handler.enabled = False
    assert answer["Arn"].endswith("user/sandbox")


def test_moto_is_not_imported_for_services_of_our_own(tmp_path):
    code = (
        "import sys, pathlib; from costsentry_cli.sandbox import Sandbox; from botocore.session import Session\n"
        "s = Session(); s.set_credentials('a', 'b'); Sandbox(pathlib.Path(sys.argv[1])).plug(s)\n"
        "s.create_client('sts', region_name='us-east-1').get_caller_identity()\n"
        "assert 'moto' not in sys.modules and 'pandas' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "s.db")], check=True, timeout=60)


_TEXT = st.text(st.characters(codec="utf-8"), max_size=30)
_HEADERS = st.sampled_from(
    [
        signed("bedrock"),
        signed("sts"),
        signed("ce") | {"x-amz-target": "AWSInsightsIndexService.GetCostAndUsage"},
        signed("monitoring") | {"smithy-protocol": "rpc-v2-cbor"},
        signed("monitoring") | {"content-type": "application/x-www-form-urlencoded"},
        signed("sts") | {"content-type": "application/x-www-form-urlencoded"},
        {"content-encoding": "gzip", **signed("bedrock")},
        {},
    ]
)
_PATHS = st.sampled_from(
    [
        "/",
        "/inference-profiles",
        "/inference-profiles/%2F",
        "/model/a/converse",
        "//",
        "http://[",
        "/?Action=x",
        "/service/GraniteServiceVersion20100801/operation/PutMetricData",
        "/foundation-models?byProvider=%00",
    ]
)
_BODIES = st.one_of(
    st.binary(max_size=60),
    st.sampled_from(
        [
            b"[]",
            b"null",
            b'{"a":1}',
            b"\xbf",
            b"\xa1",
            b"Action=AssumeRole&Version=2011-06-15&Tags.member.1=x&Tags=y&Tags.member.x.Key=1",
            b"Action=GetCallerIdentity&Version=2011-06-15&x=1",
            b"[" * 5000,
        ]
    ),
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(method=st.sampled_from(["GET", "POST", "DELETE"]), path=_PATHS, headers=_HEADERS, body=_BODIES, extra=_TEXT)
def test_no_request_however_odd_is_a_defect(tmp_path, method, path, headers, body, extra):
    sandbox = Sandbox(tmp_path / "odd.db", clock=lambda: NOON)
    response = sandbox.handle(HttpRequest(method, path, {**headers, "x-odd": extra}, body))
    assert b"defect in the sandbox" not in response.body
    assert response.status < 500 or response.status == 501
