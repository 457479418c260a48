"""``sentry destroy``: the end of a namespace, shown first and typed out."""

from __future__ import annotations

from pathlib import Path

import pytest

from commands import Sentry
from costsentry_cli.domain.calls import ApiCall
from fakes import BASIC, PROFILES_ALONE, write_manifest
from foreign import made, seen, somebody

AGREED = ("--confirm", "docs-helper")
SCREEN = """\
namespace docs-helper: what carries it would be deleted

  - delete   aws-docs-sales-prod     123456789012 us-east-1
               arn       {0}
               in use    no calls in the last 14 days
  - delete   aws-docs-services-prod  123456789012 us-east-1
               arn       {1}
               in use    no calls in the last 14 days
  - delete   aws-docs-support-prod   123456789012 us-east-1
               arn       {2}
               in use    no calls in the last 14 days

Destroy: 3 profiles in 1 account, 1 region.
"""


@pytest.fixture
def synced(in_sandbox: Sentry) -> Sentry:
    assert in_sandbox("sync", "--yes").status == 0
    return in_sandbox


@pytest.fixture
def db(folder: Path) -> Path:
    return folder / "sandbox.db"


def names(db: Path, region: str = "us-east-1") -> set[str]:
    return {thing.name for thing in seen(somebody(db, region)).values()}


def test_a_dry_run_shows_everything_and_deletes_nothing(synced: Sentry, db: Path) -> None:
    arns = {thing.name: arn for arn, thing in seen(somebody(db)).items()}
    ran = synced("destroy", "--dry-run")
    assert (ran.status, ran.out) == (0, SCREEN.format(*(arns[name] for name in sorted(arns))))
    assert len(names(db)) == 3


def test_the_typed_namespace_deletes_all_and_a_second_run_has_nothing_to_do(synced: Sentry, db: Path) -> None:
    ran = synced("destroy", *AGREED)
    assert ran.status == 0
    assert ran.err.endswith("3 applied, 0 failed, 0 unchanged.\n")
    assert names(db) == set()
    again = synced("destroy")
    assert (again.status, again.out) == (0, "Nothing carries the namespace docs-helper.\n")


def test_without_a_terminal_the_flag_is_named_with_the_namespace(synced: Sentry, db: Path) -> None:
    ran = synced("destroy")
    assert ran.status == 2
    said = "error[CS0102]: Type the namespace to delete 3 profiles. Nobody can be asked here."
    assert ran.err.endswith(f"{said}\n  help: --confirm docs-helper\n")
    assert len(names(db)) == 3


@pytest.mark.parametrize(("words", "status"), [(("--confirm", "docs"), 7), (("--yes",), 2), (("--confirm", ""), 7)])
def test_nothing_but_the_namespace_itself_is_enough(
    synced: Sentry, db: Path, words: tuple[str, ...], status: int
) -> None:
    assert synced("destroy", *words).status == status
    assert len(names(db)) == 3


def test_foreign_profiles_and_other_namespaces_stay(synced: Sentry, db: Path) -> None:
    made(somebody(db), "theirs")
    made(somebody(db), "other", tags={"costsentry:namespace": "other-team", "costsentry:key": "other"})
    ran = synced("destroy", *AGREED)
    assert (ran.status, "theirs" in ran.out) == (0, False)
    assert names(db) == {"theirs", "other"}


def test_what_is_in_use_stops_it_before_anything_is_deleted_and_force_goes_on(synced: Sentry, db: Path) -> None:
    assert synced("invoke", "--cost-center", "sales", "Hi").status == 0
    ran = synced("destroy", *AGREED)
    assert ran.status == 7
    assert "in use    1 call in the last 14 days\n" in ran.out
    assert "error[CS0203]: 1 of 3 are or may be in use; nothing was deleted" in ran.err
    assert len(names(db)) == 3
    assert synced("destroy", *AGREED, "--force").status == 0
    assert names(db) == set()


def test_when_use_is_not_known_it_is_taken_for_use(synced: Sentry, db: Path) -> None:
    synced("sandbox", "fault", "cloudwatch.GetMetricData", "error:AccessDeniedException:403")
    ran = synced("destroy", *AGREED)
    assert ran.status == 7
    assert "not known (CloudWatch could not be asked)" in ran.out
    assert len(names(db)) == 3


def test_retired_ones_go_too_whatever_their_grace(synced: Sentry, folder: Path, db: Path) -> None:
    write_manifest(folder, BASIC.replace("model: haiku", "model: nova-lite"))
    assert synced("sync", "--yes", "--allow-replace").status == 0
    retired = synced("profiles", "list", "-o", "json").json()["profiles"]
    assert sum(row["retired"] is not None for row in retired) == 3
    by_hand = next(row["arn"] for row in retired if row["retired"] is not None)
    tags = [{"key": "costsentry:retired", "value": "yes"}]
    call = ApiCall("bedrock", "TagResource", {"resourceARN": by_hand, "tags": tags}, "us-east-1")
    somebody(db).cloud.call(call)
    ran = synced("destroy", *AGREED)
    assert (ran.status, names(db)) == (0, set())
    assert ran.out.count("us-east-1  retired\n") == 3


def test_every_region_of_the_manifest_is_emptied(in_sandbox: Sentry, folder: Path, db: Path) -> None:
    text = BASIC.replace("[us-east-1]", "[us-east-1, us-west-2]")
    more = "  - {name: batch, model: nova-lite, regions: [us-east-2]}\ncost_allocation_tags"
    write_manifest(folder, text.replace("cost_allocation_tags", more))
    assert in_sandbox("sync", "--yes").status == 0
    ran = in_sandbox("destroy", *AGREED)
    assert ran.status == 0
    assert "Destroy: 7 profiles in 1 account, 3 regions.\n" in ran.out
    assert [names(db, region) for region in ("us-east-1", "us-west-2", "us-east-2")] == [set()] * 3


def test_a_profile_that_lacks_a_mark_is_left_and_the_exit_status_says_in_part(synced: Sentry, db: Path) -> None:
    arn = synced("profiles", "resolve", "aws-docs-sales-prod", "--field", "arn").out.strip()
    params = {"resourceARN": arn, "tagKeys": ["costsentry:spec"]}
    somebody(db).cloud.call(ApiCall("bedrock", "UntagResource", params, "us-east-1"))
    ran = synced("destroy", *AGREED)
    assert ran.status == 6
    assert "held      lacks one of our ownership marks" in ran.out
    assert "Destroy: 2 profiles in 1 account, 1 region.  1 held back.\n" in ran.out
    assert names(db) == {"aws-docs-sales-prod"}


def test_a_conflict_is_told_the_rest_goes_on_and_the_next_run_ends_it(synced: Sentry, db: Path) -> None:
    synced("sandbox", "fault", "bedrock.DeleteInferenceProfile", "error:ConflictException:400")
    ran = synced("destroy", *AGREED)
    assert ran.status == 6
    assert "CS0804 ConflictException" in ran.err
    assert "2 applied, 1 failed, 0 unchanged." in ran.err
    assert len(names(db)) == 1
    assert synced("destroy", *AGREED).status == 0
    assert names(db) == set()


def test_a_region_that_cannot_be_read_is_told_and_makes_it_partial(in_sandbox: Sentry, folder: Path, db: Path) -> None:
    write_manifest(folder, BASIC.replace("[us-east-1]", "[us-east-1, us-west-2]"))
    assert in_sandbox("sync", "--yes").status == 0
    in_sandbox("sandbox", "fault", "bedrock.ListInferenceProfiles", "error:AccessDeniedException:403")
    ran = in_sandbox("destroy", *AGREED)
    assert ran.status == 6
    assert "not looked at: 123456789012 us-" in ran.err
    assert len(names(db) | names(db, "us-west-2")) == 3


def test_the_document_has_a_row_for_each(synced: Sentry) -> None:
    document = synced("destroy", *AGREED, "-o", "json").json()
    assert [row["result"] for row in document["results"]] == ["deleted"] * 3


NAMED = "limits: [{match: {}, per: day, requests: 9}]\nledger: {table: spend-of-docs}\naudit: {log_group: /team/docs}\n"


@pytest.mark.parametrize("ending", [("destroy", *AGREED), ("sync", "--yes", "--prune")])
def test_a_table_and_a_group_whose_names_left_the_manifest_are_found_by_their_tags(
    ending: tuple[str, ...], in_sandbox: Sentry, folder: Path
) -> None:
    write_manifest(folder, PROFILES_ALONE + NAMED)
    assert in_sandbox("sync", "--yes").status == 0
    write_manifest(folder, PROFILES_ALONE + NAMED.replace("spend-of-docs", "other").replace("/team/docs", "/other"))
    theirs = {"logGroupName": "/theirs", "tags": {"costsentry:namespace": "theirs", "costsentry:key": "/theirs"}}
    somebody(folder / "sandbox.db").cloud.call(ApiCall("logs", "CreateLogGroup", theirs))
    in_sandbox("sync", "--yes")
    more = ("--max-deletes", "2") if ending[0] == "sync" else ()
    ran = in_sandbox(*ending, *more, "-o", "json")
    assert ran.status == 0, ran.err
    gone = {one["name"] for one in ran.json()["results"] if one["result"] == "deleted"}
    assert {"spend-of-docs", "/team/docs"} <= gone
    assert "/theirs" not in gone
    groups = somebody(folder / "sandbox.db").cloud.call(ApiCall("logs", "DescribeLogGroups", {}))["logGroups"]
    left = {"/theirs"} | ({"/other"} if ending[0] == "sync" else set())
    assert {group["logGroupName"] for group in groups} == left


def test_where_tags_may_not_be_asked_for_what_has_a_known_name_is_deleted_all_the_same(
    in_sandbox: Sentry, folder: Path
) -> None:
    write_manifest(folder, PROFILES_ALONE + NAMED)
    assert in_sandbox("sync", "--yes").status == 0
    denied = ("resourcegroupstaggingapi.GetResources", "error:AccessDeniedException:403")
    in_sandbox("sandbox", "fault", *denied, "--times", "2")
    ran = in_sandbox("destroy", *AGREED)
    assert "delete   ledger table spend-of-docs      123456789012 us-east-1\n" in ran.out
    assert (ran.status, "5 applied, 0 failed" in ran.err) == (0, True)
    for noun in ("ledger tables", "log groups"):  # and what that may leave behind is said
        assert f"{noun} under former names were not looked for: allow tag:GetResources\n" in ran.out
