"""``sentry profiles adopt``: existing profiles come under management by tags alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from commands import Sentry
from costsentry_cli.domain.calls import ApiCall
from fakes import BASIC, LITE, write_manifest
from foreign import made, seen, somebody

SALES = "aws-docs-sales-prod"
TAGS = {"applicationId": "aws-documentation-helper", "costCenter": "sales", "environment": "production"}
SCREEN = """\
  > adopt    aws-docs-sales-prod                  profiles.yaml:9
             arn       {arn}
             tags      costCenter=sales
                       environment: test -> production

Adopt: 1 profile. Only tags are written; no ARN changes.
"""


@pytest.fixture
def db(in_sandbox: Sentry, folder: Path) -> Path:
    return folder / "sandbox.db"


def actions(sentry: Sentry) -> dict[str, str]:
    rows = sentry("plan", "-o", "json").json()["changes"]
    return {row["name"]: row["action"] for row in rows}


def test_an_adopted_profile_is_the_same_afterwards_and_keeps_its_arn(in_sandbox: Sentry, db: Path) -> None:
    arn = made(somebody(db), SALES, tags=TAGS)
    ran = in_sandbox("profiles", "adopt", SALES, "--yes")
    assert (ran.status, ran.err.splitlines()[1:]) == (
        0,
        ["1 adopted, 0 failed.", "next: sentry profiles plan"],
    )
    assert actions(in_sandbox)[SALES] == "same"
    assert in_sandbox("profiles", "resolve", SALES, "--field", "arn").out.strip() == arn


def test_the_screen_shows_the_tags_that_are_written_and_no_others(in_sandbox: Sentry, db: Path) -> None:
    tags = {"applicationId": "aws-documentation-helper", "environment": "test", "owner": "jo"}
    arn = made(somebody(db), SALES, tags=tags)
    ran = in_sandbox("profiles", "adopt", SALES, "--dry-run")
    assert (ran.status, ran.out) == (0, SCREEN.format(arn=arn))
    assert seen(somebody(db))[arn].tags == tags


def test_a_tag_too_many_stays_and_the_next_plan_shows_it(in_sandbox: Sentry, db: Path) -> None:
    arn = made(somebody(db), SALES, tags=TAGS | {"owner": "jo"})
    assert in_sandbox("profiles", "adopt", arn, "--yes").status == 0
    assert seen(somebody(db))[arn].tags["owner"] == "jo"
    row = next(row for row in in_sandbox("plan", "-o", "json").json()["changes"] if row["name"] == SALES)
    assert (row["action"], row["changes"]) == ("update", [{"field": "tags.owner", "old": "jo", "new": None}])


def test_nothing_is_written_unasked(in_sandbox: Sentry, db: Path) -> None:
    arn = made(somebody(db), SALES)
    ran = in_sandbox("profiles", "adopt", SALES)
    assert ran.status == 2
    question = "Put this profile under management of docs-helper? Nobody can be asked here.\n  help: give --yes\n"
    assert ran.err.endswith(question)
    assert seen(somebody(db))[arn].tags == {}


def test_other_member_models_are_refused_and_named(in_sandbox: Sentry, db: Path) -> None:
    arn = made(somebody(db), SALES, LITE)
    ran = in_sandbox("profiles", "adopt", SALES, "--yes")
    assert ran.status == 7
    assert "error[CS0203]: aws-docs-sales-prod is not what the manifest says" in ran.err
    assert "only in the profile: arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0" in ran.err
    assert "only in us.anthropic.claude-haiku-4-5-20251001-v1:0: arn:aws:bedrock:us-west-2::" in ran.err
    assert seen(somebody(db))[arn].tags == {}


def test_the_foundation_model_is_not_its_cross_region_profile(in_sandbox: Sentry, db: Path, folder: Path) -> None:
    write_manifest(
        folder, BASIC.replace("nova-lite: amazon", "nova-lite: us.amazon").replace("l: haiku", "l: nova-lite")
    )
    made(somebody(db), SALES, LITE)
    assert in_sandbox("profiles", "adopt", SALES, "--yes").status == 7
    made(somebody(db), "aws-docs-services-prod", f"us.{LITE}")
    assert in_sandbox("profiles", "adopt", "aws-docs-services-prod", "--yes").status == 0


def test_another_description_would_mean_a_replace_and_is_refused(in_sandbox: Sentry, db: Path) -> None:
    made(somebody(db), SALES, description="by hand")
    ran = in_sandbox("profiles", "adopt", SALES, "--yes")
    assert ran.status == 7
    assert "description: the account has 'by hand', the manifest none" in ran.err


def test_what_another_namespace_manages_is_refused_with_its_owner(in_sandbox: Sentry, folder: Path) -> None:
    assert in_sandbox("sync", "--yes").status == 0
    write_manifest(folder, BASIC.replace("docs-helper", "other-team", 1))
    before = seen(somebody(folder / "sandbox.db"))
    ran = in_sandbox("profiles", "adopt", SALES, "--yes")
    assert ran.status == 7
    assert "belongs to the namespace 'docs-helper', key 'aws-docs-sales-prod'" in ran.err
    assert in_sandbox("profiles", "adopt", "--all", "--yes").status == 0
    assert seen(somebody(folder / "sandbox.db")) == before


def test_two_of_one_name_are_ambiguous_and_the_arn_decides(in_sandbox: Sentry, db: Path) -> None:
    first, second = made(somebody(db), SALES), made(somebody(db), SALES)
    ran = in_sandbox("profiles", "adopt", SALES, "--yes")
    assert ran.status == 2
    assert "error[CS0106]: 2 profiles are meant by 'aws-docs-sales-prod'" in ran.err
    assert in_sandbox("profiles", "adopt", second, "--yes").status == 0
    refused = in_sandbox("profiles", "adopt", first, "--yes")
    assert refused.status == 7
    assert "is carried by another profile already" in refused.err
    assert second in refused.err


def test_as_names_the_entry_by_its_key(in_sandbox: Sentry, db: Path, folder: Path) -> None:
    entry = "  - {name: by-hand, key: batch, model: nova-lite}\ncost_allocation_tags"
    write_manifest(folder, BASIC.replace("cost_allocation_tags", entry))
    made(somebody(db), "by-hand", LITE)
    assert in_sandbox("profiles", "adopt", "by-hand", "--as", "batch", "--yes").status == 0
    assert in_sandbox("profiles", "resolve", "batch", "--field", "name").out == "by-hand\n"


def test_as_another_name_says_that_it_would_be_replaced(in_sandbox: Sentry, db: Path) -> None:
    made(somebody(db), "by-hand")
    ran = in_sandbox("profiles", "adopt", "by-hand", "--as", SALES, "--yes")
    assert ran.status == 7
    assert "name: the account has 'by-hand', the manifest 'aws-docs-sales-prod'" in ran.err


def test_a_profile_without_an_entry_points_to_import(in_sandbox: Sentry, db: Path) -> None:
    made(somebody(db), "nobody knows")
    ran = in_sandbox("profiles", "adopt", "nobody knows", "--yes")
    assert ran.status == 2
    assert "has no profile with the name 'nobody knows' for us-east-1" in ran.err


def test_all_adopts_what_fits_tells_what_does_not_and_exits_6(in_sandbox: Sentry, db: Path) -> None:
    good = made(somebody(db), SALES, tags=TAGS)
    bad = made(somebody(db), "aws-docs-services-prod", LITE)
    other = made(somebody(db), "unrelated")
    ran = in_sandbox("profiles", "adopt", "--all", "--yes")
    assert ran.status == 6
    assert "  x refused  aws-docs-services-prod" in ran.out
    assert ran.err.endswith("1 adopted, 0 failed, 1 refused.\n")
    things = seen(somebody(db))
    assert [things[arn].namespace for arn in (good, bad, other)] == ["docs-helper", None, None]


def test_a_second_adoption_has_nothing_to_do(in_sandbox: Sentry, db: Path) -> None:
    made(somebody(db), SALES, tags=TAGS)
    assert in_sandbox("profiles", "adopt", SALES, "--yes").status == 0
    again = in_sandbox("profiles", "adopt", SALES)
    assert again.status == 0
    assert again.out.endswith("Nothing to adopt.\n")
    assert "0 adopted, 0 failed, 1 managed already.\n" in again.err


def test_a_failed_write_is_told_with_the_exit_status_of_its_cause(in_sandbox: Sentry, db: Path) -> None:
    made(somebody(db), SALES, tags=TAGS)
    in_sandbox("sandbox", "fault", "bedrock.TagResource", "error:AccessDeniedException:403")
    ran = in_sandbox("profiles", "adopt", SALES, "--yes")
    assert ran.status == 4
    assert "x failed   aws-docs-sales-prod  CS0403 AccessDeniedException" in ran.err
    assert in_sandbox("profiles", "adopt", SALES, "--yes").status == 0


def test_the_document_has_a_row_for_each(in_sandbox: Sentry, db: Path) -> None:
    arn = made(somebody(db), SALES, tags=TAGS)
    (row,) = in_sandbox("profiles", "adopt", SALES, "--yes", "-o", "json").json()["adopted"]
    assert (row["result"], row["arn"], row["manifest"]) == ("adopted", arn, "profiles.yaml:9")


def test_a_mark_of_retirement_without_an_owner_is_taken_off(in_sandbox: Sentry, db: Path) -> None:
    arn = made(somebody(db), SALES, tags=TAGS | {"costsentry:retired": "2026-11-01T00:00:00Z"})
    assert in_sandbox("profiles", "adopt", SALES, "--yes").status == 0
    assert seen(somebody(db))[arn].retired is None
    assert actions(in_sandbox)[SALES] == "same"


@pytest.mark.parametrize("words", [[], ["a", "--all"], ["a", "b", "--as", "k"]])
def test_names_or_all_and_one_name_for_as(in_sandbox: Sentry, words: list[str]) -> None:
    ran = in_sandbox("profiles", "adopt", *words)
    assert ran.status == 2
    assert "give names, or one name with --as KEY, or --all" in ran.err


def test_a_profile_whose_marks_are_cut_short_is_completed(in_sandbox: Sentry, db: Path) -> None:
    assert in_sandbox("sync", "--yes").status == 0
    arn = in_sandbox("profiles", "resolve", SALES, "--field", "arn").out.strip()
    params = {"resourceARN": arn, "tagKeys": ["costsentry:spec"]}
    somebody(db).cloud.call(ApiCall("bedrock", "UntagResource", params, "us-east-1"))
    assert in_sandbox("profiles", "adopt", SALES, "--yes").status == 0
    assert actions(in_sandbox)[SALES] == "same"
    assert seen(somebody(db))[arn].marked
