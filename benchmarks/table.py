"""Every figure of speed in one run: printed row by row, and written as ``docs/performance.md``.

``python benchmarks/table.py`` measures everything, ``table.py list sync`` only those files and writes nothing. Exits 1
when a figure is above its goal.
"""

from __future__ import annotations

import importlib
import os
import platform
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from goals import GOALS
from ratio import HEADS, PEER_PYTHON, PYTHON, ROOT, WIDTHS, Row, spent

from costsentry_cli import __version__

PAGE = ROOT / "docs" / "performance.md"
FILES = ("start", "list", "door", "sync", "manifest", "report", "sandbox", "metering")
PACKAGES = ("awscli", "boto3", "click", "moto", "octodns", "PyYAML", "sqlite-utils", "typer")
VERSIONS = (
    "import sys\nfrom importlib.metadata import version\nprint(', '.join(f'{p} {version(p)}' for p in sys.argv[1:]))"
)
TEXT = """\
# Performance

Made by `make bench`; not written by hand. Figures are ratios of ours to a peer's in the same run, never times: machines
differ. Measured on {date} with costsentry-cli {ours}, {python} on {system}, {cores} cores, against {versions}.

## Goals

{kept}

{goals}

## What others take

{others}

## How it is measured

- The peers are installed in an environment of their own (`.bench-venv`, from `benchmarks/peers.txt`), what both
  environments have in the same version; pandas is measured in ours, because sqlite-utils imports it where it finds it.
  Ours is the installed `sentry` command.
- Ours and the peer's run in turn, either one first every other time. The figure is the median of the ratios of
  neighbours, the spread their least and greatest: what the machine does meanwhile touches both.
- *CPU* is the user and system time of whole processes, start-up included; *CPU of the work* that of a loop in a warm
  process. *Wall* is used where waiting counts. *Wall, least*: the share of the waiting there is in any case (requests x
  50 ms), where noise can only add, so the least of the runs counts; the client is made anew, imports are not counted.
- AWS is a server on loopback, or a stand-in behind the client library, that answers as AWS does after the latency.
  Nothing leaves the machine.
- `sentry profiles list` makes two calls (who am I, one page of profiles); the script makes the same two, the AWS CLI
  only the second. The AWS CLI's 200 creations are extrapolated from four of them a run.
- A metered call's DynamoDB requests are counted at the client, for a call that two limits match.
- The peak memory of a process is taken by a small one that begins it: a process starts with its parent's peak.
- `benchmarks/overshoot.py` prints how far other ways to keep a limit pass it; `make bench FILES=processes` lets 64
  processes spend against one limit, once while 250 of them are killed in the middle of a call.
"""


def markdown(rows: Iterable[Row], columns: Sequence[int]) -> str:
    """A table of these columns of the rows."""
    heads = [HEADS[column] for column in columns]
    lines = [[row.cells()[column] for column in columns] for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in [heads, ["---"] * len(columns), *lines])


def page(rows: Sequence[Row], versions: str) -> str:
    """The whole document."""
    goals = [row for row in rows if row.goal.at_most is not None]
    others = [row for row in rows if row.goal.at_most is None]
    return TEXT.format(
        date=f"{datetime.now(UTC):%Y-%m-%d}",
        ours=__version__,
        python=f"{platform.python_implementation()} {platform.python_version()}",
        system=f"{platform.system()} {platform.machine()}",
        cores=os.cpu_count(),
        versions=versions,
        kept=kept(goals),
        goals=markdown(goals, range(len(HEADS))),
        others=markdown(others, range(5)),
    )


def kept(rows: Iterable[Row]) -> str:
    """What the page says first: whether each goal is kept, and which is not."""
    above = [
        f"- {row.goal.what} against {row.goal.against}: {row.cells()[3]}" for row in rows if row.verdict == "above"
    ]
    return "\n".join(["**Not kept:**", "", *above]) if above else "Every goal is kept."


def versions() -> str:
    """``awscli 1.46.3, boto3 …`` of the peers' environment, and of ours what is measured there."""
    return f"{spent((PEER_PYTHON, '-c', VERSIONS, *PACKAGES)).said}, {spent((PYTHON, '-c', VERSIONS, 'pandas')).said}"


def measured(files: Iterable[str]) -> list[Row]:
    """The rows of these files, each printed when it is there."""
    print("".join(f"{head:<{width}}  " for head, width in zip(HEADS, WIDTHS, strict=True)).rstrip())
    rows: list[Row] = []
    for file in files:
        for row in importlib.import_module(f"bench_{file}").rows():
            print(row.line(), flush=True)
            rows.append(row)
    return rows


def main(asked: Sequence[str]) -> int:
    """Measure what is asked, or everything and write the page."""
    if not Path(PEER_PYTHON).exists():
        raise SystemExit("the peers are not installed: make .bench-venv/installed")
    peers = versions()
    print(f"costsentry-cli {__version__}; {peers}")
    rows = measured(asked or FILES)
    if not asked:
        write(rows, peers, PAGE)
        print(f"wrote {PAGE.relative_to(ROOT)}")
    return status(rows)


def write(rows: Sequence[Row], versions: str, path: Path) -> None:
    """Write the page, whether or not every goal is kept; ends the program when one was not measured."""
    if {row.goal for row in rows} != set(GOALS):
        raise SystemExit("a goal was not measured")
    path.write_text(page(rows, versions), encoding="utf-8")


def status(rows: Iterable[Row]) -> int:
    """The exit status: 1 when a figure is above its goal."""
    return 1 if any(row.verdict == "above" for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
