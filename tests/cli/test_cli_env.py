"""``sentry profiles env``: ARNs by cost centre, for shells and programs."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest

from commands import Ran, Sentry
from costsentry_cli.domain.calls import ApiCall
from fakes import BASIC, write_manifest
from foreign import somebody

TWO_MODELS = BASIC.replace(
    "cost_allocation_tags",
    "  - name: aws-docs-{costCenter}-lite\n    model: nova-lite\n    tags: {costCenter: [sales, services, support]}\n"
    "cost_allocation_tags",
)


@pytest.fixture
def synced(in_sandbox: Sentry) -> Sentry:
    assert in_sandbox("sync", "--yes").status == 0
    return in_sandbox


def env(sentry: Sentry, *words: str) -> Ran:
    return sentry("profiles", "env", *words)


def arn_of(sentry: Sentry, name: str) -> str:
    return sentry("profiles", "resolve", name, "--field", "arn").out.strip()


def test_a_shell_gets_one_export_for_each_cost_centre(synced: Sentry) -> None:
    lines = [
        f"export BEDROCK_PROFILE_{centre.upper()}={arn_of(synced, f'aws-docs-{centre}-prod')}\n" for centre in CENTRES
    ]
    ran = env(synced)
    assert (ran.status, ran.out) == (0, "".join(lines))
    assert all(len(shlex.split(line)) == 2 for line in lines)


CENTRES = ("sales", "services", "support")


def test_dotenv_has_no_export(synced: Sentry) -> None:
    assert env(synced, "--format", "dotenv").out == env(synced).out.replace("export ", "")


def test_json_maps_the_value_as_it_is(synced: Sentry) -> None:
    assert list(env(synced, "--format", "json").json()) == list(CENTRES)
    document = env(synced, "-o", "json").json()
    assert document["profiles"] == env(synced, "--format", "json").json()
    assert document["schema_version"] == 1


def test_out_writes_the_file_for_its_owner_alone(synced: Sentry, folder: Path) -> None:
    shown = env(synced, "--format", "dotenv").out
    assert env(synced, "--format", "dotenv", "--out", "app.env").out == ""
    assert (folder / "app.env").read_text() == shown
    assert (folder / "app.env").stat().st_mode & 0o777 == 0o600


def test_another_prefix_and_the_key(synced: Sentry) -> None:
    assert env(synced, "--prefix", "AI_", "--by", "key").out.startswith("export AI_AWS_DOCS_SALES_PROD=arn:")
    refused = env(synced, "--prefix", "1-")
    assert (refused.status, refused.out) == (2, "")
    assert "starts no variable name" in refused.err


def test_two_profiles_of_one_cost_centre_are_told_apart_by_model_or_key(in_sandbox: Sentry, folder: Path) -> None:
    write_manifest(folder, TWO_MODELS)
    assert in_sandbox("sync", "--yes").status == 0
    ran = env(in_sandbox)
    assert (ran.status, ran.out) == (2, "")
    assert "error[CS0106]: 2 profiles have costCenter 'sales'" in ran.err
    assert "help: --with-model adds the model, --by key takes the key" in ran.err
    names = [line.split("=")[0] for line in env(in_sandbox, "--with-model").out.splitlines()]
    assert "export BEDROCK_PROFILE_SALES_HAIKU" in names
    assert "export BEDROCK_PROFILE_SALES_NOVA_LITE" in names


def test_two_labels_that_make_one_variable_are_an_error_that_names_both(in_sandbox: Sentry, folder: Path) -> None:
    write_manifest(folder, BASIC.replace("[sales, services, support]", "[r-d, r_d]"))
    assert in_sandbox("sync", "--yes").status == 0
    ran = env(in_sandbox)
    assert (ran.status, ran.out) == (2, "")
    assert "'r-d' and 'r_d' both make the variable BEDROCK_PROFILE_R_D" in ran.err
    assert set(env(in_sandbox, "--format", "json").json()) == {"r-d", "r_d"}


def test_a_profile_that_is_not_there_yet_leaves_no_half_environment(synced: Sentry, folder: Path) -> None:
    write_manifest(folder, BASIC.replace("support]", "support, legal]"))
    ran = env(synced)
    assert (ran.status, ran.out) == (2, "")
    assert "error[CS0105]: 1 of 4 profiles of profiles.yaml do not exist yet" in ran.err
    assert "aws-docs-legal-prod" in ran.err


def test_after_a_replace_the_new_arn_is_given(synced: Sentry, folder: Path) -> None:
    before = env(synced, "--format", "json").json()
    write_manifest(folder, BASIC.replace("model: haiku", "model: nova-lite"))
    assert env(synced, "--format", "json").json() == before
    assert synced("sync", "--yes", "--allow-replace").status == 0
    after = env(synced, "--format", "json").json()
    assert set(after) == set(before)
    assert not set(after.values()) & set(before.values())


def test_a_profile_that_still_has_its_former_name_is_found_by_its_key(in_sandbox: Sentry, folder: Path) -> None:
    keyed = BASIC.replace("    model: haiku", "    key: docs-{costCenter}\n    model: haiku")
    write_manifest(folder, keyed)
    assert in_sandbox("sync", "--yes").status == 0
    before = env(in_sandbox).out
    write_manifest(folder, keyed.replace("aws-docs", "new-docs"))
    assert (env(in_sandbox).status, env(in_sandbox).out) == (0, before)


def test_a_profile_without_the_tag_is_left_out_and_named(in_sandbox: Sentry, folder: Path) -> None:
    more = BASIC.replace("cost_allocation_tags", "  - {name: batch, model: nova-lite}\ncost_allocation_tags")
    write_manifest(folder, more)
    assert in_sandbox("sync", "--yes").status == 0
    ran = env(in_sandbox)
    assert ran.out.count("\n") == 3
    assert "left out, without costCenter: batch" in ran.err


def test_a_tag_nobody_has_offers_the_nearest(synced: Sentry) -> None:
    ran = env(synced, "--by", "costcentre")
    assert ran.status == 2
    assert "did you mean 'costCenter'?" in ran.err


def test_the_parameter_is_written_only_when_agreed_and_holds_the_json_map(synced: Sentry, folder: Path) -> None:
    refused = env(synced, "--ssm-parameter", "/bedrock/profiles")
    assert refused.status == 2
    assert refused.err.endswith("help: give --yes\n")
    done = env(synced, "--ssm-parameter", "/bedrock/profiles", "--yes")
    assert (done.status, done.out) == (0, "")
    said = "wrote 3 ARNs to the SSM parameter /bedrock/profiles in us-east-1, version 1\n"
    assert done.err.endswith(said)
    call = ApiCall("ssm", "GetParameter", {"Name": "/bedrock/profiles"}, "us-east-1")
    kept = somebody(folder / "sandbox.db").cloud.call(call)["Parameter"]
    assert kept["Type"] == "String"
    assert json.loads(kept["Value"]) == env(synced, "--format", "json").json()
    again = env(synced, "--ssm-parameter", "/bedrock/profiles", "--yes")
    assert again.err.endswith("version 2\n")


def test_a_map_too_large_for_a_parameter_is_refused_before_the_call(in_sandbox: Sentry, folder: Path) -> None:
    centres = ", ".join(f"centre-{n}" for n in range(45))
    write_manifest(folder, BASIC.replace("sales, services, support", centres))
    assert in_sandbox("sync", "--yes").status == 0
    ran = env(in_sandbox, "--ssm-parameter", "/big", "--yes")
    assert ran.status == 2
    assert "a standard parameter holds 4,096" in ran.err
