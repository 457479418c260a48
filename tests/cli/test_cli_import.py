"""``sentry profiles import``: a manifest for what an account has, as a person would write it."""

from __future__ import annotations

from pathlib import Path

import pytest

from commands import Sentry
from fakes import BASIC, HAIKU, LITE, write_manifest
from foreign import made, seen, somebody

COMMON = {"applicationId": "docs", "environment": "production"}
SCREEN = """\
# yaml-language-server: $schema=./profiles.schema.json
version: 1
namespace: imported
account: '123456789012'
regions: [us-east-1]
models:
  haiku: us.anthropic.claude-haiku-4-5-20251001-v1:0   # told by its member models
  nova-lite: amazon.nova-lite-v1:0   # told by its member models
tags: {applicationId: docs, environment: production}
profiles:
  - name: batch
    model: nova-lite
    description: nightly
    tags: {costCenter: '0123'}
  - name: docs-{costCenter}-prod
    model: haiku
    tags: {costCenter: [sales, support]}
"""


@pytest.fixture
def db(in_sandbox: Sentry, folder: Path) -> Path:
    (folder / "profiles.yaml").unlink()
    return folder / "sandbox.db"


def imported(sentry: Sentry, *words: str) -> str:
    ran = sentry("profiles", "import", *words)
    assert ran.status == 0, ran.err
    return ran.out


def adopted(sentry: Sentry, folder: Path, *words: str) -> list[str]:
    """Import, check, adopt all; the actions of the next plan."""
    imported(sentry, "--out", "profiles.yaml", *words)
    assert sentry("validate").status == 0
    assert sentry("profiles", "adopt", "--all", "--yes").status == 0
    return [row["action"] for row in sentry("plan", "-o", "json").json()["changes"]]


def test_the_manifest_reads_as_a_person_would_write_it(in_sandbox: Sentry, db: Path) -> None:
    other = somebody(db)
    made(other, "docs-support-prod", tags=COMMON | {"costCenter": "support"})
    made(other, "batch", LITE, tags=COMMON | {"costCenter": "0123"}, description="nightly")
    made(other, "docs-sales-prod", tags=COMMON | {"costCenter": "sales"})
    assert imported(in_sandbox) == SCREEN


def test_adopting_what_was_imported_leaves_nothing_to_do(in_sandbox: Sentry, db: Path, folder: Path) -> None:
    other = somebody(db)
    for centre in ("sales", "support", "a b"):
        made(other, f"docs-{centre}-prod", tags=COMMON | {"costCenter": centre})
    made(other, "on", LITE, tags={"a: b".replace(": ", ":"): "on", "n": "1_000"})
    assert adopted(in_sandbox, folder) == ["same"] * 4


def test_what_our_manifest_made_comes_back_as_it_was(in_sandbox: Sentry, db: Path, folder: Path) -> None:
    write_manifest(folder, BASIC)
    assert in_sandbox("sync", "--yes").status == 0
    (folder / "profiles.yaml").unlink()
    text = imported(in_sandbox)
    assert "namespace: docs-helper\n" in text
    assert "  haiku: us.anthropic.claude-haiku-4-5-20251001-v1:0\n" in text
    assert "  - name: aws-docs-{costCenter}-prod\n" in text
    assert "    tags: {costCenter: [sales, services, support]}\n" in text
    write_manifest(folder, text)
    assert in_sandbox("plan").out == "No changes. 3 profiles match profiles.yaml.\n"


def test_what_another_namespace_manages_stays_out_with_the_reason(in_sandbox: Sentry, db: Path, folder: Path) -> None:
    write_manifest(folder, BASIC)
    assert in_sandbox("sync", "--yes").status == 0
    made(somebody(db), "theirs", LITE)
    text = imported(in_sandbox, "--namespace", "new-team")
    assert "  - name: theirs\n" in text
    assert text.count("#     the namespace docs-helper manages it\n") == 3


def test_one_entry_serves_two_regions_by_the_bare_model(in_sandbox: Sentry, db: Path, folder: Path) -> None:
    made(somebody(db), "docs", HAIKU)
    made(somebody(db, "eu-west-1"), "docs", HAIKU.replace("us.", "eu."))
    made(somebody(db, "eu-west-1"), "only-here", LITE)
    text = imported(in_sandbox, "--regions", "us-east-1", "--regions", "eu-west-1")
    assert "  haiku: anthropic.claude-haiku-4-5-20251001-v1:0   # told" in text
    assert "  - name: only-here\n    model: nova-lite\n    regions: [eu-west-1]\n" in text
    assert adopted(in_sandbox, folder, "--regions", "us-east-1", "--regions", "eu-west-1") == ["same"] * 3


def test_a_name_that_stands_twice_is_written_once_and_told(in_sandbox: Sentry, db: Path, folder: Path) -> None:
    arns = sorted((made(somebody(db), "twin"), made(somebody(db), "twin", LITE)))
    text = imported(in_sandbox)
    assert text.count("  - name: twin\n") == 1
    assert f"#   twin  {arns[1]}\n#     its name or key stands above already\n" in text


def test_a_tag_in_two_spellings_is_told(in_sandbox: Sentry, db: Path, folder: Path) -> None:
    made(somebody(db), "a", tags={"costCenter": "x"})
    made(somebody(db), "b", tags={"costCenter": "y"})
    made(somebody(db), "c", tags={"CostCenter": "z"})
    text = imported(in_sandbox, "--out", "profiles.yaml")
    written = (folder / "profiles.yaml").read_text()
    assert text == ""
    said = "c: the tag CostCenter=z is left out (sync would remove it): it differs from costCenter only in case"
    assert said in written
    assert in_sandbox("validate").status == 0


def test_an_existing_file_is_never_overwritten_unasked(in_sandbox: Sentry, db: Path, folder: Path) -> None:
    path = write_manifest(folder, "mine\n")
    ran = in_sandbox("profiles", "import", "--out", "profiles.yaml")
    assert ran.status == 2
    assert "error[CS0103]: profiles.yaml exists already" in ran.err
    assert path.read_text() == "mine\n"
    assert in_sandbox("profiles", "import", "--out", "profiles.yaml", "--force").status == 0
    assert path.read_text().startswith("# yaml-language-server")


def test_an_empty_account_makes_a_valid_manifest(in_sandbox: Sentry, db: Path, folder: Path) -> None:
    imported(in_sandbox, "--out", "profiles.yaml")
    assert in_sandbox("validate").out.startswith("profiles.yaml is valid: 0 profiles")


def test_importing_changes_nothing(in_sandbox: Sentry, db: Path) -> None:
    made(somebody(db), "docs", tags=COMMON)
    before = seen(somebody(db))
    imported(in_sandbox)
    assert seen(somebody(db)) == before


@pytest.mark.parametrize("words", [("-o", "json"), ("--namespace", "Not One")])
def test_what_cannot_be_written_is_a_usage_error(in_sandbox: Sentry, db: Path, words: tuple[str, ...]) -> None:
    assert in_sandbox("profiles", "import", *words).status == 2
