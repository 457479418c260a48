"""What is promised of speed: the table says all of it, and what measures it still runs. Nothing here is timed."""

from __future__ import annotations

import gc
import importlib
import re
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

import loopback
import table
from goals import GOALS, Goal, How
from ratio import Row

from accounts import Account
from commands import Sentry
from costsentry_cli.__main__ import COLLECT_AFTER, main

PAGE = table.PAGE.read_text(encoding="utf-8")
LINES = [[cell.strip() for cell in line.strip("|").split("|")] for line in PAGE.splitlines() if line.startswith("| ")]
BY_GOAL = {tuple(line[:3]): line for line in LINES}


def number(cell: str) -> float:
    found = re.fullmatch(r"(?:<= )?([0-9.]+(?:e[+-]?[0-9]+)?)(?:x|%)?", cell)
    assert found, cell
    return float(found[1])


@pytest.mark.parametrize("goal", GOALS, ids=lambda goal: f"{goal.what}, {goal.how}")
def test_the_page_has_every_goal_with_figures_that_bear_out_its_verdict(goal: Goal) -> None:
    line = BY_GOAL[goal.what, goal.against, goal.how.value]
    figure = number(line[3])
    if line[4]:
        least, greatest = map(number, line[4].split(" .. "))
        assert least <= figure <= greatest
    if goal.at_most is not None:
        assert number(line[5]) == pytest.approx(goal.at_most, rel=0.01)
        assert line[6] == ("ok" if figure <= number(line[5]) else "above")


def test_the_page_says_nothing_of_goals_there_are_not() -> None:
    kinds = {(goal.what, goal.against, goal.how.value) for goal in GOALS} | {("what", "against", "measured")}
    assert {tuple(line[:3]) for line in LINES} - kinds - {("---", "---", "---")} == set()


def test_the_page_names_its_date_and_every_version() -> None:
    assert re.search(r"Measured on \d{4}-\d\d-\d\d with costsentry-cli \d", PAGE)
    assert all(re.search(rf"\b{re.escape(package)} \d", PAGE) for package in (*table.PACKAGES, "pandas"))


def test_a_row_quotes_the_median_and_the_least_where_noise_only_adds() -> None:
    ratios = Row(Goal("ours", "theirs", How.CPU, 2), (3.0, 1.0, 1.5))
    waits = Row(Goal("ours", "the wait", How.WAIT, 0.1), (0.3, 0.05))
    assert ratios.cells() == ("ours", "theirs", "CPU", "1.5x", "1x .. 3x", "<= 2x", "ok")
    assert waits.cells()[3:] == ("0.050x", "0.050x .. 0.300x", "<= 0.100x", "ok")
    assert Row(Goal("ours", "theirs", How.CPU, 1.4), ratios.figures).verdict == "above"


@pytest.mark.parametrize(("figure", "at_most"), [(0.01004, 0.01), (0.06668, 1 / 15), (12.004, 12), (1.1501, 1.15)])
def test_a_figure_just_above_its_goal_is_printed_above_it(figure: float, at_most: float) -> None:
    row = Row(Goal("ours", "theirs", How.CPU, at_most), (figure,))
    assert number(row.cells()[3]) > number(row.cells()[5])
    assert row.verdict == "above"


def test_the_page_says_first_which_goal_is_not_kept() -> None:
    well = Row(Goal("ours", "theirs", How.CPU, 2), (1.5,))
    above = Row(Goal("sync", "a loop", How.WALL, 0.01), (0.011,))
    assert table.kept([well]) == "Every goal is kept."
    assert table.kept([well, above]) == "**Not kept:**\n\n- sync against a loop: 0.011x"


@pytest.mark.parametrize(("figure", "status"), [(0.0, 0), (1000.0, 1)])
def test_the_page_is_written_though_a_goal_is_not_kept_and_the_run_fails(
    figure: float, status: int, tmp_path: Path
) -> None:
    rows = [Row(goal, (figure,)) for goal in GOALS]
    table.write(rows, "peers", tmp_path / "performance.md")
    said = (tmp_path / "performance.md").read_text(encoding="utf-8")
    assert table.status(rows) == status
    assert ("**Not kept:**" in said, "| above |" in said) == (bool(status), bool(status))


@pytest.mark.parametrize("name", [*table.FILES, "processes"])
def test_everything_that_measures_can_be_loaded(name: str) -> None:
    assert callable(importlib.import_module(f"bench_{name}").rows)


def test_a_metered_call_costs_two_writes_for_each_limit_and_no_read() -> None:
    assert [row.figures for row in importlib.import_module("bench_metering").rows()] == [(2,), (0,)]


def test_the_syncs_that_are_measured_make_what_they_say() -> None:
    bench = importlib.import_module("bench_sync")
    account = Account()
    bench.first_sync(bench.door_to(account, 0))
    assert len(account.profiles) == bench.PROFILES
    assert bench.planned(bench.door_to(account, 0), bench.FEW).calls == ()


@pytest.fixture
def address() -> Iterator[str]:
    server = loopback.Server(("127.0.0.1", 0), loopback.handler(0))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_the_account_on_loopback_takes_a_sync_and_lists_it(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sentry: Sentry
) -> None:
    for name, value in loopback.variables(address).items():
        monkeypatch.setenv(name, value)
    manifest = tmp_path / "p.yaml"
    manifest.write_text(importlib.import_module("bench_sync").text(2), encoding="utf-8")
    assert sentry("profiles", "sync", "--yes", "-f", str(manifest)).status == 0
    listed = sentry("profiles", "list", "-f", str(manifest), "-o", "json").json()["profiles"]
    assert [one["name"] for one in listed] == ["p-c0000", "p-c0001"]


def test_a_command_lets_the_collector_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    before = gc.get_threshold()
    monkeypatch.setattr(sys, "argv", ["sentry"])
    try:
        assert main() == 0
        assert gc.get_threshold()[0] == COLLECT_AFTER
        assert gc.get_freeze_count() > 0
    finally:
        gc.unfreeze()
        gc.set_threshold(*before)
