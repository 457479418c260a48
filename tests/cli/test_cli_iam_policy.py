"""``sentry iam-policy``: one JSON document on stdout, ready for ``aws iam create-policy``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from commands import Sentry
from costsentry_cli.domain.needs import COMMANDS
from fakes import ACCOUNT, BASIC, write_manifest
from recording import Recorder

LIMITS = """\
{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Sid": "TheLedger",
      "Effect": "Allow",
      "Action": [
        "dynamodb:Scan",
        "dynamodb:UpdateItem"
      ],
      "Resource": [
        "arn:aws:dynamodb:us-east-1:123456789012:table/costsentry-docs-helper"
      ]
    }
  ]
}
"""


def test_the_document_is_all_that_stands_on_stdout(sentry: Sentry, folder: Path) -> None:
    write_manifest(folder)
    ran = sentry("iam-policy", "--for", "limits expire", "--account", ACCOUNT)
    assert (ran.status, ran.out) == (0, LIMITS)
    assert ran.err == "208 characters; a managed policy takes 6,144\n"


def test_nothing_is_asked_of_aws_and_no_target_is_opened(sentry: Sentry, folder: Path, recorder: Recorder) -> None:
    write_manifest(folder)
    ran = sentry("iam-policy", "--for", "all")
    assert "target:" not in ran.err
    assert recorder.calls == []
    assert not (folder / ".costsentry").exists()


def test_several_commands_share_one_document(sentry: Sentry, folder: Path) -> None:
    write_manifest(folder)

    def actions(*words: str) -> set[str]:
        return {a for one in sentry("iam-policy", *words).json()["Statement"] for a in one["Action"]}

    both = actions("--for", "invoke,report costs")
    assert both == actions("--for", "invoke") | actions("--for", "report costs")
    assert both == actions("--for", "invoke", "--for", "sentry report costs")


def test_without_a_manifest_it_is_generic_and_says_so(sentry: Sentry) -> None:
    ran = sentry("iam-policy", "--for", "sync")
    assert "any namespace, and hands no role to budgets; -f FILE narrows it\n" in ran.err
    conditions = [one["Condition"] for one in ran.json()["Statement"] if one["Sid"] == "ChangeOurProfiles"]
    assert conditions == [{"StringLike": {"aws:ResourceTag/costsentry:namespace": "*"}}]


def test_a_command_that_is_mistyped_is_told_what_is_meant(sentry: Sentry) -> None:
    ran = sentry("iam-policy", "--for", "synk")
    assert ran.status == 2
    assert ran.err.startswith("error[CS0101]: no permissions are known for 'synk'; did you mean sync?\n")


@pytest.mark.parametrize("words", [(), ("--for", "sync", "--force-profiles"), ("--for", " ")])
def test_one_of_the_two_is_asked_for(words: tuple[str, ...], sentry: Sentry) -> None:
    ran = sentry("iam-policy", *words)
    assert (ran.status, ran.out) == (2, "")


def test_callers_get_the_policy_that_makes_them_use_profiles(sentry: Sentry, folder: Path) -> None:
    write_manifest(folder)
    ran = sentry("iam-policy", "--force-profiles", "--cost-center", "sales", "--cost-center", "support")
    first, _, last = ran.json()["Statement"]
    assert first["Condition"] == {"StringLike": {"aws:ResourceTag/costCenter": ["sales", "support"]}}
    assert last["Effect"] == "Deny"


def test_what_is_too_large_for_one_policy_is_printed_in_parts(sentry: Sentry, folder: Path) -> None:
    models = "".join(f"  m{number}: us.{name}\n" for number, name in enumerate(CALLED))
    profiles = "".join(f"  - {{name: p{n}, model: m{n}, tags: {{costCenter: sales}}}}\n" for n in range(len(CALLED)))
    text = f"version: 1\nnamespace: many\nregions: [us-east-1, us-west-2]\nmodels:\n{models}profiles:\n{profiles}"
    write_manifest(folder, text)
    whole = sentry("iam-policy", "--for", "all")
    assert whole.status == 0
    assert "print 2 policies, --part 1 to --part 2\n" in whole.err
    cut = [sentry("iam-policy", "--for", "all", "--part", number).json() for number in ("1", "2")]
    assert [len(json.dumps(one, separators=(",", ":"))) <= 6144 for one in cut] == [True, True]
    held = {(a, r) for part in cut for one in part["Statement"] for a in one["Action"] for r in one["Resource"]}
    assert held == {(a, r) for one in whole.json()["Statement"] for a in one["Action"] for r in one["Resource"]}
    assert sentry("iam-policy", "--for", "all", "--part", "3").status == 2


CALLED = (
    "anthropic.claude-haiku-4-5-20251001-v1:0",
    "amazon.nova-lite-v1:0",
    "amazon.nova-micro-v1:0",
    "amazon.nova-pro-v1:0",
)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_that_asks_aws_something_can_be_asked_for(command: str, sentry: Sentry) -> None:
    ran = sentry("iam-policy", "--for", command)
    assert ran.status == 0
    assert {one["Effect"] for one in ran.json()["Statement"]} == {"Allow"}


def test_a_broken_manifest_is_told_and_no_policy_is_guessed(sentry: Sentry, folder: Path) -> None:
    write_manifest(folder, BASIC.replace("version: 1", "version: one"))
    ran = sentry("iam-policy", "--for", "sync")
    assert (ran.status, ran.out) == (2, "")
