"""The tour: its screen is literal, and its report is true against the sandbox's own record of calls."""

from __future__ import annotations

import json
import re
import sqlite3
import sys
from contextlib import closing
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from commands import Sentry
from costsentry_cli.cli.demo import PLACE, on_path, run
from costsentry_cli.cli.options import Common
from fakes import FrozenClock

PRICES = {  # USD per million tokens of us. Claude Haiku 4.5, as AWS publishes them
    "input_tokens": Decimal("1.1"),
    "output_tokens": Decimal("5.5"),
}
ROW = re.compile(r"^(\S+) +\$(\d+\.\d+) +(\d+\.\d)%", re.MULTILINE)


@pytest.fixture
def screen(folder: Path, capsys: pytest.CaptureFixture[str]) -> str:
    run(Common(), PLACE, FrozenClock(datetime(2026, 11, 23, 9, 0, tzinfo=UTC)))
    return capsys.readouterr().out


def recorded(folder: Path) -> list[sqlite3.Row]:
    with closing(sqlite3.connect(folder / PLACE / "sandbox.db")) as db:
        db.row_factory = sqlite3.Row
        return db.execute("SELECT * FROM calls ORDER BY id").fetchall()


def cost_of(call: sqlite3.Row) -> Decimal:
    """Price x tokens, from the record of the call and the published price alone."""
    assert call["cache_read_tokens"] == call["cache_write_5m_tokens"] == call["cache_write_1h_tokens"] == 0
    return sum((call[kind] * price / 10**6 for kind, price in PRICES.items()), Decimal(0))


def test_the_screen_of_the_tour(screen: str, capsys: pytest.CaptureFixture[str]) -> None:
    expected = (Path(__file__).parent / "screens" / "demo.txt").read_text(encoding="utf-8")
    assert screen == expected
    assert max(map(len, screen.splitlines())) <= 80


def test_the_rows_add_up_to_the_total(screen: str) -> None:
    rows = {name: Decimal(cost) for name, cost, _ in ROW.findall(screen)}
    total = rows.pop("Total")
    assert set(rows) == {"sales", "services", "support", "(untagged)"}
    assert sum(rows.values()) == total


def test_the_billed_amounts_are_price_times_tokens_of_the_calls_just_made(
    screen: str, folder: Path, sentry: Sentry
) -> None:
    calls = recorded(folder)
    by_centre: dict[str | None, Decimal] = {}
    for number, call in enumerate(calls):
        # The first three came before the tags were active: they stay untagged, as on AWS.
        centre = json.loads(call["tags"])["costCenter"] if number >= 3 else None
        by_centre[centre] = by_centre.get(centre, Decimal(0)) + cost_of(call)
    options = ("--sandbox", "--sandbox-db", str(PLACE / "sandbox.db"), "--since", "2026-11-22", "--until", "2026-12-05")
    document = sentry("report", *options, "-o", "json").json()
    assert {row["costCenter"]: Decimal(row["cost_usd"]) for row in document["costs"]} == by_centre
    assert Decimal(document["total"]["cost_usd"]) == sum(by_centre.values())
    assert len(calls) == 43


def test_the_tour_can_be_taken_again_and_leaves_everything_else_alone(folder: Path, sentry: Sentry) -> None:
    (folder / "profiles.yaml").write_text("mine", encoding="utf-8")
    first, second = sentry("demo"), sentry("demo")
    assert (first.status, second.status) == (0, 0)
    assert first.out.splitlines()[:6] == second.out.splitlines()[:6]
    assert (folder / "profiles.yaml").read_text(encoding="utf-8") == "mine"
    assert sorted(p.name for p in folder.iterdir()) == [".costsentry", "profiles.yaml"]


def test_what_the_tour_suggests_works(folder: Path, sentry: Sentry, monkeypatch: pytest.MonkeyPatch) -> None:
    out = sentry("demo").out
    for name, value in re.findall(r"(COSTSENTRY_\w+)=(\S+)", out):
        monkeypatch.setenv(name, value)
    assert sentry("invoke", "--cost-center", "sales", "Hello").status == 0
    assert sentry("tags", "status").status == 0
    assert sentry("profiles", "plan", "--check").status == 0


def test_the_tour_tells_how_to_put_its_command_on_the_path_where_that_is_another(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for place in ("here", "there"):
        (folder / place).mkdir()
        (folder / place / "sentry").write_text("#!/bin/sh\n", encoding="utf-8")
        (folder / place / "sentry").chmod(0o755)
    monkeypatch.setattr(sys, "argv", ["here/sentry", "demo"])
    wanted = f'    export PATH="{folder / "here"}:$PATH"\n'
    for path, said in (("", wanted), (str(folder / "there"), wanted), (str(folder / "here"), "")):
        monkeypatch.setenv("PATH", path)
        assert on_path() == said
