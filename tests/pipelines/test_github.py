"""docs/ci/github.yml and action.yml: their shell steps, run as GitHub runs them."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from costsentry_cli import __version__
from costsentry_cli.cli.main import run
from pipeline_host import ROOT, Host, example

WORKFLOWS = ("docs/ci/github.yml", "docs/ci/release.yml")
WORKFLOW, ACTION = example("docs/ci/github.yml"), example("action.yml")
JOBS = WORKFLOW["jobs"]
COMMENT = next(step for step in JOBS["plan"]["steps"] if "PULL_REQUEST" in step.get("env", {}))
PINNED = re.compile(r"[\w-]+/[\w./-]+@[0-9a-f]{40} # v[0-9]+\.[0-9]+\.[0-9]+")


def settings() -> dict[str, str]:
    return dict(WORKFLOW["env"])


def test_a_pull_request_is_validated_planned_shown_and_commented_on(host: Host) -> None:
    assert host.job(JOBS["validate"], **settings()).status == 0
    ran = host.job(JOBS["plan"], **settings())
    assert ran.status == 0, ran.err
    (comment,) = host.comments()
    assert comment["body"].splitlines()[1] == "### `profiles.yaml`: 6 to create, 3 to wait for"
    assert host.text(".summary.md") == comment["body"] == host.text("plan.md")
    assert host.text(".asked").splitlines() == [
        f"python -m pip install costsentry-cli=={__version__}",
        f"python -m pip install costsentry-cli=={__version__}",
        "gh GET repos/acme/docs/issues/7/comments?per_page=100",
        "gh POST repos/acme/docs/issues/7/comments",
    ]


MARK = "<!-- sentry-plan 0123456789abcdef -->"


def test_the_comment_is_kept_up_to_date_and_nobody_elses_is_touched(host: Host) -> None:
    others: list[dict[str, Any]] = [
        {"id": 1, "user": "mallory", "body": f"{MARK}\nnot ours"},
        {"id": 2, "user": "github-actions[bot]", "body": "another tool's"},
        {"id": 4, "user": "github-actions[bot]", "body": "<!-- sentry-plan fedcba9876543210 -->\nanother manifest's"},
    ]
    ours = {"id": 3, "user": "github-actions[bot]", "body": f"{MARK}\nold"}
    host.comments_are([*others, ours, ours | {"id": 5}])
    (host.folder / "plan.md").write_text(f"{MARK}\n### no changes\n", encoding="utf-8")
    assert host.step(COMMENT).status == 0
    assert host.comments() == [*others, ours | {"body": f"{MARK}\n### no changes\n"}, ours | {"id": 5}]


def test_a_broken_manifest_is_annotated_and_ends_the_job(host: Host) -> None:
    manifest = host.folder / "profiles.yaml"
    manifest.write_text(manifest.read_text(encoding="utf-8").replace("model: haiku", "modl: haiku"), encoding="utf-8")
    ran = host.job(JOBS["validate"], **settings())
    assert ran.status == 2
    assert ran.out.startswith("::error file=profiles.yaml,line=10,col=5,title=CS0012::")
    assert "| error | profiles.yaml:10 |" in host.text(".summary.md")


def test_what_lands_on_main_is_synced(host: Host) -> None:
    ran = host.job(JOBS["sync"], **settings())
    assert ran.status == 0, ran.err
    assert host.text(".summary.md") == ran.out
    assert ran.out.count("| created |") == 6


def test_a_budget_that_is_exceeded_fails_the_night(host: Host) -> None:
    to_next_month = f"{34 - datetime.now(UTC).day}d"  # what follows takes days, and a budget starts anew with a month
    assert run(["sandbox", "advance", to_next_month]) == 0
    for _ in range(2):
        assert run(["sync", "--yes"]) == 0
        assert run(["invoke", "--cost-center", "sales", "word " * 9_000]) == 0
        assert run(["sandbox", "advance", "49h"]) == 0
    assert run(["sync", "--yes"]) == 0
    assert run(["invoke", "--cost-center", "sales", "word " * 9_000]) == 0
    assert host.job(JOBS["budgets"], **settings()).status == 0
    assert run(["sandbox", "advance", "49h"]) == 0
    ran = host.job(JOBS["budgets"], **settings())
    assert ran.status == 3
    assert "exceeded" in ran.out
    assert host.text(".summary.md").endswith(ran.out)


def action_host(host: Host) -> Host:
    """The action's own environment, already made: the host's installing programs install nothing."""
    programs = host.folder / "costsentry" / "bin"
    programs.mkdir(parents=True)
    (programs / "python").symlink_to(host.folder / ".programs" / "python")
    (programs / "sentry").symlink_to(Path(host.environment["PATH"].split(":")[1]) / "sentry")
    inputs = {f"inputs.{name}": given.get("default", "") for name, given in ACTION["inputs"].items()}
    plan = {"steps.plan.outputs.plan": str(host.folder / "costsentry-plan.md"), "github.action_path": str(ROOT)}
    host.known = {**host.known, **inputs, **plan}
    return host


def test_the_action_installs_its_own_commit_plans_and_comments(host: Host) -> None:
    ran = action_host(host).job(ACTION["runs"])
    assert ran.status == 0, ran.err
    assert host.text(".output").splitlines() == ["changes=true", f"plan={host.folder}/costsentry-plan.md"]
    (comment,) = host.comments()
    assert host.text(".summary.md") == comment["body"] == host.text("costsentry-plan.md")
    venv, locked, own, *_ = host.text(".asked").splitlines()
    assert venv == f"python3 -m venv {host.folder}/costsentry"
    assert locked == f"python -m pip install --quiet --require-hashes --requirement {ROOT}/requirements.lock"
    assert own == f"python -m pip install --quiet --no-deps {ROOT}"


def test_the_action_comments_as_the_workflow_does() -> None:
    (action,) = [step for step in ACTION["runs"]["steps"] if step["name"] == "Comment"]
    shown = COMMENT["run"].removeprefix('cat plan.md >> "$GITHUB_STEP_SUMMARY"\n')
    assert (
        action["run"]
        .replace('"@$PLAN"', "@plan.md")
        .replace('"body=@$PLAN"', "body=@plan.md")
        .replace('"$PLAN"', "plan.md")
        == shown
    )


def test_the_action_fails_when_the_plan_cannot_be_made(host: Host) -> None:
    plan = next(step for step in ACTION["runs"]["steps"] if step["name"] == "Plan")
    ran = action_host(host).step(plan, COSTSENTRY_SANDBOX_DB="/dev/null/a.db")
    assert ran.status not in (0, 3)
    assert host.text(".output") == ""


@pytest.mark.parametrize("name", [*WORKFLOWS, "action.yml"])
def test_actions_are_pinned_and_no_expression_is_pasted_into_a_script(name: str) -> None:
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    used = [line.partition("uses:")[2].strip() for line in lines if "uses:" in line]
    assert [line for line in used if not PINNED.fullmatch(line)] == []
    assert not any("secrets." in line or "AWS_SECRET" in line for line in lines)
    document = example(name)
    jobs = [document["runs"]] if "runs" in document else document["jobs"].values()
    assert [step["run"] for job in jobs for step in job["steps"] if "${{" in step.get("run", "")] == []


@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_job_may_do_what_it_needs_and_nothing_else(name: str) -> None:
    document = example(name)
    assert document["permissions"] == {}
    allowed = {job: set(given["permissions"].items()) for job, given in document["jobs"].items()}
    writes = {job: {what for what, how in rights if how == "write"} for job, rights in allowed.items()}
    wanted = {
        "docs/ci/github.yml": {
            "validate": set(),
            "plan": {"id-token", "pull-requests"},
            "sync": {"id-token"},
            "budgets": {"id-token"},
        },
        "docs/ci/release.yml": {"build": set(), "publish": {"id-token"}},
    }
    assert writes == wanted[name]


def test_a_release_is_built_from_the_tag_of_its_version_alone(host: Host) -> None:
    steps = [step for step in example("docs/ci/release.yml")["jobs"]["build"]["steps"] if "run" in step]
    source = host.folder / "src" / "costsentry_cli"
    source.mkdir(parents=True)
    (source / "__init__.py").write_bytes((ROOT / "src/costsentry_cli/__init__.py").read_bytes())
    (host.folder / "dist").mkdir()
    for made in ("a.whl", "a.tar.gz", "a.cdx.json", "SHA256SUMS"):
        (host.folder / "dist" / made).touch()
    assert host.step(steps[0], GITHUB_REF_NAME=f"v{__version__}9").status == 1
    ran = [host.step(step, GITHUB_REF_NAME=f"v{__version__}").status for step in steps]
    assert (ran, host.text(".asked")) == ([0] * len(steps), "make dist\n")
    assert sorted(path.name for path in (host.folder / "dist").iterdir()) == ["a.tar.gz", "a.whl"]
