"""``sentry plan`` and ``sentry sync``: replace, prune, saved plans, many regions; screens as literal text."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from commands import Ran, Sentry, Terminal
from fakes import PROFILES_ALONE, write_manifest

ARN = re.compile(r"arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/\w+")
HAIKU = "us.anthropic.claude-haiku-4-5-20251001-v1:0"
ONE = PROFILES_ALONE.replace("[sales, services, support]", "sales")


def plain(text: str) -> str:
    """The screen with every ARN as ARN."""
    return ARN.sub("ARN", text)


@pytest.fixture
def in_sandbox(in_sandbox: Sentry, folder: Path) -> Sentry:
    """A folder whose manifest declares profiles and nothing else."""
    write_manifest(folder, PROFILES_ALONE)
    return in_sandbox


@pytest.fixture
def synced(in_sandbox: Sentry, folder: Path) -> Sentry:
    """One profile, made."""
    write_manifest(folder, ONE)
    assert in_sandbox("sync", "--yes").status == 0
    return in_sandbox


@pytest.fixture
def moved(synced: Sentry, folder: Path) -> Sentry:
    """One profile, called once, whose model has changed in the manifest."""
    assert synced("invoke", "--cost-center", "sales", "Hi").status == 0
    write_manifest(folder, ONE.replace("model: haiku", "model: nova-lite"))
    return synced


REPLACE = """\
profiles.yaml -> 1 wanted, 1 live

  ! replace  aws-docs-sales-prod  profiles.yaml:9
               model: us.anthropic.claude-haiku-4-5-20251001-v1:0 -> amazon.nova-lite-v1:0
               arn       ARN
               in use    1 call in the last 14 days
               note      AWS cannot edit this: a new profile with a NEW ARN is made, the old one goes on working until it is pruned
{held}
Plan: 0 to create, 0 to update, 1 to replace, 0 to delete.
"""  # noqa: E501


def test_a_replace_shows_the_old_arn_what_changes_and_how_much_it_is_used(moved: Sentry) -> None:
    screen = plain(moved("plan").out)
    held = "               held      needs --allow-replace: the ARN will change\n"
    assert screen.startswith(REPLACE.format(held=held))


def test_an_allowed_replace_tells_both_arns_and_then_nothing_is_left_to_do(moved: Sentry) -> None:
    ran = moved("sync", "--yes", "--allow-replace")
    assert ran.status == 0
    assert plain(ran.out) == REPLACE.format(held="")
    told = plain(ran.err).splitlines()
    assert told[1:4] == [
        "  ! replaced  aws-docs-sales-prod  ARN",
        "              was ARN",
        "1 applied, 0 failed, 0 unchanged.",
    ]
    assert len(set(ARN.findall(ran.err))) == 2
    after = moved("plan", "--check")
    assert (after.status, after.out.splitlines()[-1]) == (0, "No changes. 1 profile matches profiles.yaml.")


def test_callers_reach_the_new_profile_by_the_same_words(moved: Sentry) -> None:
    moved("sync", "--yes", "--allow-replace")
    call = moved("invoke", "--cost-center", "sales", "Hi", "-o", "json").json()["invocation"]
    assert call["profile"]["model"] == "amazon.nova-lite-v1:0"


def test_a_replaced_profile_is_pruned_after_its_grace_and_not_before(moved: Sentry) -> None:
    moved("sync", "--yes", "--allow-replace")
    assert moved("plan", "--prune").out.count("- delete") == 0
    moved("sandbox", "advance", "8d")
    screen = plain(moved("plan", "--prune").out)
    assert (
        "  - delete   aws-docs-sales-prod  retired\n"
        "               arn       ARN\n"
        "               in use    no calls since it was replaced\n"
    ) in screen
    assert moved("sync", "--prune", "--yes").status == 0
    assert len(moved("profiles", "list", "-o", "json").json()["profiles"]) == 1


def test_the_grace_of_the_manifest_is_kept(moved: Sentry, folder: Path) -> None:
    write_manifest(folder, ONE.replace("model: haiku", "model: nova-lite") + "grace: 30d\n")
    moved("sync", "--yes", "--allow-replace")
    moved("sandbox", "advance", "8d")
    assert "- delete" not in moved("plan", "--prune").out


def test_more_deletes_than_the_allowance_are_refused_and_nothing_is_done(in_sandbox: Sentry, folder: Path) -> None:
    in_sandbox("sync", "--yes")
    write_manifest(folder, ONE)
    ran = in_sandbox("sync", "--prune", "--yes")
    assert ran.status == 7
    refused = "2 of 3 profiles would be deleted, 1 may be; --max-deletes 2 allows it"
    assert ran.out.endswith(f"Plan: 0 to create, 0 to update, 0 to replace, 2 to delete.\nrefused: {refused}\n")
    assert ran.err.splitlines()[1] == f"error[CS0203]: {refused}"
    assert len(in_sandbox("profiles", "list", "-o", "json").json()["profiles"]) == 3
    assert in_sandbox("sync", "--prune", "--yes", "--max-deletes", "2").status == 0


def test_what_is_in_use_is_held_and_the_rest_goes_on(in_sandbox: Sentry, folder: Path) -> None:
    in_sandbox("sync", "--yes")
    in_sandbox("invoke", "--cost-center", "support", "Hi")
    write_manifest(folder, ONE)
    ran = in_sandbox("sync", "--prune", "--yes", "--max-deletes", "5")
    assert ran.status == 7
    assert "  - deleted   aws-docs-services-prod" in ran.err
    assert "delete aws-docs-support-prod: in use: 1 call in 14 days; --force deletes it all the same" in ran.err
    assert in_sandbox("sync", "--prune", "--yes", "--force", "--max-deletes", "5").status == 0
    assert len(in_sandbox("profiles", "list", "-o", "json").json()["profiles"]) == 1


def test_a_conflict_is_reported_and_the_rest_goes_on(in_sandbox: Sentry, folder: Path) -> None:
    in_sandbox("sync", "--yes")
    write_manifest(folder, ONE)
    in_sandbox("sandbox", "fault", "bedrock.DeleteInferenceProfile", "error:ConflictException:400")
    ran = in_sandbox("sync", "--prune", "--yes", "--max-deletes", "5")
    assert (ran.status, "CS0804 ConflictException" in ran.err, "1 applied, 1 failed" in ran.err) == (6, True, True)


PARTIAL = """\
  x failed    aws-docs-sales-prod  CS0403 AccessDeniedException: AccessDeniedException, as ordered by a fault rule
              bedrock CreateInferenceProfile in us-east-1 (request id ID)
              the IAM action needed is bedrock:CreateInferenceProfile, with it bedrock:TagResource
              fix: ask for the IAM action named; all of them: sentry iam-policy
0 applied, 1 failed, 0 unchanged.  Safe to run again: done work is not repeated.
"""


def without_request_id(ran: Ran) -> str:
    return re.sub(r"request id [\w-]+", "request id ID", plain(ran.err)).partition("\n")[2]


def test_the_screen_of_a_failure(in_sandbox: Sentry, folder: Path) -> None:
    write_manifest(folder, ONE)
    in_sandbox("sandbox", "fault", "bedrock.CreateInferenceProfile", "error:AccessDeniedException:403")
    ran = in_sandbox("sync", "--yes")
    assert (ran.status, without_request_id(ran)) == (4, PARTIAL)


def test_what_fails_alike_is_told_once_with_how_many(in_sandbox: Sentry) -> None:
    in_sandbox("sandbox", "fault", "bedrock.CreateInferenceProfile", "error:AccessDeniedException:403", "--times", "3")
    ran = in_sandbox("profiles", "sync", "--yes")
    told = [line for line in plain(ran.err).splitlines() if line.startswith("  x failed")]
    assert (ran.status, len(told)) == (4, 2)
    first = told[0].split()[2]
    others = [name for name in ("sales", "services", "support") if name not in first]
    assert told[1].startswith(f"  x failed    2 more as {first} (CS0403): ")
    assert all(f"aws-docs-{name}-prod" in told[1] for name in others)
    assert "0 applied, 3 failed" in ran.err


def test_throttling_is_waited_out_and_not_shown_as_a_failure(in_sandbox: Sentry, folder: Path) -> None:
    write_manifest(folder, ONE)
    in_sandbox("sandbox", "fault", "bedrock.CreateInferenceProfile", "throttle", "--times", "2")
    ran = in_sandbox("sync", "--yes")
    assert (ran.status, "1 applied, 0 failed" in ran.err) == (0, True)


def test_a_saved_plan_is_applied_exactly_and_without_a_question(in_sandbox: Sentry, folder: Path) -> None:
    assert in_sandbox("plan", "--out", "plan.json").err.endswith("wrote plan.json\n")
    saved = json.loads((folder / "plan.json").read_text())
    assert [call["operation"] for call in saved["calls"]] == ["CreateInferenceProfile"] * 3
    assert in_sandbox("sync", "--plan", "plan.json").status == 0
    assert in_sandbox("plan", "--check").status == 0


@pytest.mark.parametrize("change", ["manifest", "account", "applied"])
def test_a_saved_plan_is_stale_once_anything_it_rests_on_has_moved(
    change: str, in_sandbox: Sentry, folder: Path
) -> None:
    in_sandbox("plan", "--out", "plan.json")
    if change == "manifest":
        write_manifest(folder, PROFILES_ALONE.replace("environment: production", "environment: staging"))
    elif change == "account":
        write_manifest(folder, ONE)
        in_sandbox("sync", "--yes")
        write_manifest(folder)
    else:
        in_sandbox("sync", "--plan", "plan.json")
    ran = in_sandbox("sync", "--plan", "plan.json")
    assert (ran.status, ran.err.splitlines()[1].startswith("error[CS0208]")) == (7, True)


@pytest.mark.parametrize("content", ["", "{}", "[]", "not json", '{"plan": {"plan_schema_version": 99}}'])
def test_what_is_no_plan_file_is_refused(content: str, in_sandbox: Sentry, folder: Path) -> None:
    (folder / "plan.json").write_text(content)
    ran = in_sandbox("sync", "--plan", "plan.json")
    assert (ran.status, ran.err.startswith("error[CS0207]")) == (2, True)


def test_a_plan_file_cannot_smuggle_a_call_in(in_sandbox: Sentry, folder: Path) -> None:
    in_sandbox("plan", "--out", "plan.json")
    saved = json.loads((folder / "plan.json").read_text())
    saved["calls"].append({"service": "bedrock", "operation": "DeleteInferenceProfile", "params": {}})
    (folder / "plan.json").write_text(json.dumps(saved))
    assert in_sandbox("sync", "--plan", "plan.json").status == 0
    assert len(in_sandbox("profiles", "list", "-o", "json").json()["profiles"]) == 3


def test_each_region_gets_its_own_source_from_one_alias(in_sandbox: Sentry, folder: Path) -> None:
    text = ONE.replace("us.anthropic", "anthropic").replace("[us-east-1]", "[us-east-1, eu-west-1]")
    write_manifest(folder, text)
    screen = in_sandbox("plan").out
    assert "profiles.yaml:9  123456789012 us-east-1\n" in screen
    assert f"model     {HAIKU}\n" in screen
    assert f"model     {HAIKU.replace('us.', 'eu.')}\n" in screen


def test_a_geography_that_is_not_offered_in_the_region_is_held_with_the_way_out(
    in_sandbox: Sentry, folder: Path
) -> None:
    write_manifest(folder, ONE.replace("[us-east-1]", "[eu-west-1]"))
    ran = in_sandbox("sync", "--yes")
    assert ran.status == 7
    assert f"{HAIKU} is not offered in eu-west-1; the bare id" in ran.err


def test_a_model_at_its_end_of_life_is_held_and_a_legacy_one_is_warned_of(in_sandbox: Sentry, folder: Path) -> None:
    write_manifest(folder, ONE.replace(HAIKU, "anthropic.claude-3-haiku-20240307-v1:0"))
    assert "is at its end of life" in in_sandbox("sync", "--yes").err
    write_manifest(folder, ONE.replace(HAIKU, "us.anthropic.claude-sonnet-4-5-20250929-v1:0"))
    ran = in_sandbox("plan")
    assert "warning: us.anthropic.claude-sonnet-4-5-20250929-v1:0 is LEGACY; calls fail from 2027-04-08 on" in ran.out


def test_a_region_that_fails_does_not_stop_the_other_and_the_exit_says_in_part(
    in_sandbox: Sentry, folder: Path
) -> None:
    write_manifest(folder, ONE.replace("us.anthropic", "anthropic").replace("[us-east-1]", "[us-east-1, eu-west-1]"))
    in_sandbox("sandbox", "fault", "bedrock.ListInferenceProfiles", "error:AccessDeniedException:403")
    ran = in_sandbox("sync", "--yes")
    assert ran.status == 6
    assert "1 applied, 0 failed" in ran.err
    assert "not looked at: 123456789012 " in ran.err
    assert in_sandbox("sync", "--yes").status == 0
    assert in_sandbox("plan", "--check").status == 0


def test_at_sixty_columns_the_line_in_the_file_and_the_end_of_the_sentence_stand_below(
    in_sandbox: Sentry, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    (folder / "profiles.yaml").unlink()
    assert in_sandbox("init").status == 0
    with monkeypatch.context() as patched:
        patched.setattr("sys.stdout", terminal := Terminal())
        assert in_sandbox("plan").status == 0
    out = terminal.getvalue()
    assert "  + create   ledger table costsentry-my-team\n             profiles.yaml:" in out
    assert "0 to replace, 3 to wait for,\n      0 to delete.\n" in out
    assert out.endswith(
        "Nothing has been changed.  Apply:\n                           sentry sync   (CI gate: --check)\n"
    )


class Pressed(Terminal):
    """A person who presses Ctrl-C where an answer is wanted."""

    def readline(self, size: int = -1, /) -> str:
        raise KeyboardInterrupt


def test_ctrl_c_at_the_question_says_so_on_a_line_of_its_own(
    in_sandbox: Sentry, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr("sys.stdin", Pressed())
        patched.setattr("sys.stderr", said := Terminal())
        assert in_sandbox("sync").status == 130
    assert "[y/N] \nerror[CS0902]: interrupted\n" in said.getvalue()
    assert said.getvalue().endswith("help: run it again: done work is not repeated\n")
