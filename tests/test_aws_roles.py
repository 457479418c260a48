"""Doors through a role: credentials are taken through the first door, renewed in time, and errors are ours."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs

import botocore.session
import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse

from costsentry_cli.aws import Door, assume, connect, connect_to, identity
from costsentry_cli.domain.errors import SentryError
from costsentry_cli.sandbox import Sandbox
from fakes import FrozenClock
from stand_in import EMPTY, LISTING, StandIn, Time, answer, tag_reads

ROLE = "arn:aws:iam::210987654321:role/finops"
GRANTED = """<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>
<AccessKeyId>ASIAROLE{number:012}</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>token-{number}</SessionToken>
<Expiration>1999-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>"""
DENIED = """<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type>
<Code>AccessDenied</Code><Message>not authorized to perform: sts:AssumeRole</Message></Error>
<RequestId>req-9</RequestId></ErrorResponse>"""


class Roles(StandIn):
    """Gives role credentials with a running number, and an empty answer to everything else."""

    def __init__(self) -> None:
        super().__init__(self.reply)
        self.given = 0

    def reply(self, request: AWSPreparedRequest) -> AWSResponse:
        if "sts." not in str(request.url):
            return answer(EMPTY | {"tags": []})
        self.given += 1
        return answer(GRANTED.format(number=self.given).encode(), 200, {"content-type": "text/xml"})

    def keys(self) -> list[str]:
        """The access key each request was signed with."""
        return [re.findall(r"Credential=(\w+)/", str(request.headers["Authorization"]))[0] for request in self.requests]

    def door(self) -> Door:
        made = connect_to(self.plug, "eu-west-1")
        made.patience = Time().patience()
        return made


def test_calls_are_signed_with_the_roles_credentials_in_the_same_region() -> None:
    behind = Roles()
    role = assume(behind.door(), ROLE)
    role.call(LISTING)
    assert behind.keys() == ["sandbox", "ASIAROLE000000000001"]
    assert behind.requests[1].url.startswith("https://bedrock.eu-west-1.amazonaws.com/")
    assert "token-1" in str(behind.requests[1].headers["X-Amz-Security-Token"])


def test_the_role_is_asked_for_by_name_and_external_id() -> None:
    behind = Roles()
    assume(behind.door(), ROLE, external_id="shared-word", session_name="nightly")
    assume(behind.door(), ROLE)
    sent = [
        parse_qs(request.body if isinstance(request.body, str) else request.body.decode())
        for request in behind.requests
    ]
    assert (sent[0]["RoleArn"], sent[0]["RoleSessionName"], sent[0]["ExternalId"]) == (
        [ROLE],
        ["nightly"],
        ["shared-word"],
    )
    assert sent[1]["RoleSessionName"] == ["costsentry"]
    assert "ExternalId" not in sent[1]


def test_credentials_are_renewed_before_they_expire_by_our_own_clock() -> None:
    behind, now = Roles(), FrozenClock()
    role = assume(behind.door(), ROLE, now=now)
    role.call(LISTING)
    now.move(timedelta(minutes=40))
    role.call(LISTING)
    assert behind.given == 1
    now.move(timedelta(minutes=11))  # nine minutes are left
    role.call(LISTING)
    assert behind.keys()[-2:] == ["sandbox", "ASIAROLE000000000002"]


def test_many_calls_at_the_moment_of_renewal_renew_once() -> None:
    behind, now = Roles(), FrozenClock()
    role = assume(behind.door(), ROLE, now=now)
    now.move(timedelta(minutes=59))
    assert all(outcome.error is None for outcome in role.each(tag_reads(30)))
    assert behind.given == 2


def test_a_role_that_may_not_be_assumed_is_refused_at_once_and_names_the_action() -> None:
    behind = StandIn(answer(DENIED.encode(), 403, {"content-type": "text/xml"}))
    with pytest.raises(SentryError) as failed:
        assume(connect_to(behind.plug, "us-east-1"), ROLE)
    assert failed.value.code == "CS0403"
    assert failed.value.details == ("the IAM action needed is sts:AssumeRole",)
    assert failed.value.where.startswith("sts AssumeRole")


def test_a_role_that_is_lost_while_working_is_an_outcome_like_any_other() -> None:
    behind, now = Roles(), FrozenClock()
    role = assume(behind.door(), ROLE, now=now)
    behind.answers = [answer(DENIED.encode(), 403, {"content-type": "text/xml"})]
    now.move(timedelta(hours=2))
    assert [outcome.error.code for outcome in role.each(tag_reads(3)) if outcome.error] == ["CS0403"] * 3


def test_throttled_role_calls_are_tried_again_and_counted_where_they_were_sent() -> None:
    behind = Roles()
    slow_down = DENIED.replace("AccessDenied", "Throttling").encode()
    behind.answers = [answer(slow_down, 400, {"content-type": "text/xml"}), behind.reply]
    source = behind.door()
    role = assume(source, ROLE)
    role.call(LISTING)
    assert (source.requests, role.requests) == (2, 1)


def test_an_interruption_of_one_door_stops_the_doors_of_its_roles() -> None:
    behind = Roles()
    source = behind.door()
    role = assume(source, ROLE)
    source.interrupt.set()
    assert role.interrupted
    with pytest.raises(SentryError, match="interrupted"):
        role.call(LISTING)


def test_a_role_can_assume_the_next_role() -> None:
    behind = Roles()
    assume(assume(behind.door(), ROLE), ROLE.replace("finops", "next")).call(LISTING)
    assert behind.keys() == ["sandbox", "ASIAROLE000000000001", "ASIAROLE000000000002"]


def test_a_role_keeps_the_aws_profile_but_not_its_credentials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tmp_path / "config"
    config.write_text(
        "[profile prod]\nregion = eu-north-1\naws_access_key_id = AKIAPROD\naws_secret_access_key = s\n",
        encoding="utf-8",
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    behind = Roles()
    source = connect(aws_profile="prod")
    fresh = source.opened

    def plugged() -> botocore.session.Session:
        core = fresh()
        behind.plug(core)
        return core

    source.opened = plugged
    source.session.register("before-send", behind.send)
    role = assume(source, ROLE)
    role.call(LISTING)
    assert role.session.profile == "prod"
    assert behind.keys() == ["AKIAPROD", "ASIAROLE000000000001"]
    assert behind.requests[1].url.startswith("https://bedrock.eu-north-1.amazonaws.com/")


def test_in_the_sandbox_a_role_belongs_to_its_own_account(sandbox: Sandbox) -> None:
    source = connect_to(sandbox.plug, "us-east-1")
    role = assume(source, ROLE)
    assert (identity(source), identity(role)) == ("123456789012", "210987654321")
