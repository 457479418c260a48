"""Settings from outside: documented names only, and each has its effect through a real client."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from botocore.exceptions import ClientError
from sandbox_core_world import NOON, client, sandbox_at_noon

from costsentry_cli.sandbox import FaultRule, Sandbox, settings

NOVA = "amazon.nova-lite-v1:0"
HAIKU = "anthropic.claude-haiku-4-5-20251001-v1:0"
ROLE = "arn:aws:iam::210987654321:role/finops"
SOURCE = {"copyFrom": f"arn:aws:bedrock:us-east-1::foundation-model/{NOVA}"}
MESSAGES = [{"role": "user", "content": [{"text": "How much did we spend?"}]}]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("list_lag_seconds", "1.5"),
        ("metric_lag_seconds", "0"),
        ("profile_quota", "0"),
        ("active_tag_quota", "3"),
        ("ce_page_size", "1"),
        ("credit_usd_per_month", "12.50"),
        ("tax_percent", "8.875"),
        ("unique_names", "1"),
        (f"rpm:{NOVA}", "10"),
        (f"tpm:us.{HAIKU}", "10"),
        (f"model_denied:{NOVA}", "1"),
        (f"role_denied:{ROLE}", "0"),
        (f"role_external_id:{ROLE}", "x=,.@:/-Y"),
    ],
)
def test_a_setting_is_kept_in_the_file_until_it_is_taken_back(tmp_path, name, value):
    sandbox_at_noon(tmp_path).configure(name, value)
    assert sandbox_at_noon(tmp_path).store.setting(name, "default") == value
    sandbox_at_noon(tmp_path).configure(name, None)
    assert sandbox_at_noon(tmp_path).store.setting(name, "default") == "default"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("list_lag_seconds", "-1"),
        ("list_lag_seconds", "nan"),
        ("metric_lag_seconds", "inf"),
        ("profile_quota", "many"),
        ("profile_quota", "-1"),
        ("profile_quota", "²"),
        ("ce_page_size", "0"),
        ("refund_usd_per_month", "-1"),
        ("tax_percent", "nan"),
        ("unique_names", "yes"),
        (f"rpm:{NOVA}", "1.5"),
        (f"model_denied:{NOVA}", "true"),
        (f"role_external_id:{ROLE}", "x"),
        (f"role_external_id:{ROLE}", "a b"),
    ],
)
def test_a_value_that_makes_no_sense_is_refused_in_words(tmp_path, name, value):
    sandbox = sandbox_at_noon(tmp_path)
    with pytest.raises(ValueError, match=f"^{re.escape(name)} takes .*, not {re.escape(repr(value))}$"):
        sandbox.configure(name, value)
    assert sandbox.store.setting(name, "default") == "default"


@pytest.mark.parametrize(
    "name", ["", "requests", "clock_offset_us", "seed:0", "rpm", "unique_names:x", "Profile_Quota"]
)
@pytest.mark.parametrize("value", ["1", None])
def test_a_name_that_is_no_setting_is_refused_with_the_names_there_are(tmp_path, name, value):
    with pytest.raises(ValueError, match=r"there is no setting .*profile_quota, .*role_denied:, role_external_id:"):
        sandbox_at_noon(tmp_path).configure(name, value)


@pytest.mark.parametrize(
    "name",
    [
        "rpm:amazon.nova-lite",
        "tpm:",
        f"rpm:arn:aws:bedrock:us-east-1::foundation-model/{NOVA}",
        f"model_denied:us.{HAIKU}",
        "model_denied:*",
        "role_denied:finops",
        "role_external_id:arn:aws:iam::1:role/x",
    ],
)
def test_a_subject_that_cannot_be_is_refused(tmp_path, name):
    with pytest.raises(ValueError, match=r"is not a (known model id|role ARN)"):
        sandbox_at_noon(tmp_path).configure(name, "1")


def test_every_setting_is_documented():
    documented = re.findall(r"^``(\w+:?)", settings.__doc__ or "", re.MULTILINE)
    assert sorted(documented) == sorted(settings._NAMES)


def test_a_denied_model_has_no_agreement_and_no_answer(tmp_path):
    sandbox = sandbox_at_noon(tmp_path)
    sandbox.configure(f"model_denied:{HAIKU}", "1")
    bedrock, runtime = client(sandbox, "bedrock"), client(sandbox, "bedrock-runtime")
    denied = bedrock.get_foundation_model_availability(modelId=HAIKU)
    assert denied["agreementAvailability"]["status"] == "NOT_AVAILABLE"
    assert denied["authorizationStatus"] == "NOT_AUTHORIZED"
    assert bedrock.get_foundation_model_availability(modelId=NOVA)["authorizationStatus"] == "AUTHORIZED"
    with pytest.raises(runtime.exceptions.AccessDeniedException, match="You don't have access to the model"):
        runtime.converse(modelId=f"us.{HAIKU}", messages=MESSAGES)
    with pytest.raises(runtime.exceptions.AccessDeniedException):
        runtime.count_tokens(modelId=HAIKU, input={"converse": {"messages": MESSAGES}})
    assert sandbox.status().billed == 0
    sandbox.configure(f"model_denied:{HAIKU}", None)
    assert runtime.converse(modelId=f"us.{HAIKU}", messages=MESSAGES)["usage"]["inputTokens"] > 0


def _profile(sandbox: Sandbox) -> str:
    made = client(sandbox, "bedrock").create_inference_profile(inferenceProfileName="docs", modelSource=SOURCE)
    return str(made["inferenceProfileArn"])


def test_a_deletion_can_be_made_to_conflict_once(tmp_path):
    sandbox = sandbox_at_noon(tmp_path)
    arn = _profile(sandbox)
    sandbox.add_fault(FaultRule("bedrock", "DeleteInferenceProfile", "error:ConflictException:400"))
    bedrock = client(sandbox, "bedrock")
    with pytest.raises(bedrock.exceptions.ConflictException) as caught:
        bedrock.delete_inference_profile(inferenceProfileIdentifier=arn)
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert bedrock.get_inference_profile(inferenceProfileIdentifier=arn)["status"] == "ACTIVE"
    bedrock.delete_inference_profile(inferenceProfileIdentifier=arn)
    with pytest.raises(bedrock.exceptions.ResourceNotFoundException):
        bedrock.get_inference_profile(inferenceProfileIdentifier=arn)


def test_metrics_of_a_deleted_profile_still_answer(tmp_path):
    sandbox = sandbox_at_noon(tmp_path)
    arn = _profile(sandbox)
    usage = client(sandbox, "bedrock-runtime").converse(modelId=arn, messages=MESSAGES)["usage"]
    client(sandbox, "bedrock").delete_inference_profile(inferenceProfileIdentifier=arn)
    assert sandbox.status().calls == 1
    dimensions = [{"Name": "ModelId", "Value": arn.rpartition("/")[2]}]
    metric = {"Namespace": "AWS/Bedrock", "MetricName": "InputTokenCount", "Dimensions": dimensions}
    query = {"Id": "a", "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Sum"}}
    span = {"StartTime": NOON - timedelta(hours=1), "EndTime": NOON + timedelta(hours=1)}
    found = client(sandbox, "cloudwatch").get_metric_data(MetricDataQueries=[query], **span)
    assert found["MetricDataResults"][0]["Values"] == [usage["inputTokens"]]


def test_a_profiles_quota_is_read_as_it_is_enforced(tmp_path):
    sandbox = sandbox_at_noon(tmp_path)
    quotas = client(sandbox, "service-quotas")
    asked = {"ServiceCode": "bedrock", "QuotaCode": "L-40EC9882"}
    quota = quotas.get_service_quota(**asked)["Quota"]
    assert (quota["QuotaName"], quota["Value"], quota["Adjustable"]) == ("Inference profiles per account", 1000.0, True)
    sandbox.configure("profile_quota", "0")
    assert quotas.get_service_quota(**asked)["Quota"]["Value"] == 0
    assert [row["QuotaCode"] for row in quotas.list_service_quotas(ServiceCode="bedrock")["Quotas"]] == ["L-40EC9882"]
    with pytest.raises(ClientError, match="ServiceQuotaExceededException"):
        _profile(sandbox)


@pytest.mark.parametrize(("service", "code"), [("bedrock", "L-00000000"), ("ec2", "L-40EC9882")])
def test_another_quota_does_not_exist(tmp_path, service, code):
    quotas = client(sandbox_at_noon(tmp_path), "service-quotas")
    with pytest.raises(quotas.exceptions.NoSuchResourceException):
        quotas.get_service_quota(ServiceCode=service, QuotaCode=code)


def test_other_lists_of_quotas_do_not_exist(tmp_path):
    quotas = client(sandbox_at_noon(tmp_path), "service-quotas")
    assert quotas.list_service_quotas(ServiceCode="bedrock", QuotaCode="L-00000000")["Quotas"] == []
    with pytest.raises(quotas.exceptions.NoSuchResourceException):
        quotas.list_service_quotas(ServiceCode="ec2")
    with pytest.raises(quotas.exceptions.InvalidPaginationTokenException):
        quotas.list_service_quotas(ServiceCode="bedrock", NextToken="abcd")
