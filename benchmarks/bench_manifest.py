"""A manifest of 10,000 profiles: the whole command against the C loader of PyYAML alone, which checks nothing."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import goals
from ratio import PEER_PYTHON, SENTRY, Row, pairs, show, spent

PROFILES, RUNS, MEGABYTES = 10_000, 7, 200
HEAD = """\
version: 1
namespace: bench
regions: [us-east-1]
models: {haiku: us.anthropic.claude-haiku-4-5-20251001-v1:0, nova-lite: amazon.nova-lite-v1:0}
tags: {applicationId: documentation-helper, environment: production}
profiles:
"""
PROFILE = """\
  - name: docs-{centre}-prod
    model: {model}
    description: Answers of cost centre {number}
    tags: {{costCenter: {centre}}}
"""
LOADED = "import sys, yaml\nwith open(sys.argv[1]) as file: yaml.load(file, yaml.CSafeLoader)"


def written(path: Path) -> Path:
    """Each profile in full, as a program would write them."""
    models = ("haiku", "nova-lite")
    entries = (PROFILE.format(centre=f"team-{n:05}", model=models[n % 2], number=n) for n in range(PROFILES))
    path.write_text(HEAD + "".join(entries), encoding="utf-8")
    return path


def rows() -> Iterator[Row]:
    """CPU against the loader, memory against what is allowed."""
    with tempfile.TemporaryDirectory() as folder:
        path = str(written(Path(folder) / "profiles.yaml"))
        both = [
            (ours.cpu / theirs.cpu, ours.memory / MEGABYTES)
            for ours, theirs in pairs(
                lambda: spent((*SENTRY, "validate", "-f", path)), lambda: spent((PEER_PYTHON, "-c", LOADED, path)), RUNS
            )
        ]
    time, memory = zip(*both, strict=True)
    yield Row(goals.MANIFEST, time)
    yield Row(goals.MANIFEST_MEMORY, memory)


if __name__ == "__main__":
    show(rows())
