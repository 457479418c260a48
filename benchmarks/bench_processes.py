"""Sixty-four real processes against two limits in one sandbox, without and with 250 kills in the middle of calls.

The rows are in percent of the limits and need no quiet machine: what the sandbox billed, what is committed, and what is
stranded once every abandoned hold is ended.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "reliability"))

import goals
from callers import SALES, SUPPORT, Books, Fire, books, expire_all, folder_with_ledger, run
from ratio import Row, show

from costsentry_cli.domain.ledger.counters import NANOS

TOKENS, DOLLARS = 40_000, 0.12
RUNS = (Fire(64), Fire(64, kills=250, apart=12))


def shares(found: Books) -> tuple[float, float, float]:
    """Percent billed, committed and held, of the limit that is nearer its end."""
    rows = []
    for limit, centre, unit, bound in (
        (SALES, "sales", "tokens", TOKENS),
        (SUPPORT, "support", "nano_usd", DOLLARS * NANOS),
    ):
        count, spent = found.counts[limit], found.billed[centre][1 if unit == "tokens" else 2]
        rows.append((spent, getattr(count.committed, unit), getattr(count.held, unit), bound))
    return max((100 * one / bound, 100 * two / bound, 100 * three / bound) for one, two, three, bound in rows)


def rows() -> Iterator[Row]:
    """Three for each run; a call that failed, or was billed and not counted, is no figure but the end."""
    for number, fire in enumerate(RUNS):
        with tempfile.TemporaryDirectory() as folder:
            path = folder_with_ledger(Path(folder), TOKENS, str(DOLLARS))
            told = run(path, fire, timeout=1800)
            expire_all(path)
            found = books(path)
        requests = found.counts[SALES].settled.requests + found.counts[SUPPORT].settled.requests
        if told["failed"] or found.calls > requests:
            raise SystemExit(f"{told['failed']} callers failed, {found.calls} calls were billed, {requests} counted")
        for goal, figure in zip(goals.PROCESSES[3 * number :], shares(found), strict=False):
            yield Row(goal, (figure,))


if __name__ == "__main__":
    show(rows())
