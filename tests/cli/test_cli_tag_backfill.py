"""``sentry tags backfill``: explained, asked for, refused for a day, and listed."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from tag_screens import Story, literal, now

from commands import Sentry
from costsentry_cli.sandbox import Sandbox


@pytest.fixture(autouse=True)
def eighty_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")


def this_month(sentry: Sentry) -> str:
    return f"{now(sentry):%Y-%m}"


def know(folder: Path, *keys: str, status: str = "Inactive") -> None:
    for key in keys:
        Sandbox(folder / "sandbox.db").configure(f"known_tag_key:{key}", status)


def test_it_is_explained_requested_and_listed(in_sandbox: Sentry, folder: Path) -> None:
    story = Story.begin(in_sandbox)
    know(folder, "costCenter", status="Active")
    know(folder, *(f"key{number:02}" for number in range(12)))
    month = this_month(in_sandbox)
    assert story.screen("tags", "backfill", "--from", month, "--yes") == literal("tags_backfill")
    assert story.screen("tags", "backfill", "--from", month, "--yes") == literal("tags_backfill_again")
    story.later("13h")
    assert story.screen("tags", "backfill", "--history") == literal("tags_backfill_history")
    assert in_sandbox("tags", "backfill", "--from", month, "--yes").status == 8
    story.later("12h")
    assert in_sandbox("tags", "backfill", "--from", month, "--yes").status == 0


def test_costs_of_before_the_activation_carry_the_key_after_it(in_sandbox: Sentry) -> None:
    story = Story.begin(in_sandbox)
    in_sandbox("profiles", "sync", "--yes")
    story.use()
    story.later("25h")
    in_sandbox("tags", "activate")
    story.later("30d")
    before = in_sandbox("tags", "status", "costCenter", "-o", "json").json()["tags"][0]
    assert before["first_cost"] is None
    month = f"{story.first:%Y-%m}"
    assert in_sandbox("tags", "backfill", "--from", month, "--yes").status == 0
    story.later("25h")
    after = in_sandbox("tags", "status", "costCenter", "-o", "json").json()["tags"][0]
    assert (after["first_cost"], after["last_month_share"]) == (story.first.isoformat(), "1.00")


def test_the_document_has_stable_names(in_sandbox: Sentry) -> None:
    document = in_sandbox("tags", "backfill", "--from", this_month(in_sandbox), "--yes", "-o", "json").json()
    (row,) = document["backfills"]
    assert list(row) == ["from", "requested", "completed", "status"]
    assert (row["completed"], row["status"]) == (None, "processing")


def test_an_empty_history_says_so(in_sandbox: Sentry) -> None:
    assert in_sandbox("tags", "backfill", "--history").out == "No backfill was requested yet.\n"
    assert in_sandbox("tags", "backfill", "--history", "-o", "json").json()["backfills"] == []


def test_it_needs_an_answer_and_is_explained_before(in_sandbox: Sentry) -> None:
    ran = in_sandbox("tags", "backfill", "--from", this_month(in_sandbox))
    assert (ran.status, ran.out) == (2, "")
    assert "their values are erased" in ran.err.partition("give --yes")[0]
    assert in_sandbox("tags", "backfill", "--history", "-o", "json").json()["backfills"] == []


def test_it_takes_a_month_or_the_history(in_sandbox: Sentry) -> None:
    for words in ((), ("--history", "--from", this_month(in_sandbox))):
        ran = in_sandbox("tags", "backfill", *words)
        assert (ran.status, "give --from YYYY-MM, or --history" in ran.err) == (2, True)


def test_a_month_ahead_or_too_long_ago_is_refused_before_anything_is_asked(in_sandbox: Sentry) -> None:
    today = now(in_sandbox)
    ahead = today.replace(day=1) + timedelta(days=31)
    for month, words in ((f"{ahead:%Y-%m}", "lies in the future"), (f"{today.year - 2}-01", "12 may be")):
        ran = in_sandbox("tags", "backfill", "--from", month, "--yes")
        assert (ran.status, words in ran.err) == (2, True)
