"""``sentry sandbox``: the stand-in's own commands."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from commands import Sentry


def now(sentry: Sentry) -> datetime:
    return datetime.fromisoformat(sentry("sandbox", "status", "-o", "json").json()["sandbox"]["now"])


@pytest.mark.parametrize(
    ("by", "moved"), [("90m", timedelta(minutes=90)), ("25h", timedelta(hours=25)), ("7d", timedelta(7))]
)
def test_advance_moves_the_clock_of_every_later_process(by: str, moved: timedelta, in_sandbox: Sentry) -> None:
    before = now(in_sandbox)
    assert in_sandbox("sandbox", "advance", by).status == 0
    assert moved <= now(in_sandbox) - before < moved + timedelta(minutes=1)


@pytest.mark.parametrize("by", ["25", "h", "-5h", "1w", "1.5h", ""])
def test_what_is_no_duration_is_refused(by: str, in_sandbox: Sentry) -> None:
    assert in_sandbox("sandbox", "advance", "--", by).status == 2


def test_the_state_file_is_its_owners_alone_and_made_where_it_is_named(in_sandbox: Sentry, folder: Path) -> None:
    in_sandbox("sandbox", "status")
    assert (folder / "sandbox.db").stat().st_mode & 0o777 == 0o600


def test_by_default_the_state_is_in_a_folder_of_its_own(sentry: Sentry, folder: Path) -> None:
    sentry("sandbox", "status")
    assert (folder / ".costsentry" / "sandbox.db").exists()


def test_status_counts_what_there_is(in_sandbox: Sentry) -> None:
    in_sandbox("profiles", "sync", "--yes")
    in_sandbox("invoke", "--cost-center", "sales", "Hi")
    held = in_sandbox("sandbox", "status", "-o", "json").json()["sandbox"]
    assert (held["profiles"], held["calls"], held["custom_datapoints"], held["model_violations"]) == (3, 1, 6, 0)
    assert "profiles              3\n" in in_sandbox("sandbox", "status").out


def test_reset_needs_a_yes_and_then_empties_the_sandbox(in_sandbox: Sentry) -> None:
    in_sandbox("profiles", "sync", "--yes")
    assert in_sandbox("sandbox", "reset").status == 2
    assert in_sandbox("sandbox", "reset", "--yes").status == 0
    assert in_sandbox("sandbox", "status", "-o", "json").json()["sandbox"]["profiles"] == 0


def test_a_seed_of_months_begins_with_a_month(in_sandbox: Sentry) -> None:
    sown = in_sandbox("sandbox", "seed", "--months", "1", "-o", "json").json()["seed"]
    start, end = (date.fromisoformat(sown[name]) for name in ("start", "end"))
    assert start.day == 1
    assert (end.year - start.year) * 12 + end.month - start.month == 1
    both = in_sandbox("sandbox", "seed", "--months", "1", "--days", "5")
    assert both.status == 2
    assert "--days or --months, not both" in both.err


def test_a_seed_is_the_same_for_the_same_number_and_sown_once(in_sandbox: Sentry) -> None:
    first = in_sandbox("sandbox", "seed", "--days", "5", "-o", "json").json()["seed"]
    assert first["calls"] > 100
    again = in_sandbox("sandbox", "seed", "--days", "5", "-o", "json").json()["seed"]
    assert (again["already"], again["calls"]) == (True, 0)
    assert in_sandbox("sandbox", "seed", "--days", "5", "--seed", "2", "-o", "json").json()["seed"]["calls"] > 100


def test_an_unknown_fault_names_those_there_are(in_sandbox: Sentry) -> None:
    ran = in_sandbox("sandbox", "fault", "bedrock.CreateInferenceProfile", "explode")
    assert (ran.status, "lost-reply" in ran.err) == (2, True)


def test_env_prints_exports_without_real_credentials(in_sandbox: Sentry) -> None:
    out = in_sandbox("sandbox", "env", "--port", "4600").out
    assert "export AWS_ENDPOINT_URL=http://127.0.0.1:4600\n" in out
    assert all(line.startswith("export AWS_") for line in out.splitlines())


def test_an_operation_the_sandbox_lacks_is_named(in_sandbox: Sentry) -> None:
    in_sandbox("sandbox", "fault", "bedrock.ListInferenceProfiles", "error:UnknownOperationException:501")
    ran = in_sandbox("profiles", "list")
    assert (ran.status, "CS0812" in ran.err) == (8, True)


def test_real_looking_credentials_and_endpoints_are_ignored(
    in_sandbox: Sentry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAREALREALREALREAL")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x" * 40)
    monkeypatch.setenv("AWS_PROFILE", "prod")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://192.0.2.1:1")
    assert in_sandbox("profiles", "sync", "--yes").status == 0


@pytest.mark.parametrize("content", [b"this is no database" * 100, None])
def test_a_file_that_is_no_sandbox_is_refused_and_left_as_it_is(
    content: bytes | None, in_sandbox: Sentry, folder: Path
) -> None:
    path = folder / "sandbox.db"
    path.mkdir() if content is None else path.write_bytes(content)
    ran = in_sandbox("profiles", "list")
    assert (ran.status, ran.err.startswith("error[CS0813]")) == (2, True)
    assert content is None or path.read_bytes() == content
