"""``sentry tags``: the life of a key, state by state, on the sandbox's clock."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from tag_screens import Story, literal, now

from commands import Sentry
from costsentry_cli.sandbox import Sandbox
from fakes import BASIC, write_manifest

LATER = BASIC + "budgets:\n  - {name: 'b-{costCenter}', for_each: costCenter, amount: 5, per: month}\n"
MONITORED = "anomaly_monitors:\n  - {name: centres, tag: costCenter}\n"


@pytest.fixture(autouse=True)
def eighty_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")


def ready(sentry: Sentry) -> None:
    """Profiles, one of them used, and a day for billing to notice."""
    assert sentry("profiles", "sync", "--yes").status == 0
    assert sentry("invoke", "--cost-center", "sales", "Hi").status == 0
    sentry("sandbox", "advance", "25h")


def results(sentry: Sentry, *words: str) -> dict[str, str]:
    return {row["key"]: row["result"] for row in sentry("tags", *words, "-o", "json").json()["tags"]}


def configure(folder: Path, name: str, value: str) -> None:
    Sandbox(folder / "sandbox.db").configure(name, value)


def test_the_life_of_a_key_screen_by_screen(in_sandbox: Sentry) -> None:
    story = Story.begin(in_sandbox)
    assert story.screen("tags", "status") == literal("tags_unused")
    in_sandbox("profiles", "sync", "--yes")
    assert story.screen("tags", "status") == literal("tags_unseen")
    story.use()
    story.later("25h")
    assert story.screen("tags", "status") == literal("tags_inactive")
    assert in_sandbox("tags", "activate", "costCenter").status == 0
    assert story.screen("tags", "status") == literal("tags_activating")
    story.later("25h")
    story.use()
    assert story.screen("tags", "status") == literal("tags_active")
    story.later("30d")
    assert story.screen("tags", "status") == literal("tags_costs")
    assert story.screen("tags", "status", "--no-cost") == literal("tags_no_cost")


def test_keys_that_clash_and_profiles_that_lack_one_are_named(in_sandbox: Sentry, folder: Path) -> None:
    story = Story.begin(in_sandbox)
    write_manifest(
        folder, BASIC.replace("cost_allocation_tags", "  - {name: batch, model: nova-lite}\ncost_allocation_tags")
    )
    in_sandbox("profiles", "sync", "--yes")
    for key, status in {"costCenter": "Active", "CostCenter": "Active", "ENVIRONMENT": "Inactive"}.items():
        configure(folder, f"known_tag_key:{key}", status)
    configure(folder, "iam_principal_key:costCenter", "1")
    assert story.screen("tags", "status") == literal("tags_clash")


def test_json_has_every_fact(in_sandbox: Sentry, folder: Path) -> None:
    ready(in_sandbox)
    in_sandbox("tags", "activate", "costCenter")
    configure(folder, "known_tag_key:COSTCENTER", "Active")
    document = in_sandbox("tags", "status", "costCenter", "team", "-o", "json").json()
    row, other = document.pop("tags")
    assert list(row) == [
        "key", "on_profiles", "profiles", "state", "since", "ready", "first_cost", "last_month_share",
    ]  # fmt: skip
    assert (row["on_profiles"], row["profiles"], row["state"]) == (3, 3, "activating")
    assert row["since"] < row["ready"]
    assert (other["on_profiles"], other["state"], other["since"]) == (0, "on no profile", None)
    assert (document["active_keys"], document["active_keys_quota"]) == (2, 500)
    assert (document["paid_requests"], document["paid_requests_usd"]) == (1, "0.01")
    assert document["look_alikes"] == [{"key": "costCenter", "other": "COSTCENTER"}]
    assert [one["key"] for one in document["missing"]] == ["team"] * 3
    assert set(document["missing"][0]) == {"key", "profile", "account", "region"}
    assert document["next"] == ["sentry profiles sync", "sentry tags status costCenter"]
    assert {"last_month", "costs_since", "costs_error", "iam_principal_keys", "not_looked_at"} < set(document)


def test_a_key_billing_does_not_know_yet_is_pending_and_no_error(in_sandbox: Sentry) -> None:
    in_sandbox("profiles", "sync", "--yes")
    ran = in_sandbox("tags", "activate", "-o", "json")
    assert ran.status == 0
    assert {row["result"] for row in ran.json()["tags"]} == {"pending"}
    assert "sentry tags activate --wait applicationId costCenter environment" in ran.err


def test_a_pending_key_that_is_one_of_billing_s_misspelled_is_told_so(in_sandbox: Sentry, folder: Path) -> None:
    configure(folder, "known_tag_key:costCenter", "Active")
    ran = in_sandbox("tags", "activate", "costcenter", "costCentre", "applicationId")
    assert ran.status == 0
    hints = [line for line in ran.err.splitlines() if "misspelled" in line]
    why = "is it misspelled? keys that differ in case are different keys"
    assert hints == [f"billing knows costCenter, but not {key}: {why}" for key in ("costcenter", "costCentre")]


def test_an_active_key_is_not_activated_again(in_sandbox: Sentry) -> None:
    ready(in_sandbox)
    assert results(in_sandbox, "activate", "costCenter") == {"costCenter": "activated"}
    assert results(in_sandbox, "activate", "costCenter") == {"costCenter": "already active"}


@pytest.mark.parametrize("command", ["status", "activate"])
def test_keys_can_be_named_and_then_no_manifest_is_needed(command: str, in_sandbox: Sentry, folder: Path) -> None:
    (folder / "profiles.yaml").unlink()
    document = in_sandbox("tags", command, "team", "-o", "json").json()
    assert [row["key"] for row in document["tags"]] == ["team"]


@pytest.mark.parametrize("command", ["status", "activate"])
def test_no_key_in_the_manifest_and_none_named_is_a_usage_error(command: str, in_sandbox: Sentry, folder: Path) -> None:
    write_manifest(folder, "".join(line for line in BASIC.splitlines(keepends=True) if "cost_allocation" not in line))
    ran = in_sandbox("tags", command)
    assert (ran.status, "CS0101" in ran.err) == (2, True)


def test_one_batch_that_fails_is_a_part_and_all_of_them_are_aws_s_refusal(in_sandbox: Sentry, folder: Path) -> None:
    keys = [f"k{number:02}" for number in range(21)]
    for key in keys:
        configure(folder, f"known_tag_key:{key}", "Inactive")
    refusal = ("ce.UpdateCostAllocationTagsStatus", "error:ValidationException:400")
    in_sandbox("sandbox", "fault", *refusal, "--times", "1")
    ran = in_sandbox("tags", "activate", *keys, "-o", "json")
    failed = [row for row in ran.json()["tags"] if row["result"] == "failed"]
    assert (ran.status, 0 < len(failed) < 21) == (6, True)
    in_sandbox("sandbox", "fault", *refusal, "--times", "1")
    assert in_sandbox("tags", "activate", failed[0]["key"]).status == 8


def test_a_missing_permission_is_named(in_sandbox: Sentry) -> None:
    in_sandbox("sandbox", "fault", "ce.ListCostAllocationTags", "error:AccessDeniedException:400")
    ran = in_sandbox("tags", "activate")
    assert ran.status == 4
    assert "ce:ListCostAllocationTags" in ran.err


def test_costs_that_cannot_be_asked_for_leave_the_rest_of_the_screen(in_sandbox: Sentry) -> None:
    ready(in_sandbox)
    in_sandbox("tags", "activate")
    in_sandbox("sandbox", "fault", "ce.GetCostAndUsage", "error:DataUnavailableException:400")
    ran = in_sandbox("tags", "status")
    assert (ran.status, "activating" in ran.out) == (6, True)
    assert "costs are not known: CS0811 DataUnavailableException" in ran.err


def test_the_screen_repeats_the_target_in_what_is_to_be_pasted(
    in_sandbox: Sentry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("COSTSENTRY_SANDBOX")
    assert "  sentry profiles sync --sandbox\n" in in_sandbox("tags", "status", "--sandbox").out


def test_a_key_with_a_space_or_a_dash_is_pasteable(in_sandbox: Sentry, folder: Path) -> None:
    for key in ("cost center", "-x"):
        configure(folder, f"known_tag_key:{key}", "Inactive")
    screen = in_sandbox("tags", "status", "--", "cost center", "-x").out
    assert "  sentry tags activate -- 'cost center' -x\n" in screen
    done = in_sandbox("tags", "activate", "-o", "json", "--", "cost center", "-x").json()["tags"]
    assert {row["key"]: row["result"] for row in done} == {"cost center": "activated", "-x": "activated"}


def test_a_deactivation_says_what_it_means_and_who_counts_by_the_key(in_sandbox: Sentry, folder: Path) -> None:
    write_manifest(folder, LATER + MONITORED)
    ready(in_sandbox)
    in_sandbox("tags", "activate")
    ran = in_sandbox("tags", "deactivate", "costCenter", "--yes", "--force")
    assert ran.status == 0
    assert ran.out == "Tag key     Result       Reason\ncostCenter  deactivated\n"
    assert ran.err == (
        "target: sandbox (no AWS account touched)\n"
        "deactivating costCenter: costs from now on do not carry it\n"
        "what was billed before keeps its values, until somebody requests a backfill\n"
        "budgets by costCenter, which will miss new costs: b-sales, b-services, b-support\n"
        "anomaly monitors over costCenter, which will see no new costs: centres\n"
    )
    again = results(in_sandbox, "deactivate", "costCenter", "--yes", "--force")
    assert again == {"costCenter": "already inactive"}
    assert in_sandbox("tags", "plan").out.count("inactive -> active") == 1


def test_what_the_manifest_wants_active_is_not_deactivated_unforced(in_sandbox: Sentry) -> None:
    ready(in_sandbox)
    in_sandbox("tags", "activate")
    ran = in_sandbox("tags", "deactivate", "costCenter", "--yes")
    assert (ran.status, "the next sync would activate it again" in ran.err) == (7, True)
    assert results(in_sandbox, "activate", "costCenter") == {"costCenter": "already active"}


def test_a_deactivation_needs_an_answer(in_sandbox: Sentry, folder: Path) -> None:
    configure(folder, "known_tag_key:team", "Active")
    ran = in_sandbox("tags", "deactivate", "team")
    assert (ran.status, "give --yes" in ran.err) == (2, True)
    assert results(in_sandbox, "activate", "team") == {"team": "already active"}


def test_a_misspelled_key_is_not_deactivated(in_sandbox: Sentry, folder: Path) -> None:
    configure(folder, "known_tag_key:CostCentre", "Active")
    ran = in_sandbox("tags", "deactivate", "costcenter", "--yes")
    assert (ran.status, "did you mean CostCentre?" in ran.err) == (2, True)


def test_plan_and_sync_are_the_generic_ones_over_the_keys_alone(in_sandbox: Sentry) -> None:
    ready(in_sandbox)
    assert "+ create" not in in_sandbox("tags", "plan").out
    assert in_sandbox("tags", "plan", "--check").status == 3
    assert in_sandbox("tags", "sync", "--yes").status == 0
    assert in_sandbox("tags", "plan", "--check").status == 0


@pytest.mark.parametrize("columns", ["60", "80", "120"])
def test_no_sentence_is_wider_than_the_terminal(
    columns: str, in_sandbox: Sentry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    ready(in_sandbox)
    below = in_sandbox("tags", "status").out.partition("\n\n")[2].splitlines()
    assert all(len(line) <= int(columns) or line.startswith("  sentry ") for line in below)
    assert any(re.match("  sentry tags activate", line) for line in below)


def test_profiles_of_every_account_and_region_are_counted(in_sandbox: Sentry, folder: Path) -> None:
    member = "111122223333"
    role = f"arn:aws:iam::{member}:role/costsentry"
    accounts = f'accounts:\n  - id: "123456789012"\n  - {{id: "{member}", assume_role: "{role}"}}\n'
    write_manifest(folder, BASIC.replace("[us-east-1]", "[us-east-1, us-west-2]") + accounts)
    assert in_sandbox("profiles", "sync", "--yes").status == 0
    ran = in_sandbox("tags", "status", "team", "-o", "json")
    assert (ran.status, ran.json()["tags"][0]["profiles"]) == (0, 12)
    places = {(one["account"], one["region"]) for one in ran.json()["missing"]}
    assert len(places) == 4
    configure(folder, f"role_denied:{role}", "1")
    ran = in_sandbox("tags", "status", "team", "-o", "json")
    assert (ran.status, ran.json()["tags"][0]["profiles"]) == (6, 6)
    assert [one["account"] for one in ran.json()["not_looked_at"]] == [member]
    assert f"not looked at: {member}: CS0403" in ran.err


def test_csv_and_a_query_know_the_stable_names(in_sandbox: Sentry) -> None:
    header = in_sandbox("tags", "status", "-o", "csv").out.splitlines()[0]
    assert header == "key,on_profiles,profiles,state,since,ready,first_cost,last_month_share"
    found = json.loads(in_sandbox("tags", "status", "--query", "tags[].key").out)
    assert found == ["applicationId", "costCenter", "environment"]


def test_the_story_s_clock_is_the_sandbox_s(in_sandbox: Sentry) -> None:
    story = Story.begin(in_sandbox)
    assert (now(in_sandbox).day, now(in_sandbox).hour, story.first.day) == (15, 12, 15)
