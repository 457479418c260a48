"""A folder with a manifest and a sandbox, and the commands on it."""

from __future__ import annotations

from pathlib import Path

import pytest

from fakes import BASIC, write_manifest
from pipeline_host import Host

BUDGETS = """\
budgets:
  - name: bedrock-{costCenter}
    for_each: costCenter
    amount: 0.005
    per: month
    alerts: [{at: 80%, of: actual, email: [a@example.com]}]
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write_manifest(tmp_path, BASIC + BUDGETS)
    monkeypatch.setenv("COSTSENTRY_SANDBOX", "1")
    monkeypatch.setenv("COSTSENTRY_SANDBOX_DB", str(tmp_path / "sandbox.db"))
    return tmp_path


@pytest.fixture
def host(folder: Path) -> Host:
    return Host(folder, {"github.token": "t", "github.event.pull_request.number": "7"})
