"""Sixty-four real processes against two limits in one sandbox, without and with 250 kills in the middle of calls.

The rows are in percent of the limits and need no quiet machine: what the sandbox billed, what is committed, and what is
stranded once every abandoned hold is ended. Goals: at most 100, at most 100, at most 1.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "reliability"))

from callers import SALES, SUPPORT, Books, Fire, books, expire_all, folder_with_ledger, run

from costsentry_cli.domain.ledger.counters import NANOS

TOKENS, DOLLARS = 40_000, 0.12
RUNS = (("64 processes", Fire(64)), ("64 processes, 250 kills", Fire(64, kills=250, apart=12)))


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


def main() -> int:
    """Print the rows; 1 when a limit was passed, a call was not counted, or holds outlived their end."""
    print(f"{'run':<26}{'calls':>7}{'kills':>7}{'billed %':>10}{'committed %':>13}{'stranded %':>12}{'s':>7}")
    fine = True
    for name, fire in RUNS:
        with tempfile.TemporaryDirectory() as folder:
            path = folder_with_ledger(Path(folder), TOKENS, str(DOLLARS))
            told = run(path, fire, timeout=1800)
            expire_all(path)
            found = books(path)
        billed, committed, stranded = shares(found)
        requests = found.counts[SALES].settled.requests + found.counts[SUPPORT].settled.requests
        fine &= billed <= committed <= 100 and stranded <= 1 and found.calls <= requests and not told["failed"]
        print(
            f"{name:<26}{found.calls:>7}{told['kills']:>7}{billed:>10.2f}{committed:>13.2f}{stranded:>12.2f}"
            f"{told['seconds']:>7.0f}"
        )
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
