"""What a person meets when the way to AWS is broken: each family end to end, with its code, exit status and fix."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from commands import Ran, Sentry
from fault_server import answering, refusing

KEY = "AKIAQ3EGCANARYKEYID7"
SECRET = "wJalrCANARYsecretK7MDENGbPxRfiCYEXAMPLEK"
CONFIG = """\
[profile corp-dev]
sso_session = corp
sso_account_id = 123456789012
sso_role_name = dev
region = us-east-1
[profile corp-prod]
sso_session = corp
sso_account_id = 123456789012
sso_role_name = prod
region = us-east-1
[profile signed-in]
login_session = arn:aws:iam::123456789012:user/x
region = us-east-1
[sso-session corp]
sso_start_url = https://corp.invalid/start
sso_region = us-east-1
"""


@pytest.fixture
def home(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder of its own, without credentials; a region is set."""
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    return folder


@pytest.fixture
def configured(home: Path) -> Path:
    (home / ".aws").mkdir()
    (home / ".aws" / "config").write_text(CONFIG)
    return home


@pytest.fixture
def signed(home: Path, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Keys are in the environment; the endpoint is up to the test."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    return monkeypatch


def at(signed: pytest.MonkeyPatch, sentry: Sentry, url: str, *words: str) -> Ran:
    signed.setenv("AWS_ENDPOINT_URL", url)
    return sentry("profiles", "list", *words)


def test_without_credentials_it_says_where_it_looked_and_what_to_paste(sentry: Sentry, home: Path) -> None:
    ran = sentry("profiles", "list")
    assert (ran.status, ran.out) == (4, "")
    assert (
        ran.err
        == """\
error[CS0401]: no AWS credentials found
  --> sts GetCallerIdentity
      looked in the environment: AWS_ACCESS_KEY_ID is not set, AWS_SECRET_ACCESS_KEY is not set
      looked in ~/.aws/credentials: there is no such file
      looked in ~/.aws/config: there is no such file
      looked for a container's or machine's role: not asked (AWS_EC2_METADATA_DISABLED)
  help: one of
    aws configure sso     or: aws login, aws configure
    sentry ... --sandbox  no account needed
"""
    )


def test_with_a_config_it_names_the_session_and_the_profiles_there_are(sentry: Sentry, configured: Path) -> None:
    ran = sentry("profiles", "list")
    assert ran.status == 4
    assert "looked in the SSO cache: session 'corp' was never signed in to\n" in ran.err
    assert ran.err.endswith("""\
  help: one of
    aws sso login --sso-session corp   then run this again
    sentry ... --aws-profile corp-dev
      you have: corp-dev, corp-prod, signed-in
    sentry ... --sandbox               no account needed
""")


def test_a_session_that_has_expired_is_said_with_its_age(sentry: Sentry, configured: Path) -> None:
    cache = configured / ".aws" / "sso" / "cache"
    cache.mkdir(parents=True)
    ended = datetime.now(UTC) - timedelta(hours=2, minutes=5)
    token = {"accessToken": "x", "expiresAt": f"{ended:%Y-%m-%dT%H:%M:%SZ}", "startUrl": "https://corp.invalid/start"}
    (cache / f"{hashlib.sha1(b'corp').hexdigest()}.json").write_text(json.dumps(token))
    assert "looked in the SSO cache: session 'corp' expired 2 h ago\n" in sentry("profiles", "list").err
    ran = sentry("profiles", "list", "--aws-profile", "corp-dev")
    assert ran.status == 4
    assert ran.err.startswith("error[CS0402]: ")
    assert "    aws sso login --sso-session corp " in ran.err


def test_a_profile_that_signs_in_with_aws_login_is_told_what_it_needs(sentry: Sentry, configured: Path) -> None:
    ran = sentry("profiles", "list", "--aws-profile", "signed-in")
    assert ran.status == 4
    assert ("aws login" in ran.err) or ("pip install 'botocore[crt]'" in ran.err)


def test_half_a_key_is_named_with_its_other_half(sentry: Sentry, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    ran = sentry("profiles", "list")
    assert ran.status == 4
    assert ran.err.startswith("error[CS0401]: Partial credentials found in env, missing: AWS_SECRET_ACCESS_KEY\n")
    assert "    unset AWS_ACCESS_KEY_ID\n      or set AWS_SECRET_ACCESS_KEY, too\n" in ran.err
    assert KEY not in ran.err


def test_a_mistyped_aws_profile_gets_the_names_and_the_nearest(sentry: Sentry, configured: Path) -> None:
    ran = sentry("profiles", "list", "--aws-profile", "corpdev")
    assert ran.status == 4
    assert (
        ran.err
        == """\
error[CS0405]: there is no AWS profile 'corpdev'
      there are: corp-dev, corp-prod, signed-in
  help: one of
    sentry ... --aws-profile corp-dev
      did you mean this one?
    aws configure list-profiles
"""
    )


def test_no_region_and_a_misspelled_one_are_told_how_to_name_one(sentry: Sentry, signed: pytest.MonkeyPatch) -> None:
    wrong = sentry("profiles", "list", "--region", "us east 1")
    assert (wrong.status, wrong.err.startswith("error[CS0404]")) == (2, True)
    assert "    sentry ... --region us-east-1  did you mean this one?\n" in wrong.err
    signed.delenv("AWS_REGION")
    none = sentry("profiles", "list")
    assert none.status == 2
    assert "    export AWS_REGION=us-east-1    for all commands\n" in none.err


def test_a_config_that_cannot_be_read_is_a_config_error(sentry: Sentry, configured: Path) -> None:
    (configured / ".aws" / "config").write_text("this is no config\n")
    ran = sentry("profiles", "list")
    assert (ran.status, ran.err.startswith("error[CS0412]")) == (4, True)


def test_a_plain_port_where_tls_was_expected_is_told(sentry: Sentry, signed: pytest.MonkeyPatch) -> None:
    with answering(200, b"") as url:
        ran = at(signed, sentry, url.replace("http:", "https:"))
    assert (ran.status, ran.err.startswith("error[CS0807]: SSL validation failed")) == (8, True)
    assert "what listens there does not speak TLS: http:// was meant?" in ran.err
    assert "    unset AWS_ENDPOINT_URL" in ran.err


def test_a_proxy_that_refuses_is_told_without_its_password(sentry: Sentry, signed: pytest.MonkeyPatch) -> None:
    signed.setenv("HTTPS_PROXY", refusing().replace("://", "://jane:canary-proxy-password@"))
    ran = sentry("profiles", "list", "--debug")
    assert ran.status == 8
    assert "error[CS0807]: Failed to connect to proxy URL" in ran.err
    assert "HTTPS_PROXY is http://127.0.0.1:" in ran.err
    assert "canary-proxy-password" not in ran.err
    assert "jane" not in ran.err


@pytest.mark.parametrize("status", [200, 403])
def test_a_web_page_in_aws_place_is_a_proxy_or_a_guest_network(
    status: int, sentry: Sentry, signed: pytest.MonkeyPatch
) -> None:
    with answering(status, b"<!DOCTYPE html><html><title>Log in</title></html>", Content_Type="text/html") as url:
        ran = at(signed, sentry, url)
    assert ran.status == 8
    assert ran.err.startswith(f"error[CS0807]: a web page with status {status} came in place of AWS's answer\n")
    assert ran.err.endswith("  help: log in to the network, or check HTTPS_PROXY and NO_PROXY\n")


def test_a_cut_answer_is_told_without_what_is_in_it(sentry: Sentry, signed: pytest.MonkeyPatch) -> None:
    half = f"<GetCallerIdentityResponse><Token>{SECRET[:30]}".encode()
    with answering(200, half, Content_Type="text/xml") as url:
        ran = at(signed, sentry, url, "--debug", "-o", "json")
    assert ran.status == 8
    assert ran.json()["error"]["message"].startswith("the answer is not XML: ")
    assert SECRET[:30] not in ran.out + ran.err


def refused(code: str, sentence: str) -> bytes:
    """How AWS STS says no."""
    return f"<ErrorResponse><Error><Code>{code}</Code><Message>{sentence}</Message></Error></ErrorResponse>".encode()


def test_credentials_aws_refuses_are_told_where_they_came_from(sentry: Sentry, signed: pytest.MonkeyPatch) -> None:
    with answering(
        403, refused("InvalidClientTokenId", "The security token is invalid."), Content_Type="text/xml"
    ) as url:
        ran = at(signed, sentry, url)
    assert ran.status == 4
    assert ran.err.startswith("error[CS0402]: InvalidClientTokenId: The security token is invalid.\n")
    assert "      the credentials come from the environment (AWS_ACCESS_KEY_ID)\n" in ran.err
    assert "    unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN\n" in ran.err


def test_a_wrong_clock_is_told_by_how_much(sentry: Sentry, signed: pytest.MonkeyPatch) -> None:
    theirs = format_datetime(datetime.now(UTC) + timedelta(minutes=17, seconds=30), usegmt=True)
    said = refused("SignatureDoesNotMatch", "Signature expired: 20261126T is now earlier than 20261126T")
    with answering(403, said, Content_Type="text/xml", date=theirs) as url:
        ran = at(signed, sentry, url)
    assert (ran.status, ran.err.startswith("error[CS0408]")) == (4, True)
    assert "      this machine's clock is 17 min behind AWS's\n" in ran.err
    assert ran.err.endswith("  help: set it: timedatectl set-ntp true\n")


def test_the_same_as_json_is_one_document_with_the_commands_apart(sentry: Sentry, configured: Path) -> None:
    ran = sentry("profiles", "list", "-o", "json")
    error = ran.json()["error"]
    assert ran.json()["schema_version"] == 1
    assert (error["code"], error["exit"], error["operation"]) == ("CS0401", 4, "GetCallerIdentity")
    assert error["next"][0] == {"command": "aws sso login --sso-session corp", "note": "then run this again"}
    assert set(error) >= {
        "message",
        "where",
        "cause",
        "help",
        "details",
        "service",
        "region",
        "request_id",
        "aws_error",
    }
