"""``sentry profiles``: literal screens and exit statuses."""

from __future__ import annotations

from pathlib import Path

from commands import Sentry
from fakes import BASIC, write_manifest

TARGET = "target: sandbox (no AWS account touched)\n"
PLAN = """\
profiles.yaml -> 3 wanted, 0 live

  + create   aws-docs-sales-prod     profiles.yaml:9
               model     us.anthropic.claude-haiku-4-5-20251001-v1:0
               tags      applicationId=aws-documentation-helper costCenter=sales environment=production
  + create   aws-docs-services-prod  profiles.yaml:9
               model     us.anthropic.claude-haiku-4-5-20251001-v1:0
               tags      applicationId=aws-documentation-helper costCenter=services environment=production
  + create   aws-docs-support-prod   profiles.yaml:9
               model     us.anthropic.claude-haiku-4-5-20251001-v1:0
               tags      applicationId=aws-documentation-helper costCenter=support environment=production

Plan: 3 to create, 0 to update, 0 to replace, 0 to delete.
"""
METRICS = "metrics: 3 profiles x 6 series, about $5.40 a month once all are used\n"
NOTHING_CHANGED = "Nothing has been changed.  Apply: sentry profiles sync   (CI gate: --check)\n"


def synced(sentry: Sentry) -> None:
    assert sentry("profiles", "sync", "--yes").status == 0


def test_a_plan_shows_each_profile_with_its_line_and_changes_nothing(in_sandbox: Sentry) -> None:
    ran = in_sandbox("profiles", "plan")
    assert (ran.status, ran.err) == (0, TARGET)
    assert ran.out == PLAN + METRICS + NOTHING_CHANGED
    assert in_sandbox("profiles", "list").out == "No application inference profiles here.\n"


def test_check_exits_3_before_and_0_after_a_sync(in_sandbox: Sentry) -> None:
    assert in_sandbox("profiles", "plan", "--check").status == 3
    synced(in_sandbox)
    after = in_sandbox("profiles", "plan", "--check")
    assert (after.status, after.out) == (0, "No changes. 3 profiles match profiles.yaml.\n")


def test_sync_tells_each_profile_and_its_arn_and_what_comes_next(in_sandbox: Sentry) -> None:
    ran = in_sandbox("profiles", "sync", "-y")
    assert ran.status == 0
    assert ran.out == PLAN
    lines = ran.err.splitlines()
    assert sorted(line.split()[:3] for line in lines[1:4]) == [
        ["+", "created", "aws-docs-sales-prod"],
        ["+", "created", "aws-docs-services-prod"],
        ["+", "created", "aws-docs-support-prod"],
    ]
    assert all(":application-inference-profile/" in line for line in lines[1:4])
    assert lines[4] == "3 applied, 0 failed, 0 unchanged."
    assert lines[5].startswith("next: sentry tags status")


def test_sync_asks_nobody_without_a_terminal_and_names_the_flag(in_sandbox: Sentry) -> None:
    ran = in_sandbox("profiles", "sync")
    assert ran.status == 2
    assert ran.err.endswith("error[CS0102]: Apply these 3 changes? Nobody can be asked here.\n  help: give --yes\n")
    assert in_sandbox("profiles", "list", "-o", "csv").out.count("\n") == 1


def test_a_dry_run_stops_after_the_plan(in_sandbox: Sentry) -> None:
    assert in_sandbox("profiles", "sync", "--dry-run").out == PLAN
    assert in_sandbox("profiles", "plan", "--check").status == 3


def test_a_second_sync_says_there_is_nothing_to_do(in_sandbox: Sentry) -> None:
    synced(in_sandbox)
    ran = in_sandbox("profiles", "sync")
    assert (ran.status, ran.out, ran.err) == (0, "No changes. 3 profiles match profiles.yaml.\n", TARGET)


def test_a_changed_tag_is_shown_old_to_new(in_sandbox: Sentry, folder: Path) -> None:
    synced(in_sandbox)
    write_manifest(folder, BASIC.replace("environment: production", "environment: staging"))
    ran = in_sandbox("profiles", "plan")
    assert "  ~ update   aws-docs-sales-prod     profiles.yaml:9\n" in ran.out
    assert "               tags.environment: production -> staging\n" in ran.out
    assert "Plan: 0 to create, 3 to update, 0 to replace, 0 to delete.\n" in ran.out


def test_a_changed_model_is_shown_as_a_replace_that_sync_holds_until_it_is_allowed(
    in_sandbox: Sentry, folder: Path
) -> None:
    synced(in_sandbox)
    write_manifest(folder, BASIC.replace("model: haiku", "model: nova-lite"))
    plan = in_sandbox("profiles", "plan")
    assert "  ! replace  aws-docs-sales-prod" in plan.out
    change = "model: us.anthropic.claude-haiku-4-5-20251001-v1:0 -> amazon.nova-lite-v1:0\n"
    assert change in plan.out
    ran = in_sandbox("profiles", "sync", "--yes")
    assert ran.status == 7
    assert "error[CS0203]: 3 changes held back\n" in ran.err
    assert in_sandbox("profiles", "plan").out == plan.out


def test_a_profile_that_left_the_manifest_is_left_alone(in_sandbox: Sentry, folder: Path) -> None:
    synced(in_sandbox)
    write_manifest(folder, BASIC.replace("[sales, services, support]", "[sales, services]"))
    ran = in_sandbox("profiles", "plan", "--check")
    assert ran.status == 0
    assert "  ? unlisted aws-docs-support-prod  not in the manifest any more (--prune deletes it)\n" in ran.out


def test_another_namespace_is_foreign_and_never_touched(in_sandbox: Sentry, folder: Path) -> None:
    synced(in_sandbox)
    write_manifest(folder, BASIC.replace("docs-helper", "other-team", 1).replace("aws-docs", "other"))
    before = in_sandbox("profiles", "list", "--namespace", "docs-helper", "-o", "json").json()["profiles"]
    ran = in_sandbox("profiles", "sync", "--yes")
    assert ran.status == 0
    assert "3 live (3 not managed here)" in ran.out
    assert in_sandbox("profiles", "list", "--namespace", "docs-helper", "-o", "json").json()["profiles"] == before


def test_the_plan_in_json_has_every_change_and_the_counts(in_sandbox: Sentry) -> None:
    document = in_sandbox("profiles", "plan", "-o", "json").json()
    assert document["target"] == {"kind": "sandbox", "account": "123456789012", "region": "us-east-1"}
    assert document["summary"]["create"] == 3
    first = document["changes"][0]
    assert (first["action"], first["name"], first["manifest"]) == ("create", "aws-docs-sales-prod", "profiles.yaml:9")
    assert {"field": "tags.costCenter", "old": None, "new": "sales"} in first["changes"]


def test_the_result_of_a_sync_in_json_is_one_document(in_sandbox: Sentry) -> None:
    document = in_sandbox("profiles", "sync", "--yes", "-o", "json").json()
    assert document["summary"] == {"applied": 3, "failed": 0, "not_tried": 0, "pending": 0, "held": 0, "unchanged": 0}
    assert [row["result"] for row in document["results"]] == ["created"] * 3
    assert all(row["arn"].startswith("arn:aws:bedrock:us-east-1:123456789012:") for row in document["results"])


def test_a_partial_sync_exits_6_says_what_failed_and_the_next_run_does_the_rest(in_sandbox: Sentry) -> None:
    in_sandbox("sandbox", "fault", "bedrock.CreateInferenceProfile", "error:AccessDeniedException:403", "--skip", "1")
    ran = in_sandbox("profiles", "sync", "--yes")
    assert ran.status == 6
    assert "x failed    " in ran.err
    assert "CS0403 AccessDeniedException" in ran.err
    assert "2 applied, 1 failed, 0 unchanged.  Safe to run again: done work is not repeated.\n" in ran.err
    again = in_sandbox("profiles", "sync", "--yes")
    assert (again.status, "Plan: 1 to create" in again.out) == (0, True)


def test_when_everything_fails_the_exit_status_is_the_errors_own(in_sandbox: Sentry) -> None:
    in_sandbox("sandbox", "fault", "bedrock.CreateInferenceProfile", "error:AccessDeniedException:403", "--times", "3")
    assert in_sandbox("profiles", "sync", "--yes").status == 4


def test_a_listing_that_is_denied_names_the_iam_action(in_sandbox: Sentry) -> None:
    in_sandbox("sandbox", "fault", "bedrock.ListInferenceProfiles", "error:AccessDeniedException:403")
    ran = in_sandbox("profiles", "list")
    assert ran.status == 4
    assert "the IAM action needed is bedrock:ListInferenceProfiles" in ran.err


def test_another_account_than_the_manifest_names_is_refused(in_sandbox: Sentry, folder: Path) -> None:
    write_manifest(folder, BASIC.replace("version: 1", 'version: 1\naccount: "999999999999"'))
    ran = in_sandbox("profiles", "sync", "--yes")
    assert ran.status == 7
    assert "999999999999" in ran.err
    write_manifest(folder)
    assert in_sandbox("profiles", "list", "-o", "json").json()["profiles"] == []


def test_an_invalid_manifest_is_refused_before_any_target_is_named(in_sandbox: Sentry, folder: Path) -> None:
    write_manifest(folder, BASIC.replace("model: haiku", "modl: haiku"))
    ran = in_sandbox("profiles", "sync", "--yes")
    assert ran.status == 2
    assert "target:" not in ran.err
    assert "error[CS0012]: unknown key 'modl'" in ran.err


def test_without_credentials_the_error_says_how_to_go_on(sentry: Sentry, folder: Path) -> None:
    write_manifest(folder)
    ran = sentry("profiles", "plan")
    assert ran.status == 4
    assert ran.err.startswith("error[CS0401]")
    assert "--sandbox" in ran.err
