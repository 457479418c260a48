"""docs/ci/gitlab-ci.yml: its jobs' scripts, run as GitLab runs them."""

from __future__ import annotations

import json
from typing import Any

from pipeline_host import Host, example

PIPELINE = example("docs/ci/gitlab-ci.yml")
RUNNER = {"CI_PROJECT_ID": "1", "CI_PIPELINE_ID": "2", "AWS_ID_TOKEN": "header.payload.signature"}


def script(name: str) -> str:
    """The whole script of a job, what it extends first."""
    job = PIPELINE[name]
    before = PIPELINE[job["extends"]]["before_script"]
    return "\n".join([*before, *job["script"]])


def ran(host: Host, name: str, more: str = "") -> Any:
    return host.shell(script(name) + more, **PIPELINE["variables"], **RUNNER)


def test_a_merge_request_gets_reports_whose_fingerprints_are_unique(host: Host) -> None:
    assert ran(host, "sentry-validate").status == 0
    assert host.text("sentry-validate.json") == "[]\n"
    planned = ran(
        host, "sentry-plan", '\ncat "$AWS_WEB_IDENTITY_TOKEN_FILE"; stat -c %a "$AWS_WEB_IDENTITY_TOKEN_FILE"'
    )
    assert planned.status == 0, planned.err
    assert planned.out.endswith("header.payload.signature600\n")  # AWS's client library reads it, nobody else does
    assert "### `profiles.yaml`: 6 to create, 3 to wait for" in planned.out
    found = json.loads(host.text("sentry-plan.json"))
    assert len({one["fingerprint"] for one in found}) == len(found) == 6


def test_a_broken_manifest_fails_with_its_report(host: Host) -> None:
    (host.folder / "profiles.yaml").write_text("version: 1\n", encoding="utf-8")
    assert ran(host, "sentry-validate").status == 2
    assert json.loads(host.text("sentry-validate.json"))[0]["location"]["path"] == "profiles.yaml"


def test_the_default_branch_is_synced_and_the_schedule_asks_for_budgets(host: Host) -> None:
    assert ran(host, "sentry-sync").err.count("+ created") == 6
    assert ran(host, "sentry-budgets").status == 0


def test_no_job_keeps_a_key_and_every_report_is_the_one_it_writes() -> None:
    jobs = {name: job for name, job in PIPELINE.items() if name.startswith("sentry-")}
    assert len(jobs) == 4
    for job in jobs.values():
        assert not any("SECRET" in name for name in job.get("variables", {}))
        report = job.get("artifacts", {}).get("reports", {}).get("codequality")
        assert report is None or job["script"][-1].endswith(f"> {report}")
