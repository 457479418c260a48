"""A warm in-process sandbox call: CPU per Converse, and that moto stays out."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from costsentry_cli.cli.context import sandbox_at, sandbox_context
from costsentry_cli.domain.calls import ApiCall

CALLS = 300
GOAL_MS = 1.5
CONVERSE = ApiCall(
    "bedrock-runtime",
    "Converse",
    {"modelId": "amazon.nova-lite-v1:0", "messages": [{"role": "user", "content": [{"text": "Hello"}]}]},
)

if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        sandbox = sandbox_at(Path(folder) / "s.db")
        cloud = sandbox_context(sandbox, "us-east-1").cloud
        cloud.call(CONVERSE)
        before = time.process_time()
        for _ in range(CALLS):
            cloud.call(CONVERSE)
        whole = (time.process_time() - before) / CALLS * 1000
        print(f"one Converse, client and sandbox: {whole:.2f} ms CPU (goal of the sandbox's part <= {GOAL_MS} ms)")
        print(f"moto imported: {'moto' in sys.modules}")
