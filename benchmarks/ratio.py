"""Paired timings of whole processes: A B A B …, quoted as the median ratio A/B, never as times."""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass

PYTHON = sys.executable
BARE = (PYTHON, "-c", "pass")
SENTRY = (PYTHON, "-m", "costsentry_cli")


@dataclass(frozen=True)
class Row:
    """One measured ratio and its goal (at most)."""

    what: str
    ratio: float
    goal: float

    def line(self) -> str:
        """``sentry --help   4.900x   goal <= 12x   ok``."""
        verdict = "ok" if self.ratio <= self.goal else "ABOVE"
        return f"{self.what:<52}{self.ratio:7.3f}x   goal <= {self.goal:.3g}x   {verdict}"


def cpu(command: Sequence[str], **environment: str) -> float:
    """User and system seconds of one whole process."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, capture_output=True, env=dict(os.environ) | environment)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def paired(command: Sequence[str], against: Sequence[str], runs: int = 15, **environment: str) -> float:
    """The median of the pairwise ratios of CPU time; one warm-up each is not counted."""
    cpu(command, **environment), cpu(against, **environment)
    return statistics.median(cpu(command, **environment) / cpu(against, **environment) for _ in range(runs))
