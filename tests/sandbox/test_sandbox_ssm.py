"""Parameter Store in the sandbox: versions, types, paths, and refusals in AWS's terms."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError
from sandbox_core_world import NOON, client, role_client, sandbox_at_noon

ROLE = "arn:aws:iam::210987654321:role/finops"
NAME = "/costsentry/profiles/docs"


@pytest.fixture
def ssm(tmp_path):
    return client(sandbox_at_noon(tmp_path), "ssm")


def _put(ssm, name=NAME, value="arn", **asked):
    return ssm.put_parameter(Name=name, Value=value, **({"Type": "String"} | asked))


def _code(act):
    with pytest.raises(ClientError) as caught:
        act()
    return caught.value.response["Error"]["Code"]


def test_a_parameter_is_read_back_by_name_and_by_arn(ssm, tmp_path):
    assert _put(ssm)["Version"] == 1
    shown = client(sandbox_at_noon(tmp_path), "ssm").get_parameter(Name=NAME)["Parameter"]
    arn = f"arn:aws:ssm:us-east-1:123456789012:parameter{NAME}"
    assert shown == {
        "Name": NAME, "Type": "String", "Value": "arn", "Version": 1, "LastModifiedDate": NOON, "ARN": arn,
        "DataType": "text",
    }  # fmt: skip
    assert ssm.get_parameter(Name=arn)["Parameter"] == shown


def test_a_plain_name_has_an_arn_too(ssm):
    _put(ssm, "docs")
    arn = ssm.get_parameter(Name="docs")["Parameter"]["ARN"]
    assert arn == "arn:aws:ssm:us-east-1:123456789012:parameter/docs"
    assert ssm.get_parameter(Name=arn)["Parameter"]["Name"] == "docs"


def test_only_an_overwrite_changes_a_parameter(ssm):
    _put(ssm)
    assert _code(lambda: _put(ssm, value="new")) == "ParameterAlreadyExists"
    assert ssm.put_parameter(Name=NAME, Value="new", Overwrite=True)["Version"] == 2
    shown = ssm.get_parameter(Name=f"{NAME}:2")["Parameter"]
    assert (shown["Value"], shown["Type"], shown["Selector"]) == ("new", "String", ":2")
    assert _code(lambda: ssm.get_parameter(Name=f"{NAME}:1")) == "ParameterVersionNotFound"


def test_a_deleted_parameter_is_gone_and_begins_anew(ssm):
    _put(ssm)
    ssm.delete_parameter(Name=NAME)
    assert _code(lambda: ssm.get_parameter(Name=NAME)) == "ParameterNotFound"
    assert _code(lambda: ssm.delete_parameter(Name=NAME)) == "ParameterNotFound"
    assert _put(ssm)["Version"] == 1


@pytest.mark.parametrize("name", ["a b", "a/b", "/aws/x", "SSMx", "/a" * 16, "a:1", "ä"])
def test_a_bad_name_is_refused(ssm, name):
    assert _code(lambda: _put(ssm, name)) in ("ValidationException", "HierarchyLevelLimitExceededException")


@pytest.mark.parametrize(("value", "tier"), [("", "Standard"), ("x" * 4097, "Standard"), ("x" * 8193, "Advanced")])
def test_an_empty_or_long_value_is_refused(ssm, value, tier):
    assert _code(lambda: _put(ssm, value=value, Tier=tier)) == "ValidationException"


def test_a_new_parameter_needs_a_type(ssm):
    assert _code(lambda: ssm.put_parameter(Name=NAME, Value="x")) == "ValidationException"


def test_a_secret_is_readable_with_decryption_only(ssm):
    _put(ssm, value="secret", Type="SecureString")
    assert "secret" not in ssm.get_parameter(Name=NAME)["Parameter"]["Value"]
    assert ssm.get_parameter(Name=NAME, WithDecryption=True)["Parameter"]["Value"] == "secret"


def test_a_path_lists_what_is_below_it_page_by_page(ssm):
    names = [f"/costsentry/p{number:02}" for number in range(12)]
    for name in [*names, "/costsentry/deep/er", "/costsentry2/x", "plain"]:
        _put(ssm, name)
    pages = ssm.get_paginator("get_parameters_by_path").paginate(Path="/costsentry")
    assert [[row["Name"] for row in page["Parameters"]] for page in pages] == [names[:10], names[10:]]
    deep = ssm.get_parameters_by_path(Path="/costsentry/", Recursive=True)["Parameters"]
    assert deep[0]["Name"] == "/costsentry/deep/er"
    assert _code(lambda: ssm.get_parameters_by_path(Path="plain")) == "ValidationException"
    assert _code(lambda: ssm.get_parameters_by_path(Path="/", NextToken="?")) == "InvalidNextToken"
    filters = [{"Key": "Type", "Values": ["String"]}]
    assert _code(lambda: ssm.get_parameters_by_path(Path="/", ParameterFilters=filters)) == "InvalidFilterKey"


def test_accounts_and_regions_are_apart(tmp_path):
    sandbox = sandbox_at_noon(tmp_path)
    _put(client(sandbox, "ssm"))
    for other in (role_client(sandbox, ROLE, "ssm"), client(sandbox, "ssm", region="eu-west-1")):
        assert _code(lambda other=other: other.get_parameter(Name=NAME)) == "ParameterNotFound"
        assert other.get_parameters_by_path(Path="/", Recursive=True)["Parameters"] == []
        assert _code(lambda other=other: other.delete_parameter(Name=NAME)) == "ParameterNotFound"
        assert _put(other)["Version"] == 1
