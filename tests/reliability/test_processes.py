"""Several processes on one sandbox: nothing is lost, nothing is made twice."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from fakes import write_manifest

PROCESSES = 4
CALLS = 15
COMMAND = [sys.executable, "-m", "costsentry_cli"]

CALLER = f"""
import sys
from pathlib import Path
from costsentry_cli.cli.context import sandbox_at, sandbox_context
from costsentry_cli.manifest_file import read
from costsentry_cli.cli.metering import metering
from costsentry_cli.domain.metering.request import of_options

context = sandbox_context(sandbox_at(Path("sandbox.db")), "us-east-1")
calls = metering(read(Path("profiles.yaml")), context)
ready = [calls.prepare(of_options(f"question {{n}}", tags={{"costCenter": sys.argv[1]}})) for n in range({CALLS})]
sys.stdin.readline()
for one in ready:
    tokens = calls.run(one).called.tokens
    print(tokens.input + tokens.output)
"""


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    write_manifest(tmp_path)
    return dict(os.environ) | {"COSTSENTRY_SANDBOX": "1", "COSTSENTRY_SANDBOX_DB": str(tmp_path / "sandbox.db")}


def together(commands: list[list[str]], folder: Path, environment: dict[str, str], start: str = "") -> list[str]:
    """Run the commands side by side; what each wrote to stdout."""
    running = [
        subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for command in commands
    ]
    ended = [process.communicate(start, timeout=120) for process in running]
    for process, (_, err) in zip(running, ended, strict=True):
        assert process.returncode == 0, err
    return [out for out, _ in ended]


def test_four_callers_at_once_lose_no_call_and_no_token(tmp_path: Path, environment: dict[str, str]) -> None:
    subprocess.run(
        [*COMMAND, "profiles", "sync", "--yes"], cwd=tmp_path, env=environment, check=True, capture_output=True
    )
    centres = ["sales", "services", "support", "sales"]
    told = together([[sys.executable, "-c", CALLER, one] for one in centres], tmp_path, environment, "go\n")
    tokens = sum(int(line) for out in told for line in out.split())
    with closing(sqlite3.connect(tmp_path / "sandbox.db")) as db:
        number, recorded = db.execute("SELECT count(*), sum(input_tokens + output_tokens) FROM calls").fetchone()
        points = db.execute("SELECT sum(total) FROM datapoints WHERE name = 'TotalRequests'").fetchone()[0]
        measured = db.execute("SELECT sum(total) FROM datapoints WHERE name LIKE '%putTokens'").fetchone()[0]
    assert number == points == PROCESSES * CALLS
    assert recorded == measured == tokens


def test_four_first_syncs_at_once_on_a_new_file_make_each_profile_once(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    together([[*COMMAND, "profiles", "sync", "--yes", "-o", "json"]] * PROCESSES, tmp_path, environment)
    listed = subprocess.run(
        [*COMMAND, "profiles", "list", "-o", "json"],
        cwd=tmp_path,
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    )
    names = [row["name"] for row in json.loads(listed.stdout)["profiles"]]
    assert names == ["aws-docs-sales-prod", "aws-docs-services-prod", "aws-docs-support-prod"]


def test_what_one_process_made_the_next_one_sees(tmp_path: Path, environment: dict[str, str]) -> None:
    def run(*words: str) -> str:
        ended = subprocess.run(
            [*COMMAND, *words], cwd=tmp_path, env=environment, check=True, capture_output=True, text=True
        )
        return ended.stdout

    run("profiles", "sync", "--yes")
    assert run("profiles", "plan", "--check").startswith("No changes.")
    answer = run("invoke", "--cost-center", "sales", "Hello")
    assert run("invoke", "--cost-center", "sales", "Hello") == answer
    assert json.loads(run("sandbox", "status", "-o", "json"))["sandbox"]["calls"] == 2
