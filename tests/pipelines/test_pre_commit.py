""".pre-commit-hooks.yaml: the hook's command, run as pre-commit runs it."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import yaml

from fakes import BASIC, write_manifest
from pipeline_host import ROOT, Host

(HOOK,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))


def test_every_manifest_is_validated_also_after_one_with_problems(host: Host) -> None:
    for name, text in (("broken", "version: 1\n"), ("good", BASIC)):
        (host.folder / name).mkdir()
        write_manifest(host.folder / name, text)
    ran = host.shell(shlex.join([*shlex.split(HOOK["entry"]), "broken/profiles.yaml", "good/profiles.yaml"]))
    assert ran.status == 2
    assert "broken/profiles.yaml" in ran.err
    assert ran.out == "good/profiles.yaml is valid: 3 profiles, 0 limits, 0 budgets, 3 cost allocation tags.\n"


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("profiles.yaml", True),
        ("infra/profiles.yml", True),
        ("my-profiles.yaml", False),
        ("profiles.yaml.bak", False),
        ("profiles/other.yaml", False),
    ],
)
def test_the_hook_is_for_manifests(path: str, *, wanted: bool) -> None:
    assert bool(re.search(HOOK["files"], path)) is wanted


def test_the_example_names_the_hook() -> None:
    (repository,) = yaml.safe_load((ROOT / "docs/ci/pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"]
    assert [hook["id"] for hook in repository["hooks"]] == [HOOK["id"]]
    assert Path(repository["repo"]).name == "costsentry-cli"
