"""What is promised of speed, in the order of the table: each goal is a figure of ours against a peer's in one run."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class How(StrEnum):
    """What the figures of a row are."""

    CPU = "CPU"
    """The CPU time of whole processes."""
    WORK = "CPU of the work"
    """The CPU time of the work alone, in a warm process."""
    WALL = "wall"
    """The wall time of whole processes, where waiting is what counts."""
    WAIT = "wall, least"
    """Wall time as a share of the waiting there is in any case: what else the machine does only adds, so the least
    of the runs is the figure."""
    MEMORY = "peak memory"
    """The most memory a whole process held."""
    COUNT = "count"
    """Counted, not timed."""


@dataclass(frozen=True)
class Goal:
    """One row: ``what`` of ours, ``against`` whom, ``how`` it is measured and how much it is ``at_most``.

    ``at_most`` None: no goal of ours, but what others take, to see ours beside it.
    """

    what: str
    against: str
    how: How
    at_most: float | None = None
    unit: str = "x"


BARE = "python -c pass"
SAME_CALLS = "boto3 script, the same two calls"
CLI_LIST = "aws bedrock list-inference-profiles"
SERIAL = "its calls x 50 ms, one after the other"


def _starts() -> Iterable[Goal]:
    yield Goal("sentry --version", BARE, How.CPU, 2)
    for words in ("--help", "profiles --help", "explain 5", "validate (the example)"):
        yield Goal(f"sentry {words}", BARE, How.CPU, 12)
    for peer in (
        "click: hello --help",
        "typer: hello --help",
        "sqlite-utils --version",
        "sqlite-utils --help",
        "octodns-sync --help",
        "aws --version",
        "python -c 'import boto3'",
    ):
        yield Goal(peer, BARE, How.CPU)


VERSION, HELP, PROFILES_HELP, LIGHT, VALIDATE, *PEERS = _starts()
LIST = Goal("sentry profiles list", SAME_CALLS, How.CPU, 1.15)
LIST_CLI = Goal("sentry profiles list", CLI_LIST, How.CPU, 0.8)
DOOR = Goal("200 calls of 50 ms through the door", SERIAL, How.WAIT, 1 / 15)
SYNC = Goal("sync of 200 new profiles, 50 ms a call", SERIAL, How.WAIT, 1 / 15)
SYNC_CLI = Goal("sentry profiles sync, the same 200", "200 x aws bedrock create-inference-profile", How.WALL, 1 / 100)
SECOND = Goal("second sync of 1,000 profiles, 50 ms a call", SERIAL, How.WAIT, 1 / 15)
MANIFEST = Goal("sentry validate, 10,000 profiles", "yaml.load with CSafeLoader", How.CPU, 2)
MANIFEST_MEMORY = Goal("sentry validate, 10,000 profiles", "200 MB", How.MEMORY, 1)
FOLD = Goal("fold of 182,500 groups", "tuned pandas", How.CPU, 0.6)
FOLD_MEMORY = Goal("fold of 182,500 groups", "250 MB", How.MEMORY, 1)
SANDBOX = Goal("a Converse in the sandbox, client included", "1.5 ms", How.WORK, 1)
SANDBOX_MOTO = Goal("GetCallerIdentity in the sandbox", "the same in moto", How.WORK)
REPORT = Goal("sentry report, a week of one group", SAME_CALLS, How.CPU, 1.3)
PAID = Goal("paid requests of a report", "pages of its answer", How.COUNT, 1)
PAID_AGAIN = Goal("paid requests of the report repeated", "none", How.COUNT, 0, "")
WRITES = Goal("DynamoDB writes of a metered call", "limits that match", How.COUNT, 2)
READS = Goal("DynamoDB reads of a metered call", "none", How.COUNT, 0, "")
PROCESSES = tuple(
    Goal(f"{what}, {run}", "the limit", How.COUNT, at_most, "%")
    for run in ("64 processes", "64 processes and 250 kills")
    for what, at_most in (("billed", 100), ("committed", 100), ("stranded after expiry", 1))
)
"""Measured by name alone: correctness under load, not speed, and minutes of it."""
GOALS: tuple[Goal, ...] = (
    VERSION, HELP, PROFILES_HELP, LIGHT, VALIDATE, *PEERS, LIST, LIST_CLI, DOOR, SYNC, SYNC_CLI, SECOND,
    MANIFEST, MANIFEST_MEMORY, FOLD, FOLD_MEMORY, REPORT, PAID, PAID_AGAIN, SANDBOX, SANDBOX_MOTO, WRITES, READS,
)  # fmt: skip
