"""An application with a boto3 client of its own, in front of a sandbox with a manifest's profiles and a ledger."""

from __future__ import annotations

import base64
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import botocore.session
from botocore.config import Config

from costsentry_cli import metered
from costsentry_cli.cli.context import sandbox_context
from costsentry_cli.domain.calls import ApiCall, Cloud
from costsentry_cli.domain.ledger.counters import Count
from costsentry_cli.domain.ledger.dynamodb import DynamoLedger
from costsentry_cli.domain.manifest.types import Manifest
from costsentry_cli.domain.plan import Wishes
from costsentry_cli.library import MeteredClient
from costsentry_cli.sandbox import Sandbox
from costsentry_cli.usecases import sync
from costsentry_cli.usecases.apply import apply
from fakes import ACCOUNT, PROFILES, PROFILES_ALONE, FrozenClock, home, manifest

TABLE = "costsentry-docs-helper"
LITES = """\
  - {name: aws-docs-lite, model: nova-lite, tags: {costCenter: lite}}
  - {name: aws-docs-pro, model: amazon.nova-pro-v1:0, tags: {costCenter: pro}}
"""
SALES = "limits: [{match: {costCenter: sales}, per: day, tokens: 3000}]\n"
BOTH = SALES.replace("]\n", ", {match: {costCenter: lite}, per: day, tokens: 3000}]\n")
ASK: dict[str, Any] = {"messages": [{"role": "user", "content": [{"text": "What is S3?"}]}]}
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
IMAGE = {
    "messages": [
        {"role": "user", "content": [{"text": "What?"}, {"image": {"format": "png", "source": {"bytes": PIXEL}}}]}
    ]
}


@dataclass
class Application:
    """An application: its client, the sandbox behind, and the events that were recorded."""

    sandbox: Sandbox
    manifest: Manifest
    books: Cloud
    client: Any
    events: list[dict[str, Any]]

    def metered(self, cost_center: str = "sales") -> MeteredClient:
        def keep(event: Any) -> None:
            self.events.append(dict(event))

        return metered(
            self.client, self.manifest, cost_center=cost_center, books=self.books, clock=FrozenClock(), record=keep
        )

    def count(self) -> Count:
        """The one counter there is."""
        (count,) = DynamoLedger(self.books, TABLE).read().values()
        return count

    def spent(self) -> list[tuple[str, str, int]]:
        """Operation, profile and tokens of every call the sandbox served."""
        with closing(sqlite3.connect(self.sandbox.path)) as db:
            return db.execute(
                "SELECT operation, model_id, input_tokens + output_tokens FROM calls WHERE outcome = 'ok'"
            ).fetchall()

    def seen(self) -> int:
        """How many requests met the faults that were ordered."""
        with closing(sqlite3.connect(self.sandbox.path)) as db:
            return int(db.execute("SELECT sum(seen) FROM faults").fetchone()[0])


def application(folder: Path, limits: str = SALES, retries: str = "legacy") -> Application:
    sandbox = Sandbox(folder / "sandbox.db", clock=FrozenClock())
    wanted = manifest(folder, PROFILES_ALONE + LITES + limits)
    context = sandbox_context(sandbox, "us-east-1")
    clouds = {ACCOUNT: context.cloud}
    plan = sync.plan(clouds, wanted, PROFILES, home(wanted), Wishes(), context.clock())
    assert not [done.error for done in apply(clouds, plan, lambda _: None) if done.error]
    table = {
        "TableName": TABLE,
        "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
    }
    context.cloud.call(ApiCall("dynamodb", "CreateTable", table))
    core = botocore.session.Session()
    sandbox.plug(core)
    session = boto3.Session("AKIAIOSFODNN7EXAMPLE", "secret", region_name="us-east-1", botocore_session=core)
    config = Config(retries={"mode": retries, "max_attempts": 4})
    return Application(sandbox, wanted, context.cloud, session.client("bedrock-runtime", config=config), [])
