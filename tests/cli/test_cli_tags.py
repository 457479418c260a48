"""``sentry tags``: the life of a key, state by state, on the sandbox's clock."""

from __future__ import annotations

import re

import pytest

from commands import Sentry


def ready(sentry: Sentry) -> None:
    assert sentry("profiles", "sync", "--yes").status == 0
    assert sentry("invoke", "--cost-center", "sales", "Hi").status == 0


def states(sentry: Sentry) -> set[str]:
    return {row["state"] for row in sentry("tags", "status", "-o", "json").json()["tags"]}


def test_a_key_goes_from_no_profile_to_active(in_sandbox: Sentry) -> None:
    assert states(in_sandbox) == {"on no profile"}
    ready(in_sandbox)
    assert states(in_sandbox) == {"not yet seen by billing"}
    in_sandbox("sandbox", "advance", "25h")
    assert states(in_sandbox) == {"inactive"}
    assert in_sandbox("tags", "activate").status == 0
    assert states(in_sandbox) == {"activating"}
    in_sandbox("sandbox", "advance", "25h")
    assert states(in_sandbox) == {"active"}


def test_a_key_billing_does_not_know_yet_is_pending_and_no_error(in_sandbox: Sentry) -> None:
    ready(in_sandbox)
    ran = in_sandbox("tags", "activate", "-o", "json")
    assert ran.status == 0
    assert {row["result"] for row in ran.json()["tags"]} == {"pending"}
    assert "run this again" in ran.err


def test_an_active_key_is_not_activated_again(in_sandbox: Sentry) -> None:
    ready(in_sandbox)
    in_sandbox("sandbox", "advance", "25h")
    first = in_sandbox("tags", "activate", "costCenter", "-o", "json").json()["tags"]
    again = in_sandbox("tags", "activate", "costCenter", "-o", "json").json()["tags"]
    assert [row["result"] for row in first + again] == ["activated", "already active"]


def test_the_screen_says_what_each_state_waits_for(in_sandbox: Sentry) -> None:
    ready(in_sandbox)
    in_sandbox("sandbox", "advance", "25h")
    in_sandbox("tags", "activate", "costCenter")
    screen = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d", "2026-11-24 13:00", in_sandbox("tags", "status").out)
    assert screen == (
        "Tag key        On profiles  Profiles  Cost allocation  Since\n"
        "applicationId            3         3  inactive         -\n"
        "costCenter               3         3  activating       2026-11-24 13:00\n"
        "environment              3         3  inactive         -\n"
        "\n"
        "inactive: sentry tags activate\n"
        "activating: costs carry it from about a day after the activation; earlier costs stay untagged\n"
    )


@pytest.mark.parametrize("command", ["status", "activate"])
def test_keys_can_be_named_on_the_command_line(command: str, in_sandbox: Sentry) -> None:
    document = in_sandbox("tags", command, "team", "-o", "json").json()
    assert [row["key"] for row in document["tags"]] == ["team"]


def test_a_member_account_is_told_what_it_lacks(in_sandbox: Sentry) -> None:
    in_sandbox("sandbox", "fault", "ce.ListCostAllocationTags", "error:AccessDeniedException:400")
    ran = in_sandbox("tags", "activate")
    assert ran.status == 4
    assert "ce:ListCostAllocationTags" in ran.err
