"""A warm in-process sandbox: the CPU of one call, alone and against moto."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import goals
from ratio import PEER_PYTHON, PYTHON, Row, pairs, show, spent

from costsentry_cli.cli.context import sandbox_at, sandbox_context
from costsentry_cli.domain.calls import ApiCall

CALLS, RUNS = 300, 5
ALLOWED = 0.0015
CONVERSE = ApiCall(
    "bedrock-runtime",
    "Converse",
    {"modelId": "amazon.nova-lite-v1:0", "messages": [{"role": "user", "content": [{"text": "Hello"}]}]},
)
IDENTITIES = f"""
import time
client.get_caller_identity()
before = time.process_time()
for _ in range({CALLS}): client.get_caller_identity()
print(time.process_time() - before)
"""
OURS = """
import sys, pathlib
from botocore.session import Session
from costsentry_cli.sandbox import Sandbox
session = Session()
session.set_credentials("a", "b")
Sandbox(pathlib.Path(sys.argv[1])).plug(session)
client = session.create_client("sts", region_name="us-east-1")
"""
MOTO = """
import boto3, moto
moto.mock_aws().start()
client = boto3.client("sts", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
"""


def each(work: Callable[[], object]) -> float:
    """CPU seconds of one, in the mean."""
    work()
    before = time.process_time()
    for _ in range(CALLS):
        work()
    return (time.process_time() - before) / CALLS


def rows() -> Iterator[Row]:
    """One Converse against what is allowed, then the call that both sandboxes have."""
    with tempfile.TemporaryDirectory() as folder:
        cloud = sandbox_context(sandbox_at(Path(folder) / "s.db"), "us-east-1").cloud
        yield Row(goals.SANDBOX, tuple(each(lambda: cloud.call(CONVERSE)) / ALLOWED for _ in range(RUNS)))
        ours = (PYTHON, "-c", OURS + IDENTITIES, str(Path(folder) / "t.db"))
        moto = (PEER_PYTHON, "-c", MOTO + IDENTITIES)
        both = pairs(lambda: float(spent(ours).said), lambda: float(spent(moto).said), RUNS)
        yield Row(goals.SANDBOX_MOTO, tuple(one / other for one, other in both))


if __name__ == "__main__":
    show(rows())
