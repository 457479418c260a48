"""How everything is measured: ours and a peer's in turn (A B, B A, A B …), quoted as ratios of neighbours, no times.

A ratio of two neighbours cancels what the machine does meanwhile; the median of the ratios is the row's figure, their
spread says how far noise went.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from goals import Goal, How

ROOT = Path(__file__).parents[1]
LAUNCH = Path(__file__).with_name("launch.py")
PYTHON = sys.executable
BARE = (PYTHON, "-c", "pass")
SENTRY = (str(Path(PYTHON).with_name("sentry")),)
PEERS = ROOT / ".bench-venv" / "bin"
"""Where ``make bench`` has put the peers, in an environment of their own."""
PEER_PYTHON = str(PEERS / "python")
AWS = (str(PEERS / "aws"),)
NOWHERE = tempfile.TemporaryDirectory(prefix="bench-")
"""An empty folder to run in: what a peer does not read, ours does not read either."""

HEADS = ("what", "against", "measured", "figure", "spread", "goal", "")
WIDTHS = (44, 42, 15, 8, 18, 10, 5)

Command = Sequence[str]
A = TypeVar("A")
B = TypeVar("B")


@dataclass(frozen=True)
class Row:
    """A goal with its figures, one of each pair."""

    goal: Goal
    figures: tuple[float, ...]

    @property
    def figure(self) -> float:
        """What the row says: the median, or the least where noise only adds."""
        return min(self.figures) if self.goal.how is How.WAIT else statistics.median(self.figures)

    @property
    def verdict(self) -> str:
        """``ok``, ``above``, or nothing where no goal is set."""
        if self.goal.at_most is None:
            return ""
        return "ok" if self.figure <= self.goal.at_most else "above"

    def cells(self) -> tuple[str, ...]:
        """One for each name of ``HEADS``, as text."""
        goal, figure = self.goal, self._text(self.figure)
        at_most = "" if goal.at_most is None else f"<= {self._text(goal.at_most)}"
        spread = f"{self._text(min(self.figures))} .. {self._text(max(self.figures))}"
        spread = spread if len(self.figures) > 1 else ""
        return goal.what, goal.against, goal.how.value, figure, spread, at_most, self.verdict

    def _text(self, figure: float) -> str:
        """As many digits as bear out the verdict, and the unit."""
        return _rounded(figure, self._digits()) + self.goal.unit

    def _digits(self) -> int:
        """Three, or more where a figure just above its goal would be printed as the goal."""
        figure, at_most = self.figure, self.goal.at_most
        if at_most is None or figure <= at_most:
            return 3
        return next(n for n in range(3, 18) if float(_rounded(figure, n)) > float(_rounded(at_most, n)))

    def line(self) -> str:
        """``sentry --help    python -c pass    CPU    4.9x   4.8x .. 5.2x   <= 12x   ok``."""
        return "".join(f"{cell:<{width}}  " for cell, width in zip(self.cells(), WIDTHS, strict=True)).rstrip()


def _rounded(figure: float, digits: int) -> str:
    return f"{figure:.{digits}f}" if 0 < figure < 1 else f"{figure:.{digits}g}"


@dataclass(frozen=True)
class Spent:
    """What one whole process took: seconds, and MB at its peak; and what it printed."""

    cpu: float
    wall: float
    memory: float
    said: str


def environment(**more: str) -> dict[str, str]:
    """The machine's environment without anybody's AWS account, settings of ours, or wishes for Python.

    One such wish is to write no bytecode: ours would be compiled at every start, the peers' is already.
    """
    others = ("AWS_", "COSTSENTRY_", "PYTHON")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(others)}
    return kept | {"AWS_EC2_METADATA_DISABLED": "true"} | more


def spent(command: Command, **more: str) -> Spent:
    """Run one process to its end; raises when it fails."""
    figures = Path(NOWHERE.name) / "figures"
    launched = (PYTHON, "-I", "-S", str(LAUNCH), str(figures), *command)
    ended = subprocess.run(launched, capture_output=True, text=True, env=environment(**more), cwd=NOWHERE.name)
    if ended.returncode:
        raise SystemExit(f"{' '.join(command[:4])} ended with {ended.returncode}: {ended.stderr[-500:]}")
    return Spent(*json.loads(figures.read_text(encoding="ascii")), ended.stdout.strip())


def pairs(ours: Callable[[], A], theirs: Callable[[], B], runs: int) -> Iterator[tuple[A, B]]:
    """Both in turn, either one first every other time."""
    for run in range(runs):
        if run % 2:
            other = theirs()
            yield ours(), other
        else:
            one = ours()
            yield one, theirs()


def cpu_ratios(command: Command, against: Command, runs: int = 15, **more: str) -> tuple[float, ...]:
    """CPU time of whole processes, pair by pair; the first pair warms the disk's cache and is not counted."""
    both = pairs(lambda: spent(command, **more).cpu, lambda: spent(against, **more).cpu, runs + 1)
    return tuple(ours / theirs for ours, theirs in both)[1:]


def show(rows: Iterator[Row]) -> None:
    """Print each row as soon as it is measured."""
    for row in rows:
        print(row.line(), flush=True)
