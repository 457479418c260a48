"""What metering adds to a call: the ledger's requests of one call that two limits match, counted at the client."""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "reliability"))

import goals
from callers import folder_with_ledger
from ratio import Row, show

from costsentry_cli import invoke, read_manifest
from costsentry_cli.cli.context import sandbox_at, sandbox_context

MATCHING = 2
WRITES = ("PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems", "BatchWriteItem")


def rows() -> Iterator[Row]:
    """Writes for each limit, then reads; the first call, which also makes the windows' items, is not counted."""
    asked: Counter[str] = Counter()

    def count(model: Any, **_: object) -> None:
        asked[model.name] += model.service_model.service_name == "dynamodb"

    with tempfile.TemporaryDirectory() as folder:
        path = folder_with_ledger(Path(folder), 1_000_000)
        manifest, context = (
            read_manifest(path / "profiles.yaml"),
            sandbox_context(sandbox_at(path / "sandbox.db"), "us-east-1"),
        )
        context.cloud.session.register("before-call", count)
        for _ in range(2):
            asked.clear()
            reply = invoke(
                context.cloud, manifest, "Hello", cost_center="sales", region="us-east-1", clock=context.clock
            )
            assert reply.error is None
    yield Row(goals.WRITES, (sum(asked[name] for name in WRITES) / MATCHING,))
    yield Row(goals.READS, (sum(number for name, number in asked.items() if name not in WRITES),))


if __name__ == "__main__":
    show(rows())
