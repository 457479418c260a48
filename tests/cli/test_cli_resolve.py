"""``sentry profiles resolve``: from a name to all there is to know."""

from __future__ import annotations

from pathlib import Path

import pytest

from commands import Sentry
from fakes import BASIC, LITE, write_manifest
from foreign import made, somebody

SALES = "aws-docs-sales-prod"
SCREEN = """\
name        aws-docs-sales-prod
arn         {arn}
id          {id}
model       us.anthropic.claude-haiku-4-5-20251001-v1:0
region      us-east-1, account 123456789012
managed by  docs-helper, key aws-docs-sales-prod
price       $1.10 in, $5.50 out per million tokens
            {as_of}, {source}
lifecycle   ACTIVE
tags        applicationId=aws-documentation-helper
            costCenter=sales
            environment=production
"""


@pytest.fixture
def synced(in_sandbox: Sentry) -> Sentry:
    assert in_sandbox("sync", "--yes").status == 0
    return in_sandbox


def field(sentry: Sentry, name: str, wanted: str, *more: str) -> str:
    ran = sentry("profiles", "resolve", name, "--field", wanted, *more)
    assert ran.status == 0, ran.err
    return ran.out.removesuffix("\n")


def test_a_profile_is_two_columns_for_people(synced: Sentry) -> None:
    document = synced("profiles", "resolve", SALES, "-o", "json").json()["profile"]
    price = document["price"]
    expected = SCREEN.format(arn=document["arn"], id=document["id"], as_of=price["as_of"], source=price["source"])
    ran = synced("profiles", "resolve", SALES)
    assert (ran.status, ran.out) == (0, expected)
    assert max(len(line) for line in ran.out.splitlines() if not line.startswith("arn")) <= 80


def test_the_document_has_everything_a_program_asks_for(synced: Sentry) -> None:
    document = synced("profiles", "resolve", SALES, "-o", "json").json()
    profile = document["profile"]
    assert document["target"]["kind"] == "sandbox"
    assert profile["arn"].endswith(f":application-inference-profile/{profile['id']}")
    assert (profile["namespace"], profile["key"], profile["region"]) == ("docs-helper", SALES, "us-east-1")
    assert profile["price"]["input_per_million_usd"] == "1.10"
    assert profile["lifecycle"] == {"status": "ACTIVE", "end_of_life": None}
    assert profile["tags"]["costCenter"] == "sales"
    assert profile["retired"] is None


def test_name_arn_and_id_mean_the_same_profile(synced: Sentry) -> None:
    arn = field(synced, SALES, "arn")
    assert field(synced, arn, "name") == SALES
    assert field(synced, arn.rpartition("/")[2], "arn") == arn
    assert synced("profiles", "resolve", SALES, "--query", "profile.arn").json() == arn


def test_a_field_is_one_line_with_the_value_alone(synced: Sentry) -> None:
    assert synced("profiles", "resolve", SALES, "--field", "tags.costCenter").out == "sales\n"
    assert field(synced, SALES, "price.output_per_million_usd") == "5.50"


def test_an_unknown_field_is_a_usage_error_with_the_nearest_one(synced: Sentry) -> None:
    ran = synced("profiles", "resolve", SALES, "--field", "arm")
    assert (ran.status, ran.out) == (2, "")
    assert "help: did you mean 'arn'?" in ran.err


def test_the_key_of_an_entry_finds_its_profile_also_without_the_manifest(in_sandbox: Sentry, folder: Path) -> None:
    keyed = BASIC.replace("    model: haiku", "    key: docs/{costCenter}\n    model: haiku")
    path = write_manifest(folder, keyed)
    assert in_sandbox("sync", "--yes").status == 0
    with_manifest = field(in_sandbox, "docs/sales", "arn")
    path.unlink()
    assert field(in_sandbox, "docs/sales", "arn") == with_manifest
    assert field(in_sandbox, SALES, "key") == "docs/sales"


def test_the_one_in_use_wins_over_the_one_it_replaced(synced: Sentry, folder: Path) -> None:
    old = field(synced, SALES, "arn")
    write_manifest(folder, BASIC.replace("model: haiku", "model: nova-lite"))
    assert synced("sync", "--yes", "--allow-replace").status == 0
    assert field(synced, SALES, "model") == LITE
    assert field(synced, SALES, "arn") != old
    assert field(synced, SALES, "retired") == ""
    assert field(synced, old, "retired").endswith("Z")
    assert "retired     since " in synced("profiles", "resolve", old).out


def test_ours_wins_over_a_foreign_one_of_the_same_name(synced: Sentry, folder: Path) -> None:
    foreign = made(somebody(folder / "sandbox.db"), SALES)
    assert field(synced, SALES, "arn") != foreign
    assert field(synced, foreign, "namespace") == ""


def test_two_of_one_name_are_ambiguous_and_both_are_named(synced: Sentry, folder: Path) -> None:
    other = somebody(folder / "sandbox.db")
    arns = [made(other, "twin"), made(other, "twin", LITE)]
    ran = synced("profiles", "resolve", "twin")
    assert (ran.status, ran.out) == (2, "")
    assert "error[CS0106]: 2 profiles are meant by 'twin'" in ran.err
    assert all(arn in ran.err for arn in arns)
    assert "help: give the ARN" in ran.err


def test_the_same_name_in_two_regions_asks_for_the_region(in_sandbox: Sentry, folder: Path) -> None:
    write_manifest(folder, BASIC.replace("[us-east-1]", "[us-east-1, us-west-2]"))
    assert in_sandbox("sync", "--yes").status == 0
    assert "help: give --region, or the ARN" in in_sandbox("profiles", "resolve", SALES).err
    assert ":us-west-2:" in field(in_sandbox, SALES, "arn", "--region", "us-west-2")
    assert field(in_sandbox, field(in_sandbox, SALES, "arn", "--region", "us-west-2"), "region") == "us-west-2"


def test_the_source_of_a_foreign_profile_is_told_by_its_members(synced: Sentry, folder: Path) -> None:
    arn = made(somebody(folder / "sandbox.db"), "theirs")
    document = synced("profiles", "resolve", arn, "-o", "json").json()["profile"]
    assert document["model"] == "us.anthropic.claude-haiku-4-5-20251001-v1:0"
    assert document["model_from"] == "member models"
    assert "(told by its member models)" in synced("profiles", "resolve", arn).out


def test_nothing_found_offers_the_nearest_name(synced: Sentry) -> None:
    ran = synced("profiles", "resolve", "aws-docs-sale-prod")
    assert ran.status == 2
    assert "error[CS0105]: there is no profile 'aws-docs-sale-prod' in us-east-1" in ran.err
    assert "help: did you mean 'aws-docs-sales-prod'?" in ran.err


def test_the_arn_of_something_else_is_refused_before_any_call(synced: Sentry) -> None:
    ran = synced("profiles", "resolve", "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0")
    assert ran.status == 2
    assert "is not the ARN of an application inference profile" in ran.err
